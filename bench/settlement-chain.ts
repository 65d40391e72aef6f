/** A development chain with the suite deployed for a layout, for the settlement benchmark. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Contract, ContractFactory, type ContractTransactionResponse, getBytes, JsonRpcProvider, toBeHex, Wallet } from 'ethers';
import { buildContracts } from '../contracts/build.ts';
import { solcSettings } from '../contracts/compiler.ts';
import { contractAt, deployAll, loadArtifacts, type SettlementOptions } from '../contracts/deploy/deploy.ts';
import { encodeDeviceData } from '../contracts/deploy/device-data.ts';
import type { RegisteredMeter } from '../src/domain/settlement/leaves.ts';
import type { BatchLayout } from '../src/domain/settlement/limits.ts';
import { anvilBinary } from '../src/main/ledger/anvil-binary.ts';

/** First account of the well-known development mnemonic. */
const DEVELOPER = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
export const CHAIN_ID = 31337;

export interface SettlementChain {
  readonly settlement: Contract;
  readonly transparent: Contract;
  /** What is settled in. */
  readonly money: Contract;
  /** Sends, waits, and gives the gas used; throws when the chain refuses. */
  send(contract: Contract, method: string, args: readonly unknown[]): Promise<Spent>;
  /** Gas of checking a proof of Settlement's own verifiers, apart from the transaction around it. */
  checkGas(verifier: 'SettleVerifier' | 'AdmitVerifier', proof: readonly string[], signals: readonly string[]): Promise<number>;
  /** Signs for a member in Settlement's EIP-712 domain, and sends for it. */
  readonly member: (index: number) => Wallet;
  readonly operator: Wallet;
  close(): Promise<void>;
}

/** Gas of a transaction, and what of it is paid before the first instruction: 21 000, and 4 or 16 for each byte of its data. */
export interface Spent {
  readonly gas: number;
  readonly base: number;
}

const baseOf = (data: string): number => getBytes(data).reduce((sum, byte) => sum + (byte === 0 ? 4 : 16), 21_000);

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

export const openSettlementChain = async (
  meters: readonly RegisteredMeter[],
  layout: BatchLayout,
  settlement: SettlementOptions,
): Promise<SettlementChain> => {
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
      rpcUrl: `http://127.0.0.1:${port}`,
      manifestPath: join(directory, 'manifest.json'),
      artifactsDir: dir,
      options: { depth, batchMembers: layout.batchMembers, settlement },
    });
    const artifacts = loadArtifacts(dir);
    const at = (name: string) => contractAt(manifest, artifacts, name, signer);
    const send = async (contract: Contract, method: string, args: readonly unknown[]): Promise<Spent> => {
      const sent = (await contract.getFunction(method)(...args)) as ContractTransactionResponse;
      const receipt = await sent.wait();
      if (receipt === null) throw new Error(`${method} was not mined`);
      return { gas: Number(receipt.gasUsed), base: baseOf(sent.data) };
    };
    const checkGas: SettlementChain['checkGas'] = async (name, proof, signals) => {
      const verifier = new Contract(manifest.contracts[name]?.address ?? '', artifacts.get('Groth16Verifier').abi, signer);
      const data = verifier.interface.encodeFunctionData('verify', [proof, signals]);
      const [valid] = verifier.interface.decodeFunctionResult('verify', await provider.call({ to: verifier.target, data }));
      if (valid !== true) throw new Error(`the proof does not hold under ${name}`);
      // With a limit of its own: short of gas the verifier says false instead of reverting, so an estimate would stop far too low.
      const receipt = await (await signer.sendTransaction({ to: verifier.target, data, gasLimit: 2_000_000 })).wait();
      return Number(receipt?.gasUsed ?? 0n) - baseOf(data);
    };
    const member = (index: number): Wallet => new Wallet(toBeHex(0xb0_0001 + index, 32), provider);
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
    return { settlement: at('Settlement'), transparent, money: at('CommunityMoney'), send, checkGas, member, operator: signer, close };
  } catch (cause) {
    await close();
    throw cause;
  }
};
