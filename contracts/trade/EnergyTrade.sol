// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Governed} from "../access/Governed.sol";
import {Parameters} from "../access/Parameters.sol";
import {IGridManagement} from "../grid/IGridManagement.sol";
import {IVintageToken} from "../token/IVintageToken.sol";
import {IEnergyTrade} from "./IEnergyTrade.sol";
import {TradeBase} from "./TradeBase.sol";

/// @title EnergyTrade: the one owner of offers and group purchases
/// @notice See {IEnergyTrade} and {ITrade}. Energy and credits of an offer lie in its own escrow account inside their token, so that
///         vintages of different offers never mix; money lies here.
/// @custom:source this project, docs/decisions/0002-ledger-contracts.md, points 5 to 7
contract EnergyTrade is IEnergyTrade, TradeBase {
    using SafeERC20 for IERC20;

    struct Day {
        uint128 volumeWh;
        uint128 paid;
    }

    /// @notice A condition is judged on a grid report no older than this, s.
    uint256 public constant GRID_MAX_AGE_S = 300;
    /// @dev Escrow numbers: offers count from 1, groups lie above.
    uint256 private constant GROUP = 1 << 128;

    /// @notice Carbon credits, the other way to pay.
    IVintageToken public immutable credits;
    /// @notice Where conditions are read.
    IGridManagement public immutable grid;

    /// @inheritdoc IEnergyTrade
    uint256 public offerCount;
    mapping(uint256 offerId => Offer) private _offers;
    /// @inheritdoc IEnergyTrade
    mapping(uint256 offerId => address) public partnerOf;
    Group[] private _groups;
    /// @inheritdoc IEnergyTrade
    mapping(uint256 groupId => mapping(address member => uint256)) public pledgeOf;
    /// @inheritdoc IEnergyTrade
    mapping(uint256 day => Day) public dayOf;

    constructor(
        address authority_, IVintageToken energy_, IVintageToken credits_, IERC20 money_, IGridManagement grid_, Parameters parameters_
    ) Governed(authority_) TradeBase(energy_, money_, parameters_) {
        (credits, grid) = (credits_, grid_);
    }

    // ── offers ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IEnergyTrade
    function createOffer(uint256 amount, uint256 price, uint256 duration, bool isSelling) external returns (uint256) {
        if (amount > type(uint96).max || price > type(uint64).max || duration > MAX_DURATION_S) revert BadTerms(amount, price, duration);
        Terms memory terms;
        (terms.amountWh, terms.price, terms.durationS, terms.isSelling) = (uint96(amount), uint64(price), uint40(duration), isSelling);
        return _create(terms);
    }

    /// @inheritdoc IEnergyTrade
    function createOfferWith(Terms calldata terms) external returns (uint256) {
        return _create(terms);
    }

    /// @inheritdoc IEnergyTrade
    function executeTrade(uint256 offerId, uint256 amount) external nonReentrant whenNotPaused returns (bool) {
        Offer memory offer = _openOffer(offerId);
        if (offer.maker == msg.sender) revert OwnOffer(offerId);
        if (offer.hasPartner && partnerOf[offerId] != msg.sender) revert PartnerOnly(offerId, partnerOf[offerId], msg.sender);
        _reduce(offerId, offer, amount);
        IGridManagement.Snapshot memory report = grid.snapshot();
        _requireCondition(offerId, offer, report);

        (address seller, address buyer) = offer.isSelling ? (offer.maker, msg.sender) : (msg.sender, offer.maker);
        uint256 cost = amount * offer.price;
        uint256 fee = 0;
        // Energy first, then payment: neither token calls back, and the guard stands before both.
        if (offer.isSelling) {
            energy.escrowOut(offerId, buyer, amount);
        } else {
            _energyFrom(seller, offerId, buyer, amount);
        }
        if (offer.pay == Pay.Money) {
            fee = (cost * offer.feeBps) / BPS;
            fees += fee;
            if (offer.isSelling) {
                _takeMoney(buyer, fee);
                money.safeTransferFrom(buyer, seller, cost - fee);
            } else {
                money.safeTransfer(seller, cost - fee);
            }
            _count(amount, cost);
        } else {
            if (offer.isSelling) credits.escrowIn(buyer, offerId, cost);
            credits.escrowOut(offerId, seller, cost);
        }
        _kept(seller, amount);
        _kept(buyer, amount);
        emit TradeExecuted(offerId, seller, buyer, amount, cost, fee, report.frequencyMHz, report.voltageMV, report.reportedAt);
        return true;
    }

    /// @inheritdoc IEnergyTrade
    function closeOffer(uint256 offerId) external nonReentrant {
        Offer memory offer = _offers[offerId];
        if (offer.maker == address(0)) revert UnknownOffer(offerId);
        if (offer.maker != msg.sender && block.timestamp < offer.expiresAt) revert NotParty(offer.maker, msg.sender);
        delete _offers[offerId];
        emit OfferClosed(offerId, offer.amountWh);
        if (offer.isSelling) _returnLots(energy, offerId, offer.maker);
        else if (offer.pay == Pay.Credits) _returnLots(credits, offerId, offer.maker);
        else owed[offer.maker] += uint256(offer.amountWh) * offer.price;
    }

    // ── groups ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IEnergyTrade
    function openGroup(uint256 offerId, uint96 targetWh, uint40 durationS) external whenNotPaused returns (uint256 groupId) {
        Offer memory offer = _openOffer(offerId);
        bool plain = offer.isSelling && offer.pay == Pay.Money && !offer.hasPartner && !offer.gridBalanced && offer.metric == Metric.None;
        if (!plain) revert NotForGroups(offerId);
        if (targetWh == 0 || targetWh > offer.amountWh) revert AmountNotOffered(offerId, targetWh, offer.amountWh);
        uint256 deadline = block.timestamp + durationS;
        if (durationS == 0 || deadline > offer.expiresAt) revert BadTerms(targetWh, offer.price, durationS);
        _groups.push(Group(offerId, targetWh, 0, offer.price, uint40(deadline), false));
        groupId = _groups.length;
        emit GroupOpened(groupId, offerId, targetWh, deadline, msg.sender);
    }

    /// @inheritdoc IEnergyTrade
    function joinGroup(uint256 groupId, uint96 amountWh) external nonReentrant whenNotPaused {
        Group storage group = _group(groupId);
        if (group.executed || block.timestamp >= group.deadline) revert GroupNotOpen(groupId, group.executed, group.deadline);
        Offer memory offer = _openOffer(group.offerId);
        if (offer.maker == msg.sender) revert OwnOffer(group.offerId);
        uint256 left = group.targetWh - group.pledgedWh;
        if (amountWh == 0 || amountWh > left) revert AmountNotOffered(group.offerId, amountWh, left);
        group.pledgedWh += amountWh;
        pledgeOf[groupId][msg.sender] += amountWh;
        emit GroupJoined(groupId, msg.sender, amountWh);
        _takeMoney(msg.sender, uint256(amountWh) * offer.price);
    }

    /// @inheritdoc IEnergyTrade
    function leaveGroup(uint256 groupId) external nonReentrant {
        Group storage group = _group(groupId);
        if (group.executed) revert GroupNotOpen(groupId, true, group.deadline);
        uint256 pledged = _takePledge(groupId);
        group.pledgedWh -= uint96(pledged);
        owed[msg.sender] += pledged * group.price;
        emit GroupLeft(groupId, msg.sender, pledged);
    }

    /// @inheritdoc IEnergyTrade
    function executeGroup(uint256 groupId) external nonReentrant whenNotPaused {
        Group storage group = _group(groupId);
        if (group.executed || block.timestamp >= group.deadline) revert GroupNotOpen(groupId, group.executed, group.deadline);
        if (group.pledgedWh < group.targetWh) revert TargetNotReached(groupId, group.pledgedWh, group.targetWh);
        group.executed = true;
        Offer memory offer = _openOffer(group.offerId);
        uint256 amount = group.targetWh;
        _reduce(group.offerId, offer, amount);
        uint256 cost = amount * offer.price;
        uint256 fee = (cost * offer.feeBps) / BPS;
        fees += fee;
        owed[offer.maker] += cost - fee;
        _count(amount, cost);
        _kept(offer.maker, amount);
        emit GroupExecuted(groupId, amount, cost);
        energy.escrowOut(group.offerId, energy.escrowAccount(address(this), GROUP + groupId), amount);
    }

    /// @inheritdoc IEnergyTrade
    function claimGroup(uint256 groupId) external nonReentrant {
        if (!_group(groupId).executed) revert GroupNotExecuted(groupId);
        uint256 pledged = _takePledge(groupId);
        _kept(msg.sender, pledged);
        emit GroupClaimed(groupId, msg.sender, pledged);
        energy.escrowOut(GROUP + groupId, msg.sender, pledged);
    }

    // ── views ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IEnergyTrade
    function getOffer(uint256 offerId) external view returns (Offer memory) {
        return _offers[offerId];
    }

    /// @inheritdoc IEnergyTrade
    function getGroup(uint256 groupId) external view returns (Group memory) {
        return _group(groupId);
    }

    // ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function _create(Terms memory terms) private nonReentrant whenNotPaused returns (uint256 offerId) {
        if (terms.amountWh == 0 || terms.price == 0 || terms.durationS == 0 || terms.durationS > MAX_DURATION_S) {
            revert BadTerms(terms.amountWh, terms.price, terms.durationS);
        }
        offerId = ++offerCount;
        uint40 expiresAt = uint40(block.timestamp + terms.durationS);
        _offers[offerId] = Offer({
            maker: msg.sender, amountWh: terms.amountWh, price: terms.price, expiresAt: expiresAt, feeBps: _feeBps(),
            isSelling: terms.isSelling, pay: terms.pay, gridBalanced: terms.gridBalanced, atLeast: terms.atLeast, metric: terms.metric,
            threshold: terms.threshold, hasPartner: terms.partner != address(0)
        });
        if (terms.partner != address(0)) partnerOf[offerId] = terms.partner;
        _announce(offerId, terms, expiresAt);

        uint256 cost = uint256(terms.amountWh) * terms.price;
        if (terms.isSelling) {
            _requireLivesUntil(energy, energy.escrowIn(msg.sender, offerId, terms.amountWh), expiresAt);
        } else if (terms.pay == Pay.Money) {
            _takeMoney(msg.sender, cost);
        } else {
            _requireLivesUntil(credits, credits.escrowIn(msg.sender, offerId, cost), expiresAt);
        }
    }

    function _announce(uint256 offerId, Terms memory terms, uint256 expiresAt) private {
        uint256 feeBps = _offers[offerId].feeBps;
        emit OfferCreated(offerId, msg.sender, terms.amountWh, terms.price, expiresAt, feeBps, terms.isSelling, terms.pay);
        if (!terms.gridBalanced && terms.metric == Metric.None && terms.partner == address(0)) return;
        emit OfferConditions(offerId, terms.partner, terms.gridBalanced, terms.metric, terms.atLeast, terms.threshold);
    }

    /// @dev What is set aside must outlive the offer, or the other side would take an offer that cannot be kept.
    function _requireLivesUntil(IVintageToken token, uint256 oldest, uint256 expiresAt) private view {
        uint256 first = token.expiryOf(oldest);
        if (first < expiresAt) revert EnergyExpiresFirst(expiresAt, first);
    }

    function _openOffer(uint256 offerId) private view returns (Offer memory offer) {
        offer = _offers[offerId];
        if (offer.maker == address(0)) revert UnknownOffer(offerId);
        if (block.timestamp >= offer.expiresAt) revert OfferExpired(offerId, offer.expiresAt);
    }

    function _reduce(uint256 offerId, Offer memory offer, uint256 amount) private {
        if (amount == 0 || amount > offer.amountWh) revert AmountNotOffered(offerId, amount, offer.amountWh);
        if (amount == offer.amountWh) delete _offers[offerId];
        else _offers[offerId].amountWh = offer.amountWh - uint96(amount);
    }

    function _requireCondition(uint256 offerId, Offer memory offer, IGridManagement.Snapshot memory report) private view {
        if (!offer.gridBalanced && offer.metric == Metric.None) return;
        if (report.reportedAt + GRID_MAX_AGE_S < block.timestamp) revert StaleGrid(report.reportedAt);
        int256 imbalanceW = int256(uint256(report.demandW)) - int256(uint256(report.supplyW));
        if (offer.gridBalanced && (offer.isSelling ? imbalanceW <= 0 : imbalanceW >= 0)) revert ConditionNotMet(offerId, imbalanceW, 0);
        if (offer.metric == Metric.None) return;
        int256 value = imbalanceW;
        if (offer.metric == Metric.FrequencyMHz) value = int256(uint256(report.frequencyMHz));
        else if (offer.metric == Metric.VoltageMV) value = int256(uint256(report.voltageMV));
        else if (offer.metric == Metric.DemandW) value = int256(uint256(report.demandW));
        else if (offer.metric == Metric.SupplyW) value = int256(uint256(report.supplyW));
        if (offer.atLeast ? value < offer.threshold : value > offer.threshold) revert ConditionNotMet(offerId, value, offer.threshold);
    }

    /// @dev Through the offer's escrow account: its allowance is the one a seller gives this contract.
    function _energyFrom(address seller, uint256 offerId, address buyer, uint256 amount) private {
        energy.escrowIn(seller, offerId, amount);
        energy.escrowOut(offerId, buyer, amount);
    }

    function _count(uint256 amount, uint256 cost) private {
        Day storage day = dayOf[block.timestamp / 1 days];
        day.volumeWh += uint128(amount);
        day.paid += uint128(cost);
    }

    function _group(uint256 groupId) private view returns (Group storage) {
        if (groupId == 0 || groupId > _groups.length) revert UnknownGroup(groupId);
        return _groups[groupId - 1];
    }

    function _takePledge(uint256 groupId) private returns (uint256 pledged) {
        pledged = pledgeOf[groupId][msg.sender];
        if (pledged == 0) revert NotInGroup(groupId, msg.sender);
        pledgeOf[groupId][msg.sender] = 0;
    }
}
