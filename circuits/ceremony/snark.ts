// SPDX-License-Identifier: GPL-3.0-only
/**
 * snarkjs's phase 2 with two habits mended: it reports some failures only to its logger or to the console and returns a number, which becomes
 * a refusal here; and it is silent for minutes, which becomes progress.
 */
import { powersOfTau, zKey } from 'snarkjs';
import type { Progress } from '../keys/make-keys.ts';
import { CeremonyRefusal } from './refusal.ts';

/** Rough share of the time at which a line of snarkjs begins and ends. */
type Stages = readonly (readonly [match: string, from: number, to: number, text: string])[];

const NEW_KEY: Stages = [
  ['processing constraints', 0, 0.02, 'reading constraints'],
  ['writing coeffs', 0.02, 0.05, 'writing coefficients'],
  ['Writing points start IC', 0.05, 0.06, 'points of the public signals'],
  ['splitting buffer', 0.06, 0.07, 'points H'],
  ['HashingHPoints', 0.07, 0.1, 'hashing points H'],
  ['Writing points start C', 0.1, 0.5, 'points C'],
  ['Writing points start A', 0.5, 0.65, 'points A'],
  ['Writing points start B1', 0.65, 0.75, 'points B in G1'],
  ['Writing points start B2', 0.75, 1, 'points B in G2'],
];
const CONTRIBUTE: Stages = [
  ['Applying key: L Section', 0.05, 0.5, 'points C'],
  ['Applying key: H Section', 0.5, 0.95, 'points H'],
];
const VERIFY: Stages = [
  ['Same ratio check L', 0.1, 0.45, 'comparing points C'],
  ['H Verification(tau)', 0.45, 0.75, 'comparing points H with the powers of tau'],
  ['H Verification(lagrange)', 0.75, 1, 'comparing points H'],
];
const VERIFY_PTAU: Stages = [
  ['Computing initial contribution hash', 0, 0.4, 'hashing the beginning'],
  ['Verifying powers in tau*G1', 0.4, 0.45, 'powers in G1'],
  ['Verifying powers in tau*G2', 0.45, 0.5, 'powers in G2'],
  ['Verifying powers in alpha', 0.5, 0.55, 'alpha powers'],
  ['Verifying powers in beta', 0.55, 0.6, 'beta powers'],
  ['Verifying phase2 calculated values tauG1', 0.6, 0.7, 'prepared values'],
  ['Verifying phase2 calculated values tauG2', 0.7, 0.8, 'prepared values'],
  ['Verifying phase2 calculated values alpha', 0.8, 0.9, 'prepared values'],
  ['Verifying phase2 calculated values beta', 0.9, 1, 'prepared values'],
];

/** Runs `work` with a logger. What snarkjs complained of is the cause of the refusal when `isGood` says no or it throws. */
async function guarded<T>(
  stages: Stages,
  onProgress: Progress,
  work: (logger: unknown) => Promise<T>,
  isGood: (result: T) => boolean,
  sentence: string,
): Promise<T> {
  let reached = 0;
  let complaint = '';
  const seen = (line: string): void => {
    const stage = stages.find(([match]) => line.includes(match));
    if (stage === undefined) return;
    const share = /(\d+)\/(\d+)/.exec(line);
    const fraction = stage[1] + (stage[2] - stage[1]) * (share === null ? 0 : Number(share[1]) / Math.max(1, Number(share[2])));
    if (fraction < reached) return;
    reached = fraction;
    onProgress(fraction, stage[3]);
  };
  const complain = (line: string): void => {
    complaint = line.trim();
  };
  // snarkjs prints what is invalid about a contribution on the console, where our result belongs.
  const print = console.log;
  console.log = (...parts: unknown[]) => complain(parts.map(String).join(' '));
  let result: T;
  try {
    result = await work({ debug: seen, info: seen, warn: seen, error: complain });
  } catch (cause) {
    throw new CeremonyRefusal(`${sentence} (${complaint || (cause instanceof Error ? cause.message : String(cause))})`, { cause });
  } finally {
    console.log = print;
  }
  if (!isGood(result)) throw new CeremonyRefusal(complaint === '' ? sentence : `${sentence} (${complaint})`);
  return result;
}

const isHash = (result: unknown): boolean => result instanceof Uint8Array;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The key before any contribution; the same bytes from the same circuit and powers of tau everywhere. Returns the circuit's hash. */
export async function newZkey(r1csPath: string, ptauPath: string, zkeyPath: string, onProgress: Progress): Promise<string> {
  const work = (logger: unknown) => zKey.newZKey(r1csPath, ptauPath, zkeyPath, logger);
  const hash = await guarded(
    NEW_KEY,
    onProgress,
    work,
    isHash,
    'The key without contributions could not be made from these powers of tau.',
  );
  return hex(hash as Uint8Array);
}

export async function contribute(from: string, to: string, name: string, entropy: string, onProgress: Progress): Promise<string> {
  const work = (logger: unknown) => zKey.contribute(from, to, name, entropy, logger);
  return hex(await guarded(CONTRIBUTE, onProgress, work, isHash, 'The contribution could not be made.'));
}

export async function applyBeacon(from: string, to: string, value: string, iterationsExp: number, onProgress: Progress): Promise<string> {
  const work = (logger: unknown) => zKey.beacon(from, to, 'beacon', value, iterationsExp, logger);
  return hex(await guarded(CONTRIBUTE, onProgress, work, isHash, 'The beacon could not be applied.'));
}

/** Refuses unless every contribution in `zkeyPath` follows from `initPath` and nothing but delta has changed. */
export async function verifyFromInit(initPath: string, ptauPath: string, zkeyPath: string, onProgress: Progress): Promise<void> {
  const work = (logger: unknown) => zKey.verifyFromInit(initPath, ptauPath, zkeyPath, logger);
  const sentence =
    'The contributions do not follow from the circuit and the powers of tau: somebody changed the key otherwise than by contributing. Do not use it; find the last file that verifies and go on from there.';
  await guarded(VERIFY, onProgress, work, (good) => good === true, sentence);
}

export async function verifyPtau(ptauPath: string, onProgress: Progress): Promise<void> {
  const work = (logger: unknown) => powersOfTau.verify(ptauPath, logger);
  const sentence = 'The powers of tau do not follow from their contributions. Do not use this file.';
  await guarded(VERIFY_PTAU, onProgress, work, (good) => good === true, sentence);
}

export const exportVerificationKey = (zkeyPath: string): Promise<Record<string, unknown>> => zKey.exportVerificationKey(zkeyPath);
