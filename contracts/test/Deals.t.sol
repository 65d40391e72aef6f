// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVintageToken} from "../token/IVintageToken.sol";
import {IEnergyDeals} from "../trade/IEnergyDeals.sol";
import {ITrade} from "../trade/ITrade.sol";
import {Suite} from "./Suite.sol";

contract DealsTest is Suite {
    uint64 private constant PRICE = 20_000;
    bytes32 private constant WHY = "nothing arrived";

    function setUp() public override {
        super.setUp();
        _approveAll(ALICE, address(deals));
        _approveAll(BOB, address(deals));
        _approveAll(CAROL, address(deals));
        _energy(ALICE, 10_000);
        _money(ALICE, 1e12);
        _money(BOB, 1e12);
        _money(CAROL, 1e12);
    }

    function _forbidden(uint256 id, IEnergyDeals.State state) private {
        vm.expectRevert(abi.encodeWithSelector(IEnergyDeals.StateForbids.selector, id, state));
    }

    function _auction() private returns (uint256 id) {
        vm.prank(ALICE);
        id = deals.createAuction(1000, PRICE, 1 hours, 2 days);
    }

    /// @dev An auction that BOB has won at `PRICE`: his connection.
    function _connection() private returns (uint256 id) {
        id = _auction();
        vm.prank(BOB);
        deals.bid(id, PRICE);
        vm.warp(deals.getAuction(id).endsAt);
        eq(deals.settleAuction(id), id);
    }

    function test_the_highest_bid_wins_after_its_time() public {
        uint256 id = _auction();
        vm.prank(BOB);
        deals.bid(id, PRICE);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDeals.BidTooLow.selector, id, PRICE + 199, PRICE + 200));
        vm.prank(CAROL);
        deals.bid(id, PRICE + 199);
        vm.prank(CAROL);
        deals.bid(id, PRICE + 200);
        eq(deals.owed(BOB), 1000 * uint256(PRICE));
        eq(deals.escrowOf(id), 1000 * uint256(PRICE + 200));
        uint256 endsAt = deals.getAuction(id).endsAt;
        vm.expectRevert(abi.encodeWithSelector(ITrade.WrongTime.selector, endsAt, type(uint256).max, block.timestamp));
        deals.settleAuction(id);
        vm.warp(endsAt);
        vm.expectRevert(abi.encodeWithSelector(ITrade.WrongTime.selector, 0, endsAt, block.timestamp));
        vm.prank(BOB);
        deals.bid(id, PRICE * 2);
        deals.settleAuction(id);
        require(deals.getDeal(id).buyer == CAROL && deals.getDeal(id).state == IEnergyDeals.State.Open);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDeals.UnknownAuction.selector, id));
        deals.settleAuction(id);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDeals.UnknownAuction.selector, id));
        deals.bid(id, PRICE);
    }

    function test_a_late_bid_extends_but_not_for_ever() public {
        uint256 id = _auction();
        uint256 end = deals.getAuction(id).endsAt;
        uint64 price = PRICE;
        for (uint256 i = 0; i < 30; ++i) {
            uint256 closes = deals.getAuction(id).endsAt;
            if (closes == end + 1 hours && block.timestamp >= closes - 1) break;
            vm.warp(closes - 1);
            price += price / 100 + 1;
            vm.prank(i % 2 == 0 ? BOB : CAROL);
            deals.bid(id, price);
        }
        eq(deals.getAuction(id).endsAt, end + 1 hours);
    }

    function test_an_auction_nobody_wants_returns_the_energy() public {
        uint256 id = _auction();
        eq(energy.balanceOf(ALICE), 9000);
        vm.warp(deals.getAuction(id).endsAt);
        eq(deals.settleAuction(id), 0);
        eq(energy.balanceOf(ALICE), 10_000);
    }

    function test_refuses_bad_auctions_and_bids() public {
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(ITrade.BadTerms.selector, 0, PRICE, 1));
        deals.createAuction(0, PRICE, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(ITrade.BadTerms.selector, 1, PRICE, 367 days));
        deals.createAuction(1, PRICE, 367 days, 1);
        vm.expectRevert(abi.encodeWithSelector(ITrade.BadTerms.selector, 1, PRICE, 368 days));
        deals.createAuction(1, PRICE, 1, 368 days);
        uint256 until = block.timestamp + 28 days + 1 hours + 1;
        vm.expectRevert(abi.encodeWithSelector(IVintageToken.LivesTooShort.selector, ALICE, 0, 1, until));
        deals.createAuction(1, PRICE, 28 days, 1);
        vm.stopPrank();
        uint256 id = _auction();
        vm.expectRevert(abi.encodeWithSelector(IEnergyDeals.OwnDeal.selector, id));
        vm.prank(ALICE);
        deals.bid(id, PRICE);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDeals.BidTooLow.selector, id, PRICE - 1, PRICE));
        vm.prank(BOB);
        deals.bid(id, PRICE - 1);
    }

    function test_a_connection_is_paid_as_it_is_drawn() public {
        uint256 id = _connection();
        vm.expectRevert(abi.encodeWithSelector(ITrade.NotParty.selector, BOB, CAROL));
        vm.prank(CAROL);
        deals.draw(id, 1);
        vm.startPrank(BOB);
        deals.draw(id, 400);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDeals.AmountNotLeft.selector, id, 601, 600));
        deals.draw(id, 601);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDeals.AmountNotLeft.selector, id, 0, 600));
        deals.draw(id, 0);
        deals.draw(id, 600);
        vm.stopPrank();
        eq(energy.balanceOf(BOB), 1000);
        uint256 endedAt = deals.getDeal(id).endsAt;
        vm.expectRevert(abi.encodeWithSelector(ITrade.WrongTime.selector, endedAt + DAY, type(uint256).max, block.timestamp));
        deals.settleDeal(id);
        vm.warp(endedAt + DAY);
        deals.settleDeal(id);
        uint256 cost = 1000 * uint256(PRICE);
        eq(deals.fees(), cost * 20 / 10_000);
        eq(deals.owed(ALICE), cost - deals.fees());
        eq(deals.owed(BOB), 0);
        eq(deals.escrowOf(id), 0);
        eq(deals.standingOf(ALICE).completed, 1);
        _forbidden(id, IEnergyDeals.State.Settled);
        deals.settleDeal(id);
    }

    function test_the_buyer_closes_the_connection_and_pays_the_published_part() public {
        uint256 id = _connection();
        vm.startPrank(BOB);
        deals.draw(id, 400);
        deals.closeConnection(id);
        vm.stopPrank();
        eq(energy.balanceOf(ALICE), 9600);
        _forbidden(id, IEnergyDeals.State.Ended);
        vm.prank(BOB);
        deals.draw(id, 1);
        vm.warp(block.timestamp + DAY);
        deals.settleDeal(id);
        uint256 closing = 600 * uint256(PRICE) * 500 / 10_000;
        eq(deals.owed(ALICE), 400 * uint256(PRICE) - deals.fees() + closing);
        eq(deals.owed(BOB), 600 * uint256(PRICE) - closing);
    }

    function test_a_connection_not_drawn_ends_by_itself() public {
        uint256 id = _connection();
        uint256 until = deals.getDeal(id).endsAt;
        vm.expectRevert(abi.encodeWithSelector(ITrade.WrongTime.selector, until, type(uint256).max, block.timestamp));
        deals.endDeal(id);
        vm.warp(until);
        vm.expectRevert(abi.encodeWithSelector(ITrade.WrongTime.selector, 0, until, block.timestamp));
        vm.prank(BOB);
        deals.draw(id, 1);
        deals.endDeal(id);
        require(deals.getDeal(id).closedByBuyer);
        _forbidden(id, IEnergyDeals.State.Ended);
        deals.endDeal(id);
    }

    // ── futures ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function _terms(uint16 count) private view returns (IEnergyDeals.FutureTerms memory) {
        return IEnergyDeals.FutureTerms(500, PRICE, uint40(block.timestamp + 1 days), 1 hours, 1 days, count);
    }

    function _future(uint16 count) private returns (uint256 id) {
        vm.prank(ALICE);
        id = deals.proposeFuture(_terms(count));
        vm.prank(BOB);
        deals.acceptFuture(id);
    }

    /// @dev Delivers instalments `from`..`to` of a daily delivery, each 10 s into its window.
    function _deliver(uint256 id, uint256 from, uint256 to) private {
        uint256 startsAt = deals.getDeal(id).startsAt;
        for (uint256 number = from; number <= to; ++number) {
            vm.warp(startsAt + (number - 1) * 1 days + 10);
            vm.prank(ALICE);
            deals.deliver(id);
        }
    }

    function _instalmentForbids(uint256 id, uint256 number, IEnergyDeals.State state) private {
        vm.expectRevert(abi.encodeWithSelector(IEnergyDeals.InstalmentForbids.selector, id, number, state));
    }

    function test_a_recurring_delivery_is_paid_by_instalments() public {
        uint256 id = _future(3);
        uint256 startsAt = deals.getDeal(id).startsAt;
        uint256 one = 500 * uint256(PRICE);
        uint256 net = one - one * 20 / 10_000;
        uint256 bond = 3 * one / 10;
        eq(deals.escrowOf(id), 3 * one + bond);
        vm.expectRevert(abi.encodeWithSelector(ITrade.WrongTime.selector, startsAt, startsAt + 1 hours, block.timestamp));
        vm.prank(ALICE);
        deals.deliver(id);
        _deliver(id, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDeals.NothingDue.selector, id));
        deals.payInstalments(id);
        vm.expectRevert(abi.encodeWithSelector(ITrade.NotParty.selector, ALICE, BOB));
        vm.prank(BOB);
        deals.deliver(id);
        eq(deals.escrowOf(id), 3 * one + bond);

        // The second delivery, a day later, pays the first.
        _deliver(id, 2, 2);
        eq(deals.owed(ALICE), net);
        eq(deals.escrowOf(id), 2 * one + bond);
        // The last one returns the bond at once, and pays the second.
        _deliver(id, 3, 3);
        eq(deals.owed(ALICE), 2 * net + bond);
        eq(deals.escrowOf(id), one);
        eq(energy.balanceOf(BOB), 1500);
        _forbidden(id, IEnergyDeals.State.Settled);
        deals.settleDeal(id);
        vm.warp(block.timestamp + DAY);
        deals.payInstalments(id);
        eq(deals.owed(ALICE), 3 * net + bond);
        eq(deals.owed(BOB), 0);
        eq(deals.fees(), 3 * (one - net));
        eq(deals.escrowOf(id), 0);
        eq(deals.standingOf(ALICE).completed, 3);
        eq(deals.standingOf(BOB).volumeWh, 1500);
        eq(deals.getDeal(id).paid, 3);
        require(deals.getInstalment(id, 3).state == IEnergyDeals.State.Settled);
    }

    function test_many_short_deliveries_are_paid_in_bounded_steps() public {
        IEnergyDeals.FutureTerms memory terms = _terms(40);
        (terms.amountWh, terms.windowS, terms.periodS) = (1, 30 minutes, 30 minutes);
        vm.prank(ALICE);
        uint256 id = deals.proposeFuture(terms);
        vm.prank(BOB);
        deals.acceptFuture(id);
        for (uint256 i = 0; i < 40; ++i) {
            vm.warp(terms.startsAt + i * 30 minutes);
            vm.prank(ALICE);
            deals.deliver(id);
        }
        eq(deals.getDeal(id).paid, 0);
        vm.prank(BOB);
        deals.disputeInstalment(id, 10, WHY);
        vm.warp(block.timestamp + DAY);
        deals.payInstalments(id);
        eq(deals.getDeal(id).paid, 31);
        deals.payInstalments(id);
        eq(deals.getDeal(id).paid, 39);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDeals.NothingDue.selector, id));
        deals.payInstalments(id);
        eq(deals.escrowOf(id), PRICE);
        deals.resolveInstalment(id, 10, 0);
        eq(deals.escrowOf(id), 0);
    }

    function test_a_missed_delivery_costs_the_bond() public {
        uint256 id = _future(2);
        uint256 startsAt = deals.getDeal(id).startsAt;
        vm.warp(startsAt);
        vm.prank(ALICE);
        deals.deliver(id);
        vm.warp(startsAt + 1 days + 1 hours);
        vm.expectRevert(abi.encodeWithSelector(ITrade.WrongTime.selector, startsAt + 1 days, startsAt + 1 days + 1 hours, block.timestamp));
        vm.prank(ALICE);
        deals.deliver(id);
        deals.endDeal(id);
        vm.warp(block.timestamp + DAY);
        deals.settleDeal(id);
        uint256 bond = 1000 * uint256(PRICE) / 10;
        eq(deals.owed(BOB), 500 * uint256(PRICE) + bond);
        eq(deals.owed(ALICE), 0);
        eq(deals.escrowOf(id), 500 * uint256(PRICE));
        // What was delivered is paid all the same.
        deals.payInstalments(id);
        eq(deals.owed(ALICE), 500 * uint256(PRICE) - deals.fees());
        eq(deals.escrowOf(id), 0);
        eq(deals.standingOf(ALICE).defaulted, 1);
        eq(deals.standingOf(BOB).completed, 1);
    }

    function test_the_arbiter_may_return_the_bond_of_a_seller_who_was_kept_from_delivering() public {
        uint256 id = _future(1);
        vm.warp(deals.getDeal(id).endsAt - 1);
        deals.pause();
        vm.expectRevert();
        vm.prank(ALICE);
        deals.deliver(id);
        vm.warp(deals.getDeal(id).endsAt);
        deals.endDeal(id);
        vm.prank(ALICE);
        deals.dispute(id, "paused");
        deals.resolve(id, 10_000);
        eq(deals.owed(ALICE), 500 * uint256(PRICE) / 10);
        eq(deals.owed(BOB), 500 * uint256(PRICE));
        eq(deals.standingOf(ALICE).defaulted, 0);
        eq(deals.standingOf(BOB).disputesLost, 0); // he did not ask
    }

    function test_one_disputed_instalment_holds_up_no_other() public {
        uint256 id = _future(4);
        uint256 one = 500 * uint256(PRICE);
        uint256 net = one - one * 20 / 10_000;
        uint256 bond = 4 * one / 10;
        _deliver(id, 1, 1);
        _instalmentForbids(id, 2, IEnergyDeals.State.None);
        vm.prank(BOB);
        deals.disputeInstalment(id, 2, WHY);
        vm.expectRevert(abi.encodeWithSelector(ITrade.NotParty.selector, BOB, CAROL));
        vm.prank(CAROL);
        deals.disputeInstalment(id, 1, WHY);
        vm.prank(BOB);
        deals.disputeInstalment(id, 1, WHY);
        _instalmentForbids(id, 1, IEnergyDeals.State.Disputed);
        vm.prank(BOB);
        deals.disputeInstalment(id, 1, WHY);
        uint256 disputedAt = deals.getInstalment(id, 1).since;

        _deliver(id, 2, 3);
        // Nobody waits for the arbiter: the second is paid while the first is disputed.
        eq(deals.owed(ALICE), net);
        eq(deals.escrowOf(id), 3 * one + bond);
        uint256 madeAt = deals.getInstalment(id, 3).since;
        vm.warp(madeAt + DAY);
        vm.expectRevert(abi.encodeWithSelector(ITrade.WrongTime.selector, madeAt, madeAt + DAY, block.timestamp));
        vm.prank(BOB);
        deals.disputeInstalment(id, 3, WHY);

        vm.expectRevert(abi.encodeWithSelector(IEnergyDeals.BadShare.selector, 10_001));
        deals.resolveInstalment(id, 1, 10_001);
        vm.expectRevert(abi.encodeWithSelector(ITrade.WrongTime.selector, disputedAt + 7 days, type(uint256).max, block.timestamp));
        deals.settleInstalment(id, 1);
        deals.resolveInstalment(id, 1, 2500);
        uint256 earned = one / 4;
        eq(deals.owed(BOB), one - earned);
        eq(deals.owed(ALICE), net + earned - earned * 20 / 10_000);
        eq(deals.standingOf(ALICE).disputesLost, 1);
        _instalmentForbids(id, 1, IEnergyDeals.State.Settled);
        deals.resolveInstalment(id, 1, 0);
        eq(deals.escrowOf(id), 2 * one + bond);
    }

    function test_a_disputed_instalment_the_arbiter_leaves_goes_by_the_record() public {
        uint256 id = _future(1);
        _deliver(id, 1, 1);
        vm.prank(BOB);
        deals.disputeInstalment(id, 1, WHY);
        _instalmentForbids(id, 2, IEnergyDeals.State.None);
        deals.settleInstalment(id, 2);
        uint256 disputedAt = block.timestamp;
        vm.warp(disputedAt + 7 days);
        vm.expectRevert(abi.encodeWithSelector(ITrade.WrongTime.selector, disputedAt, disputedAt + 7 days, block.timestamp));
        deals.resolveInstalment(id, 1, 0);
        uint256 before = deals.owed(ALICE);
        deals.settleInstalment(id, 1);
        eq(deals.owed(ALICE) - before, 500 * uint256(PRICE) - deals.fees());
        eq(deals.escrowOf(id), 0);
    }

    function test_nobody_decides_a_dispute_of_his_own() public {
        access.grantRole(10, BOB, 0);
        bytes4[] memory selectors = new bytes4[](2);
        (selectors[0], selectors[1]) = (IEnergyDeals.resolve.selector, IEnergyDeals.resolveInstalment.selector);
        access.setTargetFunctionRole(address(deals), selectors, 10);
        uint256 id = _future(2);
        _deliver(id, 1, 1);
        bytes memory own = abi.encodeWithSelector(IEnergyDeals.OwnDeal.selector, id);
        vm.startPrank(BOB);
        deals.disputeInstalment(id, 1, WHY);
        vm.expectRevert(own);
        deals.resolveInstalment(id, 1, 0);
        deals.dispute(id, WHY);
        vm.expectRevert(own);
        deals.resolve(id, 0);
        vm.stopPrank();
    }

    function test_the_buyer_may_stop_a_recurring_delivery() public {
        uint256 id = _future(2);
        vm.prank(BOB);
        deals.closeConnection(id);
        require(deals.getDeal(id).closedByBuyer && !deals.getDeal(id).defaulted);
        uint256 other = _future(1);
        vm.warp(deals.getDeal(other).endsAt);
        vm.prank(BOB);
        deals.closeConnection(other);
        require(deals.getDeal(other).defaulted && !deals.getDeal(other).closedByBuyer);
    }

    function test_a_proposal_can_be_withdrawn_and_lapses() public {
        vm.prank(ALICE);
        uint256 id = deals.proposeFuture(_terms(1));
        vm.expectRevert(abi.encodeWithSelector(IEnergyDeals.OwnDeal.selector, id));
        vm.prank(ALICE);
        deals.acceptFuture(id);
        vm.expectRevert(abi.encodeWithSelector(ITrade.NotParty.selector, ALICE, BOB));
        vm.prank(BOB);
        deals.withdrawProposal(id);
        uint256 startsAt = deals.getDeal(id).startsAt;
        vm.warp(startsAt);
        vm.expectRevert(abi.encodeWithSelector(ITrade.WrongTime.selector, 0, startsAt, startsAt));
        vm.prank(BOB);
        deals.acceptFuture(id);
        vm.prank(ALICE);
        deals.withdrawProposal(id);
        eq(deals.owed(ALICE), 500 * uint256(PRICE) / 10);
        _forbidden(id, IEnergyDeals.State.Settled);
        vm.prank(ALICE);
        deals.withdrawProposal(id);
    }

    function test_refuses_bad_futures() public {
        vm.startPrank(ALICE);
        IEnergyDeals.FutureTerms memory terms = _terms(0);
        _badFuture(terms, abi.encodeWithSelector(ITrade.BadTerms.selector, 0, terms.price, terms.windowS));
        terms = _terms(2);
        terms.periodS = 1 hours - 1;
        _badFuture(terms, abi.encodeWithSelector(IEnergyDeals.BadPeriod.selector, 1 hours - 1, terms.windowS));
        terms = _terms(1);
        terms.startsAt = uint40(block.timestamp);
        uint256 latest = block.timestamp + 366 days;
        _badFuture(terms, abi.encodeWithSelector(IEnergyDeals.BadStart.selector, block.timestamp, block.timestamp, latest));
        terms = _terms(1);
        (terms.amountWh, terms.price) = (type(uint96).max, type(uint64).max);
        uint256 bond = (uint256(type(uint96).max) * type(uint64).max * 1000) / 10_000;
        _badFuture(terms, abi.encodeWithSelector(IEnergyDeals.BondTooLarge.selector, bond, type(uint96).max));
        vm.stopPrank();
    }

    function _badFuture(IEnergyDeals.FutureTerms memory terms, bytes memory refusal) private {
        vm.expectRevert(refusal);
        deals.proposeFuture(terms);
    }

    function test_a_future_is_delivered_and_a_connection_is_drawn() public {
        uint256 future = _future(1);
        _forbidden(future, IEnergyDeals.State.Open);
        vm.prank(BOB);
        deals.draw(future, 1);
        uint256 connection = _connection();
        _forbidden(connection, IEnergyDeals.State.Open);
        vm.prank(ALICE);
        deals.deliver(connection);
    }

    // ── disputes ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_the_arbiter_divides_what_is_disputed() public {
        uint256 id = _connection();
        vm.startPrank(BOB);
        deals.draw(id, 1000);
        deals.dispute(id, WHY);
        vm.stopPrank();
        _forbidden(id, IEnergyDeals.State.Disputed);
        vm.prank(BOB);
        deals.dispute(id, WHY);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDeals.BadShare.selector, 10_001));
        deals.resolve(id, 10_001);
        deals.resolve(id, 4000);
        uint256 earned = 1000 * uint256(PRICE) * 4 / 10;
        eq(deals.owed(ALICE), earned - deals.fees());
        eq(deals.owed(BOB), 1000 * uint256(PRICE) - earned);
        eq(deals.standingOf(ALICE).disputesLost, 1);
        _forbidden(id, IEnergyDeals.State.Settled);
        deals.resolve(id, 0);
    }

    function test_an_arbiter_who_is_silent_leaves_it_to_the_record() public {
        uint256 id = _connection();
        vm.prank(BOB);
        deals.draw(id, 1000);
        vm.expectRevert(abi.encodeWithSelector(ITrade.NotParty.selector, BOB, CAROL));
        vm.prank(CAROL);
        deals.dispute(id, WHY);
        vm.prank(BOB);
        deals.dispute(id, WHY);
        uint256 at_ = deals.getDeal(id).endsAt;
        vm.expectRevert(abi.encodeWithSelector(ITrade.WrongTime.selector, at_ + 7 days, type(uint256).max, block.timestamp));
        deals.settleDeal(id);
        vm.warp(at_ + 7 days);
        vm.expectRevert(abi.encodeWithSelector(ITrade.WrongTime.selector, at_, at_ + 7 days, block.timestamp));
        deals.resolve(id, 0);
        deals.settleDeal(id);
        eq(deals.owed(ALICE), 1000 * uint256(PRICE) - deals.fees());
    }

    function test_a_dispute_has_its_time_and_the_seller_cannot_escape_by_one() public {
        uint256 id = _future(1);
        vm.expectRevert(abi.encodeWithSelector(ITrade.NotParty.selector, BOB, ALICE));
        vm.prank(ALICE);
        deals.dispute(id, WHY);
        vm.warp(deals.getDeal(id).endsAt);
        vm.prank(BOB);
        deals.dispute(id, WHY);
        require(deals.getDeal(id).defaulted);
        deals.resolve(id, 10_000);
        eq(deals.standingOf(BOB).disputesLost, 1);

        uint256 connection = _connection();
        vm.prank(BOB);
        deals.draw(connection, 1000);
        uint256 endedAt = deals.getDeal(connection).endsAt;
        vm.warp(endedAt + DAY);
        vm.expectRevert(abi.encodeWithSelector(ITrade.WrongTime.selector, endedAt, endedAt + DAY, block.timestamp));
        vm.prank(BOB);
        deals.dispute(connection, WHY);
    }

    function test_a_seller_cannot_stain_a_buyers_record_by_a_dispute_of_his_own() public {
        uint256 id = _future(2);
        _deliver(id, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(ITrade.NotParty.selector, BOB, ALICE));
        vm.prank(ALICE);
        deals.disputeInstalment(id, 1, WHY);
        vm.prank(BOB);
        deals.closeConnection(id);
        vm.expectRevert(abi.encodeWithSelector(ITrade.NotParty.selector, BOB, ALICE));
        vm.prank(ALICE);
        deals.dispute(id, WHY);
        uint256 connection = _connection();
        vm.prank(BOB);
        deals.draw(connection, 1000);
        vm.expectRevert(abi.encodeWithSelector(ITrade.NotParty.selector, BOB, ALICE));
        vm.prank(ALICE);
        deals.dispute(connection, WHY);
    }

    function test_who_disputes_in_vain_loses_and_nobody_loses_by_halves() public {
        uint256 id = _future(2);
        for (uint256 number = 1; number <= 2; ++number) {
            _deliver(id, number, number);
            vm.prank(BOB);
            deals.disputeInstalment(id, number, WHY);
        }
        deals.resolveInstalment(id, 1, 5000);
        eq(deals.standingOf(ALICE).disputesLost + deals.standingOf(BOB).disputesLost, 0);
        deals.resolveInstalment(id, 2, 5001);
        eq(deals.standingOf(BOB).disputesLost, 1);
        uint256 missed = _future(1);
        vm.warp(deals.getDeal(missed).endsAt);
        deals.endDeal(missed);
        vm.prank(ALICE);
        deals.dispute(missed, "no wind");
        require(deals.getDeal(missed).disputedBySeller);
        deals.resolve(missed, 0);
        eq(deals.standingOf(ALICE).disputesLost, 1);
        eq(deals.standingOf(BOB).disputesLost, 1);
    }

    // ── what changes meanwhile ──────────────────────────────────────────────────────────────────────────────────────────────────

    function test_an_auction_keeps_the_fees_under_which_it_was_bid() public {
        uint256 id = _auction();
        vm.prank(BOB);
        deals.bid(id, PRICE);
        parameters.setParameter("fee.close.bps", 2000, "assembly");
        parameters.setParameter("fee.trade.bps", 500, "assembly");
        vm.warp(deals.getAuction(id).endsAt);
        deals.settleAuction(id);
        eq(deals.getDeal(id).feeBps, 20);
        eq(deals.getDeal(id).closeBps, 500);
        vm.prank(BOB);
        deals.closeConnection(id);
        vm.warp(block.timestamp + DAY);
        deals.settleDeal(id);
        eq(deals.owed(BOB), 950 * uint256(PRICE));
        eq(deals.getAuction(_auction()).closeBps, 2000);
    }

    function test_what_lies_in_escrow_for_a_connection_cannot_be_exchanged_for_older_energy() public {
        vm.prank(ALICE);
        energy.transfer(CAROL, 10_000);
        vm.warp(1004 * PERIOD - 1 hours - 60);
        _energy(ALICE, 1000);
        vm.prank(ALICE);
        uint256 id = deals.createAuction(1000, PRICE, 1 hours, 6 days);
        address account = energy.escrowAccount(address(deals), id);
        vm.prank(CAROL);
        energy.transfer(account, 10_000);
        vm.prank(BOB);
        deals.bid(id, PRICE);
        vm.warp(1004 * PERIOD - 60);
        deals.settleAuction(id);
        vm.startPrank(BOB);
        deals.draw(id, 999);
        deals.closeConnection(id);
        vm.stopPrank();
        vm.warp(1004 * PERIOD);
        eq(energy.balanceOf(BOB), 999);
        eq(energy.balanceOf(ALICE), 1);
    }

    function test_a_future_is_delivered_with_energy_that_lives_long_enough() public {
        vm.warp(1004 * PERIOD - 2 days);
        uint256 id = _future(1); // its window opens when ALICE's energy has a day to live
        eq(deals.getDeal(id).leastLifeS, LEAST_LIFE);
        parameters.setParameter("life.least.s", 1 hours, "assembly");
        vm.warp(1004 * PERIOD - LEAST_LIFE + 1);
        vm.expectRevert(abi.encodeWithSelector(IVintageToken.LivesTooShort.selector, ALICE, 0, 500, 1004 * PERIOD + 1));
        vm.prank(ALICE);
        deals.deliver(id);
        _energy(ALICE, 500);
        vm.prank(ALICE);
        deals.deliver(id);
        vm.warp(1004 * PERIOD);
        eq(energy.balanceOf(BOB), 500);
    }

    function test_a_hold_on_the_energy_of_a_connection_does_not_keep_the_buyers_money() public {
        uint256 id = _connection();
        vm.prank(BOB);
        deals.draw(id, 400);
        address account = energy.escrowAccount(address(deals), id);
        energy.hold(account, "inquiry");
        vm.startPrank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IVintageToken.AccountOnHold.selector, account));
        deals.draw(id, 1);
        deals.closeConnection(id);
        vm.stopPrank();
        require(!deals.getDeal(id).closedByBuyer); // and he does not pay for what he could not draw
        vm.warp(block.timestamp + DAY);
        deals.settleDeal(id);
        eq(deals.owed(BOB), 600 * uint256(PRICE));
        eq(deals.owed(ALICE), 400 * uint256(PRICE) - deals.fees());
        energy.releaseHold(account, "");
        eq(deals.recover(id), 600);
        eq(energy.balanceOf(ALICE), 9600);
    }

    function test_who_cannot_draw_because_deals_are_paused_pays_nothing_for_not_drawing() public {
        uint256 id = _connection();
        deals.pause();
        vm.prank(BOB);
        deals.closeConnection(id);
        require(!deals.getDeal(id).closedByBuyer);
        eq(energy.balanceOf(ALICE), 10_000);
        vm.warp(block.timestamp + DAY);
        deals.settleDeal(id);
        eq(deals.owed(BOB), 1000 * uint256(PRICE));
    }

    function test_a_paused_token_keeps_no_deal_from_ending() public {
        uint256 id = _connection();
        uint256 unsold = _auction();
        energy.pause();
        vm.warp(deals.getDeal(id).endsAt);
        deals.endDeal(id);
        require(!deals.getDeal(id).closedByBuyer);
        eq(deals.settleAuction(unsold), 0);
        energy.unpause();
        eq(deals.recover(id) + deals.recover(unsold), 2000);
        eq(energy.balanceOf(ALICE), 10_000);
    }

    /// @dev Whatever becomes of a recurring delivery, its money is divided to the last micro-cent and `escrowOf` is what is still held.
    function testFuzz_instalments_conserve_the_money(uint8 made, uint16 disputed, uint16 bps, uint8 end) public {
        uint256 id = _future(5);
        uint256 all = 2500 * uint256(PRICE) + 2500 * uint256(PRICE) / 10;
        uint256 count = made % 6;
        uint256 startsAt = deals.getDeal(id).startsAt;
        for (uint256 number = 1; number <= count; ++number) {
            _deliver(id, number, number);
            if (disputed >> number & 1 == 1) {
                vm.prank(BOB);
                deals.disputeInstalment(id, number, WHY);
            }
            _holds(id, all);
        }
        if (count < 5) {
            if (end % 3 == 0) {
                vm.prank(BOB);
                deals.closeConnection(id);
            } else {
                vm.warp(startsAt + count * 1 days + 1 hours);
                deals.endDeal(id);
            }
            if (end % 2 == 0) {
                vm.prank(deals.getDeal(id).defaulted ? ALICE : BOB);
                deals.dispute(id, WHY);
                deals.resolve(id, uint256(bps) % 10_001);
            }
        }
        for (uint256 number = 1; number <= count; ++number) {
            if (disputed >> number & 1 == 0 || end >> number & 1 == 0) continue;
            if (block.timestamp < deals.getInstalment(id, number).since + 7 days) deals.resolveInstalment(id, number, (uint256(bps) * number) % 10_001);
            _holds(id, all);
        }
        vm.warp(block.timestamp + 8 days);
        if (deals.getDeal(id).state != IEnergyDeals.State.Settled) deals.settleDeal(id);
        if (deals.getDeal(id).walked < count) deals.payInstalments(id);
        for (uint256 number = 1; number <= count; ++number) {
            if (deals.getInstalment(id, number).state == IEnergyDeals.State.Disputed) deals.settleInstalment(id, number);
        }
        _holds(id, all);
        eq(deals.escrowOf(id), 0);
        eq(energy.balanceOf(BOB), 500 * count);
    }

    function _holds(uint256 id, uint256 all) private view {
        eq(deals.owed(ALICE) + deals.owed(BOB) + deals.fees() + deals.escrowOf(id), all);
        eq(money.balanceOf(address(deals)), all);
    }

    function testFuzz_a_deal_pays_out_exactly_what_it_holds(uint16 drawn, uint16 bps, bool disputed) public {
        uint256 id = _connection();
        uint96 wh = uint96(uint256(drawn) % 1000);
        vm.startPrank(BOB);
        if (wh > 0) deals.draw(id, wh);
        if (disputed) deals.dispute(id, WHY);
        else deals.closeConnection(id);
        vm.stopPrank();
        if (disputed) {
            deals.resolve(id, uint256(bps) % 10_001);
        } else {
            vm.warp(block.timestamp + DAY);
            deals.settleDeal(id);
        }
        eq(deals.owed(ALICE) + deals.owed(BOB) + deals.fees(), 1000 * uint256(PRICE));
        eq(money.balanceOf(address(deals)), 1000 * uint256(PRICE));
        eq(energy.balanceOf(ALICE) + energy.balanceOf(BOB), 10_000);
    }
}
