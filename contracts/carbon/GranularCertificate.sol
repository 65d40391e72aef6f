// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Governed} from "../access/Governed.sol";
import {ISmartMeter} from "../meter/ISmartMeter.sol";
import {IGranularCertificate} from "./IGranularCertificate.sol";

/// @title GranularCertificate: the one owner of energy attributes
/// @notice See {IGranularCertificate} for units and meaning.
/// @custom:source EnergyTag Granular Certificate Scheme Standard, version 2 (2024)
contract GranularCertificate is IGranularCertificate, Governed {
    /// @notice A certificate expires this long after issue, s (EnergyTag leaves it to the scheme; here two years).
    uint256 public constant LIFETIME_S = 730 days;
    /// @notice Number of market intervals one certificate covers at most: EnergyTag allows one hour, which is four of 900 s.
    uint256 public constant MAX_INTERVALS = 4;
    /// @notice A bundle is reserved for somebody for at most this long, s.
    uint256 public constant MAX_RESERVATION_S = 90 days;

    /// @notice Owner of devices and readings.
    ISmartMeter public immutable smartMeter;
    /// @inheritdoc IGranularCertificate
    IGranularCertificate public immutable predecessor;

    Bundle[] private _bundles;
    /// @dev Record of an issue and guard against a second one in one slot.
    mapping(bytes32 source => Issuance) private _issuances;
    /// @notice True when an operator may move the owner's bundles.
    mapping(address owner => mapping(address operator => bool)) public isOperator;
    mapping(address beneficiary => uint256) public claimedBy;
    /// @inheritdoc IGranularCertificate
    mapping(uint256 bundleId => Reservation) public reservationOf;
    /// @inheritdoc IGranularCertificate
    mapping(address account => bool) public isPullOnly;
    Totals private _totals;

    /// @param authority_ the Access contract
    /// @param smartMeter_ owner of readings
    /// @param predecessor_ the certificates these replace, for the same sources; zero: none
    constructor(address authority_, ISmartMeter smartMeter_, IGranularCertificate predecessor_) Governed(authority_) {
        (smartMeter, predecessor) = (smartMeter_, predecessor_);
    }

    // ── issue ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IGranularCertificate
    function issueFromSettlement(address to, uint40 interval, uint64 energyWh, bytes32 source)
        external restricted whenNotPaused returns (uint256)
    {
        return _issue(to, interval, energyWh, ISmartMeter.Technology.Mixed, source, true);
    }

    /// @inheritdoc IGranularCertificate
    function issueFromReading(uint256 meterId, uint256 readingId) external restricted whenNotPaused returns (uint256) {
        ISmartMeter.Source memory device = smartMeter.sourceOfReading(meterId, readingId);
        if (device.deviceClass != ISmartMeter.DeviceClass.Public) revert PrivateMeter(meterId);
        if (device.backing != ISmartMeter.Backing.Certificates) revert DoesNotBackCertificates(meterId, device.backing);
        (, uint256 exportWh, uint256 from, uint256 to) = smartMeter.growthOf(meterId, readingId);
        if (to - from > MAX_INTERVALS) revert TooCoarse(meterId, readingId, to - from, MAX_INTERVALS);
        return _issue(device.owner, uint40(to), uint64(exportWh), device.technology, readingSource(meterId, readingId), false);
    }

    // ── hold ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IGranularCertificate
    function split(uint256 bundleId, uint64 energyWh) external whenNotPaused returns (uint256 firstId, uint256 secondId) {
        Bundle storage bundle = _usable(bundleId, State.Active);
        _requireOperator(bundleId, bundle.owner);
        if (energyWh == 0 || energyWh >= bundle.energyWh) revert BadEnergy(energyWh, bundle.energyWh);
        Bundle memory part = bundle;
        bundle.state = State.Split;
        uint64 restWh = part.energyWh - energyWh;
        part.energyWh = energyWh;
        firstId = _push(part);
        part.firstSerial += energyWh;
        part.energyWh = restWh;
        secondId = _push(part);
        emit CertificateSplit(bundleId, firstId, secondId, energyWh);
    }

    /// @inheritdoc IGranularCertificate
    function transfer(uint256 bundleId, address to) external whenNotPaused {
        Bundle storage bundle = _bundle(bundleId);
        if (bundle.state == State.Reserved && reservationOf[bundleId].party == to && to != address(0)) _activate(bundleId, bundle);
        _requireUsable(bundleId, bundle, State.Active);
        address from = bundle.owner;
        _requireOperator(bundleId, from);
        if (to == address(0)) revert BadAccount(to);
        if (msg.sender != to && isPullOnly[to]) revert NotPulled(bundleId, to, msg.sender);
        bundle.owner = to;
        emit CertificateTransferred(bundleId, from, to, bundle.energyWh);
    }

    /// @inheritdoc IGranularCertificate
    function setOperator(address operator, bool allowed) external {
        isOperator[msg.sender][operator] = allowed;
        emit OperatorSet(msg.sender, operator, allowed);
    }

    /// @inheritdoc IGranularCertificate
    function setPullOnly(bool pullOnly) external {
        isPullOnly[msg.sender] = pullOnly;
        emit PullOnlySet(msg.sender, pullOnly);
    }

    /// @inheritdoc IGranularCertificate
    function reserve(uint256 bundleId) external whenNotPaused {
        Bundle storage bundle = _usable(bundleId, State.Active);
        _requireOperator(bundleId, bundle.owner);
        _move(bundleId, bundle, State.Reserved);
    }

    /// @inheritdoc IGranularCertificate
    function reserveFor(uint256 bundleId, address party, uint40 until) external whenNotPaused {
        Bundle storage bundle = _usable(bundleId, State.Active);
        _requireOperator(bundleId, bundle.owner);
        if (party == address(0)) revert BadAccount(party);
        uint256 latest = block.timestamp + MAX_RESERVATION_S;
        if (latest > bundle.expiresAt) latest = bundle.expiresAt;
        if (until <= block.timestamp || until > latest) revert BadReservation(bundleId, until, latest);
        reservationOf[bundleId] = Reservation(party, until);
        _move(bundleId, bundle, State.Reserved);
        emit CertificateReserved(bundleId, party, until);
    }

    /// @inheritdoc IGranularCertificate
    function release(uint256 bundleId) external whenNotPaused {
        Bundle storage bundle = _usable(bundleId, State.Reserved);
        Reservation memory reservation = reservationOf[bundleId];
        if (reservation.party == address(0)) _requireOperator(bundleId, bundle.owner);
        else if (msg.sender != reservation.party) revert ReservedFor(bundleId, reservation.party, reservation.until);
        _activate(bundleId, bundle);
    }

    /// @inheritdoc IGranularCertificate
    function lock(uint256 bundleId) external restricted {
        Bundle storage bundle = _bundle(bundleId);
        if (bundle.state != State.Active && bundle.state != State.Reserved) revert StateForbids(bundleId, bundle.state);
        _move(bundleId, bundle, State.Locked);
    }

    /// @inheritdoc IGranularCertificate
    function unlock(uint256 bundleId) external restricted {
        Bundle storage bundle = _bundle(bundleId);
        if (bundle.state != State.Locked) revert StateForbids(bundleId, bundle.state);
        // An inquiry does not undo a promise: one reserved for somebody is so again, until its time is over.
        _move(bundleId, bundle, reservationOf[bundleId].party == address(0) ? State.Active : State.Reserved);
    }

    // ── end ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IGranularCertificate
    function withdraw(uint256 bundleId) external restricted {
        Bundle storage bundle = _bundle(bundleId);
        if (bundle.state < State.Active || bundle.state > State.Locked) revert StateForbids(bundleId, bundle.state);
        _totals.lapsedWh += bundle.energyWh;
        _move(bundleId, bundle, State.Withdrawn);
    }

    /// @inheritdoc IGranularCertificate
    function cancel(uint256 bundleId) external whenNotPaused {
        Bundle storage bundle = _bundle(bundleId);
        if (bundle.owner != msg.sender) revert NotOwner(bundleId, bundle.owner, msg.sender);
        if (_isOver(bundleId, bundle.state)) _activate(bundleId, bundle);
        if (bundle.state != State.Active && bundle.state != State.Reserved) revert StateForbids(bundleId, bundle.state);
        if (block.timestamp >= bundle.expiresAt) revert BundleExpired(bundleId, bundle.expiresAt);
        _totals.cancelledWh += bundle.energyWh;
        _move(bundleId, bundle, State.Cancelled);
    }

    /// @inheritdoc IGranularCertificate
    function claim(uint256 bundleId, address beneficiary, bytes32 purpose) external whenNotPaused {
        Bundle storage bundle = _bundle(bundleId);
        Reservation memory reservation = reservationOf[bundleId];
        if (bundle.owner != msg.sender && reservation.party != msg.sender) revert NotOwner(bundleId, bundle.owner, msg.sender);
        if (bundle.state != State.Cancelled) revert StateForbids(bundleId, bundle.state);
        if (beneficiary == address(0)) revert BadAccount(beneficiary);
        if (reservation.party != address(0) && beneficiary != reservation.party) revert ReservedFor(bundleId, reservation.party, reservation.until);
        _totals.claimedWh += bundle.energyWh;
        claimedBy[beneficiary] += bundle.energyWh;
        _move(bundleId, bundle, State.Claimed);
        emit CertificateClaimed(bundleId, beneficiary, purpose, bundle.energyWh);
    }

    /// @inheritdoc IGranularCertificate
    function expire(uint256 bundleId) external {
        Bundle storage bundle = _bundle(bundleId);
        if (bundle.state < State.Active || bundle.state > State.Locked) revert StateForbids(bundleId, bundle.state);
        if (block.timestamp < bundle.expiresAt) revert NotYetExpired(bundleId, bundle.expiresAt);
        _totals.lapsedWh += bundle.energyWh;
        _move(bundleId, bundle, State.Expired);
    }

    // ── views ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IGranularCertificate
    function getBundle(uint256 bundleId) external view returns (Bundle memory bundle) {
        bundle = _bundle(bundleId);
        bool live = bundle.state >= State.Active && bundle.state <= State.Locked;
        if (live && block.timestamp >= bundle.expiresAt) bundle.state = State.Expired;
        else if (_isOver(bundleId, bundle.state)) bundle.state = State.Active;
    }

    /// @inheritdoc IGranularCertificate
    function getIssuance(bytes32 source) external view returns (Issuance memory) {
        return _issuances[source];
    }

    /// @inheritdoc IGranularCertificate
    function isIssued(bytes32 source) public view returns (bool) {
        return _issuances[source].issuanceId != 0 || (address(predecessor) != address(0) && predecessor.isIssued(source));
    }

    /// @inheritdoc IGranularCertificate
    function totals() external view returns (Totals memory) {
        return _totals;
    }

    /// @inheritdoc IGranularCertificate
    function bundleCount() external view returns (uint256) {
        return _bundles.length;
    }

    /// @inheritdoc IGranularCertificate
    function readingSource(uint256 meterId, uint256 readingId) public pure returns (bytes32) {
        return keccak256(abi.encode("reading", meterId, readingId));
    }

    // ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function _issue(address to, uint40 interval, uint64 energyWh, ISmartMeter.Technology technology, bytes32 source, bool proven)
        private returns (uint256 bundleId)
    {
        if (to == address(0)) revert BadAccount(to);
        if (energyWh == 0) revert BadEnergy(0, 0);
        if (isIssued(source)) revert AlreadyIssued(source);
        uint64 firstSerial = _totals.issuedWh; // serials simply count the Wh ever issued
        _totals.issuedWh = firstSerial + energyWh;
        uint64 issuanceId = uint64(_bundles.length + 1);
        _issuances[source] = Issuance(issuanceId, uint40(block.timestamp), energyWh, proven);
        uint40 expiresAt = uint40(block.timestamp + LIFETIME_S);
        bundleId = _push(Bundle(to, State.Active, technology, expiresAt, interval, energyWh, firstSerial, issuanceId));
        emit CertificateIssued(bundleId, to, interval, energyWh, firstSerial, technology, source, expiresAt, issuanceId);
    }

    function _push(Bundle memory bundle) private returns (uint256 bundleId) {
        _bundles.push(bundle);
        return _bundles.length;
    }

    function _move(uint256 bundleId, Bundle storage bundle, State state) private {
        emit CertificateStateChanged(bundleId, bundle.state, state, msg.sender);
        bundle.state = state;
    }

    function _bundle(uint256 bundleId) private view returns (Bundle storage) {
        if (bundleId == 0 || bundleId > _bundles.length) revert UnknownBundle(bundleId);
        return _bundles[bundleId - 1];
    }

    /// @dev Reserved → Active, and the reservation is gone.
    function _activate(uint256 bundleId, Bundle storage bundle) private {
        delete reservationOf[bundleId];
        _move(bundleId, bundle, State.Active);
    }

    /// @dev A reservation for somebody whose time is over.
    function _isOver(uint256 bundleId, State state) private view returns (bool) {
        if (state != State.Reserved) return false;
        Reservation storage reservation = reservationOf[bundleId];
        return reservation.party != address(0) && block.timestamp >= reservation.until;
    }

    function _usable(uint256 bundleId, State needed) private returns (Bundle storage bundle) {
        bundle = _bundle(bundleId);
        _requireUsable(bundleId, bundle, needed);
    }

    function _requireUsable(uint256 bundleId, Bundle storage bundle, State needed) private {
        if (_isOver(bundleId, bundle.state)) _activate(bundleId, bundle);
        if (bundle.state == State.Reserved && needed == State.Active) {
            Reservation memory reservation = reservationOf[bundleId];
            if (reservation.party != address(0)) revert ReservedFor(bundleId, reservation.party, reservation.until);
        }
        if (bundle.state != needed) revert StateForbids(bundleId, bundle.state);
        if (block.timestamp >= bundle.expiresAt) revert BundleExpired(bundleId, bundle.expiresAt);
    }

    function _requireOperator(uint256 bundleId, address owner) private view {
        if (owner != msg.sender && !isOperator[owner][msg.sender]) revert NotOwner(bundleId, owner, msg.sender);
    }
}
