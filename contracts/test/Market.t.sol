// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICarbonMarket} from "../carbon/ICarbonMarket.sol";
import {ISmartMeter} from "../meter/ISmartMeter.sol";
import {IVintageToken} from "../token/IVintageToken.sol";
import {EscrowTill} from "../token/EscrowTill.sol";
import {Till} from "../token/Till.sol";
import {Suite} from "./Suite.sol";

contract MarketTest is Suite {
    uint256 private constant CREDITS = 1;
    uint256 private constant ENERGY = 2;

    function setUp() public override {
        super.setUp();
        market.listPair(credits, 1000);
        market.listPair(energy, 1);
        _approveAll(ALICE, address(market));
        _approveAll(BOB, address(market));
        _approveAll(CAROL, address(market));
        _energy(ALICE, 10_000);
        _energy(CAROL, 10_000);
        _credits(ALICE, 1_000_000);
        _money(BOB, 1e12);
        _money(CAROL, 1e12);
    }

    function _place(address who, bool buying, uint64 lots, uint64 price) private returns (uint256) {
        vm.prank(who);
        return market.place(ENERGY, buying, lots, price, 0, 16);
    }

    function test_takes_the_best_price_first_then_the_oldest() public {
        uint256 dear = _place(ALICE, false, 100, 30);
        uint256 first = _place(ALICE, false, 100, 20);
        uint256 second = _place(CAROL, false, 100, 20);
        (, uint256 ask) = market.best(ENERGY);
        eq(ask, 20);
        uint256 before = money.balanceOf(BOB);
        eq(_place(BOB, true, 250, 30), 0);
        eq(energy.balanceOf(BOB), 250);
        require(market.getOrder(first).maker == address(0) && market.getOrder(second).maker == address(0));
        eq(market.getOrder(dear).lots, 50);
        // 200 at 20 and 50 at 30; what the limit of 30 set aside beyond that is owed back.
        eq(market.owed(BOB), 250 * 30 - 200 * 20 - 50 * 30);
        eq(before - money.balanceOf(BOB), 250 * 30);
        ICarbonMarket.Day memory day = market.dayOf(ENERGY, block.timestamp / DAY);
        eq(day.open, 20);
        eq(day.high, 30);
        eq(day.low, 20);
        eq(day.close, 30);
        eq(day.lots, 250);
        eq(market.meanPrice(ENERGY, block.timestamp / DAY, 1), (200 * 20 + 50 * 30) / uint256(250));
        eq(market.meanPrice(ENERGY, block.timestamp / DAY - 1, 1), 0);
        eq(market.getPair(ENERGY).lastPrice, 30);
    }

    function test_what_is_left_stands_in_the_book() public {
        _place(ALICE, false, 100, 20);
        uint256 bid = _place(BOB, true, 150, 20);
        eq(market.getOrder(bid).lots, 50);
        uint256 ask = _place(CAROL, false, 20, 19);
        eq(ask, 0); // sold to the standing bid at 20
        eq(market.getOrder(bid).lots, 30);
        eq(market.owed(CAROL), 400); // below 500 micro-cents the fee rounds down to nothing
        vm.prank(BOB);
        market.close(bid);
        eq(market.owed(BOB), 30 * 20);
        vm.prank(BOB);
        market.withdraw();
        vm.expectRevert(abi.encodeWithSelector(Till.NothingOwed.selector, BOB));
        vm.prank(BOB);
        market.withdraw();
    }

    function test_the_book_is_sorted_whatever_the_hints() public {
        uint64[6] memory prices = [uint64(50), 30, 40, 30, 60, 45];
        uint64[7] memory ids;
        for (uint256 i = 0; i < 6; ++i) {
            vm.prank(ALICE);
            ids[i + 1] = uint64(market.place(ENERGY, false, 10, prices[i], ids[i], 0));
        }
        (uint256[] memory found, ICarbonMarket.Order[] memory orders) = market.book(ENERGY, false, 10);
        eq(found.length, 6);
        for (uint256 i = 1; i < 6; ++i) require(orders[i - 1].price <= orders[i].price, "sorted");
        require(found[0] == ids[2] && found[1] == ids[4], "time decides between equals");
        (found,) = market.book(ENERGY, false, 2);
        eq(found.length, 2);
        // Closing in the middle and at the ends keeps the list whole.
        vm.startPrank(ALICE);
        market.close(ids[3]);
        market.close(ids[2]);
        market.close(ids[5]);
        vm.stopPrank();
        (found, orders) = market.book(ENERGY, false, 10);
        eq(found.length, 3);
        require(orders[0].price == 30 && orders[1].price == 45 && orders[2].price == 50);
    }

    function test_a_walk_through_the_book_is_bounded() public {
        for (uint64 i = 0; i < 65; ++i) _place(ALICE, false, 1, 1000 + i);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.BadHint.selector, 0, 64));
        _place(ALICE, false, 1, 5000);
        (uint256[] memory ids,) = market.book(ENERGY, false, 100);
        vm.prank(ALICE);
        uint256 last = market.place(ENERGY, false, 1, 5000, uint64(ids[64]), 0);
        require(market.getOrder(last).previous == ids[64]);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.BadHint.selector, last, 64));
        vm.prank(ALICE);
        market.place(ENERGY, false, 1, 999, uint64(last), 0);
    }

    function test_fills_are_bounded_and_a_crossing_rest_is_not_placed() public {
        for (uint64 i = 0; i < 20; ++i) _place(ALICE, false, 1, 20);
        eq(_place(BOB, true, 20, 20), 0);
        eq(energy.balanceOf(BOB), 16);
        eq(market.owed(BOB), 4 * 20);
        vm.prank(BOB);
        eq(market.place(ENERGY, true, 4, 20, 0, 1), 0);
        eq(energy.balanceOf(BOB), 17);
    }

    function test_a_crossing_rest_of_a_sale_returns_the_energy() public {
        _place(BOB, true, 10, 20);
        vm.prank(ALICE);
        eq(market.place(ENERGY, false, 5, 20, 0, 0), 0);
        eq(energy.balanceOf(ALICE), 10_000);
        eq(market.pairCount(), 2);
    }

    function test_credits_trade_in_grams() public {
        vm.prank(ALICE);
        uint256 id = market.place(CREDITS, false, 500, 12_000, 0, 16);
        eq(credits.balanceOf(ALICE), 500_000);
        vm.prank(BOB);
        market.place(CREDITS, true, 200, 12_000, 0, 16);
        eq(credits.balanceOf(BOB), 200_000);
        eq(market.owed(ALICE), 200 * 12_000 - market.fees());
        vm.prank(ALICE);
        market.close(id);
        eq(credits.balanceOf(ALICE), 800_000);
        uint256 fees = market.fees();
        eq(market.collectFees(CAROL), fees);
        vm.expectRevert(abi.encodeWithSelector(Till.NothingOwed.selector, CAROL));
        market.collectFees(CAROL);
    }

    function test_refuses_bad_orders() public {
        vm.startPrank(BOB);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.UnknownPair.selector, 3));
        market.place(3, true, 1, 1, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.BadOrder.selector, 0, 1));
        market.place(ENERGY, true, 0, 1, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.UnknownOrder.selector, 9));
        market.close(9);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.UnknownOrder.selector, 9));
        market.prune(9);
        vm.expectRevert(abi.encodeWithSelector(EscrowTill.NothingStranded.selector, 9));
        market.recover(9);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.BadOrder.selector, 1, 0));
        market.listPair(IVintageToken(address(0)), 1);
        uint256 id = _place(ALICE, false, 10, 20);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotMaker.selector, id, ALICE, BOB));
        vm.prank(BOB);
        market.close(id);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.Deliverable.selector, id));
        vm.prank(BOB);
        market.prune(id);
        _money(ALICE, 1000);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.SelfTrade.selector, id));
        _place(ALICE, true, 10, 20);
    }

    function test_an_order_below_the_least_of_its_pair_does_not_stand_in_the_book() public {
        market.setLeast(ENERGY, 100);
        eq(market.getPair(ENERGY).leastLots, 100);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.BadOrder.selector, 99, 20));
        _place(ALICE, false, 99, 20);
        require(_place(ALICE, false, 100, 20) != 0);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.BadOrder.selector, 0, 0));
        market.setLeast(ENERGY, 0);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.UnknownPair.selector, 3));
        market.setLeast(3, 1);
    }

    function test_an_order_whose_energy_expired_leaves_the_book() public {
        uint256 old = _place(ALICE, false, 10, 20);
        uint256 other = _place(ALICE, false, 10, 21);
        vm.warp(1004 * PERIOD);
        market.prune(other);
        require(market.getOrder(other).maker == address(0));
        _energy(CAROL, 100);
        _place(CAROL, false, 10, 25);
        _place(BOB, true, 10, 25);
        require(market.getOrder(old).maker == address(0));
        eq(energy.balanceOf(BOB), 10);
    }

    function test_a_held_order_does_not_block_the_book_and_comes_back_after_the_hold() public {
        uint256 held = _place(ALICE, false, 10, 20);
        address account = energy.escrowAccount(address(market), held);
        energy.hold(account, "inquiry");
        _place(CAROL, false, 10, 21);
        _place(BOB, true, 10, 21);
        eq(energy.balanceOf(BOB), 10);
        eq(energy.balanceOf(account), 10);
        energy.releaseHold(account, "");
        eq(market.recover(held), 10);
        eq(energy.balanceOf(ALICE), 10_000);
    }

    function test_energy_sent_to_an_order_changes_nothing_in_what_it_delivers() public {
        vm.warp(1004 * PERIOD - 60); // CAROL's energy expires in a minute
        _energy(ALICE, 100);
        uint256 id = _place(ALICE, false, 100, 7);
        address account = energy.escrowAccount(address(market), id);
        vm.prank(CAROL);
        energy.transfer(account, 100);
        _place(BOB, true, 100, 7);
        vm.warp(1004 * PERIOD);
        eq(energy.balanceOf(BOB), 100);
    }

    function test_who_buys_in_the_book_gets_energy_that_lives_long_enough() public {
        uint256 last = 1004 * PERIOD - LEAST_LIFE;
        vm.warp(last);
        uint256 ask = _place(ALICE, false, 10, 20); // lives to the second
        _place(BOB, true, 10, 19);
        vm.warp(last + 1);
        // A standing bid is not paid with older energy, and a standing sale of it leaves the book.
        vm.expectRevert(abi.encodeWithSelector(IVintageToken.LivesTooShort.selector, CAROL, 0, 10, 1004 * PERIOD + 1));
        _place(CAROL, false, 10, 19);
        _place(BOB, true, 10, 20);
        require(market.getOrder(ask).maker == address(0));
        eq(energy.balanceOf(BOB), 0);
        eq(energy.balanceOf(ALICE), 10_000);
        _energy(CAROL, 10);
        _place(CAROL, false, 10, 19);
        eq(energy.balanceOf(BOB), 10);
    }

    function test_certificate_bundles_are_listed_and_sold() public {
        uint256 id = _bundle(ALICE, 1000);
        vm.startPrank(ALICE);
        certificates.setOperator(address(market), true);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.BadOrder.selector, 1, 0));
        market.listBundle(id, 0);
        market.listBundle(id, 50_000);
        vm.stopPrank();
        vm.startPrank(BOB);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.TooDear.selector, id, 50_000, 49_999));
        market.buyBundle(id, 49_999);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotMaker.selector, id, ALICE, BOB));
        market.delistBundle(id);
        market.buyBundle(id, 50_000);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotListed.selector, id));
        market.buyBundle(id, 50_000);
        vm.stopPrank();
        require(certificates.getBundle(id).owner == BOB);
        eq(market.owed(ALICE), 50_000 - market.fees());
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotMaker.selector, id, BOB, ALICE));
        vm.prank(ALICE);
        market.listBundle(id, 1);
        uint256 other = _bundle(ALICE, 10);
        vm.startPrank(ALICE);
        market.listBundle(other, 10);
        market.delistBundle(other);
        vm.stopPrank();
        require(certificates.getBundle(other).owner == ALICE);
    }

    function testFuzz_money_held_is_what_is_owed_standing_or_fees(uint8[10] memory sizes, uint8[10] memory prices, uint16 sides) public {
        for (uint256 i = 0; i < 10; ++i) {
            bool buying = (sides >> i) & 1 == 1;
            vm.prank(buying ? BOB : (i % 2 == 0 ? ALICE : CAROL));
            market.place(ENERGY, buying, uint64(sizes[i]) + 1, uint64(prices[i]) + 1, 0, 16);
        }
        uint256 standing = 0;
        (, ICarbonMarket.Order[] memory bids) = market.book(ENERGY, true, 100);
        for (uint256 i = 0; i < bids.length; ++i) standing += uint256(bids[i].lots) * bids[i].price;
        uint256 owed = market.owed(ALICE) + market.owed(BOB) + market.owed(CAROL);
        eq(money.balanceOf(address(market)), standing + owed + market.fees());
        (, ICarbonMarket.Order[] memory asks) = market.book(ENERGY, false, 100);
        if (bids.length > 0 && asks.length > 0) require(bids[0].price < asks[0].price, "the book never crosses");
        uint256 escrowed = 0;
        for (uint256 i = 0; i < asks.length; ++i) escrowed += asks[i].lots;
        eq(energy.balanceOf(ALICE) + energy.balanceOf(BOB) + energy.balanceOf(CAROL) + escrowed, 20_000);
    }
}
