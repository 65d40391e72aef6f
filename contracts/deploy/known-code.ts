/**
 * Whether the contracts a ledger's money rests on are those of this version: what the chain runs, byte for byte, against what the compiler makes of
 * the sources. A contract's own word is worth nothing before that; a verifier could answer any hash and check nothing.
 *
 * Run-time code tells what a contract does, not what stood in its storage when it began: whoever deploys can write anything there and leave the right
 * code behind. So for those that keep something, the transaction that made them is held against the creation code, too.
 */
import { dataLength, dataSlice, getAddress, id, keccak256, type Log, type Provider, ZeroAddress, zeroPadValue } from 'ethers';
import { poseidon8Constants } from '../settlement/poseidon8-constants.ts';
import { type Artifact, type Artifacts, linkBytecode, type Place } from './artifacts.ts';

export type ComparedContract = {
  /** Its seat in the ledger, as in the manifest. */
  readonly contract: string;
  readonly address: string;
  readonly matches: boolean;
  /** For a person: what was compared, or what is wrong. */
  readonly detail: string;
};

type Seat = {
  readonly contract: string;
  readonly address: string;
  readonly artifact: string;
  /** It keeps something; and its constructor logs this event, which is rare afterwards. */
  readonly beganWith?: readonly string[];
  /** keccak256 that the words in its data contract must have, and how many words. */
  readonly data?: (immutable: (name: string) => string) => { readonly name: string; readonly hash: string; readonly words: bigint };
};

/** Where one value stands several times, it must be the same each time: null when it is not, or the code is too short. */
const valueAt = (code: string, places: readonly Place[]): string | null => {
  const values = new Set(places.map(({ start, length }) => code.slice(2 + 2 * start, 2 + 2 * (start + length))));
  const [value] = values;
  return values.size === 1 && value?.length === 2 * (places[0]?.length ?? 0) ? `0x${value}` : null;
};
const filled = (code: string, places: readonly Place[], value: string): string =>
  places.reduce((so, { start, length }) => so.slice(0, 2 + 2 * start) + value.slice(2) + so.slice(2 + 2 * (start + length)), code);
const asAddress = (word: string): string => getAddress(dataSlice(word, dataLength(word) - 20));

/** A library begins with its own address, which the compiler leaves blank. */
const libraryStart = `0x73${'00'.repeat(20)}`;

type Read = { readonly immutables: Readonly<Record<string, string>>; readonly libraries: Readonly<Record<string, string>> };

/** What stands in the blanks of the artifact's code; null when the rest is not that code. */
const readCode = (code: string, artifact: Artifact, address: string): Read | null => {
  let expected = artifact.deployedBytecode;
  if (expected.startsWith(libraryStart)) expected = `0x73${address.slice(2).toLowerCase()}${expected.slice(libraryStart.length)}`;
  const blanks = (all: Readonly<Record<string, readonly Place[]>>): Record<string, string> | null => {
    const values: Record<string, string> = {};
    for (const [name, places] of Object.entries(all)) {
      const value = valueAt(code, places);
      if (value === null) return null;
      values[name] = value;
      expected = filled(expected, places, value);
    }
    return values;
  };
  const immutables = blanks(artifact.immutables);
  const libraries = blanks(Object.assign({}, ...Object.values(artifact.deployedLinkReferences)));
  if (!immutables || !libraries || code !== expected) return null;
  return { immutables, libraries: Object.fromEntries(Object.entries(libraries).map(([name, word]) => [name, getAddress(word)])) };
};

/** AccessManaged, and AccessManager of its first administrator. */
const managed = [id('AuthorityUpdated(address)')];
const manager = [id('RoleGranted(uint64,address,uint32,uint48,bool)'), zeroPadValue('0x00', 32)];

const NOT_OURS = 'What it does is not known, and whoever deployed it may be able to move all money: leave nothing of value here';

const strangerRules = (contract: string, other: string, access: string): string =>
  `its code is that of this version, but it obeys the Access at ${other}, and Settlement the one at ${access}: whoever holds the other's roles can ${contract === 'SmartMeter' ? 'change which meters and keys count' : 'change the tariffs'}, with no council asked`;

/** Every contract that Settlement's safety rests on, from its address. Throws what the provider throws; a contract that differs is a finding. */
export const compareCode = async (
  provider: Provider,
  { chainId, settlement, artifacts }: { readonly chainId: number; readonly settlement: string; readonly artifacts: Artifacts },
): Promise<ComparedContract[]> => {
  const found: ComparedContract[] = [];
  const seen = new Set<string>();
  const tell = ({ contract, address }: Seat, matches: boolean, detail: string): null => {
    found.push({ contract, address, matches, detail });
    return null;
  };

  /** Looks at one contract and, first, at the libraries in it; null: it differs, and what it points to says nothing. */
  const look = async (seat: Seat): Promise<Read | null> => {
    const artifact = artifacts.get(seat.artifact);
    const code = (await provider.getCode(seat.address)).toLowerCase();
    if (code === '0x') return tell(seat, false, 'there is no code at this address');
    const read = readCode(code, artifact, seat.address);
    if (read === null) return tell(seat, false, `its code is not what this version compiles ${seat.artifact} to. ${NOT_OURS}`);
    for (const [library, address] of Object.entries(read.libraries)) {
      if (seen.has(address)) continue;
      seen.add(address);
      await look({ contract: library, address, artifact: library });
    }
    const wrongData = seat.data === undefined ? null : await dataProblem(provider, read, seat.data);
    if (wrongData !== null) return tell(seat, false, `${wrongData}. ${NOT_OURS}`);
    const wrongStart = seat.beganWith ? await beginningProblem(provider, seat, artifact, read.libraries) : null;
    if (wrongStart !== null) return tell(seat, false, wrongStart);
    tell(seat, true, seat.beganWith ? 'code and creation are those of this version' : 'its code is that of this version');
    return read;
  };

  const main: Seat = { contract: 'Settlement', address: getAddress(settlement), artifact: 'Settlement', beganWith: managed };
  const read = await look(main);
  if (read === null) return found;
  const at = (name: string): string => asAddress(read.immutables[name] ?? zeroPadValue(ZeroAddress, 32));
  // What receipts and notices are signed over: another contract's, or another chain's, must not count here.
  if (at('_cachedThis') !== main.address || BigInt(read.immutables._cachedChainId ?? 0) !== BigInt(chainId))
    found[found.length - 1] = { ...main, matches: false, detail: `it takes signatures of another chain or contract. ${NOT_OURS}` };

  const key: Seat['data'] = (immutable) => ({
    name: 'key',
    hash: immutable('keyHash'),
    words: 14n + 2n * (BigInt(immutable('signalCount')) + 1n),
  });
  const constants: Seat['data'] = () => ({ name: 'constants', hash: keccak256(poseidon8Constants()), words: 720n });
  await look({ contract: 'SettleVerifier', address: at('verifier'), artifact: 'Groth16Verifier', data: key });
  await look({ contract: 'AdmitVerifier', address: at('admitVerifier'), artifact: 'Groth16Verifier', data: key });
  await look({ contract: 'Poseidon8', address: at('leafHash'), artifact: 'Poseidon8', data: constants });
  await look({ contract: 'SmartMeter', address: at('registry'), artifact: 'SmartMeter', beganWith: managed });
  await look({ contract: 'Parameters', address: at('tariffs'), artifact: 'Parameters', beganWith: managed });
  // Who may act: each keeps its authority in storage, which its code, being the right one, tells truly.
  const authorityOf = async (address: string): Promise<string> => asAddress(await provider.call({ to: address, data: '0xbf7e214f' }));
  const access = await authorityOf(main.address);
  for (const contract of ['SmartMeter', 'Parameters']) {
    const at = found.findIndex((one) => one.contract === contract && one.matches);
    const one = found[at];
    const other = one ? await authorityOf(one.address) : access;
    if (one && other !== access) found[at] = { ...one, matches: false, detail: `${strangerRules(contract, other, access)}. ${NOT_OURS}` };
  }
  await look({ contract: 'Access', address: access, artifact: 'Access', beganWith: manager });
  return found;
};

/** A verifier's key and the leaf hash's constants are the code of a data contract, behind a STOP: with the right words nobody can change them. */
const dataProblem = async (provider: Provider, { immutables }: Read, of: NonNullable<Seat['data']>): Promise<string | null> => {
  const { name, hash, words } = of((immutable) => immutables[immutable] ?? '0x00');
  const held = await provider.getCode(asAddress(immutables[`_${name}`] ?? zeroPadValue(ZeroAddress, 32)));
  if (BigInt(dataLength(held)) !== 1n + 32n * words || !held.startsWith('0x00')) return `its ${name} is not kept as this version keeps it`;
  const real = keccak256(dataSlice(held, 1));
  return real === hash ? null : `it says that the hash of its ${name} is ${hash}, and works with other words, whose hash is ${real}`;
};

/** The constructor's first event names the transaction that made the contract. A contract that tells of no such transaction is not known to have begun empty. */
const beginningProblem = async (
  provider: Provider,
  { address, beganWith }: Seat,
  artifact: Artifact,
  libraries: Readonly<Record<string, string>>,
): Promise<string | null> => {
  let first: Log | undefined;
  try {
    [first] = await provider.getLogs({ address, topics: [...(beganWith ?? [])], fromBlock: 0, toBlock: 'latest' });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.slice(0, 120) : String(cause);
    return `not compared: this node does not give the contract's events from the beginning (${why}), so with what it began is not known. Ask a node of the chain that has them all`;
  }
  const unknown = `its code is that of this version, but what it began with is not known: this node shows no transaction that made it. Ask a node of the chain that has them all; if it shows none either, somebody may have put money or orders into it that nobody paid or signed`;
  const [made, receipt] = first
    ? await Promise.all([provider.getTransaction(first.transactionHash), provider.getTransactionReceipt(first.transactionHash)])
    : [null, null];
  if (!made || receipt?.contractAddress !== address || receipt.status !== 1 || made.to !== null) return unknown;
  const creation = linkBytecode(artifact, (library) => libraries[library] ?? ZeroAddress).toLowerCase();
  return made.data.toLowerCase().startsWith(creation)
    ? null
    : `its code is that of this version, but it was made by other code (transaction ${made.hash}): what it began with, money that nobody paid in or orders that nobody signed, is not known. ${NOT_OURS}`;
};
