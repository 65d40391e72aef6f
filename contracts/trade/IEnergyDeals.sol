// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IEnergyDeals: trades that take time: timed auctions with a connection, futures and recurring deliveries, disputes
/// @notice Units as in {ITrade}. The whole price of a deal lies in escrow from its beginning, so whoever delivers is always covered. A connection
///         is paid once, after its end; of a future each delivery is an instalment of its own, paid when its time for disputes is over,
///         while the deal goes on. Connections' energy lies in escrow too.
/// @custom:source this project, docs/decisions/0002-ledger-contracts.md, point 7
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

    /// @notice Energy is auctioned; it lies in escrow.
    /// @param auctionId number of the auction, from 1, and of the deal it becomes
    /// @param seller who sells
    /// @param amountWh Wh
    /// @param reservePrice least price, milli-cents per kWh
    /// @param endsAt unix time at which bids close, s
    /// @param drawUntil unix time at which the connection ends, s
    event AuctionCreated(uint256 indexed auctionId, address indexed seller, uint256 amountWh, uint256 reservePrice, uint256 endsAt, uint256 drawUntil);
    /// @notice A higher bid was placed; the one before is owed back.
    /// @param auctionId number of the auction, from 1, and of the deal it becomes
    /// @param bidder who bids
    /// @param price milli-cents per kWh
    /// @param endsAt unix time at which bids close now, s
    event BidPlaced(uint256 indexed auctionId, address indexed bidder, uint256 price, uint256 endsAt);
    /// @notice An auction is over: a connection is open, or the energy went back.
    /// @param auctionId number of the auction, from 1, and of the deal it becomes
    /// @param winner highest bidder; zero: nobody has bid
    /// @param price highest bid, milli-cents per kWh; 0: nobody has bid
    /// @param dealId number of the deal it became; 0: nobody has bid
    event AuctionSettled(uint256 indexed auctionId, address indexed winner, uint256 price, uint256 indexed dealId);
    /// @notice A future or recurring delivery waits for a buyer.
    /// @param dealId number of the deal, from 1
    /// @param seller who sells
    /// @param terms amount of a delivery (Wh), price (milli-cents per kWh), times (s) and number of deliveries
    /// @param bond micro-cents the seller sets aside
    /// @param feeBps trading fee, hundredths of a per cent
    /// @param closeBps the seller's part of what a buyer closes, hundredths of a per cent
    event FutureProposed(
        uint256 indexed dealId, address indexed seller, FutureTerms terms, uint256 bond, uint256 feeBps, uint256 closeBps
    );
    /// @notice A proposal was withdrawn before anybody accepted it.
    /// @param dealId number of the deal, from 1
    event ProposalWithdrawn(uint256 indexed dealId);
    /// @notice A deal runs; its whole price is in escrow.
    /// @param dealId number of the deal, from 1
    /// @param seller who sells
    /// @param buyer who buys
    /// @param totalWh all deliveries together, Wh
    /// @param price milli-cents per kWh
    /// @param feeBps trading fee, hundredths of a per cent
    /// @param closeBps the seller's part of what a buyer closes, hundredths of a per cent
    event DealOpened(
        uint256 indexed dealId, address indexed seller, address indexed buyer, uint256 totalWh, uint256 price, uint256 feeBps, uint256 closeBps
    );
    /// @notice Of a future: the next instalment, number `deliveredWh / amountWh`, was made.
    /// @param dealId number of the deal, from 1
    /// @param amountWh of this delivery, Wh
    /// @param deliveredWh delivered so far, Wh
    event Delivered(uint256 indexed dealId, uint256 amountWh, uint256 deliveredWh);
    /// @notice A delivery was disputed; the deal goes on.
    /// @param dealId number of the deal, from 1
    /// @param number number of the delivery, from 1
    /// @param by who did it
    /// @param reason hash or short text of what is disputed
    event InstalmentDisputed(uint256 indexed dealId, uint256 indexed number, address indexed by, bytes32 reason);
    /// @notice The arbiter decided over a delivery.
    /// @param dealId number of the deal, from 1
    /// @param number number of the delivery, from 1
    /// @param sellerBps the seller's part of what is disputed, hundredths of a per cent
    /// @param by who did it
    event InstalmentResolved(uint256 indexed dealId, uint256 indexed number, uint256 sellerBps, address indexed by);
    /// @notice The price of a delivery was divided.
    /// @param dealId number of the deal, from 1
    /// @param number number of the delivery, from 1
    /// @param toSeller micro-cents owed to the seller by it
    /// @param toBuyer micro-cents owed to the buyer by it
    /// @param fee micro-cents, rounded down
    event InstalmentPaid(uint256 indexed dealId, uint256 indexed number, uint256 toSeller, uint256 toBuyer, uint256 fee);
    /// @notice A deal is over and may still be disputed.
    /// @param dealId number of the deal, from 1
    /// @param defaulted true: the seller missed a delivery
    /// @param closedByBuyer true: the buyer stopped it, or let its time pass
    event DealEnded(uint256 indexed dealId, bool defaulted, bool closedByBuyer);
    /// @notice A deal was disputed; the arbiter decides.
    /// @param dealId number of the deal, from 1
    /// @param by who did it
    /// @param reason hash or short text of what is disputed
    event Disputed(uint256 indexed dealId, address indexed by, bytes32 reason);
    /// @notice The arbiter decided over a deal.
    /// @param dealId number of the deal, from 1
    /// @param sellerBps the seller's part of what is disputed, hundredths of a per cent
    /// @param by who did it
    event DisputeResolved(uint256 indexed dealId, uint256 sellerBps, address indexed by);
    /// @notice A deal was paid out, of a future what instalments had not paid.
    /// @param dealId number of the deal, from 1
    /// @param toSeller micro-cents owed to the seller by it
    /// @param toBuyer micro-cents owed to the buyer by it
    /// @param fee micro-cents, rounded down
    event DealSettled(uint256 indexed dealId, uint256 toSeller, uint256 toBuyer, uint256 fee);

    /// @notice Auction `auctionId` is not open.
    /// @param auctionId number of the auction, from 1, and of the deal it becomes
    error UnknownAuction(uint256 auctionId);
    /// @notice The next bid must be at least `least` milli-cents per kWh; `price` is less.
    /// @param auctionId number of the auction, from 1, and of the deal it becomes
    /// @param price milli-cents per kWh
    /// @param least least price of the next bid, milli-cents per kWh
    error BidTooLow(uint256 auctionId, uint256 price, uint256 least);
    /// @notice The seller cannot bid on or buy what is his, and nobody decides a dispute of his own.
    /// @param id number of the auction or deal
    error OwnDeal(uint256 id);
    /// @notice Deal `dealId` is `state`, which does not allow this.
    /// @param dealId number of the deal, from 1
    /// @param state state it is in
    error StateForbids(uint256 dealId, State state);
    /// @notice Instalment `number` of deal `dealId` is `state`, which does not allow this.
    /// @param dealId number of the deal, from 1
    /// @param number number of the delivery, from 1
    /// @param state state it is in
    error InstalmentForbids(uint256 dealId, uint256 number, State state);
    /// @notice No instalment of deal `dealId` can be paid yet.
    /// @param dealId number of the deal, from 1
    error NothingDue(uint256 dealId);
    /// @notice `amountWh` is 0 or more than the `leftWh` left.
    /// @param dealId number of the deal, from 1
    /// @param amountWh Wh
    /// @param leftWh what is left of it, Wh
    error AmountNotLeft(uint256 dealId, uint256 amountWh, uint256 leftWh);
    /// @notice The energy expires at `energyExpiresAt`, before the connection ends at `drawUntil`.
    /// @param drawUntil unix time at which the connection ends, s
    /// @param energyExpiresAt unix time at which the first of the energy expires, s
    error EnergyExpiresFirst(uint256 drawUntil, uint256 energyExpiresAt);
    /// @notice Deliveries every `periodS` (s) would overlap: each may take `windowS` (s).
    /// @param periodS between the beginnings of two deliveries, s
    /// @param windowS time for each delivery, s
    error BadPeriod(uint256 periodS, uint256 windowS);
    /// @notice The first delivery may begin after `from`, until `until`, not at `startsAt`.
    /// @param startsAt unix time at which the first delivery was to begin, s
    /// @param from unix time it must be after, s
    /// @param until unix time it may be at most, s
    error BadStart(uint256 startsAt, uint256 from, uint256 until);
    /// @notice A bond of `bond` micro-cents is more than the `max` that can be kept.
    /// @param bond micro-cents the seller sets aside
    /// @param max most micro-cents a bond can be
    error BondTooLarge(uint256 bond, uint256 max);
    /// @notice A share of `bps` hundredths of a per cent is more than all.
    /// @param bps hundredths of a per cent
    error BadShare(uint256 bps);

    /// @notice Auctions energy: the highest bid wins when its time is over, and opens a connection. Sets the energy aside.
    /// @param amountWh Wh
    /// @param reservePrice least price, milli-cents per kWh
    /// @param durationS time for bids, s; a bid in the last 5 minutes extends it to 5 minutes, by 1 hour in all at most
    /// @param drawS time the winner has to draw, s
    /// @return auctionId number of the auction, from 1
    function createAuction(uint96 amountWh, uint64 reservePrice, uint40 durationS, uint40 drawS) external returns (uint256 auctionId);

    /// @notice Bids and sets the money aside; the bidder before gets his back. At least 1 % above the last bid.
    /// @param auctionId number of the auction, from 1, and of the deal it becomes
    /// @param price milli-cents per kWh, for all of it
    function bid(uint256 auctionId, uint64 price) external;

    /// @notice After its time: opens the winner's connection, or returns the energy when nobody has bid. Anyone.
    /// @param auctionId number of the auction, from 1, and of the deal it becomes
    /// @return dealId 0: nobody has bid
    function settleAuction(uint256 auctionId) external returns (uint256 dealId);

    /// @notice Confirms that `amountWh` of a connection has arrived, and takes the tokens. Buyer.
    /// @param dealId number of the deal, from 1
    /// @param amountWh Wh, at most what is left
    function draw(uint256 dealId, uint96 amountWh) external;

    /// @notice Stops drawing: a connection, or the deliveries of a future not yet made. The seller gets the published part of their price,
    ///         unless he has missed a delivery: then the buyer gets his bond. Buyer.
    /// @param dealId number of the deal, from 1
    function closeConnection(uint256 dealId) external;

    /// @notice Proposes a future or a recurring delivery and sets a bond aside.
    /// @param terms amount of a delivery (Wh), price (milli-cents per kWh), times (s) and number of deliveries
    /// @return dealId number of the deal, from 1
    function proposeFuture(FutureTerms calldata terms) external returns (uint256 dealId);

    /// @notice Withdraws a proposal nobody has accepted. Seller.
    /// @param dealId number of the deal, from 1
    function withdrawProposal(uint256 dealId) external;

    /// @notice Accepts a proposal and sets the whole price of all deliveries aside.
    /// @param dealId number of the deal, from 1
    function acceptFuture(uint256 dealId) external;

    /// @notice Makes the next delivery of a future within its window: the tokens go to the buyer. Pays up to two earlier instalments whose time
    ///         for disputes is over; after the last delivery the bond returns at once. Seller.
    /// @param dealId number of the deal, from 1
    function deliver(uint256 dealId) external;

    /// @notice Ends a deal whose time is over: a connection not fully drawn, or a future with a missed delivery. Anyone.
    /// @param dealId number of the deal, from 1
    function endDeal(uint256 dealId) external;

    /// @notice Pays the instalments whose time for disputes is over, oldest first, at most 32; disputed ones are passed. Anyone.
    /// @param dealId number of the deal, from 1
    function payInstalments(uint256 dealId) external;

    /// @notice Disputes one delivery of a future within a day of it; the deal goes on. Buyer or seller.
    /// @param dealId number of the deal, from 1
    /// @param number its number, from 1
    /// @param reason hash or short text of what is disputed
    function disputeInstalment(uint256 dealId, uint256 number, bytes32 reason) external;

    /// @notice Decides a dispute over one delivery. Role: ARBITER, who is neither buyer nor seller.
    /// @param dealId number of the deal, from 1
    /// @param number number of the delivery, from 1
    /// @param sellerBps the seller's part of its price, hundredths of a per cent; the rest returns to the buyer
    function resolveInstalment(uint256 dealId, uint256 number, uint256 sellerBps) external;

    /// @notice Pays a disputed delivery to the seller when the arbiter did not decide in time. Anyone.
    /// @param dealId number of the deal, from 1
    /// @param number number of the delivery, from 1
    function settleInstalment(uint256 dealId, uint256 number) external;

    /// @notice Disputes a deal: the buyer while it runs, which stops it; buyer or seller within a day of its end. Of a future this is about
    ///         what was not delivered: the closing part, or the bond of a missed delivery.
    /// @param dealId number of the deal, from 1
    /// @param reason hash or short text of what is disputed
    function dispute(uint256 dealId, bytes32 reason) external;

    /// @notice Decides a dispute over a deal. Role: ARBITER, who is neither buyer nor seller.
    /// @param dealId number of the deal, from 1
    /// @param sellerBps the seller's part of what is disputed (the price of what a connection delivered, the closing part, the bond of a missed
    ///        delivery), hundredths of a per cent; the rest goes to the buyer
    function resolve(uint256 dealId, uint256 sellerBps) external;

    /// @notice Pays out a connection, or what is left of a future: after the time for disputes, or by the record when the arbiter did not decide
    ///         in time. By the record the bond of a missed delivery is the buyer's. Anyone.
    /// @param dealId number of the deal, from 1
    function settleDeal(uint256 dealId) external;

    /// @notice An auction.
    /// @param auctionId number of the auction, from 1, and of the deal it becomes
    /// @return seller, energy (Wh), prices (milli-cents per kWh), times (unix time, s) and the highest bidder
    function getAuction(uint256 auctionId) external view returns (Auction memory);

    /// @notice A deal.
    /// @param dealId number of the deal, from 1
    /// @return parties, state, price (milli-cents per kWh), energy (Wh), bond (micro-cents), times (s) and fees (hundredths of a per cent)
    function getDeal(uint256 dealId) external view returns (Deal memory);

    /// @notice A delivery of a future.
    /// @param dealId number of the deal, from 1
    /// @param number its number, from 1
    /// @return its state and since when (unix time, s)
    function getInstalment(uint256 dealId, uint256 number) external view returns (Instalment memory);

    /// @notice Money in escrow for an auction or a deal: the highest bid; or the bond, the price of what may still be delivered, and of what
    ///         was delivered and is not yet paid. micro-cents.
    /// @param dealId number of the deal, from 1
    /// @return micro-cents
    function escrowOf(uint256 dealId) external view returns (uint256);

    /// @notice Number of auctions and deals ever made (they share their numbers).
    /// @return number of the last one made
    function count() external view returns (uint256);
}
