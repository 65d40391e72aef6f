// SPDX-License-Identifier: GPL-3.0-only
/** The program itself, as people start it; and, where powers of tau are at hand, the ceremony of a real settlement circuit. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CeremonyPins, ceremonyKeyProblem } from '../../contracts/deploy/ceremony-pins.ts';
import { settleRound } from '../../src/domain/settlement/settle-round.ts';
import { baselineRound, onlyBatch, tradingRound } from '../../src/domain/settlement/testing/community.ts';
import { circuitByName } from '../spec.ts';
import { hashFile } from './files.ts';
import { BEACON, type Bench, ceremonyBench, endThreads, refusalOf } from './testing/tiny.ts';

const PROGRAM = fileURLToPath(new URL('./main.ts', import.meta.url));

function runProgram(args: readonly string[], cwd: string, input = ''): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, ['--no-warnings', PROGRAM, ...args], { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    const text = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].on('data', (chunk: Buffer) => {
        text[stream] += chunk.toString();
      });
    child.on('error', fail);
    child.on('close', (code) => done({ code, ...text }));
    child.stdin.end(input);
  });
}

describe('the ceremony program', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'busbar-ceremony-program-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('shows what it can do on --help and prints no document', async () => {
    const { code, stdout, stderr } = await runProgram(['--help'], folder);
    expect([code, stdout]).toEqual([0, '']);
    for (const name of ['start', 'contribute', 'beacon', 'verify', 'finish']) expect(stderr).toContain(`  ${name} --`);
  }, 60_000);

  it('ends with 2 when called wrongly and with 1 when it refuses, with one JSON document that says why', async () => {
    const wrong = await runProgram(['start', '--circuit', 'settle-3', '--ptau', 'x', '--dir', 'y'], folder);
    expect(wrong.code).toBe(2);
    expect(JSON.parse(wrong.stdout)).toMatchObject({ schema: 'refusal/1', command: 'start' });
    const bad = join(folder, 'transcript.json');
    writeFileSync(bad, '{"schema":"ceremony-transcript/1"}');
    const refused = await runProgram(['contribute', '--dir', '.', '--name', 'Anna'], folder, 'some random text');
    expect(refused.code).toBe(1);
    expect((JSON.parse(refused.stdout) as { problems: string[] }).problems[0]).toMatch(/transcript\.json in \. is malformed at/);
    expect(refused.stderr).toContain('malformed');
  }, 60_000);
});

const ptau = process.env.BUSBAR_PTAU;

/** Two people on one machine, the second through the program with text on standard input. */
function settleCeremony(file: string): void {
  describe('the ceremony of settle-4', () => {
    let bench: Bench;
    let vouch: string[];
    const times: Record<string, number> = {};
    const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
      const began = performance.now();
      const result = await work();
      times[what] = Math.round((performance.now() - began) / 100) / 10;
      return result;
    };
    const good = (...args: string[]) =>
      timed(args[0] as string, async () => {
        const answer = await bench.run(...args);
        if (answer.exitCode !== 0) throw new Error(refusalOf(answer));
        return answer.document as Record<string, unknown>;
      });

    beforeAll(async () => {
      bench = ceremonyBench({ circuit: circuitByName });
      vouch = ['--ptau', file, '--ptau-hash', (await hashFile(file, ['sha256'])).sha256];
    });
    afterAll(async () => {
      console.log(`the ceremony of settle-4, in seconds: ${JSON.stringify(times)}`);
      bench.remove();
      await endThreads();
    });

    it('gives a key under which a round of four members proves', async () => {
      const { groth16, wtns } = await import('snarkjs');
      const dir = join(bench.folder, 'ceremony');
      await good('start', '--circuit', 'settle-4', '--dir', dir, ...vouch, '--contributors', '2');
      await good('contribute', '--dir', dir, '--name', 'Anna');
      const second = await timed('contribute as a program', () =>
        runProgram(['contribute', '--dir', dir, '--name', 'Béla'], bench.folder, 'keys fell down'),
      );
      expect(second.code, second.stderr).toBe(0);
      expect(second.stderr).toMatch(/%/);
      await good('beacon', '--dir', dir, '--beacon', BEACON, '--iterations-exp', '10');
      await good('verify', '--dir', dir, ...vouch);
      const done = await good('finish', '--dir', dir, ...vouch);
      const directory = done.directory as string;
      const key: unknown = JSON.parse(readFileSync(join(directory, 'verification_key.json'), 'utf8'));
      expect(ceremonyKeyProblem('settle-4', key, JSON.parse(readFileSync(bench.context.pinsPath, 'utf8')) as CeremonyPins)).toBeNull();
      const base = settleRound(baselineRound(4, 100n));
      if (base.kind !== 'settled') throw new Error(base.detail);
      const round = settleRound(tradingRound(base.newState, 4, 101n, 1));
      if (round.kind !== 'settled') throw new Error(round.detail);
      const witness: { type: 'mem'; data?: Uint8Array } = { type: 'mem' };
      await wtns.calculate(onlyBatch(round).witnessInput, join(directory, 'settle-4.wasm'), witness);
      const { proof, publicSignals } = await timed('proof', () => groth16.prove(join(directory, 'settle-4.zkey'), witness));
      expect(publicSignals).toEqual(onlyBatch(round).publicSignals);
      expect(await groth16.verify(key, publicSignals, proof)).toBe(true);
    }, 1_800_000);
  });
}

if (ptau === undefined) it.skip('the ceremony of settle-4: set BUSBAR_PTAU to a prepared powers-of-tau file of 2^15 or more', () => {});
else if (!existsSync(resolve(ptau))) it('the ceremony of settle-4', () => expect.fail(`BUSBAR_PTAU names ${ptau}, which is not there`));
else settleCeremony(resolve(ptau));
