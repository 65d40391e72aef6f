// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Approvals} from "./Approvals.sol";

/// @title Council: k of n approvers with a delay
/// @notice Administrator of Access. An act is a call; when `threshold` of the members have approved it, it waits `delay` seconds (so that
///         people can see it coming and leave) and may then be executed by any member until it lapses. As many members as it takes to keep the
///         others from the threshold, n − k + 1, can veto it before: no single key stops the council, nor does one that an act removes.
/// @custom:source this project, docs/contracts-security.md
contract Council {
    using Approvals for Approvals.Ledger;

    struct Act {
        address target;
        uint40 readyAt; // 0 until the threshold is reached, s
        bool done; // executed or vetoed
        address proposer;
        uint40 proposedAt;
        bytes data;
    }

    /// @notice An act that was not approved within this time after it was proposed, or not executed within it after it became ready, has
    ///         lapsed, s.
    uint256 public constant LAPSE_S = 14 days;
    /// @notice Longest delay that may be set, s.
    uint256 public constant MAX_DELAY_S = 30 days;

    /// @notice Number of approvals an act needs.
    uint256 public threshold;
    /// @notice Time between the last approval and execution, s.
    uint256 public delayS;
    address[] private _members;
    /// @notice True for a member.
    mapping(address member => bool) public isMember;
    Act[] private _acts;
    /// @notice Acts below this number were proposed under earlier members and are void: a removed member's approval must not count.
    uint256 public validFrom;
    Approvals.Ledger private _approvals;
    Approvals.Ledger private _vetoes;
    /// @dev Members an act would remove: they have no veto on it.
    mapping(uint256 actId => mapping(address member => bool)) private _removes;

    /// @notice A call was proposed; its proposer's approval follows as an event of its own.
    /// @param actId number of the act, from 0
    /// @param proposer the member who proposed it
    /// @param target the contract to be called
    /// @param data the encoded call
    event Proposed(uint256 indexed actId, address indexed proposer, address indexed target, bytes data);
    /// @notice A member approved an act.
    /// @param actId number of the act, from 0
    /// @param member the member
    /// @param approvals number of approvals it has now
    event Approved(uint256 indexed actId, address indexed member, uint256 approvals);
    /// @notice The threshold was reached and the delay runs.
    /// @param actId number of the act, from 0
    /// @param readyAt unix time from which it may be executed, s; 0: approvals are missing
    event Ready(uint256 indexed actId, uint256 readyAt);
    /// @notice An act was executed: its call succeeded.
    /// @param actId number of the act, from 0
    /// @param member the member
    event Executed(uint256 indexed actId, address indexed member);
    /// @notice A member signed a veto.
    /// @param actId number of the act, from 0
    /// @param member the member
    /// @param vetoes number of vetoes it has now
    /// @param needed number of vetoes that stop it, n − k + 1
    event VetoSigned(uint256 indexed actId, address indexed member, uint256 vetoes, uint256 needed);
    /// @notice The last veto needed was signed: the act is stopped for good.
    /// @param actId number of the act, from 0
    /// @param member the member
    event Vetoed(uint256 indexed actId, address indexed member);
    /// @notice The council has new members; what was proposed before is void.
    /// @param members all members from now on
    /// @param threshold number of approvals an act needs
    /// @param delayS waiting time between the last approval and execution, s
    event MembersSet(address[] members, uint256 threshold, uint256 delayS);

    /// @notice `caller` is not a member of the council.
    /// @param caller who called
    error NotMember(address caller);
    /// @notice Only the council itself may change its members; `caller` is not it.
    /// @param caller who called
    error NotSelf(address caller);
    /// @notice A council of `members` with `threshold` and `delayS` cannot be.
    /// @param members number of members named
    /// @param threshold number of approvals an act needs
    /// @param delayS waiting time between the last approval and execution, s
    error BadCouncil(uint256 members, uint256 threshold, uint256 delayS);
    /// @notice `member` is named twice or is the zero address.
    /// @param member the member
    error BadMember(address member);
    /// @notice There is no act `actId`.
    /// @param actId number of the act, from 0
    error UnknownAct(uint256 actId);
    /// @notice Act `actId` has been executed or vetoed.
    /// @param actId number of the act, from 0
    error ActClosed(uint256 actId);
    /// @notice Act `actId` may be executed from `readyAt` (s; 0: approvals are missing); it is `time` now.
    /// @param actId number of the act, from 0
    /// @param readyAt unix time from which it may be executed, s; 0: approvals are missing
    /// @param time unix time now, s
    error NotReady(uint256 actId, uint256 readyAt, uint256 time);
    /// @notice Act `actId` lapsed at `lapsedAt`.
    /// @param actId number of the act, from 0
    /// @param lapsedAt unix time at which it lapsed, s
    error ActLapsed(uint256 actId, uint256 lapsedAt);
    /// @notice Act `actId` removes `member`, who therefore has no veto on it.
    /// @param actId number of the act, from 0
    /// @param member the member
    error VetoOfRemoved(uint256 actId, address member);
    /// @notice `target` has no code: a call to it would do nothing and look like success.
    /// @param target the contract to be called
    error NoCode(address target);

    modifier onlyMember() {
        if (!isMember[msg.sender]) revert NotMember(msg.sender);
        _;
    }

    constructor(address[] memory members_, uint256 threshold_, uint256 delayS_) {
        _setMembers(members_, threshold_, delayS_);
    }

    /// @notice Proposes a call and approves it in the same step.
    /// @param target the contract to call
    /// @param data the encoded call
    /// @return actId number of the act, from 0
    function propose(address target, bytes calldata data) external onlyMember returns (uint256 actId) {
        if (target.code.length == 0) revert NoCode(target);
        actId = _acts.length;
        _acts.push(Act({target: target, readyAt: 0, done: false, proposer: msg.sender, proposedAt: uint40(block.timestamp), data: data}));
        if (target == address(this) && bytes4(data) == this.setMembers.selector) {
            (address[] memory next,,) = abi.decode(data[4:], (address[], uint256, uint256));
            for (uint256 i = 0; i < _members.length; ++i) _removes[actId][_members[i]] = !_contains(next, _members[i]);
        }
        emit Proposed(actId, msg.sender, target, data);
        _approve(actId, _acts[actId]);
    }

    /// @notice Approves an act; at the threshold its delay begins.
    /// @param actId number of the act, from 0
    function approve(uint256 actId) external onlyMember {
        _approve(actId, _open(actId));
    }

    /// @notice Executes an act whose delay is over.
    /// @param actId number of the act, from 0
    /// @return result what the call returned
    function execute(uint256 actId) external onlyMember returns (bytes memory result) {
        Act storage act = _open(actId);
        if (act.readyAt == 0 || block.timestamp < act.readyAt) revert NotReady(actId, act.readyAt, block.timestamp);
        if (block.timestamp > act.readyAt + LAPSE_S) revert ActLapsed(actId, act.readyAt + LAPSE_S);
        act.done = true;
        emit Executed(actId, msg.sender);
        bool ok;
        (ok, result) = act.target.call(act.data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
    }

    /// @notice Signs a veto; with n − k + 1 of them the act is stopped for good. A member the act removes has none.
    /// @param actId number of the act, from 0
    function veto(uint256 actId) external onlyMember {
        Act storage act = _open(actId);
        if (_removes[actId][msg.sender]) revert VetoOfRemoved(actId, msg.sender);
        uint256 vetoes = _vetoes.approve(bytes32(actId), msg.sender);
        uint256 needed = vetoesNeeded();
        emit VetoSigned(actId, msg.sender, vetoes, needed);
        if (vetoes < needed) return;
        act.done = true;
        emit Vetoed(actId, msg.sender);
    }

    /// @notice Vetoes that stop an act: so many members that the others cannot reach the threshold.
    /// @return number of vetoes, n − k + 1
    function vetoesNeeded() public view returns (uint256) {
        return _members.length - threshold + 1;
    }

    /// @notice Vetoes an act has so far.
    /// @param actId number of the act, from 0
    /// @return number of members who have signed a veto
    function vetoesOf(uint256 actId) external view returns (uint256) {
        return _vetoes.count[bytes32(actId)];
    }

    /// @notice Replaces the members. Only by an act of the council itself.
    /// @param members_ 1 to 32 distinct addresses
    /// @param threshold_ number of approvals needed
    /// @param delayS_ waiting time between the last approval and execution, s
    function setMembers(address[] memory members_, uint256 threshold_, uint256 delayS_) external {
        if (msg.sender != address(this)) revert NotSelf(msg.sender);
        _setMembers(members_, threshold_, delayS_);
    }

    /// @notice All members.
    /// @return their accounts, 1 to 32
    function members() external view returns (address[] memory) {
        return _members;
    }

    /// @notice One act with its number of approvals.
    /// @param actId number of the act, from 0
    /// @return act target, call data, proposer, when it was proposed and is ready (unix time, s), and whether it is closed
    /// @return approvals number of members who have approved it
    function getAct(uint256 actId) external view returns (Act memory act, uint256 approvals) {
        if (actId >= _acts.length) revert UnknownAct(actId);
        return (_acts[actId], _approvals.count[bytes32(actId)]);
    }

    /// @notice Number of acts ever proposed.
    /// @return number of acts
    function actCount() external view returns (uint256) {
        return _acts.length;
    }

    function _open(uint256 actId) private view returns (Act storage act) {
        if (actId >= _acts.length) revert UnknownAct(actId);
        act = _acts[actId];
        if (act.done || actId < validFrom) revert ActClosed(actId);
    }

    function _approve(uint256 actId, Act storage act) private {
        uint256 lapsesAt = act.proposedAt + LAPSE_S;
        if (act.readyAt == 0 && block.timestamp > lapsesAt) revert ActLapsed(actId, lapsesAt);
        uint256 approvals = _approvals.approve(bytes32(actId), msg.sender);
        emit Approved(actId, msg.sender, approvals);
        if (approvals >= threshold && act.readyAt == 0) {
            act.readyAt = uint40(block.timestamp + delayS);
            emit Ready(actId, act.readyAt);
        }
    }

    function _contains(address[] memory list, address member) private pure returns (bool) {
        for (uint256 i = 0; i < list.length; ++i) if (list[i] == member) return true;
        return false;
    }

    function _setMembers(address[] memory members_, uint256 threshold_, uint256 delayS_) private {
        if (members_.length > 32 || threshold_ == 0 || threshold_ > members_.length || delayS_ > MAX_DELAY_S) {
            revert BadCouncil(members_.length, threshold_, delayS_);
        }
        for (uint256 i = 0; i < _members.length; ++i) isMember[_members[i]] = false;
        for (uint256 i = 0; i < members_.length; ++i) {
            address member = members_[i];
            if (member == address(0) || isMember[member]) revert BadMember(member);
            isMember[member] = true;
        }
        _members = members_;
        validFrom = _acts.length;
        threshold = threshold_;
        delayS = delayS_;
        emit MembersSet(members_, threshold_, delayS_);
    }
}
