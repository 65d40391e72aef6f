// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IGroth16Verifier: checks a Groth16 proof over BN254
interface IGroth16Verifier {
    /// @notice The key has `words` words; `expected` would fit (14 + 2·(public signals + 1)).
    error BadKeyLength(uint256 words);
    /// @notice The key of `size` bytes could not be stored as code: the deployment had too little gas.
    error KeyNotStored(uint256 size);
    /// @notice A key point is not on its curve or a coordinate is out of range.
    error BadKeyPoint(uint256 word);

    /// @notice True when `proof` shows knowledge of a witness for `signals` under this verifier's key. Never reverts on a bad proof.
    /// @param proof A (x, y), B (x imaginary, x real, y imaginary, y real), C (x, y): the order of EIP-197
    /// @param signals public signals, each below the field's order
    function verify(uint256[8] calldata proof, uint256[] calldata signals) external view returns (bool);

    /// @notice Number of public signals.
    function signalCount() external view returns (uint256);

    /// @notice keccak256 of the key's words: compare it with that of the published key.
    function keyHash() external view returns (bytes32);
}
