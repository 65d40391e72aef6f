import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ContractFactory, type Signer, type TransactionRequest, Wallet } from 'ethers';
import { verificationKeyHash } from '../deploy/ceremony-pins.ts';
import { contractAt, DeployError, type DeployOptions, type Manifest, readManifest } from '../deploy/deploy.ts';
import { parameterDefinitions } from '../deploy/parameters.ts';
import { roleIds, workingRoles } from '../deploy/role-table.ts';
import { suiteContracts } from '../deploy/suite.ts';
import { anyVerificationKey, builtContracts, type Chain, deploySuite, startAnvil, temporaryFolder } from './support.ts';

/** A signer whose connection breaks after `left` transactions: before the last is sent, or after it was sent and before anyone heard of it. */
class BreakingSigner extends Wallet {
  left = 0;
  lost: 'before' | 'after' = 'before';

  override async sendTransaction(transaction: TransactionRequest) {
    if (this.left <= 0 && this.lost === 'before') throw new Error('connection lost');
    const sent = await super.sendTransaction(transaction);
    this.left -= 1;
    if (this.left < 0) throw new Error('connection lost');
    return sent;
  }
}

describe('deployment', () => {
  let chain: Chain;
  const folder = temporaryFolder();
  before(async () => {
    chain = await startAnvil();
  });
  after(async () => {
    await chain.close();
    folder.remove();
  });

  const breaking = (left: number, lost: 'before' | 'after'): BreakingSigner => {
    const signer = new BreakingSigner((chain.signer as Wallet).privateKey, chain.provider);
    signer.left = left;
    signer.lost = lost;
    return signer;
  };

  it('stays below the size limit of EIP-170 with every contract', async () => {
    const { artifacts } = await builtContracts();
    for (const name of artifacts.names()) {
      const bytes = (artifacts.get(name).deployedBytecode.length - 2) / 2;
      assert.ok(bytes < 24_576, `${name} has ${bytes} bytes`);
    }
  });

  it('resumes after a break at any of its steps, loses nothing and makes nothing twice', async () => {
    const path = join(folder.path, 'resumed.json');
    let breaks = 0;
    let manifest: Manifest | null = null;
    for (const [index, lost] of Array.from({ length: 80 }, (_, i) => [i, i % 2 === 0 ? 'before' : 'after'] as const)) {
      // One transaction further each time, and lost in both ways by turns.
      const signer = breaking(index % 3, lost);
      try {
        manifest = await deploySuite({ ...chain, signer: signer as Signer }, {}, path);
        break;
      } catch (error) {
        assert.match(String(error), /connection lost/);
        breaks += 1;
      }
    }
    assert.ok(manifest?.complete, 'it comes to its end');
    assert.ok(breaks > 10, `it was broken ${breaks} times`);
    const addresses = Object.values(manifest.contracts).map(({ address }) => address);
    assert.equal(new Set(addresses).size, addresses.length);
    for (const [name, { address, block, transaction }] of Object.entries(manifest.contracts)) {
      assert.notEqual(await chain.provider.getCode(address), '0x', `${name} has code`);
      const receipt = await chain.provider.getTransactionReceipt(transaction);
      assert.deepEqual([receipt?.contractAddress, receipt?.blockNumber], [address, block], `${name} is where and since when it was made`);
    }
    assert.deepEqual(
      suiteContracts.filter(({ name }) => !manifest?.contracts[name]),
      [],
    );
  });

  it('sends nothing when it is complete', async () => {
    const path = join(folder.path, 'resumed.json');
    const before = await chain.provider.getTransactionCount(await chain.signer.getAddress());
    const again = await deploySuite(chain, {}, path);
    assert.equal(await chain.provider.getTransactionCount(await chain.signer.getAddress()), before);
    assert.deepEqual(again, readManifest(path));
  });

  it('leaves the council as the only administrator', async () => {
    const { artifacts } = await builtContracts();
    const manifest = readManifest(join(folder.path, 'resumed.json')) as Manifest;
    const access = contractAt(manifest, artifacts, 'Access', chain.provider);
    const hasRole = async (account: string) => ((await access.getFunction('hasRole')(roleIds.ADMIN, account)) as [boolean])[0];
    assert.equal(await hasRole(manifest.contracts.Council?.address as string), true);
    assert.equal(await hasRole(await chain.signer.getAddress()), false);
    const parameters = contractAt(manifest, artifacts, 'Parameters', chain.provider);
    assert.equal(((await parameters.getFunction('keys')()) as string[]).length, parameterDefinitions.length);
    const market = contractAt(manifest, artifacts, 'CarbonMarket', chain.provider);
    assert.equal((await market.getFunction('getPair')(2)).base, manifest.contracts.EnergyToken?.address);
    await assert.rejects(market.getFunction('getPair')(3));
    const achievements = contractAt(manifest, artifacts, 'AchievementNFT', chain.provider);
    assert.equal(await achievements.getFunction('milestoneCount')(), 4n);
  });

  it('lets the council act: two of three raise the fee after the delay', async () => {
    const { artifacts } = await builtContracts();
    const manifest = readManifest(join(folder.path, 'resumed.json')) as Manifest;
    const parameters = contractAt(manifest, artifacts, 'Parameters', chain.signer);
    const key = `0x${Buffer.from('fee.trade.bps').toString('hex').padEnd(64, '0')}`;
    await assert.rejects(parameters.getFunction('setParameter')(key, 30, 'me'));
    const council = (index: number) => contractAt(manifest, artifacts, 'Council', chain.accounts[index] as Signer);
    const data = parameters.interface.encodeFunctionData('setParameter', [key, 30, 'assembly']);
    await (await council(0).getFunction('propose')(manifest.contracts.Parameters?.address, data)).wait();
    await (await council(1).getFunction('approve')(0)).wait();
    await chain.provider.send('evm_increaseTime', [61]);
    await (await council(2).getFunction('execute')(0)).wait();
    assert.equal(await parameters.getFunction('get')(key), 30n);
  });

  it('refuses a manifest of another chain, an unreadable one and one of an older suite', async () => {
    const manifest = readManifest(join(folder.path, 'resumed.json')) as Manifest;
    const refuses = async (name: string, content: string, code: DeployError['code']) => {
      const path = join(folder.path, `${name}.json`);
      writeFileSync(path, content);
      await assert.rejects(deploySuite(chain, {}, path), (error: unknown) => error instanceof DeployError && error.code === code);
    };
    await refuses('chain', JSON.stringify({ ...manifest, chainId: 1 }), 'wrong-chain');
    await refuses('genesis', JSON.stringify({ ...manifest, genesisHash: `0x${'00'.repeat(32)}` }), 'wrong-chain');
    await refuses('broken', '{', 'bad-manifest');
    await refuses('schema', JSON.stringify({ ...manifest, schema: 'ledger-manifest/9' }), 'bad-manifest');
    const { EnergyTrade: _gone, ...older } = manifest.contracts;
    await refuses('older', JSON.stringify({ ...manifest, contracts: older }), 'bad-manifest');
    const { AdmitVerifier: _none, ...unadmitted } = manifest.contracts;
    await refuses('unadmitted', JSON.stringify({ ...manifest, contracts: unadmitted }), 'bad-manifest');
  });

  it('takes a key that says it comes from a ceremony only when it is pinned', async () => {
    const admit = anyVerificationKey(6);
    const settle = { ...anyVerificationKey(8), keyOrigin: 'ceremony' } as const;
    const own = await startAnvil(31337);
    try {
      await assert.rejects(
        deploySuite(own, { settlement: { settle, admit } }),
        (error: unknown) =>
          error instanceof DeployError && error.code === 'bad-options' && /no key of that circuit is pinned/.test(error.message),
      );
      const pin = {
        verificationKeyHash: verificationKeyHash(settle.verificationKey),
        verifierKeyHash: '',
        contributions: 3,
        transcriptSha256: '',
      };
      const manifest = await deploySuite(own, { settlement: { settle: { ...settle, ceremonyPins: { 'settle-16': pin } }, admit } });
      assert.ok(manifest.contracts.Settlement?.address);
    } finally {
      await own.close();
    }
  });

  it('takes development keys on a development chain on loopback only', async () => {
    for (const rpcUrl of ['http://10.0.0.7:8545', 'https://node.example', 'nowhere'])
      await assert.rejects(
        deploySuite({ ...chain, rpcUrl }),
        (error: unknown) => error instanceof DeployError && error.code === 'bad-options' && /31337 on loopback/.test(error.message),
      );
  });

  it('refuses a challenge window that outlasts the time after which members may leave', async () => {
    const settlement = { settle: anyVerificationKey(8), admit: anyVerificationKey(6), escapeAfterS: 600, challengeWindowS: 600 };
    await assert.rejects(deploySuite(chain, { settlement }), /shorter than the second/);
  });

  it('refuses a layout that no circuit has and a key that is not built', async () => {
    const isBad = (text: RegExp) => (error: unknown) =>
      error instanceof DeployError && error.code === 'bad-options' && text.test(error.message);
    await assert.rejects(deploySuite(chain, { depth: 4, batchMembers: 8 }), isBad(/16 members cannot be settled in batches of 8/));
    await assert.rejects(deploySuite(chain, { depth: 11, batchMembers: 64 }), isBad(/2048 members/));
    const kept = process.env.BUSBAR_CACHE;
    process.env.BUSBAR_CACHE = folder.path;
    try {
      await assert.rejects(deploySuite(chain, { settlement: {} }), isBad(/settle-16 is not built. Run: node circuits\/build.ts/));
    } finally {
      if (kept === undefined) delete process.env.BUSBAR_CACHE;
      else process.env.BUSBAR_CACHE = kept;
    }
  });

  it('refuses a finished deployment whose contracts the chain does not have, and to go on with another account', async () => {
    const manifest = readManifest(join(folder.path, 'resumed.json')) as Manifest;
    const nowhere = { address: '0x00000000000000000000000000000000000000aa', block: 1, transaction: '' };
    const path = join(folder.path, 'nowhere.json');
    writeFileSync(path, JSON.stringify({ ...manifest, contracts: { ...manifest.contracts, EnergyTrade: nowhere } }));
    await assert.rejects(deploySuite(chain, {}, path), (error: unknown) => error instanceof DeployError && error.code === 'wrong-chain');
    writeFileSync(path, JSON.stringify({ ...manifest, complete: false }));
    await assert.rejects(
      deploySuite({ ...chain, signer: chain.accounts[1] as Signer }, {}, path),
      (error: unknown) => error instanceof DeployError && error.code === 'bad-options' && /was begun by/.test(error.message),
    );
  });

  it('asks outside the development chain for money in micro-cents, a council of several with time, every role, gate and ceremony keys', async () => {
    const other = await startAnvil(4242);
    try {
      const refuses = (options: DeployOptions, text: RegExp) =>
        assert.rejects(deploySuite(other, options, unused), (error: unknown) => {
          assert.ok(error instanceof DeployError && error.code === 'bad-options', String(error));
          assert.match(error.message, text);
          return true;
        });
      const { artifacts } = await builtContracts();
      const unused = join(folder.path, 'unused.json');
      const nobody = '0x0000000000000000000000000000000000000001';
      const members = await Promise.all(other.accounts.slice(0, 3).map((account) => account.getAddress()));
      const council = { members, threshold: 2, delayS: 3600 };
      const roles = Object.fromEntries(workingRoles.map((role) => [role, members]));
      await refuses({}, /name the ERC-20/);
      await refuses({ money: nobody }, /name the members/);
      await refuses({ money: nobody, council: { ...council, threshold: 1 } }, /gives everything to one key/);
      await refuses({ money: nobody, council: { ...council, delayS: 0 } }, /no time to see an act coming/);
      await refuses({ money: nobody, council }, /name the holders of REGISTRAR/);
      await refuses({ money: nobody, council, roles: { ...roles, GUARDIAN: [members[0] as string] } }, /Name more guardians/);
      await refuses({ money: nobody, council, roles }, /no contract at/);
      const deploy = async (name: string, ...args: unknown[]) => {
        const { abi, bytecode } = artifacts.get(name);
        return (await new ContractFactory(abi, bytecode, other.signer).deploy(...args)).waitForDeployment();
      };
      const access = await (await deploy('Access', members[0])).getAddress();
      await refuses({ money: access, council, roles }, /no decimals/);
      const money = await (await deploy('CommunityMoney', access)).getAddress();
      const named = { money, council, roles };
      await refuses(named, /insecure development key/);
      const fromCeremony = (signals: number, circuit: string) => {
        const key = anyVerificationKey(signals);
        const pin = {
          verificationKeyHash: verificationKeyHash(key.verificationKey),
          verifierKeyHash: '',
          contributions: 3,
          transcriptSha256: '',
        };
        return { ...key, keyOrigin: 'ceremony' as const, ceremonyPins: { [circuit]: pin } };
      };
      const keys = { settle: fromCeremony(8, 'settle-16'), admit: fromCeremony(6, 'admit-16') };
      const gate = { intervalS: 900, leadS: 300 };
      await refuses({ ...named, settlement: { ...keys, admit: anyVerificationKey(6), gate } }, /insecure development key/);
      await refuses({ ...named, settlement: keys }, /when the gate closes/);
      assert.equal(readManifest(unused), null, 'whatever is refused is refused before the first transaction');
      const manifest = await deploySuite(other, { ...named, settlement: { ...keys, gate } });
      const settlement = contractAt(manifest, artifacts, 'Settlement', other.provider);
      assert.equal(await settlement.getFunction('gateAt')(10), 8_700n);
      assert.equal(await settlement.getFunction('challengeWindowS')(), 86_400n);
    } finally {
      await other.close();
    }
  });
});
