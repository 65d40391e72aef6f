// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ITariffs: the little of Parameters that Settlement needs
/// @custom:source this project, contracts/deploy/parameters.ts
interface ITariffs {
    /// @notice Value of a governed parameter; reverts when it is not defined.
    /// @param key name as a short string in 32 bytes; its last part is the unit
    /// @return in the unit that the name ends with; here milli-cents per kWh
    function get(bytes32 key) external view returns (uint256);
}
