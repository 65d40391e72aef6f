import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as outbox from '../ledger/outbox-store.ts';
import { insertRound, setRoundState } from '../market/round-store.ts';
import { forgetFailed, takeBack } from './take-back.ts';
import { type TestKernel, testKernel } from './testing/test-kernel.ts';
import { testPlant } from './testing/test-plant.ts';

let dataDir: string;
let kernel: TestKernel;
const VOIDED = 101;

/** Rounds 100 to 102 as the pipeline leaves them when their settlements wait in the outbox. */
const prepare = () =>
  kernel.store.write((db) => {
    for (const [k, interval] of [100, 101, 102].entries()) {
      insertRound(db, { interval, kind: 'market', ordersRoot: '7', message: null, nowMs: 1 }, []);
      db.prepare("INSERT INTO settlement_batch VALUES (?, ?, '{}', '{}', '{}', '{}', 1)").run(interval, k + 1);
      db.prepare(
        "INSERT INTO admission (interval, sequence, idle, book_before, input, result, book_after, created_ms, proven_ms) VALUES (?, ?, 0, '{}', '{}', ?, '[]', 1, 1)",
      ).run(interval, k + 1, JSON.stringify({ ordersRoot: '7n', bookRoot: '8n', batches: [] }));
      setRoundState(db, interval, 'sent', 1);
      for (const [id, kind] of [
        ['commit', 'commit-orders'],
        ['admit', 'admit-orders'],
        ['settle', 'settle'],
        ['certificates', 'issue-certificates'],
      ] as const)
        outbox.enqueue(db, { id: `${id}:${interval}`, kind, title: id, body: { contract: 'C', method: 'm', args: [] } }, 1);
    }
  });
const final = (id: string) =>
  kernel.store.write((db) => db.prepare("UPDATE outbox SET state = 'final', transaction_hash = '0x1' WHERE id = ?").run(id));
const open = () =>
  (kernel.store.read.prepare("SELECT id FROM outbox WHERE state <> 'final' ORDER BY sequence").all() as { id: string }[]).map((r) => r.id);
const intervals = (table: string) =>
  (kernel.store.read.prepare(`SELECT interval FROM ${table} ORDER BY interval`).all() as { interval: number }[]).map((r) => r.interval);
const states = () =>
  (kernel.store.read.prepare('SELECT state FROM round ORDER BY interval').all() as { state: string }[]).map((r) => r.state);

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-take-back-'));
  kernel = testKernel({ dataDir, plant: testPlant() });
  prepare();
});
afterEach(() => {
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('a round that is never settled', () => {
  it('takes with it what was built on it; later rounds are settled again, and their commitments stay', () => {
    for (const id of ['commit:100', 'admit:100', 'settle:100', 'certificates:100', 'commit:101']) final(id);
    kernel.store.write((db) => takeBack(db, VOIDED, 1));
    expect(open()).toEqual(['commit:102']);
    expect(intervals('settlement_batch')).toEqual([100]);
    expect(intervals('admission')).toEqual([100]);
    expect(states()).toEqual(['sent', 'sent', 'cleared']);
    // The same entries can be queued again.
    kernel.store.write((db) =>
      outbox.enqueue(db, { id: 'settle:102', kind: 'settle', title: 'again', body: { contract: 'C', method: 'm', args: [] } }, 2),
    );
    expect(open()).toEqual(['commit:102', 'settle:102']);
  });

  it('keeps the books that the chain has taken already, because later ones build on them', () => {
    for (const id of ['commit:101', 'admit:101', 'admit:102']) final(id);
    kernel.store.write((db) => takeBack(db, VOIDED, 1));
    expect(intervals('admission')).toEqual([100, 101, 102]);
    expect(intervals('settlement_batch')).toEqual([100]);
  });

  it('withdraws a commitment that never left, and lets one on its way end by itself', () => {
    kernel.store.write((db) => db.prepare("UPDATE outbox SET state = 'sending', nonce = 3 WHERE id = 'settle:102'").run());
    kernel.store.write((db) => takeBack(db, VOIDED, 1));
    expect(outbox.byId(kernel.store.read, 'commit:101')).toMatchObject({ state: 'final', lastError: 'withdrawn: the round failed' });
    expect(outbox.byId(kernel.store.read, 'settle:102')).toBeUndefined();
    const underWay = open().find((id) => id.startsWith('withdrawn:settle:102:')) ?? '';
    expect(outbox.byId(kernel.store.read, underWay)).toMatchObject({ state: 'sending', body: { mayFail: true } });
    expect(open()).toContain('commit:102');
    expect(open()).not.toContain('settle:101');
  });

  it('leaves later rounds as they are, settled or not, when it had failed before and they were made without it', () => {
    kernel.store.write((db) => {
      db.prepare("DELETE FROM outbox WHERE id IN ('admit:101', 'settle:101', 'certificates:101')").run();
      db.prepare('DELETE FROM admission WHERE interval = 101').run();
      setRoundState(db, VOIDED, 'failed', 1);
      setRoundState(db, 102, 'settled', 1);
    });
    for (const id of ['admit:102', 'settle:102']) final(id);
    kernel.store.write((db) => takeBack(db, VOIDED, 1, () => expect.unreachable()));
    expect(outbox.byId(kernel.store.read, 'commit:101')).toMatchObject({ state: 'final', lastError: 'withdrawn: the round failed' });
    expect(states()).toEqual(['sent', 'failed', 'settled']);
    expect(open()).toContain('certificates:102');
  });

  /** As a layout of four parts queues an admission. */
  const inParts = () =>
    kernel.store.write((db) => {
      db.prepare("DELETE FROM outbox WHERE kind = 'admit-orders'").run();
      for (const interval of [101, 102])
        for (let part = 0; part < 4; part++)
          outbox.enqueue(
            db,
            { id: `admit:${interval}:${part}`, kind: 'admit-orders', title: 'admit', body: { contract: 'C', method: 'm', args: [] } },
            1,
          );
    });
  const admittedEvent = (part: number) =>
    kernel.store.write((db) =>
      db
        .prepare("INSERT INTO chain_event VALUES (?, 0, 'Settlement', 'OrdersAdmitted', ?, '0x1', 1)")
        .run(10 + part, JSON.stringify({ interval: String(VOIDED), part: String(part), idle: 'false' })),
    );

  it('leaves the book where the chain’s is when only some parts of its admission were taken', () => {
    inParts();
    kernel.store.write((db) => db.prepare("DELETE FROM outbox WHERE id IN ('admit:101:2', 'admit:101:3')").run());
    for (const part of [0, 1]) {
      final(`admit:101:${part}`);
      admittedEvent(part);
    }
    kernel.store.write((db) => takeBack(db, VOIDED, 4));
    expect(intervals('admission')).toEqual([100]);
    expect(open().filter((id) => id.startsWith('admit:'))).toEqual([]);
  });

  it('keeps the book that the chain has moved with the last part, final or not', () => {
    inParts();
    for (const part of [0, 1, 2]) final(`admit:101:${part}`);
    kernel.store.write((db) => db.prepare("UPDATE outbox SET state = 'sent', nonce = 3 WHERE id = 'admit:101:3'").run());
    kernel.store.write((db) => takeBack(db, VOIDED, 4));
    expect(intervals('admission')).toEqual([100, 101, 102]);
    expect(open()).toEqual(expect.arrayContaining(['admit:101:3', 'admit:102:0']));
  });

  it('believes the contract’s event when nobody has asked for the receipt yet', () => {
    kernel.store.write((db) => db.prepare("UPDATE outbox SET state = 'sending', nonce = 3 WHERE id = 'admit:101'").run());
    admittedEvent(0);
    kernel.store.write((db) => takeBack(db, VOIDED, 1));
    expect(intervals('admission')).toEqual([100, 101, 102]);
    expect(outbox.byId(kernel.store.read, 'admit:101')?.body.mayFail).toBeUndefined();
  });
});

describe('a round that fails while its commitment waits', () => {
  const lastRound = () =>
    kernel.store.write((db) => {
      db.prepare("UPDATE round SET state = 'committed' WHERE interval = 102").run();
      db.prepare("DELETE FROM outbox WHERE id IN ('settle:102', 'certificates:102')").run();
    });

  it('withdraws it, with the parts of its admission that were proven', () => {
    lastRound();
    kernel.store.write((db) => {
      db.prepare('UPDATE admission SET proven_ms = NULL WHERE interval = 102').run();
      forgetFailed(db, 102);
    });
    expect(outbox.byId(kernel.store.read, 'commit:102')).toMatchObject({ state: 'final', lastError: 'withdrawn: the round failed' });
    expect(outbox.byId(kernel.store.read, 'admit:102')).toBeUndefined();
    expect(intervals('admission')).toEqual([100, 101]);
    expect(open()).toContain('commit:101');
  });

  it('leaves it alone when it is on its way', () => {
    lastRound();
    kernel.store.write((db) => {
      db.prepare('UPDATE admission SET proven_ms = NULL WHERE interval = 102').run();
      db.prepare("UPDATE outbox SET state = 'sending', nonce = 3 WHERE id = 'commit:102'").run();
      forgetFailed(db, 102);
    });
    expect(outbox.byId(kernel.store.read, 'commit:102')).toMatchObject({ state: 'sending', lastError: null });
  });

  it('keeps it for a proven admission, because later books build on that one', () => {
    lastRound();
    kernel.store.write((db) => forgetFailed(db, 102));
    expect(open()).toEqual(expect.arrayContaining(['commit:102', 'admit:102']));
    expect(intervals('admission')).toEqual([100, 101, 102]);
  });
});
