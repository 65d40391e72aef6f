/** Writes THIRD-PARTY-NOTICES.md from the installed production dependencies and the notices beside the data we ship. `--check` only compares. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

interface LockPackage {
  version?: string;
  dev?: boolean;
  license?: string;
  optional?: boolean;
}

/** Built into what we ship although npm counts them as development dependencies. */
const BUILT_IN = ['circomlib', '@openzeppelin/contracts', 'poseidon-solidity', 'electron'];

export function noticesText(): string {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, LockPackage> };
  const rows = Object.entries(lock.packages)
    .filter(([path, p]) => path.startsWith('node_modules/') && (!p.dev || BUILT_IN.includes(path.slice('node_modules/'.length))))
    .map(([path, p]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
      // Binaries for other systems are named in the lock without their licence; it is that of the package they belong to.
      const family = Object.entries(lock.packages).find(([other, q]) => q.license && path.startsWith(`${other}-`))?.[1];
      return `| ${name} | ${p.version ?? ''} | ${p.license ?? family?.license ?? 'see package'} |`;
    });
  const unique = [...new Set(rows)].sort((a, b) => a.toLowerCase().localeCompare(b.toLowerCase(), 'en'));
  const data = [
    'plant/data/NOTICE.md',
    'src/domain/grid/fixtures/NOTICE.md',
    'src/domain/market/fixtures/NOTICE.md',
    'drivers/modbus/sunspec/models/NOTICE.md',
    'drivers/modbus/sunspec/NOTICE.md',
    'src/domain/carbon/NOTICE.md',
  ]
    .filter((file) => existsSync(join(root, file)))
    .map(
      (file) =>
        `### ${file.replace('/NOTICE.md', '')}\n\n${readFileSync(join(root, file), 'utf8')
          .replace(/^#+ .*\n/, '')
          .trim()}`,
    );
  return `# Third-party notices

Busbar itself is MIT (see LICENSE). Code in \`circuits/\` and the prover's program are GPL-3.0, because they include circomlib and snarkjs; their source is part of this package. circomlib 2.0.5, compiled into the circuits, is at
<https://www.npmjs.com/package/circomlib/v/2.0.5> and <https://github.com/iden3/circomlib>; snarkjs lies in \`node_modules\`, with the text of the licence (\`COPYING\`).
circom, snarkjs, ffjavascript and circomlib are GPL-3.0; compiler and prover run as processes of their own. Each package's full licence text
lies in its folder under \`node_modules\`.

## Data of others

${data.join('\n\n')}

## Packages

| package | version | licence |
|---|---|---|
${unique.join('\n')}
`;
}

if (process.argv[1] === import.meta.filename) {
  const file = join(root, 'THIRD-PARTY-NOTICES.md');
  const wanted = noticesText();
  if (process.argv.includes('--check')) {
    if (!existsSync(file) || readFileSync(file, 'utf8') !== wanted) {
      process.stderr.write('THIRD-PARTY-NOTICES.md is out of date. Run: npx node tools/notices.ts\n');
      process.exit(1);
    }
  } else writeFileSync(file, wanted);
}
