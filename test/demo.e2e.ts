/** The whole chain of the main job without screens: `busbar demo` from first reading to certificates, and every figure adds up. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ownProcesses } from './support/own-processes.ts';

const root = join(import.meta.dirname, '..');
const INTERVALS = 2;

interface Demo {
  schema: string;
  intervals: number;
  readings: { accepted: number; refused: number };
  orders: number;
  energyWh: { traded: number; metered: number; imbalance: number };
  proofs: { made: number; verified: number };
  settlements: { interval: number; batch: number; transaction: string; block: number; status: string }[];
  certificates: { count: number; energyWh: number; renewableExportWh: number };
  money: { sum: number };
  chain: { id: number; client: string };
  problems: string[];
}

const run = (args: string[]): Promise<{ code: number | null; out: string; err: string; pid: number }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'cli', 'main.ts'), ...args]);
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.on('close', (code) => resolve({ code, out, err, pid: child.pid ?? 0 }));
  });

it(`settles ${INTERVALS} market intervals and adds up`, { timeout: 600_000 }, async () => {
  const before = ownProcesses();
  const { code, out, err } = await run(['demo', '--intervals', String(INTERVALS), '--json']);
  const demo = JSON.parse(out) as Demo;
  expect(demo.problems, err).toEqual([]);
  expect(code).toBe(0);
  expect(demo.schema).toBe('demo/1');
  expect(demo.intervals).toBeGreaterThanOrEqual(INTERVALS);
  expect(demo.readings.accepted).toBeGreaterThanOrEqual(16 * INTERVALS);
  expect(demo.readings.refused).toBe(0);
  expect(demo.orders).toBeGreaterThan(0);
  expect(demo.money.sum).toBe(0);
  expect(demo.energyWh.metered).toBeGreaterThan(0);
  expect(demo.certificates.energyWh).toBe(demo.certificates.renewableExportWh);
  expect(demo.proofs.made).toBe(demo.settlements.length);
  expect(demo.proofs.verified).toBe(demo.proofs.made);
  expect(demo.chain.id).toBe(31337);
  expect(demo.chain.client).toMatch(/anvil/i);

  // Each interval once, in order, one batch after the other, each in a block of its own or a later one.
  const intervals = demo.settlements.map((s) => s.interval);
  expect(intervals).toEqual([...new Set(intervals)].sort((a, b) => a - b));
  expect(intervals.length).toBeGreaterThanOrEqual(INTERVALS);
  const batches = demo.settlements.map((s) => s.batch);
  expect(batches).toEqual(batches.map((_, i) => (batches[0] ?? 0) + i));
  for (const settlement of demo.settlements) {
    expect(settlement.transaction).toMatch(/^0x[0-9a-f]{64}$/);
    expect(settlement.block).toBeGreaterThan(0);
    expect(settlement.status).toBe('confirmed');
  }
  expect(new Set(demo.settlements.map((s) => s.transaction)).size).toBe(demo.settlements.length);
  expect(
    ownProcesses().filter((p) => !before.some((b) => b.pid === p.pid)),
    'processes left behind',
  ).toEqual([]);
});

it('refuses nonsense with exit code 2', async () => {
  for (const args of [
    ['--intervals', '0'],
    ['--intervals', 'many'],
    ['--interval', '1'],
  ]) {
    const { code } = await run(['demo', ...args]);
    expect(code, args.join(' ')).toBe(2);
  }
});
