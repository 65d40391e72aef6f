/** Real proofs of one circuit by the engine's prover process, and its key for the deployment. The circuit is built if it is not in the cache. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WitnessInput } from '../../src/domain/settlement/witness.ts';
import { entryFile } from '../../src/main/host/entries.ts';
import { forkProcess } from '../../src/main/host/fork.ts';
import { cacheDir, rootDir, scriptNode } from '../../src/main/host/paths.ts';
import { readArtifacts } from '../../src/main/proof/artifacts.ts';
import { type ProverReply, proofCalldata } from '../../src/main/proof/types.ts';
import type { CircuitKey } from '../deploy/deploy.ts';

export interface CircuitProof {
  /** eight words, as the contract takes them */
  readonly calldata: readonly string[];
  readonly proveMs: number;
  readonly peakMemoryMb: number;
}

export interface CircuitProver {
  readonly key: CircuitKey;
  prove(input: WitnessInput): Promise<CircuitProof>;
  close(): void;
}

const build = (name: string, circuits: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const script = join(rootDir, 'circuits', 'build.ts');
    const child = spawn(scriptNode, [script, '--circuit', name, '--cache-dir', circuits], { stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`circuit ${name} was not built: the tool ended with ${code}`)),
    );
  });

/** @param name settle-16, admit-2x2 … */
export const openCircuitProver = async (name: string): Promise<CircuitProver> => {
  const circuits = join(cacheDir, 'circuits');
  await build(name, circuits);
  const artifacts = readArtifacts(circuits, name);
  if (artifacts === null) throw new Error(`circuit ${name} is not in ${circuits}`);
  const { manifest, wasmPath, zkeyPath, verificationKeyPath } = artifacts;
  const child = forkProcess(entryFile('prover'), {});
  const waiting = new Map<number, { resolve(proof: CircuitProof): void; reject(cause: Error): void }>();
  child.onMessage((message) => {
    const reply = message as ProverReply;
    const asked = waiting.get(reply.id);
    if (reply.kind === 'progress' || asked === undefined) return;
    waiting.delete(reply.id);
    if (reply.kind === 'proved')
      asked.resolve({ calldata: proofCalldata(reply.proof).flat, proveMs: reply.proveMs, peakMemoryMb: reply.peakMemoryMb });
    else asked.reject(new Error(reply.kind === 'failed' ? reply.message : `the prover answered ${reply.kind}`));
  });
  child.onExit((code) => {
    for (const { reject } of waiting.values()) reject(new Error(`the prover of ${name} ended with ${code}`));
    waiting.clear();
  });
  let last = 0;
  return {
    key: { verificationKey: JSON.parse(readFileSync(verificationKeyPath, 'utf8')), keyOrigin: manifest.keyOrigin },
    prove: (input) =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve, reject });
        child.send({ kind: 'prove', id: last, wasmPath, zkeyPath, verificationKeyPath, input });
      }),
    close: () => child.kill('SIGKILL'),
  };
};
