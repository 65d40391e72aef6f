/** What is wrong is said in one clear sentence with what to do, and nothing is damaged. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeDataDir, startConsole } from './support/console-process.ts';

const root = join(import.meta.dirname, '..');
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'busbar-fail-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const run = (args: string[], entry = join(root, 'headless', 'main.ts')): Promise<{ code: number; err: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, DISPLAY: '', WAYLAND_DISPLAY: '' },
    });
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.on('close', (code) => resolve({ code: code ?? -1, err }));
  });
/** One sentence or two, no stack, no code dump. */
const isClear = (text: string) => {
  const lines = text.trim().split('\n');
  expect(lines, text).toHaveLength(1);
  expect(text).toMatch(/^busbar: [A-Z–“]/);
  expect(text).not.toMatch(/\bat .*:\d+:\d+/);
};
const plantJson = () => JSON.parse(readFileSync(join(root, 'plant', 'plants', 'rural1.json'), 'utf8')) as Record<string, unknown>;

describe('a start that cannot be', () => {
  it('says that the plant file is not there', async () => {
    const { code, err } = await run(['--plant', join(dir, 'none.json'), '--data', join(dir, 'a')]);
    expect(code).toBe(1);
    isClear(err);
    expect(err).toContain('--plant FILE');
  });

  it('names what is wrong in a plant file', async () => {
    const file = join(dir, 'bad.json');
    writeFileSync(file, '{ "schema": "plant/1", ');
    isClear((await run(['--plant', file, '--data', join(dir, 'b')])).err);
    writeFileSync(file, JSON.stringify({ ...plantJson(), nominal: { frequencyHz: 55, voltageV: 400 } }));
    const wrong = await run(['--plant', file, '--data', join(dir, 'b')]);
    isClear(wrong.err);
    expect(wrong.err).toContain('nominal.frequencyHz');
  });

  it('names a reference that leads nowhere', async () => {
    const plant = plantJson() as { members: { meter: string }[] };
    (plant.members[0] as { meter: string }).meter = 'meter-of-nobody';
    const file = join(dir, 'dangling.json');
    writeFileSync(file, JSON.stringify(plant));
    const { err } = await run(['--plant', file, '--data', join(dir, 'c')]);
    isClear(err);
    expect(err).toContain('meter-of-nobody');
  });

  it('says that the port is in use, and by what option another is chosen', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const data = join(dir, 'd');
    const { code, err } = await run(['--port', String(port), '--data', data]);
    server.close();
    removeDataDir(data);
    expect(code).toBe(1);
    isClear(err);
    expect(err).toMatch(/Port \d+ is in use.*--port/);
  });

  it('leaves a damaged database as it is', async () => {
    const data = mkdtempSync(join(dir, 'e-'));
    const file = join(data, 'console.sqlite');
    writeFileSync(file, Buffer.alloc(20_000, 7));
    const { code, err } = await run(['--data', data]);
    expect(code).toBe(1);
    isClear(err);
    expect(err).toMatch(/damaged.*backup/);
    expect(readFileSync(file).equals(Buffer.alloc(20_000, 7))).toBe(true);
  });

  it('leaves a database of a newer version as it is', async () => {
    const data = mkdtempSync(join(dir, 'f-'));
    const file = join(data, 'console.sqlite');
    const db = new Database(file);
    db.pragma('application_id = 1112888130');
    db.exec('CREATE TABLE later (id INTEGER)');
    db.pragma('user_version = 4000');
    db.close();
    const before = readFileSync(file);
    const { code, err } = await run(['--data', data]);
    expect(code).toBe(1);
    isClear(err);
    expect(err).toMatch(/newer Busbar/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('refuses a second console on the same folder and leaves the first alone', async () => {
    const first = await startConsole();
    try {
      const { code, err } = await run(['--data', first.dataDir, '--port', '0']);
      expect(code).toBe(1);
      isClear(err);
      expect(err).toMatch(/already running.*--data/);
      expect(first.child.exitCode).toBeNull();
    } finally {
      await first.stop();
      removeDataDir(first.dataDir);
    }
  });

  it('refuses options nobody knows and numbers out of range', async () => {
    const starts = [join(root, 'build', 'start.mjs'), join(root, 'headless', 'main.ts')];
    for (const args of [
      ['--prot', '1'],
      ['--port', '70000'],
      ['--port', 'x'],
      ['--speed', '0'],
      ['--speed', '9000'],
      ['--rpc', 'somewhere'],
    ]) {
      for (const start of starts) {
        const { code, err } = await run(args, start);
        expect(code, `${start} ${args.join(' ')}`).toBe(2);
        expect(err).toMatch(/busbar: /);
        expect(err).not.toMatch(/\n\s+at /);
      }
    }
  });
});
