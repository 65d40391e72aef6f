/**
 * The ceremony keys that this version trusts. `npm run ceremony -- finish` adds to `ceremony-pins.json`; its change is reviewed like code,
 * because whoever writes there decides which proofs are believed.
 */
import { createHash } from 'node:crypto';
import pinned from './ceremony-pins.json' with { type: 'json' };

export type CeremonyPin = {
  /** SHA-256 of the verification key's JSON without white space */
  readonly verificationKeyHash: string;
  /** `keyHash` of a verifier that holds this key, see `verifierKeyHash` */
  readonly verifierKeyHash: string;
  /** people who contributed, without the beacon */
  readonly contributions: number;
  /** SHA-256 of the ceremony's published transcript.json */
  readonly transcriptSha256: string;
};
/** By circuit: settle-16. */
export type CeremonyPins = Readonly<Record<string, CeremonyPin>>;

export const ceremonyPins: CeremonyPins = pinned;

export const verificationKeyHash = (verificationKey: unknown): string =>
  createHash('sha256').update(JSON.stringify(verificationKey)).digest('hex');

/** Null when this key is the pinned one of `circuit`, else a sentence that says what to do. */
export const ceremonyKeyProblem = (circuit: string, verificationKey: unknown, pins: CeremonyPins = ceremonyPins): string | null => {
  const hash = verificationKeyHash(verificationKey);
  const pin = Object.hasOwn(pins, circuit) ? pins[circuit] : undefined;
  if (pin?.verificationKeyHash === hash) return null;
  return `The key of ${circuit} (${hash.slice(0, 16)}…) claims to come from a ceremony, but ${
    pin === undefined ? 'no key of that circuit is pinned' : `the pinned key is ${pin.verificationKeyHash.slice(0, 16)}…`
  } in this version. Check the ceremony and install its key with "npm run ceremony -- finish", or delete that key.`;
};
