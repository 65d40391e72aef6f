/** Reads from our Solidity sources what the compiler does not tell: where a function can refuse, and which modifiers guard it. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export const solidityFiles = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return solidityFiles(path);
    return entry.name.endsWith('.sol') ? [path] : [];
  });

/** Blanks comments and the contents of strings; every other character stays at its place. */
export const codeOf = (source: string): string =>
  source.replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, (text) => text.replace(/[^\n]/g, ' '));

/** `if (…) revert X(…);` over as many lines as it takes becomes a block with the revert alone on its line. */
export const splitReverts = (source: string): string =>
  source.replace(/^([ ]*)((?:else )?if \([^\n]*\)) (revert [^;]+;)/gm, (_all, indent: string, condition: string, statement: string) => {
    const oneLine = statement.replace(/\s*\n\s*/g, ' ');
    return `${indent}${condition} {\n${indent}    ${oneLine}\n${indent}}`;
  });

/**
 * Refusals whose reaching a count of lines would not show, as `line: text`: `require`, `assert`, a revert without a custom error or in assembly,
 * and one that does not stand alone on its line after `splitReverts`.
 */
export const unseenRefusals = (split: string): string[] =>
  codeOf(split)
    .split('\n')
    .flatMap((line, index) => {
      const bare = /\b(?:require|assert)\s*\(/.test(line);
      const reverts = line.match(/\brevert\b/g)?.length ?? 0;
      const seen = /^\s*revert [\w.]+\(.*\);\s*$/.test(line) ? 1 : 0;
      return bare || reverts > seen ? [`${index + 1}: ${split.split('\n')[index]?.trim()}`] : [];
    });

/** Modifiers a function may bear, and what shows that each of them refuses. One that is not listed here is a gap. */
export const guards = {
  restricted: 'role-table.test.ts',
  whenNotPaused: 'pause.test.ts',
  nonReentrant: 'Reentrancy.t.sol',
  onlyMember: 'a revert of our own, counted as such',
} as const;

export type Guard = keyof typeof guards;
export type Guarded = {
  readonly contract: string;
  readonly fn: string;
  readonly visibility: string;
  readonly modifiers: readonly string[];
};

const words = /\b(?:external|public|internal|private|view|pure|payable|virtual|override(?:\([^)]*\))?|returns\s*\([\s\S]*\))/g;

/** Every function with a body in one source, with the modifiers in its head. */
export const functionsOf = (path: string, source: string): Guarded[] =>
  [...codeOf(source).matchAll(/\bfunction\s+(\w+)\s*\([^)]*\)([^{;]*)\{/g)].map(([, fn, head]) => ({
    contract: basename(path, '.sol'),
    fn: fn as string,
    visibility: /\b(external|public|internal|private)\b/.exec(head as string)?.[1] ?? 'internal',
    modifiers: (head as string).replace(words, ' ').match(/\w+/g) ?? [],
  }));

/** All functions of our contracts, tests left out, and the bases of each contract. */
export const readContracts = (dir: string): { functions: Guarded[]; basesOf: (contract: string) => string[] } => {
  const files = solidityFiles(dir).filter((path) => !path.startsWith(join(dir, 'test')));
  const sources = files.map((path) => ({ path, source: readFileSync(path, 'utf8') }));
  const bases = new Map(
    sources.flatMap(({ source }) =>
      [...codeOf(source).matchAll(/\bcontract\s+(\w+)\s+is\s+([^{]+)\{/g)].map(([, name, list]) => [
        name as string,
        (list as string).match(/\w+/g) ?? [],
      ]),
    ),
  );
  const basesOf = (contract: string): string[] => [contract, ...(bases.get(contract) ?? []).flatMap((base) => basesOf(base))];
  return { functions: sources.flatMap(({ path, source }) => functionsOf(path, source)), basesOf };
};
