// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PoseidonT3} from "poseidon-solidity/PoseidonT3.sol";
import {SmartMeter} from "../meter/SmartMeter.sol";
import {ISettlement} from "../settlement/ISettlement.sol";
import {Poseidon8} from "../settlement/Poseidon8.sol";
import {Settlement} from "../settlement/Settlement.sol";
import {SettlementSuite} from "./SettlementSuite.sol";

/// @dev A community of 1024 in sixteen parts, of which member 777 leaves.
contract EscapeTest is SettlementSuite {
    uint16 private constant LEAVER = 777;
    uint256 private constant FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    uint256[8] private _opening = [uint256(11), 5_000_000, 0, 1_000, 500, 7, 2 ** 48, 4711];
    uint256[] private _siblings;

    function setUp() public override {
        super.setUp();
        meter = new SmartMeter(address(access), 10, false);
        _meterAt(LEAVER);
        _meterAt(LEAVER ^ 1);
        _meterAt(3);
        Settlement.Setup memory setup = _setup(64, 16);
        uint256 node = setup.leafHash.hash(_opening);
        for (uint256 k = 0; k < 10; ++k) {
            _siblings.push(1_000_003 * (k + 1));
            node = (LEAVER >> k) & 1 == 0 ? PoseidonT3.hash([node, _siblings[k]]) : PoseidonT3.hash([_siblings[k], node]);
        }
        settlement = _open(setup);
        _commitIdle(100);
        for (uint8 part = 0; part < 15; ++part) _settlePart(100, part, 9100 + part);
        _settlePart(100, 15, node);
        eq(settlement.stateRoot(), node);
        settlement.setAccount(LEAVER, ALICE);
        _money(ALICE, 1e9);
        vm.prank(ALICE);
        money.approve(address(settlement), 1e9);
    }

    function _commitIdle(uint40 interval) private {
        _commit(interval, ORDERS);
        uint256 book = settlement.bookRoot();
        for (uint8 part = 0; part < 16; ++part) {
            settlement.admitOrders(interval, part, true, book, _admission(interval, part, true, ORDERS, book, book));
        }
    }

    /// @dev Carries are the number of the next part; 0 before the first and after the last.
    function _settlePart(uint40 interval, uint8 part, uint256 newRoot) private {
        ISettlement.Batch memory batch = _batch(interval);
        batch.newRoot = newRoot;
        (,, uint256 oldRoot,) = settlement.roundUnderWay();
        uint256 carryOut = (part + 1) % 16;
        uint256[] memory signals = new uint256[](10);
        (signals[0], signals[1], signals[3]) = (meter.registryRoot(), ORDERS, newRoot);
        signals[2] = part == 0 ? settlement.stateRoot() : oldRoot;
        (signals[4], signals[5]) = (_domain(), _terms(batch) + uint256(part) * 2 ** 137);
        (signals[6], signals[8], signals[9]) = (NOTHING, part, carryOut);
        settlement.settlePart(batch, part, carryOut, _proof(signals));
    }

    function _escape() private {
        vm.warp(block.timestamp + ESCAPE_AFTER_S);
        vm.prank(STRANGER);
        settlement.escape();
    }

    function test_exits_open_after_the_set_time_and_never_close() public {
        uint256 opensAt = block.timestamp + ESCAPE_AFTER_S;
        vm.warp(opensAt - 10);
        _refuses(ISettlement.NotYetEscape.selector, 10);
        settlement.escape();
        _refuses(ISettlement.NotInEscape.selector);
        settlement.exit(LEAVER, _opening, _siblings);
        vm.warp(opensAt);
        settlement.escape();
        _refuses(ISettlement.InEscape.selector);
        settlement.escape();
        vm.prank(operator);
        _refuses(ISettlement.InEscape.selector);
        settlement.commitOrders(101, ORDERS);
    }

    function test_one_of_a_thousand_members_leaves_with_its_opening_once() public {
        _escape();
        vm.expectEmit();
        emit ISettlement.Exited(LEAVER, ALICE, 5_000_000);
        vm.prank(STRANGER); // whoever sends it, the money is the member's
        settlement.exit(LEAVER, _opening, _siblings);
        eq(settlement.claimable(ALICE), 5_000_000);
        _refuses(ISettlement.AlreadyExited.selector, LEAVER);
        settlement.exit(LEAVER, _opening, _siblings);
    }

    function test_what_does_not_lead_to_the_root_opens_nothing() public {
        _escape();
        _refuses(ISettlement.UnknownMember.selector, 1024, 1024);
        settlement.exit(1024, _opening, _siblings);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotTheAccount.selector, address(this), address(0)));
        settlement.exit(LEAVER + 1, _opening, _siblings);
        settlement.setAccount(LEAVER ^ 1, BOB);
        _refuses(ISettlement.BadOpening.selector, LEAVER ^ 1);
        settlement.exit(LEAVER ^ 1, _opening, _siblings);
        uint256[8] memory opening = _opening;
        opening[1] += 1;
        _refuses(ISettlement.BadOpening.selector, LEAVER);
        settlement.exit(LEAVER, opening, _siblings);
        _siblings.push(1);
        _refuses(ISettlement.BadOpening.selector, LEAVER);
        settlement.exit(LEAVER, _opening, _siblings);
        _siblings.pop();
        _siblings[3] += FIELD; // the same number in the field, another word
        _refuses(ISettlement.BadOpening.selector, LEAVER);
        settlement.exit(LEAVER, _opening, _siblings);
        opening[1] = _opening[1] + FIELD;
        _refuses(Poseidon8.NotInField.selector, 1);
        settlement.exit(LEAVER, opening, _siblings);
    }

    function test_parts_under_way_do_not_count() public {
        _commitIdle(101);
        _settlePart(101, 0, 9200);
        _escape();
        settlement.exit(LEAVER, _opening, _siblings);
    }

    function test_deposits_that_no_round_applied_are_given_back_once() public {
        vm.prank(ALICE);
        settlement.deposit(LEAVER, 70);
        settlement.setAccount(3, BOB);
        vm.prank(BOB);
        settlement.requestWithdrawal(3, 9);
        _refuses(ISettlement.NotInEscape.selector);
        settlement.reclaim(0);
        _escape();
        settlement.reclaim(0);
        eq(settlement.claimable(ALICE), 70);
        for (uint256 position = 0; position < 3; ++position) {
            _refuses(ISettlement.NoDeposit.selector, position); // given back, a withdrawal, none
            settlement.reclaim(position);
        }
        vm.prank(ALICE);
        settlement.claim();
        eq(money.balanceOf(ALICE), 1e9);
    }
}
