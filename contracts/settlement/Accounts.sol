// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {Governed} from "../access/Governed.sol";
import {Roles} from "../access/Roles.sol";
import {IMeterRegistry} from "./IMeterRegistry.sol";
import {ISettlement} from "./ISettlement.sol";

/// @title Accounts: whose chain account a member is
/// @notice A member's index is its leaf in every tree; its meter in the registry is index + 1, and without one nobody is a member. Members are
///         settled in batches of `batchMembers`, a round is `parts` of them.
/// @custom:source this project, docs/settlement.md
abstract contract Accounts is ISettlement, Governed {
    /// @notice Whose meters make a member, and whose keys count.
    IMeterRegistry public immutable registry;
    /// @notice Number of members in a batch, which is what one proof covers.
    uint256 public immutable batchMembers;
    /// @notice Number of batches in a round.
    uint256 public immutable parts;
    /// @notice Number of members in a round: the leaves of all trees.
    uint256 public immutable capacity;

    /// @notice Chain account of each member.
    mapping(uint256 index => address) public accountOf;
    /// @notice Number of members that have an account; it never falls.
    uint256 public accountCount;

    constructor(IMeterRegistry registry_, uint256 batchMembers_, uint256 parts_) {
        bool fits = batchMembers_ > 1 && batchMembers_ <= 1024 && parts_ > 0 && parts_ <= 16 && batchMembers_ * parts_ <= 1024;
        if (!fits || batchMembers_ & (batchMembers_ - 1) != 0 || parts_ & (parts_ - 1) != 0) revert BadLayout(batchMembers_, parts_);
        registry = registry_;
        batchMembers = batchMembers_;
        parts = parts_;
        capacity = batchMembers_ * parts_;
    }

    /// @inheritdoc ISettlement
    function setAccount(uint16 index, address account) external restricted {
        if (index >= capacity) revert UnknownMember(index, capacity);
        address known = accountOf[index];
        if (known != address(0) || account == address(0)) revert NotTheAccount(account, known);
        if (registry.registryLeaf(uint256(index) + 1) == 0) revert NotRegistered(index);
        accountOf[index] = account;
        accountCount += 1;
        emit AccountSet(index, account);
    }

    /// @inheritdoc ISettlement
    function moveAccount(uint16 index, address account) external {
        _requireAccount(index);
        if (account == address(0)) revert NotTheAccount(account, msg.sender);
        accountOf[index] = account;
        emit AccountSet(index, account);
    }

    function _requireAccount(uint16 index) internal view {
        if (msg.sender != accountOf[index]) revert NotTheAccount(msg.sender, accountOf[index]);
    }

    /// @dev Holds SETTLEMENT_OPERATOR now.
    function _isOperator(address account) internal view returns (bool isMember) {
        (isMember,) = IAccessManager(authority()).hasRole(Roles.SETTLEMENT_OPERATOR, account);
    }
}
