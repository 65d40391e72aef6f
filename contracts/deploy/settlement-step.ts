/** The seat of Settlement in the deployment: verifiers, leaf hash and Settlement, with their constructor arguments. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BatchLayout, type Capacity, circuitName, layoutProblem } from '../../src/domain/settlement/limits.ts';
import { poseidon8Constants } from '../settlement/poseidon8-constants.ts';
import { verifierArguments } from '../settlement/verifier-arguments.ts';
import { type CeremonyPins, ceremonyKeyProblem } from './ceremony-pins.ts';
import type { DeployContext } from './deploy.ts';
import { DeployError } from './manifest.ts';

export type CircuitKey = {
  /** snarkjs's verification_key.json, parsed; from a ceremony outside the development chain. */
  readonly verificationKey: unknown;
  readonly keyOrigin: 'development' | 'ceremony';
  /** The ceremony keys that are trusted; those of this version by default. */
  readonly ceremonyPins?: CeremonyPins;
};

export type SettlementOptions = {
  /** Key of the settle circuit of this layout; absent: the one in the cache. */
  readonly settle?: CircuitKey;
  /** Key of the admit circuit of this layout; absent: the one in the cache. */
  readonly admit?: CircuitKey;
  /** Time without a settled round after which members may leave, s. Seven days by default. */
  readonly escapeAfterS?: number;
  /** How long a late commitment can be challenged, s; below escapeAfterS. 20 s on the development chain, a day elsewhere by default. */
  readonly challengeWindowS?: number;
  /**
   * On a plant whose time is the chain's: length of an interval and time from its gate to its start, s; the contract then keeps the gate.
   * `intervalS` 0: a simulated plant, the gate is not enforced; so by default on the development chain, elsewhere it must be told.
   */
  readonly gate?: { readonly intervalS: number; readonly leadS: number };
  /** Receives the community's certificates; the deployer by default. */
  readonly certificateHolder?: string;
};

/** What this step leaves in the manifest. */
export const settlementContracts = ['SettleVerifier', 'AdmitVerifier', 'Poseidon8', 'Settlement'] as const;

const developmentChainId = 31337;
const dayS = 24 * 3600;
const defaultEscapeAfterS = 7 * dayS;
/** Members that one batch covers unless it is told: what one proof can carry. */
const greatestBatch = 64;

/** Batches of a round: the registry tree has 2^depth leaves, a batch `batchMembers` of them. */
const layoutFrom = (options: DeployContext['options']): BatchLayout => {
  const capacity = 1 << (options.depth ?? 4);
  const batchMembers = (options.batchMembers ?? Math.min(capacity, greatestBatch)) as Capacity;
  const layout = { batchMembers, parts: capacity / batchMembers };
  const problem = layoutProblem(layout);
  if (problem !== null)
    throw new DeployError('bad-options', `A community of ${capacity} members cannot be settled in batches of ${batchMembers}: ${problem}.`);
  return layout;
};

/** The key that `node circuits/build.ts` or a ceremony left in the cache. */
const cachedKey = (name: string): CircuitKey => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const circuits = join(process.env.BUSBAR_CACHE ?? join(root, '.cache'), 'circuits');
  const pointer = join(circuits, `${name}.json`);
  if (!existsSync(pointer))
    throw new DeployError('bad-options', `The proving key of circuit ${name} is not built. Run: node circuits/build.ts --circuit ${name}`);
  const { directory } = JSON.parse(readFileSync(pointer, 'utf8')) as { directory: string };
  const read = (file: string): unknown => JSON.parse(readFileSync(join(circuits, directory, file), 'utf8'));
  const { keyOrigin } = read('manifest.json') as Pick<CircuitKey, 'keyOrigin'>;
  return { verificationKey: read('verification_key.json'), keyOrigin };
};

const gateOf = (gate: SettlementOptions['gate'], chainId: number): { intervalS: number; leadS: number } => {
  if (gate) return gate;
  if (chainId === developmentChainId) return { intervalS: 0, leadS: 0 };
  throw new DeployError(
    'bad-options',
    `Chain ${chainId} is not a development chain: say when the gate closes (length of an interval and lead, s), or interval 0 for a simulated plant.`,
  );
};

/** Deploys the verifiers and Settlement, where they are built. Returns the address that is granted the role SETTLEMENT, or null. */
export const deploySettlement = async (context: DeployContext): Promise<string | null> => {
  if (!context.artifacts.has('Settlement')) return null;
  const { address, options, signerAddress, manifest } = context;
  const { settlement = {} } = options;
  const layout = layoutFrom(options);
  const settle = settlement.settle ?? cachedKey(circuitName('settle', layout));
  const admit = settlement.admit ?? cachedKey(circuitName('admit', layout));
  const isDevelopment = manifest.chainId === developmentChainId;
  if (!isDevelopment && [settle, admit].some(({ keyOrigin }) => keyOrigin === 'development'))
    throw new DeployError(
      'bad-options',
      `The proving key is an insecure development key and chain ${manifest.chainId} is no development chain. Run the ceremony (docs/ceremony.md) and deploy with its key.`,
    );
  for (const [statement, key] of [
    ['settle', settle],
    ['admit', admit],
  ] as const) {
    const problem =
      key.keyOrigin === 'ceremony' ? ceremonyKeyProblem(circuitName(statement, layout), key.verificationKey, key.ceremonyPins) : null;
    if (problem !== null) throw new DeployError('bad-options', problem);
  }
  const gate = gateOf(settlement.gate, manifest.chainId);
  const verifier = await context.deploy('Groth16Verifier', verifierArguments(settle.verificationKey), 'SettleVerifier');
  const admitVerifier = await context.deploy('Groth16Verifier', verifierArguments(admit.verificationKey), 'AdmitVerifier');
  const leafHash = await context.deploy('Poseidon8', [poseidon8Constants()]);
  return context.deploy('Settlement', [
    {
      authority: address('Access'),
      registry: address('SmartMeter'),
      verifier,
      admitVerifier,
      money: address('CommunityMoney'),
      tariffs: address('Parameters'),
      certificates: address('GranularCertificate'),
      certificateHolder: settlement.certificateHolder ?? signerAddress,
      leafHash,
      ...layout,
      tokenUnitsPerMicroCent: 1,
      escapeAfterS: settlement.escapeAfterS ?? defaultEscapeAfterS,
      challengeWindowS: settlement.challengeWindowS ?? (isDevelopment ? 20 : dayS),
      gate,
    },
  ]);
};
