import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BatchLayout, capacityOf } from '../../domain/settlement/limits.ts';
import { Fault } from '../../shared/errors.ts';
import type { NewEntry } from '../ledger/outbox-store.ts';
import { communityOf } from '../market/community.ts';
import { freezeBook, placesOf } from '../market/gate-closure.ts';
import { effectiveOrders } from '../market/order-store.ts';
import { insertRound, openRounds, setRoundState } from '../market/round-store.ts';
import { keyOf, place, settlerHere } from '../market/testing.ts';
import type { MeterKey } from '../metering/meter-keys.ts';
import type { Proven } from '../proof/types.ts';
import { type AdmissionService, createAdmissionService } from './admission-service.ts';
import { admissionAt, admissionBrief, dropAdmissionWitness, forgetUnproven, latestBook } from './admission-store.ts';
import { nextPart } from './proof-store.ts';
import type { Places } from './registry.ts';
import { stepClock } from './testing/step-clock.ts';
import { type TestKernel, testKernel } from './testing/test-kernel.ts';
import { testMeter, testPlant } from './testing/test-plant.ts';

const plant = testPlant();
const [acre, two] = ['long-acre', 'church-2'].map((id) => testMeter(plant, id)) as [
  ReturnType<typeof testMeter>,
  ReturnType<typeof testMeter>,
];
const buy = { side: 'buy', quantityWh: 300, limitPrice: 20_000 } as const;

let dataDir: string;
let kernel: TestKernel;
let keys: MeterKey[];
let inStep: boolean;
const placesOfKeys = (all: readonly MeterKey[]): Places =>
  Array.from({ length: capacityOf(community.layout) }, (_, i) => {
    const key = all.find((k) => k.meterId === i + 1);
    return key ? { meterId: BigInt(key.meterId), publicKey: key.publicKey, flags: key.flags } : null;
  });
let queued: NewEntry[];
let failed: [number, string][];
let community: ReturnType<typeof communityOf>;
let admission: AdmissionService;

const start = (layout: BatchLayout = { batchMembers: 16, parts: 1 }): void => {
  community = communityOf(plant, layout);
  admission = createAdmissionService(kernel, {
    community,
    metering: { keyOf: (id) => keys.find((k) => k.meterId === id) },
    registry: { inStep: async () => (inStep ? placesOfKeys(keys) : null) },
    ledger: {
      enqueue: (entry) => void queued.push(entry),
      kick: () => {},
      deployed: () => ({
        chainId: 31337,
        contracts: { has: () => true, address: () => `0x${'12'.repeat(20)}` } as never,
      }),
    },
    prover: {
      circuit: (statement) => ({
        statement,
        name: `${statement}-test`,
        constraints: 1,
        verificationKeyHash: 'ab',
        keyOrigin: 'development',
        lastProvingMs: null,
      }),
    },
    settler: settlerHere(),
    fail: (interval, message) => {
      failed.push([interval, message]);
      kernel.store.write((db) => {
        forgetUnproven(db, interval);
        setRoundState(db, interval, 'failed', 1, message);
      });
    },
    onChange: () => {},
    onProven: () => {},
  });
};
/** What happens when orders close; `numbered` false: as it did it before empty places bore their numbers. */
const close = async (interval: number, kind: 'market' | 'measure' = 'market', numbered = true): Promise<void> => {
  const meters = new Set(keys.map((k) => k.meterId));
  const orders = kind === 'measure' ? [] : effectiveOrders(kernel.store.read, interval);
  const book = freezeBook(community.layout, interval, orders, meters);
  const places = placesOf(
    community.layout,
    book.map(({ order, salt }) => ({ ...order, salt })),
    numbered ? undefined : meters,
  );
  const ordersRoot = (await settlerHere().ordersRoot(places)).toString();
  kernel.store.write((db) =>
    insertRound(
      db,
      { interval, kind, ordersRoot, message: null, nowMs: 1 },
      book.map(({ order, salt }) => ({ orderId: order.id, meterId: order.meterId, salt: salt.toString() })),
    ),
  );
};
const open = () => openRounds(kernel.store.read);
const admitAll = async (): Promise<void> => {
  for (let i = 0; i < 4; i++) await admission.advance(open());
};
const prove = (): { interval: number; part: number } | null => {
  const task = admission.task(open());
  const work = task?.begin();
  if (!task || !work) return null;
  task.keep({
    proof: { pi_a: [], pi_b: [], pi_c: [] },
    publicSignals: [...work.publicSignals],
    proveMs: 5,
    peakMemoryMb: 1,
    calldata: {
      a: ['0', '0'],
      b: [
        ['0', '0'],
        ['0', '0'],
      ],
      c: ['0', '0'],
      flat: Array.from({ length: 8 }, () => '0'),
    },
  } satisfies Proven);
  return { interval: task.interval, part: task.part };
};
const standing = () =>
  latestBook(kernel.store.read)?.book.flatMap((o, i) => (o ? [[i + 1, Number(o.sequence), Number(o.quantityWh)]] : []));

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-admission-'));
  kernel = testKernel({ dataDir, plant, clock: stepClock() });
  keys = [keyOf(acre), keyOf(two)];
  inStep = true;
  queued = [];
  failed = [];
  start();
});
afterEach(() => {
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('admission', () => {
  it('admits rounds in their order, each on the book that the one before has left', async () => {
    await close(1, 'measure');
    place(kernel.store, acre, { ...buy, sequence: 1 });
    await close(2);
    place(kernel.store, two, { ...buy, quantityWh: 50, sequence: 1 });
    await close(3);
    await admitAll();
    expect(failed).toEqual([]);
    const [first, second, third] = [1, 2, 3].map((n) => admissionAt(kernel.store.read, n));
    expect(first?.idle).toBe(true);
    expect(first?.result.batches[0]?.words.oldBook).toBe(first?.result.bookRoot);
    expect(second?.bookBefore).toEqual(first?.bookAfter);
    expect(third?.result.batches[0]?.words.oldBook).toBe(second?.result.bookRoot);
    // What stood in the round before needs no new signature.
    expect(third?.input.orders.flatMap((o, i) => (o ? [i + 1] : []))).toEqual([two.meterId]);
    expect(standing()).toEqual(
      [
        [acre.meterId, 1, 300],
        [two.meterId, 1, 50],
      ].sort((a, b) => (a[0] as number) - (b[0] as number)),
    );
    expect([prove(), prove(), prove(), prove()]).toEqual([
      { interval: 1, part: 0 },
      { interval: 2, part: 0 },
      { interval: 3, part: 0 },
      null,
    ]);
    expect(queued.map((e) => [e.id, e.body.args[2]])).toEqual([
      ['admit:1', true],
      ['admit:2', false],
      ['admit:3', false],
    ]);
  });

  it('admits a stored round as it was committed before empty places bore their numbers, and those after it as they were', async () => {
    place(kernel.store, acre, { ...buy, sequence: 1 });
    await close(2, 'market', false);
    await close(3);
    await admitAll();
    expect(failed).toEqual([]);
    expect([2, 3].map((n) => admissionAt(kernel.store.read, n)?.input.numbered)).toEqual([false, true]);
    for (const { interval, ordersRoot } of open())
      expect(admissionAt(kernel.store.read, interval)?.result.ordersRoot.toString()).toBe(ordersRoot);
    // A meter that has left since changes such a root: that one cannot be admitted any more.
    await close(4, 'market', false);
    keys = [keyOf(acre)];
    await admitAll();
    expect(failed).toEqual([[4, expect.stringMatching(/are not those that were committed\. Somebody/)]]);
  });

  it('takes an order for the interval now and the member’s new standing one with the next round', async () => {
    place(kernel.store, acre, { ...buy, sequence: 1 });
    place(kernel.store, acre, { ...buy, quantityWh: 900, sequence: 2, interval: 5 });
    place(kernel.store, acre, { ...buy, quantityWh: 400, sequence: 3 });
    await close(5);
    await admitAll();
    expect(standing()).toEqual([]);
    await close(6);
    await admitAll();
    expect(standing()).toEqual([[acre.meterId, 3, 400]]);
    place(kernel.store, acre, { ...buy, quantityWh: 0, sequence: 4 });
    await close(7);
    await admitAll();
    expect(standing()).toEqual([[acre.meterId, 4, 0]]);
    expect(failed).toEqual([]);
  });

  it('voids a standing order with the key it was signed with', async () => {
    place(kernel.store, acre, { ...buy, sequence: 1 });
    await close(5);
    await admitAll();
    const swapped = testMeter(plant, 'long-acre', 8);
    keys = [keyOf(swapped), keyOf(two)];
    kernel.store.write((db) => db.prepare("UPDATE member_order SET refusal = 'old key'").run());
    await close(6);
    await admitAll();
    expect(failed).toEqual([]);
    expect(standing()).toEqual([]);
  });

  it('waits while the copy of the chain lags behind the registry', async () => {
    await close(5, 'measure');
    inStep = false;
    await admitAll();
    expect(admissionBrief(kernel.store.read, 5)).toBeUndefined();
    inStep = true;
    await admitAll();
    expect(admissionBrief(kernel.store.read, 5)).toBeDefined();
  });

  it('admits what was committed when other meters come or go after orders closed', async () => {
    place(kernel.store, acre, { ...buy, sequence: 1 });
    await close(5);
    keys = [keyOf(acre), keyOf(testMeter(plant, 'church-4'))];
    await admitAll();
    expect(failed).toEqual([]);
    expect(standing()).toEqual([[acre.meterId, 1, 300]]);
  });

  it('ends the round, in words, whose order has lost its meter or its key since the gate, and goes on with the next', async () => {
    place(kernel.store, acre, { ...buy, sequence: 1 });
    await close(5);
    keys = [keyOf(two)];
    await admitAll();
    expect(failed).toEqual([[5, expect.stringMatching(/no meter in service for .* any more/)]]);
    keys = [keyOf(acre), keyOf(two)];
    await close(6);
    keys = [keyOf(testMeter(plant, 'long-acre', 8), 2), keyOf(two)];
    await admitAll();
    expect(failed.at(-1)).toEqual([6, expect.stringMatching(/given another key after orders had closed/)]);
    kernel.store.write((db) => db.prepare("UPDATE member_order SET refusal = 'old key'").run());
    await close(7);
    await admitAll();
    expect(failed).toHaveLength(2);
    expect(admissionBrief(kernel.store.read, 7)).toBeDefined();
  });

  it('takes a withdrawal for withdrawn when its key has gone since', async () => {
    place(kernel.store, acre, { ...buy, sequence: 1 });
    await close(5);
    await admitAll();
    place(kernel.store, acre, { ...buy, quantityWh: 0, sequence: 2 });
    await close(6);
    keys = [keyOf(testMeter(plant, 'long-acre', 8), 2), keyOf(two)];
    await admitAll();
    expect(failed).toEqual([]);
    expect(standing()).toEqual([]);
  });

  it('ends only the round whose orders were changed after its book was frozen', async () => {
    place(kernel.store, acre, { ...buy, sequence: 1 });
    await close(5);
    kernel.store.write((db) => db.prepare('UPDATE member_order SET limit_price = 25000').run());
    await admitAll();
    expect(failed.map(([interval]) => interval)).toEqual([5]);
    expect(failed[0]?.[1]).toMatch(/signature does not hold/);
    kernel.store.write((db) => db.prepare('UPDATE member_order SET limit_price = 20000').run());
    await close(6);
    await admitAll();
    expect(failed).toHaveLength(1);
    expect(standing()).toEqual([[acre.meterId, 1, 300]]);
  });

  it('tells a changed salt or a dropped order by the root that was committed', async () => {
    place(kernel.store, acre, { ...buy, sequence: 1 });
    await close(5);
    kernel.store.write((db) => db.prepare("UPDATE round_order SET salt = '7'").run());
    await admitAll();
    expect(failed[0]?.[1]).toMatch(/not those that were committed/);
  });

  it('ends a round whose salts are no numbers, instead of trying for ever', async () => {
    place(kernel.store, acre, { ...buy, sequence: 1 });
    await close(5);
    kernel.store.write((db) => db.prepare("UPDATE round_order SET salt = 'x'").run());
    await close(6);
    await admitAll();
    expect(failed.map(([interval, why]) => [interval, /not legible/.test(why)])).toEqual([[5, true]]);
    expect(admissionBrief(kernel.store.read, 6)).toBeDefined();
  });

  it('makes those after a round that failed again, on the book before it', async () => {
    place(kernel.store, acre, { ...buy, sequence: 1 });
    await close(5);
    place(kernel.store, two, { ...buy, sequence: 1 });
    await close(6);
    await admitAll();
    admission.task(open())?.failed(new Fault('proof.failed', 'no proof of it', { retry: 'never' }));
    expect(failed).toEqual([[5, 'no proof of it']]);
    expect(admissionBrief(kernel.store.read, 6)).toBeUndefined();
    await admitAll();
    const again = admissionAt(kernel.store.read, 6);
    expect(again?.bookBefore.every((o) => o === null)).toBe(true);
    expect(again?.input.orders.filter((o) => o !== null)).toHaveLength(2);
    expect(prove()).toEqual({ interval: 6, part: 0 });
  });

  it('proves part by part, and goes on after a crash with the part that is missing', async () => {
    start({ batchMembers: 4, parts: 4 });
    place(kernel.store, acre, { ...buy, sequence: 1 });
    await close(5);
    await admitAll();
    const before = admissionAt(kernel.store.read, 5);
    expect(before?.result.batches).toHaveLength(4);
    expect([prove(), prove()]).toEqual([
      { interval: 5, part: 0 },
      { interval: 5, part: 1 },
    ]);
    expect(admission.isProven(5)).toBe(false);
    start({ batchMembers: 4, parts: 4 });
    await admitAll();
    expect(admissionAt(kernel.store.read, 5)?.result).toEqual(before?.result);
    expect([prove(), prove(), prove()]).toEqual([{ interval: 5, part: 2 }, { interval: 5, part: 3 }, null]);
    expect(admission.isProven(5)).toBe(true);
    expect(queued.map((e) => e.id)).toEqual(['admit:5:0', 'admit:5:1', 'admit:5:2', 'admit:5:3']);
    // What one part leaves is what the next one takes.
    const roots = before?.result.batches.map((b) => [b.words.oldBook, b.words.newBook]);
    for (const [k, [old]] of (roots ?? []).entries()) if (k > 0) expect(old).toBe(roots?.[k - 1]?.[1]);
    expect(roots?.at(-1)?.[1]).toBe(before?.result.bookRoot);
    kernel.store.write((db) => dropAdmissionWitness(db, 5));
    expect(
      admissionAt(kernel.store.read, 5)?.result.batches.every((b) => b.witnessInput === undefined && b.publicSignals.length === 6),
    ).toBe(true);
    expect(nextPart(kernel.store.read, 'admit', 5, 4)).toBe(4);
  });

  it('drops a proof of an admission that was taken back while it was made', async () => {
    place(kernel.store, acre, { ...buy, sequence: 1 });
    await close(5);
    await admitAll();
    const task = admission.task(open());
    task?.begin();
    kernel.store.write((db) => forgetUnproven(db, 5));
    task?.keep({
      proof: { pi_a: [], pi_b: [], pi_c: [] },
      publicSignals: [],
      proveMs: 1,
      peakMemoryMb: 1,
      calldata: {
        a: ['0', '0'],
        b: [
          ['0', '0'],
          ['0', '0'],
        ],
        c: ['0', '0'],
        flat: [],
      },
    });
    expect(queued).toEqual([]);
  });
});
