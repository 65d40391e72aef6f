// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PoseidonT3} from "poseidon-solidity/PoseidonT3.sol";

/// @title RegistryTree: the Poseidon tree a settlement proof opens
/// @notice Dense binary tree of fixed depth over Poseidon with two inputs (circomlib's parameters); an empty leaf is 0.
/// @custom:source Poseidon (eprint 2019/458) with circomlib's parameters; docs/settlement.md
library RegistryTree {
    struct Tree {
        uint256 depth;
        /// @dev Heap order: 1 is the root, 2^depth is the first leaf. 0 means "never written", which stands for the empty subtree.
        mapping(uint256 position => uint256) nodes;
        /// @dev Root of the empty subtree of each height.
        mapping(uint256 height => uint256) empty;
    }

    function init(Tree storage tree, uint256 depth) internal {
        tree.depth = depth;
        uint256 node = 0;
        for (uint256 height = 1; height <= depth; ++height) {
            node = PoseidonT3.hash([node, node]);
            tree.empty[height] = node;
        }
    }

    /// @dev Writes a leaf and hashes its way up: `depth` Poseidon calls, about 26,000 gas each.
    function set(Tree storage tree, uint256 index, uint256 leaf) internal {
        uint256 position = (1 << tree.depth) + index;
        tree.nodes[position] = leaf;
        uint256 node = leaf;
        for (uint256 height = 0; position > 1; ++height) {
            uint256 sibling = _node(tree, position ^ 1, height);
            node = position & 1 == 0 ? PoseidonT3.hash([node, sibling]) : PoseidonT3.hash([sibling, node]);
            position >>= 1;
            tree.nodes[position] = node;
        }
    }

    function root(Tree storage tree) internal view returns (uint256) {
        return _node(tree, 1, tree.depth);
    }

    function leafAt(Tree storage tree, uint256 index) internal view returns (uint256) {
        return tree.nodes[(1 << tree.depth) + index];
    }

    function _node(Tree storage tree, uint256 position, uint256 height) private view returns (uint256 node) {
        node = tree.nodes[position];
        // A written node above the leaves is a Poseidon hash, which is 0 with probability 2^-254; so 0 is "empty".
        if (node == 0 && height > 0) node = tree.empty[height];
    }
}
