/**
 * Every external function, event and custom error of our contracts says what it is: each parameter and each result, with the unit of every number,
 * and each contract where its rules come from.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);

type Value = { readonly name: string; readonly type: string; readonly internalType?: string };
type AbiEntry = { readonly type: string; readonly name?: string; readonly inputs?: readonly Value[]; readonly outputs?: readonly Value[] };
type Details = {
  readonly params?: Readonly<Record<string, string>>;
  readonly returns?: Readonly<Record<string, string>>;
  readonly return?: string;
} & Readonly<Record<`custom:${string}`, string>>;
type Notice = { readonly notice?: string };
type Documented = {
  readonly abi: readonly AbiEntry[];
  readonly evm: { readonly methodIdentifiers: Readonly<Record<string, string>> };
  readonly userdoc: {
    readonly methods?: Readonly<Record<string, Notice>>;
    readonly events?: Readonly<Record<string, Notice>>;
    readonly errors?: Readonly<Record<string, readonly Notice[]>>;
  };
  readonly devdoc: {
    readonly methods?: Readonly<Record<string, Details>>;
    readonly events?: Readonly<Record<string, Details>>;
    readonly errors?: Readonly<Record<string, readonly Details[]>>;
    readonly stateVariables?: Readonly<Record<string, Details>>;
  } & Readonly<Record<`custom:${string}`, string>>;
};

/** What a number counts: a physical unit, money, time … */
const units =
  /\b(Wh|kWh|MWh|W|mHz|mV|mg|g CO2e|g per kWh|micro-cents?|milli-cents|hundredths of a per cent|s|unix time|lots?|smallest units|live units|units|in (the|its) unit)\b/;
/** … or an identifier, a count or a code. A text with none of these leaves the reader guessing. */
const codes =
  /\b(numbers?|number of|index|position|interval|intervals|serial|coordinate|field elements?|words?|roots?|leaf|hash|bits|height|signals?|commitment|receipts|opening|leaf upwards)\b/i;
/** Names that carry their unit themselves, as the house style asks; `…Id` names an identifier. */
const unitName = /(Wh|W|S|MHz|MV|Mg|Bps|Id)$/;

const saysUnit = (name: string, text: string): boolean => unitName.test(name) || units.test(text) || codes.test(text);

const sourcesBelow = (dir: string): string[] =>
  readdirSync(join(root, dir), { withFileTypes: true }).flatMap((entry) => {
    const path = `${dir}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'test' ? [] : sourcesBelow(path);
    return entry.name.endsWith('.sol') ? [path] : [];
  });

const signatureOf = ({ name, inputs }: AbiEntry): string => {
  const typeOf = (value: Value & { components?: readonly Value[] }): string =>
    value.type.startsWith('tuple') ? `(${(value.components ?? []).map(typeOf).join(',')})${value.type.slice('tuple'.length)}` : value.type;
  return `${name}(${(inputs ?? []).map(typeOf).join(',')})`;
};

/** What the texts of one function, event or error leave unsaid. */
const gapsOf = (
  where: string,
  { notice, details, inputs, outputs }: { notice?: string; details: Details; inputs: readonly Value[]; outputs: readonly Value[] },
): string[] => {
  const gaps: string[] = [];
  if (!notice) gaps.push(`${where}: no @notice`);
  const isNumber = ({ type, internalType }: Value) => /^u?int\d*(\[\d*\])?$/.test(type) && !internalType?.startsWith('enum ');
  for (const input of inputs) {
    const text = details.params?.[input.name];
    if (!text) gaps.push(`${where}: no @param ${input.name}`);
    else if (isNumber(input) && !saysUnit(input.name, text)) gaps.push(`${where}: no unit in @param ${input.name}`);
  }
  outputs.forEach((output, at) => {
    const name = output.name || `_${at}`;
    const text = details.returns?.[name] ?? details.return;
    if (!text) gaps.push(`${where}: no @return ${name}`);
    else if (isNumber(output) && !saysUnit(output.name, text)) gaps.push(`${where}: no unit in @return ${name}`);
  });
  return gaps;
};

/** Rules that a standard or publication fixes function by function: there the function itself names it. */
const fixedBySource: Readonly<Record<string, readonly string[]>> = {
  IGranularCertificate: [
    ...['issueFromSettlement', 'issueFromReading', 'split', 'transfer', 'reserve', 'reserveFor', 'release'],
    ...['lock', 'unlock', 'withdraw', 'cancel', 'claim', 'expire'],
  ],
  IGridManagement: ['updateStatus', 'trip', 'requestDemandResponse', 'recordResponse'],
  ICarbonCredit: ['issueCreditsCertificate', 'assessLevy'],
  CarbonCredit: ['avoidedFactor'],
  ISmartMeter: ['registerDevice', 'rotateKey', 'submitReading', 'validateReading', 'registryRoot'],
  IEnergyToken: ['mintEnergy', 'transferEnergy', 'burnEnergy'],
  IVintageToken: ['batchTransfer', 'expiryOf'],
  IEnergyRecords: ['certify', 'sealRec'],
  IEnergyTrade: ['executeTrade'],
  ISettlement: ['commitOrders', 'commitOrdersLate', 'challengeLate', 'admitOrders', 'settle', 'settlePart', 'exit'],
  IGroth16Verifier: ['verify'],
  IPoseidon8: ['hash'],
};

describe('documentation on the interface', () => {
  const names = sourcesBelow('contracts');
  const solc = require('solc') as { compile(input: string, callbacks: { import(name: string): { contents: string } }): string };
  const sources = Object.fromEntries(names.map((name) => [name, { content: readFileSync(join(root, name), 'utf8') }]));
  const settings = { outputSelection: { '*': { '*': ['userdoc', 'devdoc', 'abi', 'evm.methodIdentifiers'] } } };
  const find = (name: string) => ({
    contents: readFileSync(existsSync(join(root, name)) ? join(root, name) : require.resolve(name), 'utf8'),
  });
  const output = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings }), { import: find })) as {
    errors?: readonly { severity: string; formattedMessage: string }[];
    contracts: Record<string, Record<string, Documented>>;
  };
  const all = Object.entries(output.contracts ?? {}).flatMap(([source, contracts]) =>
    Object.entries(contracts).map(([name, contract]) => ({ source, name, contract })),
  );
  const ours = all.filter(({ source }) => source.startsWith('contracts/'));
  /** What OpenZeppelin and poseidon-solidity declare is documented there. */
  const inherited = new Set(
    all
      .filter(({ source }) => !source.startsWith('contracts/'))
      .flatMap(({ contract }) => contract.abi.filter(({ name }) => name).map((entry) => `${entry.type} ${signatureOf(entry)}`)),
  );
  /** Functions that an interface of ours documents in full: a public variable that implements one cannot repeat its parameters. */
  const onInterface = new Set(
    ours
      .filter(({ contract }) => Object.keys(contract.devdoc.stateVariables ?? {}).length === 0)
      .flatMap(({ contract }) => Object.keys(contract.devdoc.methods ?? {})),
  );

  it('compiles', () => {
    assert.deepEqual(
      (output.errors ?? []).filter(({ severity }) => severity === 'error').map(({ formattedMessage }) => formattedMessage),
      [],
    );
    assert.ok(ours.length > 40);
  });

  it('covers every external function, event and custom error: each parameter, each result, and the unit of every number', () => {
    const gaps = ours.flatMap(({ name: contractName, contract: { abi, userdoc, devdoc } }) =>
      abi
        .filter((entry) => entry.name && !inherited.has(`${entry.type} ${signatureOf(entry)}`))
        .flatMap((entry) => {
          const signature = signatureOf(entry);
          const where = `${contractName}.${signature}`;
          const [inputs, outputs] = [entry.inputs ?? [], entry.outputs ?? []];
          if (entry.type === 'event') {
            const [notice, details] = [userdoc.events?.[signature]?.notice, devdoc.events?.[signature] ?? {}];
            return gapsOf(where, { notice, details, inputs, outputs: [] });
          }
          if (entry.type === 'error') {
            const [notice, details] = [userdoc.errors?.[signature]?.[0]?.notice, devdoc.errors?.[signature]?.[0] ?? {}];
            return gapsOf(where, { notice, details, inputs, outputs: [] });
          }
          const notice = userdoc.methods?.[signature]?.notice;
          const variable = devdoc.stateVariables?.[entry.name as string];
          if (variable || !devdoc.methods?.[signature]) {
            // A public variable: its parameters are the keys of a mapping, told by their names; its value by its notice.
            if (onInterface.has(signature)) return gapsOf(where, { notice, details: {}, inputs: [], outputs: [] });
            const told = { params: Object.fromEntries(inputs.map(({ name }) => [name, name])), return: notice ?? '' };
            return gapsOf(where, {
              notice,
              details: { ...told, ...variable } as Details,
              inputs: inputs.filter(({ name }) => name === ''),
              outputs,
            });
          }
          return gapsOf(where, { notice, details: devdoc.methods[signature] as Details, inputs, outputs });
        }),
    );
    assert.deepEqual([...new Set(gaps)], []);
  });

  it('names where the rules of every contract come from, and of every function that a standard fixes', () => {
    const missing = ours.filter(({ contract }) => !contract.devdoc['custom:source']).map(({ source, name }) => `${source}: ${name}`);
    for (const [name, functions] of Object.entries(fixedBySource)) {
      const documented = ours.find((each) => each.name === name)?.contract;
      for (const fn of functions) {
        const details = Object.entries(documented?.devdoc.methods ?? {}).find(([signature]) => signature.startsWith(`${fn}(`))?.[1];
        if (!details?.['custom:source']) missing.push(`${name}.${fn}`);
      }
    }
    assert.deepEqual(missing, []);
  });

  it('names no file that does not exist', () => {
    const texts = names.map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));
    const files = texts.flatMap(({ name, text }) =>
      [...text.matchAll(/(?<![\w/])(?:docs|src|circuits|contracts)\/[\w./-]*\w\.(?:md|ts|circom|sol|json)/g)].map(([file]) => ({
        name,
        file,
      })),
    );
    assert.ok(files.length > 5);
    assert.deepEqual(
      files.filter(({ file }) => !existsSync(join(root, file))),
      [],
    );
  });
});
