// SPDX-License-Identifier: GPL-3.0-only
/** iden3's binary container (.ptau, .zkey): magic, version, then sections of (type u32, length u64, bytes), little-endian. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { CeremonyRefusal } from './refusal.ts';

export interface BinFile {
  has(section: number): boolean;
  /** bytes in the section; 0 when it is missing */
  size(section: number): number;
  /** Reads `length` bytes of a section from `offset` in it. */
  read(section: number, offset: number, length: number): Buffer;
}

const HEAD_BYTES = 12;
const MOST_SECTIONS = 64;

const broken = (path: string, what: string): CeremonyRefusal =>
  new CeremonyRefusal(`${basename(path)} is no whole file of this kind: ${what}. Fetch it again and compare its hash with the sender's.`);

function indexOf(path: string, descriptor: number, magic: string): Map<number, { at: number; size: number }> {
  const end = fstatSync(descriptor).size;
  const take = (at: number, length: number): Buffer => {
    const bytes = Buffer.alloc(length);
    if (at + length > end || readSync(descriptor, bytes, 0, length, at) !== length) throw broken(path, 'it ends too early');
    return bytes;
  };
  const head = take(0, HEAD_BYTES);
  if (head.toString('latin1', 0, 4) !== magic) throw broken(path, `it does not begin with "${magic}"`);
  const count = head.readUInt32LE(8);
  if (count > MOST_SECTIONS) throw broken(path, `it claims ${count} sections`);
  const sections = new Map<number, { at: number; size: number }>();
  let at = HEAD_BYTES;
  for (let k = 0; k < count; k++) {
    const entry = take(at, HEAD_BYTES);
    const type = entry.readUInt32LE(0);
    const size = Number(entry.readBigUInt64LE(4));
    if (sections.has(type)) throw broken(path, `section ${type} is there twice`);
    sections.set(type, { at: at + HEAD_BYTES, size });
    at += HEAD_BYTES + size;
  }
  if (at !== end) throw broken(path, at > end ? 'it ends too early' : 'something follows its last section');
  return sections;
}

/** Opens the file for `use` and closes it again. Refuses what is cut short or of another kind. */
export function withBinFile<T>(path: string, magic: 'ptau' | 'zkey', use: (file: BinFile) => T): T {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    throw new CeremonyRefusal(`The file ${path} cannot be read. Check its name and that it is on this computer.`);
  }
  try {
    const sections = indexOf(path, descriptor, magic);
    return use({
      has: (section) => sections.has(section),
      size: (section) => sections.get(section)?.size ?? 0,
      read(section, offset, length) {
        const entry = sections.get(section);
        if (entry === undefined) throw broken(path, `section ${section} is missing`);
        if (offset + length > entry.size) throw broken(path, `section ${section} is too short`);
        const bytes = Buffer.alloc(length);
        readSync(descriptor, bytes, 0, length, entry.at + offset);
        return bytes;
      },
    });
  } finally {
    closeSync(descriptor);
  }
}
