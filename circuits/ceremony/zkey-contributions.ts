// SPDX-License-Identifier: GPL-3.0-only
/**
 * The contributions that a .zkey carries in its section 10: who changed delta, in which order, and the hash by which each is published
 * (BLAKE2b-512 over delta afterwards, the contributor's public key and the transcript so far, points uncompressed and big-endian).
 * NOTE: names and the mark "beacon" are not part of that hash. That a name belongs to a hash is what the contributor publishes.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { type BinFile, withBinFile } from './bin-file.ts';
import { CeremonyRefusal } from './refusal.ts';

export interface ZkeyContribution {
  readonly name: string;
  /** 128 hexadecimal digits */
  readonly hash: string;
  /** the public random value and log2 of the hash iterations over it; null for a person's contribution */
  readonly beacon: { readonly value: string; readonly iterationsExp: number } | null;
}

export interface ZkeyHistory {
  /** BLAKE2b-512 over the circuit's part of the key, as snarkjs prints it */
  readonly circuitHash: string;
  readonly contributions: readonly ZkeyContribution[];
}

const Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
/** Inverse of 2^256: coordinates are stored in Montgomery form. */
const FROM_MONTGOMERY = 20988524275117001072002809824448087578619730785600314334253784976379291040311n;
const HISTORY = 10;
const COORDINATE = 32;
const HASH = 64;
const PERSON = 0;
const BEACON = 1;

function coordinate(bytes: Buffer): Buffer {
  const value = (BigInt(`0x${Buffer.from(bytes).reverse().toString('hex') || '0'}`) * FROM_MONTGOMERY) % Q;
  return Buffer.from(value.toString(16).padStart(2 * COORDINATE, '0'), 'hex');
}

/** A point as the hash takes it. In G2 the imaginary part comes first. */
function uncompressed(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += COORDINATE) parts.push(coordinate(bytes.subarray(at, at + COORDINATE)));
  return Buffer.concat(bytes.length === 2 * COORDINATE ? parts : [1, 0, 3, 2].map((k) => parts[k] as Buffer));
}

function reader(file: BinFile): (length: number) => Buffer {
  let at = 0;
  return (length) => {
    const bytes = file.read(HISTORY, at, length);
    at += length;
    return bytes;
  };
}

function readOne(take: (length: number) => Buffer, path: string): ZkeyContribution {
  const points = [2, 2, 2, 4].map((coordinates) => uncompressed(take(coordinates * COORDINATE)));
  const transcript = take(HASH);
  const type = take(4).readUInt32LE(0);
  const parameters = take(take(4).readUInt32LE(0));
  let name = '';
  let value: string | null = null;
  let iterationsExp: number | null = null;
  for (let at = 0; at < parameters.length; ) {
    const kind = parameters[at++];
    if (kind === 2) {
      iterationsExp = parameters[at++] ?? null;
      continue;
    }
    const length = parameters[at++] ?? 0;
    const bytes = parameters.subarray(at, at + length);
    at += length;
    if (kind === 1) name = bytes.toString('utf8');
    else if (kind === 3) value = bytes.toString('hex');
    else
      throw new CeremonyRefusal(
        `${basename(path)} holds a contribution with an unknown parameter ${kind}; it was not made with this tool.`,
      );
  }
  const beacon = value !== null && iterationsExp !== null ? { value, iterationsExp } : null;
  if (type !== (beacon === null ? PERSON : BEACON))
    throw new CeremonyRefusal(
      `${basename(path)} holds a contribution that is neither a person's nor a beacon's; it was not made with this tool.`,
    );
  const hash = createHash('blake2b512');
  for (const point of points) hash.update(point);
  return { name, hash: hash.update(transcript).digest('hex'), beacon };
}

export function readHistory(zkeyPath: string): ZkeyHistory {
  return withBinFile(zkeyPath, 'zkey', (file) => {
    const take = reader(file);
    const circuitHash = take(HASH).toString('hex');
    const count = take(4).readUInt32LE(0);
    return { circuitHash, contributions: Array.from({ length: count }, () => readOne(take, zkeyPath)) };
  });
}
