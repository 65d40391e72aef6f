// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Approvals: several signatures for one act
/// @notice Counts distinct approvers of an act named by its hash. The caller says who may approve and how many are needed.
/// @custom:source this project, docs/decisions/0002-ledger-contracts.md
library Approvals {
    struct Ledger {
        mapping(bytes32 act => uint256) count;
        mapping(bytes32 act => mapping(address approver => bool)) given;
    }

    /// @notice `approver` has already approved `act`.
    /// @param act hash that names the act
    /// @param approver who had approved before
    error AlreadyApproved(bytes32 act, address approver);

    /// @dev Records the approval and returns how many `act` has now.
    function approve(Ledger storage ledger, bytes32 act, address approver) internal returns (uint256) {
        if (ledger.given[act][approver]) revert AlreadyApproved(act, approver);
        ledger.given[act][approver] = true;
        return ++ledger.count[act];
    }
}
