// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IEnergyDeals: trades that take time: timed auctions with a connection, futures and recurring deliveries, disputes
/// @notice Units as in {ITrade}. Money and, for connections, energy stay in escrow until the deal has ended and the time for disputes is over.
interface IEnergyDeals {
    enum Kind { Connection, Future }
    /// @notice Proposed: waits for a buyer. Open: runs. Ended: over, may still be disputed. Disputed: the arbiter decides. Settled: paid out.
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
        uint16 feeBps; // fixed when the deal was proposed
        uint16 closeBps;
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
    event FutureProposed(uint256 indexed dealId, address indexed seller, FutureTerms terms, uint256 bond);
    event ProposalWithdrawn(uint256 indexed dealId);
    event DealOpened(uint256 indexed dealId, address indexed seller, address indexed buyer, uint256 totalWh, uint256 price);
    event Delivered(uint256 indexed dealId, uint256 amountWh, uint256 deliveredWh);
    event DealEnded(uint256 indexed dealId, bool defaulted, bool closedByBuyer);
    event Disputed(uint256 indexed dealId, address indexed by, bytes32 reason);
    event DisputeResolved(uint256 indexed dealId, uint256 sellerBps, address indexed by);
    event DealSettled(uint256 indexed dealId, uint256 toSeller, uint256 toBuyer, uint256 fee);

    /// @notice Auction `auctionId` is not open.
    error UnknownAuction(uint256 auctionId);
    /// @notice The next bid must be at least `least` milli-cents per kWh; `price` is less.
    error BidTooLow(uint256 auctionId, uint256 price, uint256 least);
    /// @notice The seller cannot bid on or buy what is his.
    error OwnDeal(uint256 id);
    /// @notice Deal `dealId` is `state`, which does not allow this.
    error StateForbids(uint256 dealId, State state);
    /// @notice `amountWh` is 0 or more than the `leftWh` left.
    error AmountNotLeft(uint256 dealId, uint256 amountWh, uint256 leftWh);
    /// @notice The energy expires at `energyExpiresAt`, before the connection ends at `drawUntil`.
    error EnergyExpiresFirst(uint256 drawUntil, uint256 energyExpiresAt);
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

    /// @notice Stops drawing: a connection, or the deliveries of a future not yet made. The seller gets the published part of their price.
    ///         Buyer.
    function closeConnection(uint256 dealId) external;

    /// @notice Proposes a future or a recurring delivery and sets a bond aside.
    function proposeFuture(FutureTerms calldata terms) external returns (uint256 dealId);

    /// @notice Withdraws a proposal nobody has accepted. Seller.
    function withdrawProposal(uint256 dealId) external;

    /// @notice Accepts a proposal and sets the whole price aside.
    function acceptFuture(uint256 dealId) external;

    /// @notice Makes the next delivery of a future within its window: the tokens go to the buyer. Seller.
    function deliver(uint256 dealId) external;

    /// @notice Ends a deal whose time is over: a connection not fully drawn, or a future with a missed delivery. Anyone.
    function endDeal(uint256 dealId) external;

    /// @notice Disputes a deal: the buyer while it runs, which stops it; buyer or seller within a day of its end.
    function dispute(uint256 dealId, bytes32 reason) external;

    /// @notice Decides a dispute over the price of what was delivered. Role: ARBITER.
    /// @param sellerBps the seller's part, hundredths of a per cent; the rest returns to the buyer
    function resolve(uint256 dealId, uint256 sellerBps) external;

    /// @notice Pays a deal out: after the time for disputes, or by the record when the arbiter did not decide in time. Anyone.
    function settleDeal(uint256 dealId) external;

    /// @notice An auction.
    function getAuction(uint256 auctionId) external view returns (Auction memory);

    /// @notice A deal.
    function getDeal(uint256 dealId) external view returns (Deal memory);

    /// @notice Money in escrow for a deal: price of all deliveries, and the bond; 0 when settled. micro-cents.
    function escrowOf(uint256 dealId) external view returns (uint256);

    /// @notice Number of auctions and deals ever made (they share their numbers).
    function count() external view returns (uint256);
}
