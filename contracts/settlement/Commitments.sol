// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Accounts} from "./Accounts.sol";
import {ISettlement} from "./ISettlement.sol";
import {SettlementWords} from "./SettlementWords.sol";

/// @title Commitments: orders are bound before their gate closes
/// @notice On time by the chain's clock, where the plant's time is the chain's; or, when the chain was away, by the receipts of more than half of
///         the members, and then open to challenge by anyone to whom the operator had shown other orders.
/// @custom:source EIP-712 and ERC-1271 for signatures; the rest: this project, docs/settlement.md
abstract contract Commitments is Accounts, EIP712 {
    /// @dev Gate closure: from when on an interval's orders come too late, on a plant whose time is the chain's.
    struct Gate {
        uint40 intervalS; // length of an interval; 0: a simulated plant, whose time the chain does not know
        uint40 leadS; // from then to the start of delivery; 0: delivery itself is the limit
    }

    /// @dev Roots lie below the proofs' field, so bits 254 and 255 of a word with a root are free.
    uint256 internal constant ADMITTED = 1 << 255;
    uint256 private constant LATE = 1 << 254;
    uint256 private constant VOID = type(uint256).max;
    bytes32 private constant RECEIPT = keccak256("Receipt(uint40 interval,uint256 ordersRoot,address operator)");
    bytes32 private constant NOTICE = keccak256("Notice(uint40 interval,uint256 ordersRoot)");

    struct Late {
        uint40 openUntil; // s
        address operator;
    }

    /// @notice Length of an interval by the chain's clock, s; 0: the gate is not enforced.
    uint256 public immutable gateIntervalS;
    /// @notice How long before delivery begins the gate closes, s; 0: when it begins.
    uint256 public immutable gateLeadS;
    /// @notice How long a late commitment can be challenged, s.
    uint256 public immutable challengeWindowS;

    /// @notice Late commitments: until when they can be challenged, s (0: not late), and who committed.
    mapping(uint256 interval => Late) public lateOf;
    /// @dev Until an interval is settled its committed orders, with ADMITTED and LATE beside them, or VOID; from then on the accounts' root after it:
    ///      one slot serves all, which saves a fresh slot, or a cold read, in every round.
    mapping(uint256 interval => uint256) internal _rootOf;

    constructor(Gate memory gate, uint256 challengeWindowS_) EIP712("Busbar Settlement", "1") {
        gateIntervalS = gate.intervalS;
        gateLeadS = gate.leadS;
        challengeWindowS = challengeWindowS_;
    }

    /// @dev Reverts unless rounds are settled and `interval` is after the last of them.
    function _requireAhead(uint40 interval) internal view virtual;
    /// @dev The last settled interval.
    function _lastInterval() internal view virtual returns (uint40);
    /// @dev Takes the tariffs when that was never done.
    function _requireTariffs() internal virtual;

    /// @notice When the gate of an interval closes, s: from then on its orders come too late but by receipts. With a lead of 0 it is the start of
    ///         delivery. The largest number when the chain does not keep it.
    /// @param interval market interval of 900 s
    /// @return unix time, s
    function gateAt(uint40 interval) public view returns (uint256) {
        if (gateIntervalS == 0) return type(uint256).max;
        uint256 startsAt = uint256(interval) * gateIntervalS;
        return startsAt > gateLeadS ? startsAt - gateLeadS : 0;
    }

    /// @notice The operator showed two roots for this interval: it is never settled.
    /// @param interval market interval of 900 s
    /// @return true: no trade of it counts
    function isVoided(uint40 interval) public view returns (bool) {
        return _rootOf[interval] == VOID;
    }

    /// @inheritdoc ISettlement
    function commitOrders(uint40 interval, uint256 ordersRoot) external restricted whenNotPaused {
        if (block.timestamp >= gateAt(interval)) revert GateClosed(interval, gateAt(interval));
        _commit(interval, ordersRoot, 0);
        emit OrdersCommitted(interval, ordersRoot);
    }

    /// @inheritdoc ISettlement
    function commitOrdersLate(uint40 interval, uint256 ordersRoot, Receipt[] calldata receipts) external restricted whenNotPaused {
        _commit(interval, ordersRoot, LATE);
        uint256 needed = accountCount / 2 + 1;
        if (receipts.length < needed) revert TooFewReceipts(receipts.length, needed);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(RECEIPT, interval, ordersRoot, msg.sender)));
        uint256 next = 0;
        for (uint256 k = 0; k < receipts.length; ++k) {
            uint16 index = receipts[k].index;
            address account = accountOf[index];
            if (index < next || account == address(0) || !_isSignedBy(account, digest, receipts[k].signature)) revert BadReceipt(index);
            next = uint256(index) + 1;
        }
        uint40 openUntil = uint40(block.timestamp + challengeWindowS);
        lateOf[interval] = Late({openUntil: openUntil, operator: msg.sender});
        emit OrdersCommittedLate(interval, ordersRoot, msg.sender, openUntil, receipts.length);
    }

    /// @inheritdoc ISettlement
    function challengeLate(uint40 interval, uint256 otherRoot, bytes calldata operatorSignature) external {
        Late memory late = lateOf[interval];
        if (block.timestamp >= late.openUntil) revert NotInChallengeWindow(interval, late.openUntil);
        if (_rootOf[interval] == VOID) revert OrdersVoided(interval);
        uint256 ordersRoot = _ordersRoot(interval);
        if (otherRoot == ordersRoot) revert SameRoot(interval, otherRoot);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(NOTICE, interval, otherRoot)));
        if (!_isOperators(late.operator, digest, operatorSignature)) revert BadNotice(interval, otherRoot, late.operator);
        _rootOf[interval] = VOID;
        emit CommitmentVoided(interval, ordersRoot, otherRoot, msg.sender);
    }

    /// @dev The committed orders without their marks; 0 when there are none or they are void. Of unsettled intervals only.
    function _ordersRoot(uint40 interval) internal view returns (uint256) {
        uint256 entry = _rootOf[interval];
        return entry == VOID ? 0 : entry & ~(ADMITTED | LATE);
    }

    /// @dev The committed orders, admitted, and past challenge.
    function _settleableOrders(uint40 interval) internal view returns (uint256) {
        uint256 entry = _rootOf[interval];
        if (entry == 0) revert OrdersMissing(interval);
        if (entry & ADMITTED == 0) revert OrdersNotAdmitted(interval);
        if (entry & LATE != 0) {
            if (entry == VOID) revert OrdersVoided(interval);
            uint40 openUntil = lateOf[interval].openUntil;
            if (block.timestamp < openUntil) revert InChallengeWindow(interval, openUntil);
        }
        return entry & ~(ADMITTED | LATE);
    }

    /// @dev Signed by who committed, or by the key of another account that is operator now: two accounts of one operator are not two words.
    function _isOperators(address committer, bytes32 digest, bytes calldata signature) private view returns (bool) {
        (address recovered, ECDSA.RecoverError problem,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (problem == ECDSA.RecoverError.NoError && (recovered == committer || _isOperator(recovered))) return true;
        return SignatureChecker.isValidERC1271SignatureNowCalldata(committer, digest, signature);
    }

    function _commit(uint40 interval, uint256 ordersRoot, uint256 mark) private {
        if (ordersRoot == 0) revert EmptyRoot(interval);
        if (ordersRoot >= SettlementWords.FIELD) revert RootOutOfField(ordersRoot);
        _requireAhead(interval);
        if (_rootOf[interval] != 0) revert IntervalNotOpen(interval, _lastInterval());
        _requireTariffs();
        _rootOf[interval] = ordersRoot | mark;
    }

    /// @dev By the key of `signer` first, even when it has code: an account that delegates itself (EIP-7702) after signing does not take its word
    ///      back. Then by its own rule (ERC-1271).
    function _isSignedBy(address signer, bytes32 digest, bytes calldata signature) private view returns (bool) {
        (address recovered, ECDSA.RecoverError problem,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (problem == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }
}
