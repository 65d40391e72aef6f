// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ISmartMeter: devices, their readings and the registry root
/// @notice Energy in Wh, power in W, time in s, `interval` in market intervals of 900 s (floor(plant time / 900 s)).
///         A meter is the metering point; the device at it may be swapped, each device being one epoch of the meter.
interface ISmartMeter {
    /// @notice Private: settles by proof and posts commitments only. Public: posts plain readings and may back tokens and credits. For good.
    enum DeviceClass { Private, Public }
    /// @notice Codes of the registry leaf (bits 1..4 of its flags).
    enum Technology { None, Solar, Wind, Hydro, Biomass, Diesel, Storage, Mixed }
    /// @notice What a verified Wh of the device may back as attribute: nothing, an energy certificate, or an avoided-emission credit. For good.
    enum Backing { None, Certificates, Credits }
    enum Status { None, Registered, Active, Maintenance, Retired }
    /// @notice Installed: the registers a device had when its epoch began; the readings of the epoch grow from there.
    enum ReadingStatus { Posted, Validated, Rejected, Installed }

    /// @notice Content of `deviceData`, ABI-encoded.
    struct DeviceData {
        uint256 meterId; // 0: the next free number of the class; else a retired number to open again, or for private meters any free one
        address owner; // the member
        DeviceClass deviceClass;
        Technology technology;
        bool renewableOnly; // nothing but renewable generation stands behind this meter
        Backing backing;
        uint32 ratedPowerW; // largest import or export; readings that grow faster are rejected
        bytes32 gridNode; // id of the grid node it is bound to
        uint64 importWh; // registers of the device when it is installed
        uint64 exportWh;
        uint40 interval; // market interval of the installation; 0: the present one by the chain's clock
        uint256 keyX; // BabyJubJub public key
        uint256 keyY;
        uint256 witnessX; // (8⁻¹ mod L)·key, see BabyJubJub.sol
        uint256 witnessY;
    }

    struct Device {
        address device; // account that posts for it
        uint40 registeredAt;
        uint32 epoch; // 1 for the first device at this meter
        DeviceClass deviceClass;
        Technology technology;
        Status status;
        address owner;
        uint32 ratedPowerW;
        uint32 openTamperReports;
        bool renewableOnly;
        Backing backing;
        uint256 keyX;
        uint256 keyY;
        bytes32 gridNode;
    }

    /// @notice What those who back something by a meter need to know of it.
    struct Source {
        address owner;
        DeviceClass deviceClass;
        Technology technology;
        bool renewableOnly;
        Backing backing;
    }

    /// @notice One public reading: cumulative registers.
    struct Reading {
        uint40 postedAt;
        uint40 interval;
        uint64 exportWh;
        uint64 importWh;
        uint24 previous; // number of the validated (or installed) reading it grew from, once it is judged
        uint16 epoch; // of the meter
        ReadingStatus status;
    }

    struct Firmware {
        bytes32 version; // short string
        bytes32 imageHash; // SHA-256 of the signed image
        uint40 since;
    }

    struct Maintenance {
        uint40 dueAt; // s; 0: none planned
        bytes32 workOrder;
    }

    /// @notice Carries the whole registration, so that an index can be rebuilt from events alone.
    event DeviceRegistered(uint256 indexed meterId, address indexed device, address indexed owner, uint32 epoch, DeviceData data);
    event DeviceVerified(uint256 indexed meterId, uint32 epoch, bytes32 testRecord, address indexed technician);
    event RegistryRootChanged(uint256 indexed version, uint256 root, uint256 indexed meterId, uint256 leaf);
    event KeyRotated(uint256 indexed meterId, uint32 epoch, uint256 keyX, uint256 keyY);
    event EpochClosed(uint256 indexed meterId, uint32 epoch, address device);
    event DeviceRetired(uint256 indexed meterId, address indexed device);
    event ReadingPosted(uint256 indexed meterId, uint256 indexed readingId, uint40 interval, uint64 importWh, uint64 exportWh);
    event ReadingValidated(uint256 indexed meterId, uint256 indexed readingId, uint64 importGrowthWh, uint64 exportGrowthWh);
    event ReadingRejected(uint256 indexed meterId, uint256 indexed readingId, uint256 growthWh, uint256 plausibleWh);
    event CommitmentPosted(uint256 indexed meterId, uint40 indexed interval, bytes32 commitment);
    event TamperReported(uint256 indexed meterId, bytes32 indexed kind, bytes32 evidence, uint256 open);
    event TamperCleared(uint256 indexed meterId, bytes32 finding);
    event MaintenanceSet(uint256 indexed meterId, bool inMaintenance, uint40 dueAt, bytes32 workOrder);
    event FirmwareRecorded(uint256 indexed meterId, bytes32 version, bytes32 imageHash);

    /// @notice No meter `meterId`.
    error UnknownMeter(uint256 meterId);
    /// @notice Meter `meterId` is `status`; the call needs `needed`.
    error WrongStatus(uint256 meterId, Status status, Status needed);
    /// @notice The registry holds `capacity` private meters; `meterId` does not fit.
    error RegistryFull(uint256 meterId, uint256 capacity);
    /// @notice Meter number `meterId` is in use, or not one to be chosen.
    error MeterNotFree(uint256 meterId);
    /// @notice `device` is the zero address, is registered at `meterId`, or served in the other class.
    error DeviceNotFree(address device, uint256 meterId);
    /// @notice This key was registered before; each device needs a fresh one.
    error KeyUsed(uint256 keyX, uint256 keyY);
    /// @notice The owner is the zero address or the rated power is 0.
    error BadDeviceData(address owner, uint256 ratedPowerW);
    /// @notice A device with `technology`, renewable only or not, cannot back `backing` in class `deviceClass`.
    error BadBacking(DeviceClass deviceClass, Technology technology, bool renewableOnly, Backing backing);
    /// @notice The call is for devices of the other class; `meterId` is `deviceClass`.
    error WrongClass(uint256 meterId, DeviceClass deviceClass);
    /// @notice `caller` is not `device`, which posts for meter `meterId`.
    error NotTheDevice(uint256 meterId, address device, address caller);
    /// @notice Registers may only grow: posted import/export are below the last ones.
    error RegisterRolledBack(uint256 meterId, uint256 importWh, uint256 exportWh, uint256 lastImportWh, uint256 lastExportWh);
    /// @notice `interval` lies ahead of the chain's clock, by which `latest` is the last one possible.
    error IntervalAhead(uint256 meterId, uint256 interval, uint256 latest);
    /// @notice `pending` readings of `meterId` wait to be judged; no more than `max` may.
    error TooManyPending(uint256 meterId, uint256 pending, uint256 max);
    /// @notice A swap of `meterId` may not change its owner, technology or renewable flag, nor raise its rated power: it is to be retired
    ///         and registered again for that.
    error SwapChanges(uint256 meterId, address owner, Technology technology, bool renewableOnly, uint256 ratedPowerW);
    /// @notice `meterId` had no epoch `epoch`.
    error UnknownEpoch(uint256 meterId, uint256 epoch);
    /// @notice The registry tree may be 1 to 16 high, not `depth`.
    error BadDepth(uint256 depth);
    /// @notice `interval` is not after `last`, or for an installation before it.
    error IntervalNotAfter(uint256 meterId, uint256 interval, uint256 last);
    /// @notice The packed reading has bits above 168 set.
    error BadReading(uint256 reading);
    /// @notice No reading `readingId` of `meterId`.
    error UnknownReading(uint256 meterId, uint256 readingId);
    /// @notice Readings are judged in order: `next` is next, not `readingId`.
    error OutOfOrder(uint256 meterId, uint256 readingId, uint256 next);
    /// @notice `meterId` has `open` tamper reports that a technician has not cleared.
    error TamperOpen(uint256 meterId, uint256 open);
    /// @notice `meterId` has no open tamper report.
    error NoTamper(uint256 meterId);
    /// @notice A full history of `length` readings is too long for one answer (at most `max`): use the paged view.
    error HistoryTooLong(uint256 length, uint256 max);
    /// @notice Reading `readingId` of `meterId` is `status`, not validated.
    error NotValidated(uint256 meterId, uint256 readingId, ReadingStatus status);
    /// @notice Two lists that belong together have different lengths.
    error LengthMismatch(uint256 a, uint256 b);

    /// @notice Registers a device and opens an epoch. It enters the registry root when a technician verifies it. Role: REGISTRAR.
    /// @param device account of the device, unique among registered devices
    /// @param deviceData `abi.encode(DeviceData)`
    function registerDevice(address device, bytes calldata deviceData) external;

    /// @notice As `registerDevice`, for several devices. Role: REGISTRAR.
    function registerDevices(address[] calldata devices, bytes[] calldata deviceData) external;

    /// @notice Confirms a device on site: checks done, test reading seen. A private one enters the registry root. Role: TECHNICIAN.
    /// @param testRecord hash of the commissioning record
    function verifyDevice(uint256 meterId, bytes32 testRecord) external;

    /// @notice As `verifyDevice`, for several meters. Role: TECHNICIAN.
    function verifyDevices(uint256[] calldata meterIds, bytes32[] calldata testRecords) external;

    /// @notice Replaces the device at a meter: closes the epoch and opens the next, which a technician must verify. Role: REGISTRAR.
    /// @param deviceData as at registration; number, class, backing, owner, technology and renewable flag must be those of the meter, the
    ///        rated power (W) no larger. To change them the meter is retired and registered again, which takes both roles.
    function swapDevice(uint256 meterId, address device, bytes calldata deviceData) external;

    /// @notice Gives the same device a new key within its epoch. It is out of service until a technician verifies it. Role: REGISTRAR.
    function rotateKey(uint256 meterId, uint256 keyX, uint256 keyY, uint256 witnessX, uint256 witnessY) external;

    /// @notice Takes a meter out of service: closes its epoch and empties its leaf. The number may be opened again. Role: TECHNICIAN.
    function retireDevice(uint256 meterId) external;

    /// @notice Posts a plain reading. Only by the device's own account; public devices only. At most 96 may wait to be judged. Where the
    ///         plant lives by the chain's clock, an interval more than one ahead of it is refused.
    /// @param deviceId the meter number
    /// @param reading bits 0..63 cumulative export in Wh, 64..127 cumulative import in Wh, 128..167 interval (0: floor(block time / 900 s)).
    ///        So a generator's plain register value is a valid reading.
    function submitReading(uint256 deviceId, uint256 reading) external;

    /// @notice Posts a commitment to a reading. Only by the device's own account; private devices only.
    /// @param interval market interval, strictly increasing
    /// @param commitment hash of the signed reading and a salt
    function submitCommitment(uint256 deviceId, uint40 interval, bytes32 commitment) external;

    /// @notice Judges the next posted reading: validated if it is plausible for the rated power, else rejected and left out for good.
    ///         Role: METER_OPERATOR.
    /// @return valid true when validated
    function validateReading(uint256 deviceId, uint256 readingId) external returns (bool valid);

    /// @notice Records a sign of tampering; readings are not validated until it is cleared. Role: METER_OPERATOR.
    /// @param kind short name such as "cover" or "rollback"
    /// @param evidence hash of the evidence record
    function reportTamper(uint256 meterId, bytes32 kind, bytes32 evidence) external;

    /// @notice Clears all open tamper reports after inspection. Role: TECHNICIAN.
    /// @param finding hash of the inspection record
    function clearTamper(uint256 meterId, bytes32 finding) external;

    /// @notice Puts an active device into maintenance or back, and notes when it is next due. Role: TECHNICIAN.
    function setMaintenance(uint256 meterId, bool inMaintenance, uint40 dueAt, bytes32 workOrder) external;

    /// @notice Records the firmware a device runs. Role: TECHNICIAN.
    function recordFirmware(uint256 meterId, bytes32 version, bytes32 imageHash) external;

    /// @notice Poseidon root over all active private meters. Leaf = Poseidon4(meterId, keyX, keyY, flags), flags bit 0 = renewable only,
    ///         bits 1..4 = technology; leaf index = meterId − 1; empty leaf = 0.
    function registryRoot() external view returns (uint256);

    /// @notice Times the registry root has changed.
    function registryVersion() external view returns (uint256);

    /// @notice Leaf of a private meter as it stands in the tree; 0 when it is not active.
    function registryLeaf(uint256 meterId) external view returns (uint256);

    /// @notice Number of private meters the registry can hold; private meters are 1..capacity, public ones are numbered above.
    function capacity() external view returns (uint256);

    /// @notice A meter and its present device.
    function getDevice(uint256 meterId) external view returns (Device memory);

    /// @notice True: intervals are those of the chain's clock. False: of a simulated plant, whose time runs on its own.
    function chainTime() external view returns (bool);

    /// @notice Owner, class, technology and backing of a meter as they are now.
    function sourceOf(uint256 meterId) external view returns (Source memory);

    /// @notice Owner, class, technology and backing that stood behind a reading: those of its epoch.
    function sourceOfReading(uint256 meterId, uint256 readingId) external view returns (Source memory);

    /// @notice Owner, class, technology and backing of a meter in one epoch; epochs count from 1.
    function sourceOfEpoch(uint256 meterId, uint256 epoch) external view returns (Source memory);

    /// @notice The meter at which `device` is registered; 0: none.
    function meterOf(address device) external view returns (uint256);

    /// @notice All readings posted for a meter, oldest first; refuses above 512, then use the page view.
    function getDeviceHistory(uint256 deviceId) external view returns (Reading[] memory);

    /// @notice Up to `limit` readings from number `offset`.
    function getDeviceHistoryPage(uint256 deviceId, uint256 offset, uint256 limit) external view returns (Reading[] memory);

    /// @notice Number of readings posted for a meter.
    function readingCount(uint256 deviceId) external view returns (uint256);

    /// @notice Number of the reading to be judged next.
    function nextToValidate(uint256 deviceId) external view returns (uint256);

    /// @notice Where the present epoch began: interval and registers at installation.
    function epochStartOf(uint256 meterId) external view returns (Reading memory);

    /// @notice Growth of both registers between a validated reading and the validated one before it, and the intervals it spans.
    function growthOf(uint256 deviceId, uint256 readingId)
        external view returns (uint256 importWh, uint256 exportWh, uint256 fromInterval, uint256 toInterval);

    /// @notice Sum of all validated growth of a public meter over all its epochs.
    function verifiedOf(uint256 deviceId) external view returns (uint256 importWh, uint256 exportWh);

    /// @notice Sum of all validated growth of a public meter in one epoch, Wh.
    function verifiedOfEpoch(uint256 meterId, uint256 epoch) external view returns (uint256 importWh, uint256 exportWh);

    /// @notice Commitment a private device posted for an interval; 0: none.
    function commitmentOf(uint256 deviceId, uint40 interval) external view returns (bytes32);

    /// @notice Firmware last recorded.
    function firmwareOf(uint256 meterId) external view returns (Firmware memory);

    /// @notice Planned maintenance.
    function maintenanceOf(uint256 meterId) external view returns (Maintenance memory);
}
