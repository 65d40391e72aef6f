// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IMeterRegistry: the little of SmartMeter that Settlement needs
interface IMeterRegistry {
    /// @notice Poseidon root over all active private meters.
    function registryRoot() external view returns (uint256);

    /// @notice Leaf of meter `meterId`, from 1; 0: no private meter in service stands there.
    function registryLeaf(uint256 meterId) external view returns (uint256);
}
