import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { communityOf } from '../market/community.ts';
import { type TestKernel, testKernel } from '../settlement/testing/test-kernel.ts';
import { testPlant } from '../settlement/testing/test-plant.ts';
import { type CarbonService, createCarbonService } from './carbon-service.ts';
import {
  cancelledCertificates,
  eventsOf,
  insertCertificate,
  newestCertificates,
  setCancelled,
  takeBackCertificates,
} from './certificate-store.ts';
import { agreementOf } from './chain-cover.ts';

const plant = testPlant();
const ENDED = 100;
let dataDir: string;
let kernel: TestKernel;
let carbon: CarbonService;

const issue = (interval: number, deviceId: string, energyWh = 400) =>
  kernel.store.write((db) =>
    insertCertificate(db, {
      ...{ id: `gc-${interval}-${deviceId}`, interval, meterId: 3, deviceId, technology: 'solar', energyWh, holder: 'Long Acre' },
      ...{ issuedMs: 1, expiresPlantMs: 9e12, readingSequence: 5 },
    }),
  );
const states = () =>
  newestCertificates(kernel.store.read, 10, Number.MAX_SAFE_INTEGER, null)
    .map((c) => [c.id, c.state])
    .sort();
/** As when the chain forgot the round and takes it no more. */
const end = () =>
  kernel.store.write((db) => {
    takeBackCertificates(db, ENDED);
    carbon.roundEnded(ENDED, 'The chain has forgotten this round.');
  });

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-certificates-'));
  kernel = testKernel({ dataDir, plant });
  const chain = { now: () => ({ bundles: new Map(), bySource: new Map() }) };
  const deps = { community: communityOf(plant), marketClock: { plantNowMs: () => 0 }, chain, ledger: {}, image: () => null };
  carbon = createCarbonService(kernel, { ...deps, roundSource: () => null, keyOf: () => undefined } as unknown as Parameters<
    typeof createCarbonService
  >[1]);
  for (const interval of [ENDED, ENDED + 1]) for (const device of ['meter-a', 'meter-b']) issue(interval, device);
  kernel.store.write((db) => setCancelled(db, `gc-${ENDED}-meter-a`, 'The bakery'));
  kernel.store.write((db) => setCancelled(db, `gc-${ENDED + 1}-meter-a`, 'The school'));
});
afterEach(() => {
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('certificates of a round that ends for good', () => {
  it('are void when they had been cancelled, and named in the journal with their beneficiary', () => {
    end();
    expect(states()).toEqual([
      ['gc-100-meter-a', 'withdrawn'],
      // Its round is settled again; it has been cancelled for good.
      ['gc-101-meter-a', 'cancelled'],
    ]);
    expect(eventsOf(kernel.store.read, 'gc-100-meter-a').at(-1)).toMatchObject({
      state: 'withdrawn',
      text: 'Void: The chain has forgotten this round.',
    });
    const entries = kernel.store.read.prepare("SELECT title, text FROM journal WHERE title LIKE 'Certificate%'").all();
    expect(entries).toEqual([{ title: 'Certificate gc-100-meter-a is void', text: expect.stringContaining('cancelled for The bakery') }]);
    end();
    expect(kernel.store.read.prepare("SELECT title FROM journal WHERE title LIKE 'Certificate%'").all()).toHaveLength(1);
  });

  it('leave their energy to the next round of the meter, whose certificate tells it when that had been cancelled already', () => {
    end();
    issue(ENDED + 1, 'meter-a', 700);
    const [later] = newestCertificates(kernel.store.read, 10, Number.MAX_SAFE_INTEGER, 'meter-a').filter((c) => c.interval === ENDED + 1);
    expect(later).toMatchObject({ energyWh: 700, state: 'cancelled', beneficiary: 'The school' });
    const told = eventsOf(kernel.store.read, `gc-${ENDED + 1}-meter-a`);
    expect(told.at(-1)?.text).toBe('Its round was settled anew: 700 Wh instead of 400 Wh.');
    issue(ENDED + 1, 'meter-a', 700);
    expect(eventsOf(kernel.store.read, `gc-${ENDED + 1}-meter-a`)).toHaveLength(told.length);
    // What is void stays so.
    issue(ENDED, 'meter-a', 900);
    expect(states()).toContainEqual(['gc-100-meter-a', 'withdrawn']);
  });

  it('count nowhere and go to the chain no more', () => {
    end();
    expect(cancelledCertificates(kernel.store.read).map((c) => c.id)).toEqual(['gc-101-meter-a']);
    expect(agreementOf({ state: 'withdrawn', energyWh: 400 }, { kind: 'none' })).toMatchObject({ state: 'confirmed' });
    // What the next round counts again is certified once.
    issue(ENDED + 1, 'meter-b');
    const summary = carbon.handlers?.['carbon.summary']?.({}, undefined as never) as { issuedWh: number; cancelledWh: number };
    expect(summary).toMatchObject({ issuedWh: 800, cancelledWh: 400 });
  });
});
