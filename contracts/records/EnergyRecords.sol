// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Governed} from "../access/Governed.sol";
import {IGranularCertificate} from "../carbon/IGranularCertificate.sol";
import {ISmartMeter} from "../meter/ISmartMeter.sol";
import {IEnergyRecords} from "./IEnergyRecords.sol";

/// @title EnergyRecords: the one owner of certified records and of RECs
/// @notice See {IEnergyRecords} for units and meaning.
/// @custom:source ERC-721; 1 MWh a certificate as in the EECS Rules and the I-REC Standard; records: this project,
///         docs/decisions/0002-ledger-contracts.md
contract EnergyRecords is IEnergyRecords, ERC721, Governed {
    /// @notice Energy of a REC, Wh.
    uint256 public constant REC_WH = 1_000_000;
    /// @notice Number of bundles one call handles, at most.
    uint256 public constant MAX_STEP = 64;
    /// @notice Number of bundles in one REC, at most.
    uint256 public constant MAX_BUNDLES = 4096;

    /// @notice Owner of devices and readings.
    ISmartMeter public immutable smartMeter;
    /// @notice The certificates RECs are made of.
    IGranularCertificate public immutable certificates;

    Record[] private _records;
    mapping(uint256 meterId => Category) public categoryOf;
    mapping(uint256 meterId => mapping(Flow => uint256)) public certifiedWh;
    /// @dev Last reading certified, plus one.
    mapping(uint256 meterId => mapping(Flow => uint256)) private _done;
    Rec[] private _recs;
    mapping(uint256 recId => uint256[]) private _bundles;
    /// @inheritdoc IEnergyRecords
    mapping(uint256 bundleId => Left) public leftOf;

    constructor(address authority_, ISmartMeter smartMeter_, IGranularCertificate certificates_)
        ERC721("Busbar Renewable Energy Certificate", "REC") Governed(authority_)
    {
        (smartMeter, certificates) = (smartMeter_, certificates_);
        certificates_.setPullOnly(true); // a bundle sent here unasked would be part of no REC
    }

    /// @inheritdoc IEnergyRecords
    function setCategory(uint256 meterId, Category category) external restricted whenNotPaused {
        smartMeter.sourceOf(meterId); // refuses unknown meters
        categoryOf[meterId] = category;
        emit CategorySet(meterId, category);
    }

    /// @inheritdoc IEnergyRecords
    function certify(uint256 meterId, Flow flow, uint256 fromReading, uint256 toReading, bytes32 standard)
        external restricted whenNotPaused returns (uint256 recordId)
    {
        Category category = categoryOf[meterId];
        if (category == Category.None) revert NoCategory(meterId);
        uint256 done = _done[meterId][flow];
        if (fromReading >= toReading || (done != 0 && fromReading + 1 < done)) revert BadRange(meterId, fromReading, toReading, done);
        (uint256 energyWh, uint256 fromInterval, uint256 toInterval) = _flowBetween(meterId, flow, fromReading, toReading);
        if (energyWh == 0) revert NothingToCertify(meterId);
        _done[meterId][flow] = toReading + 1;
        certifiedWh[meterId][flow] += energyWh;
        Record memory record = Record({
            meterId: meterId, flow: flow, category: category, certifiedAt: uint40(block.timestamp), fromInterval: uint40(fromInterval),
            toInterval: uint40(toInterval), energyWh: uint64(energyWh), certifier: msg.sender, standard: standard
        });
        _records.push(record);
        recordId = _records.length;
        emit RecordCertified(recordId, meterId, flow, record);
    }

    // ── RECs ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IEnergyRecords
    function openRec() external whenNotPaused returns (uint256 recId) {
        _recs.push();
        recId = _recs.length;
        emit RecOpened(recId, msg.sender);
        _mint(msg.sender, recId);
    }

    /// @inheritdoc IEnergyRecords
    function fillRec(uint256 recId, uint256[] calldata bundleIds) external whenNotPaused {
        Rec storage rec = _ownRec(recId);
        if (rec.sealed_ || rec.redeemed != 0) revert WrongRecState(recId, rec.sealed_, rec.retired, rec.redeemed);
        if (bundleIds.length > MAX_STEP) revert TooLong(bundleIds.length, MAX_STEP);
        uint256 length = _bundles[recId].length + bundleIds.length;
        if (length > MAX_BUNDLES) revert TooLong(length, MAX_BUNDLES);
        for (uint256 i = 0; i < bundleIds.length; ++i) {
            IGranularCertificate.Bundle memory bundle = certificates.getBundle(bundleIds[i]);
            if (bundle.owner != msg.sender) revert NotBundleOwner(bundleIds[i], bundle.owner, msg.sender);
            rec.energyWh += bundle.energyWh;
            if (rec.energyWh > REC_WH) revert NotOneMWh(recId, rec.energyWh);
            if (rec.expiresAt == 0 || bundle.expiresAt < rec.expiresAt) rec.expiresAt = bundle.expiresAt;
            _bundles[recId].push(bundleIds[i]);
            emit RecFilled(recId, bundleIds[i], bundle.energyWh);
            certificates.transfer(bundleIds[i], address(this));
        }
    }

    /// @inheritdoc IEnergyRecords
    function sealRec(uint256 recId) external whenNotPaused {
        Rec storage rec = _ownRec(recId);
        if (rec.sealed_ || rec.redeemed != 0) revert WrongRecState(recId, rec.sealed_, rec.retired, rec.redeemed);
        if (rec.energyWh != REC_WH) revert NotOneMWh(recId, rec.energyWh);
        _requireLive(recId, rec);
        rec.sealed_ = true;
        emit RecSealed(recId);
    }

    /// @inheritdoc IEnergyRecords
    function retireRec(uint256 recId, address beneficiary, bytes32 purpose) external whenNotPaused {
        Rec storage rec = _ownRec(recId);
        if (beneficiary == address(0)) revert BadBeneficiary(recId, beneficiary);
        if (!rec.sealed_ || rec.retired || rec.redeemed != 0) revert WrongRecState(recId, rec.sealed_, rec.retired, rec.redeemed);
        _requireLive(recId, rec);
        (rec.retired, rec.beneficiary, rec.purpose) = (true, beneficiary, purpose);
        emit RecRetired(recId, beneficiary, purpose);
    }

    /// @inheritdoc IEnergyRecords
    function settleRec(uint256 recId, uint256 limit) external whenNotPaused {
        Rec storage rec = _rec(recId);
        if (!rec.retired) revert WrongRecState(recId, rec.sealed_, rec.retired, rec.redeemed);
        uint256[] storage bundles = _bundles[recId];
        uint256 from = rec.redeemed;
        uint256 end = _step(from, bundles.length, limit);
        rec.redeemed = uint16(end);
        for (uint256 i = from; i < end; ++i) if (_isFree(recId, bundles[i], address(0))) _claim(bundles[i], rec);
        emit RecSettled(recId, from, end);
    }

    /// @inheritdoc IEnergyRecords
    function redeemRec(uint256 recId, uint256 limit) external whenNotPaused {
        Rec storage rec = _ownRec(recId);
        if (limit == 0) revert BadLimit(recId, limit);
        if (rec.retired) revert WrongRecState(recId, rec.sealed_, true, rec.redeemed);
        uint256[] storage bundles = _bundles[recId];
        uint256 from = rec.redeemed;
        uint256 end = _step(from, bundles.length, limit);
        (rec.redeemed, rec.sealed_) = (uint16(end), false);
        if (end == bundles.length) _burn(recId);
        emit RecRedeemed(recId, msg.sender, from, end);
        for (uint256 i = from; i < end; ++i) if (_isFree(recId, bundles[i], msg.sender)) certificates.transfer(bundles[i], msg.sender);
    }

    /// @inheritdoc IEnergyRecords
    function recoverBundle(uint256 bundleId) external whenNotPaused {
        Left memory left = leftOf[bundleId];
        if (left.recId == 0) revert NotLeft(bundleId);
        delete leftOf[bundleId];
        emit BundleRecovered(left.recId, bundleId);
        // Both refuse while it is locked, and for ever once it has ended.
        if (left.owner == address(0)) _claim(bundleId, _recs[left.recId - 1]);
        else certificates.transfer(bundleId, left.owner);
    }

    // ── views ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IEnergyRecords
    function getRecord(uint256 recordId) external view returns (Record memory) {
        if (recordId == 0 || recordId > _records.length) revert UnknownRecord(recordId);
        return _records[recordId - 1];
    }

    /// @inheritdoc IEnergyRecords
    function certifiedUntil(uint256 meterId, Flow flow) external view returns (uint256) {
        return _done[meterId][flow];
    }

    /// @inheritdoc IEnergyRecords
    function recordCount() external view returns (uint256) {
        return _records.length;
    }

    /// @inheritdoc IEnergyRecords
    function getRec(uint256 recId) external view returns (Rec memory) {
        return _rec(recId);
    }

    /// @inheritdoc IEnergyRecords
    function bundlesOf(uint256 recId) external view returns (uint256[] memory) {
        return _bundles[recId];
    }

    /// @inheritdoc IEnergyRecords
    function liveWhOf(uint256 recId, uint256 offset, uint256 limit) external view returns (uint256 liveWh) {
        uint256[] storage bundles = _bundles[recId];
        uint256 end = offset < bundles.length ? _step(offset, bundles.length, limit) : offset;
        for (uint256 i = offset; i < end; ++i) {
            IGranularCertificate.Bundle memory bundle = certificates.getBundle(bundles[i]);
            if (bundle.owner == address(this) && bundle.state == IGranularCertificate.State.Active) liveWh += bundle.energyWh;
        }
    }

    // ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Registers of two readings of one epoch: both must have been judged good, and nothing else needs to be summed.
    function _flowBetween(uint256 meterId, Flow flow, uint256 fromReading, uint256 toReading)
        private view returns (uint256 energyWh, uint256 fromInterval, uint256 toInterval)
    {
        ISmartMeter.Reading memory from = _judged(meterId, fromReading);
        ISmartMeter.Reading memory to = _judged(meterId, toReading);
        bool fits = from.epoch == to.epoch && to.status == ISmartMeter.ReadingStatus.Validated;
        if (!fits) revert BadRange(meterId, fromReading, toReading, _done[meterId][flow]);
        energyWh = flow == Flow.Production ? to.exportWh - from.exportWh : to.importWh - from.importWh;
        return (energyWh, from.interval, to.interval);
    }

    function _judged(uint256 meterId, uint256 readingId) private view returns (ISmartMeter.Reading memory reading) {
        ISmartMeter.Reading[] memory page = smartMeter.getDeviceHistoryPage(meterId, readingId, 1);
        if (page.length == 0) revert ISmartMeter.UnknownReading(meterId, readingId);
        reading = page[0];
        if (reading.status != ISmartMeter.ReadingStatus.Validated && reading.status != ISmartMeter.ReadingStatus.Installed) {
            revert ISmartMeter.NotValidated(meterId, readingId, reading.status);
        }
    }

    /// @dev What is handed on must be a whole, sealed MWh: not one half filled, half taken apart, retired or expired.
    function _update(address to, uint256 recId, address auth) internal override returns (address) {
        if (to != address(0) && _ownerOf(recId) != address(0)) {
            Rec storage rec = _rec(recId);
            if (!rec.sealed_ || rec.retired) revert WrongRecState(recId, rec.sealed_, rec.retired, rec.redeemed);
            _requireLive(recId, rec);
            if (to == address(this)) revert ERC721InvalidReceiver(to); // nobody could take it out again
        }
        return super._update(to, recId, auth);
    }

    /// @dev A bundle that expired or was withdrawn meanwhile must not block the others, nor one that is locked: that one is noted, for
    ///      `owner` to have later, or to be claimed when there is none.
    function _isFree(uint256 recId, uint256 bundleId, address owner) private returns (bool) {
        IGranularCertificate.State state = certificates.getBundle(bundleId).state;
        if (state == IGranularCertificate.State.Locked) {
            leftOf[bundleId] = Left(uint64(recId), owner);
            emit BundleLeft(recId, bundleId, owner);
        }
        return state == IGranularCertificate.State.Active;
    }

    function _claim(uint256 bundleId, Rec storage rec) private {
        certificates.cancel(bundleId);
        certificates.claim(bundleId, rec.beneficiary, rec.purpose);
    }

    function _requireLive(uint256 recId, Rec storage rec) private view {
        if (block.timestamp >= rec.expiresAt) revert RecExpired(recId, rec.expiresAt);
    }

    function _step(uint256 from, uint256 length, uint256 limit) private pure returns (uint256) {
        uint256 most = limit < MAX_STEP ? limit : MAX_STEP;
        return from + most < length ? from + most : length;
    }

    function _rec(uint256 recId) private view returns (Rec storage) {
        if (recId == 0 || recId > _recs.length) revert UnknownRec(recId);
        return _recs[recId - 1];
    }

    function _ownRec(uint256 recId) private view returns (Rec storage rec) {
        rec = _rec(recId);
        if (_ownerOf(recId) != msg.sender) revert NotRecOwner(recId, _ownerOf(recId), msg.sender);
    }
}
