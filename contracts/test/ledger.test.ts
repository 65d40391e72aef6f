/** The same story on Hardhat's network and on anvil: from a meter's key to a trade, through ethers only. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AbiCoder, type Contract, encodeBytes32String, MaxUint256, type Signer, ZeroHash } from 'ethers';
import { poseidon2, poseidon4 } from 'poseidon-lite';
import { contractAt, type Manifest } from '../deploy/deploy.ts';
import { encodeDeviceData } from '../deploy/device-data.ts';
import { builtContracts, type Chain, deploySuite, publicKeyOf, startAnvil, startHardhat } from './support.ts';

const rootOf = (leaves: bigint[]): bigint => {
  let level = [...leaves, ...Array<bigint>(16 - leaves.length).fill(0n)];
  while (level.length > 1) level = level.flatMap((left, i) => (i % 2 === 0 ? [poseidon2([left, level[i + 1] as bigint])] : []));
  return level[0] as bigint;
};

for (const [where, start] of [
  ["Hardhat's network", startHardhat],
  ['anvil', () => startAnvil()],
] as const) {
  describe(`ledger on ${where}`, () => {
    let chain: Chain;
    let at: (name: string, signer?: Signer) => Contract;
    const send = async (contract: Contract, name: string, ...args: unknown[]) => {
      const receipt = await (await contract.getFunction(name)(...args)).wait();
      assert.equal(receipt.status, 1);
      return receipt;
    };
    const seller = () => chain.accounts[1] as Signer;
    const buyer = () => chain.accounts[2] as Signer;
    const device = () => chain.accounts[3] as Signer;

    before(async () => {
      chain = await start();
      const manifest: Manifest = await deploySuite(chain);
      const { artifacts } = await builtContracts();
      at = (name, signer = chain.signer) => contractAt(manifest, artifacts, name, signer);
    });
    after(() => chain.close());

    it('registers 16 meters at once and agrees with poseidon-lite on the root', async () => {
      const owner = await seller().getAddress();
      const keys = Array.from({ length: 16 }, (_, i) => publicKeyOf(1000n + BigInt(i)));
      const devices = keys.map((_, i) => `0x${(0xd000 + i).toString(16).padStart(40, '0')}`);
      const data = keys.map((publicKey, i) =>
        encodeDeviceData({
          meterId: i + 1,
          owner,
          deviceClass: 'private',
          technology: i % 2 === 0 ? 'solar' : 'none',
          renewableOnly: i % 2 === 0,
          backing: i % 2 === 0 ? 'certificates' : 'none',
          ratedPowerW: 10_000,
          gridNode: `N${i}`,
          publicKey,
        }),
      );
      const meter = at('SmartMeter');
      assert.equal(await meter.getFunction('registryRoot')(), rootOf([]));
      const registered = await send(meter, 'registerDevices', devices, data);
      assert.equal(await meter.getFunction('registryRoot')(), rootOf([]));
      const ids = keys.map((_, i) => i + 1);
      await send(
        meter,
        'verifyDevices',
        ids,
        ids.map(() => ZeroHash),
      );
      const leaves = keys.map(([x, y], i) => poseidon4([BigInt(i + 1), x, y, i % 2 === 0 ? 3n : 0n]));
      assert.equal(await meter.getFunction('registryRoot')(), rootOf(leaves));
      assert.ok(registered.gasUsed < 16_777_216n, 'fits into one transaction of EIP-7825');
      await send(meter, 'retireDevice', 7);
      leaves[6] = 0n;
      assert.equal(await meter.getFunction('registryRoot')(), rootOf(leaves));
    });

    it('leads from a reading to tokens, to a trade, to money', async () => {
      const meter = at('SmartMeter');
      const data = encodeDeviceData({
        owner: await seller().getAddress(),
        deviceClass: 'public',
        technology: 'wind',
        renewableOnly: true,
        backing: 'credits',
        ratedPowerW: 100_000,
        gridNode: 'N20',
        interval: 1000,
        publicKey: publicKeyOf(77n),
      });
      await send(meter, 'registerDevice', await device().getAddress(), data);
      const meterId = await meter.getFunction('meterOf')(await device().getAddress());
      assert.equal(meterId, 17n);
      await send(meter, 'verifyDevice', meterId, ZeroHash);
      await send(at('SmartMeter', device()), 'submitReading', meterId, 5000n | (1001n << 128n));
      await send(meter, 'validateReading', meterId, 1);
      const source = AbiCoder.defaultAbiCoder().encode(['uint256', 'uint256'], [meterId, 1]);
      await send(at('EnergyToken'), 'mintEnergy', await seller().getAddress(), 5000, source);
      await send(at('CarbonCredit'), 'issueCreditsCertificate', await seller().getAddress(), 5000 * 333, source);
      assert.equal(await at('CarbonCredit').getFunction('balanceOf')(await seller().getAddress()), 5000n * 333n);

      const trade = at('EnergyTrade', seller());
      const tradeAddress = await trade.getAddress();
      await send(at('EnergyToken', seller()), 'approve', tradeAddress, MaxUint256);
      await send(trade, 'createOffer', 4000, 20_000, 3600, true);
      await send(at('CommunityMoney'), 'mint', await buyer().getAddress(), 10n ** 10n);
      await send(at('CommunityMoney', buyer()), 'approve', tradeAddress, MaxUint256);
      await send(at('GridManagement'), 'updateStatus', 50_012, 230_400, 9000, 8000);
      const receipt = await send(at('EnergyTrade', buyer()), 'executeTrade', 1, 1500);
      const executed = receipt.logs
        .map((log: { topics: string[]; data: string }) => trade.interface.parseLog(log))
        .find((log: { name: string } | null) => log?.name === 'TradeExecuted');
      assert.equal(executed?.args.frequencyMHz, 50_012n);
      assert.equal(executed?.args.voltageMV, 230_400n);
      assert.equal(await at('EnergyToken').getFunction('balanceOf')(await buyer().getAddress()), 1500n);
      const paid = 1500n * 20_000n;
      assert.equal(await at('CommunityMoney').getFunction('balanceOf')(await seller().getAddress()), paid - (paid * 20n) / 10_000n);
    });

    it('pays a recurring delivery by instalments, and its events tell all of it', async () => {
      const [sellerAddress, buyerAddress] = [await seller().getAddress(), await buyer().getAddress()];
      const deals = at('EnergyDeals');
      const dealsAddress = await deals.getAddress();
      await send(at('EnergyToken', seller()), 'approve', dealsAddress, 300);
      await send(at('CommunityMoney', seller()), 'approve', dealsAddress, MaxUint256);
      await send(at('CommunityMoney', buyer()), 'approve', dealsAddress, MaxUint256);
      const startsAt = Number((await chain.provider.getBlock('latest'))?.timestamp) + 3600;
      const dayS = 86_400;
      const wait = (s: number) => chain.provider.send('evm_setNextBlockTimestamp', [s]);
      await send(at('EnergyDeals', seller()), 'proposeFuture', [100, 20_000, startsAt, 3600, dayS, 3]);
      const dealId = await deals.getFunction('count')();
      await send(at('EnergyDeals', buyer()), 'acceptFuture', dealId);
      const one = 100n * 20_000n;
      const net = one - (one * 20n) / 10_000n;
      const bond = (3n * one) / 10n;
      const held = () => deals.getFunction('escrowOf')(dealId);
      assert.equal(await held(), 3n * one + bond);
      for (let i = 0; i < 3; i += 1) {
        await wait(startsAt + i * dayS + 10 * i);
        await send(at('EnergyDeals', seller()), 'deliver', dealId);
        if (i === 1) await send(at('EnergyDeals', buyer()), 'disputeInstalment', dealId, 2, encodeBytes32String('half arrived'));
      }
      assert.equal(await held(), 2n * one);
      assert.equal(await deals.getFunction('owed')(sellerAddress), net + bond);
      await send(deals, 'resolveInstalment', dealId, 2, 5000);
      await wait(startsAt + 3 * dayS + 30);
      await send(deals, 'payInstalments', dealId);
      assert.equal(await held(), 0n);
      const half = one / 2n - (one / 2n / 10_000n) * 20n;
      assert.equal(await deals.getFunction('owed')(sellerAddress), 2n * net + bond + half);
      assert.equal(await deals.getFunction('owed')(buyerAddress), one / 2n);

      const logs = await chain.provider.getLogs({ address: dealsAddress, fromBlock: 0, toBlock: 'latest' });
      const events = logs.map((log) => deals.interface.parseLog(log));
      const paid = events.filter((e) => e?.name === 'InstalmentPaid');
      assert.deepEqual(
        paid.map((e) => [e?.args.number, e?.args.toSeller, e?.args.toBuyer]),
        [
          [1n, net, 0n],
          [2n, half, one / 2n],
          [3n, net, 0n],
        ],
      );
      const proposed = events.find((e) => e?.name === 'FutureProposed');
      assert.deepEqual([proposed?.args.bond, proposed?.args.feeBps, proposed?.args.closeBps], [bond, 20n, 500n]);
    });

    it('says on the interface why it refuses', async () => {
      const trade = at('EnergyTrade', buyer());
      await assert.rejects(trade.getFunction('executeTrade').staticCall(99, 1), (error: { revert?: { name: string; args: bigint[] } }) => {
        assert.equal(error.revert?.name, 'UnknownOffer');
        assert.equal(error.revert?.args[0], 99n);
        return true;
      });
      await assert.rejects(
        at('SmartMeter', device())
          .getFunction('submitReading')
          .staticCall(17, 1n | (2000n << 128n)),
        (error: { revert?: { name: string } }) => {
          assert.equal(error.revert?.name, 'RegisterRolledBack');
          return true;
        },
      );
    });

    it('any guardian trips an emergency and two lift it', async () => {
      await send(at('GridManagement', buyer()), 'trip', 3, encodeBytes32String('fire'));
      assert.equal(await at('GridManagement').getFunction('level')(), 3n);
      await send(at('GridManagement', buyer()), 'signLift', 1);
      assert.equal(await at('GridManagement').getFunction('level')(), 3n);
      await send(at('GridManagement', seller()), 'signLift', 1);
      assert.equal(await at('GridManagement').getFunction('level')(), 0n);
      await assert.rejects(
        at('GridManagement', device()).getFunction('trip').staticCall(1, ZeroHash),
        (error: { revert?: { name: string } }) => {
          assert.equal(error.revert?.name, 'AccessManagedUnauthorized');
          return true;
        },
      );
    });
  });
}
