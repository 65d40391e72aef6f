// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Accounts} from "./Accounts.sol";

/// @title PartSequence: parts in order, all of one round
/// @notice What parts leave is put by until the last one; nothing else in the contract moves before. Part 0 starts anew, of any open interval; while
///         parts are under way only the operator may, or anyone could stop a round by sending its first part again.
/// @custom:source this project, docs/settlement.md
abstract contract PartSequence is Accounts {
    /// @dev `next` 0: nothing is under way; the other words are then those of the past, kept because a used slot is cheaper than a fresh one.
    struct Progress {
        uint40 interval;
        uint8 next; // the part awaited
        uint208 key; // of a hash over what must be the same in all parts
        uint256 root; // left by the part before
        uint256 carry; // left by the part before
    }

    /// @dev Where part `part` starts. `base` is the root before part 0.
    function _enterPart(Progress storage progress, uint40 interval, uint8 part, bytes32 key, uint256 base)
        internal view returns (uint256 root, uint256 carry)
    {
        uint8 next = progress.next;
        if (part == 0) {
            if (next != 0 && !_isOperator(msg.sender)) revert PartsUnderWay(progress.interval, next);
            return (base, 0);
        }
        bool same = progress.interval == interval && progress.key == uint208(uint256(key));
        if (!same || part != next) revert PartOutOfOrder(interval, same ? next : 0);
        return (progress.root, progress.carry);
    }

    /// @dev Puts by what part `part`, proven, has left. True: it was the last one.
    function _leavePart(Progress storage progress, uint40 interval, uint8 part, bytes32 key, uint256 root, uint256 carry) internal returns (bool last) {
        last = part + 1 == parts;
        (progress.interval, progress.next, progress.key) = (interval, last ? 0 : part + 1, uint208(uint256(key)));
        if (last) return true;
        progress.root = root;
        progress.carry = carry;
    }
}
