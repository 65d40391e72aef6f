import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Caller, CallOutput } from '../../shared/contract/contract.ts';
import { createExchange, type Exchange } from '../exchange.ts';
import { testKernel } from '../settlement/testing/test-kernel.ts';
import { testMeter, testPlant } from '../settlement/testing/test-plant.ts';

const nobody: Caller = { sessionId: 't', person: null };
const plant = testPlant();
let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-one-path-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const withExchange = async (work: (exchange: Exchange, kernel: ReturnType<typeof testKernel>) => Promise<void>): Promise<void> => {
  const kernel = testKernel({ dataDir, plant });
  const exchange = createExchange(kernel, { speed: 1 });
  try {
    await work(exchange, kernel);
  } finally {
    kernel.store.close();
  }
};
const blocked = async (exchange: Exchange): Promise<string | null> =>
  ((await exchange.market.handlers?.['market.now']?.({}, nobody)) as CallOutput<'market.now'> | undefined)?.blocked ?? null;

describe('a meter’s one path', () => {
  it('keeps a public meter out of rounds: it is nobody’s who trades', async () => {
    await withExchange(async (exchange) => {
      const known = await exchange.participants.handlers?.['participants.list']?.({}, nobody);
      expect(known?.map((p) => p.meter)).not.toContain('meter-carport');
      await expect((async () => exchange.wallet.get('carport'))()).rejects.toThrow(/no member carport that trades/);
      expect(exchange.publicMeters.meters.map((m) => m.deviceId)).toEqual(['meter-carport']);
    });
  });

  it('opens no round when a meter that was public once is said to settle, and says what to do', async () => {
    await withExchange(async (exchange, kernel) => {
      await exchange.metering.start();
      const meter = testMeter(plant, 'church-2');
      exchange.metering.take({ topic: `busbar/meters/${meter.deviceId}/identity`, payload: Buffer.from(meter.identity()) });
      expect(await blocked(exchange)).not.toMatch(/public or private for good/);
      kernel.store.write((db) => db.prepare("INSERT INTO meter_account VALUES (?, ?, '0x1', 'ab', 1)").run(meter.meterId, meter.deviceId));
      expect(await blocked(exchange)).toMatch(/Meter Nr. 2, Church Street was a public meter.*public or private for good/);
      await exchange.metering.stop();
    });
  });
});
