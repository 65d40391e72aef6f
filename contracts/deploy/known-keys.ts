/**
 * Which circuit key a verifier on a chain holds, as far as this version knows: what anybody can ask who is to trust its proofs.
 *
 * The chain shows the hash of the key's words (`keyHash`), files show the hash of snarkjs's JSON; the pins keep both of one key, side by side.
 */
import { Contract, type Provider } from 'ethers';
import developmentPins from '../../circuits/pins.json' with { type: 'json' };
import { type BatchLayout, type Capacity, circuitName } from '../../src/domain/settlement/limits.ts';
import { type CeremonyPins, ceremonyPins } from './ceremony-pins.ts';
import { developmentKeyProblem, type KeyPlace } from './development-keys.ts';

export type KeyTrust =
  /** Made together, and pinned in this version. */
  | 'ceremony'
  /** Its secret is public; the chain is one for trying. */
  | 'development'
  /** Its secret is public, and the chain is not one for trying. */
  | 'forgeable'
  /** Not a key that this version knows. */
  | 'unknown';

export type JudgedKey = {
  readonly circuit: string;
  readonly verifier: string;
  /** keccak256 of the key's words, as the verifier says */
  readonly keyHash: string;
  readonly trust: KeyTrust;
  /** For a person: what that means. */
  readonly detail: string;
};

type DevelopmentPins = Readonly<Record<string, { readonly verifierKeyHash: string }>>;
export type KnownKeys = { readonly ceremony?: CeremonyPins; readonly development?: DevelopmentPins };

const pinOf = <T>(pins: Readonly<Record<string, T>>, circuit: string): T | undefined =>
  Object.hasOwn(pins, circuit) ? pins[circuit] : undefined;

const ownTrial = (circuit: string): string =>
  `. On a trial of your own it may be a development key that is not pinned: "node circuits/build.ts --circuit ${circuit}" says whether, and with --pin pins it`;

export const judgeKey = (
  { circuit, keyHash, ...place }: { circuit: string; keyHash: string } & KeyPlace,
  { ceremony = ceremonyPins, development = developmentPins }: KnownKeys = {},
): Pick<JudgedKey, 'trust' | 'detail'> => {
  const made = pinOf(ceremony, circuit);
  if (made?.verifierKeyHash === keyHash)
    return { trust: 'ceremony', detail: `made by ${made.contributions} people in a ceremony, and pinned in this version` };
  if (pinOf(development, circuit)?.verifierKeyHash !== keyHash)
    return {
      trust: 'unknown',
      detail: `this version knows no such key of ${circuit}${made ? `; the pinned one is ${made.verifierKeyHash}` : ''}. Whoever made it may be able to forge proofs: ask the operator for the ceremony's transcript (docs/ceremony.md) before trusting it${developmentKeyProblem(place) === null ? ownTrial(circuit) : ''}`,
    };
  return developmentKeyProblem(place) === null
    ? { trust: 'development', detail: 'an insecure development key, pinned in this version: for trying only' }
    : {
        trust: 'forgeable',
        detail: `an insecure development key on chain ${place.chainId}, which is no development chain (31337 on loopback): whoever reads the source can forge proofs under it. Leave nothing of value here`,
      };
};

const settlementAbi = ['verifier', 'admitVerifier'].map((name) => `function ${name}() view returns (address)`);
const layoutAbi = ['batchMembers', 'parts'].map((name) => `function ${name}() view returns (uint256)`);
const verifierAbi = ['function keyHash() view returns (bytes32)'];

/** The keys under which the Settlement contract at `address` takes proofs. Throws what the provider throws. */
export const keysOnChain = async (provider: Provider, place: KeyPlace, address: string, known: KnownKeys = {}): Promise<JudgedKey[]> => {
  const settlement = new Contract(address, [...settlementAbi, ...layoutAbi], provider);
  const read = <T>(name: string): Promise<T> => settlement.getFunction(name)();
  const layout: BatchLayout = {
    batchMembers: Number(await read<bigint>('batchMembers')) as Capacity,
    parts: Number(await read<bigint>('parts')),
  };
  const judged = async (statement: 'settle' | 'admit', name: string): Promise<JudgedKey> => {
    const verifier = await read<string>(name);
    const keyHash = String(await new Contract(verifier, verifierAbi, provider).getFunction('keyHash')());
    const circuit = circuitName(statement, layout);
    return { circuit, verifier, keyHash, ...judgeKey({ circuit, keyHash, ...place }, known) };
  };
  return [await judged('settle', 'verifier'), await judged('admit', 'admitVerifier')];
};

export const isTrusted = ({ trust }: Pick<JudgedKey, 'trust'>): boolean => trust === 'ceremony' || trust === 'development';
