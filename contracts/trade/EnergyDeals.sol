// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Governed} from "../access/Governed.sol";
import {Parameters} from "../access/Parameters.sol";
import {IVintageToken} from "../token/IVintageToken.sol";
import {IEnergyDeals} from "./IEnergyDeals.sol";
import {TradeBase} from "./TradeBase.sol";

/// @title EnergyDeals: the one owner of auctions, connections, futures and disputes
/// @notice See {IEnergyDeals} and {ITrade}. A connection pays once, a future by its instalments and then for what is left; all from one formula.
/// @custom:source this project, docs/decisions/0002-ledger-contracts.md, point 7
contract EnergyDeals is IEnergyDeals, TradeBase {
    /// @notice A bid in the last moments leaves at least this much time, s.
    uint256 public constant EXTENSION_S = 5 minutes;
    /// @notice Extensions add up to this at most, s.
    uint256 public constant MAX_EXTENSION_S = 1 hours;
    /// @notice Least raise over the bid before, hundredths of a per cent.
    uint256 public constant MIN_RAISE_BPS = 100;
    /// @notice Time to dispute after a delivery was made or a deal has ended, s.
    uint256 public constant DISPUTE_S = 1 days;
    /// @notice Time the arbiter has, s.
    uint256 public constant ARBITER_S = 7 days;
    /// @notice Number of instalments one call pays or passes, at most.
    uint256 public constant MAX_PAID_AT_ONCE = 32;
    /// @dev The same with a delivery. More than one, so that payment never falls behind the deliveries.
    uint256 private constant PAID_WITH_DELIVERY = 2;
    bytes32 private constant CLOSE_FEE = "fee.close.bps";
    bytes32 private constant BOND = "bond.future.bps";

    /// @inheritdoc IEnergyDeals
    uint256 public count;
    mapping(uint256 auctionId => Auction) private _auctions;
    mapping(uint256 auctionId => uint256) private _latestEnd; // extensions stop here
    mapping(uint256 dealId => Deal) private _deals;
    mapping(uint256 dealId => mapping(uint256 number => Instalment)) private _instalments;

    constructor(address authority_, IVintageToken energy_, IERC20 money_, Parameters parameters_)
        Governed(authority_) TradeBase(energy_, money_, parameters_)
    {}

    // ── auctions ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IEnergyDeals
    function createAuction(uint96 amountWh, uint64 reservePrice, uint40 durationS, uint40 drawS)
        external nonReentrant whenNotPaused returns (uint256 auctionId)
    {
        if (amountWh == 0 || reservePrice == 0 || durationS == 0 || durationS > MAX_DURATION_S) revert BadTerms(amountWh, reservePrice, durationS);
        if (drawS == 0 || drawS > MAX_DURATION_S) revert BadTerms(amountWh, reservePrice, drawS);
        auctionId = ++count;
        uint256 endsAt = block.timestamp + durationS;
        uint256 latest = endsAt + MAX_EXTENSION_S;
        uint256 drawUntil = latest + drawS;
        (uint16 feeBps, uint16 closeBps) = _feesNow();
        _auctions[auctionId] = Auction(
            msg.sender, amountWh, reservePrice, uint40(endsAt), uint40(drawUntil), feeBps, closeBps, address(0), 0
        );
        _latestEnd[auctionId] = latest;
        _announce(auctionId, _auctions[auctionId]);
        energy.escrowIn(msg.sender, auctionId, amountWh, drawUntil);
    }

    /// @inheritdoc IEnergyDeals
    function bid(uint256 auctionId, uint64 price) external nonReentrant whenNotPaused {
        Auction storage auction = _auctions[auctionId];
        if (auction.seller == address(0)) revert UnknownAuction(auctionId);
        if (auction.seller == msg.sender) revert OwnDeal(auctionId);
        if (block.timestamp >= auction.endsAt) revert WrongTime(0, auction.endsAt, block.timestamp);
        uint256 before = auction.price;
        uint256 least = before == 0 ? auction.reservePrice : before + (before * MIN_RAISE_BPS + BPS - 1) / BPS;
        if (price < least) revert BidTooLow(auctionId, price, least);
        if (before != 0) owed[auction.bidder] += before * auction.amountWh;
        (auction.bidder, auction.price) = (msg.sender, price);
        uint256 extended = block.timestamp + EXTENSION_S;
        if (extended > _latestEnd[auctionId]) extended = _latestEnd[auctionId];
        if (extended > auction.endsAt) auction.endsAt = uint40(extended);
        emit BidPlaced(auctionId, msg.sender, price, auction.endsAt);
        _takeMoney(msg.sender, uint256(price) * auction.amountWh);
    }

    /// @inheritdoc IEnergyDeals
    function settleAuction(uint256 auctionId) external nonReentrant returns (uint256 dealId) {
        Auction memory auction = _auctions[auctionId];
        if (auction.seller == address(0)) revert UnknownAuction(auctionId);
        if (block.timestamp < auction.endsAt) revert WrongTime(auction.endsAt, type(uint256).max, block.timestamp);
        delete _auctions[auctionId];
        if (auction.price == 0) {
            emit AuctionSettled(auctionId, address(0), 0, 0);
            _giveBack(energy, auctionId, auction.seller);
            return 0;
        }
        dealId = auctionId; // the energy lies under this number already
        Deal storage deal = _deals[dealId];
        (deal.seller, deal.buyer, deal.price, deal.totalWh) = (auction.seller, auction.bidder, auction.price, auction.amountWh);
        (deal.kind, deal.state, deal.endsAt, deal.count) = (Kind.Connection, State.Open, auction.drawUntil, 1);
        (deal.feeBps, deal.closeBps) = (auction.feeBps, auction.closeBps);
        emit AuctionSettled(auctionId, auction.bidder, auction.price, dealId);
        _opened(dealId, deal);
    }

    /// @inheritdoc IEnergyDeals
    function draw(uint256 dealId, uint96 amountWh) external nonReentrant whenNotPaused {
        Deal storage deal = _in(dealId, State.Open);
        _only(deal.buyer);
        if (deal.kind != Kind.Connection) revert StateForbids(dealId, deal.state);
        if (block.timestamp >= deal.endsAt) revert WrongTime(0, deal.endsAt, block.timestamp);
        uint256 left = deal.totalWh - deal.deliveredWh;
        if (amountWh == 0 || amountWh > left) revert AmountNotLeft(dealId, amountWh, left);
        deal.deliveredWh += amountWh;
        emit Delivered(dealId, amountWh, deal.deliveredWh);
        if (amountWh == left) _end(dealId, deal, false, false);
        energy.escrowOut(dealId, msg.sender, amountWh);
    }

    /// @inheritdoc IEnergyDeals
    function closeConnection(uint256 dealId) external nonReentrant {
        Deal storage deal = _in(dealId, State.Open);
        _only(deal.buyer);
        // A window that has passed without delivery is the seller's default; the buyer need not pay for closing then.
        bool missed = deal.kind == Kind.Future && block.timestamp >= deal.endsAt;
        _end(dealId, deal, missed, !missed);
    }

    // ── futures and recurring deliveries ────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IEnergyDeals
    function proposeFuture(FutureTerms calldata terms) external nonReentrant whenNotPaused returns (uint256 dealId) {
        uint256 totalWh = uint256(terms.amountWh) * terms.count;
        if (totalWh == 0 || terms.price == 0 || terms.windowS == 0 || totalWh > type(uint96).max) {
            revert BadTerms(totalWh, terms.price, terms.windowS);
        }
        if (terms.count > 1 && terms.periodS < terms.windowS) revert BadPeriod(terms.periodS, terms.windowS);
        uint256 latest = block.timestamp + MAX_DURATION_S;
        if (terms.startsAt <= block.timestamp || terms.startsAt > latest) revert BadStart(terms.startsAt, block.timestamp, latest);
        dealId = ++count;
        Deal storage deal = _deals[dealId];
        (deal.seller, deal.price, deal.kind, deal.state, deal.totalWh) = (msg.sender, terms.price, Kind.Future, State.Proposed, uint96(totalWh));
        (deal.startsAt, deal.windowS, deal.periodS, deal.count) = (terms.startsAt, terms.windowS, terms.periodS, terms.count);
        deal.endsAt = terms.startsAt + terms.windowS;
        (deal.feeBps, deal.closeBps) = _feesNow();
        deal.leastLifeS = uint24(_leastLifeS());
        uint256 bond = (totalWh * terms.price * parameters.get(BOND)) / BPS;
        if (bond > type(uint96).max) revert BondTooLarge(bond, type(uint96).max);
        deal.bond = uint96(bond);
        emit FutureProposed(dealId, msg.sender, terms, bond, deal.feeBps, deal.closeBps, deal.leastLifeS);
        _takeMoney(msg.sender, bond);
    }

    /// @inheritdoc IEnergyDeals
    function withdrawProposal(uint256 dealId) external {
        Deal storage deal = _in(dealId, State.Proposed);
        _only(deal.seller);
        deal.state = State.Settled;
        owed[msg.sender] += deal.bond;
        emit ProposalWithdrawn(dealId);
    }

    /// @inheritdoc IEnergyDeals
    function acceptFuture(uint256 dealId) external nonReentrant whenNotPaused {
        Deal storage deal = _in(dealId, State.Proposed);
        if (deal.seller == msg.sender) revert OwnDeal(dealId);
        if (block.timestamp >= deal.startsAt) revert WrongTime(0, deal.startsAt, block.timestamp);
        (deal.buyer, deal.state) = (msg.sender, State.Open);
        _opened(dealId, deal);
        _takeMoney(msg.sender, uint256(deal.totalWh) * deal.price);
    }

    /// @inheritdoc IEnergyDeals
    function deliver(uint256 dealId) external nonReentrant whenNotPaused {
        Deal storage deal = _in(dealId, State.Open);
        _only(deal.seller);
        if (deal.kind != Kind.Future) revert StateForbids(dealId, deal.state);
        uint256 opens = uint256(deal.startsAt) + uint256(deal.delivered) * deal.periodS;
        if (block.timestamp < opens || block.timestamp >= deal.endsAt) revert WrongTime(opens, deal.endsAt, block.timestamp);
        uint96 amountWh = _instalmentWh(deal);
        deal.deliveredWh += amountWh;
        _instalments[dealId][++deal.delivered] = Instalment(uint40(block.timestamp), State.Ended);
        deal.endsAt += deal.periodS;
        emit Delivered(dealId, amountWh, deal.deliveredWh);
        _payDue(dealId, deal, PAID_WITH_DELIVERY);
        if (deal.delivered == deal.count) {
            // Nothing is left that could be disputed but the instalments.
            _end(dealId, deal, false, false);
            _settle(dealId, deal, BPS);
        }
        energy.escrowIn(msg.sender, dealId, amountWh, block.timestamp + deal.leastLifeS);
        energy.escrowOut(dealId, deal.buyer, amountWh);
    }

    /// @inheritdoc IEnergyDeals
    function endDeal(uint256 dealId) external nonReentrant {
        Deal storage deal = _in(dealId, State.Open);
        if (block.timestamp < deal.endsAt) revert WrongTime(deal.endsAt, type(uint256).max, block.timestamp);
        bool future = deal.kind == Kind.Future;
        _end(dealId, deal, future, !future);
    }

    /// @inheritdoc IEnergyDeals
    function payInstalments(uint256 dealId) external nonReentrant {
        if (_payDue(dealId, _deals[dealId], MAX_PAID_AT_ONCE) == 0) revert NothingDue(dealId);
    }

    /// @inheritdoc IEnergyDeals
    function disputeInstalment(uint256 dealId, uint256 number, bytes32 reason) external nonReentrant {
        Instalment storage instalment = _instalmentIn(dealId, number, State.Ended);
        // By the record the seller is paid for it in full: only the buyer has something to dispute.
        _only(_deals[dealId].buyer);
        uint256 madeAt = instalment.since;
        if (block.timestamp >= madeAt + DISPUTE_S) revert WrongTime(madeAt, madeAt + DISPUTE_S, block.timestamp);
        (instalment.since, instalment.state) = (uint40(block.timestamp), State.Disputed);
        emit InstalmentDisputed(dealId, number, msg.sender, reason);
    }

    /// @inheritdoc IEnergyDeals
    function resolveInstalment(uint256 dealId, uint256 number, uint256 sellerBps) external restricted nonReentrant {
        Instalment storage instalment = _instalmentIn(dealId, number, State.Disputed);
        Deal storage deal = _deals[dealId];
        _judge(dealId, deal, instalment.since, sellerBps, false);
        emit InstalmentResolved(dealId, number, sellerBps, msg.sender);
        _payInstalment(dealId, deal, number, sellerBps);
    }

    /// @inheritdoc IEnergyDeals
    function settleInstalment(uint256 dealId, uint256 number) external nonReentrant {
        uint256 from = _instalmentIn(dealId, number, State.Disputed).since + ARBITER_S;
        if (block.timestamp < from) revert WrongTime(from, type(uint256).max, block.timestamp);
        _payInstalment(dealId, _deals[dealId], number, BPS);
    }

    // ── disputes and payment ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IEnergyDeals
    function dispute(uint256 dealId, bytes32 reason) external nonReentrant {
        Deal storage deal = _deals[dealId];
        if (deal.state != State.Open && deal.state != State.Ended) revert StateForbids(dealId, deal.state);
        if (deal.state == State.Open) {
            // Only the buyer may stop a running deal by a dispute: the seller would escape his obligation and keep his bond.
            _only(deal.buyer);
            bool missed = deal.kind == Kind.Future && block.timestamp >= deal.endsAt;
            _end(dealId, deal, missed, !missed);
        } else {
            // By the record the seller gets all but the bond of a delivery he missed: nothing else is his to dispute.
            if (!deal.defaulted || msg.sender != deal.seller) _only(deal.buyer);
            if (block.timestamp >= deal.endsAt + DISPUTE_S) revert WrongTime(deal.endsAt, deal.endsAt + DISPUTE_S, block.timestamp);
        }
        (deal.state, deal.disputedBySeller) = (State.Disputed, msg.sender == deal.seller);
        deal.endsAt = uint40(block.timestamp);
        emit Disputed(dealId, msg.sender, reason);
    }

    /// @inheritdoc IEnergyDeals
    function resolve(uint256 dealId, uint256 sellerBps) external restricted nonReentrant {
        Deal storage deal = _in(dealId, State.Disputed);
        _judge(dealId, deal, deal.endsAt, sellerBps, deal.disputedBySeller);
        emit DisputeResolved(dealId, sellerBps, msg.sender);
        _settle(dealId, deal, sellerBps);
    }

    /// @inheritdoc IEnergyDeals
    function settleDeal(uint256 dealId) external nonReentrant {
        Deal storage deal = _deals[dealId];
        if (deal.state != State.Ended && deal.state != State.Disputed) revert StateForbids(dealId, deal.state);
        uint256 from = deal.endsAt + (deal.state == State.Ended ? DISPUTE_S : ARBITER_S);
        if (block.timestamp < from) revert WrongTime(from, type(uint256).max, block.timestamp);
        _settle(dealId, deal, deal.defaulted ? 0 : BPS);
    }

    /// @inheritdoc IEnergyDeals
    function getAuction(uint256 auctionId) external view returns (Auction memory) {
        return _auctions[auctionId];
    }

    /// @inheritdoc IEnergyDeals
    function getDeal(uint256 dealId) external view returns (Deal memory) {
        return _deals[dealId];
    }

    /// @inheritdoc IEnergyDeals
    function getInstalment(uint256 dealId, uint256 number) external view returns (Instalment memory) {
        return _instalments[dealId][number];
    }

    /// @inheritdoc IEnergyDeals
    function escrowOf(uint256 dealId) external view returns (uint256) {
        Auction memory auction = _auctions[dealId];
        if (auction.seller != address(0)) return uint256(auction.price) * auction.amountWh;
        Deal storage deal = _deals[dealId];
        if (deal.state == State.None) return 0;
        if (deal.state == State.Proposed) return deal.bond;
        uint256 unpaid = uint256(deal.delivered - deal.paid) * _instalmentWh(deal) * deal.price;
        if (deal.state == State.Settled) return unpaid;
        uint256 rest = deal.kind == Kind.Future ? deal.totalWh - deal.deliveredWh : deal.totalWh;
        return unpaid + rest * deal.price + deal.bond;
    }

    // ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function _opened(uint256 dealId, Deal storage deal) private {
        emit DealOpened(dealId, deal.seller, deal.buyer, deal.totalWh, deal.price, deal.feeBps, deal.closeBps);
    }

    function _end(uint256 dealId, Deal storage deal, bool defaulted, bool closedByBuyer) private {
        bool returnsLots = deal.kind == Kind.Connection && deal.deliveredWh < deal.totalWh;
        // Nobody pays for leaving energy that a hold or a pause keeps from being drawn.
        if (returnsLots && (paused() || _isBlocked(energy, dealId))) closedByBuyer = false;
        (deal.state, deal.endsAt, deal.defaulted, deal.closedByBuyer) = (State.Ended, uint40(block.timestamp), defaulted, closedByBuyer);
        emit DealEnded(dealId, defaulted, closedByBuyer);
        if (returnsLots) _giveBack(energy, dealId, deal.seller);
    }

    /// @dev Deliveries are made in order, so the first that cannot be paid yet ends the walk; a disputed one is passed, and is a step too.
    function _payDue(uint256 dealId, Deal storage deal, uint256 most) private returns (uint256 steps) {
        uint256 walked = deal.walked;
        uint256 made = deal.delivered - walked;
        if (most > made) most = made;
        for (; steps < most; ++steps) {
            uint256 number = walked + steps + 1;
            Instalment memory instalment = _instalments[dealId][number];
            if (instalment.state != State.Ended) continue;
            if (block.timestamp < instalment.since + DISPUTE_S) break;
            _payInstalment(dealId, deal, number, BPS);
        }
        deal.walked = uint16(walked + steps);
    }

    function _payInstalment(uint256 dealId, Deal storage deal, uint256 number, uint256 sellerBps) private {
        _instalments[dealId][number].state = State.Settled;
        ++deal.paid;
        (uint256 toSeller, uint256 toBuyer, uint256 fee) = _pay(deal, _instalmentWh(deal), 0, 0, sellerBps);
        emit InstalmentPaid(dealId, number, toSeller, toBuyer, fee);
    }

    /// @dev What instalments do not pay: all of a connection; of a future what was not delivered, and the bond.
    function _settle(uint256 dealId, Deal storage deal, uint256 sellerBps) private {
        deal.state = State.Settled;
        if (deal.defaulted && sellerBps * 2 < BPS) _broke(deal.seller);
        uint256 deliveredWh = deal.kind == Kind.Future ? 0 : deal.deliveredWh;
        (uint256 toSeller, uint256 toBuyer, uint256 fee) = _pay(deal, deliveredWh, deal.totalWh - deal.deliveredWh, deal.bond, sellerBps);
        emit DealSettled(dealId, toSeller, toBuyer, fee);
    }

    /// @dev The one place where a deal pays. The seller gets `sellerBps` of the price of `deliveredWh` less the fee; of the price of `restWh`
    ///      the published part when the buyer closed, and `sellerBps` of that; and `bond`, of which only `sellerBps` when he defaulted. The buyer
    ///      gets all that remains.
    function _pay(Deal storage deal, uint256 deliveredWh, uint256 restWh, uint256 bond, uint256 sellerBps)
        private returns (uint256 toSeller, uint256 toBuyer, uint256 fee)
    {
        uint256 price = deal.price;
        toSeller = (deliveredWh * price * sellerBps) / BPS;
        fee = (toSeller * deal.feeBps) / BPS;
        toSeller -= fee;
        if (deal.closedByBuyer) toSeller += (restWh * price * deal.closeBps * sellerBps) / (BPS * BPS);
        toSeller += deal.defaulted ? (bond * sellerBps) / BPS : bond;
        toBuyer = (deliveredWh + restWh) * price + bond - toSeller - fee;
        fees += fee;
        owed[deal.seller] += toSeller;
        owed[deal.buyer] += toBuyer;
        if (deliveredWh == 0) return (toSeller, toBuyer, fee);
        _kept(deal.seller, deliveredWh);
        _kept(deal.buyer, deliveredWh);
    }

    /// @dev Of a deal that was disputed at `since`. A seller who gets less than half has lost; a buyer only when he disputed it himself and the
    ///      seller gets more than half.
    function _judge(uint256 dealId, Deal storage deal, uint256 since, uint256 sellerBps, bool bySeller) private {
        if (msg.sender == deal.seller || msg.sender == deal.buyer) revert OwnDeal(dealId);
        if (sellerBps > BPS) revert BadShare(sellerBps);
        if (block.timestamp >= since + ARBITER_S) revert WrongTime(since, since + ARBITER_S, block.timestamp);
        if (sellerBps * 2 < BPS) _lost(deal.seller);
        else if (sellerBps * 2 > BPS && !bySeller) _lost(deal.buyer);
    }

    /// @dev Wh of one delivery: the total was made of equal ones.
    function _instalmentWh(Deal storage deal) private view returns (uint96) {
        return deal.totalWh / deal.count;
    }

    /// @dev Fees now in force; what is agreed keeps them.
    function _feesNow() private view returns (uint16 feeBps, uint16 closeBps) {
        return (_feeBps(), uint16(parameters.get(CLOSE_FEE)));
    }

    function _announce(uint256 auctionId, Auction memory auction) private {
        emit AuctionCreated(
            auctionId, auction.seller, auction.amountWh, auction.reservePrice, auction.endsAt, auction.drawUntil, auction.feeBps, auction.closeBps
        );
    }

    function _in(uint256 dealId, State needed) private view returns (Deal storage deal) {
        deal = _deals[dealId];
        if (deal.state != needed) revert StateForbids(dealId, deal.state);
    }

    function _instalmentIn(uint256 dealId, uint256 number, State needed) private view returns (Instalment storage instalment) {
        instalment = _instalments[dealId][number];
        if (instalment.state != needed) revert InstalmentForbids(dealId, number, instalment.state);
    }

    function _only(address party) private view {
        if (msg.sender != party) revert NotParty(party, msg.sender);
    }
}
