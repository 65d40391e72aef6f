// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISmartMeter} from "../meter/ISmartMeter.sol";
import {Commitments} from "../settlement/Commitments.sol";
import {IMeterRegistry} from "../settlement/IMeterRegistry.sol";
import {ISettlement} from "../settlement/ISettlement.sol";
import {ITariffs} from "../settlement/ITariffs.sol";
import {Poseidon8} from "../settlement/Poseidon8.sol";
import {Settlement} from "../settlement/Settlement.sol";
import {SignalVerifier} from "./SignalVerifier.sol";
import {Suite} from "./Suite.sol";

/// @dev Settlement with verifiers that accept exactly the signals a test expects; what real proofs do is shown by settlement.test.ts.
abstract contract SettlementSuite is Suite {
    uint256 internal constant OPERATOR_KEY = 0x09E2A702;
    uint256 internal constant MEMBER_KEY = 0x3E3BE2; // member i signs with MEMBER_KEY + i
    /// @dev What sixteen members begin with, worked out by the engine (`genesisState`, `merkleRoot`); other sizes: genesis.test.ts.
    uint256 internal constant GENESIS = 2693893666004424752811533680881453719529004590129292761696375616826003934183;
    uint256 internal constant BOOK = 3607627140608796879659380071776844901612302623152076817094415224584923813162;
    uint256 internal constant ORDERS = 7003;
    uint256 internal constant BUY = 32_000;
    uint256 internal constant SELL = 8_000;
    uint256 internal constant NOTHING = 2 ** 91 + 2 ** 183;
    uint256 internal constant ESCAPE_AFTER_S = 7 days;
    uint256 internal constant WINDOW_S = 1 hours;
    bytes32 private constant DOMAIN = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    Settlement internal settlement;
    address internal operator;

    function setUp() public virtual override {
        super.setUp();
        operator = vm.addr(OPERATOR_KEY);
        access.grantRole(7, operator, 0);
        parameters.defineParameter("tariff.import.mcPerKWh", uint64(BUY), 0, type(uint64).max, "test");
        parameters.defineParameter("tariff.export.mcPerKWh", uint64(SELL), 0, type(uint64).max, "test");
    }

    function _setup(uint256 batchMembers, uint256 parts) internal returns (Settlement.Setup memory setup) {
        setup.authority = address(access);
        setup.registry = IMeterRegistry(address(meter));
        setup.verifier = new SignalVerifier(parts == 1 ? 8 : 10);
        setup.admitVerifier = new SignalVerifier(6);
        setup.money = money;
        setup.tariffs = ITariffs(address(parameters));
        setup.certificates = certificates;
        setup.certificateHolder = CAROL;
        setup.leafHash = new Poseidon8(vm.parseBytes(vm.readFile(".cache/poseidon8-constants.hex")));
        setup.batchMembers = batchMembers;
        setup.parts = parts;
        setup.tokenUnitsPerMicroCent = 1;
        setup.escapeAfterS = ESCAPE_AFTER_S;
        setup.challengeWindowS = WINDOW_S;
    }

    /// @dev Deploys and gives the operator its functions.
    function _open(Settlement.Setup memory setup) internal returns (Settlement made) {
        made = new Settlement(setup);
        bytes4[] memory selectors = new bytes4[](2);
        (selectors[0], selectors[1]) = (ISettlement.commitOrders.selector, ISettlement.commitOrdersLate.selector);
        access.setTargetFunctionRole(address(made), selectors, 7);
        access.grantRole(0, address(made), 0); // issues certificates
    }

    // ── acts ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function _commit(uint40 interval, uint256 ordersRoot) internal {
        vm.prank(operator);
        settlement.commitOrders(interval, ordersRoot);
    }

    function _admit(uint40 interval, uint256 ordersRoot) internal {
        uint256 book = settlement.bookRoot();
        settlement.admitOrders(interval, 0, false, book + 1, _admission(interval, 0, false, ordersRoot, book, book + 1));
    }

    /// @dev Commits and admits ORDERS for `interval`.
    function _ready(uint40 interval) internal {
        _commit(interval, ORDERS);
        _admit(interval, ORDERS);
    }

    /// @dev Gives members 0 … count − 1 meters in service, and accounts of which the tests have the keys.
    function _accounts(uint16 count) internal {
        for (uint16 i = 0; i < count; ++i) {
            _meterAt(i);
            settlement.setAccount(i, _member(i));
        }
    }

    /// @dev Brings a private meter into service at the place of member `index`.
    function _meterAt(uint16 index) internal {
        ISmartMeter.DeviceData memory data = _privateData();
        data.meterId = uint256(index) + 1;
        meter.registerDevice(_newDevice(), abi.encode(data));
        meter.verifyDevice(data.meterId, "test");
    }

    function _privateData() private returns (ISmartMeter.DeviceData memory) {
        return _deviceData(ALICE, ISmartMeter.DeviceClass.Private, ISmartMeter.Technology.Solar, true, ISmartMeter.Backing.Certificates);
    }

    function _member(uint256 index) internal pure returns (address) {
        return vm.addr(MEMBER_KEY + index);
    }

    function _privateMeter() internal returns (uint256 meterId) {
        address device = _newDevice();
        meter.registerDevice(device, abi.encode(_privateData()));
        meterId = meter.meterOf(device);
        meter.verifyDevice(meterId, "test");
    }

    // ── words, worked out apart from the contract ───────────────────────────────────────────────────────────────────────────────

    function _batch(uint40 interval) internal pure returns (ISettlement.Batch memory) {
        return ISettlement.Batch({interval: interval, price: 15_000, traded: true, flowCount: 0, newRoot: 9000 + interval, totals: NOTHING});
    }

    function _terms(ISettlement.Batch memory batch) internal pure returns (uint256) {
        return batch.price + BUY * 2 ** 32 + SELL * 2 ** 64 + batch.interval * 2 ** 96 + (batch.traded ? 2 ** 136 : 0);
    }

    function _totals(int256 gridMoney, int256 defaultMoney, uint256 certificateWh, uint256 carried, uint256 applied) internal pure returns (uint256) {
        return uint256(gridMoney + 2 ** 91) + uint256(defaultMoney + 2 ** 91) * 2 ** 92 + certificateWh * 2 ** 184 + carried * 2 ** 224 + applied * 2 ** 240;
    }

    function _flow(uint256 place, uint256 amount, uint256 index, bool withdrawal) internal pure returns (uint256) {
        return (amount + index * 2 ** 64 + (withdrawal ? 2 ** 80 : 0)) * 2 ** (81 * place);
    }

    function _domain() internal view returns (uint256) {
        return block.chainid * 2 ** 160 + uint160(address(settlement));
    }

    function _proof(uint256[] memory signals) internal pure returns (uint256[8] memory proof) {
        proof[0] = uint256(keccak256(abi.encode(signals)));
    }

    function _admission(uint40 interval, uint256 part, bool idle, uint256 ordersRoot, uint256 oldBook, uint256 newBook)
        internal view returns (uint256[8] memory)
    {
        uint256[] memory signals = new uint256[](6);
        (signals[0], signals[1], signals[2], signals[3]) = (meter.registryRoot(), ordersRoot, oldBook, newBook);
        (signals[4], signals[5]) = (_domain(), interval + part * 2 ** 40 + (idle ? 2 ** 48 : 0));
        return _proof(signals);
    }

    /// @dev Of a round that is one batch.
    function _settlement(ISettlement.Batch memory batch, uint256 flows) internal view returns (uint256[8] memory) {
        uint256[] memory signals = new uint256[](8);
        (signals[0], signals[1], signals[2], signals[3]) = (meter.registryRoot(), ORDERS, settlement.stateRoot(), batch.newRoot);
        (signals[4], signals[5], signals[6], signals[7]) = (_domain(), _terms(batch), batch.totals, flows);
        return _proof(signals);
    }

    // ── signatures ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        bytes32 separator = keccak256(abi.encode(DOMAIN, keccak256("Busbar Settlement"), keccak256("1"), block.chainid, address(settlement)));
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }

    function _sign(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _digest(structHash));
        return abi.encodePacked(r, s, v);
    }

    function _notice(uint256 key, uint40 interval, uint256 ordersRoot) internal view returns (bytes memory) {
        return _sign(key, keccak256(abi.encode(keccak256("Notice(uint40 interval,uint256 ordersRoot)"), interval, ordersRoot)));
    }

    function _receipt(uint16 index, uint256 key, uint40 interval, uint256 ordersRoot) internal view returns (ISettlement.Receipt memory) {
        bytes32 kind = keccak256("Receipt(uint40 interval,uint256 ordersRoot,address operator)");
        return ISettlement.Receipt({index: index, signature: _sign(key, keccak256(abi.encode(kind, interval, ordersRoot, operator)))});
    }

    /// @dev Receipts of members 0 … count − 1.
    function _receipts(uint16 count, uint40 interval, uint256 ordersRoot) internal view returns (ISettlement.Receipt[] memory receipts) {
        receipts = new ISettlement.Receipt[](count);
        for (uint16 i = 0; i < count; ++i) receipts[i] = _receipt(i, MEMBER_KEY + i, interval, ordersRoot);
    }

    function _refuses(bytes4 selector) internal {
        vm.expectRevert(abi.encodeWithSelector(selector));
    }

    function _refuses(bytes4 selector, uint256 a) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, a));
    }

    function _refuses(bytes4 selector, uint256 a, uint256 b) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, a, b));
    }
}
