/** What the TypeScript tests share: a chain, the suite on it, and keys. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Base8, mulPointEscalar } from '@zk-kit/baby-jubjub';
import { BrowserProvider, type JsonRpcApiProvider, JsonRpcProvider, type Signer, Wallet } from 'ethers';
import { network } from 'hardhat';
import { anvilBinary } from '../../src/main/ledger/anvil-binary.ts';
import { buildContracts } from '../build.ts';
import { type DeployOptions, deployAll, loadArtifacts, type Manifest } from '../deploy/deploy.ts';
import { anyVerificationKey } from './any-key.ts';

export { anyVerificationKey } from './any-key.ts';

export type Chain = {
  readonly provider: JsonRpcApiProvider;
  readonly signer: Signer;
  readonly accounts: Signer[];
  /** null: in this process */
  readonly rpcUrl: string | null;
  close(): Promise<void>;
};

const developmentMnemonicKeys = [
  '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
  '0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a',
  '0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6',
];

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
};

/** A node of its own on an ephemeral port; `close` kills it. */
export const startAnvil = async (chainId = 31337): Promise<Chain> => {
  const port = await freePort();
  const child: ChildProcess = spawn(anvilBinary(), ['--port', String(port), '--chain-id', String(chainId), '--silent'], {
    stdio: 'ignore',
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const rpcUrl = `http://127.0.0.1:${port}`;
  const provider = new JsonRpcProvider(rpcUrl, chainId, { staticNetwork: true, cacheTimeout: -1, pollingInterval: 50 });
  for (let attempt = 0; ; attempt += 1) {
    try {
      await provider.send('eth_chainId', []);
      break;
    } catch (cause) {
      if (attempt > 100) {
        kill();
        throw new Error('anvil did not answer within 10 s', { cause });
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  const accounts = developmentMnemonicKeys.map((key) => new Wallet(key, provider));
  return {
    provider,
    signer: accounts[0] as Signer,
    accounts,
    rpcUrl,
    close: async () => {
      provider.destroy();
      process.off('exit', kill);
      kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
};

/** Hardhat's network in this process. */
export const startHardhat = async (): Promise<Chain> => {
  const connection = await network.create();
  const provider = new BrowserProvider(connection.provider as never, undefined, { cacheTimeout: -1, pollingInterval: 20 });
  const accounts = await Promise.all([0, 1, 2, 3].map((index) => provider.getSigner(index)));
  return {
    provider,
    signer: accounts[0] as Signer,
    accounts,
    rpcUrl: null,
    close: async () => {
      provider.destroy();
      await connection.close();
    },
  };
};

export const builtContracts = async () => {
  const { dir } = await buildContracts();
  return { dir, artifacts: loadArtifacts(dir) };
};

export const temporaryFolder = (): { path: string; remove(): void } => {
  const path = mkdtempSync(join(tmpdir(), 'busbar-contracts-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};

export const deploySuite = async (chain: Chain, options: DeployOptions = {}, manifestPath?: string): Promise<Manifest> => {
  const { dir } = await builtContracts();
  const folder = temporaryFolder();
  try {
    return await deployAll({
      provider: chain.provider,
      signer: chain.signer,
      rpcUrl: chain.rpcUrl,
      manifestPath: manifestPath ?? join(folder.path, 'manifest.json'),
      artifactsDir: dir,
      options: { settlement: { settle: anyVerificationKey(8), admit: anyVerificationKey(6) }, ...options },
    });
  } finally {
    folder.remove();
  }
};

/** Public key of the secret scalar `secret`. */
export const publicKeyOf = (secret: bigint): [bigint, bigint] => {
  const [x, y] = mulPointEscalar(Base8, secret);
  return [BigInt(x), BigInt(y)];
};
