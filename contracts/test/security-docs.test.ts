/** The tests that the security documents name exist, in the file they name; and each of the six attacks has its line, its tests and its row. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const inFile = new Map(
  readdirSync(new URL('contracts/test/', root))
    .filter((name) => name.endsWith('.sol'))
    .map((name) => [name, [...read(`contracts/test/${name}`).matchAll(/function (test\w*)\(/g)].map(([, test]) => test as string)]),
);
const everywhere = new Set([...inFile.values()].flat());
const testsIn = (text: string): string[] => [...text.matchAll(/`(test\w*_\w+)`/g)].map(([, name]) => name as string);

describe('security documents', () => {
  it('name tests that exist', () => {
    for (const path of ['SECURITY.md', 'docs/contracts-security.md', 'docs/settlement-security.md']) {
      const named = testsIn(read(path));
      assert.deepEqual(
        named.filter((name) => !everywhere.has(name)),
        [],
        path,
      );
    }
  });

  it('have a line for each of the six attacks', () => {
    const rows = read('docs/contracts-security.md');
    const lines = [...read('SECURITY.md').matchAll(/^- \*\*([\w -]+)\*\* \(rows? ([^)]*)\):([\s\S]*?)(?=^- |\n\n)/gm)];
    assert.deepEqual(
      lines.map(([, attack]) => attack),
      ['Re-entrancy', 'Front-running', 'Rounding', 'Overflow', 'Griefing', 'Denial by unbounded loops'],
    );
    for (const [, attack, names, text] of lines) {
      for (const [, name] of (names ?? '').matchAll(/"([^"…]+?),? ?…?"/g)) assert.ok(rows.includes(`| ${name}`), `${attack}: row ${name}`);
      const files = [...(text ?? '').matchAll(/`(\w+\.t\.sol)`: ((?:`\w+`(?:,\s+)?)+)/g)];
      assert.ok(files.length > 0, `${attack}: tests`);
      for (const [, file, tests] of files)
        for (const name of testsIn(tests ?? '')) assert.ok(inFile.get(file ?? '')?.includes(name), `${attack}: ${name} in ${file}`);
    }
  });
});
