// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {Commitments} from "../settlement/Commitments.sol";
import {ISettlement} from "../settlement/ISettlement.sol";
import {Settlement} from "../settlement/Settlement.sol";
import {SettlementSuite} from "./SettlementSuite.sol";

/// @dev A contract whose word is what it last approved.
contract Wallet is IERC1271 {
    mapping(bytes32 digest => bool) public approves;

    function approve(bytes32 digest, bool yes) external {
        approves[digest] = yes;
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return approves[digest] ? IERC1271.isValidSignature.selector : bytes4(0);
    }

    function commitLate(Settlement settlement, uint40 interval, uint256 ordersRoot, ISettlement.Receipt[] calldata receipts) external {
        settlement.commitOrdersLate(interval, ordersRoot, receipts);
    }
}

contract CommitmentsTest is SettlementSuite {
    uint256 private constant SECOND_KEY = 0x5EC0;
    uint256 private constant FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    function setUp() public override {
        super.setUp();
        settlement = _open(_setup(16, 1));
    }

    function _late(uint40 interval, uint256 ordersRoot, ISettlement.Receipt[] memory receipts) private {
        vm.prank(operator);
        settlement.commitOrdersLate(interval, ordersRoot, receipts);
    }

    // ── on time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_orders_are_bound_once() public {
        _commit(100, ORDERS);
        eq(settlement.ordersRootOf(100), ORDERS);
        _refuses(ISettlement.IntervalNotOpen.selector, 100, 0);
        _commit(100, ORDERS + 1);
        _refuses(ISettlement.EmptyRoot.selector, 101);
        _commit(101, 0);
        (, , uint256 buy, uint256 sell, , , , , bool known) = settlement.head();
        eq(buy, BUY);
        eq(sell, SELL);
        require(known);
    }

    function test_a_root_cannot_carry_marks_of_its_own() public {
        uint256[4] memory roots = [FIELD, ORDERS | (1 << 254), ORDERS | (1 << 255), type(uint256).max];
        for (uint256 i = 0; i < 4; ++i) {
            _refuses(ISettlement.RootOutOfField.selector, roots[i]);
            _commit(100, roots[i]);
        }
        _commit(100, FIELD - 1);
        require(!settlement.isAdmitted(100) && !settlement.isVoided(100));
    }

    function test_the_gate_closes_by_the_chains_clock() public {
        Settlement.Setup memory setup = _setup(16, 1);
        setup.gate = Commitments.Gate({intervalS: 900, leadS: 300});
        settlement = _open(setup);
        uint40 interval = uint40(block.timestamp / 900 + 2);
        uint256 gateAt = uint256(interval) * 900 - 300;
        eq(settlement.gateAt(interval), gateAt);
        vm.warp(gateAt - 1);
        _commit(interval, ORDERS);
        vm.warp(gateAt + 900);
        _refuses(ISettlement.GateClosed.selector, interval + 1, gateAt + 900);
        _commit(interval + 1, ORDERS);
        eq(settlement.gateAt(0), 0);
        _refuses(ISettlement.GateClosed.selector, 0, 0);
        _commit(0, ORDERS);
    }

    function test_without_a_lead_the_first_second_of_delivery_is_too_late() public {
        Settlement.Setup memory setup = _setup(16, 1);
        setup.gate = Commitments.Gate({intervalS: 900, leadS: 0});
        settlement = _open(setup);
        uint40 interval = uint40(block.timestamp / 900 + 1);
        uint256 startsAt = uint256(interval) * 900;
        vm.warp(startsAt);
        _refuses(ISettlement.GateClosed.selector, interval, startsAt);
        _commit(interval, ORDERS);
        vm.warp(startsAt - 1);
        _commit(interval, ORDERS);
    }

    function test_a_simulated_plant_has_no_gate_that_the_chain_could_keep() public {
        eq(settlement.gateAt(1), type(uint256).max);
        _commit(1, ORDERS);
    }

    function test_nothing_is_committed_in_a_pause_or_in_escape() public {
        settlement.pause();
        _refuses(Pausable.EnforcedPause.selector);
        _commit(100, ORDERS);
        _refuses(Pausable.EnforcedPause.selector);
        _late(100, ORDERS, new ISettlement.Receipt[](0));
        settlement.unpause();
        vm.warp(block.timestamp + ESCAPE_AFTER_S);
        settlement.escape();
        _refuses(ISettlement.InEscape.selector);
        _commit(100, ORDERS);
    }

    // ── late ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_receipts_of_more_than_half_bind_what_came_too_late() public {
        _accounts(4);
        ISettlement.Receipt[] memory two = _receipts(2, 100, ORDERS);
        _refuses(ISettlement.TooFewReceipts.selector, 2, 3);
        _late(100, ORDERS, two);
        ISettlement.Receipt[] memory three = _receipts(3, 100, ORDERS);
        uint40 openUntil = uint40(block.timestamp + WINDOW_S);
        vm.expectEmit();
        emit ISettlement.OrdersCommittedLate(100, ORDERS, operator, openUntil, 3);
        _late(100, ORDERS, three);
        eq(settlement.ordersRootOf(100), ORDERS);
        (uint40 until, address by) = settlement.lateOf(100);
        eq(until, openUntil);
        require(by == operator);
        _refuses(ISettlement.IntervalNotOpen.selector, 100, 0);
        _commit(100, ORDERS);
    }

    function test_a_late_round_is_settled_when_nobody_can_challenge_it_any_more() public {
        _accounts(1);
        _late(100, ORDERS, _receipts(1, 100, ORDERS));
        ISettlement.Batch memory batch = _batch(100);
        uint256[8] memory proof = _settlement(batch, 0);
        _refuses(ISettlement.OrdersNotAdmitted.selector, 100);
        settlement.settle(batch, proof);
        _admit(100, ORDERS); // needs no waiting
        require(settlement.isAdmitted(100));
        eq(settlement.ordersRootOf(100), ORDERS);
        uint256 openUntil = block.timestamp + WINDOW_S;
        vm.warp(openUntil - 1);
        _refuses(ISettlement.InChallengeWindow.selector, 100, openUntil);
        settlement.settle(batch, proof);
        vm.warp(openUntil);
        bytes memory notice = _notice(OPERATOR_KEY, 100, ORDERS + 1);
        _refuses(ISettlement.NotInChallengeWindow.selector, 100, openUntil);
        settlement.challengeLate(100, ORDERS + 1, notice);
        settlement.settle(batch, proof);
        eq(settlement.rootAfter(100), batch.newRoot);
        _refuses(ISettlement.NotInChallengeWindow.selector, 100, openUntil);
        settlement.challengeLate(100, ORDERS + 1, notice);
    }

    function test_no_receipt_counts_twice_or_for_another() public {
        _accounts(4);
        ISettlement.Receipt[] memory receipts = _receipts(3, 100, ORDERS);
        receipts[2] = receipts[1];
        _refuses(ISettlement.BadReceipt.selector, 1);
        _late(100, ORDERS, receipts);
        (receipts[1], receipts[2]) = (_receipt(2, MEMBER_KEY + 2, 100, ORDERS), _receipt(1, MEMBER_KEY + 1, 100, ORDERS));
        _refuses(ISettlement.BadReceipt.selector, 1);
        _late(100, ORDERS, receipts);
        uint16[3] memory strange = [uint16(3), 5, 600]; // another's key, no account, no member
        for (uint256 i = 0; i < 3; ++i) {
            receipts = _receipts(3, 100, ORDERS);
            receipts[2] = _receipt(strange[i], MEMBER_KEY + 2, 100, ORDERS);
            _refuses(ISettlement.BadReceipt.selector, strange[i]);
            _late(100, ORDERS, receipts);
        }
    }

    function test_a_receipt_is_for_one_interval_one_root_one_operator_one_contract() public {
        _accounts(1);
        ISettlement.Receipt[] memory receipts = _receipts(1, 100, ORDERS);
        _refuses(ISettlement.BadReceipt.selector, 0);
        _late(101, ORDERS, receipts);
        _refuses(ISettlement.BadReceipt.selector, 0);
        _late(100, ORDERS + 1, receipts);
        access.grantRole(7, BOB, 0);
        vm.prank(BOB);
        _refuses(ISettlement.BadReceipt.selector, 0);
        settlement.commitOrdersLate(100, ORDERS, receipts);
        Settlement other = _open(_setup(16, 1));
        other.setAccount(0, _member(0));
        vm.prank(operator);
        _refuses(ISettlement.BadReceipt.selector, 0);
        other.commitOrdersLate(100, ORDERS, receipts);
        bytes memory signature = receipts[0].signature;
        receipts[0].signature = abi.encodePacked(signature, uint8(0));
        _refuses(ISettlement.BadReceipt.selector, 0);
        _late(100, ORDERS, receipts);
        receipts[0].signature = signature;
        _late(100, ORDERS, receipts);
    }

    function test_without_any_account_nothing_can_be_committed_late() public {
        _refuses(ISettlement.TooFewReceipts.selector, 0, 1);
        _late(100, ORDERS, new ISettlement.Receipt[](0));
    }

    function test_accounts_on_empty_places_make_no_majority() public {
        _accounts(2);
        for (uint16 index = 2; index < 16; ++index) {
            _refuses(ISettlement.NotRegistered.selector, index);
            settlement.setAccount(index, _member(index));
        }
        eq(settlement.accountCount(), 2);
        ISettlement.Receipt[] memory receipts = new ISettlement.Receipt[](2);
        (receipts[0], receipts[1]) = (_receipt(0, MEMBER_KEY, 100, ORDERS), _receipt(2, MEMBER_KEY + 2, 100, ORDERS));
        _refuses(ISettlement.BadReceipt.selector, 2);
        _late(100, ORDERS, receipts);
    }

    function test_the_receipt_of_a_moved_account_must_be_the_new_ones() public {
        _accounts(1);
        vm.prank(_member(0));
        settlement.moveAccount(0, _member(9));
        eq(settlement.accountCount(), 1);
        ISettlement.Receipt[] memory receipts = _receipts(1, 100, ORDERS);
        _refuses(ISettlement.BadReceipt.selector, 0);
        _late(100, ORDERS, receipts);
        receipts[0] = _receipt(0, MEMBER_KEY + 9, 100, ORDERS);
        _late(100, ORDERS, receipts);
    }

    function test_a_member_may_be_a_contract() public {
        Wallet wallet = new Wallet();
        _meterAt(0);
        settlement.setAccount(0, address(wallet));
        bytes32 kind = keccak256("Receipt(uint40 interval,uint256 ordersRoot,address operator)");
        bytes32 digest = _digest(keccak256(abi.encode(kind, uint40(100), ORDERS, operator)));
        ISettlement.Receipt[] memory receipts = new ISettlement.Receipt[](1);
        _refuses(ISettlement.BadReceipt.selector, 0);
        _late(100, ORDERS, receipts);
        wallet.approve(digest, true);
        _late(100, ORDERS, receipts);
    }

    // ── challenge ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_whoever_was_shown_other_orders_voids_the_commitment_for_good() public {
        _accounts(1);
        _late(100, ORDERS, _receipts(1, 100, ORDERS));
        _admit(100, ORDERS);
        bytes memory notice = _notice(OPERATOR_KEY, 100, ORDERS + 1);
        settlement.pause(); // a pause must not run the window out
        vm.expectEmit();
        emit ISettlement.CommitmentVoided(100, ORDERS, ORDERS + 1, STRANGER);
        vm.prank(STRANGER);
        settlement.challengeLate(100, ORDERS + 1, notice);
        settlement.unpause();
        require(settlement.isVoided(100) && !settlement.isAdmitted(100));
        eq(settlement.ordersRootOf(100), 0);
        eq(settlement.rootAfter(100), 0);
        _refuses(ISettlement.OrdersVoided.selector, 100);
        settlement.challengeLate(100, ORDERS + 2, notice);
        vm.warp(block.timestamp + WINDOW_S);
        ISettlement.Batch memory batch = _batch(100);
        uint256[8] memory proof = _settlement(batch, 0);
        _refuses(ISettlement.OrdersVoided.selector, 100);
        settlement.settle(batch, proof);
        _refuses(ISettlement.OrdersVoided.selector, 100);
        settlement.admitOrders(100, 0, true, BOOK, proof);
        _refuses(ISettlement.IntervalNotOpen.selector, 100, 0);
        _commit(100, ORDERS);
        _ready(101); // the next round goes on
        batch = _batch(101);
        settlement.settle(batch, _settlement(batch, 0));
        eq(settlement.rootAfter(100), 0);
    }

    function test_only_the_operators_own_contradiction_counts() public {
        _accounts(1);
        bytes memory notice = _notice(OPERATOR_KEY, 100, ORDERS + 1);
        _refuses(ISettlement.NotInChallengeWindow.selector, 100, 0);
        settlement.challengeLate(100, ORDERS + 1, notice);
        _late(100, ORDERS, _receipts(1, 100, ORDERS));
        bytes memory same = _notice(OPERATOR_KEY, 100, ORDERS);
        _refuses(ISettlement.SameRoot.selector, 100, ORDERS);
        settlement.challengeLate(100, ORDERS, same);
        bytes[4] memory forged =
            [_notice(MEMBER_KEY, 100, ORDERS + 1), _notice(OPERATOR_KEY, 101, ORDERS + 1), _receipts(1, 100, ORDERS + 1)[0].signature, bytes("")];
        for (uint256 i = 0; i < 4; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ISettlement.BadNotice.selector, 100, ORDERS + 1, operator));
            settlement.challengeLate(100, ORDERS + 1, forged[i]);
        }
        require(!settlement.isVoided(100));
    }

    function test_what_was_committed_on_time_cannot_be_challenged() public {
        _commit(100, ORDERS);
        bytes memory notice = _notice(OPERATOR_KEY, 100, ORDERS + 1);
        _refuses(ISettlement.NotInChallengeWindow.selector, 100, 0);
        settlement.challengeLate(100, ORDERS + 1, notice);
    }

    function test_two_accounts_of_the_operator_cannot_show_two_books() public {
        _accounts(1);
        _late(100, ORDERS, _receipts(1, 100, ORDERS));
        bytes memory notice = _notice(SECOND_KEY, 100, ORDERS + 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.BadNotice.selector, 100, ORDERS + 1, operator));
        settlement.challengeLate(100, ORDERS + 1, notice);
        access.grantRole(7, vm.addr(SECOND_KEY), 0);
        bytes memory same = _notice(SECOND_KEY, 100, ORDERS);
        _refuses(ISettlement.SameRoot.selector, 100, ORDERS);
        settlement.challengeLate(100, ORDERS, same);
        bytes memory another = _notice(SECOND_KEY, 101, ORDERS + 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.BadNotice.selector, 100, ORDERS + 1, operator));
        settlement.challengeLate(100, ORDERS + 1, another);
        vm.prank(STRANGER);
        settlement.challengeLate(100, ORDERS + 1, notice);
        require(settlement.isVoided(100));
    }

    function test_an_account_that_gave_up_the_operators_role_is_bound_by_what_it_committed() public {
        _accounts(1);
        _late(100, ORDERS, _receipts(1, 100, ORDERS));
        access.revokeRole(7, operator);
        settlement.challengeLate(100, ORDERS + 1, _notice(OPERATOR_KEY, 100, ORDERS + 1));
        require(settlement.isVoided(100));
    }

    function test_an_operator_that_gives_its_key_code_does_not_take_its_word_back() public {
        _accounts(1);
        _late(100, ORDERS, _receipts(1, 100, ORDERS));
        bytes memory notice = _notice(OPERATOR_KEY, 100, ORDERS + 1);
        vm.etch(operator, address(new Wallet()).code); // approves nothing
        settlement.challengeLate(100, ORDERS + 1, notice);
        require(settlement.isVoided(100));
    }

    function test_an_operator_that_is_a_contract_is_bound_by_its_own_rule() public {
        _accounts(1);
        Wallet wallet = new Wallet();
        access.grantRole(7, address(wallet), 0);
        operator = address(wallet);
        wallet.commitLate(settlement, 100, ORDERS, _receipts(1, 100, ORDERS));
        bytes32 digest = _digest(keccak256(abi.encode(keccak256("Notice(uint40 interval,uint256 ordersRoot)"), uint40(100), ORDERS + 1)));
        vm.expectRevert(abi.encodeWithSelector(ISettlement.BadNotice.selector, 100, ORDERS + 1, operator));
        settlement.challengeLate(100, ORDERS + 1, "");
        wallet.approve(digest, true);
        settlement.challengeLate(100, ORDERS + 1, "");
        require(settlement.isVoided(100));
    }

    function test_a_late_commitment_that_was_passed_over_is_void_of_effect() public {
        _accounts(1);
        _late(100, ORDERS, _receipts(1, 100, ORDERS));
        _admit(100, ORDERS);
        _ready(101);
        ISettlement.Batch memory batch = _batch(101);
        settlement.settle(batch, _settlement(batch, 0));
        settlement.challengeLate(100, ORDERS + 1, _notice(OPERATOR_KEY, 100, ORDERS + 1));
        eq(settlement.rootAfter(100), 0);
        eq(settlement.rootAfter(101), batch.newRoot);
        batch = _batch(100);
        uint256[8] memory proof = _settlement(batch, 0);
        _refuses(ISettlement.IntervalNotOpen.selector, 100, 101);
        settlement.settle(batch, proof);
    }
}
