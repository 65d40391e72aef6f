/**
 * Takes back a round that will never be settled, with everything built on it that is not on the chain: later rounds are settled again from the
 * accounts before it. What is on its way to the chain and would now be refused holds nothing up any more.
 */
import type { Database } from 'better-sqlite3';
import { lastEntryId } from '../ledger/entry-ids.ts';
import * as outbox from '../ledger/outbox-store.ts';
import { admissionBrief, dropAdmissionWitness, forgetUnproven } from './admission-store.ts';
import { forgetFrom } from './batch-store.ts';

const OF_INTERVAL = "CAST(substr(id, instr(id, ':') + 1) AS INTEGER)";

/**
 * @param parts of a round, by the ledger's layout
 * @param onUnsettled told when rounds from this interval on had been settled, which the chain has forgotten
 */
export function takeBack(db: Database, interval: number, parts: number, onUnsettled?: (db: Database, interval: number) => void): void {
  if (leftNothing(db, interval)) return void withdrawCommitment(db, interval);
  if (db.prepare("SELECT 1 FROM round WHERE interval >= ? AND state = 'settled'").get(interval)) {
    onUnsettled?.(db, interval);
    db.prepare(
      "UPDATE round SET metered_ms = NULL, proving_ms = NULL, proven_ms = NULL, sent_ms = NULL, settled_ms = NULL, grid_money = '0' WHERE interval = ? AND state = 'settled'",
    ).run(interval);
  }
  withdrawCommitment(db, interval);
  if (!admittedOnChain(db, interval, parts)) {
    dropEntries(db, ['admit-orders'], interval);
    forgetAdmissions(db, interval);
  } else dropAdmissionWitness(db, interval);
  dropEntries(db, ['settle', 'issue-certificates'], interval);
  forgetBatches(db, interval, interval + 1);
}

/**
 * Ends what was made of a round whose orders, readings or proof do not pass. What is built on it and not proven is made again without it. A
 * commitment that never left stays only where a proven admission, on whose book later ones build, needs it.
 */
export function forgetFailed(db: Database, interval: number): void {
  forgetFrom(db, interval);
  forgetUnproven(db, interval);
  dropAdmissionWitness(db, interval);
  if (admissionBrief(db, interval)) return;
  // The chain takes no part of the admission of orders that are never bound.
  if (withdrawCommitment(db, interval)) dropEntries(db, ['admit-orders'], interval);
}

/** The round has failed before, and later ones, settled perhaps, were made without it. */
function leftNothing(db: Database, interval: number): boolean {
  const failed = db.prepare("SELECT 1 FROM round WHERE interval = ? AND state = 'failed'").get(interval);
  const queued = db.prepare(`SELECT 1 FROM outbox WHERE kind = 'admit-orders' AND ${OF_INTERVAL} = ? AND ${outbox.OPEN}`).get(interval);
  return failed !== undefined && queued === undefined && !admissionBrief(db, interval);
}

/** Forgets the admissions from this interval on, none of which the chain has taken: they are made again on the book before it. */
export function forgetAdmissions(db: Database, interval: number): void {
  db.prepare('DELETE FROM admission_proof WHERE interval >= ?').run(interval);
  db.prepare('DELETE FROM admission WHERE interval >= ?').run(interval);
}

/**
 * Forgets the batches from this interval on. Rounds from `again` on are settled again from the accounts before it, those too that the chain had
 * settled and forgot.
 */
export function forgetBatches(db: Database, interval: number, again: number): void {
  db.prepare('DELETE FROM settlement_proof WHERE interval >= ?').run(interval);
  db.prepare('DELETE FROM settlement_batch WHERE interval >= ?').run(interval);
  db.prepare('DELETE FROM round_member WHERE interval >= ?').run(interval);
  db.prepare(
    `UPDATE round SET state = 'cleared', metered_ms = NULL, proving_ms = NULL, proven_ms = NULL, sent_ms = NULL, settled_ms = NULL, grid_money = '0'
     WHERE interval >= ? AND state IN ('metered', 'proving', 'proven', 'sent', 'settled')`,
  ).run(again);
}

/**
 * The chain's book has moved with its orders: those that come after build on it, whether the round is settled or not. It moves with the last
 * part, and as soon as that is mined; the contract's event tells it even when nobody has asked for the receipt.
 */
function admittedOnChain(db: Database, interval: number, parts: number): boolean {
  const mined = db
    .prepare("SELECT 1 FROM outbox WHERE id = ? AND state IN ('sent', 'final') AND last_error IS NULL")
    .get(lastEntryId('admit', interval, parts));
  const event = db
    .prepare(
      "SELECT 1 FROM chain_event WHERE contract = 'Settlement' AND name = 'OrdersAdmitted' AND json_extract(arguments, '$.interval') = ? AND json_extract(arguments, '$.part') = ?",
    )
    .get(String(interval), String(parts - 1));
  return mined !== undefined || event !== undefined;
}

/** An ordinary commitment that never left must not leave any more. */
const withdrawCommitment = (db: Database, interval: number): boolean =>
  outbox.withdrawUnsent(db, `commit:${interval}`, 'the round failed', null);

function dropEntries(db: Database, kinds: readonly string[], interval: number): void {
  const marks = kinds.map(() => '?').join(', ');
  const which = `kind IN (${marks}) AND ${OF_INTERVAL} >= ? AND ${outbox.OPEN}`;
  // Signed bytes may still be mined or refused: then that is all. Their name is free for a successor.
  db.prepare(
    `UPDATE outbox SET id = 'withdrawn:' || id || ':' || sequence, body = json_set(body, '$.mayFail', json('true')) WHERE ${which} AND nonce IS NOT NULL`,
  ).run(...kinds, interval);
  db.prepare(`DELETE FROM outbox_attempt WHERE sequence IN (SELECT sequence FROM outbox WHERE ${which} AND nonce IS NULL)`).run(
    ...kinds,
    interval,
  );
  db.prepare(`DELETE FROM outbox WHERE ${which} AND nonce IS NULL`).run(...kinds, interval);
}
