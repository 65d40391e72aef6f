/** A development chain with the suite deployed for N members, for the settlement benchmark. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Contract, ContractFactory, type ContractTransactionResponse, JsonRpcProvider, Wallet } from 'ethers';
import { buildContracts } from '../contracts/build.ts';
import { solcSettings } from '../contracts/compiler.ts';
import { contractAt, deployAll, loadArtifacts } from '../contracts/deploy/deploy.ts';
import { encodeDeviceData } from '../contracts/deploy/device-data.ts';
import type { RegisteredMeter } from '../src/domain/settlement/leaves.ts';
import { anvilBinary } from '../src/main/ledger/anvil-binary.ts';

/** First account of the well-known development mnemonic. */
const DEVELOPER = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
export const CHAIN_ID = 31337;

export interface SettlementChain {
  readonly settlement: Contract;
  readonly transparent: Contract;
  /** Sends, waits, and gives the gas used. */
  send(contract: Contract, method: string, args: readonly unknown[]): Promise<number>;
  close(): Promise<void>;
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

const compilePeer = (): { abi: unknown[]; bytecode: string } => {
  const solc = createRequire(import.meta.url)('solc') as { compile(json: string): string };
  const content = readFileSync(new URL('./peers/TransparentSettlement.sol', import.meta.url), 'utf8');
  const settings = { ...solcSettings, outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } };
  const output = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources: { 'peer.sol': { content } }, settings }))) as {
    contracts?: { 'peer.sol': { TransparentSettlement: { abi: unknown[]; evm: { bytecode: { object: string } } } } };
    errors?: { severity: string; formattedMessage: string }[];
  };
  const peer = output.contracts?.['peer.sol'].TransparentSettlement;
  if (output.errors?.some((error) => error.severity === 'error') || peer === undefined)
    throw new Error(output.errors?.map((error) => error.formattedMessage).join('\n') ?? 'the peer does not compile');
  return { abi: peer.abi, bytecode: `0x${peer.evm.bytecode.object}` };
};

export const openSettlementChain = async (meters: readonly RegisteredMeter[]): Promise<SettlementChain> => {
  const { dir } = await buildContracts();
  const directory = mkdtempSync(join(tmpdir(), 'busbar-bench-'));
  const port = await freePort();
  const node = spawn(anvilBinary(), ['--port', String(port), '--chain-id', String(CHAIN_ID), '--silent'], { stdio: 'ignore' });
  const provider = new JsonRpcProvider(`http://127.0.0.1:${port}`, CHAIN_ID, { staticNetwork: true, cacheTimeout: -1 });
  provider.pollingInterval = 50;
  const close = async (): Promise<void> => {
    provider.destroy();
    const ended = new Promise((resolve) => node.once('exit', resolve));
    node.kill('SIGKILL');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    for (let attempt = 0; ; attempt++) {
      try {
        await provider.send('eth_chainId', []);
        break;
      } catch (cause) {
        if (attempt > 100) throw cause;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    const signer = new Wallet(DEVELOPER, provider);
    const depth = Math.log2(meters.length);
    const manifest = await deployAll({
      provider,
      signer,
      manifestPath: join(directory, 'manifest.json'),
      artifactsDir: dir,
      options: { depth },
    });
    const artifacts = loadArtifacts(dir);
    const at = (name: string) => contractAt(manifest, artifacts, name, signer);
    const send = async (contract: Contract, method: string, args: readonly unknown[]): Promise<number> => {
      const sent = (await contract.getFunction(method)(...args)) as ContractTransactionResponse;
      return Number((await sent.wait())?.gasUsed ?? 0n);
    };
    const registry = at('SmartMeter');
    for (let first = 0; first < meters.length; first += 16) {
      const some = meters.slice(first, first + 16);
      const devices = some.map((meter) => `0x${meter.meterId.toString(16).padStart(40, '0')}`);
      const data = some.map((meter) =>
        encodeDeviceData({
          meterId: Number(meter.meterId),
          owner: signer.address,
          deviceClass: 'private',
          technology: meter.flags === 0 ? 'none' : 'solar',
          renewableOnly: (meter.flags & 1) === 1,
          backing: (meter.flags & 1) === 1 ? 'certificates' : 'none',
          ratedPowerW: 10_000,
          gridNode: 'bench',
          publicKey: [meter.publicKey[0], meter.publicKey[1]],
        }),
      );
      await send(registry, 'registerDevices', [devices, data]);
      await send(registry, 'verifyDevices', [some.map((meter) => meter.meterId), some.map(() => `0x${'11'.repeat(32)}`)]);
    }
    const peer = compilePeer();
    const transparent = (await new ContractFactory(peer.abi as never, peer.bytecode, signer).deploy()) as Contract;
    await transparent.waitForDeployment();
    return { settlement: at('Settlement'), transparent, send, close };
  } catch (cause) {
    await close();
    throw cause;
  }
};
