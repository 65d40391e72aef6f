// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

/// @title Governed: roles from Access, and a pause of its own
/// @notice Base of every contract of the suite that changes state. A guardian stops one contract at once; only the council starts it again.
/// @custom:source OpenZeppelin Contracts 5 (AccessManaged, Pausable); docs/decisions/0002-ledger-contracts.md
abstract contract Governed is AccessManaged, Pausable {
    constructor(address authority_) AccessManaged(authority_) {}

    /// @notice Stops every function marked as pausable in this contract. Role: GUARDIAN.
    function pause() external restricted {
        _pause();
    }

    /// @notice Starts this contract again. Role: ADMIN (the council).
    function unpause() external restricted {
        _unpause();
    }
}
