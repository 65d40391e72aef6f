// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IMeterRegistry: the little of SmartMeter that Settlement needs
interface IMeterRegistry {
    /// @notice Poseidon root over all active private meters.
    function registryRoot() external view returns (uint256);
}
