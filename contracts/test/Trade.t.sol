// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {EnergyTrade} from "../trade/EnergyTrade.sol";
import {IEnergyTrade} from "../trade/IEnergyTrade.sol";
import {ITrade} from "../trade/ITrade.sol";
import {HostileMoney} from "./HostileMoney.sol";
import {Till} from "../token/Till.sol";
import {Suite} from "./Suite.sol";

contract TradeTest is Suite {
    uint256 private constant PRICE = 20_000; // milli-cents per kWh

    function setUp() public override {
        super.setUp();
        _approveAll(ALICE, address(trade));
        _approveAll(BOB, address(trade));
        _approveAll(CAROL, address(trade));
        _energy(ALICE, 10_000);
        _money(BOB, 1e12);
        _money(CAROL, 1e12);
    }

    function _sale(uint256 amount) private returns (uint256 offerId) {
        vm.prank(ALICE);
        offerId = trade.createOffer(amount, PRICE, 1 hours, true);
    }

    function _terms() private pure returns (IEnergyTrade.Terms memory terms) {
        (terms.amountWh, terms.price, terms.durationS, terms.isSelling) = (1000, uint64(PRICE), 1 hours, true);
    }

    function test_a_sale_settles_at_once_and_exactly() public {
        uint256 offerId = _sale(5000);
        eq(energy.balanceOf(ALICE), 5000);
        uint256 before = money.balanceOf(BOB);
        vm.prank(BOB);
        require(trade.executeTrade(offerId, 2000));
        eq(energy.balanceOf(BOB), 2000);
        eq(before - money.balanceOf(BOB), 2000 * PRICE);
        // Fee: 20 hundredths of a per cent, rounded down.
        eq(trade.fees(), 2000 * PRICE * 20 / 10_000);
        eq(money.balanceOf(ALICE), 2000 * PRICE - trade.fees());
        eq(trade.getOffer(offerId).amountWh, 3000);
        eq(trade.standingOf(ALICE).completed, 1);
        eq(trade.standingOf(BOB).volumeWh, 2000);
        (uint128 volume, uint128 paid) = trade.dayOf(block.timestamp / DAY);
        eq(volume, 2000);
        eq(paid, 2000 * PRICE);
        vm.prank(BOB);
        trade.executeTrade(offerId, 3000);
        require(trade.getOffer(offerId).maker == address(0));
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.UnknownOffer.selector, offerId));
        vm.prank(BOB);
        trade.executeTrade(offerId, 1);
    }

    function test_a_purchase_offer_sets_money_aside() public {
        vm.prank(BOB);
        uint256 offerId = trade.createOffer(1000, PRICE, 1 hours, false);
        eq(money.balanceOf(address(trade)), 1000 * PRICE);
        vm.prank(ALICE);
        trade.executeTrade(offerId, 400);
        eq(energy.balanceOf(BOB), 400);
        eq(money.balanceOf(ALICE), 400 * PRICE - trade.fees());
        vm.prank(BOB);
        trade.closeOffer(offerId);
        eq(trade.owed(BOB), 600 * PRICE);
        vm.prank(BOB);
        trade.withdraw();
        eq(money.balanceOf(address(trade)), trade.fees());
        vm.expectRevert(abi.encodeWithSelector(Till.NothingOwed.selector, BOB));
        vm.prank(BOB);
        trade.withdraw();
        uint256 fees = trade.fees();
        eq(trade.collectFees(CAROL), fees);
        vm.expectRevert(abi.encodeWithSelector(Till.NothingOwed.selector, CAROL));
        trade.collectFees(CAROL);
    }

    function test_energy_can_be_paid_with_carbon_credits() public {
        _credits(CAROL, 1_000_000);
        IEnergyTrade.Terms memory terms = _terms();
        (terms.pay, terms.price) = (IEnergyTrade.Pay.Credits, 50);
        vm.prank(ALICE);
        uint256 sale = trade.createOfferWith(terms);
        vm.prank(CAROL);
        trade.executeTrade(sale, 1000);
        eq(credits.balanceOf(ALICE), 50_000);
        eq(energy.balanceOf(CAROL), 1000);
        terms.isSelling = false;
        vm.prank(CAROL);
        uint256 purchase = trade.createOfferWith(terms);
        vm.prank(ALICE);
        trade.executeTrade(purchase, 400);
        eq(credits.balanceOf(ALICE), 70_000);
        vm.prank(CAROL);
        trade.closeOffer(purchase);
        eq(credits.balanceOf(CAROL), 930_000);
    }

    function _badOffer(uint256 amount, uint256 price, uint256 duration) private {
        vm.expectRevert(abi.encodeWithSelector(ITrade.BadTerms.selector, amount, price, duration));
        trade.createOffer(amount, price, duration, true);
    }

    function test_refuses_bad_terms() public {
        vm.startPrank(ALICE);
        _badOffer(0, PRICE, 1 hours);
        _badOffer(1, 0, 1 hours);
        _badOffer(1, PRICE, 0);
        _badOffer(uint256(1) << 96, PRICE, 1 hours);
        _badOffer(1, uint256(1) << 64, 1 hours);
        _badOffer(1, PRICE, 367 days);
        IEnergyTrade.Terms memory terms = _terms();
        terms.durationS = 367 days;
        vm.expectRevert(abi.encodeWithSelector(ITrade.BadTerms.selector, terms.amountWh, terms.price, 367 days));
        trade.createOfferWith(terms);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.EnergyExpiresFirst.selector, block.timestamp + 30 days, 1004 * PERIOD));
        trade.createOffer(1, PRICE, 30 days, true);
        vm.stopPrank();
    }

    function test_an_offer_is_not_taken_late_or_beyond_or_by_its_maker() public {
        uint256 offerId = _sale(1000);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.OwnOffer.selector, offerId));
        vm.prank(ALICE);
        trade.executeTrade(offerId, 1);
        vm.startPrank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.AmountNotOffered.selector, offerId, 1001, 1000));
        trade.executeTrade(offerId, 1001);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.AmountNotOffered.selector, offerId, 0, 1000));
        trade.executeTrade(offerId, 0);
        vm.expectRevert(abi.encodeWithSelector(ITrade.NotParty.selector, ALICE, BOB));
        trade.closeOffer(offerId);
        uint256 expiresAt = trade.getOffer(offerId).expiresAt;
        vm.warp(expiresAt);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.OfferExpired.selector, offerId, expiresAt));
        trade.executeTrade(offerId, 1);
        // Anyone may close an expired offer; the energy goes home.
        trade.closeOffer(offerId);
        vm.stopPrank();
        eq(energy.balanceOf(ALICE), 10_000);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.UnknownOffer.selector, offerId));
        trade.closeOffer(offerId);
    }

    function test_a_partner_offer_is_for_the_partner() public {
        IEnergyTrade.Terms memory terms = _terms();
        terms.partner = CAROL;
        vm.prank(ALICE);
        uint256 offerId = trade.createOfferWith(terms);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.PartnerOnly.selector, offerId, CAROL, BOB));
        vm.prank(BOB);
        trade.executeTrade(offerId, 1);
        vm.prank(CAROL);
        trade.executeTrade(offerId, 1);
    }

    function test_a_grid_balanced_offer_waits_until_it_helps() public {
        IEnergyTrade.Terms memory terms = _terms();
        terms.gridBalanced = true;
        vm.prank(ALICE);
        uint256 offerId = trade.createOfferWith(terms);
        vm.startPrank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.StaleGrid.selector, 0));
        trade.executeTrade(offerId, 1);
        vm.stopPrank();
        grid.updateStatus(50_000, 230_000, 5000, 6000);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.ConditionNotMet.selector, offerId, int256(-1000), int256(0)));
        vm.prank(BOB);
        trade.executeTrade(offerId, 1);
        grid.updateStatus(50_000, 230_000, 7000, 6000);
        vm.prank(BOB);
        trade.executeTrade(offerId, 1);
        uint256 reportedAt = block.timestamp;
        vm.warp(block.timestamp + 301);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.StaleGrid.selector, reportedAt));
        vm.prank(BOB);
        trade.executeTrade(offerId, 1);
        terms.isSelling = false;
        vm.prank(BOB);
        uint256 purchase = trade.createOfferWith(terms);
        grid.updateStatus(50_000, 230_000, 7000, 6000);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.ConditionNotMet.selector, purchase, int256(1000), int256(0)));
        vm.prank(ALICE);
        trade.executeTrade(purchase, 1);
    }

    function test_a_conditional_offer_follows_its_metric() public {
        grid.updateStatus(49_900, 229_000, 7000, 6000);
        _conditional(IEnergyTrade.Metric.FrequencyMHz, 50_000, 49_900);
        _conditional(IEnergyTrade.Metric.VoltageMV, 230_000, 229_000);
        _conditional(IEnergyTrade.Metric.DemandW, 7001, 7000);
        _conditional(IEnergyTrade.Metric.SupplyW, 6001, 6000);
        _conditional(IEnergyTrade.Metric.ImbalanceW, 1001, 1000);
    }

    /// @dev `above` is just more than the `value` the metric reads: at least it fails, at most it holds; and the other way round for the value.
    function _conditional(IEnergyTrade.Metric metric, int64 above, int256 value) private {
        IEnergyTrade.Terms memory terms = _terms();
        (terms.metric, terms.threshold, terms.atLeast, terms.amountWh) = (metric, above, true, 10);
        vm.prank(ALICE);
        uint256 offerId = trade.createOfferWith(terms);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.ConditionNotMet.selector, offerId, value, int256(above)));
        vm.prank(BOB);
        trade.executeTrade(offerId, 10);
        terms.atLeast = false;
        vm.prank(ALICE);
        offerId = trade.createOfferWith(terms);
        vm.prank(BOB);
        trade.executeTrade(offerId, 10);
        (terms.threshold, terms.atLeast) = (int64(value), true);
        vm.prank(ALICE);
        offerId = trade.createOfferWith(terms);
        vm.prank(BOB);
        trade.executeTrade(offerId, 10);
    }

    // ── groups ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_a_group_buys_when_enough_is_pledged() public {
        uint256 offerId = _sale(5000);
        uint256 groupId = trade.openGroup(offerId, 3000, 30 minutes);
        vm.prank(BOB);
        trade.joinGroup(groupId, 1000);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.TargetNotReached.selector, groupId, 1000, 3000));
        trade.executeGroup(groupId);
        vm.startPrank(CAROL);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.AmountNotOffered.selector, offerId, 2001, 2000));
        trade.joinGroup(groupId, 2001);
        trade.joinGroup(groupId, 2000);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.OwnOffer.selector, offerId));
        vm.prank(ALICE);
        trade.joinGroup(groupId, 1);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.GroupNotExecuted.selector, groupId));
        vm.prank(BOB);
        trade.claimGroup(groupId);
        trade.executeGroup(groupId);
        uint256 deadline = trade.getGroup(groupId).deadline;
        eq(trade.owed(ALICE), 3000 * PRICE - trade.fees());
        vm.prank(BOB);
        trade.claimGroup(groupId);
        eq(energy.balanceOf(BOB), 1000);
        vm.startPrank(CAROL);
        trade.claimGroup(groupId);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.NotInGroup.selector, groupId, CAROL));
        trade.claimGroup(groupId);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.GroupNotOpen.selector, groupId, true, deadline));
        trade.leaveGroup(groupId);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.GroupNotOpen.selector, groupId, true, deadline));
        trade.joinGroup(groupId, 1);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.GroupNotOpen.selector, groupId, true, deadline));
        trade.executeGroup(groupId);
        eq(trade.pledgeOf(groupId, CAROL), 0);
        require(trade.getGroup(groupId).executed);
    }

    function test_a_pledge_comes_back_even_when_the_offer_is_gone() public {
        uint256 offerId = _sale(5000);
        uint256 groupId = trade.openGroup(offerId, 3000, 30 minutes);
        vm.prank(BOB);
        trade.joinGroup(groupId, 1000);
        vm.prank(ALICE);
        trade.closeOffer(offerId);
        vm.startPrank(BOB);
        trade.leaveGroup(groupId);
        eq(trade.owed(BOB), 1000 * PRICE);
        trade.withdraw();
        eq(money.balanceOf(BOB), 1e12);
        vm.stopPrank();
    }

    function test_groups_need_plain_sales() public {
        uint256 offerId = _sale(1000);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.AmountNotOffered.selector, offerId, 1001, 1000));
        trade.openGroup(offerId, 1001, 1 minutes);
        vm.expectRevert(abi.encodeWithSelector(ITrade.BadTerms.selector, 100, PRICE, 2 hours));
        trade.openGroup(offerId, 100, 2 hours);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.UnknownGroup.selector, 1));
        trade.getGroup(1);
        vm.prank(BOB);
        uint256 purchase = trade.createOffer(1000, PRICE, 1 hours, false);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.NotForGroups.selector, purchase));
        trade.openGroup(purchase, 100, 1 minutes);
    }

    // ── attacks ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_pausing_stops_trading_but_not_leaving() public {
        uint256 offerId = _sale(1000);
        trade.pause();
        vm.expectRevert(abi.encodeWithSelector(Pausable.EnforcedPause.selector));
        vm.prank(BOB);
        trade.executeTrade(offerId, 1);
        vm.prank(ALICE);
        trade.closeOffer(offerId);
        eq(energy.balanceOf(ALICE), 10_000);
    }

    function test_a_money_that_calls_back_cannot_reenter() public {
        HostileMoney hostile = new HostileMoney();
        EnergyTrade venue = new EnergyTrade(address(access), energy, credits, IERC20(address(hostile)), grid, parameters);
        vm.startPrank(ALICE);
        energy.approve(address(venue), type(uint256).max);
        uint256 offerId = venue.createOffer(100, PRICE, 1 hours, true);
        vm.stopPrank();
        hostile.aim(address(venue), abi.encodeCall(venue.executeTrade, (offerId, 1)));
        vm.expectRevert(abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
        vm.prank(BOB);
        venue.executeTrade(offerId, 1);
        hostile.aim(address(venue), abi.encodeCall(venue.closeOffer, (offerId)));
        vm.expectRevert(abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
        vm.prank(BOB);
        venue.executeTrade(offerId, 1);
    }

    function test_who_comes_first_changes_nothing_but_who_is_served() public {
        uint256 offerId = _sale(1000);
        vm.prank(CAROL);
        trade.executeTrade(offerId, 1000);
        // The maker's next offer has another number: BOB's pending call cannot land on a dearer one.
        vm.prank(ALICE);
        eq(trade.createOffer(1000, PRICE * 10, 1 hours, true), offerId + 1);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrade.UnknownOffer.selector, offerId));
        vm.prank(BOB);
        trade.executeTrade(offerId, 1000);
    }

    function test_a_fee_changed_later_does_not_touch_an_open_offer() public {
        uint256 offerId = _sale(1000);
        parameters.setParameter("fee.trade.bps", 500, "assembly");
        vm.prank(BOB);
        trade.executeTrade(offerId, 1000);
        eq(trade.fees(), 1000 * PRICE * 20 / 10_000);
    }

    function testFuzz_money_and_energy_are_conserved(uint16 amount, uint32 price, uint16 take, bool selling) public {
        vm.assume(amount > 0 && amount <= 10_000 && price > 0);
        price = price % 50_000_000 + 1;
        take = uint16(uint256(take) % amount + 1);
        uint256 total = money.totalSupply();
        uint256 offerId;
        if (selling) {
            vm.prank(ALICE);
            offerId = trade.createOffer(amount, price, 1 hours, true);
            vm.prank(BOB);
            trade.executeTrade(offerId, take);
        } else {
            vm.prank(BOB);
            offerId = trade.createOffer(amount, price, 1 hours, false);
            vm.prank(ALICE);
            trade.executeTrade(offerId, take);
        }
        uint256 open = selling ? 0 : uint256(amount - take) * price;
        eq(money.balanceOf(address(trade)), trade.fees() + open);
        eq(money.balanceOf(ALICE) + money.balanceOf(BOB) + money.balanceOf(CAROL) + money.balanceOf(address(trade)), total);
        eq(energy.balanceOf(BOB), take);
        eq(energy.balanceOf(ALICE) + energy.balanceOf(BOB) + energy.balanceOf(energy.escrowAccount(address(trade), offerId)), 10_000);
    }

    function test_dust_sent_to_the_next_escrow_blocks_no_offer() public {
        _energy(BOB, 10);
        _credits(BOB, 10);
        vm.warp(block.timestamp + 3 * PERIOD); // BOB's live one more week
        _energy(STRANGER, 1000);
        _credits(STRANGER, 1000);
        _approveAll(STRANGER, address(trade));
        _approveAll(STRANGER, address(deals));
        vm.startPrank(BOB);
        energy.transfer(energy.escrowAccount(address(trade), trade.offerCount() + 1), 1);
        credits.transfer(credits.escrowAccount(address(trade), trade.offerCount() + 2), 1);
        energy.transfer(energy.escrowAccount(address(deals), 1), 1);
        vm.stopPrank();
        vm.startPrank(STRANGER);
        uint256 sale = trade.createOffer(500, 10, 8 days, true);
        deals.createAuction(100, 10, 8 days, 1 days);
        vm.stopPrank();
        IEnergyTrade.Terms memory terms;
        (terms.amountWh, terms.price, terms.durationS, terms.pay) = (100, 10, 8 days, IEnergyTrade.Pay.Credits);
        vm.prank(STRANGER);
        trade.createOfferWith(terms);
        vm.prank(STRANGER);
        trade.closeOffer(sale);
        eq(energy.balanceOf(STRANGER), 901); // the dust is hers now
    }
}
