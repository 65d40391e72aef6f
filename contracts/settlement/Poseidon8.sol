// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPoseidon8} from "./IPoseidon8.sol";

/// @title Poseidon8: Poseidon of eight field elements (t = 9, 8 full and 63 partial rounds), circomlib's parameters
/// @notice Used only when members leave in escape, so it is written to be short rather than cheap (about 0.4 M gas). Its 639 round constants and
///         81 matrix words are kept as the code of a data contract.
/// @custom:source Poseidon (eprint 2019/458) with circomlib's parameters
contract Poseidon8 is IPoseidon8 {
    uint256 private constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    uint256 private constant WIDTH = 9;
    uint256 private constant HALF_FULL = 4;
    uint256 private constant ROUNDS = 71;
    /// @dev 71 rounds of 9 constants and a 9 × 9 matrix.
    uint256 private constant WORDS = 720;
    /// @notice keccak256 of the constants: rounds in order, then the matrix by rows.
    bytes32 public constant CONSTANTS_HASH = 0x0854546648c0a63565110461d01452fe11364cbccb671289acde1117de64bfe6;

    address private immutable _constants;

    /// @notice These are not the constants of circomlib's Poseidon(8).
    /// @param hash keccak256 of what was given
    error WrongConstants(bytes32 hash);
    /// @notice The constants of `size` bytes could not be stored as code: the deployment had too little gas.
    /// @param size number of bytes of the constants
    error ConstantsNotStored(uint256 size);
    /// @notice Input `index` is not below the field's order.
    /// @param index index of the input, from 0
    error NotInField(uint256 index);

    constructor(bytes memory constants) {
        if (keccak256(constants) != CONSTANTS_HASH) revert WrongConstants(keccak256(constants));
        bytes memory creation = abi.encodePacked(hex"61", uint16(constants.length + 1), hex"80600a3d393df300", constants);
        address data;
        assembly ("memory-safe") {
            data := create(0, add(creation, 32), mload(creation))
        }
        if (data == address(0)) revert ConstantsNotStored(constants.length);
        _constants = data;
    }

    /// @inheritdoc IPoseidon8
    function hash(uint256[8] calldata inputs) external view returns (uint256 result) {
        for (uint256 i = 0; i < 8; ++i) {
            if (inputs[i] >= R) revert NotInField(i);
        }
        address data = _constants;
        assembly ("memory-safe") {
            let constants := mload(0x40)
            extcodecopy(data, constants, 1, mul(32, WORDS))
            let matrix := add(constants, mul(32, mul(ROUNDS, WIDTH)))
            let state := add(constants, mul(32, WORDS))
            let next := add(state, mul(32, WIDTH))
            mstore(state, 0)
            calldatacopy(add(state, 32), inputs, 256)
            for { let round := 0 } lt(round, ROUNDS) { round := add(round, 1) } {
                let full := or(lt(round, HALF_FULL), gt(round, sub(ROUNDS, add(HALF_FULL, 1))))
                for { let at := 0 } lt(at, mul(32, WIDTH)) { at := add(at, 32) } {
                    let value := addmod(mload(add(state, at)), mload(add(constants, at)), R)
                    if or(full, iszero(at)) {
                        let square := mulmod(value, value, R)
                        value := mulmod(mulmod(square, square, R), value, R)
                    }
                    mstore(add(state, at), value)
                }
                constants := add(constants, mul(32, WIDTH))
                let row := matrix
                for { let at := 0 } lt(at, mul(32, WIDTH)) { at := add(at, 32) } {
                    let sum := 0
                    for { let from := 0 } lt(from, mul(32, WIDTH)) { from := add(from, 32) } {
                        sum := addmod(sum, mulmod(mload(add(state, from)), mload(add(row, from)), R), R)
                    }
                    mstore(add(next, at), sum)
                    row := add(row, mul(32, WIDTH))
                }
                let old := state
                state := next
                next := old
            }
            result := mload(state)
        }
    }
}
