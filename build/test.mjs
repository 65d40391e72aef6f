// `npm test`: makes what is missing, then runs every check of the project. The last line is `N passed, N failed, N skipped`.
// What could not run is named with its reason; nothing is skipped in silence.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, node24, root } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { ensureConsole, ensureDesktop } from './lib/steps.mjs';

const only = process.argv.slice(2);
const resultsDir = join(root, 'test-results');
const env = {
  NODE_COMPILE_CACHE: join(cacheDir, 'compile'),
  NO_COLOR: '1',
  FORCE_COLOR: '0',
  PATH: `${join(root, 'node_modules', '.bin')}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`,
};
const modules = (path) => join(root, 'node_modules', ...path.split('/'));

const totals = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const skips = [];
const add = (suite, passed, failed, skipped = 0) => {
  totals.passed += passed;
  totals.failed += failed;
  totals.skipped += skipped;
  if (failed > 0) failures.push(suite);
};

/** A check that is either right or wrong. */
async function check(name, args, timeoutMs = 300_000) {
  process.stdout.write(`\n── ${name}\n`);
  const result = await run(node24, args, { cwd: root, env, timeoutMs, onLine: (line) => process.stdout.write(`${line}\n`) });
  add(name, result.code === 0 ? 1 : 0, result.code === 0 ? 0 : 1);
}

/** A Vitest suite, counted test by test from its JSON report. */
async function vitest(name, args, timeoutMs) {
  process.stdout.write(`\n── ${name}\n`);
  const report = join(resultsDir, `${name.replaceAll(' ', '-')}.json`);
  const result = await run(
    node24,
    [
      '--disable-warning=ExperimentalWarning',
      modules('vitest/vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile=${report}`,
      ...args,
    ],
    {
      cwd: root,
      env,
      timeoutMs,
      onLine: (line) => process.stdout.write(`${line}\n`),
    },
  );
  let json;
  try {
    json = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    process.stdout.write(`${name}: no report was written (exit ${result.code}${result.timedOut ? ', timed out' : ''}).\n`);
    return add(name, 0, 1);
  }
  for (const file of json.testResults) {
    for (const test of file.assertionResults) {
      if (test.status === 'pending' || test.status === 'skipped' || test.status === 'todo')
        skips.push(`${test.fullName}${test.meta?.reason ? `: ${test.meta.reason}` : ''}`);
    }
  }
  const broken = json.testResults.filter((f) => f.status === 'failed' && f.assertionResults.length === 0).length;
  const quiet = result.code !== 0 && json.numFailedTests + broken === 0 ? 1 : 0;
  if (quiet) process.stdout.write(`${name}: exited ${result.code} although no test failed (an unhandled error, see above).\n`);
  add(name, json.numPassedTests, json.numFailedTests + broken + quiet, json.numPendingTests);
}

/** A suite with its own runner, which ends with `N passed, N failed[, N skipped]`. */
async function counted(name, args, timeoutMs) {
  process.stdout.write(`\n── ${name}\n`);
  let last = null;
  const result = await run(node24, ['--disable-warning=ExperimentalWarning', ...args], {
    cwd: root,
    env,
    timeoutMs,
    onLine(line) {
      process.stdout.write(`${line}\n`);
      const match = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(line.trim());
      if (match) last = match;
      const skip = /^SKIPPED (.*)$/.exec(line.trim());
      if (skip) skips.push(skip[1]);
    },
  });
  if (!last) return add(name, 0, 1);
  const [passed, failed, skipped] = [Number(last[1]), Number(last[2]), Number(last[3] ?? 0)];
  add(name, passed, failed === 0 && result.code !== 0 ? 1 : failed, skipped);
}

const SUITES = {
  lint: () =>
    check('lint and import boundaries', [
      modules('@biomejs/biome/bin/biome'),
      'check',
      '--error-on-warnings',
      '--max-diagnostics=200',
      '.',
    ]),
  types: async () => {
    await check('types of engine, hosts, plant and tools', [modules('typescript/bin/tsc'), '-p', 'tsconfig.json']);
    await check('types of the screens', [modules('typescript/bin/tsc'), '-p', 'src/renderer/tsconfig.json']);
  },
  unit: () => vitest('unit and contract suites', [], 2_700_000),
  contracts: () => counted('ledger contracts', ['contracts/test.ts'], 1_200_000),
  e2e: () => vitest('end to end', ['--config', 'vitest.e2e.config.ts'], 3_000_000),
};

rmSync(resultsDir, { recursive: true, force: true });
mkdirSync(resultsDir, { recursive: true });
try {
  await ensureConsole();
  await ensureDesktop();
} catch (error) {
  process.stderr.write(`busbar: ${error.message}\n`);
  process.stdout.write('0 passed, 1 failed, 0 skipped\n');
  process.exit(1);
}
const unknown = only.filter((name) => !(name in SUITES));
if (unknown.length > 0) {
  process.stderr.write(`busbar: there is no suite ${unknown.join(', ')}. Suites: ${Object.keys(SUITES).join(', ')}.\n`);
  process.exit(2);
}
for (const [name, suite] of Object.entries(SUITES)) if (only.length === 0 || only.includes(name)) await suite();

process.stdout.write('\n');
for (const line of skips) process.stdout.write(`skipped: ${line}\n`);
if (failures.length > 0) process.stdout.write(`failed: ${failures.join(', ')}\n`);
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`);
process.exit(totals.failed === 0 ? 0 : 1);
