/** CPU of the engine process with the default plant, and how late its control cycles begin, at rest and while a proof is made. */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Benchmark, quantile } from './harness.ts';

const SPEED = 30;
const MEASURE_MS = 150_000;

interface Sample {
  type: 'sample';
  cpuMs: number;
  wallMs: number;
  proving: boolean;
  beats: { jitterMs: number; proving: boolean }[];
}

export const run = async (say: (line: string) => void): Promise<Benchmark> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'busbar-bench-cycle-'));
  const child = fork(join(import.meta.dirname, 'cycle-engine.ts'), [dataDir, String(SPEED)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const samples: Sample[] = [];
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error('the engine ended at once')));
      child.on('message', (message: Sample | { type: 'ready' }) => {
        if (message.type === 'ready') resolve();
        if (message.type === 'sample') samples.push(message);
      });
    });
    say(`engine started; measuring for ${MEASURE_MS / 1000} s at speed ${SPEED}`);
    // The start itself (deployment, first tables, compiling) is not the steady state.
    await new Promise((r) => setTimeout(r, 30_000));
    samples.length = 0;
    await new Promise((r) => setTimeout(r, MEASURE_MS));
  } finally {
    if (child.connected) child.send({ type: 'stop' });
    const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await exited;
    clearTimeout(late);
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
  const idle = samples.filter((s) => !s.proving);
  const sum = (of: readonly Sample[], pick: (s: Sample) => number) => of.reduce((n, s) => n + pick(s), 0);
  const percent = (of: readonly Sample[]) => (100 * sum(of, (s) => s.cpuMs)) / sum(of, (s) => s.wallMs);
  const beats = samples.flatMap((s) => s.beats);
  const proving = beats.filter((b) => b.proving).map((b) => b.jitterMs);
  const quiet = beats.filter((b) => !b.proving).map((b) => b.jitterMs);
  say(`${quiet.length} cycles at rest, ${proving.length} while proving; CPU ${percent(idle).toFixed(1)} % outside proving`);
  return {
    figures: {
      cpuPercentOfOneCore: percent(idle),
      cpuPercentOfOneCoreWithProofs: percent(samples),
      jitterP99Ms: quantile(quiet, 0.99),
      jitterP99WhileProvingMs: quantile(proving, 0.99),
      jitterMaxMs: Math.max(...beats.map((b) => b.jitterMs)),
      cycles: beats.length,
      cyclesWhileProving: proving.length,
    },
  };
};
