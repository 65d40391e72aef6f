import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OutboxRow } from '../ledger/outbox-store.ts';
import { communityOf } from '../market/community.ts';
import { insertRound, roundAt, type StoredRound } from '../market/round-store.ts';
import type { StoredAdmission } from './admission-store.ts';
import type { StoredProof } from './proof-store.ts';
import { type StorySources, storyOf } from './round-story.ts';
import { type TestKernel, testKernel } from './testing/test-kernel.ts';
import { testPlant } from './testing/test-plant.ts';

const plant = testPlant();
const community = communityOf(plant, { batchMembers: 4, parts: 4 });
let dataDir: string;
let kernel: TestKernel;
let round: StoredRound;

beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-story-'));
  kernel = testKernel({ dataDir, plant });
  kernel.store.write((db) => insertRound(db, { interval: 7, kind: 'market', ordersRoot: '11', message: null, nowMs: 5 }, []));
  round = roundAt(kernel.store.read, 7) as StoredRound;
});
afterAll(() => {
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const admission = (provenMs: number | null): StoredAdmission =>
  ({
    interval: 7,
    idle: false,
    createdMs: 6,
    provenMs,
    sequence: 1,
    bookBefore: [],
    bookAfter: [],
    input: { orders: [null, null] },
    result: { ordersRoot: 11n, bookRoot: 22n, batches: [{ words: { oldBook: 21n }, publicSignals: [] }] },
  }) as unknown as StoredAdmission;
const proof = (part: number): StoredProof => ({
  part,
  circuit: 'admit-4x4',
  verificationKeyHash: 'ab',
  proof: { pi_a: [], pi_b: [], pi_c: [] },
  publicSignals: [],
  provingMs: 1_500,
  verifiedMs: 9,
});
const entry = (state: OutboxRow['state'], lastError: string | null = null): OutboxRow =>
  ({ state, lastError, transactionHash: '0xab', attempts: 1, nonce: 1, block: 3 }) as OutboxRow;
const step = (given: Partial<StorySources>, id = 'admission') =>
  storyOf({
    db: kernel.store.read,
    community,
    round,
    orders: [],
    lines: [],
    admission: undefined,
    batch: undefined,
    proofs: { settle: [], admit: [] },
    underWay: null,
    entry: () => undefined,
    ...given,
  }).find((s) => s.id === id);

describe('the story of the price', () => {
  it('says of a failed round that nothing is traded, though it was cleared', () => {
    const failed = { ...round, state: 'failed', price: 15_000, tradedWh: 300, clearedMs: 6 } as const;
    expect(step({ round: failed }, 'price')).toMatchObject({
      state: 'failed',
      text: expect.stringMatching(/nothing is traded/),
      evidence: [],
    });
  });
});

describe('the story of the orders', () => {
  const message = 'They were never bound.';
  it('says when they were frozen, and that they failed when they were never bound', () => {
    expect(step({ entry: () => entry('final') }, 'orders')).toMatchObject({
      state: 'done',
      text: '0 signed orders were frozen when orders closed.',
    });
    const withdrawn = { ...entry('final', 'withdrawn: the round failed'), transactionHash: null, block: null } as OutboxRow;
    expect(step({ round: { ...round, state: 'failed', message }, entry: () => withdrawn }, 'orders')).toMatchObject({
      state: 'failed',
      text: expect.stringContaining(message),
    });
  });
  it('says when they were on their way at the gate, of a round that has one', () => {
    const late = { ...round, lateCommitted: 1 } as const;
    expect(step({ round: late }, 'orders')?.text).toMatch(/not confirmed on the chain when the gate closed/);
    expect(step({ round: { ...late, kind: 'measure' } }, 'orders')?.text).not.toMatch(/gate/);
  });
});

describe('the story of an admission', () => {
  it('stands between the orders and the price', () => {
    const ids = storyOf({
      db: kernel.store.read,
      community,
      round,
      orders: [],
      lines: [],
      admission: undefined,
      batch: undefined,
      proofs: { settle: [], admit: [] },
      underWay: null,
      entry: () => undefined,
    }).map((s) => s.id);
    expect(ids).toEqual(['readings', 'orders', 'admission', 'price', 'delivery', 'proof', 'transaction', 'receipt']);
  });

  it('waits, runs part by part, and is done when the last part is final', () => {
    expect(step({})?.state).toBe('waiting');
    const running = step({
      admission: admission(null),
      proofs: { settle: [], admit: [proof(0)] },
      underWay: { statement: 'admit', interval: 7, part: 1, sinceMs: 0, progress: 0.5 },
    });
    expect([running?.state, running?.timeMs]).toEqual(['running', 6]);
    expect(running?.text).toMatch(/1 of 4 parts are proven; part 2 is being made\.$/);
    const done = step({
      admission: admission(8),
      proofs: { settle: [], admit: [0, 1, 2, 3].map(proof) },
      entry: (id) => (id.startsWith('admit:7:') ? entry('final') : undefined),
    });
    expect([done?.state, done?.timeMs]).toEqual(['done', 8]);
    expect(done?.text).toMatch(/4 proofs were made in 6\.0 s and checked before they were sent\.$/);
    expect(done?.evidence).toEqual(
      expect.arrayContaining([
        { label: 'Book of standing orders before', value: '21' },
        { label: 'Book of standing orders after', value: '22' },
        { label: 'Circuit', value: 'admit-4x4' },
        { label: 'Part 4: transaction', value: '0xab' },
      ]),
    );
  });

  it('tells why the chain refuses it, or why there is none', () => {
    const refused = step({ admission: admission(8), entry: (id) => (id === 'admit:7:2' ? entry('failed', 'ProofRefused(7)') : undefined) });
    expect([refused?.state, refused?.text]).toEqual(['failed', 'The chain refuses it: ProofRefused(7).']);
    const failed = step({ round: { ...round, state: 'failed', message: 'Its orders cannot be admitted: no.' } });
    expect([failed?.state, failed?.text]).toEqual(['failed', 'Its orders cannot be admitted: no.']);
    // A round that fails later leaves its admission as it is.
    expect(step({ round: { ...round, state: 'failed' }, admission: admission(8), entry: () => entry('final') })?.state).toBe('done');
  });
});
