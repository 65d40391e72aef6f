/** Which readings count in a round. A reading that does not leaves its member carried, with the reason. */
import { type Signature, verifySignature } from './babyjubjub.ts';
import { fitsBits } from './field.ts';
import { type MemberState, type Reading, type RegisteredMeter, readingMessage, registryLeaf } from './leaves.ts';
import { ENERGY_BITS, REGISTER_BITS, SEQUENCE_BITS } from './limits.ts';

export interface SignedReading extends Reading {
  readonly signature: Signature;
}

export type CarriedReason =
  | 'not-registered'
  | 'no-reading'
  | 'wrong-interval'
  | 'register-out-of-range'
  | 'register-fell'
  | 'growth-too-large'
  | 'sequence-not-newer'
  | 'bad-signature';

export type ReadingVerdict =
  /** `baseline`: first reading of this meter; it sets the registers and measures nothing. */
  | { readonly kind: 'measured'; readonly importedWh: bigint; readonly exportedWh: bigint }
  | { readonly kind: 'baseline' }
  | { readonly kind: 'carried'; readonly reason: CarriedReason };

/** Cheap checks first; the signature (about 2 ms) last. */
export function judgeReading(
  meter: RegisteredMeter | null,
  old: MemberState,
  reading: SignedReading | null,
  interval: bigint,
): ReadingVerdict {
  const carried = (reason: CarriedReason): ReadingVerdict => ({ kind: 'carried', reason });
  if (meter === null) return carried('not-registered');
  if (reading === null) return carried('no-reading');
  if (reading.interval !== interval) return carried('wrong-interval');
  if (!fitsBits(reading.importWh, REGISTER_BITS) || !fitsBits(reading.exportWh, REGISTER_BITS)) return carried('register-out-of-range');
  const sameMeter = old.epoch === registryLeaf(meter);
  const importedWh = reading.importWh - old.importWh;
  const exportedWh = reading.exportWh - old.exportWh;
  if (sameMeter) {
    if (importedWh < 0n || exportedWh < 0n) return carried('register-fell');
    if (!fitsBits(importedWh, ENERGY_BITS) || !fitsBits(exportedWh, ENERGY_BITS)) return carried('growth-too-large');
    if (!fitsBits(reading.sequence - old.sequence - 1n, SEQUENCE_BITS)) return carried('sequence-not-newer');
  } else if (!fitsBits(reading.sequence, SEQUENCE_BITS)) return carried('sequence-not-newer');
  if (!verifySignature(readingMessage(meter.meterId, reading), reading.signature, meter.publicKey)) return carried('bad-signature');
  return sameMeter ? { kind: 'measured', importedWh, exportedWh } : { kind: 'baseline' };
}
