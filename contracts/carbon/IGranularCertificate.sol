// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISmartMeter} from "../meter/ISmartMeter.sol";

/// @title IGranularCertificate: energy attribute certificates per market interval
/// @notice Bundles of certificates after the EnergyTag Granular Certificate Scheme Standard: the face value of a certificate is 1 Wh, every
///         Wh has a serial number that it keeps through all splits and transfers. Certificates say what the energy was; avoided emissions
///         are another class of token (CarbonCredit), and no Wh backs both.
interface IGranularCertificate {
    /// @notice States of the EnergyTag standard. Cancelled is what others call retired; a claim follows a cancellation.
    enum State { None, Active, Reserved, Locked, Cancelled, Claimed, Expired, Withdrawn, Split }

    struct Bundle {
        address owner;
        State state;
        ISmartMeter.Technology technology; // Mixed: a settled group of renewable-only meters
        uint40 expiresAt; // s
        uint40 interval; // market interval of the generation
        uint64 energyWh;
        uint64 firstSerial; // serials are firstSerial .. firstSerial + energyWh − 1
        uint64 issuanceId; // the bundle all its Wh were issued in
    }

    /// @notice One issue, kept under its source: for a settlement the batch it was proven in, for a device `readingSource`. The event of the
    ///         bundle `issuanceId` names the source.
    struct Issuance {
        uint64 issuanceId; // first bundle; 0: nothing was issued for this source
        uint40 issuedAt; // s
        uint64 energyWh;
        bool proven; // true: by a settlement proof; false: from readings of a public device
    }

    /// @notice Whom a reserved bundle is promised to.
    struct Reservation {
        address party; // zero: the owner keeps it back for himself
        uint40 until; // s; it binds the owner before
    }

    struct Totals {
        uint64 issuedWh;
        uint64 cancelledWh; // claimed ones included
        uint64 claimedWh;
        uint64 lapsedWh; // expired and withdrawn
    }

    event CertificateIssued(
        uint256 indexed bundleId, address indexed owner, uint256 indexed interval, uint256 energyWh, uint256 firstSerial,
        ISmartMeter.Technology technology, bytes32 source, uint256 expiresAt, uint256 issuanceId
    );
    event CertificateSplit(uint256 indexed bundleId, uint256 indexed firstId, uint256 indexed secondId, uint256 firstWh);
    event CertificateTransferred(uint256 indexed bundleId, address indexed from, address indexed to, uint256 energyWh);
    event CertificateStateChanged(uint256 indexed bundleId, State before, State state, address indexed by);
    event CertificateReserved(uint256 indexed bundleId, address indexed party, uint256 until);
    event PullOnlySet(address indexed account, bool pullOnly);
    event CertificateClaimed(uint256 indexed bundleId, address indexed beneficiary, bytes32 indexed purpose, uint256 energyWh);
    event OperatorSet(address indexed owner, address indexed operator, bool allowed);

    /// @notice No bundle `bundleId`.
    error UnknownBundle(uint256 bundleId);
    /// @notice `caller` is neither owner `owner` of `bundleId` nor its operator.
    error NotOwner(uint256 bundleId, address owner, address caller);
    /// @notice Bundle `bundleId` is in `state`, which does not allow this.
    error StateForbids(uint256 bundleId, State state);
    /// @notice Bundle `bundleId` is reserved for `party` until `until`: before, it goes to nobody else, and only `party` can release it. Cancelled
    ///         under the reservation, it is claimed for nobody else either.
    error ReservedFor(uint256 bundleId, address party, uint256 until);
    /// @notice A reservation lasts to a time after now and up to `latest` (90 days, or the bundle's own expiry), not to `until`.
    error BadReservation(uint256 bundleId, uint256 until, uint256 latest);
    /// @notice `to` takes only bundles that it moves itself; sent by `caller`, bundle `bundleId` would lie there for good.
    error NotPulled(uint256 bundleId, address to, address caller);
    /// @notice Bundle `bundleId` expired at `expiresAt`.
    error BundleExpired(uint256 bundleId, uint256 expiresAt);
    /// @notice Bundle `bundleId` does not expire before `expiresAt`.
    error NotYetExpired(uint256 bundleId, uint256 expiresAt);
    /// @notice The energy of `source` has been certified already.
    error AlreadyIssued(bytes32 source);
    /// @notice `energyWh` is 0, or too much for its bundle of `availableWh`.
    error BadEnergy(uint256 energyWh, uint256 availableWh);
    /// @notice The zero address cannot hold or benefit.
    error BadAccount(address account);
    /// @notice Meter `meterId` backs `backing`, not certificates.
    error DoesNotBackCertificates(uint256 meterId, ISmartMeter.Backing backing);
    /// @notice Private meter `meterId` is certified through settlement only.
    error PrivateMeter(uint256 meterId);
    /// @notice The reading spans `intervals` intervals; a certificate covers at most `max` (one hour).
    error TooCoarse(uint256 meterId, uint256 readingId, uint256 intervals, uint256 max);

    /// @notice Issues for the renewable export a settlement proof has shown. Role: SETTLEMENT.
    /// @param to the account that holds the community's certificates
    /// @param interval market interval
    /// @param energyWh renewable export of the batch, Wh
    /// @param source identifies the batch; one issuance per source, ever
    /// @return bundleId the new bundle
    function issueFromSettlement(address to, uint40 interval, uint64 energyWh, bytes32 source) external returns (uint256 bundleId);

    /// @notice Issues for one validated reading of a public renewable device to its owner in the reading's epoch. Role: ISSUER.
    function issueFromReading(uint256 meterId, uint256 readingId) external returns (uint256 bundleId);

    /// @notice Splits off `energyWh`; the bundle is replaced by two that keep its serials.
    function split(uint256 bundleId, uint64 energyWh) external returns (uint256 firstId, uint256 secondId);

    /// @notice Transfers a whole active bundle; one reserved for `to` too, which ends the reservation.
    function transfer(uint256 bundleId, address to) external;

    /// @notice Lets `operator` transfer, split, reserve and release the caller's bundles.
    function setOperator(address operator, bool allowed) external;

    /// @notice Active → Reserved: kept back by its owner, cannot be transferred until he or his operator releases it. It binds nobody else.
    function reserve(uint256 bundleId) external;

    /// @notice Active → Reserved for `party`: until `until` it can be transferred to nobody else, and cancelled only to be claimed for `party`.
    ///         It binds the owner; `party` can release it. When its time is over it is active again without a further act.
    /// @param until s; at most 90 days ahead, and not after the bundle expires
    function reserveFor(uint256 bundleId, address party, uint40 until) external;

    /// @notice Says whether the caller takes only bundles that it moves itself, as a contract does in which others would be stuck.
    function setPullOnly(bool pullOnly) external;

    /// @notice True when an account takes only bundles that it moves itself.
    function isPullOnly(address account) external view returns (bool);

    /// @notice Whom a bundle is, or was when it was cancelled, reserved for.
    function reservationOf(uint256 bundleId) external view returns (address party, uint40 until);

    /// @notice The certificates these replace; zero: none. What they have issued is not issued again here.
    function predecessor() external view returns (IGranularCertificate);

    /// @notice Reserved → Active. By the owner or his operator, or while it is reserved for somebody, only by him.
    function release(uint256 bundleId) external;

    /// @notice Active or Reserved → Locked, for the time of an inquiry. Role: COMPLIANCE.
    function lock(uint256 bundleId) external;

    /// @notice Locked → Active. Role: COMPLIANCE.
    function unlock(uint256 bundleId) external;

    /// @notice Active, Reserved or Locked → Withdrawn: issued in error. Role: COMPLIANCE.
    function withdraw(uint256 bundleId) external;

    /// @notice Active or Reserved → Cancelled: used up. Owner only. One reserved for somebody can then be claimed for nobody else.
    function cancel(uint256 bundleId) external;

    /// @notice Cancelled → Claimed for a beneficiary and purpose. Owner only, or, for himself, whom it was reserved for.
    /// @param purpose hash or short text naming the consumption it is matched with
    function claim(uint256 bundleId, address beneficiary, bytes32 purpose) external;

    /// @notice Active, Reserved or Locked → Expired when its time has come. Anyone.
    function expire(uint256 bundleId) external;

    /// @notice The bundle as it stands; an active, reserved or locked bundle past its time reads as Expired, one whose reservation is over as Active.
    function getBundle(uint256 bundleId) external view returns (Bundle memory);

    /// @notice What was issued for a source.
    function getIssuance(bytes32 source) external view returns (Issuance memory);

    /// @notice Wh issued, cancelled, claimed and lapsed so far.
    function totals() external view returns (Totals memory);

    /// @notice Number of bundles ever made; ids run from 1.
    function bundleCount() external view returns (uint256);

    /// @notice Wh a beneficiary has claimed.
    function claimedBy(address beneficiary) external view returns (uint256);

    /// @notice True when `source` has been certified, here or by the certificates these replace.
    function isIssued(bytes32 source) external view returns (bool);

    /// @notice Source key of a reading.
    function readingSource(uint256 meterId, uint256 readingId) external pure returns (bytes32);
}
