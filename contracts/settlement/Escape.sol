// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PoseidonT3} from "poseidon-solidity/PoseidonT3.sol";
import {ISettlement} from "./ISettlement.sol";
import {IPoseidon8} from "./IPoseidon8.sol";
import {MoneyQueue} from "./MoneyQueue.sol";
import {SettlementWords} from "./SettlementWords.sol";

/// @title Escape: how members get their money when rounds have stopped
/// @notice A member needs its last opening and the siblings of its leaf, which it received with every round; nothing of the operator's.
/// @custom:source this project, docs/settlement.md
abstract contract Escape is MoneyQueue {
    /// @notice Poseidon of eight, the hash of a member's leaf.
    IPoseidon8 public immutable leafHash;
    /// @notice Nullifier: the member has taken its balance.
    mapping(uint256 index => bool) public exited;

    constructor(IPoseidon8 leafHash_) {
        leafHash = leafHash_;
    }

    function _requireEscaped() internal view virtual;
    /// @dev The last final root: parts under way do not count.
    function _lastRoot() internal view virtual returns (uint256);

    /// @inheritdoc ISettlement
    function exit(uint16 index, uint256[8] calldata opening, uint256[] calldata siblings) external {
        _requireEscaped();
        if (index >= capacity) revert UnknownMember(index, capacity);
        if (exited[index]) revert AlreadyExited(index);
        address account = accountOf[index];
        if (account == address(0)) revert NotTheAccount(msg.sender, account);
        if (1 << siblings.length != capacity) revert BadOpening(index);
        uint256 node = leafHash.hash(opening);
        uint256 position = index;
        for (uint256 k = 0; k < siblings.length; ++k) {
            if (siblings[k] >= SettlementWords.FIELD) revert BadOpening(index);
            node = position & 1 == 0 ? PoseidonT3.hash([node, siblings[k]]) : PoseidonT3.hash([siblings[k], node]);
            position >>= 1;
        }
        if (node != _lastRoot()) revert BadOpening(index);
        exited[index] = true;
        claimable[account] += opening[1];
        emit Exited(index, account, opening[1]);
    }

    /// @inheritdoc ISettlement
    function reclaim(uint256 position) external {
        _requireEscaped();
        Flow memory flow = flowAt[position];
        if (flow.amount == 0 || flow.withdrawal) revert NoDeposit(position);
        delete flowAt[position];
        claimable[flow.account] += flow.amount;
        emit Reclaimed(position, flow.account, flow.amount);
    }
}
