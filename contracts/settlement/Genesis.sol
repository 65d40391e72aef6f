// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PoseidonT3} from "poseidon-solidity/PoseidonT3.sol";

/// @title Genesis: trees before the first round, the same for every member
/// @notice Worked out by the contract itself, so that whoever deploys it cannot begin with money that nobody paid in, or with orders that nobody signed.
/// @custom:source docs/settlement.md, section 3
library Genesis {
    /// @notice Leaf of an account before its first round: {emptyOpening} under circomlib's Poseidon(8).
    uint256 internal constant EMPTY_LEAF = 1668041495908651566993531427300659793006014309612948678523657483672425053568;

    /// @dev Root of `leaves` (a power of two) leaves that are all `leaf`: one hash for each level, about 26,000 gas each.
    /// @param leaf every leaf of the tree
    /// @param leaves number of leaves, a power of two
    function root(uint256 leaf, uint256 leaves) internal pure returns (uint256 node) {
        node = leaf;
        for (uint256 width = leaves; width > 1; width >>= 1) node = PoseidonT3.hash([node, node]);
    }

    /// @dev What the account of a member holds before its first round, in the order of {ISettlement-exit}: nothing, and a carried position of 0 Wh,
    ///      which is written with an offset of 2^48.
    function emptyOpening() internal pure returns (uint256[8] memory opening) {
        opening[6] = 1 << 48;
    }
}
