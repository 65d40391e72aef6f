/**
 * A batch holds for the queue, the tariffs and the registry it was made for. When the chain has gone on meanwhile and refuses it for good, it and
 * those built on it are made anew from what the chain says now. What is mined stays, and so does every line of the outbox that was ever tried.
 */
import type { Database } from 'better-sqlite3';
import { Fault } from '../../shared/errors.ts';
import type { Kernel } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import { batchAt } from './batch-store.ts';
import { headNow } from './contract-head.ts';
import { forgetBatches } from './take-back.ts';

export interface MakeAnewDeps {
  readonly ledger: Pick<LedgerService, 'view'>;
  /** Batches from this interval on were taken back: a proof under way for one of them is worth nothing. */
  readonly onMadeAnew: (interval: number) => void;
}

/** Refusals that no waiting cures and another batch may. */
const FOR_GOOD = /\b(FlowOverdue|TooManyFlows|ProofRefused|PartOutOfOrder)\(/;
/** Of one interval: what is refused again and again has another cause than the chain's going on. */
const AT_MOST = 3;
const MADE_ANEW = 'made anew: ';
const OF_INTERVAL = "CAST(substr(id, instr(id, ':') + 1) AS INTEGER)";
/** Settlements and their certificates; those of public meters have other names. */
const OURS = "(id LIKE 'settle:%' OR id LIKE 'certificates:%')";

interface Refused {
  readonly sequence: number;
  readonly interval: number;
  readonly state: string;
  readonly why: string;
}
/** What became of a refusal: the batch is made anew, it cannot be (with a sentence), or it is not known yet. */
type Outcome = { readonly kind: 'done' } | { readonly kind: 'stuck'; readonly message: string } | { readonly kind: 'open' };

/** Returns what a turn does about it. */
export function createMakeAnew(
  kernel: Pick<Kernel, 'store' | 'clock' | 'alarms' | 'journal' | 'log'>,
  deps: MakeAnewDeps,
): () => Promise<void> {
  const { store, clock } = kernel;
  const log = kernel.log.child('settlement');
  const stuck = (message: string): Outcome => ({ kind: 'stuck', message });

  const settle = async (refused: Refused): Promise<Outcome> => {
    const { interval, why } = refused;
    if (timesMadeAnew(store.read, interval) >= AT_MOST)
      return stuck(`Interval ${interval} was made anew ${AT_MOST} times, and the chain still refuses it: ${why}.`);
    const batch = batchAt(store.read, interval);
    if (!batch) return stuck(`Interval ${interval} is refused, and its batch is not in the database: ${why}.`);
    const head = await headNow(deps.ledger);
    const [stateRoot] = await deps.ledger.view({ contract: 'Settlement', method: 'stateRoot', args: [] });
    const [rootAfter] = await deps.ledger.view({ contract: 'Settlement', method: 'rootAfter', args: [interval] });
    // The outbox finds by itself that somebody brought it there.
    if (BigInt(rootAfter as bigint) === batch.result.words.newRoot) return { kind: 'open' };
    if (head.lastInterval >= interval)
      return stuck(
        `The chain has settled interval ${head.lastInterval}, and interval ${interval} not as this console did. Nothing is taken back.`,
      );
    if (BigInt(stateRoot as bigint) !== batch.result.words.oldRoot)
      return stuck(
        `The chain’s accounts are not those that interval ${interval} begins with, so that making it anew does not help: ${why}.`,
      );
    return store.write((db) => takeRefusedBack(db, refused, clock.nowMs(), kernel.journal)) ? { kind: 'done' } : { kind: 'open' };
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
        log.warn('the chain could not be asked about a refused settlement; the next turn asks again', { cause: String(cause) });
      return;
    }
    if (outcome.kind === 'open') return;
    kernel.alarms.set('settlement.refused', 'settlement', outcome.kind === 'stuck', {
      sourceName: 'Settlement',
      page: 'settlement',
      value: outcome.kind === 'stuck' ? outcome.message : '',
    });
    if (!refused || outcome.kind !== 'done') return;
    log.warn(`The chain refuses interval ${refused.interval} for good; it and those after it are made anew.`, { why: refused.why });
    deps.onMadeAnew(refused.interval);
  };
}

/** The oldest settlement, if it is refused for good and nothing of it is under way. */
function firstRefused(db: Database): Refused | undefined {
  const row = db
    .prepare(
      `SELECT sequence, ${OF_INTERVAL} AS interval, state, nonce, last_error AS why FROM outbox WHERE state <> 'final' AND id LIKE 'settle:%' ORDER BY sequence LIMIT 1`,
    )
    .get() as (Refused & { nonce: number | null }) | undefined;
  return row?.nonce === null && FOR_GOOD.test(row.why ?? '') ? row : undefined;
}

const timesMadeAnew = (db: Database, interval: number): number =>
  (
    db
      .prepare('SELECT count(*) AS n FROM outbox WHERE id LIKE ? AND last_error LIKE ?')
      .get(`withdrawn:settle:${interval}:%`, `${MADE_ANEW}%`) as { n: number }
  ).n;

/** False: it is under way again, or a later one is mined or may be; then nothing is taken back. */
function takeRefusedBack(db: Database, { sequence, interval, why }: Refused, nowMs: number, journal: Kernel['journal']): boolean {
  if (firstRefused(db)?.sequence !== sequence) return false;
  const moving = db
    .prepare(`SELECT 1 FROM outbox WHERE ${OURS} AND ${OF_INTERVAL} >= ? AND state <> 'final' AND nonce IS NOT NULL`)
    .get(interval);
  const later = db.prepare(`SELECT 1 FROM outbox WHERE id LIKE 'settle:%' AND ${OF_INTERVAL} > ? AND state = 'final'`).get(interval);
  if (moving || later) return false;
  forgetBatches(db, interval, interval);
  db.prepare(`DELETE FROM outbox WHERE ${OURS} AND ${OF_INTERVAL} >= ? AND state <> 'final' AND attempts = 0 AND sequence <> ?`).run(
    interval,
    sequence,
  );
  // What was tried makes room for its successor under another name. A mined part stays as it is: only the next first part puts it aside.
  db.prepare(
    `UPDATE outbox SET id = 'withdrawn:' || id || ':' || sequence, body = json_set(body, '$.mayFail', json('true')), state = 'final',
       final_ms = coalesce(final_ms, ?), last_error = CASE WHEN state = 'final' THEN last_error WHEN sequence = ? THEN ? ELSE ? END
     WHERE ${OURS} AND ${OF_INTERVAL} >= ?`,
  ).run(nowMs, sequence, `${MADE_ANEW}${why}`, 'withdrawn: what it builds on is made anew', interval);
  journal.record({
    who: 'settlement',
    kind: 'decision',
    title: `Make interval ${interval} anew`,
    text: `The chain has gone on since its batch was made, and refuses it for good: ${why}. It and those after it are settled again from the chain’s present queue, tariffs and registry.`,
    target: `round:${interval}`,
    outcome: 'done',
  });
  return true;
}
