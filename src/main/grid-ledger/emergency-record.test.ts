import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as outbox from '../ledger/outbox-store.ts';
import { createParties } from '../ledger/parties.ts';
import { type StepClock, stepClock } from '../settlement/testing/step-clock.ts';
import { type TestKernel, testKernel } from '../settlement/testing/test-kernel.ts';
import { testPlant } from '../settlement/testing/test-plant.ts';
import { chainLevelOf, createEmergencyRecord } from './emergency-record.ts';

const plant = testPlant();
const level = plant.emergency.levels.find((l) => l.keepsCritical) as (typeof plant.emergency.levels)[number];
const me = `0x${'11'.repeat(20)}`;
let dataDir: string;
let kernel: TestKernel;
let clock: StepClock;
let record: ReturnType<typeof createEmergencyRecord>;

const rows = () =>
  kernel.store.read.prepare("SELECT id, state FROM outbox WHERE kind = 'emergency' ORDER BY sequence").all() as {
    id: string;
    state: string;
  }[];
const refuse = (why: string): void =>
  kernel.store.write((db) => outbox.giveUp(db, (outbox.newest(db, 1)[0] as outbox.OutboxRow).sequence, why, clock.nowMs()));
const tell = (name: string, args: Record<string, string>, block: number): unknown =>
  kernel.store.write((db) =>
    db.prepare("INSERT INTO chain_event VALUES (?, 0, 'GridManagement', ?, ?, '0x1', ?)").run(block, name, JSON.stringify(args), block),
  );

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-emergency-record-'));
  clock = stepClock();
  kernel = testKernel({ dataDir, plant, clock });
  const ledger = {
    enqueue: (entry: outbox.NewEntry) => kernel.store.write((db) => outbox.enqueue(db, entry, clock.nowMs())),
    kick() {},
    endpoint: () => null,
    indexedHeight: () => null,
    manifest: () => null,
    deployed: () => null,
    operatorAddress: me,
  };
  record = createEmergencyRecord(kernel, {
    ledger,
    parties: createParties(ledger, () => []),
    guardianRole: 5,
    canPlay: () => false,
    phase: () => 'ready',
  });
});
afterEach(() => {
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('the record of an emergency', () => {
  it('says restricted where critical loads stay fed, else shutdown', () => {
    expect(plant.emergency.levels.map((l) => [l.id, chainLevelOf(l)])).toEqual([
      ['all-but-critical', 2],
      ['sources', 3],
      ['everything', 3],
    ]);
  });
  it('is put in line once, however often it is told', () => {
    for (let i = 0; i < 3; i++) record.record({ level, by: 'Ines', startedMs: 1000 });
    expect(rows()).toEqual([{ id: `emergency:1000:${level.id}:0`, state: 'waiting' }]);
    expect(record.view()).toMatchObject({ level: null, records: [{ by: 'Ines', levelName: level.name, sending: { state: 'waiting' } }] });
  });
  it('is tried again after a minute when the chain refused it for a passing reason', () => {
    record.record({ level, by: 'Ines', startedMs: 1000 });
    refuse('the chain refused it: insufficient funds');
    record.retry();
    expect(rows()).toHaveLength(1);
    clock.advance(61_000);
    record.retry();
    record.retry();
    expect(rows().map((r) => r.state)).toEqual(['final', 'waiting']);
  });
  it('is not tried again while an emergency that covers it stands', () => {
    record.record({ level, by: 'Ines', startedMs: 1000 });
    refuse('the contract refused it: NotHigher(2, 2)');
    clock.advance(61_000);
    record.retry();
    expect(rows()).toHaveLength(1);
    expect(record.view().records[0]?.sending).toMatchObject({ state: 'refused', error: expect.stringMatching(/falls under it/) });
  });
  it('lets nobody sign what is not in force, and not before the console’s account is a guardian', () => {
    tell('EmergencyTripped', { emergencyId: '1', level: '3', cause: '0xaa', by: me }, 1);
    expect(() => record.signLift(2)).toThrow(/no emergency 2/);
    expect(() => record.signLift(1)).toThrow(/no guardian/);
    kernel.store.write((db) =>
      db
        .prepare("INSERT INTO chain_event VALUES (2, 0, 'Access', 'RoleGranted', ?, '0x1', 2)")
        .run(JSON.stringify({ roleId: '5', account: me })),
    );
    expect(record.signLift(1)).toMatch(/in the outbox/);
    expect(() => record.signLift(1)).toThrow(/on its way/);
    tell('LiftSigned', { emergencyId: '1', guardian: me, signatures: '1' }, 3);
    expect(() => record.signLift(1)).toThrow(/signed this already/);
    tell('EmergencyTripped', { emergencyId: '2', level: '3', cause: '0xbb', by: me }, 4);
    expect(record.view().records.find((r) => r.emergency === 1)).toMatchObject({ replaced: true, mySignature: 'given' });
  });
});
