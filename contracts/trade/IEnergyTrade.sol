// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IEnergyTrade: offers for energy tokens, spot, conditional, grid-balanced, and group purchases
/// @notice Units as in {ITrade}. An offer may be paid in money or in carbon credits.
/// @custom:source this project, docs/decisions/0002-ledger-contracts.md, points 5 to 7
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

    /// @notice An offer stands; what it needs lies in escrow.
    /// @param offerId number of the offer, from 1
    /// @param maker who made it
    /// @param amountWh Wh
    /// @param price milli-cents per kWh, or g CO2e per kWh
    /// @param expiresAt unix time at which it ends, s
    /// @param feeBps trading fee, hundredths of a per cent
    /// @param isSelling true: its maker sells
    /// @param pay money or carbon credits
    event OfferCreated(
        uint256 indexed offerId, address indexed maker, uint256 amountWh, uint256 price, uint256 expiresAt, uint256 feeBps, bool isSelling, Pay pay
    );
    /// @notice Follows `OfferCreated` when the offer has a condition or a partner.
    /// @param offerId number of the offer, from 1
    /// @param partner the only one who may take it; zero: anybody
    /// @param gridBalanced true: only while it helps the grid's balance
    /// @param metric figure of the grid report it looks at
    /// @param atLeast true: the figure must be at least the threshold; false: at most
    /// @param threshold in the unit of the metric, mHz, mV or W
    event OfferConditions(
        uint256 indexed offerId, address indexed partner, bool gridBalanced, Metric metric, bool atLeast, int256 threshold
    );
    /// @notice Grid frequency and voltage are those of the latest report when it was executed; `gridReportedAt` 0: none yet.
    /// @param offerId number of the offer, from 1
    /// @param seller who sold
    /// @param buyer who bought
    /// @param amountWh Wh
    /// @param cost amount times price, exactly: micro-cents, or mg of credits
    /// @param fee micro-cents, rounded down
    /// @param frequencyMHz of the latest grid report, mHz
    /// @param voltageMV of the latest grid report, mV
    /// @param gridReportedAt unix time of that report, s; 0: none yet
    event TradeExecuted(
        uint256 indexed offerId, address indexed seller, address indexed buyer, uint256 amountWh, uint256 cost, uint256 fee,
        uint256 frequencyMHz, uint256 voltageMV, uint256 gridReportedAt
    );
    /// @notice An offer was closed; what was set aside went back.
    /// @param offerId number of the offer, from 1
    /// @param amountWhLeft not executed, Wh
    event OfferClosed(uint256 indexed offerId, uint256 amountWhLeft);
    /// @notice A group purchase of part of a sale was opened.
    /// @param groupId number of the group, from 1
    /// @param offerId number of the offer, from 1
    /// @param targetWh bought when this much is pledged, Wh
    /// @param deadline unix time until which it can buy, s
    /// @param by who opened it
    event GroupOpened(uint256 indexed groupId, uint256 indexed offerId, uint256 targetWh, uint256 deadline, address indexed by);
    /// @notice A member pledged; the money is set aside.
    /// @param groupId number of the group, from 1
    /// @param member who pledged
    /// @param amountWh Wh
    event GroupJoined(uint256 indexed groupId, address indexed member, uint256 amountWh);
    /// @notice A member took a pledge back.
    /// @param groupId number of the group, from 1
    /// @param member who pledged
    /// @param amountWh Wh
    event GroupLeft(uint256 indexed groupId, address indexed member, uint256 amountWh);
    /// @notice A group has bought; members claim their parts.
    /// @param groupId number of the group, from 1
    /// @param amountWh Wh
    /// @param cost micro-cents, from what the members had set aside
    event GroupExecuted(uint256 indexed groupId, uint256 amountWh, uint256 cost);
    /// @notice A member took his part.
    /// @param groupId number of the group, from 1
    /// @param member who pledged
    /// @param amountWh Wh
    event GroupClaimed(uint256 indexed groupId, address indexed member, uint256 amountWh);

    /// @notice No open offer `offerId`.
    /// @param offerId number of the offer, from 1
    error UnknownOffer(uint256 offerId);
    /// @notice Offer `offerId` expired at `expiresAt`.
    /// @param offerId number of the offer, from 1
    /// @param expiresAt unix time at which it ends, s
    error OfferExpired(uint256 offerId, uint256 expiresAt);
    /// @notice Offer `offerId` has `leftWh` left; `amountWh` is 0 or more.
    /// @param offerId number of the offer, from 1
    /// @param amountWh Wh
    /// @param leftWh not yet executed, Wh
    error AmountNotOffered(uint256 offerId, uint256 amountWh, uint256 leftWh);
    /// @notice Offer `offerId` is for `partner` only.
    /// @param offerId number of the offer, from 1
    /// @param partner the only one who may take it; zero: anybody
    /// @param caller who called
    error PartnerOnly(uint256 offerId, address partner, address caller);
    /// @notice The grid does not meet the condition of offer `offerId`: the metric reads `value`.
    /// @param offerId number of the offer, from 1
    /// @param value figure of the grid report, mHz, mV or W
    /// @param threshold in the unit of the metric, mHz, mV or W
    error ConditionNotMet(uint256 offerId, int256 value, int256 threshold);
    /// @notice The latest grid report is of `reportedAt`: too old to decide on a condition.
    /// @param reportedAt unix time of the report, s; 0: none yet
    error StaleGrid(uint256 reportedAt);
    /// @notice `expiresAt` of the offer lies after the first of its energy expires at `energyExpiresAt`.
    /// @param expiresAt unix time at which it ends, s
    /// @param energyExpiresAt unix time at which the first of it expires, s
    error EnergyExpiresFirst(uint256 expiresAt, uint256 energyExpiresAt);
    /// @notice The maker cannot take his own offer.
    /// @param offerId number of the offer, from 1
    error OwnOffer(uint256 offerId);
    /// @notice No group `groupId`.
    /// @param groupId number of the group, from 1
    error UnknownGroup(uint256 groupId);
    /// @notice Group `groupId` has bought (`executed`), or its time was over at `deadline`.
    /// @param groupId number of the group, from 1
    /// @param executed true: it has bought
    /// @param deadline unix time until which it can buy, s
    error GroupNotOpen(uint256 groupId, bool executed, uint256 deadline);
    /// @notice Group `groupId` has not bought: there is nothing to hand out.
    /// @param groupId number of the group, from 1
    error GroupNotExecuted(uint256 groupId);
    /// @notice Groups buy from open sales for money without partner or condition.
    /// @param offerId number of the offer, from 1
    error NotForGroups(uint256 offerId);
    /// @notice Group `groupId` has `pledgedWh` of `targetWh`.
    /// @param groupId number of the group, from 1
    /// @param pledgedWh pledged so far, Wh
    /// @param targetWh bought when this much is pledged, Wh
    error TargetNotReached(uint256 groupId, uint256 pledgedWh, uint256 targetWh);
    /// @notice `member` has nothing in group `groupId`.
    /// @param groupId number of the group, from 1
    /// @param member who pledged
    error NotInGroup(uint256 groupId, address member);

    /// @notice Offers at a fixed price for money and sets aside what it needs: energy for a sale, money for a purchase.
    /// @param amount Wh
    /// @param price milli-cents per kWh
    /// @param duration s
    /// @param isSelling true: the caller sells
    /// @return offerId number of the offer, from 1
    function createOffer(uint256 amount, uint256 price, uint256 duration, bool isSelling) external returns (uint256 offerId);

    /// @notice As `createOffer`, with conditions, partner and way of payment.
    /// @param terms amount (Wh), price (milli-cents or g CO2e per kWh), time (s), conditions, partner and way of payment
    /// @return offerId number of the offer, from 1
    function createOfferWith(Terms calldata terms) external returns (uint256 offerId);

    /// @notice Takes an offer, whole or in part. Settles at once.
    /// @param offerId number of the offer, from 1
    /// @param amount Wh
    /// @return ok always true; refusals revert and say why
    /// @custom:source this project, docs/decisions/0002-ledger-contracts.md, points 6 and 7
    function executeTrade(uint256 offerId, uint256 amount) external returns (bool ok);

    /// @notice Closes an offer and returns what is set aside. The maker at any time; anyone once it has expired.
    /// @param offerId number of the offer, from 1
    function closeOffer(uint256 offerId) external;

    /// @notice Opens a group purchase of part of a sale.
    /// @param offerId number of the offer, from 1
    /// @param targetWh bought when this much is pledged
    /// @param durationS s, ending before the offer does
    /// @return groupId number of the group, from 1
    function openGroup(uint256 offerId, uint96 targetWh, uint40 durationS) external returns (uint256 groupId);

    /// @notice Pledges for a group and sets the money aside.
    /// @param groupId number of the group, from 1
    /// @param amountWh Wh, at most what the target still lacks
    function joinGroup(uint256 groupId, uint96 amountWh) external;

    /// @notice Takes a pledge back while the group has not bought.
    /// @param groupId number of the group, from 1
    function leaveGroup(uint256 groupId) external;

    /// @notice Buys for the group when its target is reached. Anyone.
    /// @param groupId number of the group, from 1
    function executeGroup(uint256 groupId) external;

    /// @notice Hands a member his part of what the group bought.
    /// @param groupId number of the group, from 1
    function claimGroup(uint256 groupId) external;

    /// @notice An offer; `maker` zero: closed or never made.
    /// @param offerId number of the offer, from 1
    /// @return maker, energy left (Wh), price (milli-cents or g CO2e per kWh), expiry (unix time, s), fee (hundredths of a per cent) and conditions
    function getOffer(uint256 offerId) external view returns (Offer memory);

    /// @notice The account an offer is reserved for; zero: anybody.
    /// @param offerId number of the offer, from 1
    /// @return the account; zero: anybody
    function partnerOf(uint256 offerId) external view returns (address);

    /// @notice Number of offers ever made.
    /// @return number of the last offer
    function offerCount() external view returns (uint256);

    /// @notice A group.
    /// @param groupId number of the group, from 1
    /// @return offer, target and pledges (Wh), price (milli-cents per kWh), deadline (unix time, s) and whether it has bought
    function getGroup(uint256 groupId) external view returns (Group memory);

    /// @notice Wh a member has pledged.
    /// @param groupId number of the group, from 1
    /// @param member who pledged
    /// @return Wh
    function pledgeOf(uint256 groupId, address member) external view returns (uint256);

    /// @notice Price statistics of a day (time / 86,400 s): Wh traded for money, micro-cents paid, last price.
    /// @param day number of the day, unix time / 86,400 s
    /// @return volumeWh Wh
    /// @return paid micro-cents
    function dayOf(uint256 day) external view returns (uint128 volumeWh, uint128 paid);
}
