/** Every external function and every custom error of our contracts says what it is, with units where there are any. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);

type Documented = {
  abi: { type: string; name: string }[];
  evm: { methodIdentifiers: Record<string, string> };
  userdoc: { methods?: Record<string, { notice?: string }>; errors?: Record<string, unknown> };
};

const sourcesBelow = (dir: string): string[] =>
  readdirSync(join(root, dir), { withFileTypes: true }).flatMap((entry) => {
    const path = `${dir}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'test' ? [] : sourcesBelow(path);
    return entry.name.endsWith('.sol') ? [path] : [];
  });

describe('documentation on the interface', () => {
  const names = sourcesBelow('contracts');
  const solc = require('solc') as { compile(input: string, callbacks: { import(name: string): { contents: string } }): string };
  const sources = Object.fromEntries(names.map((name) => [name, { content: readFileSync(join(root, name), 'utf8') }]));
  const settings = { outputSelection: { '*': { '*': ['userdoc', 'abi', 'evm.methodIdentifiers'] } } };
  const find = (name: string) => ({
    contents: readFileSync(existsSync(join(root, name)) ? join(root, name) : require.resolve(name), 'utf8'),
  });
  const output = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings }), { import: find })) as {
    contracts: Record<string, Record<string, Documented>>;
  };
  const all = Object.entries(output.contracts).flatMap(([source, contracts]) =>
    Object.entries(contracts).map(([name, contract]) => ({ source, name, contract })),
  );
  const isOurs = (source: string) => source.startsWith('contracts/');
  const inherited = new Set(
    all.filter(({ source }) => !isOurs(source)).flatMap(({ contract }) => Object.keys(contract.evm.methodIdentifiers)),
  );
  const inheritedErrors = new Set(
    all
      .filter(({ source }) => !isOurs(source))
      .flatMap(({ contract }) => contract.abi.filter(({ type }) => type === 'error').map(({ name }) => name)),
  );

  it('covers every external function', () => {
    const missing = all
      .filter(({ source }) => isOurs(source))
      .flatMap(({ name, contract }) =>
        Object.keys(contract.evm.methodIdentifiers)
          .filter((method) => !inherited.has(method) && !contract.userdoc.methods?.[method]?.notice)
          .map((method) => `${name}.${method}`),
      );
    assert.ok(all.length > 40);
    assert.deepEqual(missing, []);
  });

  it('covers every custom error', () => {
    const missing = all
      .filter(({ source }) => isOurs(source))
      .flatMap(({ name, contract }) => {
        const documented = new Set(
          Object.keys(contract.userdoc.errors ?? {}).map((signature) => signature.slice(0, signature.indexOf('('))),
        );
        return contract.abi
          .filter((entry) => entry.type === 'error' && !inheritedErrors.has(entry.name) && !documented.has(entry.name))
          .map((entry) => `${name}.${entry.name}`);
      });
    assert.deepEqual(missing, []);
  });
});
