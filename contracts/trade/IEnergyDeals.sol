// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IEnergyDeals: trades that take time: timed auctions with a connection, futures and recurring deliveries, disputes
/// @notice Units as in {ITrade}. The whole price of a deal lies in escrow from its beginning, so whoever delivers is always covered. A connection
///         is paid once, after its end; of a future each delivery is an instalment of its own, paid when its time for disputes is over,
///         while the deal goes on. Connections' energy lies in escrow too.
interface IEnergyDeals {
    enum Kind { Connection, Future }
    /// @notice Proposed: waits for a buyer. Open: runs. Ended: over, may still be disputed. Disputed: the arbiter decides. Settled: paid out.
    ///         Of a future this is the state of what was not delivered and of the bond; its instalments have their own.
    enum State { None, Proposed, Open, Ended, Disputed, Settled }

    struct Auction {
        address seller; // zero: settled or never made
        uint96 amountWh;
        uint64 reservePrice;
        uint40 endsAt;
        uint40 drawUntil; // the connection it opens runs until then
        address bidder; // highest so far
        uint64 price;
    }

    struct Deal {
        address seller;
        uint64 price;
        Kind kind;
        State state;
        address buyer;
        uint96 totalWh;
        uint96 deliveredWh;
        uint96 bond; // the seller's, micro-cents
        uint40 endsAt; // Open: last moment of the running delivery or of the connection; Ended: when it ended
        bool defaulted; // the seller missed a delivery
        bool closedByBuyer;
        uint40 startsAt; // Future: first delivery window opens
        uint32 windowS;
        uint32 periodS;
        uint16 count; // deliveries
        uint16 delivered;
        uint16 paid; // instalments paid out
        uint16 walked; // instalments that `payInstalments` has passed: paid, or disputed and paid apart
        uint16 feeBps; // fixed when the deal was proposed
        uint16 closeBps;
    }

    /// @notice One delivery of a future. None: not made. Ended: made, may still be disputed. Disputed, Settled: as for deals.
    struct Instalment {
        uint40 since; // Ended: when it was made; Disputed: when it was disputed
        State state;
    }

    struct FutureTerms {
        uint96 amountWh; // of one delivery
        uint64 price; // milli-cents per kWh
        uint40 startsAt; // s
        uint32 windowS; // time for each delivery
        uint32 periodS; // between the beginnings of two deliveries; at least windowS
        uint16 count; // 1: a future; more: a recurring delivery
    }

    event AuctionCreated(uint256 indexed auctionId, address indexed seller, uint256 amountWh, uint256 reservePrice, uint256 endsAt, uint256 drawUntil);
    event BidPlaced(uint256 indexed auctionId, address indexed bidder, uint256 price, uint256 endsAt);
    event AuctionSettled(uint256 indexed auctionId, address indexed winner, uint256 price, uint256 indexed dealId);
    event FutureProposed(
        uint256 indexed dealId, address indexed seller, FutureTerms terms, uint256 bond, uint256 feeBps, uint256 closeBps
    );
    event ProposalWithdrawn(uint256 indexed dealId);
    event DealOpened(
        uint256 indexed dealId, address indexed seller, address indexed buyer, uint256 totalWh, uint256 price, uint256 feeBps, uint256 closeBps
    );
    /// @notice Of a future: the next instalment, number `deliveredWh / amountWh`, was made.
    event Delivered(uint256 indexed dealId, uint256 amountWh, uint256 deliveredWh);
    event InstalmentDisputed(uint256 indexed dealId, uint256 indexed number, address indexed by, bytes32 reason);
    event InstalmentResolved(uint256 indexed dealId, uint256 indexed number, uint256 sellerBps, address indexed by);
    event InstalmentPaid(uint256 indexed dealId, uint256 indexed number, uint256 toSeller, uint256 toBuyer, uint256 fee);
    event DealEnded(uint256 indexed dealId, bool defaulted, bool closedByBuyer);
    event Disputed(uint256 indexed dealId, address indexed by, bytes32 reason);
    event DisputeResolved(uint256 indexed dealId, uint256 sellerBps, address indexed by);
    event DealSettled(uint256 indexed dealId, uint256 toSeller, uint256 toBuyer, uint256 fee);

    /// @notice Auction `auctionId` is not open.
    error UnknownAuction(uint256 auctionId);
    /// @notice The next bid must be at least `least` milli-cents per kWh; `price` is less.
    error BidTooLow(uint256 auctionId, uint256 price, uint256 least);
    /// @notice The seller cannot bid on or buy what is his, and nobody decides a dispute of his own.
    error OwnDeal(uint256 id);
    /// @notice Deal `dealId` is `state`, which does not allow this.
    error StateForbids(uint256 dealId, State state);
    /// @notice Instalment `number` of deal `dealId` is `state`, which does not allow this.
    error InstalmentForbids(uint256 dealId, uint256 number, State state);
    /// @notice No instalment of deal `dealId` can be paid yet.
    error NothingDue(uint256 dealId);
    /// @notice `amountWh` is 0 or more than the `leftWh` left.
    error AmountNotLeft(uint256 dealId, uint256 amountWh, uint256 leftWh);
    /// @notice The energy expires at `energyExpiresAt`, before the connection ends at `drawUntil`.
    error EnergyExpiresFirst(uint256 drawUntil, uint256 energyExpiresAt);
    /// @notice Deliveries every `periodS` (s) would overlap: each may take `windowS` (s).
    error BadPeriod(uint256 periodS, uint256 windowS);
    /// @notice The first delivery may begin after `from`, until `until`, not at `startsAt`.
    error BadStart(uint256 startsAt, uint256 from, uint256 until);
    /// @notice A bond of `bond` micro-cents is more than the `max` that can be kept.
    error BondTooLarge(uint256 bond, uint256 max);
    /// @notice A share of `bps` hundredths of a per cent is more than all.
    error BadShare(uint256 bps);

    /// @notice Auctions energy: the highest bid wins when its time is over, and opens a connection. Sets the energy aside.
    /// @param amountWh Wh
    /// @param reservePrice least price, milli-cents per kWh
    /// @param durationS time for bids, s; a bid in the last 5 minutes extends it to 5 minutes, by 1 hour in all at most
    /// @param drawS time the winner has to draw, s
    function createAuction(uint96 amountWh, uint64 reservePrice, uint40 durationS, uint40 drawS) external returns (uint256 auctionId);

    /// @notice Bids and sets the money aside; the bidder before gets his back. At least 1 % above the last bid.
    function bid(uint256 auctionId, uint64 price) external;

    /// @notice After its time: opens the winner's connection, or returns the energy when nobody has bid. Anyone.
    /// @return dealId 0: nobody has bid
    function settleAuction(uint256 auctionId) external returns (uint256 dealId);

    /// @notice Confirms that `amountWh` of a connection has arrived, and takes the tokens. Buyer.
    function draw(uint256 dealId, uint96 amountWh) external;

    /// @notice Stops drawing: a connection, or the deliveries of a future not yet made. The seller gets the published part of their price,
    ///         unless he has missed a delivery: then the buyer gets his bond. Buyer.
    function closeConnection(uint256 dealId) external;

    /// @notice Proposes a future or a recurring delivery and sets a bond aside.
    function proposeFuture(FutureTerms calldata terms) external returns (uint256 dealId);

    /// @notice Withdraws a proposal nobody has accepted. Seller.
    function withdrawProposal(uint256 dealId) external;

    /// @notice Accepts a proposal and sets the whole price of all deliveries aside.
    function acceptFuture(uint256 dealId) external;

    /// @notice Makes the next delivery of a future within its window: the tokens go to the buyer. Pays up to two earlier instalments whose time
    ///         for disputes is over; after the last delivery the bond returns at once. Seller.
    function deliver(uint256 dealId) external;

    /// @notice Ends a deal whose time is over: a connection not fully drawn, or a future with a missed delivery. Anyone.
    function endDeal(uint256 dealId) external;

    /// @notice Pays the instalments whose time for disputes is over, oldest first, at most 32; disputed ones are passed. Anyone.
    function payInstalments(uint256 dealId) external;

    /// @notice Disputes one delivery of a future within a day of it; the deal goes on. Buyer or seller.
    /// @param number of the delivery, from 1
    function disputeInstalment(uint256 dealId, uint256 number, bytes32 reason) external;

    /// @notice Decides a dispute over one delivery. Role: ARBITER, who is neither buyer nor seller.
    /// @param sellerBps the seller's part of its price, hundredths of a per cent; the rest returns to the buyer
    function resolveInstalment(uint256 dealId, uint256 number, uint256 sellerBps) external;

    /// @notice Pays a disputed delivery to the seller when the arbiter did not decide in time. Anyone.
    function settleInstalment(uint256 dealId, uint256 number) external;

    /// @notice Disputes a deal: the buyer while it runs, which stops it; buyer or seller within a day of its end. Of a future this is about
    ///         what was not delivered: the closing part, or the bond of a missed delivery.
    function dispute(uint256 dealId, bytes32 reason) external;

    /// @notice Decides a dispute over a deal. Role: ARBITER, who is neither buyer nor seller.
    /// @param sellerBps the seller's part of what is disputed (the price of what a connection delivered, the closing part, the bond of a missed
    ///        delivery), hundredths of a per cent; the rest goes to the buyer
    function resolve(uint256 dealId, uint256 sellerBps) external;

    /// @notice Pays out a connection, or what is left of a future: after the time for disputes, or by the record when the arbiter did not decide
    ///         in time. By the record the bond of a missed delivery is the buyer's. Anyone.
    function settleDeal(uint256 dealId) external;

    /// @notice An auction.
    function getAuction(uint256 auctionId) external view returns (Auction memory);

    /// @notice A deal.
    function getDeal(uint256 dealId) external view returns (Deal memory);

    /// @notice A delivery of a future.
    /// @param number from 1
    function getInstalment(uint256 dealId, uint256 number) external view returns (Instalment memory);

    /// @notice Money in escrow for an auction or a deal: the highest bid; or the bond, the price of what may still be delivered, and of what
    ///         was delivered and is not yet paid. micro-cents.
    function escrowOf(uint256 dealId) external view returns (uint256);

    /// @notice Number of auctions and deals ever made (they share their numbers).
    function count() external view returns (uint256);
}
