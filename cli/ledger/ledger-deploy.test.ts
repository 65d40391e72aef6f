import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ContractFactory, JsonRpcProvider, Network, Wallet } from 'ethers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pins from '../../circuits/pins.json' with { type: 'json' };
import { buildContracts } from '../../contracts/build.ts';
import { verificationKeyHash } from '../../contracts/deploy/ceremony-pins.ts';
import { loadArtifacts } from '../../contracts/deploy/deploy.ts';
import { readManifest } from '../../contracts/deploy/manifest.ts';
import { workingRoles } from '../../contracts/deploy/role-table.ts';
import { anyVerificationKey } from '../../contracts/test/any-key.ts';
import { anvilBinary } from '../../src/main/ledger/anvil-binary.ts';
import { type DeployOnce, deployOnce } from '../../src/main/ledger/deployment.ts';
import { rpcCall } from '../../src/main/ledger/rpc.ts';
import { TYPICAL_GAS } from '../commands/ledger-deploy.ts';
import { run as showMember } from '../commands/member-show.ts';

const CHAIN_ID = 4242;
const root = fileURLToPath(new URL('../..', import.meta.url));
const people = ['11', '22', '33'].map((byte) => new Wallet(`0x${byte.repeat(32)}`).address);
let folder: string;
let dataDir: string;
let url: string;
let node: ChildProcess;
let provider: JsonRpcProvider;
let options: Record<string, unknown>;
const path = (name: string): string => join(folder, name);
const write = (name: string, document: unknown): string => {
  writeFileSync(path(name), JSON.stringify(document));
  return path(name);
};

/** A key that says it was made in a ceremony, where the console looks for keys. */
const installKey = (name: string, signals: number): string => {
  const { verificationKey } = anyVerificationKey(signals);
  const hash = verificationKeyHash(verificationKey);
  const directory = join(folder, 'cache', 'circuits', `${name}-test`);
  mkdirSync(directory, { recursive: true });
  for (const file of [`${name}.wasm`, `${name}.zkey`]) writeFileSync(join(directory, file), '');
  writeFileSync(join(directory, 'verification_key.json'), JSON.stringify(verificationKey));
  const about = { name, constraints: 1, keyOrigin: 'ceremony', verificationKeyHash: hash, keySeconds: 0 };
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify({ schema: 'circuit-artifacts/1', ...about }));
  writeFileSync(join(folder, 'cache', 'circuits', `${name}.json`), JSON.stringify({ directory: `${name}-test` }));
  return hash;
};

/** Runs the command as a process; `killAt` ends it without warning once it says so. */
const deploy = async (args: readonly string[], given: { killAt?: string; env?: Record<string, string> } = {}) => {
  const { INIT_CWD: _, ...env } = process.env;
  const all = { ...env, BUSBAR_CACHE: path('cache'), BUSBAR_KEYSTORE_PASSPHRASE: 'four words of a test', ...given.env };
  const script = join(root, 'cli', 'ledger', 'testing-deploy.ts');
  const child = spawn(process.execPath, [script, path('pins.json'), ...args], { cwd: folder, env: all });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
    if (given.killAt && err.includes(given.killAt)) child.kill('SIGKILL');
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, err, document: out === '' ? null : JSON.parse(out) };
};
const memberShow = async (of: string) => {
  const child = spawn(process.execPath, [join(root, 'cli', 'main.ts'), 'member', 'show', of, '--rpc', url], { cwd: folder });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, document: JSON.parse(out) };
};
const usual = (...more: string[]) => ['--rpc', url, '--options', path('options.json'), '--data', dataDir, ...more];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'busbar-deploy-'));
  dataDir = path('data');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  url = `http://127.0.0.1:${port}`;
  node = spawn(anvilBinary(), ['--port', String(port), '--chain-id', String(CHAIN_ID), '--silent'], { stdio: 'ignore' });
  for (let tries = 0; tries < 100 && !(await rpcCall(url, 'eth_chainId', []).catch(() => null)); tries++)
    await new Promise((done) => setTimeout(done, 100));
  provider = new JsonRpcProvider(url, Network.from(CHAIN_ID), { staticNetwork: true, cacheTimeout: -1, pollingInterval: 50 });
  write('pins.json', {
    'settle-16': { verificationKeyHash: installKey('settle-16', 8), verifierKeyHash: '', contributions: 3, transcriptSha256: '' },
    'admit-16': { verificationKeyHash: installKey('admit-16', 6), verifierKeyHash: '', contributions: 3, transcriptSha256: '' },
  });
  const { dir } = await buildContracts();
  const artifacts = loadArtifacts(dir);
  const bank = await provider.getSigner(0);
  const make = async (name: string, ...args: unknown[]): Promise<string> => {
    const { abi, bytecode } = artifacts.get(name);
    return (await (await new ContractFactory(abi, bytecode, bank).deploy(...args)).waitForDeployment()).getAddress();
  };
  options = {
    schema: 'ledger-options/1',
    money: await make('CommunityMoney', await make('Access', await bank.getAddress())),
    council: { members: people, threshold: 2, delayS: 86_400 },
    roles: Object.fromEntries(workingRoles.map((role) => [role, people])),
    settlement: { escapeAfterS: 1_209_600, certificateHolder: people[0] },
  };
  write('options.json', options);
}, 240_000);
afterAll(() => {
  provider.destroy();
  node.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('busbar ledger deploy', () => {
  it('checks, names its account and what it will cost, and sends nothing until told', { timeout: 120_000 }, async () => {
    const { code, document, err } = await deploy(usual());
    expect(err).toContain('Nothing was sent');
    expect(code).toBe(0);
    expect(document).toMatchObject({
      schema: 'ledger-deployment/1',
      state: 'planned',
      chainId: CHAIN_ID,
      contractsMade: 0,
      mayRunOutOfFunds: true,
      gate: { intervalS: 0, leadS: 0 },
    });
    expect(err).toContain('The contract keeps no gate');
    expect(existsSync(join(dataDir, 'chain', 'manifest.json'))).toBe(false);
    await rpcCall(url, 'anvil_setBalance', [document.account, '0x56bc75e2d63100000']);
  });

  it('tells until when a real plant’s contract will take orders, as the plant file says', { timeout: 120_000 }, async () => {
    const { simulation: _, ...real } = JSON.parse(readFileSync(join(root, 'plant', 'plants', 'rural1.json'), 'utf8'));
    write('real.json', real);
    const own = ['--rpc', url, '--options', path('options.json'), '--data', path('real-data'), '--plant', path('real.json')];
    const { document, err } = await deploy(own);
    expect(document).toMatchObject({ state: 'planned', gate: { intervalS: 900, leadS: 60 } });
    expect(err).toContain('until 60 s before delivery');
    write('real.json', { ...real, market: { ...real.market, gateClosesBeforeEndMs: 60_500 } });
    expect((await deploy(own)).document.problems.join()).toContain('gate closure before delivery of 60500 ms is not one');
  });

  it.each<[string, (() => Record<string, unknown>) | null, string]>([
    ['without its money', () => ({ ...options, money: undefined }), 'name the ERC-20'],
    ['an address that is none', () => ({ ...options, money: '0x12' }), 'money: 0x12 is no address'],
    ['a word it does not know', () => ({ ...options, monney: people[0] }), 'monney'],
    [
      'a council of one key',
      () => ({ ...options, council: { members: people, threshold: 1, delayS: 86_400 } }),
      'gives everything to one key',
    ],
    ['more votes than members', () => ({ ...options, council: { members: people, threshold: 4, delayS: 86_400 } }), 'can never agree'],
    ['a role that nobody holds', () => ({ ...options, roles: { REGISTRAR: people } }), 'name the holders of TECHNICIAN'],
    [
      'a window longer than the escape',
      () => ({ ...options, settlement: { escapeAfterS: 3_600, challengeWindowS: 3_600 } }),
      'shorter than the second',
    ],
    ['a file that is not there', null, 'there is no file'],
  ])('refuses %s', { timeout: 120_000 }, async (_, changed, sentence) => {
    if (changed) write('bad.json', changed());
    const { code, document } = await deploy([
      '--rpc',
      url,
      '--options',
      changed ? path('bad.json') : path('none.json'),
      '--data',
      dataDir,
      '--yes',
    ]);
    expect(document.problems.join()).toContain(sentence);
    expect(code).toBe(changed ? 1 : 2);
    expect(existsSync(join(dataDir, 'chain', 'manifest.json'))).toBe(false);
  });

  it('refuses keys that are not pinned and a key of its own without a passphrase', { timeout: 120_000 }, async () => {
    const pins = readFileSync(path('pins.json'), 'utf8');
    write('pins.json', {});
    expect((await deploy(usual('--yes'))).document.problems.join()).toContain('no key of that circuit is pinned');
    writeFileSync(path('pins.json'), pins);
    const { document } = await deploy(usual('--yes'), { env: { BUSBAR_KEYSTORE_PASSPHRASE: '' } });
    expect(document.problems.join()).toContain('set BUSBAR_KEYSTORE_PASSPHRASE');
  });

  it('goes on where a killed run stood, makes nothing twice, and leaves what a console uses', { timeout: 240_000 }, async () => {
    for (const killAt of ['Deploying PoseidonT5', 'Deploying EnergyTrade', 'Deploying Settlement', 'Set the roles'])
      expect((await deploy(usual('--yes'), { killAt })).code).not.toBe(0);
    const half = readManifest(join(dataDir, 'chain', 'manifest.json'));
    expect(half?.complete).toBe(false);

    // Neither other options nor a console, which is told none, may finish what these began.
    write('bad.json', { ...options, settlement: {} });
    const other = await deploy(['--rpc', url, '--options', path('bad.json'), '--data', dataDir, '--yes']);
    expect(other.document.problems.join()).toContain('was begun with other options');

    const { code, document, err } = await deploy(usual('--yes'));
    expect(document).toMatchObject({ state: 'complete', chainId: CHAIN_ID });
    expect(code).toBe(0);
    expect(err).toMatch(/100 %/);
    const manifest = readManifest(join(dataDir, 'chain', 'manifest.json'));
    if (!manifest) throw new Error('no manifest');
    expect(document.contracts).toEqual(Object.fromEntries(Object.entries(manifest.contracts).map(([name, c]) => [name, c.address])));
    let gas = 0n;
    for (const [name, { address, block, transaction }] of Object.entries(manifest.contracts)) {
      if (name === 'CommunityMoney') continue;
      const receipt = await provider.getTransactionReceipt(transaction);
      expect([receipt?.contractAddress, receipt?.blockNumber], name).toEqual([address, block]);
    }
    // All that the account ever sent: each contract and each step once.
    const sent = await provider.getTransactionCount(document.account);
    const made = Object.keys(manifest.contracts).length - 1;
    expect(sent).toBe(made + manifest.steps.length);
    for (let number = 0; number <= (await provider.getBlockNumber()); number++)
      for (const hash of (await provider.getBlock(number))?.transactions ?? []) {
        const receipt = await provider.getTransactionReceipt(hash);
        if (receipt !== null && receipt.from === document.account) gas += receipt.gasUsed;
      }
    expect(Number(gas) / Number(TYPICAL_GAS)).toBeGreaterThan(0.9);
    expect(Number(gas) / Number(TYPICAL_GAS)).toBeLessThan(1.02);

    // The console finds it by the same file and sends nothing; asked again, neither does the command.
    const { dir } = await buildContracts();
    const key = (signals: number) => ({ ...anyVerificationKey(signals), keyOrigin: 'ceremony' as const });
    const circuits: DeployOnce['circuits'] = {
      settle: { ...key(8), hash: document.circuitKeys.settle },
      admit: { ...key(6), hash: document.circuitKeys.admit },
    };
    const console: DeployOnce = {
      ...{ url, chainId: CHAIN_ID, wallet: Wallet.createRandom() as unknown as Wallet, dataDir, artifactsDir: dir, ownNode: false },
      ...{ layout: { batchMembers: 16, parts: 1 }, gate: { intervalS: 0, leadS: 0 }, circuits, onProgress: () => {}, dump: async () => {} },
    };
    expect(await deployOnce(console)).toEqual(manifest);
    const again = await deploy(usual('--yes'));
    expect(again.document).toMatchObject({ state: 'complete', thisRun: { transactions: 0 } });
    expect(await provider.getTransactionCount(document.account)).toBe(sent);

    // A member of it is told that its own version does not know these keys.
    const ledger = { schema: 'ledger-contracts/1', chainId: CHAIN_ID, genesisHash: manifest.genesisHash, contracts: document.contracts };
    const account = { schema: 'member-account-file/1', member: 'mill-1', meter: 9, privateKey: `0x${'00'.repeat(31)}05`, signed: {} };
    mkdirSync(path('member'), { recursive: true });
    write(join('member', 'account.json'), { ...account, ledger });
    const shown = await memberShow(path('member'));
    expect(shown.code).toBe(1);
    expect(shown.document.keys.map(({ circuit, trust }: { circuit: string; trust: string }) => [circuit, trust])).toEqual([
      ['settle-16', 'unknown'],
      ['admit-16', 'unknown'],
    ]);
    expect(shown.document.problems[0]).toMatch(/^settle-16 \(0x[0-9a-f]{64}\): this version knows no such key/);
    expect(shown.document.code.map(({ contract, matches }: { contract: string; matches: boolean }) => [contract, matches])).toEqual(
      ['PoseidonT3', 'Settlement', 'SettleVerifier', 'AdmitVerifier', 'Poseidon8', 'PoseidonT5', 'SmartMeter', 'Parameters', 'Access'].map(
        (contract) => [contract, true],
      ),
    );
    expect(shown.document.terms).toMatchObject({ gateIntervalS: 0, escapeAfterS: 1_209_600, capacityMembers: 16, chainTime: true });
    expect(shown.document.problems.slice(2)).toEqual([expect.stringMatching(/keeps no gate \(gateIntervalS 0\): orders may be chosen/)]);

    // A verifier that answers the pinned hash and checks nothing is believed no word.
    const pinned = pins['settle-16'].verifierKeyHash;
    await rpcCall(url, 'anvil_setCode', [document.contracts.SettleVerifier, `0x7f${pinned.slice(2)}5f5260205ff3`]);
    const impostor = await memberShow(path('member'));
    expect(impostor.code).toBe(1);
    expect(impostor.document.keys[0].keyHash).toBe(pinned);
    expect(impostor.document.problems[0]).toBe(
      `SettleVerifier at ${document.contracts.SettleVerifier}: its code is not what this version compiles Groth16Verifier to. What it does is not known, and whoever deployed it may be able to move all money: leave nothing of value here`,
    );

    // Without the compiled contracts nothing is known, which is not the same as good.
    const blind = await showMember([path('member'), '--rpc', url], undefined, () => 'there are none');
    expect(blind.exitCode).toBe(1);
    expect(blind.document).toMatchObject({ code: 'not compared' });
    expect((blind.document as { problems: string[] }).problems[0]).toMatch(/was not compared.*there are none$/);
  });
});
