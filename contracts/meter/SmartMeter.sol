// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PoseidonT5} from "poseidon-solidity/PoseidonT5.sol";
import {Governed} from "../access/Governed.sol";
import {BabyJubJub} from "./BabyJubJub.sol";
import {ISmartMeter} from "./ISmartMeter.sol";
import {RegistryTree} from "./RegistryTree.sol";

/// @title SmartMeter: the one owner of devices, readings and the registry root
/// @notice See {ISmartMeter} for units and meaning.
/// @custom:source this project, docs/decisions/0002-ledger-contracts.md, points 1 to 3; the registry leaf: docs/settlement.md
contract SmartMeter is ISmartMeter, Governed {
    using RegistryTree for RegistryTree.Tree;

    /// @dev What the judging of readings has come to.
    struct Judged {
        uint64 exportWh; // validated growth over all epochs
        uint64 importWh;
        uint40 next; // number of the next reading to judge
        uint40 last; // number of the last validated reading, or of the installed one
        uint40 installed; // number of the reading that began the present epoch
    }

    /// @dev What stays of an epoch that is over: who and what stood behind its readings, and the sums when it ended.
    struct Past {
        Source source;
        uint64 exportWh; // validated growth over this and all earlier epochs
        uint64 importWh;
    }

    /// @notice Number of readings in the longest answer of `getDeviceHistory`.
    uint256 public constant MAX_HISTORY = 512;
    /// @notice Length of a market interval, s.
    uint256 public constant INTERVAL_S = 900;
    /// @notice Number of posted readings that may wait to be judged, at most: a day of them.
    uint256 public constant MAX_PENDING = 96;

    /// @inheritdoc ISmartMeter
    uint256 public immutable capacity;
    /// @inheritdoc ISmartMeter
    bool public immutable chainTime;
    /// @inheritdoc ISmartMeter
    uint256 public registryVersion;
    /// @inheritdoc ISmartMeter
    mapping(address device => uint256 meterId) public meterOf;

    uint256 private _privateCount; // highest private number ever used
    uint256 private _publicCount;
    RegistryTree.Tree private _tree;
    mapping(uint256 meterId => Device) private _devices;
    mapping(uint256 meterId => Judged) private _judged;
    mapping(uint256 meterId => mapping(uint256 epoch => Past)) private _past;
    mapping(uint256 meterId => Reading[]) private _readings;
    mapping(uint256 meterId => mapping(uint256 interval => bytes32)) private _commitments;
    mapping(uint256 meterId => uint256 interval) private _lastCommitted;
    mapping(uint256 meterId => Firmware) private _firmware;
    mapping(uint256 meterId => Maintenance) private _maintenance;
    /// @dev Class an account has served in, plus one: an account never changes class.
    mapping(address device => uint256) private _servedAs;
    mapping(bytes32 keyHash => bool) private _keyUsed;

    /// @param authority_ the Access contract
    /// @param depth height of the registry tree, 1 to 16: room for 2^depth private meters
    /// @param chainTime_ true: market intervals are those of the chain's clock; false: of a simulated plant, whose time runs on its own
    constructor(address authority_, uint256 depth, bool chainTime_) Governed(authority_) {
        if (depth == 0 || depth > 16) revert BadDepth(depth);
        capacity = 1 << depth;
        chainTime = chainTime_;
        _tree.init(depth);
    }

    // ── registration ────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ISmartMeter
    function registerDevice(address device, bytes calldata deviceData) external restricted whenNotPaused {
        _register(device, abi.decode(deviceData, (DeviceData)));
    }

    /// @inheritdoc ISmartMeter
    function registerDevices(address[] calldata devices, bytes[] calldata deviceData) external restricted whenNotPaused {
        if (devices.length != deviceData.length) revert LengthMismatch(devices.length, deviceData.length);
        for (uint256 i = 0; i < devices.length; ++i) _register(devices[i], abi.decode(deviceData[i], (DeviceData)));
    }

    /// @inheritdoc ISmartMeter
    function verifyDevice(uint256 meterId, bytes32 testRecord) external restricted whenNotPaused {
        _verify(meterId, testRecord);
    }

    /// @inheritdoc ISmartMeter
    function verifyDevices(uint256[] calldata meterIds, bytes32[] calldata testRecords) external restricted whenNotPaused {
        if (meterIds.length != testRecords.length) revert LengthMismatch(meterIds.length, testRecords.length);
        for (uint256 i = 0; i < meterIds.length; ++i) _verify(meterIds[i], testRecords[i]);
    }

    /// @inheritdoc ISmartMeter
    function swapDevice(uint256 meterId, address device, bytes calldata deviceData) external restricted whenNotPaused {
        Device storage old = _inService(meterId);
        DeviceData memory data = abi.decode(deviceData, (DeviceData));
        if (data.meterId != meterId) revert MeterNotFree(data.meterId);
        if (data.backing != old.backing) revert BadBacking(data.deviceClass, data.technology, data.renewableOnly, data.backing);
        // A swap changes the device and nothing of what its meter stands for: that takes a retirement and a new registration.
        bool same = data.owner == old.owner && data.technology == old.technology && data.renewableOnly == old.renewableOnly;
        if (!same || data.ratedPowerW > old.ratedPowerW) revert SwapChanges(meterId, data.owner, data.technology, data.renewableOnly, data.ratedPowerW);
        _closeEpoch(meterId, old);
        _openEpoch(meterId, device, data);
    }

    /// @inheritdoc ISmartMeter
    function rotateKey(uint256 meterId, uint256 keyX, uint256 keyY, uint256 witnessX, uint256 witnessY) external restricted whenNotPaused {
        Device storage device = _inService(meterId);
        _takeKey(keyX, keyY, witnessX, witnessY);
        (device.keyX, device.keyY) = (keyX, keyY);
        emit KeyRotated(meterId, device.epoch, keyX, keyY);
        // Whoever enters a key does not put it into service: it is verified again.
        if (device.deviceClass == DeviceClass.Private && device.status != Status.Registered) _setLeaf(meterId, 0);
        device.status = Status.Registered;
    }

    /// @inheritdoc ISmartMeter
    function retireDevice(uint256 meterId) external restricted whenNotPaused {
        Device storage device = _inService(meterId);
        _closeEpoch(meterId, device);
        device.status = Status.Retired;
        emit DeviceRetired(meterId, device.device);
    }

    // ── readings ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ISmartMeter
    function submitReading(uint256 deviceId, uint256 reading) external whenNotPaused {
        _requirePoster(deviceId, DeviceClass.Public);
        if (reading >> 168 != 0) revert BadReading(reading);
        uint64 exportWh = uint64(reading);
        uint64 importWh = uint64(reading >> 64);
        uint40 interval = uint40(reading >> 128);
        if (interval == 0) interval = _now();
        _requireNotAhead(deviceId, interval);

        Reading[] storage readings = _readings[deviceId];
        uint256 count = readings.length;
        Judged memory judged = _judged[deviceId];
        if (count - judged.next >= MAX_PENDING) revert TooManyPending(deviceId, count - judged.next, MAX_PENDING);
        Reading memory base = readings[judged.last];
        if (importWh < base.importWh || exportWh < base.exportWh) {
            revert RegisterRolledBack(deviceId, importWh, exportWh, base.importWh, base.exportWh);
        }
        // After the last one that waits, or else the last good one: what was rejected blocks nothing.
        uint40 lastInterval = count > judged.next ? readings[count - 1].interval : base.interval;
        if (interval <= lastInterval) revert IntervalNotAfter(deviceId, interval, lastInterval);
        readings.push(Reading(uint40(block.timestamp), interval, exportWh, importWh, 0, base.epoch, ReadingStatus.Posted));
        emit ReadingPosted(deviceId, count, interval, importWh, exportWh);
    }

    /// @inheritdoc ISmartMeter
    function submitCommitment(uint256 deviceId, uint40 interval, bytes32 commitment) external whenNotPaused {
        _requirePoster(deviceId, DeviceClass.Private);
        _requireNotAhead(deviceId, interval);
        uint256 last = _lastCommitted[deviceId];
        if (interval <= last) revert IntervalNotAfter(deviceId, interval, last);
        _lastCommitted[deviceId] = interval;
        _commitments[deviceId][interval] = commitment;
        emit CommitmentPosted(deviceId, interval, commitment);
    }

    /// @inheritdoc ISmartMeter
    function validateReading(uint256 deviceId, uint256 readingId) external restricted whenNotPaused returns (bool valid) {
        Device storage device = _devices[deviceId];
        Reading[] storage readings = _readings[deviceId];
        if (readingId >= readings.length) revert UnknownReading(deviceId, readingId);
        if (device.openTamperReports != 0) revert TamperOpen(deviceId, device.openTamperReports);
        Judged storage judged = _judged[deviceId];
        if (readingId != judged.next) revert OutOfOrder(deviceId, readingId, judged.next);
        judged.next = uint40(readingId + 1);

        Reading storage reading = readings[readingId];
        Reading memory base = readings[judged.last];
        reading.previous = uint24(judged.last);
        // A reading posted before its predecessor was judged may lie below it now: that is a roll-back, too.
        bool grows = reading.importWh >= base.importWh && reading.exportWh >= base.exportWh;
        uint256 importGrowthWh = grows ? reading.importWh - base.importWh : 0;
        uint256 exportGrowthWh = grows ? reading.exportWh - base.exportWh : 0;
        // Rated power for the whole time with a quarter's margin, and 1 Wh for the rounding of the registers.
        uint256 plausibleWh = (uint256(device.ratedPowerW) * (reading.interval - base.interval) * INTERVAL_S * 5) / (3600 * 4) + 1;
        uint256 growthWh = importGrowthWh > exportGrowthWh ? importGrowthWh : exportGrowthWh;
        valid = grows && growthWh <= plausibleWh;
        if (valid) {
            reading.status = ReadingStatus.Validated;
            judged.last = uint40(readingId);
            judged.importWh += uint64(importGrowthWh);
            judged.exportWh += uint64(exportGrowthWh);
            emit ReadingValidated(deviceId, readingId, uint64(importGrowthWh), uint64(exportGrowthWh));
        } else {
            reading.status = ReadingStatus.Rejected;
            emit ReadingRejected(deviceId, readingId, growthWh, plausibleWh);
        }
    }

    // ── care of the device ──────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ISmartMeter
    function reportTamper(uint256 meterId, bytes32 kind, bytes32 evidence) external restricted {
        Device storage device = _inService(meterId);
        emit TamperReported(meterId, kind, evidence, ++device.openTamperReports);
    }

    /// @inheritdoc ISmartMeter
    function clearTamper(uint256 meterId, bytes32 finding) external restricted {
        Device storage device = _inService(meterId);
        if (device.openTamperReports == 0) revert NoTamper(meterId);
        device.openTamperReports = 0;
        emit TamperCleared(meterId, finding);
    }

    /// @inheritdoc ISmartMeter
    function setMaintenance(uint256 meterId, bool inMaintenance, uint40 dueAt, bytes32 workOrder) external restricted {
        Device storage device = _inService(meterId);
        if (device.status == Status.Registered) revert WrongStatus(meterId, device.status, Status.Active);
        device.status = inMaintenance ? Status.Maintenance : Status.Active;
        _maintenance[meterId] = Maintenance(dueAt, workOrder);
        emit MaintenanceSet(meterId, inMaintenance, dueAt, workOrder);
    }

    /// @inheritdoc ISmartMeter
    function recordFirmware(uint256 meterId, bytes32 version, bytes32 imageHash) external restricted {
        _inService(meterId);
        _firmware[meterId] = Firmware(version, imageHash, uint40(block.timestamp));
        emit FirmwareRecorded(meterId, version, imageHash);
    }

    // ── views ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ISmartMeter
    function registryRoot() external view returns (uint256) {
        return _tree.root();
    }

    /// @inheritdoc ISmartMeter
    function registryLeaf(uint256 meterId) external view returns (uint256) {
        if (meterId == 0 || meterId > capacity) revert UnknownMeter(meterId);
        return _tree.leafAt(meterId - 1);
    }

    /// @inheritdoc ISmartMeter
    function getDevice(uint256 meterId) external view returns (Device memory device) {
        device = _devices[meterId];
        if (device.status == Status.None) revert UnknownMeter(meterId);
    }

    /// @inheritdoc ISmartMeter
    function sourceOf(uint256 meterId) external view returns (Source memory) {
        if (_devices[meterId].status == Status.None) revert UnknownMeter(meterId);
        return _present(_devices[meterId]);
    }

    /// @inheritdoc ISmartMeter
    function sourceOfReading(uint256 meterId, uint256 readingId) external view returns (Source memory) {
        if (_devices[meterId].status == Status.None) revert UnknownMeter(meterId);
        Reading[] storage readings = _readings[meterId];
        if (readingId >= readings.length) revert UnknownReading(meterId, readingId);
        return _sourceOfEpoch(meterId, readings[readingId].epoch);
    }

    /// @inheritdoc ISmartMeter
    function sourceOfEpoch(uint256 meterId, uint256 epoch) external view returns (Source memory) {
        _requireEpoch(meterId, epoch);
        return _sourceOfEpoch(meterId, epoch);
    }

    /// @inheritdoc ISmartMeter
    function getDeviceHistory(uint256 deviceId) external view returns (Reading[] memory) {
        uint256 length = _readings[deviceId].length;
        if (length > MAX_HISTORY) revert HistoryTooLong(length, MAX_HISTORY);
        return _readings[deviceId];
    }

    /// @inheritdoc ISmartMeter
    function getDeviceHistoryPage(uint256 deviceId, uint256 offset, uint256 limit) external view returns (Reading[] memory page) {
        Reading[] storage readings = _readings[deviceId];
        uint256 left = offset < readings.length ? readings.length - offset : 0;
        page = new Reading[](limit < left ? limit : left);
        for (uint256 i = 0; i < page.length; ++i) page[i] = readings[offset + i];
    }

    /// @inheritdoc ISmartMeter
    function readingCount(uint256 deviceId) external view returns (uint256) {
        return _readings[deviceId].length;
    }

    /// @inheritdoc ISmartMeter
    function nextToValidate(uint256 deviceId) external view returns (uint256) {
        return _judged[deviceId].next;
    }

    /// @inheritdoc ISmartMeter
    function epochStartOf(uint256 meterId) external view returns (Reading memory) {
        if (_devices[meterId].status == Status.None) revert UnknownMeter(meterId);
        return _readings[meterId][_judged[meterId].installed];
    }

    /// @inheritdoc ISmartMeter
    function growthOf(uint256 deviceId, uint256 readingId)
        external view returns (uint256 importWh, uint256 exportWh, uint256 fromInterval, uint256 toInterval)
    {
        Reading[] storage readings = _readings[deviceId];
        if (readingId >= readings.length) revert UnknownReading(deviceId, readingId);
        Reading memory reading = readings[readingId];
        if (reading.status != ReadingStatus.Validated) revert NotValidated(deviceId, readingId, reading.status);
        Reading memory before = readings[reading.previous];
        return (reading.importWh - before.importWh, reading.exportWh - before.exportWh, before.interval, reading.interval);
    }

    /// @inheritdoc ISmartMeter
    function verifiedOf(uint256 deviceId) external view returns (uint256 importWh, uint256 exportWh) {
        Judged memory judged = _judged[deviceId];
        return (judged.importWh, judged.exportWh);
    }

    /// @inheritdoc ISmartMeter
    function verifiedOfEpoch(uint256 meterId, uint256 epoch) external view returns (uint256 importWh, uint256 exportWh) {
        _requireEpoch(meterId, epoch);
        if (epoch == _devices[meterId].epoch) (importWh, exportWh) = (_judged[meterId].importWh, _judged[meterId].exportWh);
        else (importWh, exportWh) = (_past[meterId][epoch].importWh, _past[meterId][epoch].exportWh);
        Past storage before = _past[meterId][epoch - 1]; // empty for the first epoch
        (importWh, exportWh) = (importWh - before.importWh, exportWh - before.exportWh);
    }

    /// @inheritdoc ISmartMeter
    function commitmentOf(uint256 deviceId, uint40 interval) external view returns (bytes32) {
        return _commitments[deviceId][interval];
    }

    /// @inheritdoc ISmartMeter
    function firmwareOf(uint256 meterId) external view returns (Firmware memory) {
        return _firmware[meterId];
    }

    /// @inheritdoc ISmartMeter
    function maintenanceOf(uint256 meterId) external view returns (Maintenance memory) {
        return _maintenance[meterId];
    }

    // ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function _register(address account, DeviceData memory data) private {
        bool isPrivate = data.deviceClass == DeviceClass.Private;
        uint256 meterId = data.meterId;
        if (isPrivate) {
            if (meterId == 0) meterId = ++_privateCount;
            else if (meterId > _privateCount) _privateCount = meterId;
            if (meterId > capacity) revert RegistryFull(meterId, capacity);
        } else if (meterId == 0) {
            meterId = capacity + ++_publicCount;
        } else if (meterId <= capacity || meterId > capacity + _publicCount) {
            revert MeterNotFree(meterId);
        }
        Status status = _devices[meterId].status;
        if (status != Status.None && status != Status.Retired) revert MeterNotFree(meterId);
        // The attribute a metering point backs is chosen once: a number opened again keeps it.
        if (status == Status.Retired && _devices[meterId].backing != data.backing) {
            revert BadBacking(data.deviceClass, data.technology, data.renewableOnly, data.backing);
        }
        _openEpoch(meterId, account, data);
    }

    function _openEpoch(uint256 meterId, address account, DeviceData memory data) private {
        Device storage device = _devices[meterId];
        if (device.status != Status.None && device.deviceClass != data.deviceClass) revert WrongClass(meterId, device.deviceClass);
        if (data.owner == address(0) || data.ratedPowerW == 0) revert BadDeviceData(data.owner, data.ratedPowerW);
        if (!_backingFits(data)) revert BadBacking(data.deviceClass, data.technology, data.renewableOnly, data.backing);
        uint256 served = uint256(data.deviceClass) + 1;
        if (account == address(0) || meterOf[account] != 0 || (_servedAs[account] != 0 && _servedAs[account] != served)) {
            revert DeviceNotFree(account, meterOf[account]);
        }
        if (data.interval == 0) data.interval = _now();
        _requireNotAhead(meterId, data.interval);
        _takeKey(data.keyX, data.keyY, data.witnessX, data.witnessY);
        _servedAs[account] = served;
        meterOf[account] = meterId;

        Judged storage judged = _judged[meterId];
        Reading[] storage readings = _readings[meterId];
        uint32 epoch = device.epoch + 1;
        if (epoch > 1) {
            // An installation set back in time would make room for energy that never flowed.
            uint40 last = readings[judged.last].interval;
            if (data.deviceClass == DeviceClass.Public && data.interval < last) revert IntervalNotAfter(meterId, data.interval, last);
            _past[meterId][device.epoch] = Past(_present(device), judged.exportWh, judged.importWh);
        }
        _devices[meterId] = Device({
            device: account, registeredAt: uint40(block.timestamp), epoch: epoch, deviceClass: data.deviceClass, technology: data.technology,
            status: Status.Registered, owner: data.owner, ratedPowerW: data.ratedPowerW, openTamperReports: 0,
            renewableOnly: data.renewableOnly, backing: data.backing, keyX: data.keyX, keyY: data.keyY, gridNode: data.gridNode
        });
        uint40 installed = uint40(readings.length);
        readings.push(Reading(uint40(block.timestamp), data.interval, data.exportWh, data.importWh, uint24(installed), uint16(epoch), ReadingStatus.Installed));
        // Readings of the epoch before that nobody judged stay unjudged: they can no longer back anything.
        (judged.next, judged.last, judged.installed) = (installed + 1, installed, installed);
        emit DeviceRegistered(meterId, account, data.owner, epoch, data);
    }

    /// @dev Credits need open readings of a renewable source; certificates need a renewable-only source, and a private meter's renewable
    ///      flag and its backing say the same thing.
    function _backingFits(DeviceData memory data) private pure returns (bool) {
        if (data.renewableOnly) {
            bool renewable = data.technology >= Technology.Solar && data.technology <= Technology.Biomass;
            if (!renewable) return false;
            if (data.deviceClass == DeviceClass.Private) return data.backing == Backing.Certificates;
            return true;
        }
        return data.backing == Backing.None;
    }

    function _closeEpoch(uint256 meterId, Device storage device) private {
        if (device.deviceClass == DeviceClass.Private && device.status != Status.Registered) _setLeaf(meterId, 0);
        delete meterOf[device.device];
        emit EpochClosed(meterId, device.epoch, device.device);
    }

    function _verify(uint256 meterId, bytes32 testRecord) private {
        Device storage device = _devices[meterId];
        if (device.status != Status.Registered) revert WrongStatus(meterId, device.status, Status.Registered);
        device.status = Status.Active;
        emit DeviceVerified(meterId, device.epoch, testRecord, msg.sender);
        if (device.deviceClass == DeviceClass.Private) _setLeaf(meterId, _leaf(meterId, device));
    }

    function _takeKey(uint256 keyX, uint256 keyY, uint256 witnessX, uint256 witnessY) private {
        BabyJubJub.requirePrimeOrder(keyX, keyY, witnessX, witnessY);
        bytes32 keyHash = keccak256(abi.encode(keyX, keyY));
        if (_keyUsed[keyHash]) revert KeyUsed(keyX, keyY);
        _keyUsed[keyHash] = true;
    }

    function _leaf(uint256 meterId, Device storage device) private view returns (uint256) {
        uint256 flags = (device.renewableOnly ? 1 : 0) | (uint256(device.technology) << 1);
        return PoseidonT5.hash([meterId, device.keyX, device.keyY, flags]);
    }

    function _setLeaf(uint256 meterId, uint256 leaf) private {
        _tree.set(meterId - 1, leaf);
        emit RegistryRootChanged(++registryVersion, _tree.root(), meterId, leaf);
    }

    function _present(Device storage device) private view returns (Source memory) {
        return Source(device.owner, device.deviceClass, device.technology, device.renewableOnly, device.backing);
    }

    function _sourceOfEpoch(uint256 meterId, uint256 epoch) private view returns (Source memory) {
        Device storage device = _devices[meterId];
        return epoch == device.epoch ? _present(device) : _past[meterId][epoch].source;
    }

    function _requireEpoch(uint256 meterId, uint256 epoch) private view {
        if (epoch == 0 || epoch > _devices[meterId].epoch) revert UnknownEpoch(meterId, epoch);
    }

    function _now() private view returns (uint40) {
        return uint40(block.timestamp / INTERVAL_S);
    }

    /// @dev One interval of grace for a device's clock that runs ahead of the chain's.
    function _requireNotAhead(uint256 meterId, uint40 interval) private view {
        if (chainTime && interval > _now() + 1) revert IntervalAhead(meterId, interval, _now() + 1);
    }

    function _inService(uint256 meterId) private view returns (Device storage device) {
        device = _devices[meterId];
        if (device.status == Status.None) revert UnknownMeter(meterId);
        if (device.status == Status.Retired) revert WrongStatus(meterId, Status.Retired, Status.Active);
    }

    function _requirePoster(uint256 meterId, DeviceClass needed) private view {
        Device storage device = _devices[meterId];
        if (device.device != msg.sender) revert NotTheDevice(meterId, device.device, msg.sender);
        if (device.deviceClass != needed) revert WrongClass(meterId, device.deviceClass);
        if (device.status != Status.Active) revert WrongStatus(meterId, device.status, Status.Active);
    }
}
