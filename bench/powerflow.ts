/**
 * Power flow from a flat start on a prepared network: the 533-bus feeder of a Swedish utility, and a radial network of 10,000 buses.
 *
 * Peer for `ratio`: the same method as textbooks write it, Newton with a dense Jacobian and Gaussian elimination, on the 533 buses.
 * `sweepRatio` is measured against a backward/forward sweep on the 10,000 buses: cheaper per step, but it knows neither loops nor more
 * than one source. Both peers are in `peers/` and run to the same mismatch.
 */
import { readFileSync } from 'node:fs';
import { parseFeederCase } from '../src/domain/grid/feeder-case.ts';
import { type Network, networkFromCase } from '../src/domain/grid/network.ts';
import { createPowerFlow } from '../src/domain/grid/power-flow.ts';
import { randomNetwork } from '../src/domain/grid/testing-network.ts';
import { type Benchmark, medianMs } from './harness.ts';
import { createSweep } from './peers/backward-forward-sweep.ts';
import { denseNewton } from './peers/dense-newton.ts';

const loadFeeder = (name: string): Network => {
  const parsed = parseFeederCase(JSON.parse(readFileSync(new URL(`../src/domain/grid/fixtures/${name}.json`, import.meta.url), 'utf8')));
  if (parsed.kind === 'refused') throw new Error(parsed.problems.join('; '));
  return networkFromCase(parsed.feederCase);
};

export const run = (say: (line: string) => void): Benchmark => {
  const utility = loadFeeder('case533mt_hi');
  const utilityFlow = createPowerFlow(utility);
  const fromFlat = (flow: ReturnType<typeof createPowerFlow>) => {
    flow.forget();
    return flow.solve();
  };
  const bus533Ms = medianMs(() => fromFlat(utilityFlow));
  const bus533FirstMs = medianMs(() => createPowerFlow(utility).solve());

  const radial = randomNetwork({
    buses: 10_000,
    extraBranches: 0,
    seed: 7,
    reach: 50,
    loadW: 1e6,
    impedancePu: 6e-4,
    tapShare: 0,
    chargingPu: 0,
    capacitorPu: 0,
  });
  const radialFlow = createPowerFlow(radial);
  const radial10000Ms = medianMs(() => fromFlat(radialFlow));
  const radialFirstMs = medianMs(() => createPowerFlow(radial).solve());
  let turn = 0;
  const radialStepMs = medianMs(() => {
    turn += 1;
    radialFlow.setBusPower(1 + (turn % 9000), 100 + (turn % 50), 10);
    return radialFlow.solve();
  });

  const ours = fromFlat(createPowerFlow(radial));
  const sweep = createSweep(radial, 1e-12);
  const sweepMs = medianMs(() => sweep.solve());
  const { vm, iterations } = sweep.solve();
  const difference = vm.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (ours.vmPu[i] as number))), 0);
  say(
    `radial, 10,000 buses: lowest voltage ${Math.min(...vm).toFixed(4)} pu; ours ${ours.iterations} steps, sweep ${iterations}; they differ by ${difference.toExponential(1)} pu`,
  );

  const denseMs = medianMs(() => denseNewton(utility, 1e-10), { warmups: 0, minRuns: 2, minTimeMs: 0 });
  const dense = denseNewton(utility, 1e-10);
  const own = fromFlat(utilityFlow);
  const apart = dense.vm.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (own.vmPu[i] as number))), 0);
  say(`533 buses: dense Newton ${denseMs.toFixed(0)} ms in ${dense.iterations} steps; they differ by ${apart.toExponential(1)} pu`);
  return {
    figures: {
      bus533Ms,
      bus533FirstMs,
      radial10000Ms,
      radial10000FirstMs: radialFirstMs,
      radial10000AfterOneChangeMs: radialStepMs,
      sweepRatio: sweepMs / radial10000Ms,
    },
    peer: 'textbook Newton with a dense Jacobian, the 533-bus feeder, flat start',
    ratio: denseMs / bus533Ms,
  };
};
