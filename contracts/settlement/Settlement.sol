// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Governed} from "../access/Governed.sol";
import {IGranularCertificate} from "../carbon/IGranularCertificate.sol";
import {Accounts} from "./Accounts.sol";
import {Admission} from "./Admission.sol";
import {Commitments} from "./Commitments.sol";
import {Escape} from "./Escape.sol";
import {Genesis} from "./Genesis.sol";
import {IGroth16Verifier} from "./IGroth16Verifier.sol";
import {IMeterRegistry} from "./IMeterRegistry.sol";
import {IPoseidon8} from "./IPoseidon8.sol";
import {ISettlement} from "./ISettlement.sol";
import {ITariffs} from "./ITariffs.sol";
import {MoneyQueue} from "./MoneyQueue.sol";
import {SettlementWords} from "./SettlementWords.sol";

/// @title Settlement: accounts that move only by proof
/// @notice Rebuilds every public input from its own storage, so that a caller can choose only what the proof fixes. See {ISettlement}.
/// @custom:source this project, docs/settlement.md
contract Settlement is MoneyQueue, Escape, Admission {
    /// @dev Everything a round reads and writes anyway, in one slot.
    struct Head {
        uint40 lastInterval;
        uint40 lastSettledAt; // s
        uint32 buyTariff;
        uint32 sellTariff;
        uint32 number; // rounds settled so far
        uint32 queueHead;
        uint32 queueTail;
        bool escaped;
        bool tariffsKnown;
    }

    struct Setup {
        address authority;
        IMeterRegistry registry;
        IGroth16Verifier verifier;
        IGroth16Verifier admitVerifier;
        IERC20 money;
        ITariffs tariffs;
        IGranularCertificate certificates;
        address certificateHolder;
        IPoseidon8 leafHash;
        uint256 batchMembers;
        uint256 parts;
        uint256 tokenUnitsPerMicroCent;
        uint256 escapeAfterS;
        uint256 challengeWindowS;
        Gate gate;
    }

    /// @dev registryRoot, ordersRoot, oldRoot, newRoot, domain, terms, totals, flows; in parts carryIn and carryOut besides.
    uint256 private constant SETTLE_SIGNALS = 8;
    bytes32 private constant IMPORT_TARIFF = "tariff.import.mcPerKWh";
    bytes32 private constant EXPORT_TARIFF = "tariff.export.mcPerKWh";

    /// @notice Checks proofs of the settle circuit.
    IGroth16Verifier public immutable verifier;
    /// @notice Where the tariffs come from.
    ITariffs public immutable tariffs;
    /// @notice Where certificates are issued.
    IGranularCertificate public immutable certificates;
    /// @notice Receives the community's certificates.
    address public immutable certificateHolder;
    /// @notice Time without a settled round after which anyone may end settlement, s.
    uint256 public immutable escapeAfterS;

    /// @notice The last settled round, tariffs in milli-cents per kWh, bounds of the queue.
    Head public head;
    /// @notice Root of the members' accounts after the last settled round.
    uint256 public stateRoot;
    /// @notice Root before the first round: of accounts that hold nothing.
    uint256 public immutable genesisRoot;
    mapping(uint256 interval => Round) private _rounds;
    Progress private _round;

    constructor(Setup memory setup)
        Governed(setup.authority)
        Accounts(setup.registry, setup.batchMembers, setup.parts)
        MoneyQueue(setup.money, setup.tokenUnitsPerMicroCent)
        Escape(setup.leafHash)
        Commitments(setup.gate, setup.challengeWindowS)
        Admission(setup.admitVerifier)
    {
        if (setup.challengeWindowS == 0 || setup.challengeWindowS >= setup.escapeAfterS) {
            revert BadChallengeWindow(setup.challengeWindowS, setup.escapeAfterS);
        }
        uint256 signals = setup.parts == 1 ? SETTLE_SIGNALS : SETTLE_SIGNALS + 2;
        if (setup.verifier.signalCount() != signals) revert WrongVerifier(setup.verifier.signalCount(), signals);
        verifier = setup.verifier;
        tariffs = setup.tariffs;
        certificates = setup.certificates;
        certificateHolder = setup.certificateHolder;
        escapeAfterS = setup.escapeAfterS;
        uint256 leaf = setup.leafHash.hash(Genesis.emptyOpening());
        if (leaf != Genesis.EMPTY_LEAF) revert WrongLeafHash(leaf, Genesis.EMPTY_LEAF);
        genesisRoot = Genesis.root(leaf, capacity);
        stateRoot = genesisRoot;
        head.lastSettledAt = uint40(block.timestamp);
    }

    /// @notice What is known of an interval; `settledAt` 0: not settled.
    /// @param interval market interval of 900 s
    /// @return when it was settled (unix time, s), price (milli-cents per kWh), certificate energy (Wh), carried members and its number
    function roundOf(uint40 interval) external view returns (Round memory) {
        return _rounds[interval];
    }

    /// @notice Orders committed for an interval that is not settled yet; 0: none, or they are void. Those of settled ones are in the events.
    /// @param interval market interval of 900 s
    /// @return root; 0: none
    function ordersRootOf(uint40 interval) public view returns (uint256) {
        return _rounds[interval].settledAt == 0 ? _ordersRoot(interval) : 0;
    }

    /// @notice The orders of this interval are admitted; true of settled ones too.
    /// @param interval market interval of 900 s
    /// @return true: every order of it is signed by its member
    function isAdmitted(uint40 interval) external view returns (bool) {
        return _rounds[interval].settledAt != 0 || (_rootOf[interval] & ADMITTED != 0 && !isVoided(interval));
    }

    /// @notice Root history: the accounts' root after a settled interval; 0: not settled.
    /// @param interval market interval of 900 s
    /// @return root; 0: not settled
    function rootAfter(uint40 interval) external view returns (uint256) {
        return _rounds[interval].settledAt == 0 ? 0 : _rootOf[interval];
    }

    /// @notice Round in parts under way: its interval, the part awaited (0: none is under way), and the root and carry that the last part has left.
    /// @return interval market interval of 900 s
    /// @return next number of the part awaited; 0: none is under way
    /// @return root root of the members' accounts that the last part has left
    /// @return carry commitment that the last part has left
    function roundUnderWay() external view returns (uint40 interval, uint8 next, uint256 root, uint256 carry) {
        return (_round.interval, _round.next, _round.root, _round.carry);
    }

    /// @inheritdoc MoneyQueue
    function queueBounds() public view override returns (uint256, uint256) {
        return (head.queueHead, head.queueTail);
    }

    /// @inheritdoc ISettlement
    function settle(Batch calldata batch, uint256[8] calldata proof) external whenNotPaused {
        if (parts != 1) revert WrongLayout(parts);
        Head memory now_ = head;
        uint256[] memory signals = _signals(batch, now_, SETTLE_SIGNALS);
        signals[2] = stateRoot;
        signals[6] = batch.totals;
        SettlementWords.Totals memory totals = SettlementWords.unpackTotals(batch.totals);
        if (!verifier.verify(proof, signals)) revert ProofRefused(batch.interval);
        _finish(batch, now_, totals, signals[2], signals);
    }

    /// @inheritdoc ISettlement
    function settlePart(Batch calldata batch, uint8 part, uint256 carryOut, uint256[8] calldata proof) external whenNotPaused {
        if (parts == 1) revert WrongLayout(parts);
        Head memory now_ = head;
        uint256[] memory signals = _signals(batch, now_, SETTLE_SIGNALS + 2);
        bytes32 key = keccak256(abi.encode(signals[0], signals[5], batch.flowCount));
        uint256 startRoot = stateRoot;
        (signals[2], signals[8]) = _enterPart(_round, batch.interval, part, key, startRoot);
        bool last = part + 1 == parts;
        if (last != (carryOut == 0)) revert BadCarry(part, carryOut);
        if (!last && batch.totals != SettlementWords.NO_TOTALS) revert BadTotals(batch.totals);
        SettlementWords.Totals memory totals = SettlementWords.unpackTotals(batch.totals);
        signals[5] = SettlementWords.withPart(signals[5], part);
        signals[6] = batch.totals;
        signals[9] = carryOut;
        if (!verifier.verify(proof, signals)) revert ProofRefused(batch.interval);
        _leavePart(_round, batch.interval, part, key, batch.newRoot, carryOut);
        emit PartSettled(batch.interval, part, signals[2], batch.newRoot, carryOut);
        if (last) _finish(batch, now_, totals, startRoot, signals);
    }

    /// @inheritdoc ISettlement
    function syncTariffs() external {
        _syncTariffs();
    }

    /// @inheritdoc ISettlement
    function issueCertificates(uint40 interval) external whenNotPaused returns (uint256 bundleId) {
        Round storage round = _rounds[interval];
        if (round.certificateWh == 0 || round.certified) revert NoCertificates(interval);
        round.certified = true;
        bytes32 source = keccak256(abi.encode(domain(), interval));
        bundleId = certificates.issueFromSettlement(certificateHolder, interval, round.certificateWh, source);
        emit CertificatesIssued(interval, bundleId, round.certificateWh);
    }

    /// @inheritdoc ISettlement
    function escape() external {
        uint256 opensAt = uint256(head.lastSettledAt) + escapeAfterS;
        if (block.timestamp < opensAt) revert NotYetEscape(opensAt - block.timestamp);
        if (head.escaped) revert InEscape();
        head.escaped = true;
        emit Escaped(stateRoot);
    }

    /// @dev The public signals that the contract knows or that are the same in all parts: all but the roots' start, totals, part and carry.
    function _signals(Batch calldata batch, Head memory now_, uint256 count) private view returns (uint256[] memory signals) {
        if (now_.escaped) revert InEscape();
        if (batch.interval <= now_.lastInterval) revert IntervalNotOpen(batch.interval, now_.lastInterval);
        if (batch.newRoot == 0) revert EmptyRoot(batch.interval);
        if (!batch.traded && batch.price != 0) revert PriceWithoutTrade(batch.price);
        signals = new uint256[](count);
        signals[0] = registry.registryRoot();
        signals[1] = _settleableOrders(batch.interval);
        signals[3] = batch.newRoot;
        signals[4] = domain();
        signals[5] = SettlementWords.packTerms(batch.price, now_.buyTariff, now_.sellTariff, batch.interval, batch.traded);
        _checkFlowCount(batch.flowCount, now_);
        signals[7] = _flowsWord(now_.queueHead, batch.flowCount);
    }

    /// @dev State after the round; the proofs have been checked.
    function _finish(Batch calldata batch, Head memory now_, SettlementWords.Totals memory totals, uint256 startRoot, uint256[] memory signals) private {
        _applyFlows(now_.queueHead, batch.flowCount, totals.withdrawalsApplied);
        now_.lastInterval = batch.interval;
        now_.lastSettledAt = uint40(block.timestamp);
        now_.number += 1;
        now_.queueHead += batch.flowCount;
        head = now_;
        stateRoot = batch.newRoot;
        _rootOf[batch.interval] = batch.newRoot;
        gridAccount += totals.gridMoney;
        defaultAccount += totals.defaultMoney;
        _rounds[batch.interval] = Round({
            settledAt: uint40(block.timestamp),
            price: batch.price,
            traded: batch.traded,
            certificateWh: totals.certificateWh,
            carriedMembers: totals.carriedMembers,
            certified: false,
            number: now_.number
        });
        emit Settled(batch.interval, signals[0], signals[1], startRoot, signals[3], signals[5], signals[6], signals[7]);
    }

    /// @dev The operator may not let entries wait: a round takes as many as fit, except those that came in while it was being proven or settled.
    function _checkFlowCount(uint256 count, Head memory now_) private view {
        uint256 waiting = now_.queueTail - now_.queueHead;
        if (count > FLOWS_PER_BATCH || count > waiting) revert TooManyFlows(count, waiting);
        if (count == FLOWS_PER_BATCH || count == waiting) return;
        uint256 next = now_.queueHead + count;
        if (flowAt[next].batch != uint8(now_.number)) revert FlowOverdue(next);
    }

    function _syncTariffs() private {
        uint256 buy = tariffs.get(IMPORT_TARIFF);
        uint256 sell = tariffs.get(EXPORT_TARIFF);
        if (sell > buy) revert TariffsCrossed(buy, sell);
        if (buy > type(uint32).max) revert TariffTooLarge(buy, type(uint32).max);
        (head.buyTariff, head.sellTariff, head.tariffsKnown) = (uint32(buy), uint32(sell), true);
        emit TariffsSet(uint32(buy), uint32(sell));
    }

    function _requireTariffs() internal override {
        if (!head.tariffsKnown) _syncTariffs();
    }

    function _requireAhead(uint40 interval) internal view override {
        Head memory now_ = head;
        if (now_.escaped) revert InEscape();
        if (interval <= now_.lastInterval) revert IntervalNotOpen(interval, now_.lastInterval);
    }

    function _lastInterval() internal view override returns (uint40) {
        return head.lastInterval;
    }

    function _advanceTail() internal override returns (uint256 position, uint256 batch) {
        position = head.queueTail;
        batch = head.number;
        head.queueTail = uint32(position + 1);
    }

    function _requireRunning() internal view override {
        if (head.escaped) revert InEscape();
    }

    function _requireEscaped() internal view override {
        if (!head.escaped) revert NotInEscape();
    }

    function _lastRoot() internal view override returns (uint256) {
        return stateRoot;
    }
}
