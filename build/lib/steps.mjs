// The set-up steps that `npm start`, `npm test`, the terminal tool and the benchmarks share. Each is skipped when what it is made from did not change.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hashOf, stampMatches, writeStamp } from './hash.mjs';
import { cacheDir, electronBinary, node24, root } from './paths.mjs';
import { startBar } from './progress.mjs';
import { run } from './run.mjs';

export class SetupError extends Error {}

const stamps = (name) => join(cacheDir, 'stamps', name);

export async function ensureDependencies() {
  const lock = join(root, 'package-lock.json');
  const wanted = `${hashOf([lock])} ${process.platform}-${process.arch}`;
  const stamp = join(root, 'node_modules', '.busbar-stamp');
  if (stampMatches(stamp, wanted) && existsSync(node24)) return;
  const bar = startBar('Dependencies');
  const packages = Object.keys(JSON.parse(readFileSync(lock, 'utf8')).packages).length;
  const count = () => {
    let n = 0;
    try {
      for (const name of readdirSync(join(root, 'node_modules')))
        n += name.startsWith('@') ? readdirSync(join(root, 'node_modules', name)).length : 1;
    } catch {
      // Not there yet.
    }
    return n;
  };
  const begin = Date.now();
  const timer = setInterval(() => {
    const byCount = Math.min(0.9, count() / packages);
    const byTime = 0.5 * (1 - Math.exp(-(Date.now() - begin) / 60_000));
    bar.update(Math.max(byCount, byTime), `${packages} packages`);
  }, 500);
  // npm itself must run under the Node that the native packages ask for, or it leaves some of them out.
  const [major, minor] = process.versions.node.split('.').map(Number);
  const recent = major > 22 || (major === 22 && minor >= 12);
  // Packages' own install scripts stay off: none is needed but that of `node`, which fetches the binary, and npm would compile better-sqlite3
  // although it brings its binaries along (the lock does not carry its `gypfile: false`).
  const flags = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'];
  const fetchNode = ['rebuild', 'node', '--ignore-scripts=false', '--foreground-scripts', '--loglevel=error'];
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx';
  const underNode24 = (args) =>
    recent ? run(npm, args, { cwd: root }) : run(npx, ['-y', '-p', 'node@24', '-c', `npm ${args.join(' ')}`], { cwd: root });
  let result = await underNode24(['ci', ...flags]);
  if (result.code === 0) result = await underNode24(fetchNode);
  if (result.code === 0 && !existsSync(node24)) result = { ...result, code: 1, tail: `${result.tail}\n${node24} was not installed.` };
  clearInterval(timer);
  if (result.code !== 0) {
    bar.fail('');
    throw new SetupError(
      `The dependencies could not be installed. Check the connection to the npm registry and try again.\n${result.tail.trim().split('\n').slice(-8).join('\n')}`,
    );
  }
  writeStamp(stamp, wanted);
  bar.done();
}

/** Runs one of our own build scripts, which print `progress <0..1> <text>` lines. */
async function scripted(title, args, what) {
  let bar = null;
  const result = await run(node24, args, {
    cwd: root,
    env: { NODE_COMPILE_CACHE: join(cacheDir, 'compile') },
    onLine(line) {
      const match = /^progress ([\d.]+) ?(.*)$/.exec(line);
      if (!match) return;
      bar ??= startBar(title);
      bar.update(Number(match[1]), match[2]);
    },
  });
  if (result.code !== 0) {
    (bar ?? startBar(title)).fail('');
    throw new SetupError(`${what}\n${result.tail.trim().split('\n').slice(-12).join('\n')}`);
  }
  bar?.done();
}

const builtFrom = async (name, paths, make, made) => {
  const wanted = hashOf(paths.map((p) => join(root, p)));
  if (stampMatches(stamps(name), wanted) && made.every((p) => existsSync(p))) return;
  rmSync(stamps(name), { force: true });
  await make();
  writeStamp(stamps(name), wanted);
};

export const ensureContracts = () =>
  builtFrom(
    'contracts',
    ['contracts', 'hardhat.config.ts', 'package-lock.json'],
    () => scripted('Contracts', ['contracts/build.ts'], 'The contracts could not be compiled.'),
    [join(cacheDir, 'contracts')],
  );

export const ensureCircuits = () =>
  builtFrom(
    'circuits',
    ['circuits', 'package-lock.json'],
    () => scripted('Circuits and keys', ['circuits/build.ts'], 'The circuits or their development keys could not be made.'),
    [join(cacheDir, 'circuits')],
  );

export const ensureRenderer = () =>
  builtFrom(
    'renderer',
    ['src/renderer', 'src/shared', 'vite.renderer.config.ts', 'package-lock.json'],
    async () => {
      const bar = startBar('Screens');
      bar.update(0.2);
      const result = await run(
        node24,
        [join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--config', 'vite.renderer.config.ts', '--logLevel', 'warn'],
        { cwd: root },
      );
      if (result.code !== 0) {
        bar.fail('');
        throw new SetupError(`The screens could not be built.\n${result.tail.trim().split('\n').slice(-12).join('\n')}`);
      }
      bar.done();
    },
    [join(root, 'out', 'renderer', 'index.html')],
  );

/** Everything the engine needs; the screens on top where they are shown. */
export async function ensureEngine() {
  await ensureDependencies();
  await ensureContracts();
  await ensureCircuits();
}

export async function ensureConsole() {
  await ensureEngine();
  await ensureRenderer();
}

/** Electron's binary, fetched if it can be. A failed try is remembered for a day, so that the next start does not wait for it. */
export async function findElectron() {
  const found = electronBinary();
  if (found) return found;
  const remembered = join(cacheDir, 'stamps', 'electron-unavailable');
  const day = Math.floor(Date.now() / 86_400_000);
  if (stampMatches(remembered, String(day))) return null;
  const installer = join(root, 'node_modules', 'electron', 'install.js');
  if (existsSync(installer)) {
    const bar = startBar('Electron');
    bar.update(0.1, 'asking for the binary');
    await run(node24, [installer], { cwd: root, timeoutMs: 120_000 });
    const fetched = electronBinary();
    if (fetched) {
      bar.done();
      return fetched;
    }
    bar.done('not to be had here');
  }
  writeStamp(remembered, String(day));
  return null;
}

export async function ensureDesktop() {
  await builtFrom(
    'desktop',
    ['src', 'electron', 'drivers', 'plant', 'contracts/deploy', 'contracts/settlement', 'electron.vite.config.ts', 'package-lock.json'],
    async () => {
      const bar = startBar('Desktop entry');
      bar.update(0.3);
      const result = await run(
        node24,
        [join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js'), 'build', '--logLevel', 'warn'],
        { cwd: root },
      );
      if (result.code !== 0) {
        bar.fail('');
        throw new SetupError(`The desktop entry could not be built.\n${result.tail.trim().split('\n').slice(-12).join('\n')}`);
      }
      bar.done();
    },
    [join(root, 'out', 'main', 'index.js')],
  );
}
