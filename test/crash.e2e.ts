/**
 * Kills the engine (and with it the broker), now and then the chain node too, with SIGKILL at twenty random moments and starts it again:
 * no accepted reading is lost, no interval is settled twice, and what the chain forgot is sent again. The seed is printed; set BUSBAR_SEED to repeat it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { newDataDir, type RunningConsole, removeDataDir, startConsole } from './support/console-process.ts';
import { ownProcesses } from './support/own-processes.ts';
import { plantTruth } from './support/plant-truth.ts';

const KILLS = 20;
const seed = Number(process.env.BUSBAR_SEED ?? Date.now() % 1_000_000_007);

/** mulberry32: small, seeded, good enough to choose moments. */
function random(state: number): () => number {
  let a = state >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
const sleep = (ms: number) => new Promise((r) => setTimeout(r, ms));

interface Held {
  readings: Map<number, { lowest: number; highest: number; count: number }>;
  settled: number[];
  open: number[];
  waiting: number;
  integrity: string;
  problems: string[];
}
function look(dataDir: string): Held {
  const db = new Database(join(dataDir, 'console.sqlite'), { readonly: true });
  try {
    const readings = new Map(
      (
        db
          .prepare('SELECT meter_id AS m, min(sequence) AS low, max(sequence) AS high, count(*) AS n FROM reading GROUP BY meter_id')
          .all() as { m: number; low: number; high: number; n: number }[]
      ).map((r) => [r.m, { lowest: r.low, highest: r.high, count: r.n }]),
    );
    const rounds = db.prepare('SELECT interval, state FROM round ORDER BY interval').all() as { interval: number; state: string }[];
    const waiting = (db.prepare("SELECT count(*) AS n FROM outbox WHERE state NOT IN ('final')").get() as { n: number }).n;
    const problems = (
      db.prepare("SELECT id || ': ' || coalesce(last_error, '') AS text FROM outbox WHERE state = 'failed'").all() as { text: string }[]
    ).map((r) => r.text);
    return {
      readings,
      settled: rounds.filter((r) => r.state === 'settled').map((r) => r.interval),
      open: rounds.filter((r) => r.state !== 'settled' && r.state !== 'failed').map((r) => r.interval),
      waiting,
      integrity: db.pragma('quick_check(1)', { simple: true }) as string,
      problems,
    };
  } finally {
    db.close();
  }
}

/** Meter ids by device, from the plant file. */
const plant = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'plant', 'plants', 'rural1.json'), 'utf8')) as {
  devices: { id: string; meter?: { meterId: number } }[];
};
const meterIds = new Map(plant.devices.filter((d) => d.meter).map((d) => [d.id, d.meter?.meterId ?? 0]));

/** The chain node is a child of the engine. */
function killChain(engine: number): boolean {
  const node = ownProcesses().find((p) => p.parent === engine && /anvil/.test(p.command));
  if (!node) return false;
  process.kill(node.pid, 'SIGKILL');
  return true;
}

it(`loses nothing and does nothing twice through ${KILLS} kills (seed ${seed})`, { timeout: 2_000_000 }, async () => {
  process.stdout.write(`crash test: seed ${seed} (set BUSBAR_SEED=${seed} to repeat)\n`);
  const next = random(seed);
  const dataDir = newDataDir();
  let busbar: RunningConsole | null = null;
  let chainKills = 0;
  /** What the meters had acknowledged just before each kill: it must be in the store for ever after. */
  const acknowledged = new Map<string, number>();
  try {
    for (let i = 0; i < KILLS; i++) {
      busbar = await startConsole({ dataDir, speed: 30 });
      await sleep(500 + next() * 6000);
      const truth = await plantTruth(dataDir).catch(() => null);
      for (const [device, meter] of Object.entries(truth?.meters ?? {}))
        acknowledged.set(device, Math.max(acknowledged.get(device) ?? 0, meter.sequence - meter.pendingReadings));
      if (next() < 0.4 && killChain(busbar.child.pid ?? 0)) chainKills++;
      await busbar.kill();
      busbar = null;
      // The plant outlives its console on purpose; it must be one plant, found again, not one more at each start.
      expect(ownProcesses(dataDir).filter((p) => /plant/.test(p.command)).length, 'plants').toBeLessThanOrEqual(1);
      const held = look(dataDir);
      expect(held.integrity).toBe('ok');
      for (const [device, sequence] of acknowledged) {
        const meter = held.readings.get(meterIds.get(device) ?? -1);
        if (sequence === 0) continue;
        expect(meter?.highest ?? 0, `${device} after kill ${i + 1}`).toBeGreaterThanOrEqual(sequence);
        expect(meter?.count, `${device} after kill ${i + 1}: a gap in the sequence`).toBe((meter?.highest ?? 0) - (meter?.lowest ?? 1) + 1);
      }
    }
    expect(chainKills).toBeGreaterThan(0);

    // Left alone, everything that was open settles, once.
    busbar = await startConsole({ dataDir, speed: 45 });
    const target = Math.max(...look(dataDir).open, ...look(dataDir).settled);
    await expect.poll(() => look(dataDir).open.filter((n) => n <= target), { timeout: 900_000, interval: 2000 }).toEqual([]);
    await expect.poll(() => look(dataDir).settled.length, { timeout: 300_000, interval: 2000 }).toBeGreaterThan(0);
    const held = look(dataDir);
    expect(held.problems).toEqual([]);
    expect(new Set(held.settled).size).toBe(held.settled.length);

    const onChain = await settledOnChain(dataDir);
    expect(new Set(onChain).size, 'an interval settled twice on the chain').toBe(onChain.length);
    expect(
      held.settled.filter((n) => !onChain.includes(n)),
      'settled here, but unknown to the chain',
    ).toEqual([]);
    process.stdout.write(
      `crash test: ${KILLS} kills of the engine, ${chainKills} of the chain node with it; ${onChain.length} intervals settled, ${[...held.readings.values()].reduce((n, m) => n + m.count, 0)} readings held\n`,
    );
    await busbar.stop();
    busbar = null;
    await expect.poll(() => ownProcesses(dataDir).map((p) => p.command), { timeout: 15_000 }).toEqual([]);
  } finally {
    await busbar?.stop();
    removeDataDir(dataDir);
  }
});

/** Intervals of all Settled events, straight from the chain node. */
async function settledOnChain(dataDir: string): Promise<number[]> {
  const { JsonRpcProvider, Contract } = await import('ethers');
  const url = `http://127.0.0.1:${readFileSync(join(dataDir, 'chain', 'port'), 'utf8').trim()}`;
  const manifest = JSON.parse(readFileSync(join(dataDir, 'chain', 'manifest.json'), 'utf8')) as {
    contracts: { Settlement: { address: string } };
  };
  const { loadArtifacts } = await import('../contracts/deploy/artifacts.ts');
  const { buildContracts } = await import('../contracts/build.ts');
  const artifacts = loadArtifacts((await buildContracts({})).dir) as unknown as Record<string, { abi: [] }> & {
    get?: (name: string) => { abi: [] };
  };
  const abi = artifacts.get ? artifacts.get('Settlement').abi : artifacts.Settlement?.abi;
  const provider = new JsonRpcProvider(url);
  try {
    const settlement = new Contract(manifest.contracts.Settlement.address, abi ?? [], provider);
    const events = await settlement.queryFilter('Settled', 0);
    return events.map((e) => Number(('args' in e ? e.args : [])[0]));
  } finally {
    provider.destroy();
  }
}
