/**
 * A batch holds for the queue, the tariffs and the registry it was made for, an admission for the registry and the book. When the chain has gone on
 * meanwhile and refuses one for good, it and what is built on it are made anew from what the chain says now. What is mined stays, and so does
 * every line of the outbox that was ever tried.
 */
import type { Database } from 'better-sqlite3';
import { Fault } from '../../shared/errors.ts';
import type { Kernel } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import * as outbox from '../ledger/outbox-store.ts';
import { admissionAt } from './admission-store.ts';
import { batchAt } from './batch-store.ts';
import { headNow } from './contract-head.ts';
import { forgetAdmissions, forgetBatches } from './take-back.ts';

export interface MakeAnewDeps {
  readonly ledger: Pick<LedgerService, 'view'>;
  /** Batches from this interval on were taken back, with `admit` the admissions too: a proof under way for one of them is worth nothing. */
  readonly onMadeAnew: (interval: number, kind: Kind) => void;
  /** In the transaction that takes back rounds from this interval on which the chain had settled and forgot. */
  readonly onUnsettled: (db: Database, interval: number) => void;
}
type Kind = 'admit' | 'settle';

/** Refusals that no waiting cures and another batch may. */
const FOR_GOOD = /\b(FlowOverdue|TooManyFlows|ProofRefused|PartOutOfOrder)\(/;
/** Of one interval, within an hour: what is refused again and again has another cause than the chain's going on. */
const AT_MOST = 3;
const WITHIN_MS = 3_600_000;
const MADE_ANEW = 'made anew: ';
const OF_INTERVAL = "CAST(substr(id, instr(id, ':') + 1) AS INTEGER)";
/** What is built on an entry of the kind, itself included. Certificates of public meters have other names. */
const BUILT_ON = {
  settle: "(id LIKE 'settle:%' OR id LIKE 'certificates:%')",
  admit: "(id LIKE 'admit:%' OR id LIKE 'settle:%' OR id LIKE 'certificates:%')",
} as const;
const WHAT = { settle: 'Its settlement', admit: 'The admission of its orders' } as const;

interface Refused {
  readonly kind: Kind;
  readonly sequence: number;
  readonly interval: number;
  readonly state: string;
  readonly why: string;
}
/** What became of a refusal: it is made anew, it cannot be (with a sentence), or it is not known yet. */
type Outcome = { readonly kind: 'done' } | { readonly kind: 'stuck'; readonly message: string } | { readonly kind: 'open' };
const OPEN: Outcome = { kind: 'open' };

/** Returns what a turn does about it. */
export function createMakeAnew(
  kernel: Pick<Kernel, 'store' | 'clock' | 'alarms' | 'journal' | 'log'>,
  deps: MakeAnewDeps,
): () => Promise<void> {
  const { store, clock } = kernel;
  const log = kernel.log.child('settlement');
  const stuck = (message: string): Outcome => ({ kind: 'stuck', message });
  const view = async (method: string, ...args: number[]): Promise<bigint> => {
    const [value] = await deps.ledger.view({ contract: 'Settlement', method, args });
    return BigInt(value as bigint | boolean);
  };

  /** Null: the chain still is where this one begins. */
  const admissionElsewhere = async ({ interval, why }: Refused): Promise<Outcome | null> => {
    const oldBook = admissionAt(store.read, interval)?.result.batches[0]?.words.oldBook;
    if (oldBook === undefined) return stuck(`The admission of interval ${interval} is refused, and it is not in the database: ${why}.`);
    // The outbox finds by itself that somebody brought it there.
    if ((await view('isAdmitted', interval)) === 1n) return OPEN;
    if ((await view('bookRoot')) === oldBook) return null;
    return stuck(
      `The chain’s book of standing orders is not the one that interval ${interval} begins with, so that making it anew does not help: ${why}.`,
    );
  };
  const settlementElsewhere = async ({ interval, why }: Refused, lastInterval: number): Promise<Outcome | null> => {
    const words = batchAt(store.read, interval)?.result.words;
    if (!words) return stuck(`Interval ${interval} is refused, and its batch is not in the database: ${why}.`);
    if ((await view('rootAfter', interval)) === words.newRoot) return OPEN;
    if (lastInterval < interval && (await view('stateRoot')) !== words.oldRoot)
      return stuck(
        `The chain’s accounts are not those that interval ${interval} begins with, so that making it anew does not help: ${why}.`,
      );
    return null;
  };

  const settle = async (refused: Refused): Promise<Outcome> => {
    const { kind, interval, why } = refused;
    if (timesMadeAnew(store.read, refused, clock.nowMs() - WITHIN_MS) >= AT_MOST)
      return stuck(
        `${WHAT[kind]} was made anew ${AT_MOST} times within an hour for interval ${interval}, and the chain still refuses it: ${why}.`,
      );
    const { lastInterval } = await headNow(deps.ledger);
    const elsewhere = await (kind === 'admit' ? admissionElsewhere(refused) : settlementElsewhere(refused, lastInterval));
    if (elsewhere) return elsewhere;
    if (lastInterval >= interval)
      return stuck(
        `The chain has settled interval ${lastInterval}, and interval ${interval} not as this console did. Nothing is taken back.`,
      );
    return store.write((db) => {
      if (!takeRefusedBack(db, refused, clock.nowMs(), kernel.journal)) return false;
      deps.onUnsettled(db, interval);
      return true;
    })
      ? { kind: 'done' }
      : OPEN;
  };

  return async () => {
    const refused = firstRefused(store.read);
    // While it is being tried again nothing is known.
    if (refused && refused.state !== 'failed') return;
    let outcome: Outcome = { kind: 'done' };
    try {
      if (refused) outcome = await settle(refused);
    } catch (cause) {
      if (!(cause instanceof Fault && cause.code === 'chain.away'))
        log.warn('the chain could not be asked about a refusal; the next turn asks again', { cause: String(cause) });
      return;
    }
    if (outcome.kind === 'open') return;
    kernel.alarms.set('settlement.refused', 'settlement', outcome.kind === 'stuck', {
      sourceName: 'Settlement',
      page: 'settlement',
      value: outcome.kind === 'stuck' ? outcome.message : '',
    });
    if (!refused || outcome.kind !== 'done') return;
    const { interval, kind, why } = refused;
    log.warn(`The chain refuses interval ${interval} for good; it and those after it are made anew.`, { kind, why });
    deps.onMadeAnew(interval, kind);
  };
}

/** The oldest admission or settlement, if it is refused for good and nothing of it is under way. */
function firstRefused(db: Database): Refused | undefined {
  for (const kind of ['admit', 'settle'] as const) {
    const row = db
      .prepare(
        `SELECT sequence, ${OF_INTERVAL} AS interval, state, nonce, last_error AS why FROM outbox WHERE ${outbox.OPEN} AND id LIKE ? ORDER BY sequence LIMIT 1`,
      )
      .get(`${kind}:%`) as (Omit<Refused, 'kind'> & { nonce: number | null }) | undefined;
    if (row?.nonce === null && FOR_GOOD.test(row.why ?? '')) return { ...row, kind };
  }
  return undefined;
}

const timesMadeAnew = (db: Database, { kind, interval }: Refused, sinceMs: number): number =>
  (
    db
      .prepare('SELECT count(*) AS n FROM outbox WHERE id LIKE ? AND last_error LIKE ? AND final_ms > ?')
      .get(`withdrawn:${kind}:${interval}:%`, `${MADE_ANEW}%`, sinceMs) as { n: number }
  ).n;

/** False: it is under way again, or a later one is mined or may be; then nothing is taken back. */
function takeRefusedBack(db: Database, refused: Refused, nowMs: number, journal: Kernel['journal']): boolean {
  const { kind, sequence, interval, why } = refused;
  if (firstRefused(db)?.sequence !== sequence) return false;
  const ours = BUILT_ON[kind];
  const moving = db
    .prepare(`SELECT 1 FROM outbox WHERE ${ours} AND ${OF_INTERVAL} >= ? AND ${outbox.OPEN} AND nonce IS NOT NULL`)
    .get(interval);
  const later = db.prepare(`SELECT 1 FROM outbox WHERE id LIKE ? AND ${OF_INTERVAL} > ? AND state = 'final'`).get(`${kind}:%`, interval);
  if (moving || later) return false;
  if (kind === 'admit') forgetAdmissions(db, interval);
  forgetBatches(db, interval, interval);
  db.prepare(`DELETE FROM outbox WHERE ${ours} AND ${OF_INTERVAL} >= ? AND ${outbox.OPEN} AND attempts = 0 AND sequence <> ?`).run(
    interval,
    sequence,
  );
  // What was tried makes room for its successor under another name. A mined part stays as it is: only the next first part puts it aside.
  db.prepare(
    `UPDATE outbox SET id = 'withdrawn:' || id || ':' || sequence, body = json_set(body, '$.mayFail', json('true')), state = 'final',
       final_ms = coalesce(final_ms, ?), last_error = CASE WHEN state = 'final' THEN last_error WHEN sequence = ? THEN ? ELSE ? END
     WHERE ${ours} AND ${OF_INTERVAL} >= ?`,
  ).run(nowMs, sequence, `${MADE_ANEW}${why}`, 'withdrawn: what it builds on is made anew', interval);
  journal.record({
    who: 'settlement',
    kind: 'decision',
    title: `Make interval ${interval} anew`,
    text: `The chain has gone on since, and refuses it for good: ${why}. ${WHAT[kind]} and what is built on it are made again from the chain’s present queue, tariffs and registry.`,
    target: `round:${interval}`,
    outcome: 'done',
  });
  return true;
}
