// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IMeterRegistry: the little of SmartMeter that Settlement needs
/// @custom:source this project, docs/settlement.md
interface IMeterRegistry {
    /// @notice Poseidon root over all active private meters.
    /// @return root, a field element of BN254
    function registryRoot() external view returns (uint256);

    /// @notice Leaf of meter `meterId`, from 1; 0: no private meter in service stands there.
    /// @param meterId number of the meter, from 1
    /// @return leaf, a field element of BN254; 0: none
    function registryLeaf(uint256 meterId) external view returns (uint256);
}
