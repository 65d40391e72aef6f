import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aboutOpening, Opening, SealedOpening, sealingKeyHash } from '../../../drivers/mqtt/opening-messages.ts';
import { newSealingKey, type SealingKeyPair, unseal } from '../../../drivers/mqtt/sealing.ts';
import { signHash } from '../../../drivers/mqtt/signing.ts';
import { settleRound } from '../../domain/settlement/settle-round.ts';
import { baselineRound } from '../../domain/settlement/testing/community.ts';
import { verifyRound } from '../../domain/settlement/verify-round.ts';
import { RoundLine } from '../../shared/round-line.ts';
import type { InboundHandler } from '../broker/broker-service.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import { communityOf } from '../market/community.ts';
import { insertRound, insertRoundMember, setRoundState } from '../market/round-store.ts';
import { insertBatch } from '../settlement/batch-store.ts';
import { type TestKernel, testKernel } from '../settlement/testing/test-kernel.ts';
import { testMeter, testPlant } from '../settlement/testing/test-plant.ts';
import { createOpeningsService, type OpeningsService } from './opening-service.ts';
import { openingOf, sealingKeyOf } from './opening-store.ts';

const plant = testPlant();
const community = communityOf(plant);
const settlement = `0x${'5e'.repeat(20)}`;
const member = 'church-2';
const meter = testMeter(plant, member);
let dataDir: string;
let kernel: TestKernel;
let service: OpeningsService;
let handlers: { pattern: RegExp; handler: InboundHandler }[];
let published: { topic: string; payload: string; retain: boolean }[];
let key: SealingKeyPair;
let meterKnown: boolean;
let onKey: (key: { meterId: number }) => void;

const open = () => {
  handlers = [];
  published = [];
  kernel = testKernel({ dataDir, plant });
  service = createOpeningsService(kernel, {
    community,
    broker: {
      onPublish: (pattern, handler) => {
        handlers.push({ pattern, handler });
        return () => {};
      },
      publish: async (topic, payload, options) =>
        void published.push({ topic, payload: String(payload), retain: options?.retain ?? false }),
    },
    metering: {
      keyOf: (id) => (meterKnown && id === meter.meterId ? { publicKey: meter.key.publicKey } : undefined),
      onKey: (listener) => {
        onKey = listener;
        return () => {};
      },
    },
    ledger: {
      deployed: () =>
        ({ chainId: 31337, contracts: { has: () => true, address: () => settlement } }) as unknown as ReturnType<LedgerService['deployed']>,
    },
    onSettled: () => () => {},
  });
};
const close = async () => {
  await service.stop();
  kernel.store.close();
};
const tell = (topic: string, message: unknown) =>
  handlers.find((h) => h.pattern.test(topic))?.handler({ topic, payload: Buffer.from(JSON.stringify(message)), duplicate: false });
const named = (publicKey: string, change: object = {}) => ({
  schema: 'member-sealing-key/1',
  meter: meter.meterId,
  key: publicKey,
  signature: signHash(sealingKeyHash(meter.meterId, publicKey), meter.key),
  ...change,
});
const name = (message: unknown = named(key.publicKey)) => tell(`busbar/members/${member}/sealing-key`, message);
const receipt = (interval: number, result: 'kept' | 'refused', reason?: string) =>
  tell(`busbar/members/${member}/opening-receipt`, { schema: 'opening-receipt/1', interval, result, ...(reason ? { reason } : {}) });
/** A settled round of sixteen, as the pipeline leaves it, and its event in the copy of the chain. */
const settle = (interval: number, sequence: number) => {
  const { state, ...input } = baselineRound(16, BigInt(interval));
  const round = settleRound({ ...input, state });
  if (round.kind !== 'settled') throw new Error(round.detail);
  kernel.store.write((db) => {
    insertRound(db, { interval, kind: 'measure', ordersRoot: round.words.ordersRoot.toString(), message: null, nowMs: 1 }, []);
    const { terms, totals, carried, words, batches } = round;
    const result = { terms, totals, carried, words, batches };
    insertBatch(db, { interval, sequence, stateBefore: state, input, result, stateAfter: round.newState }, 1);
    const line = round.lines[meter.meterId - 1];
    insertRoundMember(db, {
      interval,
      meterId: meter.meterId,
      positionWh: 0,
      importWh: null,
      exportWh: null,
      imbalanceWh: null,
      money: (line?.delivery.money ?? 0n).toString(),
      balanceAfter: null,
      readingSequence: 1,
    });
    setRoundState(db, interval, 'settled', 2);
    db.prepare(
      "INSERT INTO chain_event (block, log_index, contract, name, arguments, transaction_hash) VALUES (?, 0, 'Settlement', 'Settled', ?, ?)",
    ).run(100 + sequence, JSON.stringify({ interval: String(interval) }), `0x${'ab'.repeat(32)}`);
  });
};
const openLast = (own = key) => {
  const sealed = SealedOpening.parse(JSON.parse(published.at(-1)?.payload ?? ''));
  const text = unseal(sealed, own, aboutOpening(sealed));
  return text === null ? null : Opening.parse(JSON.parse(text));
};

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-openings-'));
  key = newSealingKey();
  meterKnown = true;
  open();
});
afterEach(async () => {
  await close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('a member’s sealing key', () => {
  it('is taken when the member’s meter signed it, and no other is', () => {
    expect(name(named(key.publicKey, { signature: '0'.repeat(128) }))).toMatchObject({ kind: 'discard' });
    expect(name(named(key.publicKey, { key: newSealingKey().publicKey }))).toMatchObject({
      kind: 'discard',
      reason: expect.stringMatching(/signature/),
    });
    expect(name(named(key.publicKey, { meter: 3 }))).toMatchObject({ reason: expect.stringMatching(/signed for meter 3/) });
    expect(name(named('0'.repeat(64)))).toMatchObject({ reason: expect.stringMatching(/nothing can be sealed/) });
    expect(name({ schema: 'member-sealing-key/1' })).toMatchObject({ kind: 'discard' });
    expect(sealingKeyOf(kernel.store.read, member)).toBeUndefined();
    expect(name()).toEqual({ kind: 'accept' });
    expect(sealingKeyOf(kernel.store.read, member)?.publicKey).toBe(key.publicKey);
  });

  it('waits for its meter’s own key', () => {
    meterKnown = false;
    expect(name()).toEqual({ kind: 'accept' });
    expect(sealingKeyOf(kernel.store.read, member)).toBeUndefined();
    meterKnown = true;
    onKey({ meterId: meter.meterId });
    expect(sealingKeyOf(kernel.store.read, member)?.publicKey).toBe(key.publicKey);
  });
});

describe('members’ openings', () => {
  it('go sealed and retained to those who named a key, with all it takes to check them', async () => {
    name();
    settle(100, 1);
    await service.deliver();
    expect(published.map((p) => [p.topic, p.retain])).toEqual([[`busbar/members/${member}/opening`, true]]);
    const opening = openLast();
    expect(opening?.chain).toEqual({ chainId: 31337, settlement, transaction: `0x${'ab'.repeat(32)}`, block: 101 });
    expect(verifyRound(RoundLine.parse(opening?.line)).checks.filter((check) => !check.ok)).toEqual([]);
    expect(openLast(newSealingKey())).toBeNull();
    await service.deliver();
    expect(published).toHaveLength(1);
  });

  it('are the newest only, and said again after a restart with the same bytes', async () => {
    name();
    settle(100, 1);
    settle(101, 2);
    await service.deliver();
    expect(published).toHaveLength(1);
    const { payload } = published[0] as { payload: string };
    expect(JSON.parse(payload)).toMatchObject({ interval: 101 });
    await close();
    open();
    await service.start();
    expect(published).toEqual([{ topic: `busbar/members/${member}/opening`, payload, retain: true }]);
  });

  it('wait until the copy of the chain has the round', async () => {
    name();
    settle(100, 1);
    kernel.store.write((db) => db.prepare('DELETE FROM chain_event').run());
    await service.deliver();
    expect(published).toEqual([]);
    expect(openingOf(kernel.store.read, member)).toBeUndefined();
  });

  it('count as delivered when the gateway says that it has them, and stay so while the next one is on its way', async () => {
    name();
    settle(100, 1);
    await service.deliver();
    receipt(99, 'kept');
    expect(openingOf(kernel.store.read, member)).toMatchObject({ answer: null, deliveredInterval: null });
    receipt(100, 'kept');
    expect(openingOf(kernel.store.read, member)).toMatchObject({ answer: 'kept', deliveredInterval: 100 });
    settle(101, 2);
    await service.deliver();
    expect(openingOf(kernel.store.read, member)).toMatchObject({ interval: 101, answer: null, deliveredInterval: 100 });
  });

  it('raise an alarm when the member refuses one, with its reason, until it takes one', async () => {
    name();
    settle(100, 1);
    await service.deliver();
    receipt(100, 'refused', 'Money: the line says 5, the rule gives 4.');
    expect(kernel.raised).toContain(`opening.refused@${member}`);
    expect(openingOf(kernel.store.read, member)).toMatchObject({ answer: 'refused', reason: 'Money: the line says 5, the rule gives 4.' });
    receipt(100, 'kept');
    expect(kernel.raised).not.toContain(`opening.refused@${member}`);
  });

  it('are sealed again when a gateway that lost its store names a new key', async () => {
    name();
    settle(100, 1);
    await service.deliver();
    const next = newSealingKey();
    name(named(next.publicKey));
    await service.deliver();
    expect(published).toHaveLength(2);
    expect(openLast(next)?.line).toMatchObject({ round: 100, member });
  });
});
