/** The Settle circuit for 16 members: constraints by part, time for the development key, time and memory of a proof of a trading round. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileCircuit } from '../circuits/compile.ts';
import { settleRound } from '../src/domain/settlement/settle-round.ts';
import { baselineRound, onlyBatch, tradingRound } from '../src/domain/settlement/testing/community.ts';
import { cacheDir } from '../src/main/host/paths.ts';
import { readArtifacts } from '../src/main/proof/artifacts.ts';
import { createProver } from '../src/main/proof/prover.ts';
import { type Benchmark, quantile } from './harness.ts';

const MEMBERS = 16;
const LEVELS = 4;
const PROOFS = 3;

/** Templates of the statement, how often they stand in it, and per what. */
const PARTS = [
  { name: 'reading signature', file: 'lib/reading.circom', call: 'SignedReading()', times: MEMBERS },
  { name: 'one tree', file: 'lib/tree.circom', call: `DenseRoot(${LEVELS})`, times: 4 },
  { name: 'market', file: 'lib/market.circom', call: `Market(${MEMBERS}, ${LEVELS}, 0)`, times: 1 },
  { name: 'delivery', file: 'lib/account.circom', call: 'Delivery()', times: MEMBERS },
  { name: 'payment', file: 'lib/account.circom', call: 'Payment()', times: MEMBERS },
  { name: 'account', file: 'lib/account.circom', call: 'Account()', times: MEMBERS },
  { name: 'deposits and withdrawals', file: 'lib/account.circom', call: `Flows(${MEMBERS}, 3)`, times: 1 },
] as const;

const printParts = async (say: (line: string) => void): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), 'busbar-parts-'));
  try {
    for (const part of PARTS) {
      const source = `pragma circom 2.1.6;\ninclude "${part.file}";\ncomponent main = ${part.call};\n`;
      const { constraints } = await compileCircuit({ name: 'part', entry: part.file, source, publicSignals: [] }, directory);
      say(
        `${part.name}: ${constraints} × ${part.times} = ${constraints * part.times}, ${Math.round((constraints * part.times) / MEMBERS)} a member`,
      );
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

export const run = async (say: (line: string) => void): Promise<Benchmark> => {
  const circuits = join(cacheDir, 'circuits');
  const prover = createProver({ cacheDir: circuits, layout: { batchMembers: MEMBERS, parts: 1 } });
  try {
    await prover.prepare((_fraction, text) => say(text));
    const artifacts = readArtifacts(circuits, `settle-${MEMBERS}`);
    if (artifacts === null) throw new Error('the circuit was built but is not in the cache');
    await printParts(say);
    const base = settleRound(baselineRound(MEMBERS, 100n));
    if (base.kind !== 'settled') throw new Error(base.detail);
    const seconds: number[] = [];
    let peakMemoryMb = 0;
    for (let k = 0; k < PROOFS; k++) {
      const round = settleRound(tradingRound(base.newState, MEMBERS, 101n, k + 1));
      if (round.kind !== 'settled') throw new Error(round.detail);
      const proven = await prover.prove('settle', onlyBatch(round).witnessInput);
      seconds.push(proven.proveMs / 1000);
      peakMemoryMb = Math.max(peakMemoryMb, proven.peakMemoryMb);
      say(`proof ${k + 1}: ${(proven.proveMs / 1000).toFixed(1)} s`);
    }
    const { constraints, keySeconds } = artifacts.manifest;
    const proveSeconds = quantile(seconds, 0.5);
    return {
      figures: {
        members: MEMBERS,
        constraints,
        constraintsPerMember: constraints / MEMBERS,
        proveSeconds,
        proveSecondsPerMember: proveSeconds / MEMBERS,
        peakMemoryMb,
        keySeconds,
      },
    };
  } finally {
    await prover.close();
  }
};
