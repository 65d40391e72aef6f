// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IEnergyTrade: offers for energy tokens, spot, conditional, grid-balanced, and group purchases
/// @notice Units as in {ITrade}. An offer may be paid in money or in carbon credits.
interface IEnergyTrade {
    enum Pay { Money, Credits }
    /// @notice What a condition looks at in the latest grid report. Imbalance is demand less supply, W.
    enum Metric { None, FrequencyMHz, VoltageMV, DemandW, SupplyW, ImbalanceW }

    struct Terms {
        uint96 amountWh;
        uint64 price; // milli-cents per kWh, or g CO2e per kWh
        uint40 durationS;
        bool isSelling;
        Pay pay;
        bool gridBalanced; // may be executed only when it helps: a sale while demand exceeds supply, a purchase while supply exceeds demand
        Metric metric;
        bool atLeast; // true: the metric must be at least the threshold, false: at most
        int64 threshold;
        address partner; // zero: anybody
    }

    struct Offer {
        address maker; // zero: closed
        uint96 amountWh; // not yet executed
        uint64 price;
        uint40 expiresAt;
        uint16 feeBps; // fixed when the offer was made
        bool isSelling;
        Pay pay;
        bool gridBalanced;
        bool atLeast;
        Metric metric;
        int64 threshold;
        bool hasPartner;
    }

    struct Group {
        uint256 offerId;
        uint96 targetWh;
        uint96 pledgedWh;
        uint64 price; // the offer's, kept because refunds outlive the offer
        uint40 deadline;
        bool executed;
    }

    event OfferCreated(
        uint256 indexed offerId, address indexed maker, uint256 amountWh, uint256 price, uint256 expiresAt, uint256 feeBps, bool isSelling, Pay pay
    );
    /// @notice Follows `OfferCreated` when the offer has a condition or a partner.
    event OfferConditions(
        uint256 indexed offerId, address indexed partner, bool gridBalanced, Metric metric, bool atLeast, int256 threshold
    );
    /// @notice Grid frequency and voltage are those of the latest report when it was executed; `gridReportedAt` 0: none yet.
    event TradeExecuted(
        uint256 indexed offerId, address indexed seller, address indexed buyer, uint256 amountWh, uint256 cost, uint256 fee,
        uint256 frequencyMHz, uint256 voltageMV, uint256 gridReportedAt
    );
    event OfferClosed(uint256 indexed offerId, uint256 amountWhLeft);
    event GroupOpened(uint256 indexed groupId, uint256 indexed offerId, uint256 targetWh, uint256 deadline, address indexed by);
    event GroupJoined(uint256 indexed groupId, address indexed member, uint256 amountWh);
    event GroupLeft(uint256 indexed groupId, address indexed member, uint256 amountWh);
    event GroupExecuted(uint256 indexed groupId, uint256 amountWh, uint256 cost);
    event GroupClaimed(uint256 indexed groupId, address indexed member, uint256 amountWh);

    /// @notice No open offer `offerId`.
    error UnknownOffer(uint256 offerId);
    /// @notice Offer `offerId` expired at `expiresAt`.
    error OfferExpired(uint256 offerId, uint256 expiresAt);
    /// @notice Offer `offerId` has `leftWh` left; `amountWh` is 0 or more.
    error AmountNotOffered(uint256 offerId, uint256 amountWh, uint256 leftWh);
    /// @notice Offer `offerId` is for `partner` only.
    error PartnerOnly(uint256 offerId, address partner, address caller);
    /// @notice The grid does not meet the condition of offer `offerId`: the metric reads `value`.
    error ConditionNotMet(uint256 offerId, int256 value, int256 threshold);
    /// @notice The latest grid report is of `reportedAt`: too old to decide on a condition.
    error StaleGrid(uint256 reportedAt);
    /// @notice `expiresAt` of the offer lies after the first of its energy expires at `energyExpiresAt`.
    error EnergyExpiresFirst(uint256 expiresAt, uint256 energyExpiresAt);
    /// @notice The maker cannot take his own offer.
    error OwnOffer(uint256 offerId);
    /// @notice No group `groupId`.
    error UnknownGroup(uint256 groupId);
    /// @notice Group `groupId` has bought (`executed`), or its time was over at `deadline`.
    error GroupNotOpen(uint256 groupId, bool executed, uint256 deadline);
    /// @notice Group `groupId` has not bought: there is nothing to hand out.
    error GroupNotExecuted(uint256 groupId);
    /// @notice Groups buy from open sales for money without partner or condition.
    error NotForGroups(uint256 offerId);
    /// @notice Group `groupId` has `pledgedWh` of `targetWh`.
    error TargetNotReached(uint256 groupId, uint256 pledgedWh, uint256 targetWh);
    /// @notice `member` has nothing in group `groupId`.
    error NotInGroup(uint256 groupId, address member);

    /// @notice Offers at a fixed price for money and sets aside what it needs: energy for a sale, money for a purchase.
    /// @param amount Wh
    /// @param price milli-cents per kWh
    /// @param duration s
    /// @param isSelling true: the caller sells
    /// @return offerId from 1
    function createOffer(uint256 amount, uint256 price, uint256 duration, bool isSelling) external returns (uint256 offerId);

    /// @notice As `createOffer`, with conditions, partner and way of payment.
    function createOfferWith(Terms calldata terms) external returns (uint256 offerId);

    /// @notice Takes an offer, whole or in part. Settles at once.
    /// @param amount Wh
    /// @return ok always true; refusals revert and say why
    function executeTrade(uint256 offerId, uint256 amount) external returns (bool ok);

    /// @notice Closes an offer and returns what is set aside. The maker at any time; anyone once it has expired.
    function closeOffer(uint256 offerId) external;

    /// @notice Opens a group purchase of part of a sale.
    /// @param targetWh bought when this much is pledged
    function openGroup(uint256 offerId, uint96 targetWh, uint40 durationS) external returns (uint256 groupId);

    /// @notice Pledges for a group and sets the money aside.
    function joinGroup(uint256 groupId, uint96 amountWh) external;

    /// @notice Takes a pledge back while the group has not bought.
    function leaveGroup(uint256 groupId) external;

    /// @notice Buys for the group when its target is reached. Anyone.
    function executeGroup(uint256 groupId) external;

    /// @notice Hands a member his part of what the group bought.
    function claimGroup(uint256 groupId) external;

    /// @notice An offer; `maker` zero: closed or never made.
    function getOffer(uint256 offerId) external view returns (Offer memory);

    /// @notice The account an offer is reserved for; zero: anybody.
    function partnerOf(uint256 offerId) external view returns (address);

    /// @notice Number of offers ever made.
    function offerCount() external view returns (uint256);

    /// @notice A group.
    function getGroup(uint256 groupId) external view returns (Group memory);

    /// @notice Wh a member has pledged.
    function pledgeOf(uint256 groupId, address member) external view returns (uint256);

    /// @notice Price statistics of a day (time / 86,400 s): Wh traded for money, micro-cents paid, last price.
    function dayOf(uint256 day) external view returns (uint128 volumeWh, uint128 paid);
}
