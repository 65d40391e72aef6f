// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVintageToken} from "../token/IVintageToken.sol";

/// @title ICarbonMarket: order book with price discovery, by pairs, and sale of certificate bundles
/// @notice A pair trades a vintage token for money. Amounts come in lots (1 g CO2e, or 1 Wh); price times lots is the cost exactly, in
///         micro-cents: credits are priced in milli-cents per kg, energy in milli-cents per kWh.
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

    event PairListed(uint256 indexed pairId, IVintageToken indexed base, uint256 lot);
    event OrderPlaced(uint256 indexed orderId, uint256 indexed pairId, address indexed maker, bool isBuying, uint256 lots, uint256 price);
    event OrderFilled(uint256 indexed orderId, uint256 indexed pairId, address indexed taker, uint256 lots, uint256 price);
    event FeeTaken(uint256 indexed pairId, uint256 indexed makerId, uint256 fee);
    event LeastSet(uint256 indexed pairId, uint256 lots);
    event OrderClosed(uint256 indexed orderId, uint256 lotsLeft);
    event BundleListed(uint256 indexed bundleId, address indexed seller, uint256 price);
    event BundleSold(uint256 indexed bundleId, address indexed seller, address indexed buyer, uint256 price, uint256 fee);
    event BundleDelisted(uint256 indexed bundleId);

    /// @notice No pair `pairId`.
    error UnknownPair(uint256 pairId);
    /// @notice `lots` are fewer than the pair's least, or `price` (milli-cents per kg or kWh) is 0.
    error BadOrder(uint256 lots, uint256 price);
    /// @notice Order `orderId` buys, or sells what it can still deliver: it stays in the book.
    error Deliverable(uint256 orderId);
    /// @notice Order `orderId` is closed or was never made.
    error UnknownOrder(uint256 orderId);
    /// @notice `caller` did not make order or listing `id`; `maker` did.
    error NotMaker(uint256 id, address maker, address caller);
    /// @notice Order `orderId` at the top of the book is the caller's own: close it first.
    error SelfTrade(uint256 orderId);
    /// @notice The place in the book is more than `steps` orders away from the hint: read the book and give a better one.
    error BadHint(uint256 hint, uint256 steps);
    /// @notice Bundle `bundleId` is not listed.
    error NotListed(uint256 bundleId);
    /// @notice Bundle `bundleId` costs `price`, more than `max`.
    error TooDear(uint256 bundleId, uint256 price, uint256 max);

    /// @notice Lists a pair. Role: ADMIN.
    function listPair(IVintageToken base, uint64 lot) external returns (uint256 pairId);

    /// @notice Sets the smallest order of a pair, in lots, so that dust cannot fill its book. Standing orders stay. Role: ADMIN.
    function setLeast(uint256 pairId, uint64 lots) external;

    /// @notice Places a limit order: takes the best orders of the other side first, at most `maxFills` of them; what is left stands in the
    ///         book, or, if it would still cross, is not placed.
    /// @param lots amount in lots, at least the pair's least. The fee is the one in force when it is filled.
    /// @param price limit, milli-cents per kg or per kWh
    /// @param hint an open order of the same side near its place; 0: search from the best
    /// @param maxFills at most 16
    /// @return orderId 0: nothing was left to stand
    function place(uint256 pairId, bool isBuying, uint64 lots, uint64 price, uint64 hint, uint8 maxFills) external returns (uint256 orderId);

    /// @notice Closes an order and returns what is set aside. Maker.
    function close(uint256 orderId) external;

    /// @notice Removes an order that can no longer deliver (its base has expired or will within the least life published, or is under a hold). Anyone.
    function prune(uint256 orderId) external;

    /// @notice Lists a bundle of certificates at a price. The market must be the owner's operator and holds the bundle meanwhile.
    /// @param price micro-cents for the whole bundle
    function listBundle(uint256 bundleId, uint96 price) external;

    /// @notice Buys a listed bundle for at most `maxPrice`.
    function buyBundle(uint256 bundleId, uint96 maxPrice) external;

    /// @notice Takes a bundle back. Seller.
    function delistBundle(uint256 bundleId) external;

    /// @notice Best prices now; 0: that side is empty.
    function best(uint256 pairId) external view returns (uint256 bidPrice, uint256 askPrice);

    /// @notice Up to `limit` orders of a side, best first.
    function book(uint256 pairId, bool isBuying, uint256 limit) external view returns (uint256[] memory orderIds, Order[] memory orders);

    /// @notice Statistics of a day (time / 86,400 s).
    function dayOf(uint256 pairId, uint256 day) external view returns (Day memory);

    /// @notice Mean price, weighted by amount, over `count` days up to `day`, at most 31; 0: no trade.
    function meanPrice(uint256 pairId, uint256 day, uint256 count) external view returns (uint256);
}
