// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Governed} from "../access/Governed.sol";
import {Parameters} from "../access/Parameters.sol";
import {FeeTill} from "../token/FeeTill.sol";
import {IVintageToken} from "../token/IVintageToken.sol";
import {ICarbonMarket} from "./ICarbonMarket.sol";
import {IGranularCertificate} from "./IGranularCertificate.sol";

/// @title CarbonMarket: the one owner of the order book
/// @notice See {ICarbonMarket}. Price, then time; trades happen at the price of the order that stood first. Every loop is bounded by the
///         caller's own figures, which are capped.
/// @custom:source this project, docs/decisions/0002-ledger-contracts.md and docs/contracts-security.md
contract CarbonMarket is ICarbonMarket, FeeTill {
    struct Listing {
        address seller;
        uint96 price;
    }

    struct Stranded {
        address maker;
        uint16 pairId;
    }

    /// @notice Number of orders one call takes, at most.
    uint256 public constant MAX_FILLS = 16;
    /// @notice Number of orders one call walks past to find its place, at most.
    uint256 public constant MAX_STEPS = 64;

    /// @notice The certificates whose bundles are listed here.
    IGranularCertificate public immutable certificates;

    Pair[] private _pairs;
    uint64 private _orderCount;
    mapping(uint256 orderId => Order) private _orders;
    mapping(uint256 pairId => mapping(bool isBuying => uint64 orderId)) private _best;
    mapping(uint256 pairId => mapping(uint256 day => Day)) private _days;
    /// @notice Seller of a listed bundle, and price of the whole in micro-cents; zero: not listed.
    mapping(uint256 bundleId => Listing) public listingOf;
    /// @notice Closed selling orders whose base a compliance hold kept in escrow.
    mapping(uint256 orderId => Stranded) public strandedOf;

    constructor(address authority_, IERC20 money_, Parameters parameters_, IGranularCertificate certificates_)
        Governed(authority_) FeeTill(money_, parameters_)
    {
        certificates = certificates_;
        certificates_.setPullOnly(true); // a bundle sent here unasked would belong to nobody
    }

    /// @inheritdoc ICarbonMarket
    function listPair(IVintageToken base, uint64 lot) external restricted returns (uint256 pairId) {
        if (address(base) == address(0) || lot == 0) revert BadOrder(lot, 0);
        _pairs.push(Pair(base, lot, 0, 1));
        pairId = _pairs.length;
        emit PairListed(pairId, base, lot);
    }

    /// @inheritdoc ICarbonMarket
    function setLeast(uint256 pairId, uint64 lots) external restricted {
        Pair storage pair = _pair(pairId);
        if (lots == 0) revert BadOrder(0, 0);
        pair.leastLots = lots;
        emit LeastSet(pairId, lots);
    }

    // ── order book ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ICarbonMarket
    function place(uint256 pairId, bool isBuying, uint64 lots, uint64 price, uint64 hint, uint8 maxFills)
        external nonReentrant whenNotPaused returns (uint256 orderId)
    {
        Pair storage pair = _pair(pairId);
        if (lots < pair.leastLots || price == 0) revert BadOrder(lots, price);
        orderId = ++_orderCount;
        emit OrderPlaced(orderId, pairId, msg.sender, isBuying, lots, price);
        // All that may be needed comes in first; what is not used goes back at the end.
        if (isBuying) _takeMoney(msg.sender, uint256(lots) * price);
        else pair.base.escrowIn(msg.sender, orderId, uint256(lots) * pair.lot);

        uint64 left = _match(pairId, pair, orderId, isBuying, lots, price, maxFills < MAX_FILLS ? maxFills : MAX_FILLS);
        uint64 top = _best[pairId][!isBuying];
        bool crosses = top != 0 && (isBuying ? _orders[top].price <= price : _orders[top].price >= price);
        if (left > 0 && !crosses) {
            _insert(pairId, uint64(orderId), Order(msg.sender, price, isBuying, uint16(pairId), left, 0, 0), hint);
        } else {
            emit OrderClosed(orderId, left);
            if (left > 0) {
                if (isBuying) owed[msg.sender] += uint256(left) * price;
                else pair.base.escrowOut(orderId, msg.sender, uint256(left) * pair.lot);
            }
            orderId = 0;
        }
    }

    /// @inheritdoc ICarbonMarket
    function close(uint256 orderId) external nonReentrant {
        Order memory order = _orders[orderId];
        if (order.maker == address(0)) revert UnknownOrder(orderId);
        if (order.maker != msg.sender) revert NotMaker(orderId, order.maker, msg.sender);
        _remove(orderId, order);
        emit OrderClosed(orderId, order.lots);
        _refund(orderId, order);
    }

    /// @inheritdoc ICarbonMarket
    function prune(uint256 orderId) external nonReentrant {
        Order memory order = _orders[orderId];
        if (order.maker == address(0)) revert UnknownOrder(orderId);
        if (order.isBuying || _deliverable(orderId, order) >= order.lots) revert Deliverable(orderId);
        _remove(orderId, order);
        emit OrderClosed(orderId, order.lots);
        _refund(orderId, order);
    }

    /// @inheritdoc ICarbonMarket
    function recover(uint256 orderId) external nonReentrant {
        Stranded memory stranded = strandedOf[orderId];
        if (stranded.maker == address(0)) revert UnknownOrder(orderId);
        delete strandedOf[orderId];
        IVintageToken base = _pairs[stranded.pairId - 1].base;
        base.escrowOut(orderId, stranded.maker, base.balanceOf(base.escrowAccount(address(this), orderId)));
    }

    // ── certificate bundles ─────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ICarbonMarket
    function listBundle(uint256 bundleId, uint96 price) external nonReentrant whenNotPaused {
        if (price == 0) revert BadOrder(1, 0);
        address owner = certificates.getBundle(bundleId).owner;
        if (owner != msg.sender) revert NotMaker(bundleId, owner, msg.sender);
        listingOf[bundleId] = Listing(msg.sender, price);
        emit BundleListed(bundleId, msg.sender, price);
        certificates.transfer(bundleId, address(this));
    }

    /// @inheritdoc ICarbonMarket
    function buyBundle(uint256 bundleId, uint96 maxPrice) external nonReentrant whenNotPaused {
        Listing memory listing = _takeListing(bundleId);
        if (listing.price > maxPrice) revert TooDear(bundleId, listing.price, maxPrice);
        uint256 fee = _fee(listing.price);
        fees += fee;
        owed[listing.seller] += listing.price - fee;
        emit BundleSold(bundleId, listing.seller, msg.sender, listing.price, fee);
        _takeMoney(msg.sender, listing.price);
        certificates.transfer(bundleId, msg.sender);
    }

    /// @inheritdoc ICarbonMarket
    function delistBundle(uint256 bundleId) external nonReentrant {
        Listing memory listing = _takeListing(bundleId);
        if (listing.seller != msg.sender) revert NotMaker(bundleId, listing.seller, msg.sender);
        emit BundleDelisted(bundleId);
        certificates.transfer(bundleId, msg.sender);
    }

    // ── views ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ICarbonMarket
    function best(uint256 pairId) external view returns (uint256 bidPrice, uint256 askPrice) {
        return (_orders[_best[pairId][true]].price, _orders[_best[pairId][false]].price);
    }

    /// @inheritdoc ICarbonMarket
    function book(uint256 pairId, bool isBuying, uint256 limit) external view returns (uint256[] memory orderIds, Order[] memory orders) {
        uint256 length = 0;
        for (uint64 id = _best[pairId][isBuying]; id != 0 && length < limit; id = _orders[id].next) ++length;
        (orderIds, orders) = (new uint256[](length), new Order[](length));
        uint64 cursor = _best[pairId][isBuying];
        for (uint256 i = 0; i < length; ++i) {
            (orderIds[i], orders[i]) = (cursor, _orders[cursor]);
            cursor = orders[i].next;
        }
    }

    /// @notice Number of pairs.
    /// @return number of pairs listed; they are numbered from 1
    function pairCount() external view returns (uint256) {
        return _pairs.length;
    }

    /// @notice A pair; numbers run from 1.
    /// @param pairId number of the pair, from 1
    /// @return token, lot (smallest units), price of the last trade (milli-cents per kg or kWh) and least order (lots)
    function getPair(uint256 pairId) external view returns (Pair memory) {
        return _pair(pairId);
    }

    /// @notice An order; `maker` zero: closed or never made.
    /// @param orderId number of the order, from 1
    /// @return maker, price (milli-cents per kg or kWh), side, pair, lots not yet filled and neighbours in the book
    function getOrder(uint256 orderId) external view returns (Order memory) {
        return _orders[orderId];
    }

    /// @inheritdoc ICarbonMarket
    function dayOf(uint256 pairId, uint256 day) external view returns (Day memory) {
        return _days[pairId][day];
    }

    /// @inheritdoc ICarbonMarket
    function meanPrice(uint256 pairId, uint256 day, uint256 count) external view returns (uint256) {
        uint256 lots = 0;
        uint256 paid = 0;
        for (uint256 i = 0; i < count && i < 31 && i <= day; ++i) {
            Day memory stats = _days[pairId][day - i];
            lots += stats.lots;
            paid += stats.paid;
        }
        return lots == 0 ? 0 : paid / lots;
    }

    // ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function _match(uint256 pairId, Pair storage pair, uint256 takerId, bool isBuying, uint64 lots, uint64 limit, uint256 maxFills)
        private returns (uint64 left)
    {
        left = lots;
        for (uint256 fills = 0; fills < maxFills && left > 0; ++fills) {
            uint64 makerId = _best[pairId][!isBuying];
            if (makerId == 0) break;
            Order memory maker = _orders[makerId];
            if (isBuying ? maker.price > limit : maker.price < limit) break;
            if (maker.maker == msg.sender) revert SelfTrade(makerId);
            uint64 deliverable = maker.isBuying ? maker.lots : _deliverable(makerId, maker);
            if (deliverable < maker.lots) {
                // Its base has expired or is under a hold: it cannot keep its word and leaves the book.
                _remove(makerId, maker);
                emit OrderClosed(makerId, maker.lots);
                _refund(makerId, maker);
                continue;
            }
            uint64 filled = left < maker.lots ? left : maker.lots;
            left -= filled;
            if (filled == maker.lots) _remove(makerId, maker);
            else _orders[makerId].lots = maker.lots - filled;
            emit OrderFilled(makerId, pairId, msg.sender, filled, maker.price);
            _record(pairId, pair, filled, maker.price);
            _exchange(pairId, pair, takerId, makerId, maker, isBuying, filled, limit);
        }
    }

    function _exchange(uint256 pairId, Pair storage pair, uint256 takerId, uint256 makerId, Order memory maker, bool isBuying, uint64 filled, uint64 limit) private {
        uint256 cost = uint256(filled) * maker.price;
        uint256 fee = _fee(cost);
        fees += fee;
        emit FeeTaken(pairId, makerId, fee);
        if (isBuying) {
            owed[maker.maker] += cost - fee;
            owed[msg.sender] += uint256(filled) * (limit - maker.price); // bought cheaper than the limit that was set aside
            pair.base.escrowOut(makerId, msg.sender, uint256(filled) * pair.lot);
        } else {
            owed[msg.sender] += cost - fee;
            pair.base.escrowOut(takerId, maker.maker, uint256(filled) * pair.lot);
        }
    }

    function _record(uint256 pairId, Pair storage pair, uint64 lots, uint64 price) private {
        pair.lastPrice = price;
        Day storage day = _days[pairId][block.timestamp / 1 days];
        if (day.lots == 0) (day.open, day.high, day.low) = (price, price, price);
        if (price > day.high) day.high = price;
        if (price < day.low) day.low = price;
        day.close = price;
        day.lots += lots;
        day.paid += uint128(uint256(lots) * price);
    }

    /// @dev Behind all orders of the same side that are as good: price, then time. Walks from the hint towards its place.
    function _insert(uint256 pairId, uint64 orderId, Order memory order, uint64 hint) private {
        uint64 behind = 0; // the order it will stand behind; 0: it is the best
        uint64 cursor = _best[pairId][order.isBuying];
        if (hint != 0) {
            Order memory hinted = _orders[hint];
            bool fits = hinted.maker != address(0) && hinted.pairId == pairId && hinted.isBuying == order.isBuying;
            // A hint that stands behind its place would break the order; go back from it first.
            uint64 back = fits ? hint : 0;
            uint256 steps = 0;
            while (back != 0 && !_goesBehind(order, _orders[back])) {
                if (++steps > MAX_STEPS) revert BadHint(hint, MAX_STEPS);
                back = _orders[back].previous;
            }
            if (back != 0) (behind, cursor) = (back, _orders[back].next);
        }
        for (uint256 steps = 0; cursor != 0 && _goesBehind(order, _orders[cursor]); ++steps) {
            if (steps == MAX_STEPS) revert BadHint(hint, MAX_STEPS);
            (behind, cursor) = (cursor, _orders[cursor].next);
        }
        (order.previous, order.next) = (behind, cursor);
        _orders[orderId] = order;
        if (behind == 0) _best[pairId][order.isBuying] = orderId;
        else _orders[behind].next = orderId;
        if (cursor != 0) _orders[cursor].previous = orderId;
    }

    function _goesBehind(Order memory order, Order memory other) private pure returns (bool) {
        return order.isBuying ? other.price >= order.price : other.price <= order.price;
    }

    function _remove(uint256 orderId, Order memory order) private {
        if (order.previous == 0) _best[order.pairId][order.isBuying] = order.next;
        else _orders[order.previous].next = order.next;
        if (order.next != 0) _orders[order.next].previous = order.previous;
        delete _orders[orderId];
    }

    /// @dev A buyer's money is owed to him; a seller gets the live base back, unless a hold keeps it where it is.
    function _refund(uint256 orderId, Order memory order) private {
        if (order.isBuying) {
            owed[order.maker] += uint256(order.lots) * order.price;
            return;
        }
        IVintageToken base = _pairs[order.pairId - 1].base;
        address account = base.escrowAccount(address(this), orderId);
        uint256 live = base.balanceOf(account);
        if (live == 0) return;
        if (base.isOnHold(account)) strandedOf[orderId] = Stranded(order.maker, order.pairId);
        else base.escrowOut(orderId, order.maker, live);
    }

    /// @dev Lots a selling order can still deliver.
    function _deliverable(uint256 orderId, Order memory order) private view returns (uint64) {
        Pair storage pair = _pairs[order.pairId - 1];
        address account = pair.base.escrowAccount(address(this), orderId);
        if (pair.base.isOnHold(account)) return 0;
        return uint64(pair.base.balanceOf(account) / pair.lot);
    }

    function _takeListing(uint256 bundleId) private returns (Listing memory listing) {
        listing = listingOf[bundleId];
        if (listing.seller == address(0)) revert NotListed(bundleId);
        delete listingOf[bundleId];
    }

    function _fee(uint256 cost) private view returns (uint256) {
        return (cost * _feeBps()) / BPS;
    }

    function _pair(uint256 pairId) private view returns (Pair storage) {
        if (pairId == 0 || pairId > _pairs.length) revert UnknownPair(pairId);
        return _pairs[pairId - 1];
    }
}
