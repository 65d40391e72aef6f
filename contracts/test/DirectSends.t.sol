// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IVintageToken} from "../token/IVintageToken.sol";
import {IEnergyDeals} from "../trade/IEnergyDeals.sol";
import {Suite} from "./Suite.sol";

/// @dev Anyone may send tokens to any address. What is sent to a contract unasked is a loss for the sender and must be nothing to the books.
contract DirectSendsTest is Suite {
    uint64 private constant PRICE = 20_000;

    function setUp() public override {
        super.setUp();
        market.listPair(credits, 1000);
        market.listPair(energy, 1);
        address[2] memory who = [ALICE, BOB];
        for (uint256 i = 0; i < who.length; ++i) {
            _approveAll(who[i], address(trade));
            _approveAll(who[i], address(deals));
            _approveAll(who[i], address(market));
            _money(who[i], 1e12);
            _energy(who[i], 50_000);
        }
    }

    function _give(IERC20 token, address to, uint256 amount) private {
        vm.prank(BOB);
        token.transfer(to, amount);
    }

    function test_money_sent_to_a_venue_is_nobodys_and_changes_no_payout() public {
        vm.prank(ALICE);
        uint256 offerId = trade.createOffer(1000, PRICE, 1 hours, false);
        _give(money, address(trade), 777);
        _give(money, address(deals), 777);
        _give(money, address(market), 777);
        _give(money, address(grid), 777);
        vm.prank(BOB);
        trade.executeTrade(offerId, 400);
        vm.startPrank(ALICE);
        trade.closeOffer(offerId);
        eq(trade.withdraw(), 600 * uint256(PRICE));
        vm.stopPrank();
        uint256 fees = trade.fees();
        eq(trade.collectFees(CAROL), fees);
        eq(money.balanceOf(CAROL), fees); // not the 777
        eq(money.balanceOf(address(trade)), 777);
        eq(deals.owed(BOB) + market.owed(BOB) + grid.owed(BOB) + deals.fees() + market.fees(), 0);
    }

    function test_energy_sent_to_a_venue_itself_backs_no_offer() public {
        _give(energy, address(trade), 500);
        _give(energy, address(market), 500);
        vm.prank(ALICE);
        uint256 offerId = trade.createOffer(1000, PRICE, 1 hours, true);
        eq(energy.balanceOf(energy.escrowAccount(address(trade), offerId)), 1000);
        vm.prank(BOB);
        trade.executeTrade(offerId, 1000);
        eq(energy.balanceOf(address(trade)), 500);
        (uint256 bid, uint256 ask) = market.best(2);
        eq(bid + ask, 0);
    }

    function test_events_tell_what_lies_in_escrow_from_what_lies_beside_it() public {
        address account = energy.escrowAccount(address(this), 7);
        vm.prank(ALICE);
        energy.approve(address(this), 1000);
        vm.expectEmit();
        emit IVintageToken.EscrowedIn(account, 600);
        energy.escrowIn(ALICE, 7, 600, 0);
        _give(energy, account, 50);
        address other = energy.escrowAccount(address(this), 8);
        vm.expectEmit();
        emit IVintageToken.EscrowedOut(account, 200);
        vm.expectEmit();
        emit IVintageToken.EscrowedIn(other, 200);
        energy.escrowOver(7, 8, 200);
        vm.expectEmit();
        emit IVintageToken.EscrowedOut(account, 100);
        energy.escrowOut(7, BOB, 100);
        eq(energy.inEscrow(address(this), 7, 0), 300);
        eq(energy.inEscrow(address(this), 8, 0), 200);
        eq(energy.balanceOf(account), 350);
    }

    function test_energy_sent_to_an_escrow_account_is_nobodys() public {
        vm.prank(ALICE);
        uint256 offerId = trade.createOffer(1000, PRICE, 1 hours, true);
        _give(energy, energy.escrowAccount(address(trade), offerId), 50);
        eq(trade.getOffer(offerId).amountWh, 1000); // the offer has not grown
        vm.prank(BOB);
        trade.executeTrade(offerId, 400);
        vm.prank(ALICE);
        trade.closeOffer(offerId);
        eq(energy.balanceOf(ALICE), 50_000 - 400);
        eq(energy.balanceOf(energy.escrowAccount(address(trade), offerId)), 50);
    }

    function test_energy_sent_to_an_order_makes_it_no_larger() public {
        vm.prank(ALICE);
        uint256 orderId = market.place(2, false, 1000, PRICE, 0, 16);
        _give(energy, energy.escrowAccount(address(market), orderId), 50);
        vm.prank(BOB);
        market.place(2, true, 1500, PRICE, 0, 16);
        eq(energy.balanceOf(BOB), 50_000 - 50 + 1000);
        eq(market.getOrder(orderId).lots, 0);
    }

    function test_energy_sent_to_a_connection_can_be_neither_drawn_nor_returned() public {
        vm.prank(ALICE);
        uint256 id = deals.createAuction(1000, PRICE, 1 hours, 1 days);
        vm.prank(BOB);
        deals.bid(id, PRICE);
        _give(energy, energy.escrowAccount(address(deals), id), 50);
        vm.warp(deals.getAuction(id).endsAt);
        deals.settleAuction(id);
        vm.startPrank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDeals.AmountNotLeft.selector, id, 1001, 1000));
        deals.draw(id, 1001);
        deals.draw(id, 600);
        deals.closeConnection(id);
        vm.stopPrank();
        eq(energy.balanceOf(ALICE), 50_000 - 600);
    }
}
