// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IEnergyRecords: certified records of production and consumption, and renewable energy certificates of one MWh
/// @notice Energy in Wh. A record's energy is read from the meter's validated readings, never told by a caller. A renewable energy
///         certificate (REC) is one MWh of granular certificates put together; it adds no energy to what they certify.
interface IEnergyRecords {
    enum Category { None, Residential, Commercial, Industrial, CriticalLoad, Community }
    enum Flow { Production, Consumption }

    struct Record {
        uint256 meterId;
        Flow flow;
        Category category;
        uint40 certifiedAt;
        uint40 fromInterval;
        uint40 toInterval;
        uint64 energyWh;
        address certifier;
        bytes32 standard;
    }

    struct Rec {
        uint64 energyWh;
        bool sealed_;
        bool retired;
        uint16 redeemed; // bundles handed back or claimed so far
        address beneficiary;
        bytes32 purpose;
        uint40 expiresAt; // when the first of its bundles does, s
    }

    /// @notice A bundle that was locked when its REC was settled or taken apart.
    struct Left {
        uint64 recId;
        address owner; // who is to have it; zero: it is to be claimed for the REC's beneficiary
    }

    event CategorySet(uint256 indexed meterId, Category category);
    event RecordCertified(uint256 indexed recordId, uint256 indexed meterId, Flow flow, Record record);
    event RecOpened(uint256 indexed recId, address indexed owner);
    event RecFilled(uint256 indexed recId, uint256 indexed bundleId, uint256 energyWh);
    event RecSealed(uint256 indexed recId);
    event RecSettled(uint256 indexed recId, uint256 from, uint256 until);
    event RecRedeemed(uint256 indexed recId, address indexed owner, uint256 from, uint256 until);
    event BundleLeft(uint256 indexed recId, uint256 indexed bundleId, address indexed owner);
    event BundleRecovered(uint256 indexed recId, uint256 indexed bundleId);
    event RecRetired(uint256 indexed recId, address indexed beneficiary, bytes32 purpose);

    /// @notice Meter `meterId` has no category yet.
    error NoCategory(uint256 meterId);
    /// @notice Readings up to `done` of meter `meterId` are certified already; `from` must be after them and before `to`.
    error BadRange(uint256 meterId, uint256 from, uint256 to, uint256 done);
    /// @notice At most `max` bundles a call, or in one REC.
    error TooLong(uint256 length, uint256 max);
    /// @notice No energy flowed that way between the readings.
    error NothingToCertify(uint256 meterId);
    /// @notice No record `recordId`.
    error UnknownRecord(uint256 recordId);
    /// @notice `caller` does not own REC `recId`; `owner` does (zero: it was taken apart).
    error NotRecOwner(uint256 recId, address owner, address caller);
    /// @notice No REC `recId`.
    error UnknownRec(uint256 recId);
    /// @notice A REC `recId` cannot be retired for `beneficiary`, the zero address.
    error BadBeneficiary(uint256 recId, address beneficiary);
    /// @notice At most `limit` = 0 bundles of REC `recId` were to be handed back: at least 1.
    error BadLimit(uint256 recId, uint256 limit);
    /// @notice The first certificates of REC `recId` expired at `expiresAt` (s): it can only be taken apart.
    error RecExpired(uint256 recId, uint256 expiresAt);
    /// @notice Bundle `bundleId` was not left behind by a REC.
    error NotLeft(uint256 bundleId);
    /// @notice REC `recId` is not in the state this needs: whether it is sealed, whether it is retired, and how many of its bundles (`redeemed`)
    ///         were handed back or claimed.
    error WrongRecState(uint256 recId, bool isSealed, bool isRetired, uint256 redeemed);
    /// @notice REC `recId` has `energyWh`; it must be exactly 1 MWh.
    error NotOneMWh(uint256 recId, uint256 energyWh);
    /// @notice `caller` does not own bundle `bundleId`; `owner` does.
    error NotBundleOwner(uint256 bundleId, address owner, address caller);

    /// @notice Sets what kind of site a meter serves. Role: REGISTRAR.
    function setCategory(uint256 meterId, Category category) external;

    /// @notice Certifies what flowed between two validated readings of a public meter. Ranges of one meter and flow never overlap.
    ///         Role: ISSUER.
    /// @param fromReading reading the record begins after
    /// @param toReading reading the record ends with, of the same epoch
    /// @param standard short name of the standard certified against
    function certify(uint256 meterId, Flow flow, uint256 fromReading, uint256 toReading, bytes32 standard) external returns (uint256 recordId);

    /// @notice Opens an empty REC for the caller.
    function openRec() external returns (uint256 recId);

    /// @notice Puts bundles of the caller into a REC, at most 64 a call. This contract must be the caller's operator for certificates.
    function fillRec(uint256 recId, uint256[] calldata bundleIds) external;

    /// @notice Seals a REC of exactly 1 MWh, none of it expired: it can now be traded as an ERC-721 token, and only while it is sealed, not
    ///         retired and not expired.
    function sealRec(uint256 recId) external;

    /// @notice Retires a REC for a beneficiary. Its bundles are then cancelled and claimed, at most 64 a call, by `settleRec`.
    function retireRec(uint256 recId, address beneficiary, bytes32 purpose) external;

    /// @notice Cancels and claims the next bundles of a retired REC. Withdrawn ones are passed over, locked ones left for `recoverBundle`.
    ///         Anyone.
    function settleRec(uint256 recId, uint256 limit) external;

    /// @notice Takes a REC apart, which unseals it, and hands its bundles back, 1 to `limit` a call, at most 64. Withdrawn and expired ones are
    ///         passed over, locked ones left for `recoverBundle`. Owner.
    function redeemRec(uint256 recId, uint256 limit) external;

    /// @notice Hands on a bundle that was left because it was locked: to whom it was due, or claimed for the beneficiary. Anyone, once it is
    ///         unlocked.
    function recoverBundle(uint256 bundleId) external;

    /// @notice Where a left bundle goes; number 0: it was not left, or was recovered.
    function leftOf(uint256 bundleId) external view returns (uint64 recId, address owner);

    /// @notice Wh of a REC's bundles from number `offset`, at most 64, that are active and held here: what a buyer gets, certificates
    ///         withdrawn or locked meanwhile left out.
    function liveWhOf(uint256 recId, uint256 offset, uint256 limit) external view returns (uint256 liveWh);

    /// @notice A record.
    function getRecord(uint256 recordId) external view returns (Record memory);

    /// @notice A REC.
    function getRec(uint256 recId) external view returns (Rec memory);

    /// @notice Bundles ever put into a REC.
    function bundlesOf(uint256 recId) external view returns (uint256[] memory);

    /// @notice Sum certified so far for a meter and flow, Wh.
    function certifiedWh(uint256 meterId, Flow flow) external view returns (uint256);

    /// @notice Category of a meter.
    function categoryOf(uint256 meterId) external view returns (Category);

    /// @notice Number of the last reading certified for a meter and flow, plus one; 0: none. A successor's records begin there.
    function certifiedUntil(uint256 meterId, Flow flow) external view returns (uint256);

    /// @notice Number of records; ids run from 1.
    function recordCount() external view returns (uint256);
}
