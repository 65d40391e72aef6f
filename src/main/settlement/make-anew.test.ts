import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hexlify, toUtf8Bytes, Wallet } from 'ethers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../shared/errors.ts';
import { createOutbox, type Outbox, type StepOutcome } from '../ledger/outbox.ts';
import * as rows from '../ledger/outbox-store.ts';
import { openTestingChain, type TestingChain } from '../ledger/testing-chain.ts';
import { insertRound, setRoundState } from '../market/round-store.ts';
import { type AdmissionInput, type AdmissionPart, insertAdmission } from './admission-store.ts';
import { type Batch, insertBatch } from './batch-store.ts';
import { createMakeAnew } from './make-anew.ts';
import { type StepClock, stepClock } from './testing/step-clock.ts';
import { type TestKernel, testKernel } from './testing/test-kernel.ts';
import { testPlant } from './testing/test-plant.ts';

const wallet = new Wallet(`0x${'11'.repeat(32)}`);
const data = (name: string) => hexlify(toUtf8Bytes(name));
let dataDir: string;
let clock: StepClock;
let kernel: TestKernel;
let chain: TestingChain;
let outbox: Outbox;
/** How the contract explains what it refuses. */
let why: string;
/** What the contract says of itself; null while the chain is away. */
let contract: { lastInterval: number; stateRoot: bigint; roots: Record<number, bigint>; bookRoot: bigint; admitted: number[] } | null;
let madeAnew: number[];
let kinds: string[];
let turn: () => Promise<void>;

const build = (journal = kernel.journal) =>
  createMakeAnew(
    { ...kernel, journal },
    {
      ledger: {
        view: async ({ method, args }) => {
          if (!contract) throw new Fault('chain.away', 'The chain is away.');
          if (method === 'head') return [BigInt(contract.lastInterval), 0n, 0n, 0n, 0n, 0n, 0n, false, true];
          if (method === 'stateRoot') return [contract.stateRoot];
          if (method === 'bookRoot') return [contract.bookRoot];
          if (method === 'isAdmitted') return [contract.admitted.includes(Number(args[0]))];
          return [contract.roots[Number(args[0])] ?? 0n];
        },
      },
      onMadeAnew: (interval, kind) => {
        madeAnew.push(interval);
        kinds.push(kind);
      },
    },
  );
/** `effect` is what the chain learns by it; an entry made anew has another. */
const queue = (id: string, effect = id): void => {
  const call = { contract: 'C', method: 'm', args: [effect] };
  const kind = id.startsWith('settle') ? 'settle' : id.startsWith('certificates') ? 'issue-certificates' : 'commit-orders';
  kernel.store.write((db) =>
    rows.enqueue(db, { id, kind, title: id, body: { ...call, doneWhen: { ...call, equals: '1' } } }, clock.nowMs()),
  );
};
/** The batch of an interval begins with the root that the one before leaves: 1000 more than the interval's number. */
const makeBatch = (interval: number): void =>
  kernel.store.write((db) => {
    const words = { oldRoot: BigInt(interval + 999), newRoot: BigInt(interval + 1000) };
    const batch = { interval, sequence: interval - 99, stateBefore: {}, input: {}, result: { words, batches: [] }, stateAfter: {} };
    insertBatch(db, batch as unknown as Batch, 1);
    setRoundState(db, interval, 'sent', 1);
  });
const drain = async (): Promise<StepOutcome> => {
  for (let i = 0; i < 100; i++) {
    const outcome = await outbox.step();
    if (outcome !== 'again') return outcome;
  }
  throw new Error('it never comes to rest');
};
const mined = () => chain.mined().map((d) => Buffer.from(d.slice(2), 'hex').toString());
const open = () =>
  (kernel.store.read.prepare("SELECT id FROM outbox WHERE state <> 'final' ORDER BY sequence").all() as { id: string }[]).map((r) => r.id);
const withdrawn = () =>
  kernel.store.read.prepare("SELECT id, last_error AS why FROM outbox WHERE id LIKE 'withdrawn:%' ORDER BY sequence").all();
const batchesOf = () =>
  (kernel.store.read.prepare('SELECT interval FROM settlement_batch ORDER BY interval').all() as { interval: number }[]).map(
    (r) => r.interval,
  );
const states = () =>
  (kernel.store.read.prepare('SELECT state FROM round ORDER BY interval').all() as { state: string }[]).map((r) => r.state);

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-anew-'));
  clock = stepClock();
  kernel = testKernel({ dataDir, plant: testPlant(), clock });
  chain = await openTestingChain();
  why = 'the contract refused it: FlowOverdue(4)';
  contract = { lastInterval: 100, stateRoot: 1100n, roots: { 100: 1100n }, bookRoot: 0n, admitted: [] };
  madeAnew = [];
  kinds = [];
  outbox = createOutbox(
    kernel,
    {
      url: () => chain.url,
      chainId: () => chain.chainId,
      confirmations: 1,
      encode: (call) => ({ to: `0x${'22'.repeat(20)}`, data: data(String(call.args[0])) }),
      decode: (_call, result) => [String(Number(result))],
      explain: () => why,
    },
    wallet,
  );
  for (const interval of [100, 101, 102, 103]) {
    kernel.store.write((db) => insertRound(db, { interval, kind: 'market', ordersRoot: '7', message: null, nowMs: 1 }, []));
    makeBatch(interval);
    queue(`settle:${interval}`);
    queue(`certificates:${interval}`);
  }
  queue('commit:104');
  turn = build();
});
afterEach(async () => {
  await chain.close();
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});
const chainAt = (lastInterval: number) => ({ lastInterval, stateRoot: 0n, roots: {}, bookRoot: 0n, admitted: [] as number[] });
/** The chain takes 100 and refuses 101. */
const refuse = async (id = 'settle:101'): Promise<void> => {
  chain.refused.add(data(id));
  expect(await drain()).toBe('blocked');
};

describe('a settlement that the chain refuses for good', () => {
  it('makes a batch anew that the chain refuses because a deposit came in the meantime, with those built on it', async () => {
    await refuse();
    await turn();
    expect(madeAnew).toEqual([101]);
    expect(batchesOf()).toEqual([100]);
    expect(states()).toEqual(['sent', 'cleared', 'cleared', 'cleared']);
    expect(open()).toEqual(['commit:104']);
    expect(withdrawn()).toEqual([{ id: 'withdrawn:settle:101:3', why: `made anew: ${why}` }]);
    expect(kernel.raised).not.toContain('settlement.refused@settlement');
    for (const interval of [101, 102]) {
      makeBatch(interval);
      queue(`settle:${interval}`, `settle:${interval} anew`);
    }
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['settle:100', 'certificates:100', 'commit:104', 'settle:101 anew', 'settle:102 anew']);
  });

  it.each(['TooManyFlows(1, 0)', 'ProofRefused(101)', 'PartOutOfOrder(101, 0)'])('is made anew after %s, too', async (error) => {
    why = `the contract refused it: ${error}`;
    await refuse();
    await turn();
    expect(madeAnew).toEqual([101]);
  });

  it('waits for its time when only its time has not come, and for a person when the contract is paused', async () => {
    why = 'the contract refused it: EnforcedPause()';
    await refuse();
    await turn();
    expect(madeAnew).toEqual([]);
    expect(open()[0]).toBe('settle:101');
  });

  it('is made anew three times at most; then a person is called, in words', async () => {
    for (let i = 0; i < 3; i++) {
      await refuse();
      await turn();
      makeBatch(101);
      queue('settle:101');
    }
    expect(await drain()).toBe('blocked');
    await turn();
    expect(madeAnew).toEqual([101, 101, 101]);
    expect(open()).toEqual(['settle:101']);
    expect(kernel.raised).toContain('settlement.refused@settlement');
    // Its cause is gone: somebody tries the outbox again.
    chain.refused.clear();
    outbox.retry();
    expect(await drain()).toBe('idle');
    await turn();
    expect(kernel.raised).not.toContain('settlement.refused@settlement');
  });

  it('is not taken back when the chain has settled it or a later interval', async () => {
    await refuse();
    contract = { ...chainAt(101), stateRoot: 1101n, roots: { 101: 1101n } };
    await turn();
    expect(kernel.raised).not.toContain('settlement.refused@settlement');
    contract = { ...chainAt(102), stateRoot: 5n, roots: { 102: 5n } };
    await turn();
    expect(kernel.raised).toContain('settlement.refused@settlement');
    expect(madeAnew).toEqual([]);
    expect(batchesOf()).toEqual([100, 101, 102, 103]);
  });

  it('is not taken back while the chain holds other accounts, or one built on it may still be mined', async () => {
    await refuse();
    contract = { ...chainAt(100), stateRoot: 5n };
    await turn();
    expect(kernel.raised).toContain('settlement.refused@settlement');
    contract.stateRoot = 1100n;
    kernel.store.write((db) => db.prepare("UPDATE outbox SET state = 'sending', nonce = 9 WHERE id = 'settle:102'").run());
    await turn();
    expect(madeAnew).toEqual([]);
    expect(batchesOf()).toEqual([100, 101, 102, 103]);
  });

  it('waits for the chain when it is away', async () => {
    await refuse();
    contract = null;
    await turn();
    expect(madeAnew).toEqual([]);
    expect(kernel.raised).not.toContain('settlement.refused@settlement');
  });

  it('is whole before or after, when the console dies in between', async () => {
    await refuse();
    const record = () => {
      throw new Error('the console died');
    };
    await build({ ...kernel.journal, record })();
    expect(batchesOf()).toEqual([100, 101, 102, 103]);
    expect(open()[0]).toBe('settle:101');
    expect(states()).toEqual(['sent', 'sent', 'sent', 'sent']);
    await build()();
    expect(batchesOf()).toEqual([100]);
  });

  it('begins with its first part again, and sends the old one again in its old place when the chain forgets it', async () => {
    kernel.store.write((db) => db.prepare("DELETE FROM outbox WHERE id NOT LIKE '%:100'").run());
    for (const part of [0, 1, 2, 3]) queue(`settle:101:${part}`);
    await refuse('settle:101:1');
    await turn();
    expect(open()).toEqual([]);
    expect(withdrawn()).toMatchObject([{ why: null }, { why: `made anew: ${why}` }]);
    makeBatch(101);
    for (const part of [0, 1, 2, 3]) queue(`settle:101:${part}`, `anew ${part}`);
    expect(await drain()).toBe('idle');
    const all = ['settle:100', 'certificates:100', 'settle:101:0', 'anew 0', 'anew 1', 'anew 2', 'anew 3'];
    expect(mined()).toEqual(all);
    chain.forget(5);
    await outbox.recheck();
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(all);
  });
});

describe('an admission that the chain refuses for good', () => {
  /** The book of an interval begins with the root that the one before leaves: 2000 more than the interval's number. */
  const makeAdmission = (interval: number): void =>
    kernel.store.write((db) => {
      const words = { oldBook: BigInt(interval + 1999), newBook: BigInt(interval + 2000) };
      insertAdmission(
        db,
        {
          interval,
          sequence: interval - 99,
          idle: false,
          bookBefore: [],
          input: {} as AdmissionInput,
          result: { ordersRoot: 7n, bookRoot: words.newBook, batches: [{ words, publicSignals: [] }] as unknown as AdmissionPart[] },
          bookAfter: [],
        },
        1,
      );
    });
  const admissions = () =>
    (kernel.store.read.prepare('SELECT interval FROM admission ORDER BY interval').all() as { interval: number }[]).map((r) => r.interval);

  beforeEach(() => {
    kernel.store.write((db) => db.prepare('DELETE FROM outbox').run());
    for (const interval of [100, 101, 102]) {
      makeAdmission(interval);
      queue(`commit:${interval}`);
      queue(`admit:${interval}`);
      if (interval > 100) queue(`settle:${interval - 1}`);
    }
    contract = { ...chainAt(99), stateRoot: 1099n, bookRoot: 2100n };
    why = 'the contract refused it: ProofRefused(101)';
  });

  it('is made anew with the admissions and settlements that are built on it, and everything else goes on', async () => {
    await refuse('admit:101');
    await turn();
    expect(madeAnew).toEqual([101]);
    expect(kinds).toEqual(['admit']);
    expect(admissions()).toEqual([100]);
    expect(batchesOf()).toEqual([100]);
    expect(open()).toEqual(['settle:100', 'commit:102']);
    expect(withdrawn()).toEqual([{ id: expect.stringMatching(/^withdrawn:admit:101:\d+$/), why: `made anew: ${why}` }]);
    for (const interval of [101, 102]) {
      makeAdmission(interval);
      queue(`admit:${interval}`, `admit:${interval} anew`);
    }
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['commit:100', 'admit:100', 'commit:101', 'settle:100', 'commit:102', 'admit:101 anew', 'admit:102 anew']);
    expect(kernel.raised).not.toContain('settlement.refused@settlement');
  });

  it('calls a person when the chain has another book, and when three admissions made anew did not help', async () => {
    await refuse('admit:101');
    contract = { ...chainAt(99), bookRoot: 5n };
    await turn();
    expect(madeAnew).toEqual([]);
    expect(kernel.raised).toContain('settlement.refused@settlement');
    contract.bookRoot = 2100n;
    for (let i = 0; i < 4; i++) {
      await turn();
      makeAdmission(101 + Math.max(0, admissions().length - 1));
      queue('admit:101');
      outbox.retry();
      await drain();
    }
    expect(madeAnew).toEqual([101, 101, 101]);
  });

  it('is left to the outbox when somebody else has brought it there', async () => {
    await refuse('admit:101');
    contract = { ...chainAt(99), bookRoot: 2101n, admitted: [101] };
    await turn();
    expect(madeAnew).toEqual([]);
    expect(kernel.raised).not.toContain('settlement.refused@settlement');
  });
});
