/** A round as the screens show it: numbers, story, evidence. Reads only. */
import type { z } from 'zod';
import type { ChainTransaction, Flow as FlowSchema, MemberLine, ProofEvidence, Round } from '../../shared/contract/exchange.ts';
import { Fault } from '../../shared/errors.ts';
import type { PlantFile } from '../../shared/plant-file.ts';
import type { Store } from '../kernel/ports.ts';
import { entryId, lastEntryId } from '../ledger/entry-ids.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { OutboxRow } from '../ledger/outbox-store.ts';
import type { Community } from '../market/community.ts';
import { summaryOf } from '../market/market-view.ts';
import { curveOf, viewOf } from '../market/order-store.ts';
import * as rounds from '../market/round-store.ts';
import type { Statement } from '../proof/types.ts';
import { admissionAt } from './admission-store.ts';
import { batchAt } from './batch-store.ts';
import type { UnderWay } from './proof-desk.ts';
import { proofsOf, type StoredProof } from './proof-store.ts';
import { storyOf } from './round-story.ts';
import { signalNames } from './signal-names.ts';

export interface RoundViewDeps {
  readonly store: Pick<Store, 'read'>;
  readonly plant: PlantFile;
  readonly community: Community;
  readonly ledger: Pick<LedgerService, 'entry'>;
  /** The proof that is being made. */
  readonly underWay: () => UnderWay | null;
}

export function roundView(deps: RoundViewDeps, interval: number): z.infer<typeof Round> {
  const { store, plant, community, ledger } = deps;
  const db = store.read;
  const round = rounds.roundAt(db, interval);
  if (!round) throw new Fault('not.found', `There is no round for interval ${interval}.`);
  const { parts } = community.layout;
  const orders = rounds.roundOrders(db, interval);
  const members = rounds.roundMembers(db, interval);
  const admission = admissionAt(db, interval);
  const proofs = { settle: proofsOf(db, 'settle', interval), admit: proofsOf(db, 'admit', interval) };
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
  const evidenceOf = (statement: Statement): z.infer<typeof ProofEvidence> | null =>
    proofEvidence(statement, proofs[statement], parts, (part) => ledger.entry(entryId(statement, interval, part, parts)));
  return {
    ...summaryOf(round, orders.length, plant.market.intervalMs),
    orderList,
    demandCurve: curveOf(orders, 'buy'),
    supplyCurve: curveOf(orders, 'sell'),
    flows: flowsOf(orders),
    members: lines,
    gridMoney: round.gridMoney,
    admission: admission
      ? {
          idle: admission.idle,
          bookBefore: (admission.result.batches[0]?.words.oldBook ?? 0n).toString(),
          bookAfter: admission.result.bookRoot.toString(),
          proof: evidenceOf('admit'),
        }
      : null,
    proof: evidenceOf('settle'),
    transaction: transactionOf(ledger.entry(lastEntryId('settle', interval, parts))),
    story: storyOf({
      db,
      community,
      round,
      orders: rounds.committedOrders(db, interval),
      lines,
      admission,
      batch: batchAt(db, interval),
      proofs,
      underWay: deps.underWay(),
      entry: (id) => ledger.entry(id),
    }),
  };
}

function transactionOf(row: OutboxRow | undefined): z.infer<typeof ChainTransaction> | null {
  if (!row?.transactionHash) return null;
  return {
    hash: row.transactionHash,
    block: row.block,
    gasUsed: row.gasUsed,
    status: row.state === 'final' ? 'confirmed' : row.state === 'failed' ? 'failed' : 'pending',
  };
}

function proofEvidence(
  statement: Statement,
  proofs: readonly StoredProof[],
  partsNeeded: number,
  entry: (part: number) => OutboxRow | undefined,
): z.infer<typeof ProofEvidence> | null {
  const [first] = proofs;
  if (!first) return null;
  return {
    circuit: first.circuit,
    verificationKeyHash: first.verificationKeyHash,
    partsNeeded,
    parts: proofs.map((proof) => ({
      provingMs: proof.provingMs,
      publicSignals: signalNames(statement, proof.publicSignals.length).map((name, i) => ({ name, value: proof.publicSignals[i] ?? '' })),
      transaction: transactionOf(entry(proof.part)),
    })),
  };
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
