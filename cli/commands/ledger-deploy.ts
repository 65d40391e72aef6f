/** `ledger deploy --rpc URL --options FILE.json`: puts the ledger of a console on a chain; a run that died is gone on with by the same command. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Wallet } from 'ethers';
import type { CeremonyPins } from '../../contracts/deploy/ceremony-pins.ts';
import { developmentChainId } from '../../contracts/deploy/development-keys.ts';
import { DeployError, type Manifest } from '../../contracts/deploy/manifest.ts';
import { loadPlantFile } from '../../src/main/composition.ts';
import { takeInstanceLock } from '../../src/main/host/instance-lock.ts';
import { defaultDataDir, defaultPlantFile } from '../../src/main/host/paths.ts';
import { buildArtifacts, checkDeploy, type DeployOnce, deploymentFiles, deployOnce, gateFor } from '../../src/main/ledger/deployment.ts';
import { openKeystore } from '../../src/main/ledger/keystore.ts';
import { RpcError, rpcCall } from '../../src/main/ledger/rpc.ts';
import { placesNeeded } from '../../src/main/market/community.ts';
import { layoutFor, layoutName } from '../../src/main/market/layout.ts';
import { Fault } from '../../src/shared/errors.ts';
import type { PlantFile } from '../../src/shared/plant-file.ts';
import { type Answer, type Log, refusal } from '../command.ts';
import { circuitKeys } from '../ledger/keys.ts';
import { parseLedgerOptions } from '../ledger/options.ts';
import { readJson } from '../read-json.ts';

const NAME = 'ledger deploy';
/** Gas of a whole deployment for 16 members; `ledger-deploy.test.ts` holds it against a real one. More members cost a little more. */
export const TYPICAL_GAS = 70_000_000n;

const argumentsOf = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: {
      ...{ rpc: { type: 'string' }, options: { type: 'string' }, plant: { type: 'string' }, data: { type: 'string' } },
      yes: { type: 'boolean', default: false },
    } as const,
  }).values;

/** The console's own account: it deploys, and the console signs with it afterwards. */
const accountOf = (dataDir: string, plant: PlantFile, chainId: number): Wallet => {
  const passphrase = process.env.BUSBAR_KEYSTORE_PASSPHRASE;
  if (!passphrase && chainId !== developmentChainId)
    throw new Fault(
      'input.invalid',
      `Chain ${chainId} is not a development chain: set BUSBAR_KEYSTORE_PASSPHRASE to the passphrase of the console's key, or of a new one (12 characters or more), and keep it safe. The console needs it at every start.`,
    );
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  // On any other chain the key is worth something, whatever the plant.
  const simulated = plant.simulation !== undefined && chainId === developmentChainId;
  const { privateKey } = openKeystore({ dataDir, simulated, ...(passphrase ? { passphrase } : {}) });
  return new Wallet(privateKey);
};

const contractsOf = ({ contracts }: Manifest): Record<string, string> =>
  Object.fromEntries(Object.entries(contracts).map(([name, { address }]) => [name, address]));

/** `ceremonyPins`: the keys that are trusted; those of this version unless a test says otherwise. */
export async function run(args: readonly string[], log: Log, ceremonyPins?: CeremonyPins): Promise<Answer> {
  let given: ReturnType<typeof argumentsOf>;
  try {
    given = argumentsOf(args);
  } catch (error) {
    return refusal(2, NAME, [(error as Error).message]);
  }
  const { rpc, options: optionsFile } = given;
  if (rpc === undefined) return refusal(2, NAME, ['--rpc is missing: name a node of the chain']);
  if (!/^https?:\/\//.test(rpc) || !URL.canParse(rpc)) return refusal(2, NAME, [`${rpc} is no address of a node: use http://HOST:PORT`]);
  if (optionsFile === undefined) return refusal(2, NAME, ['--options is missing: name a ledger-options/1 file (docs/deployment.md)']);
  const read = await readJson(optionsFile);
  if (read.kind !== 'ok') return refusal(read.kind === 'unreadable' ? 2 : 1, NAME, [read.problem], { file: optionsFile });
  const parsed = parseLedgerOptions(read.json);
  if (parsed.kind === 'refused') return refusal(1, NAME, parsed.problems, { file: optionsFile });
  try {
    const plant = loadPlantFile(resolve(given.plant ?? defaultPlantFile));
    const dataDir = resolve(given.data ?? defaultDataDir(plant.id));
    const chainId = Number(await rpcCall<string>(rpc, 'eth_chainId', []));
    const layout = layoutFor(placesNeeded(plant));
    const circuits = circuitKeys(layout, ceremonyPins);
    const progress = (fraction: number, text: string) => log(`${String(Math.round(fraction * 100)).padStart(3)} %  ${text}`);
    const spent = { gas: 0n, feeWei: 0n, transactions: 0 };
    const request: DeployOnce = {
      ...{ url: rpc, chainId, dataDir, layout, circuits, terms: parsed.terms, ownNode: false, dump: async () => {} },
      ...{ wallet: accountOf(dataDir, plant, chainId), gate: gateFor(plant, chainId) },
      artifactsDir: await buildArtifacts((_, text) => log(`       ${text}`)),
      onProgress: progress,
      onTransaction: (name, receipt) => {
        spent.gas += receipt.gasUsed;
        spent.feeWei += receipt.fee;
        spent.transactions += 1;
        log(`       ${name}: block ${receipt.blockNumber}, ${receipt.gasUsed} gas, ${receipt.hash}`);
      },
    };
    const { intervalS, leadS } = request.gate;
    log(
      intervalS === 0
        ? 'The contract keeps no gate: the plant’s time is not the chain’s.'
        : `The contract takes the orders of an interval (${intervalS} s) until ${leadS} s before delivery, and later only with the members’ receipts. This cannot be changed afterwards.`,
    );
    const before = await checkDeploy(request);
    const [balance, gasPrice] = (
      await Promise.all([
        rpcCall<string>(rpc, 'eth_getBalance', [request.wallet.address, 'latest']),
        rpcCall<string>(rpc, 'eth_gasPrice', []),
      ])
    ).map(BigInt) as [bigint, bigint];
    const about = {
      schema: 'ledger-deployment/1',
      chainId,
      manifest: deploymentFiles(dataDir).manifest,
      account: request.wallet.address,
      layout: layoutName(layout),
      gate: request.gate,
      circuitKeys: { settle: circuits.settle.hash, admit: circuits.admit.hash },
    };
    const money = { balanceWei: balance.toString(), gasPriceWei: gasPrice.toString() };
    if (!given.yes && !before.complete) {
      const done = Object.keys(before.contracts).length;
      const estimate = { ...money, wholeGas: TYPICAL_GAS.toString(), wholeFeeWei: (TYPICAL_GAS * gasPrice).toString() };
      const short = done === 0 && balance < TYPICAL_GAS * gasPrice;
      if (short) log(`The account ${request.wallet.address} may not be able to pay: send it some of the chain's own currency first.`);
      log('Nothing was sent. Add --yes to deploy.');
      return { exitCode: 0, document: { ...about, state: 'planned', contractsMade: done, mayRunOutOfFunds: short, estimate } };
    }
    // Two at once would take the same nonces and write over each other's manifest.
    const lock = takeInstanceLock(dataDir);
    const manifest = await deployOnce(request).finally(() => lock.release());
    const cost = { transactions: spent.transactions, gas: spent.gas.toString(), feeWei: spent.feeWei.toString() };
    return {
      exitCode: 0,
      document: { ...about, state: 'complete', block: manifest.blockNumber, thisRun: cost, contracts: contractsOf(manifest) },
    };
  } catch (error) {
    if (error instanceof Fault || error instanceof DeployError || error instanceof RpcError) return refusal(1, NAME, [error.message]);
    const code = (error as { code?: string }).code;
    if (code === 'INSUFFICIENT_FUNDS')
      return refusal(1, NAME, [
        'the account cannot pay the chain’s fees: send it some of the chain’s own currency and run the same command again; it goes on from here',
      ]);
    throw error;
  }
}
