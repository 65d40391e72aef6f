// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IGridManagement: nodes, grid status, transfers, demand response, emergencies
/// @notice Power in W, energy in Wh, frequency in mHz, voltage in mV, time in s, money in micro-cents. Load is what a node exchanges with the
///         grid, whichever way it flows. What is written here is the record of what the control room did; it commands nothing.
/// @custom:source bands: EN 50160; the rest: this project, docs/decisions/0002-ledger-contracts.md
interface IGridManagement {
    enum NodeType { Consumer, Producer, Prosumer, Storage, CriticalLoad, Interconnection }
    /// @notice Normal; Alert: watch; Restricted: transfers only to critical loads; Shutdown: no transfers at all.
    enum Level { Normal, Alert, Restricted, Shutdown }

    struct GridStatus {
        address node;
        NodeType nodeType;
        uint64 loadW;
        uint64 capacityW;
        uint64 peakLoadW;
        uint40 updatedAt;
        uint40 peakAt;
        uint64 allocatedWh; // it has been allocated to send in the running interval
        uint16 loadPercent; // of capacity
        Level level;
        uint64 receivedWh; // allocated to be sent to it in the running interval
    }

    /// @notice The latest report of the whole grid.
    struct Snapshot {
        uint32 frequencyMHz;
        uint40 reportedAt;
        uint64 voltageMV;
        uint56 demandW;
        uint56 supplyW;
        bool withinBands;
    }

    struct Metrics {
        uint40 reports;
        uint40 frequencyExcursions; // reports outside the frequency band
        uint40 voltageExcursions;
        uint64 peakDemandW;
        uint40 peakAt;
        uint32 minFrequencyMHz;
        uint32 maxFrequencyMHz;
        uint64 transferredWh; // allocated to transfers so far
        uint40 transfers;
    }

    struct Emergency {
        Level level;
        uint40 trippedAt;
        uint40 liftedAt; // 0 while it lasts
        address trippedBy;
        uint8 signatures; // guardians who have signed its lifting
        bytes32 cause;
    }

    struct DemandResponse {
        address requester;
        uint96 compensation; // for the whole reduction
        uint64 reductionW;
        uint64 enrolledW;
        uint40 startsAt; // enrolment closes
        uint40 endsAt;
        uint96 paid; // promised to participants so far
        bool closed;
    }

    struct Enrolment {
        uint64 offeredW;
        uint64 baselineW; // load when enrolled, or as confirmed
        uint64 deliveredW;
        bool measured;
        bool confirmed; // the baseline was reported before the call, or the meter operator has confirmed it
    }

    /// @notice A node was registered.
    /// @param nodeId number of the node, from 1
    /// @param node account of the node
    /// @param nodeType what stands there
    event NodeRegistered(uint256 indexed nodeId, address indexed node, NodeType nodeType);
    /// @notice The most a node may exchange was set.
    /// @param nodeId number of the node, from 1
    /// @param capacityW most it may exchange, whichever way, W
    event CapacitySet(uint256 indexed nodeId, uint256 capacityW);
    /// @notice A node reported its load.
    /// @param nodeId number of the node, from 1
    /// @param loadW load reported, whichever way it flows, W
    /// @param peak true: the highest so far
    event LoadUpdated(uint256 indexed nodeId, uint256 loadW, bool peak);
    /// @notice Energy was allocated between two nodes in an interval.
    /// @param fromNode number of the sending node
    /// @param toNode number of the receiving node
    /// @param interval market interval of 900 s, unix time / 900
    /// @param amountWh Wh
    event TransferAllocated(uint256 indexed fromNode, uint256 indexed toNode, uint256 indexed interval, uint256 amountWh);
    /// @notice The whole grid was reported.
    /// @param frequencyMHz mHz
    /// @param voltageMV at the interconnection, phase to neutral, mV
    /// @param demandW W
    /// @param supplyW W
    /// @param withinBands true: frequency and voltage lay within their bands
    event StatusUpdated(uint256 frequencyMHz, uint256 voltageMV, uint256 demandW, uint256 supplyW, bool withinBands);
    /// @notice The emergency level was raised.
    /// @param emergencyId number of the emergency, from 1
    /// @param level how far operation is limited
    /// @param cause short text or hash of the incident record
    /// @param by who did it
    event EmergencyTripped(uint256 indexed emergencyId, Level indexed level, bytes32 indexed cause, address by);
    /// @notice A guardian signed the lifting of an emergency.
    /// @param emergencyId number of the emergency, from 1
    /// @param guardian who signed
    /// @param signatures number of guardians who have signed
    event LiftSigned(uint256 indexed emergencyId, address indexed guardian, uint256 signatures);
    /// @notice The last signature needed lifted an emergency.
    /// @param emergencyId number of the emergency, from 1
    /// @param by who did it
    event EmergencyLifted(uint256 indexed emergencyId, address indexed by);
    /// @notice Less demand was asked for, and its price set aside.
    /// @param requestId number of the request, from 1
    /// @param requester who asked and pays
    /// @param reductionW reduction asked for, of all together, W
    /// @param startsAt unix time at which enrolment closes and the event begins, s
    /// @param endsAt unix time at which the event ends, s
    /// @param compensation micro-cents for the whole reduction
    event DemandResponseRequested(
        uint256 indexed requestId, address indexed requester, uint256 reductionW, uint256 startsAt, uint256 endsAt, uint256 compensation
    );
    /// @notice A node offered a reduction.
    /// @param requestId number of the request, from 1
    /// @param nodeId number of the node, from 1
    /// @param offeredW reduction the node offers, W
    /// @param baselineW load last reported, W
    event Enrolled(uint256 indexed requestId, uint256 indexed nodeId, uint256 offeredW, uint256 baselineW);
    /// @notice The requester refused a node's offer.
    /// @param requestId number of the request, from 1
    /// @param nodeId number of the node, from 1
    /// @param offeredW reduction it had offered, W, free for others again
    event EnrolmentDeclined(uint256 indexed requestId, uint256 indexed nodeId, uint256 offeredW);
    /// @notice The meter operator set the load a node is measured against.
    /// @param requestId number of the request, from 1
    /// @param nodeId number of the node, from 1
    /// @param baselineW load it is measured against, W
    /// @param by who did it
    event BaselineConfirmed(uint256 indexed requestId, uint256 indexed nodeId, uint256 baselineW, address indexed by);
    /// @notice A node's response was recorded and what it earned is owed to it.
    /// @param requestId number of the request, from 1
    /// @param nodeId number of the node, from 1
    /// @param measuredW load during the event, W
    /// @param deliveredW reduction it is paid for, at most what it offered, W
    /// @param compensation micro-cents it earned, rounded down
    event ResponseMeasured(uint256 indexed requestId, uint256 indexed nodeId, uint256 measuredW, uint256 deliveredW, uint256 compensation);
    /// @notice A request is over; what was not earned is owed to its requester.
    /// @param requestId number of the request, from 1
    /// @param returned micro-cents that were not earned and are owed to the requester
    event DemandResponseClosed(uint256 indexed requestId, uint256 returned);

    /// @notice No node `nodeId`.
    /// @param nodeId number of the node, from 1
    error UnknownNode(uint256 nodeId);
    /// @notice `node` is the zero address or is node `nodeId` already.
    /// @param node account of the node
    /// @param nodeId its number; 0: the account is zero
    error NodeNotFree(address node, uint256 nodeId);
    /// @notice `caller` is not `node`, the account of node `nodeId`.
    /// @param nodeId number of the node, from 1
    /// @param node account of the node
    /// @param caller who called
    error NotTheNode(uint256 nodeId, address node, address caller);
    /// @notice Node `nodeId` is limited to `capacity` (W, or Wh for the interval); `wanted` is too much.
    /// @param nodeId number of the node, from 1
    /// @param wanted what was asked for, W, or Wh for the interval
    /// @param capacity what is left or allowed, W, or Wh for the interval
    error CapacityExceeded(uint256 nodeId, uint256 wanted, uint256 capacity);
    /// @notice A demand response of `powerW` for `durationS`: neither may be 0, nor an offer of 0 W.
    /// @param powerW reduction asked for or offered, W
    /// @param durationS length of the event, s
    error BadRequest(uint256 powerW, uint256 durationS);
    /// @notice `amountWh` from node `fromNode` to `toNode`: 0, or to itself.
    /// @param fromNode number of the sending node
    /// @param toNode number of the receiving node
    /// @param amountWh Wh
    error BadTransfer(uint256 fromNode, uint256 toNode, uint256 amountWh);
    /// @notice Lifting an emergency takes at least two guardians, not `signatures`.
    /// @param signatures number of guardians it was to take
    error BadLift(uint256 signatures);
    /// @notice `caller` did not make request `requestId`; `requester` did.
    /// @param requestId number of the request, from 1
    /// @param requester who asked and pays
    /// @param caller who called
    error NotTheRequester(uint256 requestId, address requester, address caller);
    /// @notice The requester of `requestId` has declined node `nodeId`.
    /// @param requestId number of the request, from 1
    /// @param nodeId number of the node, from 1
    error Declined(uint256 requestId, uint256 nodeId);
    /// @notice Node `nodeId` reported its baseline of `baselineW` after the call; it must be confirmed before a response is recorded.
    /// @param requestId number of the request, from 1
    /// @param nodeId number of the node, from 1
    /// @param baselineW load it is measured against, W
    error BaselineNotConfirmed(uint256 requestId, uint256 nodeId, uint256 baselineW);
    /// @notice The grid is at `level`: this transfer is refused.
    /// @param level level in force
    error EmergencyInForce(Level level);
    /// @notice A value does not fit its measure: `value` above `max`.
    /// @param value what was given, in the unit of the figure (mHz, mV, W, s or micro-cents)
    /// @param max the most it may be, in the same units
    error Implausible(uint256 value, uint256 max);
    /// @notice The grid is at `level` already; `wanted` would not raise it.
    /// @param level level in force
    /// @param wanted level asked for
    error NotHigher(Level level, Level wanted);
    /// @notice Emergency `emergencyId` is not the one in force.
    /// @param emergencyId number of the emergency, from 1
    error NotInForce(uint256 emergencyId);
    /// @notice No demand-response request `requestId`.
    /// @param requestId number of the request, from 1
    error UnknownRequest(uint256 requestId);
    /// @notice This is possible from `from` until before `until`; it is `time`.
    /// @param from unix time from which it is possible, s
    /// @param until unix time before which it is possible, s
    /// @param time unix time now, s
    error WrongTime(uint256 from, uint256 until, uint256 time);
    /// @notice Node `nodeId` is enrolled already, in this event or in one that overlaps it.
    /// @param requestId number of the request, from 1
    /// @param nodeId number of the node, from 1
    error AlreadyEnrolled(uint256 requestId, uint256 nodeId);
    /// @notice Node `nodeId` is not enrolled (`offeredW` 0), or has been `measured`.
    /// @param requestId number of the request, from 1
    /// @param nodeId number of the node, from 1
    /// @param offeredW reduction the node offers, W
    /// @param measured true: its response is recorded
    error NotToMeasure(uint256 requestId, uint256 nodeId, uint256 offeredW, bool measured);
    /// @notice The load of node `nodeId` was last reported at `updatedAt`: too old for a baseline.
    /// @param nodeId number of the node, from 1
    /// @param updatedAt unix time of its last report, s
    error StaleBaseline(uint256 nodeId, uint256 updatedAt);
    /// @notice Request `requestId` is closed.
    /// @param requestId number of the request, from 1
    error RequestClosed(uint256 requestId);

    /// @notice Registers a node. Its capacity is 0 until it is set. Role: REGISTRAR.
    /// @param node account of the node
    /// @param nodeType what stands there
    function registerNode(address node, NodeType nodeType) external;

    /// @notice Sets what a node may exchange at most, W. Role: GRID_OPERATOR.
    /// @param nodeId number of the node, from 1
    /// @param capacityW W
    function setCapacity(uint256 nodeId, uint256 capacityW) external;

    /// @notice Reports a node's load; refused above its capacity. Caller: the node's own account.
    /// @param nodeId number of the node, from 1
    /// @param load W
    function updateLoadBalance(uint256 nodeId, uint256 load) external;

    /// @notice Allocates energy between two nodes in the running interval of 900 s; refused beyond what the one can send and the other
    ///         receive, counted apart. Caller: the sending node's own account.
    /// @param fromNode number of the sending node
    /// @param toNode number of the receiving node
    /// @param amount Wh
    function requestEnergyTransfer(uint256 fromNode, uint256 toNode, uint256 amount) external;

    /// @notice A node as last reported.
    /// @param nodeId number of the node, from 1
    /// @return account, type, load, capacity and peak (W), when they were reported (unix time, s), what is allocated in the running interval (Wh) and
    ///        the level in force
    function getGridStatus(uint256 nodeId) external view returns (GridStatus memory);

    /// @notice Reports the whole grid. Role: GRID_OPERATOR (the console).
    /// @param frequency mHz
    /// @param voltage mV, at the interconnection, phase to neutral
    /// @param demand W
    /// @param supply W
    /// @return withinBands true when frequency and voltage lie within their bands (nominal ± 1 %, ± 10 %; EN 50160)
    /// @custom:source EN 50160: 50 Hz ± 1 %, 230 V ± 10 %
    function updateStatus(uint256 frequency, uint256 voltage, uint256 demand, uint256 supply) external returns (bool withinBands);

    /// @notice Asks for less demand and sets the money aside: enrolment for 5 minutes, then the event. Role: GRID_OPERATOR, who pays.
    /// @param reduction W
    /// @param duration s
    /// @param compensation micro-cents for the whole reduction; a node that delivers part gets that part
    /// @return requestId number of the request, from 1
    /// @custom:source this project, docs/decisions/0002-ledger-contracts.md
    function requestDemandResponse(uint256 reduction, uint256 duration, uint256 compensation) external returns (uint256 requestId);

    /// @notice Offers a reduction; the load last reported is the baseline. One reported after the call pays only once the meter operator has
    ///         confirmed it. Caller: the node's own account.
    /// @param requestId number of the request, from 1
    /// @param nodeId number of the node, from 1
    /// @param offeredW reduction it offers, W; at most its load and what is still asked for
    function enroll(uint256 requestId, uint256 nodeId, uint256 offeredW) external;

    /// @notice Refuses a node's offer before the event begins and frees its part of the reduction for others. Caller: the requester.
    /// @param requestId number of the request, from 1
    /// @param nodeId number of the node, from 1
    function declineEnrolment(uint256 requestId, uint256 nodeId) external;

    /// @notice Sets a node's baseline as its meter shows it, until its response is recorded. Not pausable. Role: METER_OPERATOR.
    /// @param requestId number of the request, from 1
    /// @param nodeId number of the node, from 1
    /// @param baselineW load before the event, W
    function confirmBaseline(uint256 requestId, uint256 nodeId, uint256 baselineW) external;

    /// @notice Records what a node's meter showed during the event, and what it earned. Not pausable: a pause costs nobody his pay.
    ///         Role: METER_OPERATOR.
    /// @param requestId number of the request, from 1
    /// @param nodeId number of the node, from 1
    /// @param measuredW the load the node kept during the event, W: what is delivered is the confirmed baseline less this, never below 0 and never
    ///        above what the node offered
    /// @custom:source this project: baseline less measured load, between 0 and what was offered
    function recordResponse(uint256 requestId, uint256 nodeId, uint256 measuredW) external;

    /// @notice Returns what was not earned to the requester, a day after the event. Anyone.
    /// @param requestId number of the request, from 1
    function closeDemandResponse(uint256 requestId) external;

    /// @notice Raises the emergency level. Any guardian, alone. Role: GUARDIAN.
    /// @param wanted the level to raise to, above the one in force
    /// @param cause short text or hash of the incident record
    /// @return emergencyId number of the emergency, from 1
    /// @custom:source this project, docs/decisions/0002-ledger-contracts.md
    function trip(Level wanted, bytes32 cause) external returns (uint256 emergencyId);

    /// @notice Signs the lifting of the emergency in force; the last signature needed lifts it. Only those who still are guardians count.
    ///         Role: GUARDIAN.
    /// @param emergencyId number of the emergency, from 1
    function signLift(uint256 emergencyId) external;

    /// @notice The level in force.
    /// @return how far operation is limited
    function level() external view returns (Level);

    /// @notice The latest report.
    /// @return frequency (mHz), voltage (mV), demand and supply (W), and when it was reported (unix time, s; 0: never)
    function snapshot() external view returns (Snapshot memory);

    /// @notice Performance so far.
    /// @return number of reports and excursions, extremes (mHz, W), and transfers (Wh) since deployment
    function metrics() external view returns (Metrics memory);

    /// @notice One emergency; ids from 1.
    /// @param emergencyId number of the emergency, from 1
    /// @return level, when it was tripped and lifted (unix time, s), by whom, why, and how many have signed its lifting
    function getEmergency(uint256 emergencyId) external view returns (Emergency memory);

    /// @notice One demand-response request.
    /// @param requestId number of the request, from 1
    /// @return requester, compensation and what is promised of it (micro-cents), reduction asked for and enrolled (W), and times (unix time, s)
    function getDemandResponse(uint256 requestId) external view returns (DemandResponse memory);

    /// @notice One enrolment.
    /// @param requestId number of the request, from 1
    /// @param nodeId number of the node, from 1
    /// @return offered, baseline and delivered reduction (W), and what is done of it; all zero: not enrolled
    function getEnrolment(uint256 requestId, uint256 nodeId) external view returns (Enrolment memory);

    /// @notice True when the requester has declined a node.
    /// @param requestId number of the request, from 1
    /// @param nodeId number of the node, from 1
    /// @return true: it cannot enrol in that request
    function isDeclined(uint256 requestId, uint256 nodeId) external view returns (bool);

    /// @notice Node number of an account; 0: none.
    /// @param node account of the node
    /// @return number of the node, from 1; 0: none
    function nodeOf(address node) external view returns (uint256);
}
