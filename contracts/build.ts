/**
 * Compiles the contracts into `.cache/contracts/<hash of sources and settings>/<Name>.json`, once per content.
 *
 * Run as a program it prints `progress <0..1> <text>` lines and at last `artifacts <directory>`.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { solcSettings, solcVersion } from './compiler.ts';

export type Progress = (fraction: number, text: string) => void;
export type BuildOptions = { readonly outDir?: string; readonly onProgress?: Progress };
export type BuildResult = { readonly dir: string; readonly hash: string; readonly fromCache: boolean };

type LinkReferences = Record<string, Record<string, { start: number; length: number }[]>>;
type Places = { start: number; length: number }[];
type SolcBytecode = { object: string; linkReferences: LinkReferences; immutableReferences?: Record<string, Places> };
type SolcContract = { abi: unknown[]; evm: { bytecode: SolcBytecode; deployedBytecode: SolcBytecode } };
type SolcOutput = {
  sources?: Record<string, { ast: unknown }>;
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<string, Record<string, SolcContract>>;
};

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');
const require = createRequire(import.meta.url);
const completeMark = 'complete';
/** Counted up when an artifact holds more than before, so that no build of the older form is taken for it. */
const artifactForm = 2;

/** Our own sources, tests left out, as paths from the project root with forward slashes, sorted. */
const ownSources = (dir = here): string[] =>
  readdirSync(dir, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) return path === join(here, 'test') ? [] : ownSources(path);
      return entry.name.endsWith('.sol') && !entry.name.endsWith('.t.sol') ? [relative(root, path).split(sep).join('/')] : [];
    })
    .sort();

const readSource = (name: string): string => {
  const own = join(root, name);
  if (name.startsWith('contracts/') && existsSync(own)) return readFileSync(own, 'utf8');
  return readFileSync(require.resolve(name), 'utf8');
};

/** Every source reachable by imports, keyed by the name the compiler will ask for. */
const collectSources = (entries: readonly string[]): Record<string, { content: string }> => {
  const sources: Record<string, { content: string }> = {};
  const queue = [...entries];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (sources[name]) continue;
    const content = readSource(name);
    sources[name] = { content };
    for (const match of content.matchAll(/^\s*(?:import|\}\s*from)[^;"']*["']([^"']+)["']/gm)) {
      const target = match[1] as string;
      queue.push(target.startsWith('.') ? posix.normalize(posix.join(posix.dirname(name), target)) : target);
    }
  }
  return sources;
};

const compile = (input: unknown): SolcOutput => {
  const solc = require('solc') as { compile(json: string): string; version(): string };
  if (!solc.version().startsWith(`${solcVersion}+`)) {
    throw new Error(`The installed compiler is solc ${solc.version()}, the contracts are pinned to ${solcVersion}. Run npm ci.`);
  }
  return JSON.parse(solc.compile(JSON.stringify(input))) as SolcOutput;
};

/** The compiler names an immutable by the number of its declaration; people and `deploy/known-code.ts` by its name. */
const namesOfImmutables = (output: SolcOutput): Map<string, string> => {
  const names = new Map<string, string>();
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { nodeType, mutability, id, name } = node as Record<string, unknown>;
    if (nodeType === 'VariableDeclaration' && mutability === 'immutable') names.set(String(id), String(name));
    for (const inner of Object.values(node)) walk(inner);
  };
  for (const { ast } of Object.values(output.sources ?? {})) walk(ast);
  return names;
};

const writeArtifacts = (dir: string, output: SolcOutput): void => {
  const immutableNames = namesOfImmutables(output);
  const nameOf = (id: string): string => {
    const name = immutableNames.get(id);
    if (name === undefined) throw new Error(`The compiler names no immutable ${id}.`);
    return name;
  };
  const seen = new Map<string, string>();
  for (const [sourceName, contracts] of Object.entries(output.contracts ?? {})) {
    for (const [contractName, contract] of Object.entries(contracts)) {
      const isOurs = sourceName.startsWith('contracts/') || sourceName.startsWith('poseidon-solidity/');
      if (!isOurs) continue;
      const other = seen.get(contractName);
      if (other) throw new Error(`Two contracts are named ${contractName}: ${other} and ${sourceName}. Rename one.`);
      seen.set(contractName, sourceName);
      const artifact = {
        contractName,
        sourceName,
        abi: contract.abi,
        bytecode: `0x${contract.evm.bytecode.object}`,
        deployedBytecode: `0x${contract.evm.deployedBytecode.object}`,
        linkReferences: contract.evm.bytecode.linkReferences,
        deployedLinkReferences: contract.evm.deployedBytecode.linkReferences,
        immutables: Object.fromEntries(
          Object.entries(contract.evm.deployedBytecode.immutableReferences ?? {}).map(([id, places]) => [nameOf(id), places]),
        ),
      };
      writeFileSync(join(dir, `${contractName}.json`), JSON.stringify(artifact));
    }
  }
};

const hashOf = (sources: Record<string, { content: string }>): string => {
  const hasher = createHash('sha256').update(JSON.stringify({ artifactForm, solcVersion, solcSettings }));
  for (const name of Object.keys(sources).sort()) hasher.update(`\n${name}\n`).update(sources[name]?.content ?? '');
  return hasher.digest('hex').slice(0, 16);
};
const defaultOutDir = join(root, '.cache', 'contracts');

/** The folder with what these very sources compile to; null when it was not built. Compiles nothing. */
export const findBuiltContracts = (outDir = defaultOutDir): string | null => {
  const dir = join(outDir, hashOf(collectSources(ownSources())));
  return existsSync(join(dir, completeMark)) ? dir : null;
};

/** Builds, or finds the build of the same content. Throws with the compiler's messages when a source does not compile. */
export const buildContracts = async (options: BuildOptions = {}): Promise<BuildResult> => {
  const progress = options.onProgress ?? (() => {});
  const outDir = options.outDir ?? defaultOutDir;
  progress(0, 'Reading the contracts');
  const sources = collectSources(ownSources());
  const hash = hashOf(sources);
  const dir = join(outDir, hash);
  if (existsSync(join(dir, completeMark))) {
    progress(1, 'Contracts are built');
    return { dir, hash, fromCache: true };
  }
  progress(0.1, `Compiling ${Object.keys(sources).length} Solidity files`);
  const ofContracts = ['abi', 'evm.bytecode.object', 'evm.bytecode.linkReferences', 'evm.deployedBytecode.object'];
  const places = ['evm.deployedBytecode.linkReferences', 'evm.deployedBytecode.immutableReferences'];
  const outputSelection = { '*': { '*': [...ofContracts, ...places], '': ['ast'] } };
  const output = compile({ language: 'Solidity', sources, settings: { ...solcSettings, outputSelection } });
  const errors = (output.errors ?? []).filter((error) => error.severity === 'error');
  if (errors.length > 0) throw new Error(errors.map((error) => error.formattedMessage).join('\n'));
  progress(0.9, 'Writing the artifacts');
  const temporary = `${dir}.${process.pid}`;
  mkdirSync(temporary, { recursive: true });
  writeArtifacts(temporary, output);
  writeFileSync(join(temporary, completeMark), '');
  rmSync(dir, { recursive: true, force: true });
  renameSync(temporary, dir);
  progress(1, 'Contracts are built');
  return { dir, hash, fromCache: false };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  const result = await buildContracts({
    ...(values.out ? { outDir: values.out } : {}),
    onProgress: (fraction, text) => console.log(`progress ${fraction.toFixed(2)} ${text}`),
  });
  // A package has no sources to tell by: it takes what this names.
  writeFileSync(join(dirname(result.dir), 'current.json'), JSON.stringify({ directory: result.hash }));
  console.log(`artifacts ${result.dir}`);
}
