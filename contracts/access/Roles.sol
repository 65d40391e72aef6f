// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Roles: the named roles of the suite
/// @notice The ids are labelled on the Access contract at deployment. Which function needs which role is one table,
///         `contracts/deploy/role-table.ts`; the contracts themselves only say `restricted`.
/// @custom:source this project, contracts/deploy/role-table.ts; role 0 is fixed by OpenZeppelin's AccessManager
library Roles {
    /// @notice The council: changes roles, unpauses, defines parameters and milestones, lists pairs. Id 0 is fixed by OpenZeppelin's AccessManager.
    uint64 internal constant ADMIN = 0;
    /// @notice Registers devices and grid nodes, enters swaps and new keys; what it enters a technician verifies.
    uint64 internal constant REGISTRAR = 1;
    /// @notice Verifies, maintains and retires devices on site.
    uint64 internal constant TECHNICIAN = 2;
    /// @notice Validates readings and reports tampering.
    uint64 internal constant METER_OPERATOR = 3;
    /// @notice Reports grid status, calls demand response, allocates transfers.
    uint64 internal constant GRID_OPERATOR = 4;
    /// @notice Pauses any contract and trips an emergency, alone.
    uint64 internal constant GUARDIAN = 5;
    /// @notice The Settlement contract itself: issues certificates for proven export.
    uint64 internal constant SETTLEMENT = 6;
    /// @notice The console's account that sends settlement batches.
    uint64 internal constant SETTLEMENT_OPERATOR = 7;
    /// @notice A certified issuer of energy tokens, certificates and credits for public devices.
    uint64 internal constant ISSUER = 8;
    /// @notice Places and lifts compliance holds.
    uint64 internal constant COMPLIANCE = 9;
    /// @notice Decides disputes.
    uint64 internal constant ARBITER = 10;
    /// @notice Sets parameters within their bounds. Held by the council.
    uint64 internal constant GOVERNOR = 11;
    /// @notice Creates test money on a development chain.
    uint64 internal constant MONEY_ISSUER = 12;
}
