// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICarbonMarket} from "../carbon/ICarbonMarket.sol";
import {ISmartMeter} from "../meter/ISmartMeter.sol";
import {IVintageToken} from "../token/IVintageToken.sol";
import {IEnergyDeals} from "../trade/IEnergyDeals.sol";
import {IEnergyTrade} from "../trade/IEnergyTrade.sol";
import {Suite} from "./Suite.sol";

/// @dev Random acts of three members, time included; refused acts count as acts. It is the fuzzer's only target.
contract Acts is Suite {
    address[3] private _who = [ALICE, BOB, CAROL];
    uint256[3] private _roof; // meters that back credits and energy
    uint256 private _genset;
    uint256 private _moneyMinted;
    uint256 private _creditsIssued;

    function setUp() public override {
        require(address(access) == address(0), "once");
        super.setUp();
        market.listPair(credits, 1000);
        market.listPair(energy, 1);
        for (uint256 i = 0; i < 3; ++i) {
            _roof[i] = _solar(_who[i], ISmartMeter.Backing.Credits);
            _approveAll(_who[i], address(trade));
            _approveAll(_who[i], address(deals));
            _approveAll(_who[i], address(market));
            _money(_who[i], 1e12);
        }
        _moneyMinted = 3e12;
        _genset = _public(CAROL, ISmartMeter.Technology.Diesel, false, ISmartMeter.Backing.None);
    }

    // ── acts ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function wait(uint32 s) external {
        vm.warp(block.timestamp + s % 3 days);
    }

    function produce(uint8 i, uint16 wh) external {
        uint256 meterId = _roof[i % 3];
        uint256 last = meter.getDeviceHistoryPage(meterId, meter.readingCount(meterId) - 1, 1)[0].exportWh;
        uint256 readingId = _reading(meterId, 0, last + wh + 1);
        energy.mintEnergy(_who[i % 3], uint256(wh) + 1, abi.encode(meterId, readingId));
        uint256 mg = credits.issuable(meterId, readingId);
        credits.issueCreditsCertificate(_who[i % 3], mg, abi.encode(meterId, readingId));
        _creditsIssued += mg;
        credits.enterShare(meterId, readingId);
    }

    function burnDiesel(uint16 wh) external {
        uint256 last = meter.getDeviceHistoryPage(_genset, meter.readingCount(_genset) - 1, 1)[0].exportWh;
        _reading(_genset, 0, last + wh);
        credits.collectLevy(_genset);
    }

    function payShare(uint8 i, uint8 back) external {
        credits.payShare(_roof[i % 3], credits.currentPeriod() - 1 - back % 3);
    }

    function consume(uint8 i, uint16 wh) external {
        vm.prank(_who[i % 3]);
        energy.burnEnergy(wh);
    }

    function send(uint8 i, uint8 j, uint16 wh) external {
        vm.prank(_who[i % 3]);
        energy.transfer(_who[j % 3], wh);
    }

    function retire(uint8 i, uint24 mg) external {
        vm.prank(_who[i % 3]);
        credits.retireCredits(mg);
    }

    function sweep(uint8 i) external {
        energy.sweep(_who[i % 3]);
        credits.sweep(_who[i % 3]);
    }

    function offer(uint8 i, uint16 wh, uint16 price, uint24 duration, bool selling) external {
        vm.prank(_who[i % 3]);
        trade.createOffer(wh, price, duration, selling);
    }

    function take(uint8 i, uint8 offerId, uint16 wh) external {
        uint256 id = uint256(offerId) % (trade.offerCount() + 1);
        vm.prank(_who[i % 3]);
        trade.executeTrade(id, wh);
    }

    function closeOffer(uint8 i, uint8 offerId) external {
        uint256 id = uint256(offerId) % (trade.offerCount() + 1);
        vm.prank(_who[i % 3]);
        trade.closeOffer(id);
    }

    function auction(uint8 i, uint16 wh, uint16 price) external {
        vm.prank(_who[i % 3]);
        deals.createAuction(wh, price, 1 hours, 1 days);
    }

    function bid(uint8 i, uint8 auctionId, uint32 price) external {
        uint256 id = uint256(auctionId) % (deals.count() + 1);
        vm.prank(_who[i % 3]);
        deals.bid(id, price);
    }

    function work(uint8 i, uint8 dealId, uint8 act, uint16 wh) external {
        uint256 id = uint256(dealId) % (deals.count() + 1);
        vm.startPrank(_who[i % 3]);
        if (act % 7 == 0) deals.settleAuction(id);
        else if (act % 7 == 1) deals.draw(id, wh);
        else if (act % 7 == 2) deals.closeConnection(id);
        else if (act % 7 == 3) deals.settleDeal(id);
        else if (act % 7 == 4) deals.dispute(id, "");
        else if (act % 7 == 5) deals.endDeal(id);
        vm.stopPrank();
        if (act % 7 == 6) deals.resolve(id, wh);
    }

    function propose(uint8 i, uint16 wh, uint16 price, uint8 count) external {
        uint40 startsAt = uint40(block.timestamp + 1 + uint256(wh) % 1 hours);
        vm.prank(_who[i % 3]);
        deals.proposeFuture(IEnergyDeals.FutureTerms(wh, price, startsAt, 3 days, 3 days, count % 5));
    }

    function recur(uint8 i, uint8 dealId, uint8 act, uint8 number, uint16 bps) external {
        uint256 id = uint256(dealId) % (deals.count() + 1);
        vm.startPrank(_who[i % 3]);
        if (act % 7 == 0) deals.acceptFuture(id);
        else if (act % 7 == 1) deals.deliver(id);
        else if (act % 7 == 2) deals.payInstalments(id);
        else if (act % 7 == 3) deals.disputeInstalment(id, number % 6, "");
        else if (act % 7 == 4) deals.settleInstalment(id, number % 6);
        else if (act % 7 == 5) deals.withdrawProposal(id);
        vm.stopPrank();
        if (act % 7 == 6) deals.resolveInstalment(id, number % 6, bps);
    }

    function placeOrder(uint8 i, bool credit, bool buying, uint16 lots, uint8 price) external {
        vm.prank(_who[i % 3]);
        market.place(credit ? 1 : 2, buying, lots, price, 0, 16);
    }

    /// @dev Dust for an escrow account, of an open offer or of the next one.
    function donate(uint8 i, uint8 offerId, uint8 wh) external {
        uint256 id = 1 + uint256(offerId) % (trade.offerCount() + 1);
        address account = energy.escrowAccount(address(trade), id);
        vm.prank(_who[i % 3]);
        energy.transfer(account, wh);
    }

    /// @dev Of an offer or a deal; what is over then waits to be recovered.
    function holdEscrow(uint8 number, bool ofDeals, bool on) external {
        uint256 id = 1 + uint256(number) % 8;
        address account = energy.escrowAccount(ofDeals ? address(deals) : address(trade), id);
        if (on) energy.hold(account, "");
        else energy.releaseHold(account, "");
    }

    function recover(uint8 number, bool ofDeals) external {
        uint256 id = 1 + uint256(number) % 8;
        if (ofDeals) deals.recover(id);
        else trade.recover(id);
    }

    function holdOrRelease(uint8 i, bool on) external {
        if (on) {
            energy.hold(_who[i % 3], "");
            credits.hold(_who[i % 3], "");
        } else {
            energy.releaseHold(_who[i % 3], "");
            credits.releaseHold(_who[i % 3], "");
        }
    }

    function rollPool(uint8 back) external {
        credits.rollPool(credits.currentPeriod() - 1 - back % 3);
    }

    function bundleAndOpen(uint8 i, uint8 j, uint16 mg) external {
        vm.prank(_who[i % 3]);
        uint256 id = credits.bundle(mg, "");
        vm.prank(_who[i % 3]);
        credits.transferBundle(id, _who[j % 3]);
        vm.prank(_who[j % 3]);
        credits.unbundle(id);
    }

    function takeMoney(uint8 i) external {
        vm.startPrank(_who[i % 3]);
        if (trade.owed(_who[i % 3]) > 0) trade.withdraw();
        if (deals.owed(_who[i % 3]) > 0) deals.withdraw();
        if (market.owed(_who[i % 3]) > 0) market.withdraw();
        vm.stopPrank();
    }

    // ── what must hold ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    function check_energy_held_is_minted_less_burnt_less_expired() public view {
        (uint256 minted, uint256 burnt, uint256 expired) = energy.flows();
        uint256 all = _lots(energy.lotsOf(ALICE)) + _lots(energy.lotsOf(BOB)) + _lots(energy.lotsOf(CAROL));
        for (uint256 id = 1; id <= trade.offerCount() + 1; ++id) all += _lots(energy.lotsOf(energy.escrowAccount(address(trade), id)));
        for (uint256 id = 1; id <= deals.count(); ++id) all += _lots(energy.lotsOf(energy.escrowAccount(address(deals), id)));
        for (uint256 id = 1; id <= 60; ++id) all += _lots(energy.lotsOf(energy.escrowAccount(address(market), id)));
        eq(all, minted - burnt - expired);
        require(energy.totalSupply() <= all);
    }

    function check_money_in_escrow_is_what_open_trades_need() public view {
        uint256 open = 0;
        for (uint256 id = 1; id <= trade.offerCount(); ++id) {
            IEnergyTrade.Offer memory each = trade.getOffer(id);
            if (each.maker != address(0) && !each.isSelling) open += uint256(each.amountWh) * each.price;
        }
        eq(money.balanceOf(address(trade)), open + trade.fees() + _owed(trade.owed));
        open = 0;
        for (uint256 id = 1; id <= deals.count(); ++id) open += deals.escrowOf(id);
        eq(money.balanceOf(address(deals)), open + deals.fees() + _owed(deals.owed));
        open = 0;
        for (uint256 pair = 1; pair <= 2; ++pair) {
            (, ICarbonMarket.Order[] memory bids) = market.book(pair, true, 100);
            for (uint256 i = 0; i < bids.length; ++i) open += uint256(bids[i].lots) * bids[i].price;
        }
        eq(money.balanceOf(address(market)), open + market.fees() + _owed(market.owed));
    }

    function check_energy_in_escrow_covers_open_sales() public view {
        for (uint256 id = 1; id <= trade.offerCount(); ++id) {
            IEnergyTrade.Offer memory each = trade.getOffer(id);
            if (each.maker == address(0) || !each.isSelling || block.timestamp >= each.expiresAt) continue;
            eq(energy.inEscrow(address(trade), id, each.expiresAt), each.amountWh); // whatever anybody sent to its address
        }
        for (uint256 id = 1; id <= deals.count(); ++id) {
            IEnergyDeals.Deal memory deal = deals.getDeal(id);
            if (deal.state != IEnergyDeals.State.Open || block.timestamp >= deal.endsAt) continue;
            // What a future delivers only passes through.
            uint256 needed = deal.kind == IEnergyDeals.Kind.Connection ? deal.totalWh - deal.deliveredWh : 0;
            eq(energy.inEscrow(address(deals), id, deal.endsAt), needed);
        }
    }

    /// @dev Against `escrowOf`, from the records of every instalment: each is in escrow until it is paid, and none is counted twice.
    function check_a_future_holds_its_bond_and_every_instalment_not_yet_paid() public view {
        for (uint256 id = 1; id <= deals.count(); ++id) {
            IEnergyDeals.Deal memory deal = deals.getDeal(id);
            if (deal.kind != IEnergyDeals.Kind.Future || deal.state == IEnergyDeals.State.None) continue;
            uint256 one = uint256(deal.totalWh) / deal.count * deal.price;
            bool over = deal.state == IEnergyDeals.State.Settled;
            uint256 held = over ? 0 : deal.bond;
            uint256 paid = 0;
            for (uint256 number = 1; number <= deal.count; ++number) {
                IEnergyDeals.State state = deals.getInstalment(id, number).state;
                require((state == IEnergyDeals.State.None) == (number > deal.delivered));
                if (state == IEnergyDeals.State.Settled) ++paid;
                else if (number <= deal.delivered || (!over && deal.state != IEnergyDeals.State.Proposed)) held += one;
            }
            eq(paid, deal.paid);
            eq(deals.escrowOf(id), held);
        }
    }

    function check_money_is_neither_made_nor_lost() public view {
        uint256 all = money.balanceOf(address(trade)) + money.balanceOf(address(deals)) + money.balanceOf(address(market));
        for (uint256 i = 0; i < 3; ++i) all += money.balanceOf(_who[i]);
        eq(all, _moneyMinted);
    }

    function check_credits_never_exceed_verified_energy_times_factor() public view {
        uint256 verified = 0;
        for (uint256 i = 0; i < 3; ++i) {
            (, uint256 exportWh) = meter.verifiedOf(_roof[i]);
            verified += exportWh;
        }
        (uint256 minted, uint256 burnt, uint256 expired) = credits.flows();
        eq(minted, _creditsIssued);
        require(minted <= verified * 300);
        require(credits.totalSupply() <= minted - burnt - expired);
        (uint256 energyMinted,,) = energy.flows();
        require(energyMinted <= verified);
    }

    function check_the_book_is_sorted_and_does_not_cross() public view {
        for (uint256 pair = 1; pair <= 2; ++pair) {
            (, ICarbonMarket.Order[] memory bids) = market.book(pair, true, 100);
            (, ICarbonMarket.Order[] memory asks) = market.book(pair, false, 100);
            for (uint256 i = 1; i < bids.length; ++i) require(bids[i - 1].price >= bids[i].price);
            for (uint256 i = 1; i < asks.length; ++i) require(asks[i - 1].price <= asks[i].price);
            if (bids.length > 0 && asks.length > 0) require(bids[0].price < asks[0].price);
        }
    }

    function _owed(function(address) external view returns (uint256) read) private view returns (uint256) {
        return read(ALICE) + read(BOB) + read(CAROL);
    }

    function _lots(IVintageToken.Lot[] memory lots) private pure returns (uint256 sum) {
        for (uint256 i = 0; i < lots.length; ++i) sum += lots[i].amount;
    }
}

/// @dev After every act the books must balance.
contract InvariantsTest {
    Acts private _acts;

    function setUp() public {
        _acts = new Acts();
        _acts.setUp();
    }

    /// @dev The fuzzer takes refusals as they come; this shows that every act can also succeed, so that it does not fuzz thin air.
    function test_every_act_can_succeed() public {
        _acts.produce(0, 5000);
        _acts.produce(1, 5000);
        _acts.produce(2, 5000);
        _acts.burnDiesel(50);
        _acts.consume(0, 10);
        _acts.send(0, 1, 10);
        _acts.retire(0, 10);
        _acts.offer(0, 500, 10, 3600, true);
        _acts.offer(1, 500, 10, 3600, false);
        _acts.take(1, 1, 100);
        _acts.take(2, 2, 100);
        _acts.holdEscrow(0, false, true);
        _acts.closeOffer(0, 1);
        _acts.holdEscrow(0, false, false);
        _acts.recover(0, false);
        _acts.auction(0, 100, 5);
        _acts.bid(1, 1, 6);
        _acts.wait(3600);
        _acts.work(0, 1, 0, 0);
        _acts.work(1, 1, 1, 50);
        _acts.work(1, 1, 2, 0);
        _acts.work(1, 1, 4, 0);
        _acts.work(0, 1, 6, 5000);
        _acts.placeOrder(0, false, false, 100, 7);
        _acts.placeOrder(1, false, true, 150, 8);
        _acts.placeOrder(0, true, false, 1, 7);
        _acts.donate(1, 5, 1);
        _acts.bundleAndOpen(0, 1, 10);
        _acts.holdOrRelease(0, true);
        _acts.holdOrRelease(0, false);
        _acts.takeMoney(0);
        for (uint256 i = 0; i < 3; ++i) _acts.wait(3 days - 1);
        _acts.payShare(0, 0);
        _acts.payShare(1, 0);
        _acts.payShare(2, 0);
        _acts.wait(3 days - 1);
        _acts.wait(3 days - 1);
        _acts.burnDiesel(50);
        for (uint256 i = 0; i < 3; ++i) _acts.wait(3 days - 1);
        _acts.rollPool(0);
        _acts.produce(0, 5000);
        _acts.propose(0, 100, 5, 2);
        _acts.propose(0, 100, 5, 1);
        _acts.recur(0, 3, 5, 0, 0);
        _acts.recur(1, 2, 0, 0, 0);
        _acts.wait(3600);
        _acts.recur(0, 2, 1, 0, 0);
        _acts.recur(1, 2, 3, 1, 0);
        _acts.recur(1, 2, 6, 1, 5000);
        _acts.wait(3 days - 1);
        _acts.wait(3600);
        _acts.recur(0, 2, 1, 0, 0);
        _acts.wait(1 days);
        _acts.recur(2, 2, 2, 0, 0);
        _acts.propose(0, 100, 5, 1);
        _acts.recur(1, 4, 0, 0, 0);
        _acts.wait(3600);
        _acts.recur(0, 4, 1, 0, 0);
        _acts.recur(1, 4, 3, 1, 0);
        for (uint256 i = 0; i < 3; ++i) _acts.wait(3 days - 1);
        _acts.recur(2, 4, 4, 1, 0);
        for (uint256 i = 0; i < 9; ++i) _acts.wait(3 days - 1);
        _acts.sweep(0);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_acts);
    }

    function invariant_energy_held_is_minted_less_burnt_less_expired() public view {
        _acts.check_energy_held_is_minted_less_burnt_less_expired();
    }

    function invariant_money_in_escrow_is_what_open_trades_need() public view {
        _acts.check_money_in_escrow_is_what_open_trades_need();
    }

    function invariant_energy_in_escrow_covers_open_sales() public view {
        _acts.check_energy_in_escrow_covers_open_sales();
    }

    function invariant_a_future_holds_its_bond_and_every_instalment_not_yet_paid() public view {
        _acts.check_a_future_holds_its_bond_and_every_instalment_not_yet_paid();
    }

    function invariant_money_is_neither_made_nor_lost() public view {
        _acts.check_money_is_neither_made_nor_lost();
    }

    function invariant_credits_never_exceed_verified_energy_times_factor() public view {
        _acts.check_credits_never_exceed_verified_energy_times_factor();
    }

    function invariant_the_book_is_sorted_and_does_not_cross() public view {
        _acts.check_the_book_is_sorted_and_does_not_cross();
    }
}
