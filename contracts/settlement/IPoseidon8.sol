// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IPoseidon8: Poseidon of eight field elements, circomlib's parameters
/// @custom:source Poseidon (eprint 2019/458) with circomlib's parameters
interface IPoseidon8 {
    /// @notice Poseidon of eight field elements; reverts when one is not below the field's order.
    /// @param inputs eight field elements of BN254
    /// @return hash, a field element of BN254
    /// @custom:source Poseidon (eprint 2019/458) with circomlib's parameters
    function hash(uint256[8] calldata inputs) external view returns (uint256);
}
