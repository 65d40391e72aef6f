/**
 * The circuits for 16 members: constraints of Settle by part, and of Admit apart; time for the development keys; time and memory of proofs of trading
 * rounds and of an admission in which every member signs anew.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileCircuit } from '../circuits/compile.ts';
import { admitRound } from '../src/domain/settlement/admit-round.ts';
import type { BatchLayout } from '../src/domain/settlement/limits.ts';
import { emptyBook } from '../src/domain/settlement/order-book.ts';
import { settleRound } from '../src/domain/settlement/settle-round.ts';
import {
  baselineRound,
  onlyBatch,
  order,
  signedOrder,
  TEST_DOMAIN,
  testMeter,
  testSalts,
  tradingRound,
} from '../src/domain/settlement/testing/community.ts';
import type { WitnessInput } from '../src/domain/settlement/witness.ts';
import { cacheDir } from '../src/main/host/paths.ts';
import { readArtifacts } from '../src/main/proof/artifacts.ts';
import { createProver, type Prover } from '../src/main/proof/prover.ts';
import type { Statement } from '../src/main/proof/types.ts';
import { type Benchmark, quantile } from './harness.ts';

const MEMBERS = 16;
const LEVELS = 4;
const PROOFS = 3;
const LAYOUT: BatchLayout = { batchMembers: MEMBERS, parts: 1 };

/** Templates of the statements and how often they stand in them; `within`: counted in another one already. */
const PARTS = [
  { name: 'Settle: reading signature', file: 'lib/reading.circom', call: 'SignedReading()', times: MEMBERS },
  { name: 'Settle: one tree', file: 'lib/tree.circom', call: `DenseRoot(${LEVELS})`, times: 4 },
  { name: 'Settle: market', file: 'lib/market.circom', call: `Market(${MEMBERS}, ${LEVELS}, 0)`, times: 1 },
  { name: 'Settle: delivery', file: 'lib/account.circom', call: 'Delivery()', times: MEMBERS },
  { name: 'Settle: payment', file: 'lib/account.circom', call: 'Payment()', times: MEMBERS },
  { name: 'Settle: account', file: 'lib/account.circom', call: 'Account()', times: MEMBERS },
  { name: 'Settle: deposits and withdrawals', file: 'lib/account.circom', call: `Flows(${MEMBERS}, 3)`, times: 1 },
  { name: 'Admit: order signature', file: 'lib/order.circom', call: 'SignedOrder()', times: MEMBERS, within: true },
  { name: 'Admit: order, its signature included', file: 'lib/order.circom', call: 'AdmittedOrder()', times: MEMBERS },
  { name: 'Admit: one tree', file: 'lib/tree.circom', call: `DenseRoot(${LEVELS})`, times: 4 },
] satisfies readonly { name: string; file: string; call: string; times: number; within?: true }[];

const printParts = async (totals: Readonly<Record<string, number>>, say: (line: string) => void): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), 'busbar-parts-'));
  try {
    const rest = { ...totals };
    for (const part of PARTS) {
      const source = `pragma circom 2.1.6;\ninclude "${part.file}";\ncomponent main = ${part.call};\n`;
      const { constraints } = await compileCircuit({ name: 'part', entry: part.file, source, publicSignals: [] }, directory);
      say(
        `${part.name}: ${constraints} × ${part.times} = ${constraints * part.times}, ${Math.round((constraints * part.times) / MEMBERS)} a member`,
      );
      const [statement] = part.name.split(':') as [string];
      if (part.within === undefined) rest[statement] = (rest[statement] ?? Number.NaN) - constraints * part.times;
    }
    for (const [statement, constraints] of Object.entries(rest))
      say(`${statement}: rest (hashes of leaves, flags, ranges, totals) ${constraints}, ${Math.round(constraints / MEMBERS)} a member`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

function tradingRounds(): WitnessInput[] {
  const base = settleRound(baselineRound(MEMBERS, 100n));
  if (base.kind !== 'settled') throw new Error(base.detail);
  return Array.from({ length: PROOFS }, (_, k) => {
    const round = settleRound(tradingRound(base.newState, MEMBERS, 101n, k + 1));
    if (round.kind !== 'settled') throw new Error(round.detail);
    return onlyBatch(round).witnessInput;
  });
}

function admissions(): WitnessInput[] {
  const places = Array.from({ length: MEMBERS }, (_, i) => i);
  return Array.from({ length: PROOFS }, (_, k) => {
    const admission = admitRound({
      layout: LAYOUT,
      domain: TEST_DOMAIN,
      interval: 101n,
      idle: false,
      meters: places.map(testMeter),
      book: emptyBook(MEMBERS),
      orders: places.map((i) => signedOrder(i, order(i % 2 === 0 ? 'buy' : 'sell', 500 + i + k, 15_000))),
      salts: testSalts(MEMBERS, k),
    });
    const [batch] = admission.kind === 'admitted' ? admission.batches : [];
    if (batch === undefined) throw new Error('the admission was refused');
    return batch.witnessInput;
  });
}

/** The same proof by snarkjs alone, in a process of its own. */
function snarkjsSeconds(wasmPath: string, keyPath: string, input: WitnessInput): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('./peers/snarkjs-prove.ts', import.meta.url)), [wasmPath, keyPath]);
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`snarkjs alone ended with ${code}`)));
    child.once('message', ({ seconds }: { seconds: number }) => resolve(seconds));
    child.send(input);
  });
}

async function timeProofs(
  prover: Prover,
  statement: Statement,
  inputs: readonly WitnessInput[],
  say: (line: string) => void,
  peer?: (input: WitnessInput) => Promise<number>,
) {
  const seconds: number[] = [];
  const peerSeconds: number[] = [];
  let peakMemoryMb = 0;
  for (const input of inputs) {
    const proven = await prover.prove(statement, input);
    seconds.push(proven.proveMs / 1000);
    peakMemoryMb = Math.max(peakMemoryMb, proven.peakMemoryMb);
    say(`${statement} ${seconds.length}: ${(proven.proveMs / 1000).toFixed(1)} s`);
    if (peer === undefined) continue;
    const alone = await peer(input);
    peerSeconds.push(alone);
    say(`${statement} ${peerSeconds.length} by snarkjs alone: ${alone.toFixed(1)} s`);
  }
  return { seconds: quantile(seconds, 0.5), peerSeconds: quantile(peerSeconds, 0.5), peakMemoryMb };
}

export const run = async (say: (line: string) => void): Promise<Benchmark> => {
  const circuits = join(cacheDir, 'circuits');
  const prover = createProver({ cacheDir: circuits, layout: LAYOUT });
  try {
    await prover.prepare((_fraction, text) => say(text));
    const [settleFiles, admitFiles] = [readArtifacts(circuits, `settle-${MEMBERS}`), readArtifacts(circuits, `admit-${MEMBERS}`)];
    if (settleFiles === null || admitFiles === null) throw new Error('the circuits were built but are not in the cache');
    await printParts({ Settle: settleFiles.manifest.constraints, Admit: admitFiles.manifest.constraints }, say);
    const settle = await timeProofs(prover, 'settle', tradingRounds(), say, (input) =>
      snarkjsSeconds(settleFiles.wasmPath, settleFiles.zkeyPath, input),
    );
    const admit = await timeProofs(prover, 'admit', admissions(), say);
    const { constraints, keySeconds } = settleFiles.manifest;
    return {
      figures: {
        members: MEMBERS,
        constraints,
        constraintsPerMember: constraints / MEMBERS,
        proveSeconds: settle.seconds,
        snarkjsAloneProveSeconds: settle.peerSeconds,
        proveSecondsPerMember: settle.seconds / MEMBERS,
        peakMemoryMb: Math.max(settle.peakMemoryMb, admit.peakMemoryMb),
        keySeconds,
        admitConstraints: admitFiles.manifest.constraints,
        admitConstraintsPerMember: admitFiles.manifest.constraints / MEMBERS,
        admitProveSeconds: admit.seconds,
        admitKeySeconds: admitFiles.manifest.keySeconds,
      },
      peer: 'snarkjs 0.7 groth16.fullProve, same key and input, on the same cores',
      ratio: settle.peerSeconds / settle.seconds,
    };
  } finally {
    await prover.close();
  }
};
