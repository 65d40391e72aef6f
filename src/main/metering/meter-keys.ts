/**
 * Public keys of the meters. The first one heard is taken (and journalled); another one later only when the registry on the chain has it.
 */
import type { Database } from 'better-sqlite3';
import * as z from 'zod';
import { isUsableKey, type Point } from '../../domain/settlement/babyjubjub.ts';

export interface MeterKey {
  readonly meterId: number;
  readonly deviceId: string;
  readonly publicKey: Point;
  readonly flags: number;
  readonly serial: string;
  readonly firmware: string;
  readonly acceptedMs: number;
  /** Outbox entry that registers it on the chain, or `chain` when somebody else did; null while it waits for one. */
  readonly registration: string | null;
  /** Readings after this interval are signed with it; −1 for a meter's first key. */
  readonly afterInterval: number;
}

const decimal = z.string().regex(/^\d{1,78}$/);
const Identity = z.object({
  schema: z.literal('meter-identity/1'),
  meter: z.int().min(1).max(65_535),
  ax: decimal,
  ay: decimal,
  serial: z.string().max(64),
  firmware: z.string().max(64),
});
export type MeterIdentity = z.infer<typeof Identity>;

export type ParsedIdentity = { kind: 'ok'; identity: MeterIdentity; publicKey: Point } | { kind: 'invalid'; reason: string };

export function parseIdentity(payload: Buffer): ParsedIdentity {
  let json: unknown;
  try {
    json = JSON.parse(payload.toString());
  } catch {
    return { kind: 'invalid', reason: 'the identity is not JSON' };
  }
  const parsed = Identity.safeParse(json);
  if (!parsed.success) return { kind: 'invalid', reason: parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; ') };
  const publicKey: Point = [BigInt(parsed.data.ax), BigInt(parsed.data.ay)];
  if (!isUsableKey(publicKey)) return { kind: 'invalid', reason: 'the public key is not a point of the prime subgroup' };
  return { kind: 'ok', identity: parsed.data, publicKey };
}

interface Row {
  meter_id: number;
  device_id: string;
  ax: string;
  ay: string;
  flags: number;
  serial: string;
  firmware: string;
  accepted_ms: number;
  registration: string | null;
  after_interval: number;
}

export const loadKeys = (db: Database): MeterKey[] =>
  (db.prepare('SELECT * FROM meter_key ORDER BY meter_id').all() as Row[]).map((r) => ({
    meterId: r.meter_id,
    deviceId: r.device_id,
    publicKey: [BigInt(r.ax), BigInt(r.ay)],
    flags: r.flags,
    serial: r.serial,
    firmware: r.firmware,
    acceptedMs: r.accepted_ms,
    registration: r.registration,
    afterInterval: r.after_interval,
  }));

/** In the place of the one before it, if there was one. */
export function putKey(db: Database, key: MeterKey): void {
  db.prepare(
    `INSERT INTO meter_key (meter_id, device_id, ax, ay, flags, serial, firmware, accepted_ms, registration, after_interval)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (meter_id) DO UPDATE SET ax = excluded.ax, ay = excluded.ay, serial = excluded.serial, firmware = excluded.firmware,
       accepted_ms = excluded.accepted_ms, registration = excluded.registration, after_interval = excluded.after_interval`,
  ).run(
    key.meterId,
    key.deviceId,
    key.publicKey[0].toString(),
    key.publicKey[1].toString(),
    key.flags,
    key.serial,
    key.firmware,
    key.acceptedMs,
    key.registration,
    key.afterInterval,
  );
}
