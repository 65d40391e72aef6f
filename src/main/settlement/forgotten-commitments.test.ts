import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../shared/errors.ts';
import * as outbox from '../ledger/outbox-store.ts';
import { decide, insertReceipt, lateAt, openLate } from '../market/late-store.ts';
import { insertRound, setRoundState } from '../market/round-store.ts';
import { createForgottenCommitments, forgottenCommitments } from './forgotten-commitments.ts';
import { forgetFailed, takeBack } from './take-back.ts';
import { type TestKernel, testKernel } from './testing/test-kernel.ts';
import { testPlant } from './testing/test-plant.ts';

const ROUND = 100;
let dataDir: string;
let kernel: TestKernel;
/** What the chain's newest block says. */
let chain: { height: number; ordersRootOf: bigint; rootAfter: bigint; away: boolean; own: boolean };
let look: () => Promise<number[]>;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-forgotten-'));
  kernel = testKernel({ dataDir, plant: testPlant({ simulated: false }) });
  chain = { height: 50, ordersRootOf: 0n, rootAfter: 0n, away: false, own: false };
  kernel.store.write((db) => {
    insertRound(db, { interval: ROUND, kind: 'market', ordersRoot: '7', message: null, nowMs: 1 }, []);
    setRoundState(db, ROUND, 'settled', 1);
    outbox.enqueue(
      db,
      { id: `commit:${ROUND}`, kind: 'commit-orders', title: 't', body: { contract: 'Settlement', method: 'commitOrders', args: [] } },
      1,
    );
    db.prepare("UPDATE outbox SET state = 'failed', last_error = 'the contract refused it: GateClosed(1, 2)'").run();
  });
  const forgotten = createForgottenCommitments(kernel, {
    parts: 1,
    ledger: {
      view: async ({ method }) => {
        if (chain.away) throw new Fault('chain.away', 'away');
        return [method === 'ordersRootOf' ? chain.ordersRootOf : chain.rootAfter];
      },
      endpoint: () => (chain.away ? null : { url: '', own: chain.own, confirmations: chain.own ? 1 : 3 }),
      indexedHeight: () => chain.height,
    },
  });
  look = async () => (await forgotten()).map((one) => one.interval);
});
afterEach(() => {
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('a settled round whose commitment the chain refuses', () => {
  it('ends when the chain has not shown it for as many blocks as make a receipt final', async () => {
    for (const height of [50, 50, 51, 52]) {
      chain.height = height;
      expect(await look()).toEqual([]);
    }
    chain.height = 53;
    expect(await look()).toEqual([ROUND]);
  });

  it.each(['ordersRootOf', 'rootAfter'] as const)('does not end when the old branch wins meanwhile, by its %s', async (method) => {
    expect(await look()).toEqual([]);
    chain = { ...chain, height: 52, [method]: 9n };
    expect(await look()).toEqual([]);
    chain.height = 60;
    expect(await look()).toEqual([]);
    // Forgotten once more: counted from here on.
    chain = { ...chain, [method]: 0n };
    expect(await look()).toEqual([]);
    chain.height = 63;
    expect(await look()).toEqual([ROUND]);
  });

  it('counts from the lower height when the chain went back', async () => {
    expect(await look()).toEqual([]);
    chain.height = 48;
    expect(await look()).toEqual([]);
    chain.height = 50;
    expect(await look()).toEqual([]);
    chain.height = 51;
    expect(await look()).toEqual([ROUND]);
  });

  it('waits while the chain is away', async () => {
    expect(await look()).toEqual([]);
    chain = { ...chain, height: 60, away: true };
    expect(await look()).toEqual([]);
  });

  it('ends at once on the console’s own node, which mines nothing meanwhile', async () => {
    chain.own = true;
    expect(await look()).toEqual([ROUND]);
  });

  it('does not end when the outbox finds its commitment bound while the chain is asked', async () => {
    await look();
    chain.height = 60;
    const looking = look();
    kernel.store.write((db) => db.prepare("UPDATE outbox SET state = 'final'").run());
    expect(await looking).toEqual([]);
  });
});

const write = (sql: string, ...values: unknown[]) => kernel.store.write((db) => db.prepare(sql).run(...values));
const refuse = (why: string) =>
  write('UPDATE outbox SET last_error = ? WHERE id = ?', `the contract refused it: ${why}`, `commit:${ROUND}`);
const commitment = () => outbox.byId(kernel.store.read, `commit:${ROUND}`);
const queue = (id: string, kind: string) =>
  kernel.store.write((db) => outbox.enqueue(db, { id, kind, title: id, body: { contract: 'C', method: 'm', args: [] } }, 1));
const openIds = () =>
  (kernel.store.read.prepare("SELECT id FROM outbox WHERE state <> 'final' ORDER BY sequence").all() as { id: string }[]).map((r) => r.id);
const admit = (interval: number, sequence: number) =>
  write(
    "INSERT INTO admission (interval, sequence, idle, book_before, input, result, book_after, created_ms, proven_ms) VALUES (?, ?, 0, '{}', '{}', ?, '[]', 1, 1)",
    interval,
    sequence,
    JSON.stringify({ ordersRoot: '7n', bookRoot: '8n', batches: [] }),
  );
/** Its commitment was final when its meter left. */
const failAfterFinal = () =>
  kernel.store.write((db) => {
    db.prepare("UPDATE outbox SET state = 'final', nonce = 3, gas_used = 60000, final_ms = 5, last_error = NULL").run();
    forgetFailed(db, ROUND);
    setRoundState(db, ROUND, 'failed', 1, 'Its meter left.');
  });
/** The chain forgot it, and its nonce went to another transaction. */
const forget = (why: string) => {
  write("UPDATE outbox SET state = 'failed', nonce = NULL, gas_used = 60000 WHERE id = ?", `commit:${ROUND}`);
  refuse(why);
};

describe('a failed round whose commitment the chain had', () => {
  it.each(['GateClosed(1, 2)', 'IntervalNotOpen(100, 101)', 'IntervalNotOpen(100, 99)', 'BadReceipt(1)', 'TooFewReceipts(2, 3)'])(
    'leaves nothing in the outbox when it is refused with %s for as many blocks as make a receipt final',
    async (why) => {
      failAfterFinal();
      expect(await look()).toEqual([]);
      forget(why);
      expect(await look()).toEqual([]);
      chain.height = 53;
      expect(await look()).toEqual([ROUND]);
      expect(forgottenCommitments(kernel.store.read, 1)).toEqual([{ interval: ROUND, message: 'Its meter left.' }]);
      kernel.store.write((db) => takeBack(db, ROUND, 1));
      expect(commitment()).toMatchObject({ state: 'final', lastError: 'withdrawn: the round failed' });
      chain.height = 60;
      expect(await look()).toEqual([]);
    },
  );

  it('waits while it is refused for another reason, or shown', async () => {
    failAfterFinal();
    forget('EnforcedPause()');
    chain.own = true;
    expect(await look()).toEqual([]);
    forget('GateClosed(1, 2)');
    chain.ordersRootOf = 7n;
    expect(await look()).toEqual([]);
  });

  it('takes its admission with it, and those built on it', () => {
    admit(ROUND, 1);
    queue(`admit:${ROUND}`, 'admit-orders');
    failAfterFinal();
    kernel.store.write((db) => insertRound(db, { interval: ROUND + 1, kind: 'market', ordersRoot: '7', message: null, nowMs: 1 }, []));
    admit(ROUND + 1, 2);
    forget('GateClosed(1, 2)');
    write("UPDATE outbox SET state = 'waiting', nonce = NULL WHERE kind = 'admit-orders'");
    queue(`commit:${ROUND + 1}`, 'commit-orders');
    queue(`admit:${ROUND + 1}`, 'admit-orders');
    kernel.store.write((db) => takeBack(db, ROUND, 1));
    expect(openIds()).toEqual([`commit:${ROUND + 1}`]);
    expect(kernel.store.read.prepare('SELECT interval FROM admission').all()).toEqual([]);
  });
});

describe('a round whose commitment was in time', () => {
  const account = `0x${'ac'.repeat(20)}`;
  beforeEach(() =>
    kernel.store.write((db) => {
      openLate(db, ROUND, '7', 1);
      decide(db, ROUND, 'in-time');
      insertReceipt(db, ROUND, { memberId: 'm', account, signature: '0x' }, 1);
      db.prepare(
        "INSERT INTO chain_event (block, log_index, contract, name, arguments, transaction_hash) VALUES (1, 0, 'Settlement', 'AccountSet', ?, '0x1')",
      ).run(JSON.stringify({ index: '0', account }));
      forget('GateClosed(1, 2)');
    }),
  );
  const outcome = () => lateAt(kernel.store.read, ROUND)?.outcome;

  it.each(['settled', 'cleared'] as const)('is decided again by its receipts, but not on one refusal: %s', async (state) => {
    kernel.store.write((db) => setRoundState(db, ROUND, state, 1));
    expect(await look()).toEqual([]);
    chain.height = 52;
    expect([await look(), outcome()]).toEqual([[], 'in-time']);
    chain.height = 53;
    expect([await look(), outcome()]).toEqual([[], null]);
    expect(outbox.wasOnChain(commitment() as outbox.OutboxRow)).toBe(false);
    // The market's room has the word.
    expect(await look()).toEqual([]);
  });

  it('ends when its receipts are too few, when it was left half ended, or when the chain has passed it over', () => {
    const found = () => forgottenCommitments(kernel.store.read, 1).length;
    expect(found()).toBe(0);
    refuse('IntervalNotOpen(100, 101)');
    expect(found()).toBe(1);
    refuse('GateClosed(1, 2)');
    kernel.store.write((db) => decide(db, ROUND, 'failed'));
    expect(found()).toBe(1);
    kernel.store.write((db) => decide(db, ROUND, 'in-time'));
    write('DELETE FROM late_receipt');
    expect(found()).toBe(1);
  });
});

describe('an open round without receipts', () => {
  it('ends only when the chain, which had its commitment, has not shown it for a while', async () => {
    kernel.store.write((db) => setRoundState(db, ROUND, 'cleared', 1));
    chain.own = true;
    // Never on the chain: the market's room ends it.
    expect(await look()).toEqual([]);
    forget('GateClosed(1, 2)');
    chain.own = false;
    expect(await look()).toEqual([]);
    chain.height = 53;
    expect(await look()).toEqual([ROUND]);
  });
});
