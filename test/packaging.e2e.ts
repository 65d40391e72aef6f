/** What can be checked of the packaged console without Electron's binary: the builds, the file list, what is unpacked, the fuses. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, matchesGlob } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { noticesText } from '../tools/notices.ts';

const root = join(import.meta.dirname, '..');
const at = (path: string) => join(root, path);
const read = (path: string) => readFileSync(at(path), 'utf8');
interface Builder {
  asar: boolean;
  asarUnpack: string[];
  files: string[];
  electronFuses: Record<string, boolean>;
  win: { target: unknown[]; icon: string };
  mac: { target: unknown[]; hardenedRuntime: boolean; entitlements: string; icon: string };
  linux: { target: unknown[]; icon: string };
  npmRebuild: boolean;
}
const builder = parse(read('electron-builder.yml')) as Builder;
const packageJson = JSON.parse(read('package.json')) as {
  main: string;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};
const unpacked = (path: string) => builder.asarUnpack.some((pattern) => matchesGlob(path, pattern));
const included = (path: string) =>
  builder.files.some((p) => !p.startsWith('!') && matchesGlob(path, p)) &&
  !builder.files.some((p) => p.startsWith('!') && matchesGlob(path, p.slice(1)));
const filesUnder = (folder: string): string[] =>
  readdirSync(at(folder), { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name).slice(root.length + 1));
/** What the circuits that admit and settle need: their pointers and the folders those name. */
const circuitFiles = (): string[] =>
  ['settle-16', 'admit-16'].flatMap((name) => {
    const { directory } = JSON.parse(read(`.cache/circuits/${name}.json`)) as { directory: string };
    return [`.cache/circuits/${name}.json`, ...filesUnder(`.cache/circuits/${directory}`)];
  });
const contractFiles = (): string[] => {
  const { directory } = JSON.parse(read('.cache/contracts/current.json')) as { directory: string };
  return ['.cache/contracts/current.json', ...filesUnder(`.cache/contracts/${directory}`)];
};

describe('the preload', () => {
  it('is one CommonJS file that requires only electron', () => {
    const files = readdirSync(at('out/preload')).filter((f) => !f.endsWith('.map'));
    expect(files).toEqual(['index.cjs']);
    const source = read('out/preload/index.cjs');
    const required = [...source.matchAll(/require\(\s*["']([^"']+)["']\s*\)/g)].map((m) => m[1]);
    expect([...new Set(required)]).toEqual(['electron']);
    expect(source).not.toMatch(/^\s*import\s/m);
    expect(source).not.toMatch(/import\(/);
  });

  it('hands the page three functions and nothing of Electron', () => {
    const source = read('out/preload/index.cjs');
    expect(source.match(/exposeInMainWorld/g)).toHaveLength(1);
    expect(source).not.toMatch(/invoke|sendSync|remote|shell/);
  });
});

describe('the desktop build', () => {
  it('has an entry for every process of its own', () => {
    for (const name of ['index', 'plant', 'prover', 'settler']) expect(existsSync(at(`out/main/${name}.js`)), name).toBe(true);
    expect(packageJson.main).toBe('out/main/index.js');
  });

  it('imports at run time nothing but Node, electron and dependencies that are shipped', () => {
    const missing = new Set<string>();
    for (const file of filesUnder('out/main').filter((f) => f.endsWith('.js'))) {
      for (const match of read(file).matchAll(
        /(?:^|\n)\s*(?:import|export)[^;'"]*?from\s*["']([^"'.][^"']*)["']|import\(\s*["']([^"'.][^"']*)["']\s*\)/g,
      )) {
        const name = match[1] ?? match[2] ?? '';
        if (name.startsWith('node:') || name === 'electron' || builtinModules.includes(name)) continue;
        const dependency = name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : (name.split('/')[0] ?? '');
        if (!(dependency in packageJson.dependencies)) missing.add(`${dependency} (in ${file})`);
      }
    }
    expect([...missing]).toEqual([]);
  });

  it('knows electron only in the desktop entry', () => {
    const users = filesUnder('out/main').filter((f) => f.endsWith('.js') && /from\s*["']electron["']/.test(read(f)));
    expect(users).toEqual(['out/main/index.js']);
  });

  it('leaves no source path of the building machine in what is shipped', () => {
    for (const file of [...filesUnder('out/main'), ...filesUnder('out/renderer'), ...filesUnder('out/preload')].filter((f) =>
      /\.(js|cjs|html|css)$/.test(f),
    ))
      expect(read(file).includes(root), file).toBe(false);
  });
});

describe('electron-builder.yml', () => {
  it('packages for Windows, macOS and Linux, with an icon each', () => {
    for (const os of [builder.win, builder.mac, builder.linux]) {
      expect(os.target.length).toBeGreaterThan(0);
      expect(existsSync(at(os.icon)), os.icon).toBe(true);
    }
    expect(statSync(at(builder.mac.icon)).size).toBeGreaterThan(5000);
    expect(builder.mac.hardenedRuntime).toBe(true);
    expect(existsSync(at(builder.mac.entitlements))).toBe(true);
  });

  it('takes along every file the console needs at run time', () => {
    const needed = [
      'out/main/index.js',
      'out/preload/index.cjs',
      'out/renderer/index.html',
      'plant/plants/rural1.json',
      'package.json',
      'LICENSE',
      'THIRD-PARTY-NOTICES.md',
      ...filesUnder('plant/data').filter((f) => !f.endsWith('.ts')),
      ...circuitFiles(),
      ...contractFiles(),
    ];
    expect(needed.filter((f) => !included(f))).toEqual([]);
    expect(needed.some((f) => f.endsWith('.zkey'))).toBe(true);
  });

  it('keeps sources, tests and notes out of the package', () => {
    for (const file of ['src/main/composition.ts', 'test/packaging.e2e.ts', '.git/config', 'contracts/build.ts', 'test-results/x.json'])
      expect(included(file), file).toBe(false);
  });

  it('unpacks from the archive what must be a real file: native modules, the chain node, wasm, keys, files that run as processes', () => {
    const real = [
      'out/main/plant.js',
      'out/main/prover.js',
      'out/main/settler.js',
      ...filesUnder('node_modules/better-sqlite3').filter((f) => f.endsWith('.node')),
      ...filesUnder('node_modules/@foundry-rs').filter((f) => /anvil(\.exe)?$/.test(f)),
      ...circuitFiles().filter((f) => /\.(zkey|wasm)$/.test(f)),
      'plant/plants/rural1.json',
    ];
    expect(real.some((f) => f.endsWith('.node'))).toBe(true);
    expect(real.some((f) => f.includes('anvil'))).toBe(true);
    expect(real.filter((f) => !unpacked(f))).toEqual([]);
  });

  it('sets the fuses: no plain Node, no inspector, archive checked, nothing loaded from outside it', () => {
    expect(builder.asar).toBe(true);
    expect(builder.electronFuses).toEqual({
      runAsNode: false,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      grantFileProtocolExtraPrivileges: false,
    });
    expect(builder.npmRebuild).toBe(false);
  });
});

describe('notices', () => {
  it('name every package that is shipped', () => {
    expect(read('THIRD-PARTY-NOTICES.md')).toBe(noticesText());
  });
});
