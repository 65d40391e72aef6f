// SPDX-License-Identifier: GPL-3.0-only
/**
 * INSECURE DEVELOPMENT KEYS. The set-up secret is derived from a public sentence, so whoever reads this can forge proofs; that is what
 * makes the keys reproducible and quick: with tau known, every polynomial is evaluated in the field and every point is a multiple of the generator.
 * The console refuses these keys on any chain but a development chain. Real keys come from `npm run ceremony`.
 */
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invert, lagrangeAt, modR, R, readLittleEndian, writeLittleEndian } from './field.ts';
import { FIELD_BYTES, type R1cs, readR1cs } from './r1cs.ts';
import { type KeyPoints, writeZkey } from './zkey.ts';

export type Progress = (fraction: number, text: string) => void;
const PROCESSES = 2;

interface Secret {
  readonly tau: bigint;
  readonly alpha: bigint;
  readonly beta: bigint;
  readonly delta: bigint;
}

export function developmentSecret(): Secret {
  const draw = (name: string) =>
    1n + (BigInt(`0x${createHash('sha512').update(`Busbar insecure development keys: ${name}`).digest('hex')}`) % (R - 1n));
  return { tau: draw('tau'), alpha: draw('alpha'), beta: draw('beta'), delta: draw('delta') };
}

/** Smallest k such that all constraints and the rows that bind the public wires fit 2^k rows. */
export function domainPower(r1cs: Pick<R1cs, 'constraints' | 'publicWires'>): number {
  return Math.ceil(Math.log2(r1cs.constraints + r1cs.publicWires + 1));
}

/** Scalars of every point of the proving key (Groth16, eprint 2016/260 §3.2, gamma = 1 as snarkjs has it). */
export interface KeyScalars {
  readonly power: number;
  readonly a: bigint[];
  readonly b: bigint[];
  /** for the public wires (0..publicWires) */
  readonly ic: bigint[];
  /** for the private wires, divided by delta */
  readonly c: bigint[];
  /** quotient polynomial by its values on the odd coset, divided by delta */
  readonly h: bigint[];
}

export function keyScalars(r1cs: R1cs, secret: Secret): KeyScalars {
  const power = domainPower(r1cs);
  const rows = lagrangeAt(secret.tau, power, 0, 1);
  const matrices = [0, 1, 2].map(() => new Array<bigint>(r1cs.wires).fill(0n));
  r1cs.forEach((matrix, constraint, wire, offset) => {
    const column = matrices[matrix] as bigint[];
    column[wire] = ((column[wire] as bigint) + readLittleEndian(r1cs.bytes, offset) * (rows[constraint] as bigint)) % R;
  });
  const [a, b, c] = matrices as [bigint[], bigint[], bigint[]];
  for (let wire = 0; wire <= r1cs.publicWires; wire++) a[wire] = ((a[wire] as bigint) + (rows[r1cs.constraints + wire] as bigint)) % R;
  const combined = a.map((value, wire) => modR(secret.beta * value + secret.alpha * (b[wire] as bigint) + (c[wire] as bigint)));
  const byDelta = invert(secret.delta);
  return {
    power,
    a,
    b,
    ic: combined.slice(0, r1cs.publicWires + 1),
    c: combined.slice(r1cs.publicWires + 1).map((value) => (value * byDelta) % R),
    h: lagrangeAt(secret.tau, power + 1, 1, 2).map((value) => (value * byDelta) % R),
  };
}

function scalarBytes(values: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(values.length * FIELD_BYTES);
  values.forEach((value, i) => {
    writeLittleEndian(value, bytes, i * FIELD_BYTES);
  });
  return bytes;
}

interface Job {
  readonly group: 'G1' | 'G2';
  readonly scalars: string;
  readonly points: string;
}

function runChild(jobs: readonly Job[], onCost: (cost: number) => void, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const path = fileURLToPath(new URL('./points-child.ts', import.meta.url));
    const child = fork(
      path,
      jobs.map((job) => JSON.stringify(job)),
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], signal },
    );
    child.on('message', (message: { cost: number }) => onCost(message.cost));
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the process that makes key points ended with ${code}`))));
  });
}

/** Every list is cut in as many slices as there are processes; each process makes its slice of every list. */
async function makePoints(
  lists: Readonly<Record<keyof KeyPoints, { group: 'G1' | 'G2'; scalars: readonly bigint[] }>>,
  workDirectory: string,
  onProgress: (fraction: number) => void,
  signal?: AbortSignal,
): Promise<KeyPoints> {
  const names = Object.keys(lists) as (keyof KeyPoints)[];
  const jobs: Job[][] = Array.from({ length: PROCESSES }, () => []);
  const slices = new Map<keyof KeyPoints, string[]>();
  let cost = 0;
  for (const name of names) {
    const { group, scalars } = lists[name];
    cost += scalars.length * (group === 'G1' ? 1 : 3);
    const size = Math.ceil(scalars.length / PROCESSES);
    slices.set(
      name,
      jobs.map((mine, k) => {
        const file = join(workDirectory, `${name}.${k}`);
        writeFileSync(`${file}.scalars`, scalarBytes(scalars.slice(k * size, (k + 1) * size)));
        mine.push({ group, scalars: `${file}.scalars`, points: `${file}.points` });
        return `${file}.points`;
      }),
    );
  }
  let done = 0;
  await Promise.all(
    jobs.map((mine) =>
      runChild(
        mine,
        (part) => {
          done += part;
          onProgress(done / cost);
        },
        signal,
      ),
    ),
  );
  const read = (name: keyof KeyPoints) => Buffer.concat((slices.get(name) as string[]).map((file) => readFileSync(file)));
  return Object.fromEntries(names.map((name) => [name, read(name)])) as unknown as KeyPoints;
}

/** Writes a snarkjs-compatible .zkey for `r1csPath`. Deterministic. */
export async function makeDevelopmentKey(r1csPath: string, zkeyPath: string, onProgress: Progress, signal?: AbortSignal): Promise<void> {
  onProgress(0, 'evaluating polynomials');
  const r1cs = readR1cs(r1csPath);
  const secret = developmentSecret();
  const scalars = keyScalars(r1cs, secret);
  const workDirectory = mkdtempSync(`${zkeyPath}-points-`);
  try {
    const points = await makePoints(
      {
        head1: { group: 'G1', scalars: [secret.alpha, secret.beta, secret.delta] },
        head2: { group: 'G2', scalars: [secret.beta, 1n, secret.delta] },
        ic: { group: 'G1', scalars: scalars.ic },
        a: { group: 'G1', scalars: scalars.a },
        b1: { group: 'G1', scalars: scalars.b },
        b2: { group: 'G2', scalars: scalars.b },
        c: { group: 'G1', scalars: scalars.c },
        h: { group: 'G1', scalars: scalars.h },
      },
      workDirectory,
      (fraction) => onProgress(0.15 + 0.75 * fraction, 'computing key points'),
      signal,
    );
    onProgress(0.9, 'writing the key');
    const file = openSync(zkeyPath, 'w');
    try {
      writeZkey((chunk) => writeSync(file, chunk), r1cs, scalars.power, points);
    } finally {
      closeSync(file);
    }
    onProgress(1, 'key written');
  } finally {
    rmSync(workDirectory, { recursive: true, force: true });
  }
}
