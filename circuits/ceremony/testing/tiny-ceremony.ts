// SPDX-License-Identifier: GPL-3.0-only
/** A ceremony of two people for the tiny circuit, open and closed, that tests look at and spoil copies of. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { curves, powersOfTau } from 'snarkjs';
import { CIRCUITS_DIR } from '../../spec.ts';
import { hashFile } from '../files.ts';
import { BEACON, ceremonyBench, endThreads, refusalOf } from './tiny.ts';

const CACHE = resolve(CIRCUITS_DIR, '..', '.cache', 'circuits', 'witness', 'tiny-ptau');

/** Powers of tau of 2^8 with one contribution and a beacon, prepared: about ten seconds, then cached. */
async function makePtau(): Promise<void> {
  if (existsSync(CACHE)) return;
  mkdirSync(dirname(CACHE), { recursive: true });
  const draft = mkdtempSync(`${CACHE}-`);
  const path = (name: string): string => join(draft, `${name}.ptau`);
  try {
    await powersOfTau.newAccumulator(await curves.getCurveFromName('bn128'), 8, path('fresh'));
    await powersOfTau.contribute(path('fresh'), path('one'), 'the test', 'random text of the test');
    await powersOfTau.beacon(path('one'), path('unprepared'), 'beacon', BEACON, 10);
    await powersOfTau.preparePhase2(path('unprepared'), path('prepared'));
    try {
      renameSync(draft, CACHE);
    } catch (cause) {
      // Another test file was quicker; its powers of tau serve as well.
      if (!existsSync(CACHE)) throw cause;
    }
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** `text` is what each contributor types. Nothing is there before `prepare`. */
export function tinyCeremony(text?: string) {
  const bench = ceremonyBench({}, text);
  const ptauPath = join(bench.folder, 'prepared.ptau');
  const open = join(bench.folder, 'open');
  const closed = join(bench.folder, 'closed');
  const vouch = ['--ptau', ptauPath, '--ptau-hash'];
  let copies = 0;
  const good = async (...args: string[]): Promise<Record<string, unknown>> => {
    const answer = await bench.run(...args);
    if (answer.exitCode !== 0) throw new Error(refusalOf(answer));
    return answer.document as Record<string, unknown>;
  };
  const beaconArgs = (dir: string): string[] => ['beacon', '--dir', dir, '--beacon', BEACON, '--iterations-exp', '10'];
  return {
    bench,
    ptauPath,
    /** the same powers of tau before "prepare phase2" */
    unprepared: join(bench.folder, 'unprepared.ptau'),
    /** two contributions, no beacon yet */
    open,
    /** the whole ceremony */
    closed,
    /** --ptau FILE --ptau-hash HEX */
    vouch: vouch as readonly string[],
    /** Runs a command that must succeed. */
    good,
    /** Runs a command that must be refused; its sentence. */
    refused: async (...args: string[]): Promise<string> => refusalOf(await bench.run(...args)),
    /** A folder to spoil. */
    copyOf(dir: string): string {
      const copy = join(bench.folder, `copy-${++copies}`);
      cpSync(dir, copy, { recursive: true });
      return copy;
    },
    verifyArgs: (dir: string): string[] => ['verify', '--dir', dir, ...vouch],
    beaconArgs,
    async prepare(): Promise<void> {
      await makePtau();
      for (const name of ['prepared.ptau', 'unprepared.ptau']) cpSync(join(CACHE, name), join(bench.folder, name));
      vouch.push((await hashFile(ptauPath, ['blake2b512'])).blake2b512);
      await good('start', '--circuit', 'tiny', '--dir', open, ...vouch, '--contributors', '2', '--beacon-source', 'block 900000');
      await good('contribute', '--dir', open, '--name', 'Anna Árva');
      await good('contribute', '--dir', open, '--name', 'Béla');
      cpSync(open, closed, { recursive: true });
      await good(...beaconArgs(closed));
    },
    async end(): Promise<void> {
      bench.remove();
      await endThreads();
    },
  };
}
