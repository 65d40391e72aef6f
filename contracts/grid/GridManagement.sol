// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Approvals} from "../access/Approvals.sol";
import {Governed} from "../access/Governed.sol";
import {Till} from "../token/Till.sol";
import {IGridManagement} from "./IGridManagement.sol";

/// @title GridManagement: the one owner of grid nodes, grid status and emergencies
/// @notice See {IGridManagement} for units and meaning.
/// @custom:source bands: EN 50160; the rest: this project, docs/decisions/0002-ledger-contracts.md
contract GridManagement is IGridManagement, Till {
    using Approvals for Approvals.Ledger;

    struct Node {
        address node;
        NodeType nodeType;
        uint40 updatedAt;
        uint40 peakAt;
        uint64 loadW;
        uint64 capacityW;
        uint64 peakLoadW;
        uint64 sentWh; // allocated in the interval below
        uint40 allocatedIn; // interval the allocation belongs to
        uint64 receivedWh;
    }

    /// @notice Length of a market interval, s.
    uint256 public constant INTERVAL_S = 900;
    /// @notice Time to enrol before an event begins, s.
    uint256 public constant ENROLMENT_S = 300;
    /// @notice A reported load serves as baseline for this long, s.
    uint256 public constant BASELINE_MAX_AGE_S = 1800;
    /// @notice Time to record responses after an event, s.
    uint256 public constant MEASURING_S = 1 days;
    /// @notice Longest event, s.
    uint256 public constant MAX_DURATION_S = 1 days;
    /// @notice EN 50160: 50 Hz − 1 %, mHz.
    uint256 public constant MIN_FREQUENCY_MHZ = 49_500;
    /// @notice EN 50160: 50 Hz + 1 %, mHz.
    uint256 public constant MAX_FREQUENCY_MHZ = 50_500;
    /// @notice EN 50160: 230 V − 10 %, mV.
    uint256 public constant MIN_VOLTAGE_MV = 207_000;
    /// @notice EN 50160: 230 V + 10 %, mV.
    uint256 public constant MAX_VOLTAGE_MV = 253_000;

    /// @notice Number of guardians needed to lift an emergency.
    uint256 public immutable liftSignatures;

    /// @inheritdoc IGridManagement
    mapping(address node => uint256) public nodeOf;
    Node[] private _nodes;
    Snapshot private _snapshot;
    Metrics private _metrics;
    Emergency[] private _emergencies;
    Approvals.Ledger private _liftApprovals;
    mapping(uint256 emergencyId => address[]) private _lifters;
    DemandResponse[] private _requests;
    mapping(uint256 requestId => mapping(uint256 nodeId => Enrolment)) private _enrolments;
    /// @inheritdoc IGridManagement
    mapping(uint256 requestId => mapping(uint256 nodeId => bool)) public isDeclined;
    mapping(uint256 nodeId => uint256) private _enrolledUntil; // end of the last event it serves, s

    constructor(address authority_, IERC20 money_, uint256 liftSignatures_) Governed(authority_) Till(money_) {
        if (liftSignatures_ < 2) revert BadLift(liftSignatures_);
        liftSignatures = liftSignatures_;
    }

    // ── nodes ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IGridManagement
    function registerNode(address node, NodeType nodeType) external restricted whenNotPaused {
        if (node == address(0) || nodeOf[node] != 0) revert NodeNotFree(node, nodeOf[node]);
        Node storage added = _nodes.push();
        (added.node, added.nodeType) = (node, nodeType);
        nodeOf[node] = _nodes.length;
        emit NodeRegistered(_nodes.length, node, nodeType);
    }

    /// @inheritdoc IGridManagement
    function setCapacity(uint256 nodeId, uint256 capacityW) external restricted whenNotPaused {
        _node(nodeId).capacityW = uint64(_fits(capacityW, type(uint64).max));
        emit CapacitySet(nodeId, capacityW);
    }

    /// @inheritdoc IGridManagement
    function updateLoadBalance(uint256 nodeId, uint256 load) external whenNotPaused {
        Node storage node = _ownNode(nodeId);
        if (load > node.capacityW) revert CapacityExceeded(nodeId, load, node.capacityW);
        node.loadW = uint64(load);
        node.updatedAt = uint40(block.timestamp);
        bool peak = load > node.peakLoadW;
        if (peak) (node.peakLoadW, node.peakAt) = (uint64(load), uint40(block.timestamp));
        emit LoadUpdated(nodeId, load, peak);
    }

    /// @inheritdoc IGridManagement
    function requestEnergyTransfer(uint256 fromNode, uint256 toNode, uint256 amount) external whenNotPaused {
        Node storage from = _ownNode(fromNode);
        Node storage to = _node(toNode);
        if (amount == 0 || fromNode == toNode) revert BadTransfer(fromNode, toNode, amount);
        Level now_ = level();
        bool critical = to.nodeType == NodeType.CriticalLoad;
        if (now_ == Level.Shutdown || (now_ == Level.Restricted && !critical)) revert EmergencyInForce(now_);
        uint40 interval = uint40(block.timestamp / INTERVAL_S);
        // What a node sends and what it receives are counted apart: what others send it leaves it free to send itself.
        from.sentWh = _allocate(fromNode, from, _renewed(from, interval).sentWh, amount);
        to.receivedWh = _allocate(toNode, to, _renewed(to, interval).receivedWh, amount);
        _metrics.transferredWh += uint64(amount);
        ++_metrics.transfers;
        emit TransferAllocated(fromNode, toNode, interval, amount);
    }

    /// @inheritdoc IGridManagement
    function getGridStatus(uint256 nodeId) external view returns (GridStatus memory) {
        Node memory node = _node(nodeId);
        bool running = node.allocatedIn == block.timestamp / INTERVAL_S;
        uint256 percent = node.capacityW == 0 ? 0 : (uint256(node.loadW) * 100) / node.capacityW;
        return GridStatus({
            node: node.node, nodeType: node.nodeType, loadW: node.loadW, capacityW: node.capacityW, peakLoadW: node.peakLoadW,
            updatedAt: node.updatedAt, peakAt: node.peakAt, allocatedWh: running ? node.sentWh : 0, receivedWh: running ? node.receivedWh : 0,
            // A capacity lowered below the last load would read above 100; 65,535 means "far above".
            loadPercent: percent > type(uint16).max ? type(uint16).max : uint16(percent), level: level()
        });
    }

    // ── the whole grid ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IGridManagement
    function updateStatus(uint256 frequency, uint256 voltage, uint256 demand, uint256 supply)
        external restricted whenNotPaused returns (bool withinBands)
    {
        _fits(frequency, 100_000);
        _fits(voltage, 1_000_000_000);
        _fits(demand, type(uint56).max);
        _fits(supply, type(uint56).max);
        bool frequencyOk = frequency >= MIN_FREQUENCY_MHZ && frequency <= MAX_FREQUENCY_MHZ;
        bool voltageOk = voltage >= MIN_VOLTAGE_MV && voltage <= MAX_VOLTAGE_MV;
        withinBands = frequencyOk && voltageOk;
        _snapshot = Snapshot(uint32(frequency), uint40(block.timestamp), uint64(voltage), uint56(demand), uint56(supply), withinBands);

        Metrics storage sums = _metrics;
        if (!frequencyOk) ++sums.frequencyExcursions;
        if (!voltageOk) ++sums.voltageExcursions;
        if (demand > sums.peakDemandW) (sums.peakDemandW, sums.peakAt) = (uint64(demand), uint40(block.timestamp));
        if (sums.reports == 0 || frequency < sums.minFrequencyMHz) sums.minFrequencyMHz = uint32(frequency);
        if (frequency > sums.maxFrequencyMHz) sums.maxFrequencyMHz = uint32(frequency);
        ++sums.reports;
        emit StatusUpdated(frequency, voltage, demand, supply, withinBands);
    }

    /// @inheritdoc IGridManagement
    function snapshot() external view returns (Snapshot memory) {
        return _snapshot;
    }

    /// @inheritdoc IGridManagement
    function metrics() external view returns (Metrics memory) {
        return _metrics;
    }

    // ── demand response ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IGridManagement
    function requestDemandResponse(uint256 reduction, uint256 duration, uint256 compensation)
        external restricted whenNotPaused returns (uint256 requestId)
    {
        if (reduction == 0 || duration == 0) revert BadRequest(reduction, duration);
        _fits(reduction, type(uint64).max);
        _fits(duration, MAX_DURATION_S);
        _fits(compensation, type(uint96).max);
        uint40 startsAt = uint40(block.timestamp + ENROLMENT_S);
        uint40 endsAt = uint40(startsAt + duration);
        _requests.push(DemandResponse(msg.sender, uint96(compensation), uint64(reduction), 0, startsAt, endsAt, 0, false));
        requestId = _requests.length;
        emit DemandResponseRequested(requestId, msg.sender, reduction, startsAt, endsAt, compensation);
        _takeMoney(msg.sender, compensation);
    }

    /// @inheritdoc IGridManagement
    function enroll(uint256 requestId, uint256 nodeId, uint256 offeredW) external whenNotPaused {
        DemandResponse storage request = _request(requestId);
        Node storage node = _ownNode(nodeId);
        if (block.timestamp >= request.startsAt) revert WrongTime(0, request.startsAt, block.timestamp);
        if (offeredW == 0) revert BadRequest(0, 0);
        if (isDeclined[requestId][nodeId]) revert Declined(requestId, nodeId);
        if (node.updatedAt + BASELINE_MAX_AGE_S < block.timestamp) revert StaleBaseline(nodeId, node.updatedAt);
        // Nobody can reduce by more than he draws, and all together by no more than was asked: that bounds the payment.
        uint256 leftW = request.reductionW - request.enrolledW;
        uint256 mostW = leftW < node.loadW ? leftW : node.loadW;
        if (offeredW > mostW) revert CapacityExceeded(nodeId, offeredW, mostW);
        // One reduction is paid once: a node serves one event at a time.
        if (request.startsAt < _enrolledUntil[nodeId]) revert AlreadyEnrolled(requestId, nodeId);
        _enrolledUntil[nodeId] = request.endsAt;
        Enrolment storage enrolment = _enrolments[requestId][nodeId];
        // A load reported once the call was known is a word, not a baseline, until somebody who reads meters has confirmed it.
        bool before = node.updatedAt < request.startsAt - ENROLMENT_S;
        (enrolment.offeredW, enrolment.baselineW, enrolment.confirmed) = (uint64(offeredW), node.loadW, before);
        request.enrolledW += uint64(offeredW);
        emit Enrolled(requestId, nodeId, offeredW, node.loadW);
    }

    /// @inheritdoc IGridManagement
    function declineEnrolment(uint256 requestId, uint256 nodeId) external {
        DemandResponse storage request = _request(requestId);
        if (request.requester != msg.sender) revert NotTheRequester(requestId, request.requester, msg.sender);
        if (block.timestamp >= request.startsAt) revert WrongTime(0, request.startsAt, block.timestamp);
        Enrolment storage enrolment = _enrolments[requestId][nodeId];
        if (enrolment.offeredW == 0) revert NotToMeasure(requestId, nodeId, enrolment.offeredW, enrolment.measured);
        request.enrolledW -= enrolment.offeredW;
        isDeclined[requestId][nodeId] = true;
        _enrolledUntil[nodeId] = request.startsAt; // no sooner than an event it serves before this one ends
        emit EnrolmentDeclined(requestId, nodeId, enrolment.offeredW);
        delete _enrolments[requestId][nodeId];
    }

    /// @inheritdoc IGridManagement
    function confirmBaseline(uint256 requestId, uint256 nodeId, uint256 baselineW) external restricted {
        _request(requestId);
        Enrolment storage enrolment = _enrolments[requestId][nodeId];
        if (enrolment.offeredW == 0 || enrolment.measured) revert NotToMeasure(requestId, nodeId, enrolment.offeredW, enrolment.measured);
        (enrolment.baselineW, enrolment.confirmed) = (uint64(_fits(baselineW, type(uint64).max)), true);
        emit BaselineConfirmed(requestId, nodeId, baselineW, msg.sender);
    }

    /// @inheritdoc IGridManagement
    function recordResponse(uint256 requestId, uint256 nodeId, uint256 measuredW) external restricted {
        DemandResponse storage request = _request(requestId);
        uint256 until = request.endsAt + MEASURING_S;
        if (block.timestamp < request.endsAt || block.timestamp >= until) revert WrongTime(request.endsAt, until, block.timestamp);
        Enrolment storage enrolment = _enrolments[requestId][nodeId];
        if (enrolment.offeredW == 0 || enrolment.measured) revert NotToMeasure(requestId, nodeId, enrolment.offeredW, enrolment.measured);
        if (!enrolment.confirmed) revert BaselineNotConfirmed(requestId, nodeId, enrolment.baselineW);
        uint256 reducedW = measuredW < enrolment.baselineW ? enrolment.baselineW - measuredW : 0;
        uint256 deliveredW = reducedW < enrolment.offeredW ? reducedW : enrolment.offeredW;
        uint256 earned = (uint256(request.compensation) * deliveredW) / request.reductionW; // rounded down: never more than was set aside
        (enrolment.deliveredW, enrolment.measured) = (uint64(deliveredW), true);
        request.paid += uint96(earned);
        owed[_node(nodeId).node] += earned;
        emit ResponseMeasured(requestId, nodeId, measuredW, deliveredW, earned);
    }

    /// @inheritdoc IGridManagement
    function closeDemandResponse(uint256 requestId) external {
        DemandResponse storage request = _request(requestId);
        uint256 from = request.endsAt + MEASURING_S;
        if (block.timestamp < from) revert WrongTime(from, type(uint256).max, block.timestamp);
        if (request.closed) revert RequestClosed(requestId);
        request.closed = true;
        uint256 rest = request.compensation - request.paid;
        owed[request.requester] += rest;
        emit DemandResponseClosed(requestId, rest);
    }

    /// @inheritdoc IGridManagement
    function getDemandResponse(uint256 requestId) external view returns (DemandResponse memory) {
        return _request(requestId);
    }

    /// @inheritdoc IGridManagement
    function getEnrolment(uint256 requestId, uint256 nodeId) external view returns (Enrolment memory) {
        return _enrolments[requestId][nodeId];
    }

    // ── emergency ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IGridManagement
    function trip(Level wanted, bytes32 cause) external restricted returns (uint256 emergencyId) {
        Level now_ = level();
        if (wanted <= now_) revert NotHigher(now_, wanted);
        // A higher level replaces a lower one: signatures given for the lower one lift nothing.
        if (now_ != Level.Normal) _emergencies[_emergencies.length - 1].liftedAt = uint40(block.timestamp);
        _emergencies.push(Emergency(wanted, uint40(block.timestamp), 0, msg.sender, 0, cause));
        emergencyId = _emergencies.length;
        emit EmergencyTripped(emergencyId, wanted, cause, msg.sender);
    }

    /// @inheritdoc IGridManagement
    function signLift(uint256 emergencyId) external restricted {
        if (emergencyId == 0 || emergencyId != _emergencies.length || level() == Level.Normal) revert NotInForce(emergencyId);
        Emergency storage emergency = _emergencies[emergencyId - 1];
        _liftApprovals.approve(bytes32(emergencyId), msg.sender);
        _lifters[emergencyId].push(msg.sender);
        uint256 signatures = _standingLifters(emergencyId);
        emergency.signatures = uint8(signatures);
        emit LiftSigned(emergencyId, msg.sender, signatures);
        if (signatures >= liftSignatures) {
            emergency.liftedAt = uint40(block.timestamp);
            emit EmergencyLifted(emergencyId, msg.sender);
        }
    }

    /// @inheritdoc IGridManagement
    function level() public view returns (Level) {
        uint256 count = _emergencies.length;
        if (count == 0) return Level.Normal;
        Emergency storage last = _emergencies[count - 1];
        return last.liftedAt == 0 ? last.level : Level.Normal;
    }

    /// @inheritdoc IGridManagement
    function getEmergency(uint256 emergencyId) external view returns (Emergency memory) {
        if (emergencyId == 0 || emergencyId > _emergencies.length) revert NotInForce(emergencyId);
        return _emergencies[emergencyId - 1];
    }

    // ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Signatures of those who still are guardians: one who was removed lifts nothing. As many as there ever were guardians at most.
    function _standingLifters(uint256 emergencyId) private view returns (uint256 signatures) {
        address[] storage lifters = _lifters[emergencyId];
        for (uint256 i = 0; i < lifters.length; ++i) {
            (bool may,) = IAccessManager(authority()).canCall(lifters[i], address(this), this.signLift.selector);
            if (may) ++signatures;
        }
    }

    /// @dev In a new interval both counters begin at 0.
    function _renewed(Node storage node, uint40 interval) private returns (Node storage) {
        if (node.allocatedIn != interval) (node.sentWh, node.receivedWh, node.allocatedIn) = (0, 0, interval);
        return node;
    }

    function _allocate(uint256 nodeId, Node storage node, uint256 allocated, uint256 amountWh) private view returns (uint64) {
        uint256 capacityWh = (uint256(node.capacityW) * INTERVAL_S) / 3600;
        uint256 left = capacityWh - (allocated < capacityWh ? allocated : capacityWh);
        // Compared this way round, because the sum of a huge amount would overflow.
        if (amountWh > left) revert CapacityExceeded(nodeId, amountWh, left);
        return uint64(allocated + amountWh);
    }

    function _node(uint256 nodeId) private view returns (Node storage) {
        if (nodeId == 0 || nodeId > _nodes.length) revert UnknownNode(nodeId);
        return _nodes[nodeId - 1];
    }

    function _ownNode(uint256 nodeId) private view returns (Node storage node) {
        node = _node(nodeId);
        if (node.node != msg.sender) revert NotTheNode(nodeId, node.node, msg.sender);
    }

    function _request(uint256 requestId) private view returns (DemandResponse storage) {
        if (requestId == 0 || requestId > _requests.length) revert UnknownRequest(requestId);
        return _requests[requestId - 1];
    }

    function _fits(uint256 value, uint256 max) private pure returns (uint256) {
        if (value > max) revert Implausible(value, max);
        return value;
    }
}
