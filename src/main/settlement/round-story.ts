/** A round's story, step by step, in the order of the page: readings, orders, admission, price, delivery, proof, transaction, receipt. */
import type { Database } from 'better-sqlite3';
import type { z } from 'zod';
import type { MemberLine, StoryStep } from '../../shared/contract/exchange.ts';
import { entryId, lastEntryId } from '../ledger/entry-ids.ts';
import type { OutboxRow } from '../ledger/outbox-store.ts';
import type { Community } from '../market/community.ts';
import { lateWords } from '../market/late-words.ts';
import type { RoundOrder, StoredRound } from '../market/round-store.ts';
import { readingsOf } from '../metering/reading-store.ts';
import type { Statement } from '../proof/types.ts';
import type { StoredAdmission } from './admission-store.ts';
import type { Batch } from './batch-store.ts';
import type { UnderWay } from './proof-desk.ts';
import type { StoredProof } from './proof-store.ts';

type Step = z.infer<typeof StoryStep>;

export interface StorySources {
  readonly db: Database;
  readonly community: Community;
  readonly round: StoredRound;
  /** As committed: withdrawn ones too. */
  readonly orders: readonly RoundOrder[];
  readonly lines: readonly z.infer<typeof MemberLine>[];
  readonly admission: StoredAdmission | undefined;
  readonly batch: Batch | undefined;
  readonly proofs: Readonly<Record<Statement, readonly StoredProof[]>>;
  readonly underWay: UnderWay | null;
  readonly entry: (id: string) => OutboxRow | undefined;
}

const short = (hash: string | null | undefined): string => hash ?? '—';
const kwh = (n: number): string => `${(n / 1000).toFixed(2)} kWh`;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export function storyOf(p: StorySources): Step[] {
  return [readings(p), orders(p), admission(p), price(p), delivery(p), proof(p), transaction(p), receipt(p)];
}

function readings({ db, community, round, batch }: StorySources): Step {
  const found = readingsOf(db, round.interval).filter((r) => community.byMeter(r.meterId));
  const registered = batch?.input.meters.filter((m) => m !== null).length ?? community.members.length;
  const carried = batch?.result.carried ?? [];
  const nameOf = (index: number) => community.byMeter(index + 1)?.name ?? index + 1;
  return {
    id: 'readings',
    title: 'Readings',
    state: batch ? 'done' : found.length > 0 ? 'running' : 'waiting',
    timeMs: found.reduce<number | null>((latest, r) => Math.max(latest ?? 0, r.receivedMs), null),
    text: batch
      ? `${registered - batch.result.totals.carriedMembers} of ${registered} meters signed the interval${carried.length > 0 ? `; ${carried.map((c) => `${nameOf(c.index)} carried (${c.reason})`).join(', ')}` : ''}.`
      : `${found.length} of ${registered} signed readings have come in.`,
    evidence: found.map((r) => ({
      label: `${r.deviceId} · sequence ${r.sequence}`,
      value: `import ${r.importWh} Wh, export ${r.exportWh} Wh, signature ${r.signature.slice(0, 16)}…`,
    })),
  };
}

function orders({ db, round, orders: committed, entry }: StorySources): Step {
  const late = lateWords(db, round);
  const commit = entry(`commit:${round.interval}`);
  const trading = committed.filter((o) => o.quantityWh > 0).length;
  const withdrawn = committed.length - trading;
  const neverBound = round.state === 'failed' && commit?.state === 'final' && commit.block === null;
  return {
    id: 'orders',
    title: 'Orders',
    state: commit?.state === 'failed' || neverBound ? 'failed' : commit?.state === 'final' ? 'done' : 'running',
    timeMs: round.committedMs,
    text: `${trading} signed orders were frozen when orders closed${withdrawn > 0 ? `, ${withdrawn} withdrawn` : ''}${late ? `; ${late.text}` : round.lateCommitted && round.kind === 'market' ? '; their root was not confirmed on the chain when the gate closed' : ''}. ${round.message ?? ''}`.trim(),
    evidence: [
      { label: 'Orders root', value: short(round.ordersRoot) },
      { label: 'Commitment transaction', value: short(commit?.transactionHash) },
      { label: 'Block', value: String(commit?.block ?? '—') },
      ...(late?.evidence ?? []),
      ...(commit?.lastError ? [{ label: 'Last error', value: commit.lastError }] : []),
    ],
  };
}

function admission(p: StorySources): Step {
  const { round, orders: committed, admission: admitted, community } = p;
  const { parts } = community.layout;
  const { interval } = round;
  const sent = p.entry(lastEntryId('admit', interval, parts));
  const failed = round.state === 'failed' && admitted?.provenMs == null;
  const refused = Array.from({ length: parts }, (_, k) => p.entry(entryId('admit', interval, k, parts))).find((e) => e?.state === 'failed');
  const newly = admitted?.input.orders.filter((o) => o !== null).length ?? 0;
  const what = admitted?.idle
    ? 'Nobody could trade; standing orders rest.'
    : `${committed.length} orders are their members’ own: ${newly} newly signed, ${committed.length - newly} standing from before.`;
  return {
    id: 'admission',
    title: 'Admission',
    state: failed || refused ? 'failed' : sent?.state === 'final' ? 'done' : admitted ? 'running' : 'waiting',
    timeMs: admitted?.provenMs ?? admitted?.createdMs ?? null,
    text: failed
      ? (round.message ?? 'The orders could not be admitted.')
      : refused
        ? `The chain refuses it: ${refused.lastError ?? 'no reason given'}.`
        : admitted
          ? `${what} ${progress(p, 'admit')}`
          : 'It is shown that every order is its member’s own, once the books before it are.',
    evidence: admitted
      ? [
          { label: 'Book of standing orders before', value: (admitted.result.batches[0]?.words.oldBook ?? 0n).toString() },
          { label: 'Book of standing orders after', value: admitted.result.bookRoot.toString() },
          { label: 'Orders root', value: admitted.result.ordersRoot.toString() },
          ...proofFacts(p, 'admit'),
          ...partFacts(p, 'admit'),
        ]
      : [],
  };
}

function price({ round }: StorySources): Step {
  if (round.state === 'failed')
    return {
      id: 'price',
      title: 'Price',
      state: 'failed',
      timeMs: round.clearedMs,
      text: 'The round failed: it has no price, and nothing is traded in it.',
      evidence: [],
    };
  const traded = round.price !== null;
  return {
    id: 'price',
    title: 'Price',
    state: round.clearedMs === null ? 'waiting' : 'done',
    timeMs: round.clearedMs,
    text:
      round.clearedMs === null
        ? 'The book is cleared when its root is on the chain, at the latest when the gate closes.'
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
  };
}

function delivery({ round, batch, lines }: StorySources): Step {
  const counted = lines.filter((l) => l.meteredWh !== null);
  const sum = (pick: (l: (typeof lines)[number]) => number | null) => counted.reduce((total, l) => total + (pick(l) ?? 0), 0);
  return {
    id: 'delivery',
    title: 'Delivery',
    state: batch ? 'done' : round.state === 'failed' ? 'failed' : 'waiting',
    timeMs: round.meteredMs,
    text: batch
      ? counted.length > 0
        ? `Measured ${kwh(sum((l) => l.meteredWh))} net; differences of ${kwh(sum((l) => Math.abs(l.imbalanceWh ?? 0)))} are paid at the tariffs.`
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
  };
}

function proof(p: StorySources): Step {
  const { round, batch, proofs, community } = p;
  const whole = proofs.settle.length >= community.layout.parts;
  return {
    id: 'proof',
    title: 'Proof',
    state: whole ? 'done' : round.state === 'proving' ? 'running' : round.state === 'failed' && batch ? 'failed' : 'waiting',
    timeMs: round.provenMs,
    text: whole || batch ? progress(p, 'settle') : 'Waits for the readings.',
    evidence: [...proofFacts(p, 'settle'), ...(community.layout.parts > 1 ? partFacts(p, 'settle') : [])],
  };
}

function transaction({ round, community, entry }: StorySources): Step {
  const { parts } = community.layout;
  const sent = Array.from({ length: parts }, (_, k) => entry(entryId('settle', round.interval, k, parts)));
  const refused = sent.find((e) => e?.state === 'failed');
  const last = sent.at(-1);
  const known = sent.filter((e) => e !== undefined);
  return {
    id: 'transaction',
    title: 'Transaction',
    state: refused ? 'failed' : known.length === 0 ? 'waiting' : last?.state === 'final' || last?.state === 'sent' ? 'done' : 'running',
    timeMs: round.sentMs,
    text: refused
      ? `Refused: ${refused.lastError ?? 'no reason given'}.`
      : known.length === 0
        ? 'Queued when the proof is there.'
        : parts > 1
          ? `${known.filter((e) => e.state === 'final').length} of ${parts} parts are on the chain.`
          : last?.transactionHash
            ? 'Sent to the chain.'
            : 'Waits in the outbox.',
    evidence: known.flatMap((e, k) => {
      const part = parts > 1 ? `Part ${k + 1}: ` : '';
      return [
        { label: `${part}${part ? 'hash' : 'Hash'}`, value: short(e.transactionHash) },
        { label: `${part}${part ? 'attempts' : 'Attempts'}`, value: String(e.attempts) },
        { label: `${part}${part ? 'nonce' : 'Nonce'}`, value: String(e.nonce ?? '—') },
      ];
    }),
  };
}

function receipt({ round, community, entry }: StorySources): Step {
  const settle = entry(lastEntryId('settle', round.interval, community.layout.parts));
  const final = settle?.state === 'final';
  return {
    id: 'receipt',
    title: 'Receipt',
    state: final ? 'done' : 'waiting',
    timeMs: settle?.finalMs ?? null,
    text: final ? `Block ${settle.block ?? '—'} holds the new root.` : 'The round is settled when its receipt is final.',
    evidence: final
      ? [
          { label: 'Block', value: String(settle.block ?? '—') },
          { label: 'Block hash', value: short(settle.blockHash) },
          { label: 'Gas used', value: String(settle.gasUsed ?? '—') },
        ]
      : [],
  };
}

/** How far the proofs of a round are, in a sentence. */
function progress({ round, proofs, community, underWay }: StorySources, statement: Statement): string {
  const made = proofs[statement];
  const { parts } = community.layout;
  const total = seconds(made.reduce((sum, one) => sum + one.provingMs, 0));
  const running = underWay?.interval === round.interval && underWay.statement === statement ? underWay : null;
  if (made.length >= parts)
    return parts > 1
      ? `${parts} proofs were made in ${total} and checked before they were sent.`
      : `The proof was made in ${total} and checked before it was sent.`;
  if (parts > 1) return `${made.length} of ${parts} parts are proven${running ? `; part ${running.part + 1} is being made` : ''}.`;
  return running ? 'The proof is being made.' : 'Waits for the prover.';
}

function proofFacts({ proofs }: StorySources, statement: Statement): Step['evidence'] {
  const [first] = proofs[statement];
  return first
    ? [
        { label: 'Circuit', value: first.circuit },
        { label: 'Verification key (SHA-256)', value: first.verificationKeyHash },
      ]
    : [];
}

function partFacts({ round, community, proofs, entry }: StorySources, statement: Statement): Step['evidence'] {
  const { parts } = community.layout;
  return proofs[statement].flatMap(({ part, provingMs }) => {
    const sent = entry(entryId(statement, round.interval, part, parts));
    const name = parts > 1 ? `Part ${part + 1}` : 'Proof';
    return [
      { label: `${name}: proving took`, value: seconds(provingMs) },
      { label: `${name}: transaction`, value: short(sent?.transactionHash) },
    ];
  });
}
