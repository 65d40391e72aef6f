// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ISmartMeter: devices, their readings and the registry root
/// @notice Energy in Wh, power in W, time in s, `interval` in market intervals of 900 s (floor(plant time / 900 s)).
///         A meter is the metering point; the device at it may be swapped, each device being one epoch of the meter.
/// @custom:source this project, docs/decisions/0002-ledger-contracts.md, points 1 to 3; the registry leaf: docs/settlement.md
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
    /// @param meterId number of the meter
    /// @param device account that posts for the meter
    /// @param owner the member who owns the meter
    /// @param epoch number of the epoch, from 1
    /// @param data the whole registration: energy in Wh, power in W, interval of 900 s
    event DeviceRegistered(uint256 indexed meterId, address indexed device, address indexed owner, uint32 epoch, DeviceData data);
    /// @notice A technician confirmed a device on site: it is in service.
    /// @param meterId number of the meter
    /// @param epoch number of the epoch, from 1
    /// @param testRecord hash of the commissioning record
    /// @param technician who verified it on site
    event DeviceVerified(uint256 indexed meterId, uint32 epoch, bytes32 testRecord, address indexed technician);
    /// @notice A leaf of the registry, and so its root, changed.
    /// @param version number of this change, from 1
    /// @param root Poseidon root of the registry from now on
    /// @param meterId number of the meter
    /// @param leaf leaf of the meter from now on; 0: none
    event RegistryRootChanged(uint256 indexed version, uint256 root, uint256 indexed meterId, uint256 leaf);
    /// @notice A device has a new key, which a technician must verify.
    /// @param meterId number of the meter
    /// @param epoch number of the epoch, from 1
    /// @param keyX coordinate x of the BabyJubJub public key
    /// @param keyY coordinate y of the BabyJubJub public key
    event KeyRotated(uint256 indexed meterId, uint32 epoch, uint256 keyX, uint256 keyY);
    /// @notice The device of a meter was taken off it.
    /// @param meterId number of the meter
    /// @param epoch number of the epoch, from 1
    /// @param device account that posted in it
    event EpochClosed(uint256 indexed meterId, uint32 epoch, address device);
    /// @notice A meter is out of service.
    /// @param meterId number of the meter
    /// @param device account that posts for the meter
    event DeviceRetired(uint256 indexed meterId, address indexed device);
    /// @notice A public device posted its registers; nobody has judged them yet.
    /// @param meterId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @param interval market interval, floor(plant time / 900 s)
    /// @param importWh register of energy drawn, Wh
    /// @param exportWh register of energy delivered, Wh
    event ReadingPosted(uint256 indexed meterId, uint256 indexed readingId, uint40 interval, uint64 importWh, uint64 exportWh);
    /// @notice A reading was judged plausible: its growth may back something.
    /// @param meterId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @param importGrowthWh growth of the import register since the last good reading, Wh
    /// @param exportGrowthWh growth of the export register since the last good reading, Wh
    event ReadingValidated(uint256 indexed meterId, uint256 indexed readingId, uint64 importGrowthWh, uint64 exportGrowthWh);
    /// @notice A reading was judged implausible and left out for good.
    /// @param meterId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @param growthWh the larger growth of both registers, Wh
    /// @param plausibleWh most the rated power allows in that time, Wh
    event ReadingRejected(uint256 indexed meterId, uint256 indexed readingId, uint256 growthWh, uint256 plausibleWh);
    /// @notice A private device posted a commitment.
    /// @param meterId number of the meter
    /// @param interval market interval, floor(plant time / 900 s)
    /// @param commitment hash of the signed reading and a salt
    event CommitmentPosted(uint256 indexed meterId, uint40 indexed interval, bytes32 commitment);
    /// @notice A sign of tampering was recorded.
    /// @param meterId number of the meter
    /// @param kind short name such as "cover" or "rollback"
    /// @param evidence hash of the evidence record
    /// @param open number of tamper reports not cleared
    event TamperReported(uint256 indexed meterId, bytes32 indexed kind, bytes32 evidence, uint256 open);
    /// @notice All open reports of a meter were cleared after inspection.
    /// @param meterId number of the meter
    /// @param finding hash of the inspection record
    event TamperCleared(uint256 indexed meterId, bytes32 finding);
    /// @notice A device went into maintenance or back, or its next maintenance was planned.
    /// @param meterId number of the meter
    /// @param inMaintenance true: out of service for maintenance
    /// @param dueAt unix time of the next maintenance, s; 0: none planned
    /// @param workOrder hash or short name of the work order
    event MaintenanceSet(uint256 indexed meterId, bool inMaintenance, uint40 dueAt, bytes32 workOrder);
    /// @notice The firmware a device runs was recorded.
    /// @param meterId number of the meter
    /// @param version short name of the firmware's version
    /// @param imageHash SHA-256 of the signed image
    event FirmwareRecorded(uint256 indexed meterId, bytes32 version, bytes32 imageHash);

    /// @notice No meter `meterId`.
    /// @param meterId number of the meter
    error UnknownMeter(uint256 meterId);
    /// @notice Meter `meterId` is `status`; the call needs `needed`.
    /// @param meterId number of the meter
    /// @param status status it has
    /// @param needed status the call needs
    error WrongStatus(uint256 meterId, Status status, Status needed);
    /// @notice The registry holds `capacity` private meters; `meterId` does not fit.
    /// @param meterId number of the meter
    /// @param capacity number of private meters the registry holds
    error RegistryFull(uint256 meterId, uint256 capacity);
    /// @notice Meter number `meterId` is in use, or not one to be chosen.
    /// @param meterId number of the meter
    error MeterNotFree(uint256 meterId);
    /// @notice `device` is the zero address, is registered at `meterId`, or served in the other class.
    /// @param device account that posts for the meter
    /// @param meterId number of the meter it serves at; 0: none
    error DeviceNotFree(address device, uint256 meterId);
    /// @notice This key was registered before; each device needs a fresh one.
    /// @param keyX coordinate x of the BabyJubJub public key
    /// @param keyY coordinate y of the BabyJubJub public key
    error KeyUsed(uint256 keyX, uint256 keyY);
    /// @notice The owner is the zero address or the rated power is 0.
    /// @param owner the member who owns the meter
    /// @param ratedPowerW largest import or export, W
    error BadDeviceData(address owner, uint256 ratedPowerW);
    /// @notice A device with `technology`, renewable only or not, cannot back `backing` in class `deviceClass`.
    /// @param deviceClass private or public
    /// @param technology energy source of the device
    /// @param renewableOnly true: nothing but renewable generation stands behind it
    /// @param backing what its Wh were to back
    error BadBacking(DeviceClass deviceClass, Technology technology, bool renewableOnly, Backing backing);
    /// @notice The call is for devices of the other class; `meterId` is `deviceClass`.
    /// @param meterId number of the meter
    /// @param deviceClass private or public
    error WrongClass(uint256 meterId, DeviceClass deviceClass);
    /// @notice `caller` is not `device`, which posts for meter `meterId`.
    /// @param meterId number of the meter
    /// @param device account that posts for the meter
    /// @param caller who called
    error NotTheDevice(uint256 meterId, address device, address caller);
    /// @notice Registers may only grow: posted import/export are below the last ones.
    /// @param meterId number of the meter
    /// @param importWh register of energy drawn, Wh
    /// @param exportWh register of energy delivered, Wh
    /// @param lastImportWh import register of the last good reading, Wh
    /// @param lastExportWh export register of the last good reading, Wh
    error RegisterRolledBack(uint256 meterId, uint256 importWh, uint256 exportWh, uint256 lastImportWh, uint256 lastExportWh);
    /// @notice `interval` lies ahead of the chain's clock, by which `latest` is the last one possible.
    /// @param meterId number of the meter
    /// @param interval market interval, floor(plant time / 900 s)
    /// @param latest last interval possible now
    error IntervalAhead(uint256 meterId, uint256 interval, uint256 latest);
    /// @notice `pending` readings of `meterId` wait to be judged; no more than `max` may.
    /// @param meterId number of the meter
    /// @param pending number of readings that wait to be judged
    /// @param max number there may be at most
    error TooManyPending(uint256 meterId, uint256 pending, uint256 max);
    /// @notice A swap of `meterId` may not change its owner, technology or renewable flag, nor raise its rated power: it is to be retired
    ///         and registered again for that.
    /// @param meterId number of the meter
    /// @param owner the member who owns the meter
    /// @param technology energy source of the device
    /// @param renewableOnly true: nothing but renewable generation stands behind it
    /// @param ratedPowerW largest import or export, W
    error SwapChanges(uint256 meterId, address owner, Technology technology, bool renewableOnly, uint256 ratedPowerW);
    /// @notice `meterId` had no epoch `epoch`.
    /// @param meterId number of the meter
    /// @param epoch number of the epoch, from 1
    error UnknownEpoch(uint256 meterId, uint256 epoch);
    /// @notice The registry tree may be 1 to 16 high, not `depth`.
    /// @param depth height of the tree
    error BadDepth(uint256 depth);
    /// @notice `interval` is not after `last`, or for an installation before it.
    /// @param meterId number of the meter
    /// @param interval market interval, floor(plant time / 900 s)
    /// @param last last interval before
    error IntervalNotAfter(uint256 meterId, uint256 interval, uint256 last);
    /// @notice The packed reading has bits above 168 set.
    /// @param reading the packed word
    error BadReading(uint256 reading);
    /// @notice No reading `readingId` of `meterId`.
    /// @param meterId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    error UnknownReading(uint256 meterId, uint256 readingId);
    /// @notice Readings are judged in order: `next` is next, not `readingId`.
    /// @param meterId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @param next number of the reading to be judged next
    error OutOfOrder(uint256 meterId, uint256 readingId, uint256 next);
    /// @notice `meterId` has `open` tamper reports that a technician has not cleared.
    /// @param meterId number of the meter
    /// @param open number of tamper reports not cleared
    error TamperOpen(uint256 meterId, uint256 open);
    /// @notice `meterId` has no open tamper report.
    /// @param meterId number of the meter
    error NoTamper(uint256 meterId);
    /// @notice A full history of `length` readings is too long for one answer (at most `max`): use the paged view.
    /// @param length number of readings posted
    /// @param max number there may be at most
    error HistoryTooLong(uint256 length, uint256 max);
    /// @notice Reading `readingId` of `meterId` is `status`, not validated.
    /// @param meterId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @param status status it has
    error NotValidated(uint256 meterId, uint256 readingId, ReadingStatus status);
    /// @notice Two lists that belong together have different lengths.
    /// @param a number of entries of the first list
    /// @param b number of entries of the second list
    error LengthMismatch(uint256 a, uint256 b);

    /// @notice Registers a device and opens an epoch. It enters the registry root when a technician verifies it. Role: REGISTRAR.
    /// @param device account of the device, unique among registered devices
    /// @param deviceData `abi.encode(DeviceData)`
    /// @custom:source key: EIP-2494 (BabyJubJub); registration: this project
    function registerDevice(address device, bytes calldata deviceData) external;

    /// @notice As `registerDevice`, for several devices. Role: REGISTRAR.
    /// @param devices accounts of the devices
    /// @param deviceData of each, `abi.encode(DeviceData)`
    function registerDevices(address[] calldata devices, bytes[] calldata deviceData) external;

    /// @notice Confirms a device on site: checks done, test reading seen. A private one enters the registry root. Role: TECHNICIAN.
    /// @param meterId number of the meter
    /// @param testRecord hash of the commissioning record
    function verifyDevice(uint256 meterId, bytes32 testRecord) external;

    /// @notice As `verifyDevice`, for several meters. Role: TECHNICIAN.
    /// @param meterIds numbers of the meters
    /// @param testRecords of each, hash of the commissioning record
    function verifyDevices(uint256[] calldata meterIds, bytes32[] calldata testRecords) external;

    /// @notice Replaces the device at a meter: closes the epoch and opens the next, which a technician must verify. Role: REGISTRAR.
    /// @param meterId number of the meter
    /// @param device account of the new device
    /// @param deviceData as at registration; number, class, backing, owner, technology and renewable flag must be those of the meter, the
    ///        rated power (W) no larger. To change them the meter is retired and registered again, which takes both roles.
    function swapDevice(uint256 meterId, address device, bytes calldata deviceData) external;

    /// @notice Gives the same device a new key within its epoch. It is out of service until a technician verifies it. Role: REGISTRAR.
    /// @param meterId number of the meter
    /// @param keyX coordinate x of the BabyJubJub public key
    /// @param keyY coordinate y of the BabyJubJub public key
    /// @param witnessX coordinate x of (8⁻¹ mod L)·key
    /// @param witnessY coordinate y of (8⁻¹ mod L)·key
    /// @custom:source key: EIP-2494 (BabyJubJub)
    function rotateKey(uint256 meterId, uint256 keyX, uint256 keyY, uint256 witnessX, uint256 witnessY) external;

    /// @notice Takes a meter out of service: closes its epoch and empties its leaf. The number may be opened again. Role: TECHNICIAN.
    /// @param meterId number of the meter
    function retireDevice(uint256 meterId) external;

    /// @notice Posts a plain reading. Only by the device's own account; public devices only. At most 96 may wait to be judged. Where the
    ///         plant lives by the chain's clock, an interval more than one ahead of it is refused.
    /// @param deviceId the meter number
    /// @param reading bits 0..63 cumulative export in Wh, 64..127 cumulative import in Wh, 128..167 interval (0: floor(block time / 900 s)).
    ///        So a generator's plain register value is a valid reading.
    /// @custom:source this project, docs/decisions/0002-ledger-contracts.md, point 2
    function submitReading(uint256 deviceId, uint256 reading) external;

    /// @notice Posts a commitment to a reading. Only by the device's own account; private devices only.
    /// @param deviceId number of the meter
    /// @param interval market interval, strictly increasing
    /// @param commitment hash of the signed reading and a salt
    function submitCommitment(uint256 deviceId, uint40 interval, bytes32 commitment) external;

    /// @notice Judges the next posted reading: validated if it is plausible for the rated power, else rejected and left out for good.
    ///         Role: METER_OPERATOR.
    /// @param deviceId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @return valid true when validated
    /// @custom:source this project: rated power for the whole time with a quarter's margin, and 1 Wh
    function validateReading(uint256 deviceId, uint256 readingId) external returns (bool valid);

    /// @notice Records a sign of tampering; readings are not validated until it is cleared. Role: METER_OPERATOR.
    /// @param meterId number of the meter
    /// @param kind short name such as "cover" or "rollback"
    /// @param evidence hash of the evidence record
    function reportTamper(uint256 meterId, bytes32 kind, bytes32 evidence) external;

    /// @notice Clears all open tamper reports after inspection. Role: TECHNICIAN.
    /// @param meterId number of the meter
    /// @param finding hash of the inspection record
    function clearTamper(uint256 meterId, bytes32 finding) external;

    /// @notice Puts an active device into maintenance or back, and notes when it is next due. Role: TECHNICIAN.
    /// @param meterId number of the meter
    /// @param inMaintenance true: out of service from now on; false: back in service
    /// @param dueAt unix time of the next maintenance, s; 0: none planned
    /// @param workOrder hash or short name of the work order
    function setMaintenance(uint256 meterId, bool inMaintenance, uint40 dueAt, bytes32 workOrder) external;

    /// @notice Records the firmware a device runs. Role: TECHNICIAN.
    /// @param meterId number of the meter
    /// @param version short name of the firmware's version
    /// @param imageHash SHA-256 of the signed image
    function recordFirmware(uint256 meterId, bytes32 version, bytes32 imageHash) external;

    /// @notice Poseidon root over all active private meters. Leaf = Poseidon4(meterId, keyX, keyY, flags), flags bit 0 = renewable only,
    ///         bits 1..4 = technology; leaf index = meterId − 1; empty leaf = 0.
    /// @return root, a field element of BN254
    /// @custom:source Poseidon (eprint 2019/458), circomlib's parameters; docs/settlement.md
    function registryRoot() external view returns (uint256);

    /// @notice Times the registry root has changed.
    /// @return number of changes since deployment
    function registryVersion() external view returns (uint256);

    /// @notice Leaf of a private meter as it stands in the tree; 0 when it is not active.
    /// @param meterId number of the meter
    /// @return leaf, a field element of BN254; 0: not active
    function registryLeaf(uint256 meterId) external view returns (uint256);

    /// @notice Number of private meters the registry can hold; private meters are 1..capacity, public ones are numbered above.
    /// @return number of private meters, 2^depth
    function capacity() external view returns (uint256);

    /// @notice A meter and its present device.
    /// @param meterId number of the meter
    /// @return account, owner, epoch, class, source, status, rated power (W), key and grid node
    function getDevice(uint256 meterId) external view returns (Device memory);

    /// @notice True: intervals are those of the chain's clock. False: of a simulated plant, whose time runs on its own.
    /// @return true: interval = floor(block time / 900 s)
    function chainTime() external view returns (bool);

    /// @notice Owner, class, technology and backing of a meter as they are now.
    /// @param meterId number of the meter
    /// @return owner, class, technology, renewable flag and backing
    function sourceOf(uint256 meterId) external view returns (Source memory);

    /// @notice Owner, class, technology and backing that stood behind a reading: those of its epoch.
    /// @param meterId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @return owner, class, technology, renewable flag and backing
    function sourceOfReading(uint256 meterId, uint256 readingId) external view returns (Source memory);

    /// @notice Owner, class, technology and backing of a meter in one epoch; epochs count from 1.
    /// @param meterId number of the meter
    /// @param epoch number of the epoch, from 1
    /// @return owner, class, technology, renewable flag and backing
    function sourceOfEpoch(uint256 meterId, uint256 epoch) external view returns (Source memory);

    /// @notice The meter at which `device` is registered; 0: none.
    /// @param device account that posts for the meter
    /// @return number of the meter; 0: none
    function meterOf(address device) external view returns (uint256);

    /// @notice All readings posted for a meter, oldest first; refuses above 512, then use the page view.
    /// @param deviceId number of the meter
    /// @return registers (Wh), intervals of 900 s, when they were posted (unix time, s) and how they were judged
    function getDeviceHistory(uint256 deviceId) external view returns (Reading[] memory);

    /// @notice Up to `limit` readings from number `offset`.
    /// @param deviceId number of the meter
    /// @param offset number of the first reading, from 0
    /// @param limit number of readings at most
    /// @return registers (Wh), intervals of 900 s, when they were posted (unix time, s) and how they were judged
    function getDeviceHistoryPage(uint256 deviceId, uint256 offset, uint256 limit) external view returns (Reading[] memory);

    /// @notice Number of readings posted for a meter.
    /// @param deviceId number of the meter
    /// @return number of readings, the installations included
    function readingCount(uint256 deviceId) external view returns (uint256);

    /// @notice Number of the reading to be judged next.
    /// @param deviceId number of the meter
    /// @return number of the reading
    function nextToValidate(uint256 deviceId) external view returns (uint256);

    /// @notice Where the present epoch began: interval and registers at installation.
    /// @param meterId number of the meter
    /// @return registers (Wh) and interval of the installation
    function epochStartOf(uint256 meterId) external view returns (Reading memory);

    /// @notice Growth of both registers between a validated reading and the validated one before it, and the intervals it spans.
    /// @param deviceId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @return importWh energy drawn, Wh
    /// @return exportWh energy delivered, Wh
    /// @return fromInterval interval of the reading before
    /// @return toInterval interval of this reading
    function growthOf(uint256 deviceId, uint256 readingId)
        external view returns (uint256 importWh, uint256 exportWh, uint256 fromInterval, uint256 toInterval);

    /// @notice Sum of all validated growth of a public meter over all its epochs.
    /// @param deviceId number of the meter
    /// @return importWh energy drawn, Wh
    /// @return exportWh energy delivered, Wh
    function verifiedOf(uint256 deviceId) external view returns (uint256 importWh, uint256 exportWh);

    /// @notice Sum of all validated growth of a public meter in one epoch, Wh.
    /// @param meterId number of the meter
    /// @param epoch number of the epoch, from 1
    /// @return importWh energy drawn, Wh
    /// @return exportWh energy delivered, Wh
    function verifiedOfEpoch(uint256 meterId, uint256 epoch) external view returns (uint256 importWh, uint256 exportWh);

    /// @notice Commitment a private device posted for an interval; 0: none.
    /// @param deviceId number of the meter
    /// @param interval market interval, floor(plant time / 900 s)
    /// @return hash of the signed reading and a salt
    function commitmentOf(uint256 deviceId, uint40 interval) external view returns (bytes32);

    /// @notice Firmware last recorded.
    /// @param meterId number of the meter
    /// @return version, SHA-256 of the image and since when (unix time, s); all zero: never recorded
    function firmwareOf(uint256 meterId) external view returns (Firmware memory);

    /// @notice Planned maintenance.
    /// @param meterId number of the meter
    /// @return when it is due (unix time, s; 0: none) and the work order
    function maintenanceOf(uint256 meterId) external view returns (Maintenance memory);
}
