/** `npm run bench -- NAME`: runs one benchmark. The last line of standard output is a bench/1 document; absolute figures are printed, not asserted. */
import { BENCHMARKS } from './benchmarks.ts';
import { benchLine } from './harness.ts';

const name = process.argv[2] ?? '';
const found = Object.hasOwn(BENCHMARKS, name) ? BENCHMARKS[name] : undefined;
if (found === undefined) {
  process.stderr.write(
    `${name === '' ? 'name a benchmark' : `there is no benchmark "${name}"`}: ${Object.keys(BENCHMARKS).sort().join(', ')}\n`,
  );
  process.exitCode = 2;
} else {
  const { run } = await found();
  const result = await run((line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${benchLine(name, result)}\n`);
}
