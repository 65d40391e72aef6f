/** A round as the screens show it: numbers, story, evidence. Reads only. */
import type { z } from 'zod';
import { PUBLIC_SIGNALS } from '../../domain/settlement/words.ts';
import type { Flow as FlowSchema, MemberLine, Round, StoryStep } from '../../shared/contract/exchange.ts';
import { Fault } from '../../shared/errors.ts';
import type { PlantFile } from '../../shared/plant-file.ts';
import type { Store } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { OutboxRow } from '../ledger/outbox-store.ts';
import type { Community } from '../market/community.ts';
import { summaryOf } from '../market/market-view.ts';
import { curveOf, viewOf } from '../market/order-store.ts';
import * as rounds from '../market/round-store.ts';
import { readingsOf } from '../metering/reading-store.ts';
import { type Batch, batchAt, proofAt, type StoredProof } from './batch-store.ts';

type Step = z.infer<typeof StoryStep>;
export interface RoundViewDeps {
  readonly store: Pick<Store, 'read'>;
  readonly plant: PlantFile;
  readonly community: Community;
  readonly ledger: Pick<LedgerService, 'entry'>;
}

export function roundView(deps: RoundViewDeps, interval: number): z.infer<typeof Round> {
  const { store, plant, community, ledger } = deps;
  const db = store.read;
  const round = rounds.roundAt(db, interval);
  if (!round) throw new Fault('not.found', `There is no round for interval ${interval}.`);
  const orders = rounds.roundOrders(db, interval);
  const members = rounds.roundMembers(db, interval);
  const batch = batchAt(db, interval);
  const proof = proofAt(db, interval);
  const commit = ledger.entry(`commit:${interval}`);
  const settle = ledger.entry(`settle:${interval}`);
  const lines: z.infer<typeof MemberLine>[] = members.map((m) => ({
    member: community.byMeter(m.meterId)?.memberId ?? String(m.meterId),
    name: community.byMeter(m.meterId)?.name ?? `Meter ${m.meterId}`,
    positionWh: m.positionWh,
    meteredWh: m.importWh === null || m.exportWh === null ? null : m.importWh - m.exportWh,
    imbalanceWh: m.imbalanceWh,
    money: m.money,
    balanceAfter: m.balanceAfter,
  }));
  const orderList = orders.map((o) => {
    const state =
      o.filledWh === null ? 'committed' : o.filledWh === 0 ? 'unfilled' : o.filledWh === o.quantityWh ? 'filled' : 'part-filled';
    return viewOf(o, community.member(o.memberId)?.name ?? o.memberId, state, o.filledWh);
  });
  return {
    ...summaryOf(round, orders.length, plant.market.intervalMs),
    orderList,
    demandCurve: curveOf(orders, 'buy'),
    supplyCurve: curveOf(orders, 'sell'),
    flows: flowsOf(orders),
    members: lines,
    gridMoney: round.gridMoney,
    proof: proof
      ? {
          circuit: proof.circuit,
          verificationKeyHash: proof.verificationKeyHash,
          provingMs: proof.provingMs,
          publicSignals: PUBLIC_SIGNALS.map((name, i) => ({ name, value: proof.publicSignals[i] ?? '' })),
        }
      : null,
    transaction: settle?.transactionHash
      ? {
          hash: settle.transactionHash,
          block: settle.block,
          gasUsed: settle.gasUsed,
          status: settle.state === 'final' ? 'confirmed' : settle.state === 'failed' ? 'failed' : 'pending',
        }
      : null,
    story: storyOf(deps, { round, orders, lines, batch, proof, commit, settle }),
  };
}

interface StoryParts {
  readonly round: rounds.StoredRound;
  readonly orders: readonly rounds.RoundOrder[];
  readonly lines: readonly z.infer<typeof MemberLine>[];
  readonly batch: Batch | undefined;
  readonly proof: StoredProof | undefined;
  readonly commit: OutboxRow | undefined;
  readonly settle: OutboxRow | undefined;
}

/** In the order of the page: readings, orders, price, delivery, proof, transaction, receipt. */
function storyOf(deps: RoundViewDeps, p: StoryParts): Step[] {
  const { round, orders, lines, batch, proof, commit, settle } = p;
  const readings = readingsOf(deps.store.read, round.interval).filter((r) => deps.community.byMeter(r.meterId));
  const registered = batch?.input.meters.filter((m) => m !== null).length ?? deps.community.members.length;
  const failed = round.state === 'failed';
  const traded = round.price !== null;
  const counted = lines.filter((l) => l.meteredWh !== null);
  const sum = (pick: (l: (typeof lines)[number]) => number | null) => counted.reduce((total, l) => total + (pick(l) ?? 0), 0);
  const short = (hash: string | null | undefined): string => hash ?? '—';
  const kwh = (n: number): string => `${(n / 1000).toFixed(2)} kWh`;
  return [
    {
      id: 'readings',
      title: 'Readings',
      state: batch ? 'done' : readings.length > 0 ? 'running' : 'waiting',
      timeMs: readings.reduce<number | null>((latest, r) => Math.max(latest ?? 0, r.receivedMs), null),
      text: batch
        ? `${registered - batch.result.totals.carriedMembers} of ${registered} meters signed the interval${batch.result.carried.length > 0 ? `; ${batch.result.carried.map((c) => `${deps.community.byMeter(c.index + 1)?.name ?? c.index + 1} carried (${c.reason})`).join(', ')}` : ''}.`
        : `${readings.length} of ${registered} signed readings have come in.`,
      evidence: readings.map((r) => ({
        label: `${r.deviceId} · sequence ${r.sequence}`,
        value: `import ${r.importWh} Wh, export ${r.exportWh} Wh, signature ${r.signature.slice(0, 16)}…`,
      })),
    },
    {
      id: 'orders',
      title: 'Orders',
      state: commit?.state === 'failed' ? 'failed' : commit?.state === 'final' ? 'done' : 'running',
      timeMs: round.committedMs,
      text: `${orders.length} signed orders were frozen at the gate${round.lateCommitted ? '; the chain was away, so their root was committed late' : ''}. ${round.message ?? ''}`.trim(),
      evidence: [
        { label: 'Orders root', value: short(round.ordersRoot) },
        { label: 'Commitment transaction', value: short(commit?.transactionHash) },
        { label: 'Block', value: String(commit?.block ?? '—') },
        ...(commit?.lastError ? [{ label: 'Last error', value: commit.lastError }] : []),
      ],
    },
    {
      id: 'price',
      title: 'Price',
      state: round.clearedMs === null ? 'waiting' : 'done',
      timeMs: round.clearedMs,
      text:
        round.clearedMs === null
          ? 'The book is cleared when its root is on the chain, at the latest when delivery begins.'
          : traded
            ? `${kwh(round.tradedWh)} are traded at one price.`
            : 'No trade: nobody offers what somebody asks.',
      evidence: traded
        ? [
            { label: 'Price', value: `${round.price} milli-cents per kWh` },
            { label: 'Energy', value: `${round.tradedWh} Wh` },
            { label: 'Welfare', value: `${round.welfare} milli-cents` },
          ]
        : [],
    },
    {
      id: 'delivery',
      title: 'Delivery',
      state: batch ? 'done' : failed ? 'failed' : 'waiting',
      timeMs: round.meteredMs,
      text: batch
        ? counted.length > 0
          ? `Measured ${kwh(sum((l) => l.meteredWh))} net; differences of ${kwh(counted.reduce((t, l) => t + Math.abs(l.imbalanceWh ?? 0), 0))} are paid at the tariffs.`
          : 'Only the meters’ starting registers were taken; nothing was measured yet.'
        : (round.message ?? 'Waits for the end of the interval.'),
      evidence: batch
        ? [
            { label: 'Members’ money', value: `${lines.reduce((t, l) => t + BigInt(l.money), 0n)} micro-cents` },
            { label: 'Grid account', value: `${round.gridMoney} micro-cents` },
            { label: 'Old state root', value: batch.result.words.oldRoot.toString() },
            { label: 'New state root', value: batch.result.words.newRoot.toString() },
            { label: 'Certificate energy', value: `${batch.result.totals.certificateWh} Wh` },
          ]
        : [],
    },
    {
      id: 'proof',
      title: 'Proof',
      state: proof ? 'done' : round.state === 'proving' ? 'running' : failed && batch ? 'failed' : 'waiting',
      timeMs: round.provenMs,
      text: proof
        ? `Made in ${(proof.provingMs / 1000).toFixed(1)} s and checked before it was sent.`
        : round.state === 'proving'
          ? 'Is being made.'
          : 'Waits for the prover.',
      evidence: proof
        ? [
            { label: 'Circuit', value: proof.circuit },
            { label: 'Verification key (SHA-256)', value: proof.verificationKeyHash },
          ]
        : [],
    },
    {
      id: 'transaction',
      title: 'Transaction',
      state: !settle
        ? 'waiting'
        : settle.state === 'failed'
          ? 'failed'
          : settle.state === 'final' || settle.state === 'sent'
            ? 'done'
            : 'running',
      timeMs: round.sentMs,
      text: !settle
        ? 'Queued when the proof is there.'
        : settle.state === 'failed'
          ? `Refused: ${settle.lastError ?? 'no reason given'}.`
          : settle.transactionHash
            ? 'Sent to the chain.'
            : 'Waits in the outbox.',
      evidence: settle
        ? [
            { label: 'Hash', value: short(settle.transactionHash) },
            { label: 'Attempts', value: String(settle.attempts) },
            { label: 'Nonce', value: String(settle.nonce ?? '—') },
          ]
        : [],
    },
    {
      id: 'receipt',
      title: 'Receipt',
      state: settle?.state === 'final' ? 'done' : 'waiting',
      timeMs: settle?.finalMs ?? null,
      text:
        settle?.state === 'final' ? `Block ${settle.block ?? '—'} holds the new root.` : 'The round is settled when its receipt is final.',
      evidence:
        settle?.state === 'final'
          ? [
              { label: 'Block', value: String(settle.block ?? '—') },
              { label: 'Block hash', value: short(settle.blockHash) },
              { label: 'Gas used', value: String(settle.gasUsed ?? '—') },
            ]
          : [],
    },
  ];
}

/** Who traded with whom: a call auction has no pairs of its own, so sellers' fills are spread over buyers pro rata; whole Wh that add up. */
export function flowsOf(orders: readonly Pick<rounds.RoundOrder, 'memberId' | 'side' | 'filledWh'>[]): z.infer<typeof FlowSchema>[] {
  const filled = (side: 'buy' | 'sell') => orders.filter((o) => o.side === side && (o.filledWh ?? 0) > 0);
  const buyers = filled('buy');
  const total = buyers.reduce((sum, o) => sum + (o.filledWh ?? 0), 0);
  if (total === 0) return [];
  return filled('sell').flatMap((seller) => {
    let upTo = 0;
    let given = 0;
    return buyers.flatMap((buyer) => {
      upTo += buyer.filledWh ?? 0;
      const until = Math.round(((seller.filledWh ?? 0) * upTo) / total);
      const energyWh = until - given;
      given = until;
      return energyWh > 0 ? [{ from: seller.memberId, to: buyer.memberId, energyWh }] : [];
    });
  });
}
