/**
 * Line and statement coverage of the contracts by their Solidity tests, and the list of every `revert` with how often it was reached.
 *
 * It runs on a copy in which every `revert` stands on a line of its own, so that a line's count is the revert's count. Fails when a contract
 * has less than 95 % of lines or statements, when a revert was never reached, or when there is a refusal it cannot see: `require`, `assert`, a
 * revert without a custom error or in assembly, a line the compiler's counters leave out, a modifier that no test of its own is known for.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Guard, guards, readContracts, solidityFiles, splitReverts, unseenRefusals } from './refusals.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const copy = join(root, '.cache', 'contracts-coverage');
const leastPercent = 95;

/** Makes the copy; returns the refusals in it that no line count shows. */
const makeCopy = (): string[] => {
  rmSync(join(copy, 'contracts'), { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  cpSync(join(root, 'contracts'), join(copy, 'contracts'), {
    recursive: true,
    filter: (path) => !path.endsWith('.test.ts') && !path.endsWith('deploy'),
  });
  cpSync(join(root, 'hardhat.config.ts'), join(copy, 'hardhat.config.ts'));
  writeFileSync(join(copy, 'package.json'), JSON.stringify({ name: 'busbar-contracts-coverage', private: true, type: 'module' }));
  const unseen: string[] = [];
  for (const path of solidityFiles(join(copy, 'contracts'))) {
    if (path.includes(`${join('contracts', 'test')}`)) continue;
    const split = splitReverts(readFileSync(path, 'utf8'));
    writeFileSync(path, split);
    unseen.push(...unseenRefusals(split).map((at) => `${path.slice(copy.length + 1)}:${at}`));
  }
  return unseen;
};

/** How many functions bear each modifier; and those that bear one no test is known for. */
const guarded = (): { lines: string[]; unknown: string[] } => {
  const { functions } = readContracts(join(root, 'contracts'));
  const uses = functions.flatMap(({ contract, fn, modifiers }) => modifiers.map((modifier) => ({ at: `${contract}.${fn}`, modifier })));
  return {
    lines: Object.entries(guards).map(
      ([guard, shown]) => `modifier    ${guard} on ${uses.filter(({ modifier }) => modifier === guard).length} functions: ${shown}`,
    ),
    unknown: uses
      .filter(({ modifier }) => guards[modifier as Guard] === undefined)
      .map(({ at, modifier }) => `${at}: modifier ${modifier}`),
  };
};

const runCoverage = (): Promise<{ code: number; output: string }> =>
  new Promise((resolve, reject) => {
    const hardhat = join(root, 'node_modules', 'hardhat', 'dist', 'src', 'cli.js');
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', HARDHAT_DISABLE_TELEMETRY: '1' };
    const child = spawn(process.execPath, [hardhat, 'test', 'solidity', '--coverage'], {
      cwd: copy,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });

type Row = { readonly path: string; readonly linePercent: number; readonly statementPercent: number };

const rowsOf = (output: string): Row[] =>
  [...output.matchAll(/│?\s*(contracts\/\S+\.sol)\s*│\s*([\d.]+)\s*│\s*([\d.]+)\s*│/g)]
    .map((match) => ({ path: match[1] as string, linePercent: Number(match[2]), statementPercent: Number(match[3]) }))
    .filter(({ path }) => !path.startsWith('contracts/test/'))
    .sort((a, b) => a.path.localeCompare(b.path));

/** Hits of every line, by file, from lcov. */
const hitsOf = (lcov: string): Map<string, Map<number, number>> => {
  const files = new Map<string, Map<number, number>>();
  let current = new Map<number, number>();
  for (const line of lcov.split('\n')) {
    if (line.startsWith('SF:')) {
      const path = line.slice(3).replaceAll('\\', '/');
      current = new Map();
      files.set(path.slice(path.indexOf('contracts/')), current);
    }
    const hit = /^DA:(\d+),(\d+)/.exec(line);
    if (hit) current.set(Number(hit[1]), Number(hit[2]));
  }
  return files;
};

/** Undefined hits: the compiler's counters leave the line out. */
type Revert = { readonly where: string; readonly statement: string; readonly hits: number | undefined };

const revertsOf = (hits: Map<string, Map<number, number>>): Revert[] =>
  [...hits.entries()]
    .sort(([a], [b]) => a.localeCompare(b))
    .flatMap(([path, lines]) => {
      if (path.startsWith('contracts/test/')) return [];
      let inFunction = '';
      return readFileSync(join(copy, path), 'utf8')
        .split('\n')
        .flatMap((text, index) => {
          inFunction = /^\s*(?:function (\w+)|(constructor|modifier))/.exec(text)?.slice(1).find(Boolean) ?? inFunction;
          const statement = /^\s*(revert \w+(?:\.\w+)?)\(/.exec(text)?.[1];
          return statement ? [{ where: `${path.slice('contracts/'.length)} ${inFunction}`, statement, hits: lines.get(index + 1) }] : [];
        });
    });

const modifiers = guarded();
const unseen = [...makeCopy(), ...modifiers.unknown];
for (const at of unseen) console.log(`cannot be seen: ${at}`);
if (unseen.length > 0) process.exit(1);
const { code, output } = await runCoverage();
if (code !== 0) {
  process.stdout.write(output);
  process.exit(1);
}
const rows = rowsOf(output);
console.log('lines %  statements %  contract');
for (const row of rows)
  console.log(`${row.linePercent.toFixed(2).padStart(7)}  ${row.statementPercent.toFixed(2).padStart(12)}  ${row.path}`);
const low = rows.filter((row) => row.linePercent < leastPercent || row.statementPercent < leastPercent);
const reverts = revertsOf(hitsOf(readFileSync(join(copy, 'coverage', 'lcov.info'), 'utf8')));
const unreached = reverts.filter(({ hits }) => !hits);
writeFileSync(
  join(root, 'contracts', 'test', 'revert-reach.txt'),
  `# Every revert of the suite; made by npm run contracts:coverage, which fails when one is not reached by a test.\n${reverts
    .map(({ where, statement, hits }) => `${hits ? 'reached' : 'NOT REACHED'}  ${where}: ${statement}`)
    .concat(modifiers.lines)
    .join('\n')}\n`,
);
console.log(`\n${reverts.length - unreached.length} of ${reverts.length} reverts reached`);
for (const { where, statement, hits } of unreached) console.log(`${hits === 0 ? 'not reached' : 'not counted'}: ${where}: ${statement}`);
for (const { path } of low) console.log(`below ${leastPercent} %: ${path}`);
process.exitCode = low.length > 0 || unreached.length > 0 || reverts.length === 0 || rows.length === 0 ? 1 : 0;
