// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IEnergyRecords: certified records of production and consumption, and renewable energy certificates of one MWh
/// @notice Energy in Wh. A record's energy is read from the meter's validated readings, never told by a caller. A renewable energy
///         certificate (REC) is one MWh of granular certificates put together; it adds no energy to what they certify.
/// @custom:source ERC-721; 1 MWh a certificate as in the EECS Rules and the I-REC Standard; records: this project,
///         docs/decisions/0002-ledger-contracts.md
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

    /// @notice The kind of site a meter serves was set.
    /// @param meterId number of the meter
    /// @param category kind of site
    event CategorySet(uint256 indexed meterId, Category category);
    /// @notice What flowed through a meter was certified; carries the whole record.
    /// @param recordId number of the record, from 1
    /// @param meterId number of the meter
    /// @param flow production is export, consumption import
    /// @param record the record as it is kept: energy (Wh), intervals of 900 s, certifier and standard
    event RecordCertified(uint256 indexed recordId, uint256 indexed meterId, Flow flow, Record record);
    /// @notice An empty REC was opened.
    /// @param recId number of the REC and of its token, from 1
    /// @param owner who owns it
    event RecOpened(uint256 indexed recId, address indexed owner);
    /// @notice A bundle was put into a REC.
    /// @param recId number of the REC and of its token, from 1
    /// @param bundleId number of the bundle of certificates
    /// @param energyWh Wh
    event RecFilled(uint256 indexed recId, uint256 indexed bundleId, uint256 energyWh);
    /// @notice A REC is whole and can be traded.
    /// @param recId number of the REC and of its token, from 1
    event RecSealed(uint256 indexed recId);
    /// @notice Bundles of a retired REC were cancelled and claimed.
    /// @param recId number of the REC and of its token, from 1
    /// @param from number of the first bundle of this step, from 0
    /// @param until number behind the last bundle of this step
    event RecSettled(uint256 indexed recId, uint256 from, uint256 until);
    /// @notice Bundles of a REC were handed back to its owner.
    /// @param recId number of the REC and of its token, from 1
    /// @param owner who owns it
    /// @param from number of the first bundle of this step, from 0
    /// @param until number behind the last bundle of this step
    event RecRedeemed(uint256 indexed recId, address indexed owner, uint256 from, uint256 until);
    /// @notice A bundle was locked when its turn came, and left for later.
    /// @param recId number of the REC and of its token, from 1
    /// @param bundleId number of the bundle of certificates
    /// @param owner who is to have it; zero: it is to be claimed for the REC's beneficiary
    event BundleLeft(uint256 indexed recId, uint256 indexed bundleId, address indexed owner);
    /// @notice A bundle that was left was handed on or claimed.
    /// @param recId number of the REC and of its token, from 1
    /// @param bundleId number of the bundle of certificates
    event BundleRecovered(uint256 indexed recId, uint256 indexed bundleId);
    /// @notice A REC was used up for somebody; its bundles are claimed after.
    /// @param recId number of the REC and of its token, from 1
    /// @param beneficiary for whom it is retired
    /// @param purpose hash or short text naming what it is retired for
    event RecRetired(uint256 indexed recId, address indexed beneficiary, bytes32 purpose);

    /// @notice Meter `meterId` has no category yet.
    /// @param meterId number of the meter
    error NoCategory(uint256 meterId);
    /// @notice Readings up to `done` of meter `meterId` are certified already; `from` must be after them and before `to`.
    /// @param meterId number of the meter
    /// @param from number of the reading it would begin after
    /// @param to number of the reading it would end with
    /// @param done number of the last reading certified, plus one
    error BadRange(uint256 meterId, uint256 from, uint256 to, uint256 done);
    /// @notice At most `max` bundles a call, or in one REC.
    /// @param length number of bundles there are
    /// @param max number of bundles there may be at most
    error TooLong(uint256 length, uint256 max);
    /// @notice No energy flowed that way between the readings.
    /// @param meterId number of the meter
    error NothingToCertify(uint256 meterId);
    /// @notice No record `recordId`.
    /// @param recordId number of the record, from 1
    error UnknownRecord(uint256 recordId);
    /// @notice `caller` does not own REC `recId`; `owner` does (zero: it was taken apart).
    /// @param recId number of the REC and of its token, from 1
    /// @param owner who owns it
    /// @param caller who called
    error NotRecOwner(uint256 recId, address owner, address caller);
    /// @notice No REC `recId`.
    /// @param recId number of the REC and of its token, from 1
    error UnknownRec(uint256 recId);
    /// @notice A REC `recId` cannot be retired for `beneficiary`, the zero address.
    /// @param recId number of the REC and of its token, from 1
    /// @param beneficiary for whom it is retired
    error BadBeneficiary(uint256 recId, address beneficiary);
    /// @notice At most `limit` = 0 bundles of REC `recId` were to be handed back: at least 1.
    /// @param recId number of the REC and of its token, from 1
    /// @param limit number of bundles it was about
    error BadLimit(uint256 recId, uint256 limit);
    /// @notice The first certificates of REC `recId` expired at `expiresAt` (s): it can only be taken apart.
    /// @param recId number of the REC and of its token, from 1
    /// @param expiresAt unix time at which the first of its certificates expired, s
    error RecExpired(uint256 recId, uint256 expiresAt);
    /// @notice Bundle `bundleId` was not left behind by a REC.
    /// @param bundleId number of the bundle of certificates
    error NotLeft(uint256 bundleId);
    /// @notice REC `recId` is not in the state this needs: whether it is sealed, whether it is retired, and how many of its bundles (`redeemed`)
    ///         were handed back or claimed.
    /// @param recId number of the REC and of its token, from 1
    /// @param isSealed true: it is whole and can be traded
    /// @param isRetired true: it was retired for somebody
    /// @param redeemed number of its bundles handed back or claimed
    error WrongRecState(uint256 recId, bool isSealed, bool isRetired, uint256 redeemed);
    /// @notice REC `recId` has `energyWh`; it must be exactly 1 MWh.
    /// @param recId number of the REC and of its token, from 1
    /// @param energyWh energy of its bundles, Wh
    error NotOneMWh(uint256 recId, uint256 energyWh);
    /// @notice `caller` does not own bundle `bundleId`; `owner` does.
    /// @param bundleId number of the bundle of certificates
    /// @param owner who owns it
    /// @param caller who called
    error NotBundleOwner(uint256 bundleId, address owner, address caller);

    /// @notice Sets what kind of site a meter serves. Role: REGISTRAR.
    /// @param meterId number of the meter
    /// @param category kind of site
    function setCategory(uint256 meterId, Category category) external;

    /// @notice Certifies what flowed between two validated readings of a public meter. Ranges of one meter and flow never overlap.
    ///         Role: ISSUER.
    /// @param meterId number of the meter
    /// @param flow production is export, consumption import
    /// @param fromReading number of the reading the record begins after
    /// @param toReading number of the reading the record ends with, of the same epoch
    /// @param standard short name of the standard certified against
    /// @return recordId number of the new record, from 1
    /// @custom:source this project, docs/decisions/0002-ledger-contracts.md
    function certify(uint256 meterId, Flow flow, uint256 fromReading, uint256 toReading, bytes32 standard) external returns (uint256 recordId);

    /// @notice Opens an empty REC for the caller.
    /// @return recId number of the new REC, from 1
    function openRec() external returns (uint256 recId);

    /// @notice Puts bundles of the caller into a REC, at most 64 a call. This contract must be the caller's operator for certificates.
    /// @param recId number of the REC and of its token, from 1
    /// @param bundleIds numbers of the bundles, at most 64
    function fillRec(uint256 recId, uint256[] calldata bundleIds) external;

    /// @notice Seals a REC of exactly 1 MWh, none of it expired: it can now be traded as an ERC-721 token, and only while it is sealed, not
    ///         retired and not expired.
    /// @param recId number of the REC and of its token, from 1
    /// @custom:source 1 MWh a certificate: EECS Rules, I-REC Standard; trade: ERC-721
    function sealRec(uint256 recId) external;

    /// @notice Retires a REC for a beneficiary. Its bundles are then cancelled and claimed, at most 64 a call, by `settleRec`.
    /// @param recId number of the REC and of its token, from 1
    /// @param beneficiary for whom it is retired
    /// @param purpose hash or short text naming what it is retired for
    function retireRec(uint256 recId, address beneficiary, bytes32 purpose) external;

    /// @notice Cancels and claims the next bundles of a retired REC. Withdrawn ones are passed over, locked ones left for `recoverBundle`.
    ///         Anyone.
    /// @param recId number of the REC and of its token, from 1
    /// @param limit number of bundles at most; no call handles more than 64
    function settleRec(uint256 recId, uint256 limit) external;

    /// @notice Takes a REC apart, which unseals it, and hands its bundles back, 1 to `limit` a call, at most 64. Withdrawn and expired ones are
    ///         passed over, locked ones left for `recoverBundle`. Owner.
    /// @param recId number of the REC and of its token, from 1
    /// @param limit number of bundles at most; no call handles more than 64
    function redeemRec(uint256 recId, uint256 limit) external;

    /// @notice Hands on a bundle that was left because it was locked: to whom it was due, or claimed for the beneficiary. Anyone, once it is
    ///         unlocked.
    /// @param bundleId number of the bundle of certificates
    function recoverBundle(uint256 bundleId) external;

    /// @notice Where a left bundle goes; number 0: it was not left, or was recovered.
    /// @param bundleId number of the bundle of certificates
    /// @return recId number of the REC that left it; 0: none
    /// @return owner who is to have it; zero: it is to be claimed
    function leftOf(uint256 bundleId) external view returns (uint64 recId, address owner);

    /// @notice Wh of a REC's bundles from number `offset`, at most 64, that are active and held here: what a buyer gets, certificates
    ///         withdrawn or locked meanwhile left out.
    /// @param recId number of the REC and of its token, from 1
    /// @param offset number of the first bundle looked at, from 0
    /// @param limit number of bundles looked at, at most 64
    /// @return liveWh Wh
    function liveWhOf(uint256 recId, uint256 offset, uint256 limit) external view returns (uint256 liveWh);

    /// @notice A record.
    /// @param recordId number of the record, from 1
    /// @return meter, flow, category, energy (Wh), intervals of 900 s, when (unix time, s) and by whom it was certified, and against what
    function getRecord(uint256 recordId) external view returns (Record memory);

    /// @notice A REC.
    /// @param recId number of the REC and of its token, from 1
    /// @return energy (Wh), its state, beneficiary and purpose, and when it expires (unix time, s)
    function getRec(uint256 recId) external view returns (Rec memory);

    /// @notice Bundles ever put into a REC.
    /// @param recId number of the REC and of its token, from 1
    /// @return numbers of the bundles in the order they were put in
    function bundlesOf(uint256 recId) external view returns (uint256[] memory);

    /// @notice Sum certified so far for a meter and flow, Wh.
    /// @param meterId number of the meter
    /// @param flow production is export, consumption import
    /// @return Wh
    function certifiedWh(uint256 meterId, Flow flow) external view returns (uint256);

    /// @notice Category of a meter.
    /// @param meterId number of the meter
    /// @return kind of site; None: not set
    function categoryOf(uint256 meterId) external view returns (Category);

    /// @notice Number of the last reading certified for a meter and flow, plus one; 0: none. A successor's records begin there.
    /// @param meterId number of the meter
    /// @param flow production is export, consumption import
    /// @return number of the reading, plus one
    function certifiedUntil(uint256 meterId, Flow flow) external view returns (uint256);

    /// @notice Number of records; ids run from 1.
    /// @return number of records
    function recordCount() external view returns (uint256);
}
