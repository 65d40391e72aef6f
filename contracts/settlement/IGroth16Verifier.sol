// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IGroth16Verifier: checks a Groth16 proof over BN254
/// @custom:source Groth16 (eprint 2016/260); EIP-196, EIP-197
interface IGroth16Verifier {
    /// @notice The key has `words` words; `expected` would fit (14 + 2·(public signals + 1)).
    /// @param words number of words given
    error BadKeyLength(uint256 words);
    /// @notice The key of `size` bytes could not be stored as code: the deployment had too little gas.
    /// @param size number of bytes of the key
    error KeyNotStored(uint256 size);
    /// @notice A key point is not on its curve or a coordinate is out of range.
    /// @param word index of the first word of the point
    error BadKeyPoint(uint256 word);

    /// @notice True when `proof` shows knowledge of a witness for `signals` under this verifier's key. Never reverts on a bad proof.
    /// @param proof eight words: A (x, y), B (x imaginary, x real, y imaginary, y real), C (x, y): the order of EIP-197
    /// @param signals public signals, each below the field's order
    /// @return true: the proof holds
    /// @custom:source Groth16 (eprint 2016/260); words in the order of EIP-197
    function verify(uint256[8] calldata proof, uint256[] calldata signals) external view returns (bool);

    /// @notice Number of public signals.
    /// @return number of public signals
    function signalCount() external view returns (uint256);

    /// @notice keccak256 of the key's words: compare it with that of the published key.
    /// @return keccak256 of the words
    function keyHash() external view returns (bytes32);
}
