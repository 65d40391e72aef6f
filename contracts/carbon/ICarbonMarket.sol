// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVintageToken} from "../token/IVintageToken.sol";

/// @title ICarbonMarket: order book with price discovery, by pairs, and sale of certificate bundles
/// @notice A pair trades a vintage token for money. Amounts come in lots (1 g CO2e, or 1 Wh); price times lots is the cost exactly, in
///         micro-cents: credits are priced in milli-cents per kg, energy in milli-cents per kWh.
/// @custom:source this project, docs/decisions/0002-ledger-contracts.md and docs/contracts-security.md
interface ICarbonMarket {
    struct Pair {
        IVintageToken base;
        uint64 lot; // smallest units of base in one lot
        uint64 lastPrice; // 0: no trade yet
        uint64 leastLots; // smallest order
    }

    struct Order {
        address maker; // zero: closed
        uint64 price;
        bool isBuying;
        uint16 pairId;
        uint64 lots; // not yet filled
        uint64 next; // the order behind it on its side of the book
        uint64 previous;
    }

    struct Day {
        uint64 open;
        uint64 high;
        uint64 low;
        uint64 close;
        uint128 lots;
        uint128 paid; // micro-cents; paid / lots is the mean price
    }

    /// @notice A token can be traded for money.
    /// @param pairId number of the pair, from 1
    /// @param base the vintage token that is traded
    /// @param lot smallest units of the token in one lot (1000 mg of credits, 1 Wh of energy)
    event PairListed(uint256 indexed pairId, IVintageToken indexed base, uint256 lot);
    /// @notice An order came in; what it fills at once follows as events of its own.
    /// @param orderId number of the order, from 1; it names its escrow account too
    /// @param pairId number of the pair, from 1
    /// @param maker who placed it
    /// @param isBuying true: it buys the token for money
    /// @param lots amount in lots
    /// @param price limit, milli-cents per kg or per kWh
    event OrderPlaced(uint256 indexed orderId, uint256 indexed pairId, address indexed maker, bool isBuying, uint256 lots, uint256 price);
    /// @notice A standing order was filled, whole or in part.
    /// @param orderId number of the standing order
    /// @param pairId number of the pair, from 1
    /// @param taker whose order filled it
    /// @param lots amount filled, in lots
    /// @param price at which it was filled, that of the standing order: milli-cents per kg or per kWh
    event OrderFilled(uint256 indexed orderId, uint256 indexed pairId, address indexed taker, uint256 lots, uint256 price);
    /// @notice Follows `OrderFilled` with the fee that was kept.
    /// @param pairId number of the pair, from 1
    /// @param makerId number of the standing order that was filled
    /// @param fee part of the trade's cost kept for the community, micro-cents, rounded down
    event FeeTaken(uint256 indexed pairId, uint256 indexed makerId, uint256 fee);
    /// @notice The smallest order of a pair was set.
    /// @param pairId number of the pair, from 1
    /// @param lots smallest order from now on, in lots
    event LeastSet(uint256 indexed pairId, uint256 lots);
    /// @notice An order is not in the book, or not any more.
    /// @param orderId number of the order, from 1; it names its escrow account too
    /// @param lotsLeft amount not filled, in lots
    event OrderClosed(uint256 indexed orderId, uint256 lotsLeft);
    /// @notice A bundle of certificates lies here for sale.
    /// @param bundleId number of the bundle of certificates
    /// @param seller who listed it
    /// @param price micro-cents for the whole bundle
    event BundleListed(uint256 indexed bundleId, address indexed seller, uint256 price);
    /// @notice A listed bundle changed hands.
    /// @param bundleId number of the bundle of certificates
    /// @param seller who listed it
    /// @param buyer who bought it
    /// @param price micro-cents for the whole bundle
    /// @param fee micro-cents of it kept for the community
    event BundleSold(uint256 indexed bundleId, address indexed seller, address indexed buyer, uint256 price, uint256 fee);
    /// @notice A listed bundle went back to its seller.
    /// @param bundleId number of the bundle of certificates
    event BundleDelisted(uint256 indexed bundleId);

    /// @notice No pair `pairId`.
    /// @param pairId number of the pair, from 1
    error UnknownPair(uint256 pairId);
    /// @notice `lots` are fewer than the pair's least, or `price` (milli-cents per kg or kWh) is 0.
    /// @param lots amount in lots
    /// @param price limit, milli-cents per kg or per kWh
    error BadOrder(uint256 lots, uint256 price);
    /// @notice Order `orderId` buys, or sells what it can still deliver: it stays in the book.
    /// @param orderId number of the order, from 1; it names its escrow account too
    error Deliverable(uint256 orderId);
    /// @notice Order `orderId` is closed or was never made.
    /// @param orderId number of the order, from 1; it names its escrow account too
    error UnknownOrder(uint256 orderId);
    /// @notice `caller` did not make order or listing `id`; `maker` did.
    /// @param id number of the order or bundle
    /// @param maker who placed or listed it
    /// @param caller who called
    error NotMaker(uint256 id, address maker, address caller);
    /// @notice Order `orderId` at the top of the book is the caller's own: close it first.
    /// @param orderId number of the order, from 1; it names its escrow account too
    error SelfTrade(uint256 orderId);
    /// @notice The place in the book is more than `steps` orders away from the hint: read the book and give a better one.
    /// @param hint number of the order given as a hint; 0: none
    /// @param steps number of orders one call walks past, at most
    error BadHint(uint256 hint, uint256 steps);
    /// @notice Bundle `bundleId` is not listed.
    /// @param bundleId number of the bundle of certificates
    error NotListed(uint256 bundleId);
    /// @notice Bundle `bundleId` costs `price`, more than `max`.
    /// @param bundleId number of the bundle of certificates
    /// @param price micro-cents for the whole bundle
    /// @param max most the buyer would pay, micro-cents
    error TooDear(uint256 bundleId, uint256 price, uint256 max);

    /// @notice Lists a pair. Role: ADMIN.
    /// @param base the vintage token that is traded
    /// @param lot smallest units of the token in one lot (1000 mg of credits, 1 Wh of energy)
    /// @return pairId number of the new pair, from 1
    function listPair(IVintageToken base, uint64 lot) external returns (uint256 pairId);

    /// @notice Sets the smallest order of a pair, in lots, so that dust cannot fill its book. Standing orders stay. Role: ADMIN.
    /// @param pairId number of the pair, from 1
    /// @param lots smallest order from now on, in lots; at least 1
    function setLeast(uint256 pairId, uint64 lots) external;

    /// @notice Places a limit order: takes the best orders of the other side first, at most `maxFills` of them; what is left stands in the
    ///         book, or, if it would still cross, is not placed.
    /// @param pairId number of the pair, from 1
    /// @param isBuying true: it buys the token for money
    /// @param lots amount in lots, at least the pair's least. The fee is the one in force when it is filled.
    /// @param price limit, milli-cents per kg or per kWh
    /// @param hint number of an open order of the same side near its place; 0: search from the best
    /// @param maxFills number of standing orders to take, at most 16
    /// @return orderId 0: nothing was left to stand
    function place(uint256 pairId, bool isBuying, uint64 lots, uint64 price, uint64 hint, uint8 maxFills) external returns (uint256 orderId);

    /// @notice Closes an order and returns what is set aside. Maker.
    /// @param orderId number of the order, from 1; it names its escrow account too
    function close(uint256 orderId) external;

    /// @notice Removes an order that can no longer deliver (its base has expired or is under a hold). Anyone.
    /// @param orderId number of the order, from 1; it names its escrow account too
    function prune(uint256 orderId) external;

    /// @notice Returns the base of a closed order that a compliance hold had kept in escrow, once the hold is lifted. Anyone.
    /// @param orderId number of the order, from 1; it names its escrow account too
    function recover(uint256 orderId) external;

    /// @notice Lists a bundle of certificates at a price. The market must be the owner's operator and holds the bundle meanwhile.
    /// @param bundleId number of the bundle of certificates
    /// @param price micro-cents for the whole bundle
    function listBundle(uint256 bundleId, uint96 price) external;

    /// @notice Buys a listed bundle for at most `maxPrice`.
    /// @param bundleId number of the bundle of certificates
    /// @param maxPrice most the caller pays for the whole bundle, micro-cents
    function buyBundle(uint256 bundleId, uint96 maxPrice) external;

    /// @notice Takes a bundle back. Seller.
    /// @param bundleId number of the bundle of certificates
    function delistBundle(uint256 bundleId) external;

    /// @notice Best prices now; 0: that side is empty.
    /// @param pairId number of the pair, from 1
    /// @return bidPrice highest price a buyer offers, milli-cents per kg or per kWh
    /// @return askPrice lowest price a seller asks, milli-cents per kg or per kWh
    function best(uint256 pairId) external view returns (uint256 bidPrice, uint256 askPrice);

    /// @notice Up to `limit` orders of a side, best first.
    /// @param pairId number of the pair, from 1
    /// @param isBuying true: it buys the token for money
    /// @param limit number of orders at most
    /// @return orderIds numbers of the orders, best first
    /// @return orders the orders themselves, in the same order
    function book(uint256 pairId, bool isBuying, uint256 limit) external view returns (uint256[] memory orderIds, Order[] memory orders);

    /// @notice Statistics of a day (time / 86,400 s).
    /// @param pairId number of the pair, from 1
    /// @param day number of the day, unix time / 86,400 s
    /// @return first, highest, lowest and last price (milli-cents per kg or kWh), lots traded and micro-cents paid
    function dayOf(uint256 pairId, uint256 day) external view returns (Day memory);

    /// @notice Mean price, weighted by amount, over `count` days up to `day`, at most 31; 0: no trade.
    /// @param pairId number of the pair, from 1
    /// @param day number of the day, unix time / 86,400 s
    /// @param count number of days, at most 31
    /// @return milli-cents per kg or per kWh, rounded down
    function meanPrice(uint256 pairId, uint256 day, uint256 count) external view returns (uint256);
}
