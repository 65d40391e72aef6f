import { readFileSync } from 'node:fs';
import { poseidon5 } from 'poseidon-lite/poseidon5';
import { describe, expect, it } from 'vitest';
import { parseClock, parseMemberOrder, parseMeterReading } from './messages.ts';
import { createPacketMeter } from './packet-limit.ts';
import { keyFromSeed, signHash, signOrder, signReading, unpackSignature, verifyHash, verifyOrder, verifyReading } from './signing.ts';

interface SignatureVector {
  privateKeyHex?: string;
  message: string;
  publicKey: [string, string];
  R8: [string, string];
  S: string;
  signaturePackedLE?: string;
  valid: boolean;
}
const load = (name: string) => JSON.parse(readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8'));
const { vectors } = load('eddsa_poseidon.json') as { vectors: SignatureVector[] };
const poseidonVectors = (load('poseidon.json') as { vectors: { inputs: string[]; output: string }[] }).vectors;

const point = ([x, y]: [string, string]) => [BigInt(x), BigInt(y)] as const;
const le32 = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse().toString('hex');

describe('signatures against circomlibjs', () => {
  const signed = vectors.filter((vector) => vector.privateKeyHex !== undefined);
  it('has vectors of both kinds', () => {
    expect(signed.length).toBeGreaterThanOrEqual(3);
    expect(vectors.some(({ valid }) => !valid)).toBe(true);
  });

  it.each(signed.map((vector): [string, SignatureVector] => [vector.message, vector]))('signs %s bit for bit', (_message, vector) => {
    const key = keyFromSeed(Buffer.from(vector.privateKeyHex ?? '', 'hex'));
    expect(key.publicKey).toEqual(point(vector.publicKey));
    const signature = signHash(BigInt(vector.message), key);
    expect(signature).toBe(vector.signaturePackedLE);
    expect(unpackSignature(signature)).toEqual({ R8: point(vector.R8), S: BigInt(vector.S) });
  });

  it('accepts the valid and refuses the invalid ones', () => {
    for (const vector of vectors) {
      const packed =
        vector.signaturePackedLE ?? `${(vectors[0] as SignatureVector).signaturePackedLE?.slice(0, 64)}${le32(BigInt(vector.S))}`;
      expect(verifyHash(BigInt(vector.message), packed, point(vector.publicKey)), vector.message).toBe(vector.valid);
    }
  });

  it('hashes five inputs as circomlib does', () => {
    const five = poseidonVectors.find(({ inputs }) => inputs.length === 5);
    expect(poseidon5(five?.inputs.map(BigInt) ?? [])).toBe(BigInt(five?.output ?? 0));
  });
});

describe('signed messages', () => {
  const key = keyFromSeed(Buffer.alloc(32, 7));
  const reading = signReading({ meter: 3, interval: 1_944_000, importWh: 123_456, exportWh: 789, sequence: 42 }, key);
  const order = signOrder(
    { meter: 3, kind: 'standing', interval: 0, side: 'sell', quantityWh: 1500, limitPrice: 12_345, sequence: 7 },
    key,
  );

  it('stand when untouched and fall when any signed field changes', () => {
    expect(verifyReading(reading, key.publicKey)).toBe(true);
    for (const field of ['meter', 'interval', 'importWh', 'exportWh', 'sequence'] as const) {
      expect(verifyReading({ ...reading, [field]: reading[field] + 1 }, key.publicKey), field).toBe(false);
    }
    expect(verifyOrder(order, key.publicKey)).toBe(true);
    expect(verifyOrder({ ...order, side: 'buy' }, key.publicKey)).toBe(false);
    expect(verifyOrder({ ...order, limitPrice: 12_346 }, key.publicKey)).toBe(false);
    expect(verifyReading(reading, keyFromSeed(Buffer.alloc(32, 8)).publicKey)).toBe(false);
    expect(verifyReading({ ...reading, signature: '0'.repeat(128) }, key.publicKey)).toBe(false);
    expect(verifyReading({ ...reading, signature: 'f'.repeat(128) }, key.publicKey)).toBe(false);
  });

  it('come back from their JSON', () => {
    expect(parseMeterReading(JSON.stringify(reading))).toEqual({ kind: 'ok', message: reading });
    expect(parseMemberOrder(Buffer.from(JSON.stringify(order)))).toEqual({ kind: 'ok', message: order });
  });

  it.each([
    ['no JSON', '{', /not JSON/],
    ['an unknown field', JSON.stringify({ ...reading, note: 1 }), /note/],
    ['a missing field', JSON.stringify({ ...reading, importWh: undefined }), /importWh/],
    ['a fraction of a Wh', JSON.stringify({ ...reading, importWh: 1.5 }), /importWh/],
    ['a negative register', JSON.stringify({ ...reading, exportWh: -1 }), /exportWh/],
    ['a register the circuit cannot check', JSON.stringify({ ...reading, exportWh: 2 ** 48 }), /exportWh/],
    ['a cut signature', JSON.stringify({ ...reading, signature: 'ab' }), /signature/],
    ['another format', JSON.stringify({ ...reading, schema: 'meter-reading/2' }), /schema/],
  ])('a reading with %s is refused by name', (_what, payload, reason) => {
    expect(parseMeterReading(payload)).toMatchObject({ kind: 'invalid', reason: expect.stringMatching(reason) });
  });

  it('an order must say for which interval it is', () => {
    expect(parseMemberOrder(JSON.stringify({ ...order, interval: 5 }))).toMatchObject({ kind: 'invalid' });
    expect(parseMemberOrder(JSON.stringify({ ...order, kind: 'interval' }))).toMatchObject({ kind: 'invalid' });
    expect(parseMemberOrder(JSON.stringify({ ...order, kind: 'interval', interval: 5 }))).toMatchObject({ kind: 'ok' });
  });

  it('the clock needs a speed above zero', () => {
    const clock = { schema: 'clock/1', plantTimeMs: 1, wallTimeMs: 2, speed: 30, intervalMs: 900_000 };
    expect(parseClock(JSON.stringify(clock))).toEqual({ kind: 'ok', message: clock });
    expect(parseClock(JSON.stringify({ ...clock, speed: 0 }))).toMatchObject({ kind: 'invalid' });
  });
});

describe('the packet meter', () => {
  const packet = (length: number) =>
    Buffer.concat([Buffer.from([0x30, ...(length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7])]), Buffer.alloc(length)]);
  it('counts packets whatever the pieces they come in', () => {
    const stream = Buffer.concat([packet(0), packet(5), packet(300), Buffer.from([0xc0, 0]), packet(127), packet(300)]);
    for (let size = 1; size < 40; size++) {
      const accept = createPacketMeter(300);
      for (let at = 0; at < stream.length; at += size) expect(accept(stream.subarray(at, at + size))).toBe(true);
      expect(accept(packet(301))).toBe(false);
    }
  });
});
