/**
 * `demo --intervals N --json`: plant and engine without screens on a fresh data folder, for N market intervals from first reading to certificates,
 * then a summary (demo/1). Exit code 1 if anything is missing or does not add up.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createConsole } from '../../src/main/composition.ts';
import { defaultPlantFile } from '../../src/main/host/paths.ts';
import { Fault } from '../../src/shared/errors.ts';
import { type Answer, type Log, refusal } from '../command.ts';

/** Fast, yet with time to bind orders: an interval lasts 30 s of wall time, and longer if the two proofs of a round do. */
const SPEED = 30;
const START_WITHIN_MS = 180_000;
/** Two proofs, on a machine that has other work. */
const INTERVAL_WITHIN_MS = 150_000;

export async function run(args: readonly string[], log: Log): Promise<Answer> {
  let options: { intervals: string; json: boolean; plant?: string; data?: string };
  try {
    options = parseArgs({
      args: [...args],
      options: {
        intervals: { type: 'string', default: '4' },
        json: { type: 'boolean', default: false },
        plant: { type: 'string' },
        data: { type: 'string' },
      },
    }).values as typeof options;
  } catch (error) {
    return refusal(2, 'demo', [(error as Error).message]);
  }
  const intervals = Number(options.intervals);
  if (!Number.isInteger(intervals) || intervals < 1 || intervals > 1000)
    return refusal(2, 'demo', [`--intervals takes a whole number from 1 to 1000, not "${options.intervals}"`]);

  const dataDir = options.data ? resolve(options.data) : mkdtempSync(join(tmpdir(), 'busbar-demo-'));
  let busbar: Awaited<ReturnType<typeof createConsole>> | null = null;
  try {
    busbar = await createConsole({
      plantFile: resolve(options.plant ?? defaultPlantFile),
      dataDir,
      host: 'headless',
      speed: SPEED,
      onProgress: (fraction, text) => log(`${String(Math.round(fraction * 100)).padStart(3)} %  ${text}`),
    });
    const engine = busbar;
    const settled = () =>
      (
        engine.kernel.store.read.prepare("SELECT count(*) AS n FROM round WHERE state = 'settled' AND kind = 'market'").get() as {
          n: number;
        }
      ).n;
    const failed = () =>
      (engine.kernel.store.read.prepare("SELECT count(*) AS n FROM round WHERE state = 'failed'").get() as { n: number }).n;
    const begin = Date.now();
    let seen = 0;
    const allowedMs = START_WITHIN_MS + intervals * INTERVAL_WITHIN_MS;
    while (settled() < intervals && failed() === 0 && Date.now() - begin < allowedMs) {
      await new Promise((r) => setTimeout(r, 500));
      if (settled() > seen) {
        seen = settled();
        log(`interval ${seen} of ${intervals} settled after ${((Date.now() - begin) / 1000).toFixed(0)} s`);
      }
    }
    // Certificates of the last round are issued in the same step as its receipt; give the outbox a moment to say so.
    await new Promise((r) => setTimeout(r, 3000));
    const summary = await engine.exchange.demoSummary(intervals);
    const problems =
      settled() < intervals
        ? [`only ${settled()} of ${intervals} intervals settled within ${Math.round(allowedMs / 1000)} s`, ...summary.problems]
        : summary.problems;
    return { exitCode: problems.length === 0 ? 0 : 1, document: { ...summary, problems } };
  } catch (error) {
    if (error instanceof Fault) return refusal(1, 'demo', [error.message]);
    throw error;
  } finally {
    await busbar?.stop();
    if (!options.data) rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
}
