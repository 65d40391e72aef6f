// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISmartMeter} from "../meter/ISmartMeter.sol";

/// @title IGranularCertificate: energy attribute certificates per market interval
/// @notice Bundles of certificates after the EnergyTag Granular Certificate Scheme Standard: the face value of a certificate is 1 Wh, every
///         Wh has a serial number that it keeps through all splits and transfers. Certificates say what the energy was; avoided emissions
///         are another class of token (CarbonCredit), and no Wh backs both.
/// @custom:source EnergyTag Granular Certificate Scheme Standard, version 2 (2024); `reserveFor` and pull-only accounts are this project's
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

    /// @notice Certificates were issued; carries all that stays the same in their life.
    /// @param bundleId number of the bundle, from 1
    /// @param owner who owns it
    /// @param interval market interval of the generation, 900 s each
    /// @param energyWh face value, Wh
    /// @param firstSerial serial number of its first Wh
    /// @param technology energy source; Mixed: a settled group of renewable-only meters
    /// @param source key of what it was issued for
    /// @param expiresAt unix time from which it is expired, s
    /// @param issuanceId number of the bundle all its Wh were issued in
    event CertificateIssued(
        uint256 indexed bundleId, address indexed owner, uint256 indexed interval, uint256 energyWh, uint256 firstSerial,
        ISmartMeter.Technology technology, bytes32 source, uint256 expiresAt, uint256 issuanceId
    );
    /// @notice A bundle was replaced by two that keep its serials.
    /// @param bundleId number of the bundle, from 1
    /// @param firstId number of the bundle with the first serials
    /// @param secondId number of the bundle with the rest
    /// @param firstWh energy of the first one, Wh
    event CertificateSplit(uint256 indexed bundleId, uint256 indexed firstId, uint256 indexed secondId, uint256 firstWh);
    /// @notice A bundle has another owner.
    /// @param bundleId number of the bundle, from 1
    /// @param from owner before
    /// @param to owner from now on
    /// @param energyWh face value, Wh
    event CertificateTransferred(uint256 indexed bundleId, address indexed from, address indexed to, uint256 energyWh);
    /// @notice A bundle moved from one state of its life to another.
    /// @param bundleId number of the bundle, from 1
    /// @param before state until now
    /// @param state state from now on
    /// @param by who moved it
    event CertificateStateChanged(uint256 indexed bundleId, State before, State state, address indexed by);
    /// @notice A bundle is promised to somebody; its change of state comes as an event of its own.
    /// @param bundleId number of the bundle, from 1
    /// @param party whom it is promised to
    /// @param until unix time until which the promise binds, s
    event CertificateReserved(uint256 indexed bundleId, address indexed party, uint256 until);
    /// @notice An account said whether it takes only bundles that it moves itself.
    /// @param account the account
    /// @param pullOnly true: it takes only bundles that it moves itself
    event PullOnlySet(address indexed account, bool pullOnly);
    /// @notice The use of cancelled certificates was claimed for somebody.
    /// @param bundleId number of the bundle, from 1
    /// @param beneficiary for whom
    /// @param purpose hash or short text naming the consumption it is matched with
    /// @param energyWh face value, Wh
    event CertificateClaimed(uint256 indexed bundleId, address indexed beneficiary, bytes32 indexed purpose, uint256 energyWh);
    /// @notice An owner let somebody act for him, or no more.
    /// @param owner whose bundles it is about
    /// @param operator who may act for the owner
    /// @param allowed true: it may from now on; false: no more
    event OperatorSet(address indexed owner, address indexed operator, bool allowed);

    /// @notice No bundle `bundleId`.
    /// @param bundleId number of the bundle, from 1
    error UnknownBundle(uint256 bundleId);
    /// @notice `caller` is neither owner `owner` of `bundleId` nor its operator.
    /// @param bundleId number of the bundle, from 1
    /// @param owner who owns it
    /// @param caller who called
    error NotOwner(uint256 bundleId, address owner, address caller);
    /// @notice Bundle `bundleId` is in `state`, which does not allow this.
    /// @param bundleId number of the bundle, from 1
    /// @param state state it is in
    error StateForbids(uint256 bundleId, State state);
    /// @notice Bundle `bundleId` is reserved for `party` until `until`: before, it goes to nobody else, and only `party` can release it. Cancelled
    ///         under the reservation, it is claimed for nobody else either.
    /// @param bundleId number of the bundle, from 1
    /// @param party whom it is promised to
    /// @param until unix time until which the promise binds, s
    error ReservedFor(uint256 bundleId, address party, uint256 until);
    /// @notice A reservation lasts to a time after now and up to `latest` (90 days, or the bundle's own expiry), not to `until`.
    /// @param bundleId number of the bundle, from 1
    /// @param until unix time until which the promise binds, s
    /// @param latest latest unix time possible, s
    error BadReservation(uint256 bundleId, uint256 until, uint256 latest);
    /// @notice `to` takes only bundles that it moves itself; sent by `caller`, bundle `bundleId` would lie there for good.
    /// @param bundleId number of the bundle, from 1
    /// @param to who takes only what it moves itself
    /// @param caller who called
    error NotPulled(uint256 bundleId, address to, address caller);
    /// @notice Bundle `bundleId` expired at `expiresAt`.
    /// @param bundleId number of the bundle, from 1
    /// @param expiresAt unix time from which it is expired, s
    error BundleExpired(uint256 bundleId, uint256 expiresAt);
    /// @notice Bundle `bundleId` does not expire before `expiresAt`.
    /// @param bundleId number of the bundle, from 1
    /// @param expiresAt unix time from which it is expired, s
    error NotYetExpired(uint256 bundleId, uint256 expiresAt);
    /// @notice The energy of `source` has been certified already.
    /// @param source key of what it was issued for
    error AlreadyIssued(bytes32 source);
    /// @notice `energyWh` is 0, or too much for its bundle of `availableWh`.
    /// @param energyWh face value, Wh
    /// @param availableWh energy of the bundle it would come from, Wh; 0: it would be issued
    error BadEnergy(uint256 energyWh, uint256 availableWh);
    /// @notice The zero address cannot hold or benefit.
    /// @param account the address that was given
    error BadAccount(address account);
    /// @notice Meter `meterId` backs `backing`, not certificates.
    /// @param meterId number of the meter
    /// @param backing what the meter's Wh back instead
    error DoesNotBackCertificates(uint256 meterId, ISmartMeter.Backing backing);
    /// @notice Private meter `meterId` is certified through settlement only.
    /// @param meterId number of the meter
    error PrivateMeter(uint256 meterId);
    /// @notice The reading spans `intervals` intervals; a certificate covers at most `max` (one hour).
    /// @param meterId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @param intervals market intervals the reading spans, 900 s each
    /// @param max number of intervals one certificate may cover
    error TooCoarse(uint256 meterId, uint256 readingId, uint256 intervals, uint256 max);

    /// @notice Issues for the renewable export a settlement proof has shown. Role: SETTLEMENT.
    /// @param to the account that holds the community's certificates
    /// @param interval market interval
    /// @param energyWh renewable export of the batch, Wh
    /// @param source identifies the batch; one issuance per source, ever
    /// @return bundleId number of the new bundle
    /// @custom:source EnergyTag Granular Certificate Scheme Standard, version 2: issuance per interval of at most one hour, 1 Wh a certificate; what
    ///         a proof shows: docs/settlement.md
    function issueFromSettlement(address to, uint40 interval, uint64 energyWh, bytes32 source) external returns (uint256 bundleId);

    /// @notice Issues for one validated reading of a public renewable device to its owner in the reading's epoch. Role: ISSUER.
    /// @param meterId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @return bundleId number of the new bundle
    /// @custom:source EnergyTag Granular Certificate Scheme Standard, version 2: issuance per interval of at most one hour, 1 Wh a certificate
    function issueFromReading(uint256 meterId, uint256 readingId) external returns (uint256 bundleId);

    /// @notice Splits off `energyWh`; the bundle is replaced by two that keep its serials.
    /// @param bundleId number of the bundle, from 1
    /// @param energyWh energy of the first of the two, Wh; more than 0 and less than the whole
    /// @return firstId number of the bundle with the first serials
    /// @return secondId number of the bundle with the rest
    /// @custom:source EnergyTag Granular Certificate Scheme Standard, version 2: bundle split
    function split(uint256 bundleId, uint64 energyWh) external returns (uint256 firstId, uint256 secondId);

    /// @notice Transfers a whole active bundle; one reserved for `to` too, which ends the reservation.
    /// @param bundleId number of the bundle, from 1
    /// @param to owner from now on
    /// @custom:source EnergyTag Granular Certificate Scheme Standard, version 2: transfer from Active only; to whom it is reserved for: this project
    function transfer(uint256 bundleId, address to) external;

    /// @notice Lets `operator` transfer, split, reserve and release the caller's bundles.
    /// @param operator who may act for the owner
    /// @param allowed true: it may from now on; false: no more
    function setOperator(address operator, bool allowed) external;

    /// @notice Active → Reserved: kept back by its owner, cannot be transferred until he or his operator releases it. It binds nobody else.
    /// @param bundleId number of the bundle, from 1
    /// @custom:source EnergyTag Granular Certificate Scheme Standard, version 2: state Reserved
    function reserve(uint256 bundleId) external;

    /// @notice Active → Reserved for `party`: until `until` it can be transferred to nobody else, and cancelled only to be claimed for `party`.
    ///         It binds the owner; `party` can release it. When its time is over it is active again without a further act.
    /// @param bundleId number of the bundle, from 1
    /// @param party whom it is promised to
    /// @param until s; at most 90 days ahead, and not after the bundle expires
    /// @custom:source this project; the standard's Reserved names nobody and so binds nobody
    function reserveFor(uint256 bundleId, address party, uint40 until) external;

    /// @notice Says whether the caller takes only bundles that it moves itself, as a contract does in which others would be stuck.
    /// @param pullOnly true: it takes only bundles that it moves itself
    function setPullOnly(bool pullOnly) external;

    /// @notice True when an account takes only bundles that it moves itself.
    /// @param account whom it is asked of
    /// @return true: others cannot send it a bundle
    function isPullOnly(address account) external view returns (bool);

    /// @notice Whom a bundle is, or was when it was cancelled, reserved for.
    /// @param bundleId number of the bundle, from 1
    /// @return party zero: nobody
    /// @return until unix time until which it binds the owner, s
    function reservationOf(uint256 bundleId) external view returns (address party, uint40 until);

    /// @notice The certificates these replace; zero: none. What they have issued is not issued again here.
    /// @return the contract these replace
    function predecessor() external view returns (IGranularCertificate);

    /// @notice Reserved → Active. By the owner or his operator, or while it is reserved for somebody, only by him.
    /// @param bundleId number of the bundle, from 1
    /// @custom:source EnergyTag Granular Certificate Scheme Standard, version 2: state Reserved; who may end it while it binds: this project
    function release(uint256 bundleId) external;

    /// @notice Active or Reserved → Locked, for the time of an inquiry. Role: COMPLIANCE.
    /// @param bundleId number of the bundle, from 1
    /// @custom:source EnergyTag Granular Certificate Scheme Standard, version 2: state Locked
    function lock(uint256 bundleId) external;

    /// @notice Locked → Active. Role: COMPLIANCE.
    /// @param bundleId number of the bundle, from 1
    /// @custom:source EnergyTag Granular Certificate Scheme Standard, version 2: state Locked
    function unlock(uint256 bundleId) external;

    /// @notice Active, Reserved or Locked → Withdrawn: issued in error. Role: COMPLIANCE.
    /// @param bundleId number of the bundle, from 1
    /// @custom:source EnergyTag Granular Certificate Scheme Standard, version 2: state Withdrawn
    function withdraw(uint256 bundleId) external;

    /// @notice Active or Reserved → Cancelled: used up. Owner only. One reserved for somebody can then be claimed for nobody else.
    /// @param bundleId number of the bundle, from 1
    /// @custom:source EnergyTag Granular Certificate Scheme Standard, version 2: cancellation from Active or Reserved
    function cancel(uint256 bundleId) external;

    /// @notice Cancelled → Claimed for a beneficiary and purpose. Owner only, or, for himself, whom it was reserved for.
    /// @param bundleId number of the bundle, from 1
    /// @param beneficiary who is to have the claim; where the bundle was reserved, only that party
    /// @param purpose hash or short text naming the consumption it is matched with
    /// @custom:source EnergyTag Granular Certificate Scheme Standard, version 2: a claim follows a cancellation
    function claim(uint256 bundleId, address beneficiary, bytes32 purpose) external;

    /// @notice Active, Reserved or Locked → Expired when its time has come. Anyone.
    /// @param bundleId number of the bundle, from 1
    /// @custom:source EnergyTag Granular Certificate Scheme Standard, version 2: state Expired; the lifetime is the scheme's
    function expire(uint256 bundleId) external;

    /// @notice The bundle as it stands; an active, reserved or locked bundle past its time reads as Expired, one whose reservation is over as Active.
    /// @param bundleId number of the bundle, from 1
    /// @return owner, state, source, expiry (unix time, s), interval, energy (Wh) and serial numbers
    function getBundle(uint256 bundleId) external view returns (Bundle memory);

    /// @notice What was issued for a source.
    /// @param source of a settlement, keccak256 of its proofs' domain and interval; of a reading, `readingSource`
    /// @return first bundle, time (unix time, s), energy (Wh) and whether a proof stands behind it
    function getIssuance(bytes32 source) external view returns (Issuance memory);

    /// @notice Wh issued, cancelled, claimed and lapsed so far.
    /// @return Wh of each
    function totals() external view returns (Totals memory);

    /// @notice Number of bundles ever made; ids run from 1.
    /// @return number of bundles
    function bundleCount() external view returns (uint256);

    /// @notice Wh a beneficiary has claimed.
    /// @param beneficiary for whom they were claimed
    /// @return Wh
    function claimedBy(address beneficiary) external view returns (uint256);

    /// @notice True when `source` has been certified, here or by the certificates these replace.
    /// @param source key of what it was issued for
    /// @return true: nothing more is issued for it
    function isIssued(bytes32 source) external view returns (bool);

    /// @notice Source key of a reading.
    /// @param meterId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @return keccak256("reading", meter, reading)
    function readingSource(uint256 meterId, uint256 readingId) external pure returns (bytes32);
}
