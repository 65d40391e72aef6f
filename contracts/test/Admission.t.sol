// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ISettlement} from "../settlement/ISettlement.sol";
import {SettlementSuite} from "./SettlementSuite.sol";

contract AdmissionTest is SettlementSuite {
    function setUp() public override {
        super.setUp();
        settlement = _open(_setup(16, 1));
    }

    function test_anyone_with_the_proof_admits_and_the_book_moves() public {
        _commit(100, ORDERS);
        require(!settlement.isAdmitted(100));
        uint256[8] memory proof = _admission(100, 0, false, ORDERS, BOOK, BOOK + 1);
        vm.expectEmit();
        emit ISettlement.OrdersAdmitted(100, 0, false, ORDERS, BOOK, BOOK + 1);
        vm.prank(STRANGER);
        settlement.admitOrders(100, 0, false, BOOK + 1, proof);
        require(settlement.isAdmitted(100));
        eq(settlement.bookRoot(), BOOK + 1);
        eq(settlement.ordersRootOf(100), ORDERS);
        (, uint256 next,) = settlement.admissionUnderWay();
        eq(next, 0);
    }

    function test_a_round_without_admission_is_not_settled() public {
        _commit(100, ORDERS);
        ISettlement.Batch memory batch = _batch(100);
        uint256[8] memory proof = _settlement(batch, 0);
        _refuses(ISettlement.OrdersNotAdmitted.selector, 100);
        settlement.settle(batch, proof);
        _admit(100, ORDERS);
        settlement.settle(batch, proof);
        require(settlement.isAdmitted(100));
        eq(settlement.ordersRootOf(100), 0);
    }

    function test_an_admission_is_for_one_interval_one_book_one_registry_and_for_once() public {
        _commit(100, ORDERS);
        _commit(101, ORDERS);
        uint256[8] memory proof = _admission(100, 0, false, ORDERS, BOOK, BOOK + 1);
        _refuses(ISettlement.ProofRefused.selector, 101);
        settlement.admitOrders(101, 0, false, BOOK + 1, proof);
        _refuses(ISettlement.ProofRefused.selector, 100);
        settlement.admitOrders(100, 0, false, BOOK + 2, proof);
        _refuses(ISettlement.ProofRefused.selector, 100);
        settlement.admitOrders(100, 0, true, BOOK + 1, proof);
        settlement.admitOrders(100, 0, false, BOOK + 1, proof);
        _refuses(ISettlement.OrdersAlreadyAdmitted.selector, 100);
        settlement.admitOrders(100, 0, false, BOOK + 1, proof);
        proof = _admission(101, 0, false, ORDERS, BOOK, BOOK + 2); // made for the book before
        _refuses(ISettlement.ProofRefused.selector, 101);
        settlement.admitOrders(101, 0, false, BOOK + 2, proof);
        proof = _admission(101, 0, false, ORDERS, BOOK + 1, BOOK + 2);
        _privateMeter(); // made for the registry before
        _refuses(ISettlement.ProofRefused.selector, 101);
        settlement.admitOrders(101, 0, false, BOOK + 2, proof);
        _admit(101, ORDERS);
    }

    function test_an_idle_round_leaves_the_book_as_it_is() public {
        _commit(100, ORDERS);
        settlement.admitOrders(100, 0, true, BOOK, _admission(100, 0, true, ORDERS, BOOK, BOOK));
        require(settlement.isAdmitted(100));
        eq(settlement.bookRoot(), BOOK);
    }

    function test_refuses_what_is_not_to_be_admitted() public {
        uint256[8] memory proof;
        _refuses(ISettlement.OrdersMissing.selector, 100);
        settlement.admitOrders(100, 0, false, BOOK, proof);
        _commit(100, ORDERS);
        _refuses(ISettlement.EmptyRoot.selector, 100);
        settlement.admitOrders(100, 0, false, 0, proof);
        _refuses(ISettlement.PartOutOfOrder.selector, 100, 0);
        settlement.admitOrders(100, 1, false, BOOK, proof);
        settlement.pause();
        _refuses(Pausable.EnforcedPause.selector);
        settlement.admitOrders(100, 0, false, BOOK, proof);
        settlement.unpause();
        _ready(101);
        ISettlement.Batch memory batch = _batch(101);
        settlement.settle(batch, _settlement(batch, 0));
        _refuses(ISettlement.IntervalNotOpen.selector, 100, 101); // passed over
        settlement.admitOrders(100, 0, false, BOOK, proof);
        _refuses(ISettlement.IntervalNotOpen.selector, 101, 101); // its entry is the accounts' root now
        settlement.admitOrders(101, 0, false, BOOK, proof);
        vm.warp(block.timestamp + ESCAPE_AFTER_S);
        settlement.escape();
        _refuses(ISettlement.InEscape.selector);
        settlement.admitOrders(102, 0, false, BOOK, proof);
    }

    function test_the_book_goes_on_over_rounds_that_are_never_settled() public {
        _ready(100);
        _ready(101);
        eq(settlement.bookRoot(), BOOK + 2);
        ISettlement.Batch memory batch = _batch(101);
        settlement.settle(batch, _settlement(batch, 0));
        _ready(102);
        eq(settlement.bookRoot(), BOOK + 3);
    }
}

contract AdmissionInPartsTest is SettlementSuite {
    function setUp() public override {
        super.setUp();
        settlement = _open(_setup(4, 4));
        _commit(100, ORDERS);
        _commit(101, ORDERS);
    }

    /// @dev Admits part `part` of interval 100 from book BOOK + part to BOOK + part + 1.
    function _part(uint40 interval, uint8 part) private {
        settlement.admitOrders(interval, part, false, BOOK + part + 1, _admission(interval, part, false, ORDERS, BOOK + part, BOOK + part + 1));
    }

    function test_the_book_moves_with_the_last_part_alone() public {
        for (uint8 part = 0; part < 3; ++part) {
            _part(100, part);
            (uint256 interval, uint256 next, uint256 book) = settlement.admissionUnderWay();
            eq(interval, 100);
            eq(next, part + 1);
            eq(book, BOOK + part + 1);
            eq(settlement.bookRoot(), BOOK);
            require(!settlement.isAdmitted(100));
        }
        _part(100, 3);
        eq(settlement.bookRoot(), BOOK + 4);
        require(settlement.isAdmitted(100));
        (, uint256 left,) = settlement.admissionUnderWay();
        eq(left, 0);
    }

    function test_parts_come_in_order_and_of_one_interval() public {
        uint256[8] memory proof;
        _refuses(ISettlement.PartOutOfOrder.selector, 100, 0);
        settlement.admitOrders(100, 1, false, BOOK, proof);
        _part(100, 0);
        _refuses(ISettlement.PartOutOfOrder.selector, 100, 1);
        settlement.admitOrders(100, 2, false, BOOK, proof);
        _refuses(ISettlement.PartOutOfOrder.selector, 101, 0);
        settlement.admitOrders(101, 1, false, BOOK, proof);
        _refuses(ISettlement.PartOutOfOrder.selector, 100, 0); // idle is of a whole round
        settlement.admitOrders(100, 1, true, BOOK, proof);
        _refuses(ISettlement.PartOutOfOrder.selector, 100, 1);
        settlement.admitOrders(100, 255, false, BOOK, proof);
        _part(100, 1);
    }

    function test_a_meter_registered_between_parts_starts_the_admission_anew() public {
        _part(100, 0);
        _privateMeter();
        uint256[8] memory proof = _admission(100, 1, false, ORDERS, BOOK + 1, BOOK + 2);
        _refuses(ISettlement.PartOutOfOrder.selector, 100, 0);
        settlement.admitOrders(100, 1, false, BOOK + 2, proof);
        uint256[8] memory first = _admission(100, 0, false, ORDERS, BOOK, BOOK + 1);
        vm.prank(operator);
        settlement.admitOrders(100, 0, false, BOOK + 1, first);
        for (uint8 part = 1; part < 4; ++part) _part(100, part);
        require(settlement.isAdmitted(100));
    }

    function test_nobody_but_the_operator_can_throw_an_admission_back() public {
        uint256[8] memory first = _admission(100, 0, false, ORDERS, BOOK, BOOK + 1);
        vm.prank(STRANGER);
        settlement.admitOrders(100, 0, false, BOOK + 1, first); // begins, when nothing is under way
        _part(100, 1);
        vm.prank(STRANGER);
        _refuses(ISettlement.PartsUnderWay.selector, 100, 2);
        settlement.admitOrders(100, 0, false, BOOK + 1, first);
        uint256[8] memory other = _admission(101, 0, false, ORDERS, BOOK, BOOK + 1);
        vm.prank(STRANGER);
        _refuses(ISettlement.PartsUnderWay.selector, 100, 2);
        settlement.admitOrders(101, 0, false, BOOK + 1, other);
        vm.prank(operator);
        settlement.admitOrders(101, 0, false, BOOK + 1, other);
        uint256[8] memory proof;
        _refuses(ISettlement.PartOutOfOrder.selector, 100, 0);
        settlement.admitOrders(100, 2, false, BOOK, proof);
        for (uint8 part = 1; part < 4; ++part) _part(101, part);
        require(settlement.isAdmitted(101) && !settlement.isAdmitted(100));
    }
}
