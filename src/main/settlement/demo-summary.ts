/** The summary of a demo run, demo/1, computed from what is durable; `problems` names everything that is missing or does not add up. */
import type { Database } from 'better-sqlite3';
import { unpackTotals } from '../../domain/settlement/words.ts';
import { lastEntryId } from '../ledger/entry-ids.ts';
import type { Community } from '../market/community.ts';
import { newestRounds, roundMembers, roundOrders } from '../market/round-store.ts';
import { quarantinedByKind, readingAt } from '../metering/reading-store.ts';
import { proofsOf, type StoredProof } from './proof-store.ts';
import { flowsOf } from './round-view.ts';

export interface DemoSummary {
  readonly schema: 'demo/1';
  readonly intervals: number;
  readonly readings: { accepted: number; refused: number };
  readonly orders: number;
  readonly trades: number;
  readonly energyWh: { traded: number; metered: number; imbalance: number };
  readonly proofs: { made: number; verified: number };
  readonly settlements: { interval: number; batch: number; transaction: string | null; block: number | null; status: string }[];
  readonly certificates: { count: number; energyWh: number; renewableExportWh: number };
  readonly money: { sum: number };
  readonly chain: { id: number | null; client: string | null };
  readonly problems: string[];
}

export interface DemoSources {
  readonly db: Database;
  readonly community: Community;
  readonly chain: { id: number | null; client: string | null };
  /** Re-verifies a proof of settlement; every one of the run is checked again. */
  readonly verify: (proof: StoredProof) => Promise<boolean>;
  /** The contract's own grid account, micro-cents; null when the chain is away. */
  readonly gridAccountOnChain: bigint | null;
}

/** @param intervals how many settled market intervals were asked for; the summary covers all that are there */
export async function demoSummary(sources: DemoSources, intervals: number): Promise<DemoSummary> {
  const { db, community } = sources;
  const { parts } = community.layout;
  const problems: string[] = [];
  const count = (sql: string): number => (db.prepare(sql).get() as { n: number | null }).n ?? 0;
  const settled = newestRounds(db, 100_000)
    .filter((r) => r.state === 'settled')
    .reverse();
  const settledSet = new Set(settled.map((r) => r.interval));
  // Rounds that only measure are settled and listed, but nobody could trade in them.
  const traded = settled.filter((r) => r.kind === 'market').length;
  if (traded < intervals) problems.push(`${traded} market intervals are settled, ${intervals} were asked for`);
  for (const round of newestRounds(db, 100_000))
    if (round.state === 'failed') problems.push(`round ${round.interval} failed: ${round.message ?? ''}`);

  let membersMoney = 0n;
  let gridMoney = 0n;
  let metered = 0;
  let imbalance = 0;
  let certifiedByProof = 0n;
  let made = 0;
  let verified = 0;
  let trades = 0;
  const settlements: DemoSummary['settlements'] = [];
  for (const round of settled) {
    const members = roundMembers(db, round.interval);
    membersMoney += members.reduce((sum, m) => sum + BigInt(m.money), 0n);
    metered += members.reduce((sum, m) => sum + (m.importWh ?? 0) + (m.exportWh ?? 0), 0);
    imbalance += members.reduce((sum, m) => sum + Math.abs(m.imbalanceWh ?? 0), 0);
    trades += flowsOf(roundOrders(db, round.interval)).length;
    const proofs = proofsOf(db, 'settle', round.interval);
    const last = proofs.at(-1);
    if (proofs.length < parts || !last) problems.push(`round ${round.interval} is settled without all its proofs`);
    else {
      // The last part shows the totals of the whole round.
      const totals = unpackTotals(BigInt(last.publicSignals[6] ?? 0));
      made++;
      gridMoney += totals.gridMoney;
      certifiedByProof += totals.certificateWh;
    }
    const row = db
      .prepare('SELECT transaction_hash AS hash, block, state FROM outbox WHERE id = ?')
      .get(lastEntryId('settle', round.interval, parts)) as { hash: string | null; block: number | null; state: string } | undefined;
    const { sequence } = (db.prepare('SELECT sequence FROM settlement_batch WHERE interval = ?').get(round.interval) as
      | { sequence: number }
      | undefined) ?? { sequence: 0 };
    settlements.push({
      interval: round.interval,
      batch: sequence,
      transaction: row?.hash ?? null,
      block: row?.block ?? null,
      status: row?.state === 'final' ? 'confirmed' : (row?.state ?? 'missing'),
    });
    if (row?.state !== 'final') problems.push(`round ${round.interval} has no final transaction`);
  }
  // Straight from the meters' registers, not from what the rounds made of them.
  let renewableExportWh = 0;
  for (const member of community.members.filter((m) => m.renewableOnly)) {
    const counted = (
      db
        .prepare(
          'SELECT interval, export_wh AS exportWh FROM round_member WHERE meter_id = ? AND reading_sequence IS NOT NULL ORDER BY interval',
        )
        .all(member.meterId) as { interval: number; exportWh: number | null }[]
    ).filter((r) => settledSet.has(r.interval));
    for (const [i, { interval, exportWh }] of counted.entries()) {
      // A baseline: another key's or device's registers begin here.
      if (i === 0 || exportWh === null) continue;
      const before = readingAt(db, member.meterId, (counted[i - 1] as { interval: number }).interval);
      const reading = readingAt(db, member.meterId, interval);
      if (before && reading) renewableExportWh += reading.exportWh - before.exportWh;
    }
  }
  const issued = (
    db.prepare('SELECT interval, energy_wh AS energyWh FROM certificate').all() as { interval: number; energyWh: number }[]
  ).filter((c) => settledSet.has(c.interval));
  const certificates = { count: issued.length, energyWh: issued.reduce((total, c) => total + c.energyWh, 0) };
  if (certificates.energyWh !== renewableExportWh)
    problems.push(`certificates hold ${certificates.energyWh} Wh, renewable meters exported ${renewableExportWh} Wh`);
  if (BigInt(certificates.energyWh) !== certifiedByProof)
    problems.push(`certificates hold ${certificates.energyWh} Wh, the proofs say ${certifiedByProof} Wh`);
  const sum = membersMoney - gridMoney;
  if (sum !== 0n) problems.push(`members and grid account together: ${sum} micro-cents instead of 0`);
  if (sources.gridAccountOnChain !== null && sources.gridAccountOnChain !== gridMoney)
    problems.push(`the contract's grid account is ${sources.gridAccountOnChain}, the proofs add up to ${gridMoney}`);
  const accepted = count('SELECT count(*) AS n FROM reading');
  if (accepted === 0) problems.push('no reading was accepted');
  const orders = count('SELECT count(*) AS n FROM member_order');
  const refused = quarantinedByKind(db, 'reading');
  // Everything above is one look at the store; proofs are checked after it, while rounds go on.
  for (const { interval } of settled) {
    let valid = 0;
    const proofs = proofsOf(db, 'settle', interval);
    for (const proof of proofs) if (await sources.verify(proof)) valid++;
    if (proofs.length > 0 && valid === proofs.length) verified++;
    else problems.push(`the proof of round ${interval} does not verify`);
  }
  return {
    schema: 'demo/1',
    intervals: traded,
    readings: { accepted, refused },
    orders,
    trades,
    energyWh: { traded: settled.reduce((t, r) => t + r.tradedWh, 0), metered, imbalance },
    proofs: { made, verified },
    settlements,
    certificates: { ...certificates, renewableExportWh },
    money: { sum: Number(sum) },
    chain: sources.chain,
    problems,
  };
}
