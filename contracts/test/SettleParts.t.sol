// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ISettlement} from "../settlement/ISettlement.sol";
import {SettlementSuite} from "./SettlementSuite.sol";

/// @dev Rounds of four batches.
contract SettlePartsTest is SettlementSuite {
    uint8 private constant PARTS = 4;

    function setUp() public override {
        super.setUp();
        settlement = _open(_setup(4, PARTS));
        _accounts(4);
        for (uint256 i = 0; i < 4; ++i) {
            _money(_member(i), 1e9);
            vm.prank(_member(i));
            money.approve(address(settlement), 1e9);
        }
        _readyInParts(100);
        _readyInParts(101);
    }

    function _readyInParts(uint40 interval) private {
        _commit(interval, ORDERS);
        uint256 book = settlement.bookRoot();
        for (uint8 part = 0; part < PARTS; ++part) {
            settlement.admitOrders(interval, part, false, book + 1, _admission(interval, part, false, ORDERS, book, book + 1));
            book += 1;
        }
    }

    /// @dev What part `part` of a round leaves: roots 5000 + interval · 10 + part, carries 6000 + interval · 10 + part, 0 after the last.
    function _partOf(uint40 interval, uint8 part) private pure returns (ISettlement.Batch memory batch, uint256 carryOut) {
        batch = _batch(interval);
        batch.newRoot = 5000 + interval * 10 + part;
        if (part == PARTS - 1) batch.totals = _totals(-70, 30, 450, 300, 0);
        carryOut = part == PARTS - 1 ? 0 : 6000 + interval * 10 + part;
    }

    function _proofOf(ISettlement.Batch memory batch, uint8 part, uint256 oldRoot, uint256 carryIn, uint256 carryOut, uint256 flows)
        private view returns (uint256[8] memory)
    {
        uint256[] memory signals = new uint256[](10);
        (signals[0], signals[1], signals[2], signals[3]) = (meter.registryRoot(), ORDERS, oldRoot, batch.newRoot);
        (signals[4], signals[5], signals[6], signals[7]) = (_domain(), _terms(batch) + uint256(part) * 2 ** 137, batch.totals, flows);
        (signals[8], signals[9]) = (carryIn, carryOut);
        return _proof(signals);
    }

    function _send(uint40 interval, uint8 part) private {
        (ISettlement.Batch memory batch, uint256 carryOut) = _partOf(interval, part);
        settlement.settlePart(batch, part, carryOut, _proofFor(interval, part));
    }

    function _proofFor(uint40 interval, uint8 part) private view returns (uint256[8] memory) {
        (ISettlement.Batch memory batch, uint256 carryOut) = _partOf(interval, part);
        uint256 oldRoot = part == 0 ? settlement.stateRoot() : 5000 + interval * 10 + part - 1;
        return _proofOf(batch, part, oldRoot, part == 0 ? 0 : 6000 + interval * 10 + part - 1, carryOut, 0);
    }

    function _refusesPart(uint40 interval, uint8 part, uint8 expected) private {
        (ISettlement.Batch memory batch, uint256 carryOut) = _partOf(interval, part);
        uint256[8] memory proof = _proofFor(interval, part);
        _refuses(ISettlement.PartOutOfOrder.selector, interval, expected);
        settlement.settlePart(batch, part, carryOut, proof);
    }

    function test_the_accounts_move_with_the_last_part_alone() public {
        for (uint8 part = 0; part < PARTS - 1; ++part) {
            (ISettlement.Batch memory batch, uint256 carryOut) = _partOf(100, part);
            uint256[8] memory proof = _proofFor(100, part);
            vm.expectEmit();
            emit ISettlement.PartSettled(100, part, part == 0 ? GENESIS : 6000 + part - 1, batch.newRoot, carryOut);
            settlement.settlePart(batch, part, carryOut, proof);
            eq(settlement.stateRoot(), GENESIS);
            eq(settlement.roundOf(100).settledAt, 0);
            (uint256 interval, uint256 next, uint256 root, uint256 carry) = settlement.roundUnderWay();
            eq(interval, 100);
            eq(next, part + 1);
            eq(root, batch.newRoot);
            eq(carry, carryOut);
            require(settlement.gridAccount() == 0);
        }
        (ISettlement.Batch memory last,) = _partOf(100, PARTS - 1);
        uint256[8] memory lastProof = _proofFor(100, PARTS - 1);
        vm.expectEmit();
        emit ISettlement.Settled(
            100, meter.registryRoot(), ORDERS, GENESIS, last.newRoot, _terms(last) + uint256(PARTS - 1) * 2 ** 137, last.totals, 0
        );
        settlement.settlePart(last, PARTS - 1, 0, lastProof);
        eq(settlement.stateRoot(), last.newRoot);
        eq(settlement.rootAfter(100), last.newRoot);
        eq(settlement.roundOf(100).carriedMembers, 300);
        eq(settlement.roundOf(100).number, 1);
        require(settlement.gridAccount() == -70 && settlement.defaultAccount() == 30);
        (, uint256 left,,) = settlement.roundUnderWay();
        eq(left, 0);
        _refusesClosed(100);
        for (uint8 part = 0; part < PARTS; ++part) _send(101, part);
        eq(settlement.roundOf(101).number, 2);
    }

    function _refusesClosed(uint40 interval) private {
        (ISettlement.Batch memory batch, uint256 carryOut) = _partOf(interval, 0);
        uint256[8] memory proof = _proofFor(interval, 0);
        _refuses(ISettlement.IntervalNotOpen.selector, interval, interval);
        settlement.settlePart(batch, 0, carryOut, proof);
    }

    function test_parts_come_in_order_and_of_one_round() public {
        _refusesPart(100, 1, 0);
        _send(100, 0);
        _refusesPart(100, 2, 1);
        _refusesPart(100, 3, 1);
        _refusesPart(101, 1, 0);
        _send(100, 1);
        _refusesPart(100, 1, 2);
        (ISettlement.Batch memory batch,) = _partOf(100, 2);
        _refuses(ISettlement.PartOutOfOrder.selector, 100, 2);
        settlement.settlePart(batch, 255, 1, _none());
        _refuses(ISettlement.WrongLayout.selector, PARTS);
        settlement.settle(batch, _none());
    }

    function test_a_part_takes_up_exactly_what_the_one_before_left() public {
        _send(100, 0);
        (ISettlement.Batch memory batch, uint256 carryOut) = _partOf(100, 1);
        uint256[8] memory proof = _proofOf(batch, 1, GENESIS, 6000 + 1000, carryOut, 0); // starts at another root
        _refuses(ISettlement.ProofRefused.selector, 100);
        settlement.settlePart(batch, 1, carryOut, proof);
        proof = _proofOf(batch, 1, 5000 + 1000, 0, carryOut, 0); // knows nothing of the parts before
        _refuses(ISettlement.ProofRefused.selector, 100);
        settlement.settlePart(batch, 1, carryOut, proof);
        proof = _proofOf(batch, 2, 5000 + 1000, 6000 + 1000, carryOut, 0); // of other members
        _refuses(ISettlement.ProofRefused.selector, 100);
        settlement.settlePart(batch, 1, carryOut, proof);
        _send(100, 1);
    }

    function test_only_the_last_part_leaves_nothing_and_shows_totals() public {
        (ISettlement.Batch memory batch,) = _partOf(100, 0);
        _refuses(ISettlement.BadCarry.selector, 0, 0);
        settlement.settlePart(batch, 0, 0, _none());
        batch.totals = NOTHING + 1;
        _refuses(ISettlement.BadTotals.selector, NOTHING + 1);
        settlement.settlePart(batch, 0, 1, _none());
        for (uint8 part = 0; part < PARTS - 1; ++part) _send(100, part);
        (batch,) = _partOf(100, PARTS - 1);
        _refuses(ISettlement.BadCarry.selector, 3, 1);
        settlement.settlePart(batch, PARTS - 1, 1, _none());
        batch.totals = 2 ** 243;
        _refuses(ISettlement.BadTotals.selector, 2 ** 243);
        settlement.settlePart(batch, PARTS - 1, 0, _none());
    }

    function test_whatever_concerns_the_whole_round_is_the_same_in_all_parts() public {
        _send(100, 0);
        (ISettlement.Batch memory batch, uint256 carryOut) = _partOf(100, 1);
        batch.price += 1;
        _refuses(ISettlement.PartOutOfOrder.selector, 100, 0);
        settlement.settlePart(batch, 1, carryOut, _none());
        (batch.price, batch.traded) = (0, false);
        _refuses(ISettlement.PartOutOfOrder.selector, 100, 0);
        settlement.settlePart(batch, 1, carryOut, _none());
        vm.prank(_member(0));
        settlement.deposit(0, 5);
        (batch,) = _partOf(100, 1);
        batch.flowCount = 1;
        _refuses(ISettlement.PartOutOfOrder.selector, 100, 0);
        settlement.settlePart(batch, 1, carryOut, _none());
        _send(100, 1);
    }

    function test_a_meter_registered_between_parts_starts_the_round_anew() public {
        _send(100, 0);
        _privateMeter();
        _refusesPart(100, 1, 0);
        _asOperator(100, 0);
        for (uint8 part = 1; part < PARTS; ++part) _send(100, part);
        eq(settlement.roundOf(100).number, 1);
    }

    function test_tariffs_changed_between_parts_start_the_round_anew() public {
        _send(100, 0);
        parameters.setParameter("tariff.import.mcPerKWh", uint64(BUY + 1), "test");
        _send(100, 1); // until they are taken over, those of before hold
        settlement.syncTariffs();
        _refusesPart(100, 2, 0);
        parameters.setParameter("tariff.import.mcPerKWh", uint64(BUY), "test");
        settlement.syncTariffs();
        _send(100, 2);
    }

    function test_a_round_never_finished_gives_way_to_another_or_to_itself() public {
        _send(100, 0);
        _send(100, 1);
        _asOperator(101, 0);
        _refusesPart(100, 2, 0);
        _asOperator(100, 0);
        for (uint8 part = 1; part < PARTS; ++part) _send(100, part);
        for (uint8 part = 0; part < PARTS; ++part) _send(101, part);
        eq(settlement.rootAfter(101), 6010 + PARTS - 1);
    }

    function test_nobody_but_the_operator_can_throw_a_round_back() public {
        (ISettlement.Batch memory batch, uint256 carryOut) = _partOf(100, 0);
        uint256[8] memory proof = _proofFor(100, 0);
        vm.prank(STRANGER);
        settlement.settlePart(batch, 0, carryOut, proof); // begins, when nothing is under way
        _send(100, 1);
        vm.prank(STRANGER);
        _refuses(ISettlement.PartsUnderWay.selector, 100, 2);
        settlement.settlePart(batch, 0, carryOut, proof);
        _send(100, 2);
        _send(100, 3);
        eq(settlement.roundOf(100).number, 1);
    }

    function test_an_entry_that_comes_between_parts_waits_for_the_next_round_only() public {
        vm.prank(_member(0));
        settlement.deposit(0, 5);
        uint256 flows = _flow(0, 5, 0, false);
        uint256 root = GENESIS;
        uint256 carry = 0;
        for (uint8 part = 0; part < PARTS; ++part) {
            (root, carry) = _sendWithEntry(part, root, carry, flows);
            (uint256 head,) = settlement.queueBounds();
            eq(head, part == PARTS - 1 ? 1 : 0);
            if (part == 1) {
                vm.prank(_member(1));
                settlement.requestWithdrawal(1, 7);
            }
        }
        (ISettlement.Batch memory next, uint256 left) = _partOf(101, 0);
        _refuses(ISettlement.FlowOverdue.selector, 1);
        settlement.settlePart(next, 0, left, _none());
        next.flowCount = 1;
        settlement.settlePart(next, 0, left, _proofOf(next, 0, root, 0, left, _flow(0, 7, 1, true)));
    }

    /// @dev Part `part` of interval 100 with one entry of the queue; what it leaves.
    function _sendWithEntry(uint8 part, uint256 oldRoot, uint256 carryIn, uint256 flows) private returns (uint256, uint256) {
        (ISettlement.Batch memory batch, uint256 carryOut) = _partOf(100, part);
        batch.flowCount = 1;
        settlement.settlePart(batch, part, carryOut, _proofOf(batch, part, oldRoot, carryIn, carryOut, flows));
        return (batch.newRoot, carryOut);
    }

    function test_a_pause_between_parts_delays_and_an_escape_ends_the_round() public {
        _send(100, 0);
        settlement.pause();
        (ISettlement.Batch memory batch, uint256 carryOut) = _partOf(100, 1);
        _refuses(Pausable.EnforcedPause.selector);
        settlement.settlePart(batch, 1, carryOut, _none());
        settlement.unpause();
        _send(100, 1);
        vm.warp(block.timestamp + ESCAPE_AFTER_S); // parts do not put escape off
        vm.expectEmit();
        emit ISettlement.Escaped(GENESIS);
        settlement.escape();
        (batch, carryOut) = _partOf(100, 2);
        _refuses(ISettlement.InEscape.selector);
        settlement.settlePart(batch, 2, carryOut, _none());
        eq(settlement.stateRoot(), GENESIS);
    }

    function test_a_late_round_in_parts_waits_for_its_window() public {
        ISettlement.Receipt[] memory receipts = _receipts(3, 102, ORDERS);
        vm.prank(operator);
        settlement.commitOrdersLate(102, ORDERS, receipts);
        uint256 book = settlement.bookRoot();
        for (uint8 part = 0; part < PARTS; ++part) {
            settlement.admitOrders(102, part, true, book, _admission(102, part, true, ORDERS, book, book));
        }
        (ISettlement.Batch memory batch, uint256 carryOut) = _partOf(102, 0);
        uint256[8] memory proof = _proofFor(102, 0);
        uint256 openUntil = block.timestamp + WINDOW_S;
        _refuses(ISettlement.InChallengeWindow.selector, 102, openUntil);
        settlement.settlePart(batch, 0, carryOut, proof);
        vm.warp(openUntil);
        for (uint8 part = 0; part < PARTS; ++part) _send(102, part);
        eq(settlement.roundOf(102).number, 1);
    }

    function _asOperator(uint40 interval, uint8 part) private {
        (ISettlement.Batch memory batch, uint256 carryOut) = _partOf(interval, part);
        uint256[8] memory proof = _proofFor(interval, part);
        vm.prank(operator);
        settlement.settlePart(batch, part, carryOut, proof);
    }

    function _none() private pure returns (uint256[8] memory) {}
}
