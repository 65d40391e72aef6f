// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Governed} from "../access/Governed.sol";
import {IGranularCertificate} from "../carbon/IGranularCertificate.sol";
import {Escape} from "./Escape.sol";
import {IGroth16Verifier} from "./IGroth16Verifier.sol";
import {IMeterRegistry} from "./IMeterRegistry.sol";
import {IPoseidon8} from "./IPoseidon8.sol";
import {ITariffs} from "./ITariffs.sol";
import {MoneyQueue} from "./MoneyQueue.sol";
import {SettlementWords} from "./SettlementWords.sol";

/// @title Settlement: accounts that move only by proof
/// @notice Rebuilds every public input from its own storage, so that a caller can choose only what the proof fixes. See {ISettlement}.
contract Settlement is MoneyQueue, Escape {
    /// @dev Everything a batch reads and writes anyway, in one slot.
    struct Head {
        uint40 lastInterval;
        uint40 lastSettledAt; // s
        uint32 buyTariff;
        uint32 sellTariff;
        uint32 number; // batches so far
        uint32 queueHead;
        uint32 queueTail;
        bool escaped;
        bool tariffsKnown;
    }

    struct Parts {
        address authority;
        IMeterRegistry registry;
        IGroth16Verifier verifier;
        IERC20 money;
        ITariffs tariffs;
        IGranularCertificate certificates;
        address certificateHolder;
        IPoseidon8 leafHash;
        uint256 genesisRoot;
        uint256 capacity;
        uint256 tokenUnitsPerMicroCent;
        uint256 escapeAfterS;
    }

    bytes32 private constant IMPORT_TARIFF = "tariff.import.mcPerKWh";
    bytes32 private constant EXPORT_TARIFF = "tariff.export.mcPerKWh";

    IMeterRegistry public immutable registry;
    IGroth16Verifier public immutable verifier;
    ITariffs public immutable tariffs;
    IGranularCertificate public immutable certificates;
    /// @notice Receives the community's certificates.
    address public immutable certificateHolder;
    /// @notice Time without a batch after which anyone may end batching, s.
    uint256 public immutable escapeAfterS;

    Head public head;
    /// @notice Root of the members' accounts.
    uint256 public stateRoot;
    /// @notice Root before the first batch.
    uint256 public immutable genesisRoot;
    /// @dev Until an interval is settled its committed orders, from then on the accounts' root after it: one slot serves both, which
    ///      saves a fresh slot in every batch.
    mapping(uint256 interval => uint256) private _rootOf;
    mapping(uint256 interval => Round) private _rounds;

    constructor(Parts memory parts)
        Governed(parts.authority)
        MoneyQueue(parts.money, parts.tokenUnitsPerMicroCent, parts.capacity)
        Escape(parts.leafHash)
    {
        if (parts.genesisRoot == 0) revert EmptyRoot();
        registry = parts.registry;
        verifier = parts.verifier;
        tariffs = parts.tariffs;
        certificates = parts.certificates;
        certificateHolder = parts.certificateHolder;
        escapeAfterS = parts.escapeAfterS;
        require(parts.verifier.signalCount() == 8);
        stateRoot = parts.genesisRoot;
        genesisRoot = parts.genesisRoot;
        head.lastSettledAt = uint40(block.timestamp);
    }

    /// @notice Chain and contract that proofs must be made for: chain id · 2^160 + address.
    function domain() public view returns (uint256) {
        return (block.chainid << 160) | uint160(address(this));
    }

    /// @notice What is known of an interval; `settledAt` 0: not settled.
    function roundOf(uint40 interval) external view returns (Round memory) {
        return _rounds[interval];
    }

    /// @notice Orders committed for an interval that is not settled yet; 0: none. Those of settled ones are in the events.
    function ordersRootOf(uint40 interval) public view returns (uint256) {
        return _rounds[interval].settledAt == 0 ? _rootOf[interval] : 0;
    }

    /// @notice Root history: the accounts' root after a settled interval; 0: not settled.
    function rootAfter(uint40 interval) external view returns (uint256) {
        return _rounds[interval].settledAt == 0 ? 0 : _rootOf[interval];
    }

    /// @inheritdoc MoneyQueue
    function queueBounds() public view override returns (uint256, uint256) {
        return (head.queueHead, head.queueTail);
    }

    function commitOrders(uint40 interval, uint256 ordersRoot) external restricted whenNotPaused {
        if (ordersRoot == 0) revert EmptyRoot();
        uint40 last = head.lastInterval;
        if (interval <= last || _rootOf[interval] != 0) revert IntervalNotOpen(interval, last);
        if (!head.tariffsKnown) _syncTariffs();
        _rootOf[interval] = ordersRoot;
        emit OrdersCommitted(interval, ordersRoot);
    }

    function settle(Batch calldata batch, uint256[8] calldata proof) external whenNotPaused {
        Head memory now_ = head;
        if (now_.escaped) revert InEscape();
        if (batch.interval <= now_.lastInterval) revert IntervalNotOpen(batch.interval, now_.lastInterval);
        uint256[] memory signals = new uint256[](8);
        signals[0] = registry.registryRoot();
        signals[1] = _rootOf[batch.interval];
        if (signals[1] == 0) revert OrdersMissing(batch.interval);
        if (batch.newRoot == 0) revert EmptyRoot();
        if (!batch.traded && batch.price != 0) revert PriceWithoutTrade(batch.price);
        SettlementWords.Totals memory totals = SettlementWords.unpackTotals(batch.totals);
        signals[2] = stateRoot;
        signals[3] = batch.newRoot;
        signals[4] = domain();
        signals[5] = SettlementWords.packTerms(batch.price, now_.buyTariff, now_.sellTariff, batch.interval, batch.traded);
        signals[6] = batch.totals;
        _checkFlowCount(batch.flowCount, now_);
        signals[7] = _applyFlows(now_.queueHead, batch.flowCount, totals.withdrawalsApplied);
        if (!verifier.verify(proof, signals)) revert ProofRefused(batch.interval);

        _advance(batch, now_, totals);
        emit Settled(batch.interval, signals[0], signals[1], signals[2], signals[3], signals[5], signals[6], signals[7]);
    }

    function syncTariffs() external {
        _syncTariffs();
    }

    function issueCertificates(uint40 interval) external whenNotPaused returns (uint256 bundleId) {
        Round storage round = _rounds[interval];
        if (round.certificateWh == 0 || round.certified) revert NoCertificates(interval);
        round.certified = true;
        bytes32 source = keccak256(abi.encode(domain(), interval));
        bundleId = certificates.issueFromSettlement(certificateHolder, interval, round.certificateWh, source);
        emit CertificatesIssued(interval, bundleId, round.certificateWh);
    }

    function escape() external {
        uint256 opensAt = uint256(head.lastSettledAt) + escapeAfterS;
        if (block.timestamp < opensAt) revert NotYetEscape(opensAt - block.timestamp);
        if (head.escaped) revert InEscape();
        head.escaped = true;
        emit Escaped(stateRoot);
    }

    /// @dev State after the batch; the proof has been checked.
    function _advance(Batch calldata batch, Head memory now_, SettlementWords.Totals memory totals) private {
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
    }

    /// @dev The operator may not let entries wait: a batch takes as many as fit, except those that came in while it was being proven.
    function _checkFlowCount(uint256 count, Head memory now_) private view {
        uint256 waiting = now_.queueTail - now_.queueHead;
        if (count > FLOWS_PER_BATCH || count > waiting) revert TooManyFlows(count, waiting);
        if (count == FLOWS_PER_BATCH || count == waiting) return;
        uint256 next = now_.queueHead + count;
        if (flowAt[next].batch != uint16(now_.number)) revert FlowOverdue(next);
    }

    function _syncTariffs() private {
        uint256 buy = tariffs.get(IMPORT_TARIFF);
        uint256 sell = tariffs.get(EXPORT_TARIFF);
        if (sell > buy) revert TariffsCrossed(buy, sell);
        require(buy <= type(uint32).max);
        (head.buyTariff, head.sellTariff, head.tariffsKnown) = (uint32(buy), uint32(sell), true);
        emit TariffsSet(uint32(buy), uint32(sell));
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
