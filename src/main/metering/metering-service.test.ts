import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../shared/errors.ts';
import { type TestKernel, testKernel } from '../settlement/testing/test-kernel.ts';
import { testMeter, testPlant } from '../settlement/testing/test-plant.ts';
import { createMeteringService, type MeteringService } from './metering-service.ts';

const plant = testPlant();
const meter = testMeter(plant, 'church-2');
const other = testMeter(plant, 'church-4');
const INTERVAL = 1_944_600;
let dataDir: string;
let kernel: TestKernel;
let metering: MeteringService;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-metering-'));
  kernel = testKernel({ dataDir, plant });
  metering = createMeteringService(kernel, {
    broker: { onPublish: () => () => {} },
    marketClock: { plantNowMs: () => (INTERVAL + 5) * 900_000 },
  });
  await metering.start();
  send(meter.deviceId, 'identity', meter.identity());
});
afterEach(() => {
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});
const send = (deviceId: string, what: 'reading' | 'identity', payload: string) =>
  metering.take({ topic: `busbar/meters/${deviceId}/${what}`, payload: Buffer.from(payload) });
const rows = () => kernel.store.read.prepare('SELECT interval, import_wh AS importWh, sequence FROM reading').all();
const reasons = () => (kernel.store.read.prepare('SELECT reason FROM quarantine').all() as { reason: string }[]).map((r) => r.reason);

describe('readings', () => {
  it('accepts a signed reading once, however often it is delivered', () => {
    const reading = meter.reading(INTERVAL, 1000, 0, 1);
    expect(send(meter.deviceId, 'reading', reading)).toEqual({ kind: 'accept' });
    expect(send(meter.deviceId, 'reading', reading)).toEqual({ kind: 'accept' });
    expect(rows()).toEqual([{ interval: INTERVAL, importWh: 1000, sequence: 1 }]);
  });

  it('counts growth from the reading before', () => {
    send(meter.deviceId, 'reading', meter.reading(INTERVAL, 1000, 5, 1));
    send(meter.deviceId, 'reading', meter.reading(INTERVAL + 1, 1250, 5, 2));
    const last = kernel.store.read.prepare('SELECT import_delta_wh AS a, export_delta_wh AS b FROM reading WHERE sequence = 2').get();
    expect(last).toEqual({ a: 250, b: 0 });
  });

  it.each([
    ['a changed register', () => meter.reading(INTERVAL + 1, 1200, 0, 2).replace('"importWh":1200', '"importWh":1201'), 'bad-signature'],
    [
      'another meter’s signature',
      () => other.reading(INTERVAL + 1, 1200, 0, 2).replace(`"meter":${other.meterId}`, `"meter":${meter.meterId}`),
      'bad-signature',
    ],
    ['another meter’s reading', () => other.reading(INTERVAL + 1, 1200, 0, 2), 'wrong-meter'],
    ['a register rolled back', () => meter.reading(INTERVAL + 1, 900, 0, 2), 'register-ran-backwards'],
    ['a replayed sequence', () => meter.reading(INTERVAL + 1, 1100, 0, 1), 'sequence-reused'],
    ['an interval told twice', () => meter.reading(INTERVAL, 1100, 0, 2), 'interval-not-increasing'],
    ['more than the connection can carry', () => meter.reading(INTERVAL + 1, 900_000, 0, 2), 'implausible-import'],
    ['an interval that has not ended', () => meter.reading(INTERVAL + 90, 1100, 0, 2), 'from-the-future'],
    ['no JSON', () => '{', 'malformed'],
    ['an unsigned extra field', () => meter.reading(INTERVAL + 1, 1200, 0, 2).replace('{', '{"note":"x",'), 'malformed'],
  ])('refuses %s, keeps it in quarantine and raises an alarm', (_what, payload, reason) => {
    send(meter.deviceId, 'reading', meter.reading(INTERVAL, 1000, 0, 1));
    expect(send(meter.deviceId, 'reading', payload()).kind).toBe('discard');
    expect(reasons()).toEqual([reason]);
    expect(rows()).toHaveLength(1);
    expect(kernel.raised).toContain(`meter.readingRefused@${meter.deviceId}`);
    send(meter.deviceId, 'reading', meter.reading(INTERVAL + 2, 1300, 0, 3));
    expect(kernel.raised).not.toContain(`meter.readingRefused@${meter.deviceId}`);
  });

  it('does not acknowledge a reading of a meter whose key it does not know yet', () => {
    expect(send(other.deviceId, 'reading', other.reading(INTERVAL, 5, 0, 1)).kind).toBe('retry');
  });

  it('does not acknowledge what the disk cannot keep', () => {
    const full = createMeteringService(
      {
        ...kernel,
        store: {
          read: kernel.store.read,
          write: () => {
            throw new Fault('storage.full', 'full');
          },
        },
      },
      { broker: { onPublish: () => () => {} }, marketClock: { plantNowMs: () => (INTERVAL + 5) * 900_000 } },
    );
    full.reloadKeys();
    expect(
      full.take({ topic: `busbar/meters/${meter.deviceId}/reading`, payload: Buffer.from(meter.reading(INTERVAL, 1, 0, 1)) }).kind,
    ).toBe('retry');
    expect(rows()).toEqual([]);
  });
});

describe('keys', () => {
  it('takes the first key, journals it, and never another one silently', () => {
    const impostor = testMeter(plant, 'church-2', 99);
    expect(send(meter.deviceId, 'identity', meter.identity())).toEqual({ kind: 'accept' });
    expect(send(meter.deviceId, 'identity', impostor.identity()).kind).toBe('discard');
    expect(kernel.raised).toContain(`meter.keyChanged@${meter.deviceId}`);
    expect(metering.keyOf(meter.meterId)?.publicKey).toEqual(meter.key.publicKey);
    expect(send(meter.deviceId, 'reading', impostor.reading(INTERVAL, 1, 0, 1)).kind).toBe('discard');
    expect(kernel.store.read.prepare("SELECT count(*) AS n FROM journal WHERE title LIKE 'Accept a meter%'").get()).toEqual({ n: 1 });
  });

  it('takes another key when the registry on the chain has it, journals it, and begins anew with a baseline', () => {
    send(meter.deviceId, 'reading', meter.reading(INTERVAL, 5_000, 0, 9));
    const next = testMeter(plant, 'church-2', 99, 'T-99');
    send(meter.deviceId, 'identity', next.identity());
    expect(metering.shown(meter.deviceId)).toMatchObject({ serial: 'T-99', publicKey: next.key.publicKey });
    metering.takeChainKey(meter.meterId, next.key.publicKey);
    metering.takeChainKey(meter.meterId, next.key.publicKey);
    expect(kernel.raised).not.toContain(`meter.keyChanged@${meter.deviceId}`);
    expect(metering.keyOf(meter.meterId)).toMatchObject({ serial: 'T-99', registration: 'chain', afterInterval: INTERVAL });
    expect(kernel.store.read.prepare("SELECT count(*) AS n FROM journal WHERE title LIKE 'Take a meter%'").get()).toEqual({ n: 1 });
    // Another device: its registers and its sequence begin elsewhere.
    expect(send(meter.deviceId, 'reading', next.reading(INTERVAL, 3, 0, 1)).kind).toBe('discard');
    expect(send(meter.deviceId, 'reading', next.reading(INTERVAL + 1, 7, 0, 1))).toEqual({ kind: 'accept' });
    expect(send(meter.deviceId, 'reading', next.reading(INTERVAL + 2, 207, 0, 2))).toEqual({ kind: 'accept' });
    expect(kernel.store.read.prepare('SELECT interval, import_delta_wh AS wh FROM reading ORDER BY interval').all()).toEqual([
      { interval: INTERVAL, wh: null },
      { interval: INTERVAL + 1, wh: null },
      { interval: INTERVAL + 2, wh: 200 },
    ]);
    expect(send(meter.deviceId, 'reading', meter.reading(INTERVAL + 3, 5_200, 0, 10)).kind).toBe('discard');
  });

  it('says so when the meter shows another key than the chain has', () => {
    metering.takeChainKey(meter.meterId, testMeter(plant, 'church-2', 99).key.publicKey);
    expect(kernel.raised).toContain(`meter.keyChanged@${meter.deviceId}`);
  });

  it('refuses keys of low order and numbers that belong to another meter', () => {
    const low = JSON.stringify({ ...JSON.parse(other.identity()), ax: '0', ay: '1' });
    expect(send(other.deviceId, 'identity', low).kind).toBe('discard');
    expect(send(other.deviceId, 'identity', meter.identity()).kind).toBe('discard');
    expect(metering.keys()).toHaveLength(1);
  });

  it('knows its keys again after a restart', async () => {
    const again = createMeteringService(kernel, { broker: { onPublish: () => () => {} }, marketClock: { plantNowMs: () => 0 } });
    await again.start();
    expect(again.keyOf(meter.meterId)?.publicKey).toEqual(meter.key.publicKey);
  });
});
