/** The seat of Settlement in the deployment: verifiers, leaf hash and Settlement, with their constructor arguments. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BatchLayout, type Capacity, circuitName, layoutProblem } from '../../src/domain/settlement/limits.ts';
import { poseidon8Constants } from '../settlement/poseidon8-constants.ts';
import { verifierArguments } from '../settlement/verifier-arguments.ts';
import { type CeremonyPins, ceremonyKeyProblem } from './ceremony-pins.ts';
import type { DeployContext, DeployOptions } from './deploy.ts';
import { developmentChainId, developmentKeyProblem, type KeyPlace } from './development-keys.ts';
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

const dayS = 24 * 3600;
const defaultEscapeAfterS = 7 * dayS;
/** Members that one batch covers unless it is told: what one proof can carry. */
const greatestBatch = 64;

/** Batches of a round: the registry tree has 2^depth leaves, a batch `batchMembers` of them. */
const layoutFrom = (options: DeployOptions): BatchLayout => {
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

export type SettlementPlan = {
  readonly layout: BatchLayout;
  readonly settle: CircuitKey;
  readonly admit: CircuitKey;
  readonly gate: { readonly intervalS: number; readonly leadS: number };
  readonly escapeAfterS: number;
  readonly challengeWindowS: number;
};

/** What would be deployed, checked before the first transaction. Throws DeployError. */
export const planSettlement = (options: DeployOptions, place: KeyPlace): SettlementPlan => {
  const { settlement = {} } = options;
  const refuse = (message: string): never => {
    throw new DeployError('bad-options', message);
  };
  const layout = layoutFrom(options);
  const settle = settlement.settle ?? cachedKey(circuitName('settle', layout));
  const admit = settlement.admit ?? cachedKey(circuitName('admit', layout));
  for (const [statement, { keyOrigin, verificationKey, ceremonyPins }] of Object.entries({ settle, admit })) {
    const circuit = circuitName(statement as 'settle' | 'admit', layout);
    const problem = keyOrigin === 'ceremony' ? ceremonyKeyProblem(circuit, verificationKey, ceremonyPins) : developmentKeyProblem(place);
    if (problem !== null) refuse(problem);
  }
  const isDevelopment = place.chainId === developmentChainId;
  const escapeAfterS = settlement.escapeAfterS ?? defaultEscapeAfterS;
  const challengeWindowS = settlement.challengeWindowS ?? (isDevelopment ? 20 : dayS);
  if (!(challengeWindowS > 0 && challengeWindowS < escapeAfterS))
    refuse(
      `A late commitment can be challenged for ${challengeWindowS} s and members may leave after ${escapeAfterS} s without a round: the first must be above 0 and shorter than the second.`,
    );
  return { layout, settle, admit, gate: gateOf(settlement.gate, place.chainId), escapeAfterS, challengeWindowS };
};

/** Deploys the verifiers and Settlement. Returns the address that is granted the role SETTLEMENT. */
export const deploySettlement = async (context: DeployContext, plan: SettlementPlan): Promise<string> => {
  const { address, options, signerAddress } = context;
  const verifier = await context.deploy('Groth16Verifier', verifierArguments(plan.settle.verificationKey), 'SettleVerifier');
  const admitVerifier = await context.deploy('Groth16Verifier', verifierArguments(plan.admit.verificationKey), 'AdmitVerifier');
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
      certificateHolder: options.settlement?.certificateHolder ?? signerAddress,
      leafHash,
      ...plan.layout,
      tokenUnitsPerMicroCent: 1,
      escapeAfterS: plan.escapeAfterS,
      challengeWindowS: plan.challengeWindowS,
      gate: plan.gate,
    },
  ]);
};
