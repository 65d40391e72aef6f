/** Rows of proofs, one for each part of a round: of its settlement, and of its orders' admission. */
import type { Database } from 'better-sqlite3';
import type { Groth16Proof, Statement } from '../proof/types.ts';

export interface StoredProof {
  /** from 0 */
  readonly part: number;
  readonly circuit: string;
  readonly verificationKeyHash: string;
  readonly proof: Groth16Proof;
  readonly publicSignals: string[];
  readonly provingMs: number;
  readonly verifiedMs: number;
}

const TABLE: Record<Statement, string> = { settle: 'settlement_proof', admit: 'admission_proof' };

export function insertProof(db: Database, of: Statement, interval: number, p: StoredProof): void {
  db.prepare(
    `INSERT OR REPLACE INTO ${TABLE[of]} (interval, part, circuit, verification_key_hash, proof, public_signals, proving_ms, verified_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    interval,
    p.part,
    p.circuit,
    p.verificationKeyHash,
    JSON.stringify(p.proof),
    JSON.stringify(p.publicSignals),
    Math.round(p.provingMs),
    p.verifiedMs,
  );
}

/** In the order of the parts. */
export function proofsOf(db: Database, of: Statement, interval: number): StoredProof[] {
  const rows = db
    .prepare(
      `SELECT part, circuit, verification_key_hash AS verificationKeyHash, proof, public_signals AS publicSignals, proving_ms AS provingMs, verified_ms AS verifiedMs
       FROM ${TABLE[of]} WHERE interval = ? ORDER BY part`,
    )
    .all(interval) as (Omit<StoredProof, 'proof' | 'publicSignals'> & { proof: string; publicSignals: string })[];
  return rows.map((row) => ({
    ...row,
    proof: JSON.parse(row.proof) as Groth16Proof,
    publicSignals: JSON.parse(row.publicSignals) as string[],
  }));
}

/** The first part without a proof; `parts` when all have one. */
export function nextPart(db: Database, of: Statement, interval: number, parts: number): number {
  const known = new Set(
    (db.prepare(`SELECT part FROM ${TABLE[of]} WHERE interval = ?`).all(interval) as { part: number }[]).map((row) => row.part),
  );
  for (let part = 0; part < parts; part++) if (!known.has(part)) return part;
  return parts;
}

/** Slowest of the last few rounds proven whole, ms for all parts together; null before the first. */
export function slowestRecent(db: Database, of: Statement, parts: number): number | null {
  const row = db
    .prepare(
      `SELECT max(ms) AS ms FROM (SELECT sum(proving_ms) AS ms FROM ${TABLE[of]} GROUP BY interval HAVING count(*) = ? ORDER BY interval DESC LIMIT 4)`,
    )
    .get(parts) as { ms: number | null };
  return row.ms;
}

export function lastProvingMs(db: Database, of: Statement): number | null {
  const row = db.prepare(`SELECT proving_ms AS ms FROM ${TABLE[of]} ORDER BY interval DESC, part DESC LIMIT 1`).get() as
    | { ms: number }
    | undefined;
  return row?.ms ?? null;
}
