// SPDX-License-Identifier: GPL-3.0-only
/**
 * The prover: a program of its own, because snarkjs is GPL-3.0, because it needs a process to run its threads, and because it must be possible to
 * kill it at any moment. It runs below normal priority, so that the control cycle never waits for it, and ends when its parent is gone.
 */
import { readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { parentChannel } from '../host/fork.ts';
import type { ProofFailure, ProverReply, ProverRequest } from './types.ts';

// Before snarkjs is loaded: its threads inherit the priority of the thread that starts them.
try {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
} catch {
  // some systems forbid it; the proof is right all the same
}
const { groth16, wtns } = await import('snarkjs');
const { proveGroth16 } = await import('./groth16-prove.ts');

const parent = parentChannel();
if (parent === null) {
  console.error('The prover is started by the console, not by hand.');
  process.exit(2);
}
parent.onGone(() => process.exit(0));
const reply = (message: ProverReply) => parent.send(message);

/** Share of the whole time that the witness takes. */
const WITNESS_SHARE = 0.06;

function fail(id: number, reason: ProofFailure, error: unknown): void {
  reply({ kind: 'failed', id, reason, message: error instanceof Error ? error.message : String(error) });
}

async function prove(request: ProverRequest & { kind: 'prove' }): Promise<void> {
  const { id } = request;
  const start = performance.now();
  const witness: { type: 'mem'; data?: Uint8Array<ArrayBuffer> } = { type: 'mem' };
  reply({ kind: 'progress', id, fraction: 0, text: 'computing the witness' });
  try {
    await wtns.calculate(request.input, request.wasmPath, witness);
  } catch (error) {
    return fail(id, 'witness', error);
  }
  const { proof, publicSignals } = await proveGroth16(request.zkeyPath, witness.data as Uint8Array<ArrayBuffer>, (fraction, text) =>
    reply({ kind: 'progress', id, fraction: WITNESS_SHARE + (0.97 - WITNESS_SHARE) * fraction, text }),
  );
  const proveMs = performance.now() - start;
  reply({ kind: 'progress', id, fraction: 0.97, text: 'checking the proof' });
  // A faulty core or file must show here, not on the chain.
  const valid = await groth16.verify(JSON.parse(readFileSync(request.verificationKeyPath, 'utf8')), publicSignals, proof);
  if (!valid) return fail(id, 'self-check', new Error('the proof does not verify against its own key'));
  const peakMemoryMb = process.resourceUsage().maxRSS / 1024;
  reply({ kind: 'proved', id, proof, publicSignals, proveMs, peakMemoryMb });
}

async function verify(request: ProverRequest & { kind: 'verify' }): Promise<void> {
  const key: unknown = JSON.parse(readFileSync(request.verificationKeyPath, 'utf8'));
  const valid = await groth16.verify(key, request.publicSignals, request.proof).catch(() => false);
  reply({ kind: 'verified', id: request.id, valid });
}

parent.onMessage((message) => {
  const request = message as ProverRequest;
  const work = request.kind === 'prove' ? prove(request) : verify(request);
  work.catch((error: unknown) => fail(request.id, 'internal', error));
});
