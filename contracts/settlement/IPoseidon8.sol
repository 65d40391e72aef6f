// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IPoseidon8: Poseidon of eight field elements, circomlib's parameters
interface IPoseidon8 {
    function hash(uint256[8] calldata inputs) external view returns (uint256);
}
