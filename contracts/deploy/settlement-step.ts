/** The seat of Settlement in the deployment: verifier, leaf hash and Settlement, with their constructor arguments. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Capacity } from '../../src/domain/settlement/limits.ts';
import { genesisState, stateRoot } from '../../src/domain/settlement/state.ts';
import { poseidon8Constants } from '../settlement/poseidon8-constants.ts';
import { verifierArguments } from '../settlement/verifier-arguments.ts';
import { type CeremonyPins, ceremonyKeyProblem } from './ceremony-pins.ts';
import type { DeployContext } from './deploy.ts';
import { DeployError } from './manifest.ts';

export type SettlementOptions = {
  /** snarkjs's verification_key.json, parsed; from a ceremony outside the development chain. */
  readonly verificationKey: unknown;
  readonly keyOrigin: 'development' | 'ceremony';
  /** The ceremony keys that are trusted; those of this version by default. */
  readonly ceremonyPins?: CeremonyPins;
  /** Time without a batch after which members may leave, s. Seven days by default. */
  readonly escapeAfterS?: number;
  /** Receives the community's certificates; the deployer by default. */
  readonly certificateHolder?: string;
};

const developmentChainId = 31337;
const defaultEscapeAfterS = 7 * 24 * 3600;

/** The key that `node circuits/build.ts` or a ceremony left in the cache, or null. */
const cachedKey = (capacity: number): SettlementOptions | null => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const circuits = join(process.env.BUSBAR_CACHE ?? join(root, '.cache'), 'circuits');
  const pointer = join(circuits, `settle-${capacity}.json`);
  if (!existsSync(pointer)) return null;
  const { directory } = JSON.parse(readFileSync(pointer, 'utf8')) as { directory: string };
  const { keyOrigin } = JSON.parse(readFileSync(join(circuits, directory, 'manifest.json'), 'utf8')) as {
    keyOrigin: 'development' | 'ceremony';
  };
  return { verificationKey: JSON.parse(readFileSync(join(circuits, directory, 'verification_key.json'), 'utf8')), keyOrigin };
};

/** Deploys the verifier and Settlement, where they are built. Returns the address that is granted the role SETTLEMENT, or null. */
export const deploySettlement = async (context: DeployContext): Promise<string | null> => {
  if (!context.artifacts.has('Settlement')) return null;
  const { address, options, signerAddress, manifest } = context;
  const capacity = (1 << (options.depth ?? 4)) as Capacity;
  const key = options.settlement ?? cachedKey(capacity);
  if (key === null)
    throw new DeployError(
      'bad-options',
      `The proving key for ${capacity} members is not built. Run: node circuits/build.ts --layout ${capacity}x1`,
    );
  if (key.keyOrigin === 'development' && manifest.chainId !== developmentChainId)
    throw new DeployError(
      'bad-options',
      `The proving key is an insecure development key and chain ${manifest.chainId} is no development chain. Run the ceremony (docs/ceremony.md) and deploy with its key.`,
    );
  const problem = key.keyOrigin === 'ceremony' ? ceremonyKeyProblem(`settle-${capacity}`, key.verificationKey, key.ceremonyPins) : null;
  if (problem !== null) throw new DeployError('bad-options', problem);
  const verifier = await context.deploy('Groth16Verifier', verifierArguments(key.verificationKey), 'SettleVerifier');
  const leafHash = await context.deploy('Poseidon8', [poseidon8Constants()]);
  return context.deploy('Settlement', [
    {
      authority: address('Access'),
      registry: address('SmartMeter'),
      verifier,
      money: address('CommunityMoney'),
      tariffs: address('Parameters'),
      certificates: address('GranularCertificate'),
      certificateHolder: key.certificateHolder ?? signerAddress,
      leafHash,
      genesisRoot: stateRoot(genesisState(capacity)),
      capacity,
      tokenUnitsPerMicroCent: 1,
      escapeAfterS: key.escapeAfterS ?? defaultEscapeAfterS,
    },
  ]);
};
