// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGroth16Verifier} from "./IGroth16Verifier.sol";

/// @title Groth16Verifier: one circuit, one key, for good
/// @notice Groth16 (eprint 2016/260) over BN254 by the precompiles of EIP-196 and EIP-197. The key is kept as the code of a small data
///         contract: reading 32 words of it costs 2.7 k gas, where storage would take 67 k.
/// @custom:source Groth16 (eprint 2016/260); EIP-196, EIP-197
contract Groth16Verifier is IGroth16Verifier {
    /// @dev Order of the scalar field.
    uint256 private constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    /// @dev Prime of the base field.
    uint256 private constant Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583;
    /// @dev Words before the points IC_0 … IC_n: alpha 2, beta 4, gamma 4, delta 4.
    uint256 private constant HEAD_WORDS = 14;

    address private immutable _key;
    /// @inheritdoc IGroth16Verifier
    uint256 public immutable signalCount;
    /// @inheritdoc IGroth16Verifier
    bytes32 public immutable keyHash;

    /// @param key alpha, beta, gamma, delta, IC_0 … IC_n as words, G2 points in the order of EIP-197
    constructor(uint256[] memory key) {
        if (key.length < HEAD_WORDS + 4 || key.length % 2 != 0) revert BadKeyLength(key.length);
        signalCount = (key.length - HEAD_WORDS) / 2 - 1;
        _checkPoints(key);
        bytes memory words = abi.encodePacked(key);
        keyHash = keccak256(words);
        // A first byte STOP, so that nobody can run the key as code.
        bytes memory creation = abi.encodePacked(hex"61", uint16(words.length + 1), hex"80600a3d393df300", words);
        address data;
        assembly ("memory-safe") {
            data := create(0, add(creation, 32), mload(creation))
        }
        if (data == address(0)) revert KeyNotStored(words.length);
        _key = data;
    }

    /// @dev The precompiles refuse what is not on the curve (and for G2, not in the subgroup), so they are asked once here and the key is sound
    ///      from then on: a mistyped key cannot be deployed.
    function _checkPoints(uint256[] memory key) private view {
        for (uint256 word = 0; word < key.length; ++word) {
            if (word == 0 || word >= HEAD_WORDS) {
                (bool ok,) = address(6).staticcall(abi.encode(key[word], key[word + 1], 0, 0));
                if (!ok) revert BadKeyPoint(word);
                ++word;
            } else if (word == 2 || word == 6 || word == 10) {
                (bool ok,) = address(8).staticcall(abi.encode(0, 0, key[word], key[word + 1], key[word + 2], key[word + 3]));
                if (!ok) revert BadKeyPoint(word);
            }
        }
    }

    /// @inheritdoc IGroth16Verifier
    function verify(uint256[8] calldata proof, uint256[] calldata signals) external view returns (bool valid) {
        uint256 count = signalCount;
        if (signals.length != count) return false;
        address data = _key;
        assembly ("memory-safe") {
            let keyBytes := mul(32, add(add(HEAD_WORDS, 2), mul(2, count)))
            let key := mload(0x40)
            extcodecopy(data, key, 1, keyBytes)
            let ic := add(key, mul(32, HEAD_WORDS))
            // Scratch behind the key: a running sum (x, y), a point and a scalar.
            let sum := add(key, keyBytes)
            let point := add(sum, 64)
            let ok := 1

            // sum = IC_0 + Σ signal_i · IC_{i+1}
            mstore(sum, mload(ic))
            mstore(add(sum, 32), mload(add(ic, 32)))
            for { let i := 0 } lt(i, count) { i := add(i, 1) } {
                let signal := calldataload(add(signals.offset, mul(32, i)))
                let from := add(ic, mul(64, add(i, 1)))
                ok := and(ok, lt(signal, R))
                mstore(point, mload(from))
                mstore(add(point, 32), mload(add(from, 32)))
                mstore(add(point, 64), signal)
                ok := and(ok, staticcall(gas(), 7, point, 96, point, 64))
                ok := and(ok, staticcall(gas(), 6, sum, 128, sum, 64))
            }

            // e(−A, B) · e(alpha, beta) · e(sum, gamma) · e(C, delta) = 1
            let pairing := add(sum, 64)
            let ay := calldataload(add(proof, 32))
            ok := and(ok, lt(ay, Q))
            mstore(pairing, calldataload(proof))
            mstore(add(pairing, 32), mod(sub(Q, ay), Q))
            calldatacopy(add(pairing, 64), add(proof, 64), 128)
            mcopy(add(pairing, 192), key, 192)
            mcopy(add(pairing, 384), sum, 64)
            mcopy(add(pairing, 448), add(key, 192), 128)
            calldatacopy(add(pairing, 576), add(proof, 192), 64)
            mcopy(add(pairing, 640), add(key, 320), 128)
            ok := and(ok, staticcall(gas(), 8, pairing, 768, pairing, 32))
            valid := and(ok, eq(mload(pairing), 1))
        }
    }
}
