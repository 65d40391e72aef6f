// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Groth16Verifier} from "../settlement/Groth16Verifier.sol";
import {IGroth16Verifier} from "../settlement/IGroth16Verifier.sol";
import {Poseidon8} from "../settlement/Poseidon8.sol";
import {Vm} from "./Vm.sol";

/// @dev The verifier under a key whose secrets are known (all points of G2 are the generator), so that proofs can be made here: A = alpha + sum + C.
contract ProofsTest {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    uint256 private constant Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583;

    uint256[4] private _g2 = [
        11559732032986387107991004021392285783925812861821192530917403151452391805634,
        10857046999023057135944570762232829481370756359578518086990519993285655852781,
        4082367875863433681332203403145435568316851327593401208105741076214120093531,
        8495653923123431417604973247489272438418190587263600148770280649306958101930
    ];
    /// @dev alpha, IC_0, IC_1, IC_2 as multiples of the generator of G1.
    uint256[4] private _scalars = [uint256(17), 23, 29, 31];
    Groth16Verifier private _verifier;

    function setUp() public {
        _verifier = new Groth16Verifier(_key());
    }

    function _g1(uint256 scalar) private view returns (uint256 x, uint256 y) {
        (bool ok, bytes memory point) = address(7).staticcall(abi.encode(1, 2, scalar));
        require(ok);
        return abi.decode(point, (uint256, uint256));
    }

    function _key() private view returns (uint256[] memory key) {
        key = new uint256[](20);
        (key[0], key[1]) = _g1(_scalars[0]);
        for (uint256 word = 0; word < 12; ++word) key[2 + word] = _g2[word % 4];
        for (uint256 k = 0; k < 3; ++k) (key[14 + 2 * k], key[15 + 2 * k]) = _g1(_scalars[1 + k]);
    }

    function _signals(uint256 a, uint256 b) private pure returns (uint256[] memory signals) {
        signals = new uint256[](2);
        (signals[0], signals[1]) = (a, b);
    }

    function _prove(uint256 a, uint256 b, uint256 c) private view returns (uint256[8] memory proof) {
        uint256 sum = addmod(addmod(_scalars[1], mulmod(a, _scalars[2], R), R), mulmod(b, _scalars[3], R), R);
        (proof[0], proof[1]) = _g1(addmod(addmod(_scalars[0], sum, R), c, R));
        (proof[2], proof[3], proof[4], proof[5]) = (_g2[0], _g2[1], _g2[2], _g2[3]);
        (proof[6], proof[7]) = _g1(c);
    }

    function testFuzz_a_proof_holds_for_its_signals_alone(uint256 a, uint256 b, uint256 c) public view {
        (a, b, c) = (a % R, b % R, c % R);
        uint256[8] memory proof = _prove(a, b, c);
        require(_verifier.verify(proof, _signals(a, b)));
        require(!_verifier.verify(proof, _signals(addmod(a, 1, R), b)));
        require(!_verifier.verify(proof, _signals(a, addmod(b, 1, R))));
    }

    function test_refuses_aliases_wrong_counts_and_bent_proofs() public view {
        uint256[8] memory proof = _prove(3, 5, 7);
        require(_verifier.verify(proof, _signals(3, 5)));
        require(!_verifier.verify(proof, _signals(3 + R, 5)), "a signal beyond the field");
        require(!_verifier.verify(proof, new uint256[](1)) && !_verifier.verify(proof, new uint256[](3)), "another count");
        for (uint256 word = 0; word < 8; ++word) {
            uint256[8] memory bent = _prove(3, 5, 7);
            bent[word] ^= 1;
            require(!_verifier.verify{gas: 5_000_000}(bent, _signals(3, 5)), "a bent word");
        }
        proof[1] += Q;
        require(!_verifier.verify{gas: 5_000_000}(proof, _signals(3, 5)), "a coordinate beyond its field");
    }

    function test_knows_its_key() public view {
        require(_verifier.signalCount() == 2);
        require(_verifier.keyHash() == keccak256(abi.encodePacked(_key())));
    }

    function test_a_mistyped_key_cannot_be_deployed() public {
        uint256[3] memory lengths = [uint256(16), 17, 21];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IGroth16Verifier.BadKeyLength.selector, lengths[i]));
            new Groth16Verifier(new uint256[](lengths[i]));
        }
        uint256[5] memory points = [uint256(0), 2, 6, 10, 16];
        for (uint256 i = 0; i < 5; ++i) {
            uint256[] memory key = _key();
            key[points[i] + 1] ^= 1;
            vm.expectRevert(abi.encodeWithSelector(IGroth16Verifier.BadKeyPoint.selector, points[i]));
            new Groth16Verifier{salt: bytes32(i)}(key);
        }
    }

    /// @dev A place that is taken stands for a creation that fails: with too little gas it fails alike.
    function test_a_key_that_cannot_be_stored_is_not_deployed() public {
        uint256[] memory key = _key();
        bytes32 init = keccak256(abi.encodePacked(type(Groth16Verifier).creationCode, abi.encode(key)));
        _takeFirstChildOf(bytes32("verifier"), init);
        vm.expectRevert(abi.encodeWithSelector(IGroth16Verifier.KeyNotStored.selector, 32 * key.length));
        new Groth16Verifier{salt: "verifier"}(key);

        bytes memory constants = vm.parseBytes(vm.readFile(".cache/poseidon8-constants.hex"));
        _takeFirstChildOf(bytes32("hasher"), keccak256(abi.encodePacked(type(Poseidon8).creationCode, abi.encode(constants))));
        vm.expectRevert(abi.encodeWithSelector(Poseidon8.ConstantsNotStored.selector, constants.length));
        new Poseidon8{salt: "hasher"}(constants);
    }

    /// @dev Puts code where the contract that this one creates with `salt` would create its first own.
    function _takeFirstChildOf(bytes32 salt, bytes32 initHash) private {
        address parent = address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", address(this), salt, initHash)))));
        address child = address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", parent, hex"01")))));
        vm.etch(child, hex"00");
    }

    /// @dev Values of poseidon-lite.
    function test_hashes_eight_as_circomlib_does() public {
        bytes memory constants = vm.parseBytes(vm.readFile(".cache/poseidon8-constants.hex"));
        Poseidon8 hasher = new Poseidon8(constants);
        require(hasher.hash([uint256(1), 2, 3, 4, 5, 6, 7, 8]) == 18604317144381847857886385684060986177838410221561136253933256952257712543953);
        uint256[8] memory inputs;
        require(hasher.hash(inputs) == 1524321216038799095937469147836866648978083754965002674906449126183454401066);
        inputs[5] = R;
        vm.expectRevert(abi.encodeWithSelector(Poseidon8.NotInField.selector, 5));
        hasher.hash(inputs);
        constants[100] ^= 0x01;
        vm.expectRevert(abi.encodeWithSelector(Poseidon8.WrongConstants.selector, keccak256(constants)));
        new Poseidon8(constants);
    }
}
