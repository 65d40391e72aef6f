import { describe, expect, it } from 'vitest';
import { aboutOpening, sealingKeyHash } from './opening-messages.ts';
import { newSealingKey, seal, unseal } from './sealing.ts';

const key = newSealingKey();
const about = 'sealed-opening/1|church-2|7|99';

describe('a sealed letter', () => {
  it('is opened by its receiver and by nobody else', () => {
    const sealed = seal('balance 12', key.publicKey, about);
    expect(unseal(sealed, key, about)).toBe('balance 12');
    expect(unseal(sealed, newSealingKey(), about)).toBeNull();
  });

  it('cannot be shown for another member, interval or ledger, nor be changed by one bit', () => {
    const sealed = seal('balance 12', key.publicKey, about);
    expect(unseal(sealed, key, about.replace('church-2', 'church-4'))).toBeNull();
    const bytes = Buffer.from(sealed.text, 'base64');
    for (const at of [0, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(unseal({ ...sealed, text: changed.toString('base64') }, key, about)).toBeNull();
    }
    expect(unseal({ ...sealed, text: '' }, key, about)).toBeNull();
    expect(unseal({ ...sealed, text: bytes.subarray(0, 15).toString('base64') }, key, about)).toBeNull();
    expect(unseal({ ...sealed, ephemeralKey: '0'.repeat(64) }, key, about)).toBeNull();
  });

  it('is another one each time, so that equal balances do not look alike', () => {
    const [a, b] = [seal('balance 12', key.publicKey, about), seal('balance 12', key.publicKey, about)];
    expect(a.text).not.toBe(b.text);
    expect(a.ephemeralKey).not.toBe(b.ephemeralKey);
  });

  it('is not made for a key of low order', () => {
    expect(() => seal('x', '0'.repeat(64), about)).toThrow();
    expect(() => seal('x', `01${'0'.repeat(62)}`, about)).toThrow();
  });
});

describe('what a meter signs for a sealing key', () => {
  it('differs with every bit of the key and with the meter', () => {
    const hashes = [key.publicKey, `f${key.publicKey.slice(1)}`, `${key.publicKey.slice(0, -1)}0`, `e${key.publicKey.slice(1, -1)}1`].map(
      (k) => sealingKeyHash(3, k),
    );
    const distinct = new Set([...hashes, sealingKeyHash(4, key.publicKey)]);
    expect(distinct.size).toBeGreaterThanOrEqual(4);
  });

  it('binds an opening to schema, member, interval and settlement domain', () => {
    const envelope = { schema: 'sealed-opening/1', member: 'm', interval: 5, chainId: 2, settlement: `0x${'00'.repeat(19)}07` } as const;
    expect(aboutOpening(envelope)).toBe(`sealed-opening/1|m|5|${(2n << 160n) + 7n}`);
  });
});
