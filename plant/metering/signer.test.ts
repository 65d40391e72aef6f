import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyOrder, verifyReading } from '../../drivers/mqtt/signing.ts';
import { signingKey, signOrder, signReading } from './signer.ts';

const secret = (n: number) => createHash('sha256').update(`meter ${n}`).digest();
const reading = {
  schema: 'meter-reading/1',
  meter: 3,
  interval: 1_944_595,
  importWh: 6_271_165,
  exportWh: 3_832_623,
  sequence: 7,
} as const;

describe('the field’s signer', () => {
  it('signs readings that the reference library accepts', () => {
    for (let n = 0; n < 5; n++) {
      const key = signingKey(secret(n));
      expect(verifyReading(signReading(reading, key), key.publicKey)).toBe(true);
    }
  });

  it('signs orders that the reference library accepts', () => {
    const key = signingKey(secret(9));
    const order = signOrder(
      { schema: 'member-order/1', meter: 3, kind: 'standing', interval: 0, side: 'sell', quantityWh: 900, limitPrice: 15_000, sequence: 2 },
      key,
    );
    expect(verifyOrder(order, key.publicKey)).toBe(true);
    expect(verifyOrder({ ...order, side: 'buy' }, key.publicKey)).toBe(false);
  });

  it('makes no signature that fits another reading or another key', () => {
    const key = signingKey(secret(1));
    const signed = signReading(reading, key);
    expect(verifyReading({ ...signed, importWh: signed.importWh - 1 }, key.publicKey)).toBe(false);
    expect(verifyReading(signed, signingKey(secret(2)).publicKey)).toBe(false);
  });
});
