// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title Access: who may call what
/// @notice OpenZeppelin's AccessManager, unchanged. It is the one owner of roles and of the function-to-role table; after deployment
///         its only administrator is the Council.
/// @custom:source OpenZeppelin Contracts 5 (AccessManager); the table: contracts/deploy/role-table.ts
contract Access is AccessManager {
    constructor(address initialAdmin) AccessManager(initialAdmin) {}
}
