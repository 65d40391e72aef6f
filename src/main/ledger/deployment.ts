/**
 * Brings the contracts onto the chain. On the console's own node an unfinished deployment is thrown away with its chain and made again
 * (nothing depends on it yet); on any other chain it is resumed by its manifest.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JsonRpcProvider, Network, type Wallet } from 'ethers';
import { type CircuitKey, checkDeployment, type DeployOptions, type DeployRequest, deployAll } from '../../../contracts/deploy/deploy.ts';
import { DeployError, type Manifest, readManifest } from '../../../contracts/deploy/manifest.ts';
import type { BatchLayout } from '../../domain/settlement/limits.ts';
import { Fault } from '../../shared/errors.ts';
import type { PlantFile } from '../../shared/plant-file.ts';
import { cacheDir, rootDir, scriptNode } from '../host/paths.ts';
import { depthOf, layoutName } from '../market/layout.ts';
import { STATEMENTS, type Statement } from '../proof/types.ts';
import { DEVELOPMENT_CHAIN_ID } from './chain-node.ts';

export interface DeploymentFiles {
  readonly manifest: string;
  readonly unfinished: string;
}
export const deploymentFiles = (dataDir: string): DeploymentFiles => ({
  manifest: join(dataDir, 'chain', 'manifest.json'),
  unfinished: join(dataDir, 'chain', 'manifest.unfinished.json'),
});

/** Own node only, before it starts: forgets a chain whose deployment was not finished. */
export function discardUnfinished(dataDir: string): void {
  const files = deploymentFiles(dataDir);
  if (existsSync(files.manifest)) return;
  rmSync(files.unfinished, { force: true });
  rmSync(join(dataDir, 'chain', 'state.json'), { force: true });
  rmSync(join(dataDir, 'chain', 'genesis-time'), { force: true });
  rmSync(join(dataDir, 'chain', 'verification-key-hash'), { force: true });
}

/** Until when the chain takes an interval's orders, s; `intervalS` 0: it keeps no gate. */
export interface ContractGate {
  readonly intervalS: number;
  /** From gate closure to delivery. */
  readonly leadS: number;
}

/** A real plant's time is the chain's: orders must be bound before the gate closes. A simulated plant and the development chain keep no gate. */
export function gateFor(plant: PlantFile, chainId: number): ContractGate {
  if (plant.simulation !== undefined || chainId === DEVELOPMENT_CHAIN_ID) return { intervalS: 0, leadS: 0 };
  return gateOfPlant(plant);
}

function gateOfPlant({ market }: PlantFile): ContractGate {
  const { intervalMs, gateClosesBeforeEndMs } = market;
  for (const [what, ms] of [
    ['interval', intervalMs],
    ['gate closure before delivery', gateClosesBeforeEndMs],
  ] as const)
    if (ms % 1000 !== 0)
      throw new Fault('plant.invalid', `The chain counts whole seconds; the plant file's ${what} of ${ms} ms is not one. Correct it.`);
  return { intervalS: intervalMs / 1000, leadS: gateClosesBeforeEndMs / 1000 };
}

/**
 * How the gate a contract was deployed with stands to the plant file's. `looser`: the contract would take orders longer; the console keeps to
 * its own, earlier gate. `refused`: rounds could not be bound there as the plant file says.
 */
export function compareGate(
  plant: PlantFile,
  chainId: number,
  contract: ContractGate,
): { readonly kind: 'same' } | { readonly kind: 'looser' | 'refused'; readonly text: string } {
  const simulated = plant.simulation !== undefined;
  if (contract.intervalS === 0) {
    if (simulated || chainId === DEVELOPMENT_CHAIN_ID) return { kind: 'same' };
    return {
      kind: 'looser',
      text: 'the contract was deployed without a gate and takes orders at any time; only the console keeps the gate',
    };
  }
  if (simulated)
    return {
      kind: 'refused',
      text: `The contract keeps the gate of a real plant (intervals of ${contract.intervalS} s by the chain's clock), and this plant is simulated. Use a ledger that was deployed for it.`,
    };
  const own = gateOfPlant(plant);
  if (contract.intervalS !== own.intervalS)
    return {
      kind: 'refused',
      text: `The contract keeps the gate of intervals of ${contract.intervalS} s; the plant file's last ${own.intervalS} s. Correct the plant file, or use a ledger that was deployed for it.`,
    };
  if (contract.leadS > own.leadS)
    return {
      kind: 'refused',
      text: `The contract's gate closes ${contract.leadS} s before delivery, the plant file's ${own.leadS} s: orders would be bound too late. Set gateClosesBeforeEndMs to ${contract.leadS * 1000} in the plant file.`,
    };
  if (contract.leadS === own.leadS) return { kind: 'same' };
  return {
    kind: 'looser',
    text: `the contract's gate closes ${contract.leadS} s before delivery, the plant file's ${own.leadS} s; the console keeps to the earlier one`,
  };
}

export type DeployTerms = Pick<DeployOptions, 'money' | 'council' | 'roles' | 'chainTime'> & {
  readonly settlement?: Pick<NonNullable<DeployOptions['settlement']>, 'escapeAfterS' | 'challengeWindowS' | 'certificateHolder'>;
};

export interface DeployOnce {
  readonly url: string;
  readonly chainId: number;
  readonly wallet: Wallet;
  readonly dataDir: string;
  readonly artifactsDir: string;
  readonly ownNode: boolean;
  readonly layout: BatchLayout;
  readonly gate: ContractGate;
  readonly circuits: Readonly<Record<Statement, CircuitKey & { readonly hash: string }>>;
  readonly onProgress: (fraction: number, text: string) => void;
  /** What a chain of value must be told; nothing on the development chain. */
  readonly terms?: DeployTerms;
  readonly onTransaction?: DeployRequest['onTransaction'];
  /** Own node: makes the chain durable before the manifest says that it is complete. */
  readonly dump: () => Promise<void>;
}

/** What it would begin with or go on from; sends nothing. Throws DeployError. */
export async function checkDeploy(options: DeployOnce): Promise<Manifest> {
  const provider = providerOf(options);
  try {
    return await checkDeployment(requestOf(options, provider));
  } finally {
    provider.destroy();
  }
}

const providerOf = ({ url, chainId }: DeployOnce): JsonRpcProvider =>
  new JsonRpcProvider(url, Network.from(chainId), { staticNetwork: true, cacheTimeout: -1, polling: false });

function requestOf(options: DeployOnce, provider: JsonRpcProvider): DeployRequest {
  const { settle, admit } = options.circuits;
  const { settlement, ...terms } = options.terms ?? {};
  const files = deploymentFiles(options.dataDir);
  return {
    provider,
    signer: options.wallet.connect(provider),
    rpcUrl: options.url,
    manifestPath: existsSync(files.manifest) || !options.ownNode ? files.manifest : files.unfinished,
    artifactsDir: options.artifactsDir,
    onProgress: options.onProgress,
    ...(options.onTransaction ? { onTransaction: options.onTransaction } : {}),
    options: {
      ...terms,
      batchMembers: options.layout.batchMembers,
      depth: depthOf(options.layout),
      settlement: { ...settlement, settle, admit, gate: options.gate },
    },
  };
}

export async function deployOnce(options: DeployOnce): Promise<Manifest> {
  const files = deploymentFiles(options.dataDir);
  const finished = existsSync(files.manifest);
  const provider = providerOf(options);
  try {
    const manifest = await deployAll(requestOf(options, provider));
    checkKeys(join(options.dataDir, 'chain', 'verification-key-hash'), options);
    if (!finished && options.ownNode) {
      await options.dump();
      renameSync(files.unfinished, files.manifest);
    }
    return manifest;
  } catch (cause) {
    if (cause instanceof DeployError && cause.code === 'wrong-chain' && options.ownNode && !finished) {
      // The node was killed in the middle: nothing depends on what it had, so the deployment begins anew.
      rmSync(files.unfinished, { force: true });
      throw new Fault('chain.away', 'The development chain was lost during its first deployment; it is deployed again.', {
        cause,
        retry: 'now',
      });
    }
    if (cause instanceof DeployError && cause.code === 'wrong-chain') throw new Fault('chain.wrong', cause.message, { cause });
    throw cause;
  } finally {
    provider.destroy();
  }
}

/** A verifier takes proofs of one circuit only; a console with other circuits must not queue what it would refuse. */
function checkKeys(file: string, { circuits, layout }: Pick<DeployOnce, 'circuits' | 'layout'>): void {
  const hashes = STATEMENTS.map((statement) => circuits[statement].hash).join('\n');
  if (!existsSync(file)) return writeFileSync(file, hashes);
  if (readFileSync(file, 'utf8') === hashes) return;
  throw new Fault(
    'chain.wrong',
    `The circuits of this console (rounds of ${layoutName(layout)}) are not those this ledger was deployed with, so the chain would refuse their proofs. Go back to the version before, or start a new ledger with another data folder: --data DIR.`,
  );
}

export const knownManifest = (dataDir: string): Manifest | null => readManifest(deploymentFiles(dataDir).manifest);

function shippedArtifacts(): string {
  const contracts = join(cacheDir, 'contracts');
  try {
    const { directory } = JSON.parse(readFileSync(join(contracts, 'current.json'), 'utf8')) as { directory: string };
    return join(contracts, directory);
  } catch (cause) {
    throw new Fault('chain.away', `The compiled contracts are missing in ${contracts}. Install the console again.`, { cause });
  }
}

/** Compiles the contracts in a child process (the compiler blocks for seconds) or finds them built. Returns the folder of artefacts. */
export function buildArtifacts(onProgress: (fraction: number, text: string) => void): Promise<string> {
  const script = join(rootDir, 'contracts', 'build.ts');
  // A package brings the artefacts along and has nothing to build them from.
  if (!existsSync(script)) return Promise.resolve(shippedArtifacts());
  return new Promise((resolve, reject) => {
    const child = spawn(scriptNode, [script], { stdio: ['ignore', 'pipe', 'pipe'] });
    let rest = '';
    let errors = '';
    let folder: string | null = null;
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const progress = /^progress ([\d.]+) (.*)$/.exec(line);
        if (progress) onProgress(Number(progress[1]), progress[2] ?? '');
        const done = /^artifacts (.+)$/.exec(line);
        if (done) folder = done[1] ?? null;
      }
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-2000);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0 && folder) resolve(folder);
      else
        reject(
          new Fault(
            'engine.internal',
            `The contracts could not be built: ${errors.trim().split('\n').at(-1) ?? `code ${code}`}. Run npm start again, or npm run contracts:build to see why.`,
          ),
        );
    });
  });
}
