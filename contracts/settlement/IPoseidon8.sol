// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IPoseidon8: Poseidon of eight field elements, circomlib's parameters
interface IPoseidon8 {
    /// @notice Poseidon of eight field elements; reverts when one is not below the field's order.
    function hash(uint256[8] calldata inputs) external view returns (uint256);
}
