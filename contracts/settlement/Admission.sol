// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Commitments} from "./Commitments.sol";
import {Genesis} from "./Genesis.sol";
import {IGroth16Verifier} from "./IGroth16Verifier.sol";
import {ISettlement} from "./ISettlement.sol";
import {PartSequence} from "./PartSequence.sol";
import {SettlementWords} from "./SettlementWords.sol";

/// @title Admission: nobody trades for a member without its signature
/// @notice A proof shows that every committed order is signed by its member, and keeps the book of standing orders, a chain of its own: each admission
///         starts at the book that the one before has left, whatever becomes of the rounds.
/// @custom:source this project, docs/settlement.md
abstract contract Admission is Commitments, PartSequence {
    /// @dev registryRoot, ordersRoot, oldBook, newBook, domain, scope.
    uint256 private constant ADMIT_SIGNALS = 6;

    /// @notice Checks proofs of the admit circuit.
    IGroth16Verifier public immutable admitVerifier;
    /// @notice Root of the standing orders, one leaf for each member; at first nobody has any.
    uint256 public bookRoot;
    Progress private _admission;

    constructor(IGroth16Verifier admitVerifier_) {
        if (admitVerifier_.signalCount() != ADMIT_SIGNALS) revert WrongVerifier(admitVerifier_.signalCount(), ADMIT_SIGNALS);
        admitVerifier = admitVerifier_;
        bookRoot = Genesis.root(0, capacity);
    }

    /// @notice Chain and contract that proofs must be made for: chain id · 2^160 + address.
    /// @return a word below the proofs' field: chain id · 2^160 + address
    function domain() public view returns (uint256) {
        return (block.chainid << 160) | uint160(address(this));
    }

    /// @notice Admission under way: its interval, the part awaited (0: none is under way) and the book so far.
    /// @return interval market interval of 900 s
    /// @return next number of the part awaited; 0: none is under way
    /// @return book root of the standing orders so far
    function admissionUnderWay() external view returns (uint40 interval, uint8 next, uint256 book) {
        return (_admission.interval, _admission.next, _admission.root);
    }

    /// @inheritdoc ISettlement
    function admitOrders(uint40 interval, uint8 part, bool idle, uint256 newBook, uint256[8] calldata proof) external whenNotPaused {
        _requireAhead(interval);
        uint256 ordersRoot = _ordersRoot(interval);
        if (isVoided(interval)) revert OrdersVoided(interval);
        if (ordersRoot == 0) revert OrdersMissing(interval);
        if (_rootOf[interval] & ADMITTED != 0) revert OrdersAlreadyAdmitted(interval);
        if (newBook == 0) revert EmptyRoot(interval);
        uint256[] memory signals = new uint256[](ADMIT_SIGNALS);
        signals[0] = registry.registryRoot();
        signals[1] = ordersRoot;
        bytes32 key = keccak256(abi.encode(signals[0], idle));
        signals[2] = _bookBefore(interval, part, key);
        signals[3] = newBook;
        signals[4] = domain();
        signals[5] = SettlementWords.packScope(interval, part, idle);
        if (!admitVerifier.verify(proof, signals)) revert ProofRefused(interval);
        if (parts == 1 || _leavePart(_admission, interval, part, key, newBook, 0)) {
            bookRoot = newBook;
            _rootOf[interval] |= ADMITTED;
        }
        emit OrdersAdmitted(interval, part, idle, ordersRoot, signals[2], newBook);
    }

    /// @dev A round of one part needs no memory of parts.
    function _bookBefore(uint40 interval, uint8 part, bytes32 key) private view returns (uint256 book) {
        if (parts > 1) (book,) = _enterPart(_admission, interval, part, key, bookRoot);
        else if (part != 0) revert PartOutOfOrder(interval, 0);
        else book = bookRoot;
    }
}
