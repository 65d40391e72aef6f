// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {CarbonMarket} from "../carbon/CarbonMarket.sol";
import {EnergyDeals} from "../trade/EnergyDeals.sol";
import {EnergyTrade} from "../trade/EnergyTrade.sol";
import {IEnergyDeals} from "../trade/IEnergyDeals.sol";
import {HostileMoney} from "./HostileMoney.sol";
import {Suite} from "./Suite.sol";

/// @dev A money that calls back while it is moved, into every guarded function of its venue. That none is left out is seen by
///      refusals.test.ts.
contract ReentrancyTest is Suite {
    HostileMoney private _hostile;
    IERC20 private _coin;

    function setUp() public override {
        super.setUp();
        _hostile = new HostileMoney();
        _coin = IERC20(address(_hostile));
        access.grantRole(0, address(_hostile), 0); // no role stops it
    }

    /// @dev Whatever moves money in `venue`, here `act`, must refuse each call back.
    function _refuses(address venue, bytes memory act, bytes4[] memory selectors) private {
        for (uint256 i = 0; i < selectors.length; ++i) {
            _hostile.aim(venue, abi.encodePacked(selectors[i], new bytes(32 * 16)));
            (bool ok, bytes memory answer) = venue.call(act);
            require(!ok && answer.length == 4 && bytes4(answer) == ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        }
    }

    function test_nothing_of_a_trade_is_entered_again() public {
        EnergyTrade venue = new EnergyTrade(address(access), energy, credits, _coin, grid, parameters);
        bytes4[] memory each = new bytes4[](10);
        (each[0], each[1], each[2]) = (venue.createOffer.selector, venue.createOfferWith.selector, venue.executeTrade.selector);
        (each[3], each[4], each[5]) = (venue.closeOffer.selector, venue.joinGroup.selector, venue.leaveGroup.selector);
        (each[6], each[7]) = (venue.executeGroup.selector, venue.claimGroup.selector);
        (each[8], each[9]) = (venue.withdraw.selector, venue.collectFees.selector);
        _refuses(address(venue), abi.encodeCall(venue.createOffer, (1000, 20_000, 1 hours, false)), each);
    }

    function test_nothing_of_a_deal_is_entered_again() public {
        EnergyDeals venue = new EnergyDeals(address(access), energy, _coin, parameters);
        bytes4[] memory each = new bytes4[](18);
        (each[0], each[1], each[2]) = (venue.createAuction.selector, venue.bid.selector, venue.settleAuction.selector);
        (each[3], each[4], each[5]) = (venue.draw.selector, venue.closeConnection.selector, venue.proposeFuture.selector);
        (each[6], each[7], each[8]) = (venue.acceptFuture.selector, venue.deliver.selector, venue.endDeal.selector);
        (each[9], each[10]) = (venue.payInstalments.selector, venue.disputeInstalment.selector);
        (each[11], each[12]) = (venue.resolveInstalment.selector, venue.settleInstalment.selector);
        (each[13], each[14], each[15]) = (venue.dispute.selector, venue.resolve.selector, venue.settleDeal.selector);
        (each[16], each[17]) = (venue.withdraw.selector, venue.collectFees.selector);
        IEnergyDeals.FutureTerms memory terms = IEnergyDeals.FutureTerms(1000, 20_000, uint40(block.timestamp + 1 hours), 1000, 0, 1);
        _refuses(address(venue), abi.encodeCall(venue.proposeFuture, (terms)), each);
    }

    function test_nothing_of_the_order_book_is_entered_again() public {
        CarbonMarket venue = new CarbonMarket(address(access), _coin, parameters, certificates);
        venue.listPair(energy, 1);
        bytes4[] memory each = new bytes4[](9);
        (each[0], each[1], each[2]) = (venue.place.selector, venue.close.selector, venue.prune.selector);
        (each[3], each[4], each[5]) = (venue.recover.selector, venue.listBundle.selector, venue.buyBundle.selector);
        (each[6], each[7], each[8]) = (venue.delistBundle.selector, venue.withdraw.selector, venue.collectFees.selector);
        _refuses(address(venue), abi.encodeCall(venue.place, (1, true, 100, 7, 0, 0)), each);
    }
}
