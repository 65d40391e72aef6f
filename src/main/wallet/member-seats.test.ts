import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { queueRegistration } from '../ledger/meter-registration.ts';
import * as outbox from '../ledger/outbox-store.ts';
import { type Community, communityOf } from '../market/community.ts';
import { loadKeys, putKey } from '../metering/meter-keys.ts';
import { type StepClock, stepClock } from '../settlement/testing/step-clock.ts';
import { type TestKernel, testKernel } from '../settlement/testing/test-kernel.ts';
import { testMeter, testPlant } from '../settlement/testing/test-plant.ts';
import { createMemberSeats } from './member-seats.ts';
import { insertAccount } from './transaction-store.ts';

const plant = testPlant();
const OWNER = '0x00000000000000000000000000000000000000A1';
let dataDir: string;
let clock: StepClock;
let kernel: TestKernel;
let community: Community;
let seats: { queue(): void };

const ledger = {
  operatorAddress: OWNER,
  deployed: () => ({ contracts: { has: () => true } }) as never,
  entry: (id: string) => outbox.byId(kernel.store.read, id),
  enqueue: (entry: outbox.NewEntry) => kernel.store.write((db) => outbox.enqueue(db, entry, clock.nowMs())),
  kick() {},
};
const waitingIds = () =>
  (kernel.store.read.prepare("SELECT id FROM outbox WHERE state <> 'final' ORDER BY sequence").all() as { id: string }[]).map((r) => r.id);
/** The outbox's answer when the contract refuses an entry that may fail. */
const refuse = (id: string, why: string) =>
  kernel.store.write((db) => outbox.giveUp(db, ledger.entry(id)?.sequence ?? -1, `the contract refused it: ${why}`, clock.nowMs()));
const keyHeard = (memberId: string) => {
  const { meterId, deviceId, key } = testMeter(plant, memberId);
  const flags = community.byMeter(meterId)?.flags ?? 0;
  kernel.store.write((db) =>
    putKey(db, {
      meterId,
      deviceId,
      publicKey: key.publicKey,
      flags,
      serial: 'T',
      firmware: '1',
      acceptedMs: 1,
      registration: null,
      afterInterval: -1,
    }),
  );
};
const register = () =>
  queueRegistration(kernel, { community, ledger, keys: loadKeys(kernel.store.read).filter((k) => k.registration === null) });

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-seats-'));
  clock = stepClock();
  kernel = testKernel({ dataDir, plant, clock });
  community = communityOf(plant);
  seats = createMemberSeats(kernel, {
    community,
    ledger,
    keyOf: (meterId) => loadKeys(kernel.store.read).find((k) => k.meterId === meterId),
  });
  kernel.store.write((db) => {
    for (const [i, id] of ['church-2', 'church-4', 'church-6'].entries())
      insertAccount(db, id, `0x00000000000000000000000000000000000000B${i}`, '0x', 1);
  });
  keyHeard('church-2');
});
afterEach(() => {
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('the seats of the members', () => {
  it('wait until their meter is on its way into the registry, and stand behind it in the outbox', async () => {
    seats.queue();
    expect(waitingIds()).toEqual([]);
    await register();
    seats.queue();
    seats.queue();
    const [registration, verification, ...rest] = waitingIds();
    expect([registration?.split(':')[0], verification?.endsWith(':verify')]).toEqual(['register', true]);
    expect(rest).toEqual(['account:church-2']); // church-4 has no key yet
    const body = ledger.entry('account:church-2')?.body;
    expect(body).toMatchObject({ contract: 'Settlement', method: 'setAccount', mayFail: true });
    expect(body?.args).toEqual([(community.member('church-2')?.meterId ?? 0) - 1, '0x00000000000000000000000000000000000000B0']);
  });

  it('are not given to the community’s own assets', async () => {
    keyHeard('church-6');
    await register();
    seats.queue();
    expect(waitingIds().filter((id) => id.startsWith('account:'))).toEqual(['account:church-2']);
  });

  it('are asked for again, an hour later, when the meter was out of service just then', async () => {
    await register();
    seats.queue();
    refuse('account:church-2', 'NotRegistered(1)');
    seats.queue();
    expect(waitingIds().filter((id) => id.startsWith('account:'))).toEqual([]);
    clock.advance(3_600_000);
    seats.queue();
    seats.queue();
    expect(waitingIds().filter((id) => id.startsWith('account:'))).toEqual(['account:church-2:2']);
  });

  it('are not asked for again when the member has handed its account on by itself', async () => {
    await register();
    seats.queue();
    refuse('account:church-2', 'NotTheAccount(0xB0, 0xC0)');
    clock.advance(7_200_000);
    seats.queue();
    expect(waitingIds().filter((id) => id.startsWith('account:'))).toEqual([]);
  });
});
