/**
 * Gas of the everyday acts at steady state (slots already written), against `contracts/gas-snapshot.json`.
 * `UPDATE_GAS=1` writes a new snapshot. Goals are printed beside; a figure may differ from the snapshot by 2 %.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { AbiCoder, type Contract, encodeBytes32String, MaxUint256, type Signer, ZeroHash } from 'ethers';
import { contractAt } from '../deploy/deploy.ts';
import { encodeDeviceData } from '../deploy/device-data.ts';
import { openPlant, openProvers, type Round } from './settlement-plant.ts';
import { builtContracts, type Chain, deploySuite, publicKeyOf, startHardhat } from './support.ts';

const snapshotPath = new URL('../gas-snapshot.json', import.meta.url);
const goals: Record<string, number> = {
  tokenTransfer: 90_000,
  offerSale: 150_000,
  offerPurchase: 150_000,
  execute: 150_000,
  reading: 75_000,
  certificate: 140_000,
  round: 400_000,
};
const tolerance = 0.02;

describe('gas at steady state', () => {
  let chain: Chain;
  let at: (name: string, signer?: Signer) => Contract;
  const measured: Record<string, number> = {};
  const send = async (contract: Contract, name: string, ...args: unknown[]): Promise<number> => {
    const receipt = await (await contract.getFunction(name)(...args)).wait();
    return Number(receipt.gasUsed);
  };

  before(async () => {
    chain = await startHardhat();
    const manifest = await deploySuite(chain);
    const { artifacts } = await builtContracts();
    at = (name, signer = chain.signer) => contractAt(manifest, artifacts, name, signer);
  });
  after(() => chain.close());

  it('measures the everyday acts', async () => {
    const [operator, seller, buyer, device] = chain.accounts as [Signer, Signer, Signer, Signer];
    const sellerAddress = await seller.getAddress();
    const buyerAddress = await buyer.getAddress();
    const meter = at('SmartMeter');
    const dataOf = (secret: bigint, deviceClass: 'private' | 'public', backing: 'certificates' | 'none') =>
      encodeDeviceData({
        owner: sellerAddress,
        deviceClass,
        technology: 'solar',
        renewableOnly: true,
        backing,
        ratedPowerW: 1_000_000,
        gridNode: 'N1',
        interval: 1,
        publicKey: publicKeyOf(secret),
      });
    await send(meter, 'registerDevice', '0x000000000000000000000000000000000000d001', dataOf(1n, 'private', 'certificates'));
    await send(meter, 'verifyDevice', 1, ZeroHash);
    measured.registerPrivateMeter = await send(
      meter,
      'registerDevice',
      '0x000000000000000000000000000000000000d002',
      dataOf(2n, 'private', 'certificates'),
    );
    measured.verifyPrivateMeter = await send(meter, 'verifyDevice', 2, ZeroHash);
    await send(meter, 'registerDevice', await device.getAddress(), dataOf(3n, 'public', 'certificates'));
    await send(meter, 'verifyDevice', 17, ZeroHash);

    const source = (readingId: number) => AbiCoder.defaultAbiCoder().encode(['uint256', 'uint256'], [17, readingId]);
    for (let i = 1; i <= 3; i += 1) {
      measured.reading = await send(at('SmartMeter', device), 'submitReading', 17, (BigInt(i) * 9000n) | (BigInt(1 + i) << 128n));
      measured.validation = await send(meter, 'validateReading', 17, i);
      measured.mint = await send(at('EnergyToken'), 'mintEnergy', sellerAddress, 9000, source(i));
      measured.certificate = await send(at('GranularCertificate'), 'issueFromReading', 17, i);
    }
    const trade = await at('EnergyTrade').getAddress();
    for (const who of [seller, buyer]) {
      await send(at('EnergyToken', who), 'approve', trade, MaxUint256);
      await send(at('CommunityMoney', who), 'approve', trade, MaxUint256);
      await send(at('CommunityMoney'), 'mint', await who.getAddress(), 10n ** 12n);
    }
    await send(at('EnergyToken', seller), 'transferEnergy', buyerAddress, 100);
    measured.tokenTransfer = await send(at('EnergyToken', seller), 'transferEnergy', buyerAddress, 100);
    measured.tokenBurn = await send(at('EnergyToken', buyer), 'burnEnergy', 10);
    await send(at('GridManagement', operator), 'updateStatus', 50_000, 230_000, 9000, 8000);
    measured.gridStatus = await send(at('GridManagement', operator), 'updateStatus', 50_010, 230_100, 9100, 8000);
    await send(at('EnergyTrade', seller), 'createOffer', 1000, 20_000, 3600, true);
    await send(at('EnergyTrade', buyer), 'executeTrade', 1, 100);
    measured.execute = await send(at('EnergyTrade', buyer), 'executeTrade', 1, 100);
    measured.offerSale = await send(at('EnergyTrade', seller), 'createOffer', 1000, 20_000, 3600, true);
    await send(at('EnergyTrade', buyer), 'createOffer', 1000, 20_000, 3600, false);
    measured.offerPurchase = await send(at('EnergyTrade', buyer), 'createOffer', 1000, 20_000, 3600, false);
    measured.closeOffer = await send(at('EnergyTrade', seller), 'closeOffer', 2);
    const deals = await at('EnergyDeals').getAddress();
    await send(at('EnergyToken', seller), 'approve', deals, MaxUint256);
    for (const who of [seller, buyer]) await send(at('CommunityMoney', who), 'approve', deals, MaxUint256);
    await send(at('CommunityMoney'), 'mint', sellerAddress, 10n ** 12n);
    const startsAt = Number((await chain.provider.getBlock('latest'))?.timestamp) + 3600;
    const dayS = 86_400;
    await send(at('EnergyDeals', seller), 'proposeFuture', [100, 20_000, startsAt, 3600, dayS, 4]);
    measured.recurringProposal = await send(at('EnergyDeals', seller), 'proposeFuture', [100, 20_000, startsAt, 3600, dayS, 4]);
    await send(at('EnergyDeals', buyer), 'acceptFuture', 1);
    measured.recurringAcceptance = await send(at('EnergyDeals', buyer), 'acceptFuture', 2);
    for (let i = 0; i < 3; i += 1) {
      await chain.provider.send('evm_setNextBlockTimestamp', [startsAt + i * dayS + i]);
      // From the second on each delivery pays the one before.
      measured.recurringDelivery = await send(at('EnergyDeals', seller), 'deliver', 1);
    }
    measured.cancelCertificate = await send(at('GranularCertificate', seller), 'cancel', 1);
    measured.claimCertificate = await send(at('GranularCertificate', seller), 'claim', 1, sellerAddress, encodeBytes32String('home'));
  });

  /** Real proofs, because what they cost is most of it; a round costs the same for 2 members and for 64. */
  for (const layout of [
    { batchMembers: 2, parts: 1 },
    { batchMembers: 2, parts: 2 },
  ] as const)
    it(`measures a round in ${layout.parts} part(s)`, async () => {
      const ofSettlement = await startHardhat();
      const provers = await openProvers(layout);
      try {
        const plant = await openPlant(ofSettlement, layout, provers);
        const { settlement } = plant;
        for (const registerWh of [1_000n, 2_000n, 3_500n]) {
          const round: Round = { readings: [0, 1].map((index) => plant.reading(index, registerWh, 500n)) };
          const settled = await plant.settled(round);
          const commitOrders = await send(settlement, 'commitOrders', plant.interval, settled.words.ordersRoot);
          const admit = async (part: number) => send(settlement, 'admitOrders', ...(await plant.admitArgs(round, part)));
          const settle = async (name: string, part: number) => send(settlement, name, ...(await plant.settleArgs(round, part)));
          if (layout.parts === 1) {
            measured.commitOrders = commitOrders;
            measured.admitOrders = await admit(0);
            measured.settle = await settle('settle', 0);
            measured.round = commitOrders + measured.settle;
          } else {
            measured.admitPart = await admit(0);
            measured.admitLastPart = await admit(1);
            measured.settlePart = await settle('settlePart', 0);
            measured.settleLastPart = await settle('settlePart', 1);
          }
          plant.advance(settled);
        }
      } finally {
        provers.close();
        await ofSettlement.close();
      }
    });

  it('stays with the snapshot', () => {
    for (const [act, gas] of Object.entries(measured)) {
      const goal = goals[act];
      console.log(`    ${act.padEnd(22)}${String(gas).padStart(8)}${goal ? `   goal ${goal}${gas > goal ? '   MISSED' : ''}` : ''}`);
    }
    if (process.env.UPDATE_GAS) writeFileSync(snapshotPath, `${JSON.stringify(measured, null, 2)}\n`);
    const snapshot = JSON.parse(readFileSync(snapshotPath, 'utf8')) as Record<string, number>;
    assert.deepEqual(Object.keys(measured).sort(), Object.keys(snapshot).sort());
    for (const [act, gas] of Object.entries(measured)) {
      const before = snapshot[act] as number;
      assert.ok(
        Math.abs(gas - before) <= before * tolerance,
        `${act} takes ${gas} gas, the snapshot says ${before}; run with UPDATE_GAS=1 if it is meant`,
      );
    }
  });

  it('meets its goals', () => {
    for (const [act, goal] of Object.entries(goals)) assert.ok((measured[act] as number) <= goal, `${act}: ${measured[act]} > ${goal}`);
  });
});
