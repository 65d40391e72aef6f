/**
 * Deploys the suite: one idempotent function for a development node and for any other RPC.
 *
 * Every contract's address is written to the manifest before its transaction is sent, so that a run that died half-way finds what reached
 * the chain and goes on from there. A second run on a complete deployment sends nothing.
 */
import { createHash } from 'node:crypto';
import {
  Contract,
  getCreateAddress,
  Interface,
  type Provider,
  type Signer,
  type TransactionReceipt,
  type TransactionRequest,
} from 'ethers';
import { type Artifacts, linkBytecode, loadArtifacts } from './artifacts.ts';
import { verificationKeyHash } from './ceremony-pins.ts';
import { configure, type GrantPlan } from './configure.ts';
import { developmentChainId } from './development-keys.ts';
import { DeployError, type Manifest, readManifest, writeManifest } from './manifest.ts';
import { checkDeployed, checkMoney, checkOptions } from './preconditions.ts';
import { type RoleName, workingRoles } from './role-table.ts';
import { findSent, waitFor, waitForNonce } from './sent-transactions.ts';
import { deploySettlement, planSettlement, type SettlementOptions, type SettlementPlan, settlementContracts } from './settlement-step.ts';
import { setupCalls, suiteContracts } from './suite.ts';

export { type Artifact, type Artifacts, loadArtifacts } from './artifacts.ts';
export { DeployError, type Manifest, readManifest } from './manifest.ts';
export type { CircuitKey, SettlementOptions } from './settlement-step.ts';

export type DeployOptions = {
  /** Holders of the working roles. On the development chain a role not named goes to the signer; elsewhere all must be named. */
  readonly roles?: Partial<Record<RoleName, string[]>>;
  /** Required outside the development chain 31337, where the signer and two of the node's accounts decide two of three. */
  readonly council?: { readonly members: string[]; readonly threshold: number; readonly delayS: number };
  /** An existing ERC-20 of 8 decimals to settle in, so that its unit is the micro-cent; absent: the test money (development chain only). */
  readonly money?: string;
  /** True: market intervals are those of the chain's clock, and readings ahead of it are refused. False on the development chain, where a
   * simulated plant's time runs on its own; true elsewhere. */
  readonly chainTime?: boolean;
  /** Height of the registry tree; 4 (the default) gives 16 private meters. */
  readonly depth?: number;
  /** Members that one settlement proof covers, 2, 4, 16 or 64; absent: all 2^depth, at most 64. A round is 2^depth / batchMembers batches. */
  readonly batchMembers?: number;
  /** The settlement circuits' keys and terms; absent: the development keys in the cache (development chain only). */
  readonly settlement?: SettlementOptions;
};

export type DeployRequest = {
  readonly provider: Provider;
  readonly signer: Signer;
  /** Where the provider's node answers; null: it runs in this process. Development keys are for loopback only. */
  readonly rpcUrl: string | null;
  readonly manifestPath: string;
  readonly artifactsDir: string;
  readonly onProgress?: (fraction: number, text: string) => void;
  /** Told of each transaction of this run, once it is mined. */
  readonly onTransaction?: (name: string, receipt: TransactionReceipt) => void;
  readonly options?: DeployOptions;
};

/** What a step of the deployment may use. */
export type DeployContext = {
  readonly artifacts: Artifacts;
  readonly options: DeployOptions;
  readonly signerAddress: string;
  readonly manifest: Manifest;
  /** Address of a contract deployed before. */
  address(name: string): string;
  /** Deploys an artifact once and returns its address. `as` names it in the manifest when that differs from the artifact. */
  deploy(artifactName: string, args: readonly unknown[], as?: string): Promise<string>;
  /** Sends a transaction once, ever, under the name `id`. */
  once(id: string, transaction: () => Promise<TransactionRequest | null>): Promise<void>;
};

/** Accounts 1 and 2 of the well-known development mnemonic; on 31337 only. */
const developmentCouncil = ['0x70997970C51812dc3A010C7d01b50e0d17dc79C8', '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'];

const councilOf = (options: DeployOptions, chainId: number, signer: string): Manifest['council'] => {
  if (options.council) return { ...options.council, members: [...options.council.members] };
  if (chainId === developmentChainId)
    return { members: [signer, ...developmentCouncil.filter((member) => member !== signer)], threshold: 2, delayS: 60 };
  throw new DeployError(
    'bad-options',
    `Chain ${chainId} is not a development chain: name the members, threshold and delay of the council.`,
  );
};

const planOf = (request: DeployRequest, chainId: number): SettlementPlan =>
  planSettlement(request.options ?? {}, { chainId, rpcUrl: request.rpcUrl });

/** Of everything that is chosen: what is told alike gives the same contracts. */
const hashOfChoices = ({ money, council, roles, chainTime, depth, settlement }: DeployOptions, plan: SettlementPlan): string => {
  const settle = verificationKeyHash(plan.settle.verificationKey);
  const admit = verificationKeyHash(plan.admit.verificationKey);
  const holder = settlement?.certificateHolder;
  return createHash('sha256')
    .update(JSON.stringify([money, council, roles, chainTime, depth, holder, { ...plan, settle, admit }]))
    .digest('hex');
};

const openManifest = async (request: DeployRequest, signerAddress: string): Promise<Manifest> => {
  const { provider, manifestPath, options = {} } = request;
  const chainId = Number((await provider.getNetwork()).chainId);
  const genesisHash = (await provider.getBlock(0))?.hash ?? '';
  const known = readManifest(manifestPath);
  if (known && (known.chainId !== chainId || known.genesisHash !== genesisHash)) {
    throw new DeployError(
      'wrong-chain',
      `The ledger was deployed on chain ${known.chainId} (genesis ${known.genesisHash.slice(0, 10)}…), but this node serves chain ${chainId} ` +
        `(genesis ${genesisHash.slice(0, 10)}…). Connect the right node, or move ${manifestPath} away to start a new ledger.`,
    );
  }
  if (known && !known.complete && known.deployer !== signerAddress)
    throw new DeployError(
      'bad-options',
      `The deployment in ${manifestPath} was begun by ${known.deployer}, not ${signerAddress}: only that account can finish it.`,
    );
  if (known?.complete) return known;
  if (known) {
    if (known.begunWith !== undefined && known.begunWith !== hashOfChoices(options, planOf(request, chainId)))
      throw new DeployError(
        'bad-options',
        `The deployment in ${manifestPath} was begun with other options or circuit keys than now: finish it with those it was begun with (busbar ledger deploy, docs/deployment.md).`,
      );
    return known;
  }
  if (!options.money && chainId !== developmentChainId) {
    throw new DeployError('bad-options', `Chain ${chainId} is not a development chain: name the ERC-20 to settle in.`);
  }
  const council = councilOf(options, chainId, signerAddress);
  checkOptions(options, chainId, council);
  if (options.money) await checkMoney(provider, options.money);
  // Any council member can stop things; lifting an emergency needs several of them. The deployer has roles of its own on a development chain only.
  const deployer = chainId === developmentChainId ? [signerAddress] : [];
  const holders = (role: RoleName) =>
    options.roles?.[role] ?? (role === 'GUARDIAN' ? [...new Set([...deployer, ...council.members])] : deployer);
  const roles = Object.fromEntries(workingRoles.map((role) => [role, holders(role)]));
  const plan = planOf(request, chainId);
  return {
    schema: 'ledger-manifest/1',
    chainId,
    genesisHash,
    deployer: signerAddress,
    begunWith: hashOfChoices(options, plan),
    blockNumber: await provider.getBlockNumber(),
    complete: false,
    contracts: {},
    pending: null,
    steps: [],
    roles,
    council,
  };
};

/** Checks what `deployAll` would insist on and sends nothing. Returns the manifest it would begin with or go on from. Throws DeployError. */
export const checkDeployment = async (request: DeployRequest): Promise<Manifest> =>
  openManifest(request, await request.signer.getAddress());

/** Deploys what is missing and returns the manifest. Throws DeployError. */
export const deployAll = async (request: DeployRequest): Promise<Manifest> => {
  const { provider, signer, manifestPath, options = {} } = request;
  const progress = request.onProgress ?? (() => {});
  const artifacts = loadArtifacts(request.artifactsDir);
  const signerAddress = await signer.getAddress();
  const manifest = await openManifest(request, signerAddress);
  if (manifest.complete) {
    const names = [...suiteContracts.map(({ name }) => name), ...settlementContracts];
    const missing = names.find((name) => !manifest.contracts[name]);
    if (missing) {
      throw new DeployError(
        'bad-manifest',
        `The ledger in ${manifestPath} is of an older version: it has no ${missing}. Migrate it (contracts/README.md), or start a new data folder.`,
      );
    }
    await checkDeployed(provider, manifest, manifestPath);
    progress(1, 'The ledger is deployed');
    return manifest;
  }
  const plan = planOf(request, manifest.chainId);
  const save = () => writeManifest(manifestPath, manifest);
  if (manifest.pending) await waitForNonce(provider, signerAddress, manifest.pending.nonce);
  const total = suiteContracts.length + setupCalls.length + 7;
  let done = 0;
  const step = (text: string) => progress(Math.min(0.99, done++ / total), text);
  const address = (name: string): string => {
    const contract = manifest.contracts[name];
    if (!contract) throw new Error(`${name} is not deployed yet: the order of the deployment is wrong.`);
    return contract.address;
  };

  const deploy: DeployContext['deploy'] = async (artifactName, args, as = artifactName) => {
    step(`Deploying ${as}`);
    const known = manifest.contracts[as];
    if (known) return known.address;
    const pending = manifest.pending;
    if (pending?.name === as && (await provider.getCode(pending.address)) !== '0x') {
      const sent = await findSent(provider, { account: signerAddress, nonce: pending.nonce, from: pending.block ?? manifest.blockNumber });
      if (!sent)
        throw new DeployError(
          'reverted',
          `${as} stands at ${pending.address}, but this node shows no transaction that made it: it does not have all blocks since the deployment began. Use another node and run the deployment again.`,
        );
      manifest.contracts[as] = { address: pending.address, ...sent };
      manifest.pending = null;
      save();
      return pending.address;
    }
    const artifact = artifacts.get(artifactName);
    const code = linkBytecode(artifact, address);
    const data = code + new Interface(artifact.abi).encodeDeploy([...args]).slice(2);
    const nonce = await provider.getTransactionCount(signerAddress, 'pending');
    const predicted = getCreateAddress({ from: signerAddress, nonce });
    manifest.pending = { name: as, nonce, address: predicted, block: await provider.getBlockNumber() };
    save();
    const sent = await signer.sendTransaction({ data, nonce });
    const receipt = await waitFor(provider, sent.hash, `deploy ${as}`);
    request.onTransaction?.(`Deploy ${as}`, receipt);
    manifest.contracts[as] = { address: predicted, block: receipt.blockNumber, transaction: sent.hash };
    manifest.pending = null;
    save();
    return predicted;
  };

  const once: DeployContext['once'] = async (id, transaction) => {
    step(id);
    if (manifest.steps.includes(id)) return;
    const prepared = await transaction();
    if (prepared) {
      const nonce = await provider.getTransactionCount(signerAddress, 'pending');
      manifest.pending = { name: id, nonce, address: '' };
      save();
      const sent = await signer.sendTransaction({ ...prepared, nonce });
      request.onTransaction?.(id, await waitFor(provider, sent.hash, id));
    }
    manifest.steps.push(id);
    manifest.pending = null;
    save();
  };

  const context: DeployContext = { artifacts, options, signerAddress, manifest, address, deploy, once };
  save();
  for (const contract of suiteContracts) {
    if (contract.name === 'CommunityMoney' && options.money) {
      manifest.contracts.CommunityMoney ??= { address: options.money, block: manifest.blockNumber, transaction: '' };
      continue;
    }
    await deploy(contract.name, contract.args(context));
  }
  const settlement = await deploySettlement(context, plan);
  const grants: GrantPlan = { working: manifest.roles, settlement, council: address('Council') };
  await configure(context, provider, grants);
  manifest.complete = true;
  save();
  progress(1, 'The ledger is deployed');
  return manifest;
};

/** A contract of a finished deployment, ready to call. */
export const contractAt = (manifest: Manifest, artifacts: Artifacts, name: string, runner: Signer | Provider): Contract => {
  const deployed = manifest.contracts[name];
  if (!deployed) throw new Error(`${name} is not part of this deployment.`);
  return new Contract(deployed.address, artifacts.get(name).abi, runner);
};
