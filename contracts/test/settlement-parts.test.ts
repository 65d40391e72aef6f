/** Rounds in two parts of two members, with real proofs: what one part leaves the next takes up, and nothing is final before the last. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Signer } from 'ethers';
import { stateLeaf } from '../../src/domain/settlement/leaves.ts';
import type { BatchLayout } from '../../src/domain/settlement/limits.ts';
import { merklePath } from '../../src/domain/settlement/merkle.ts';
import { openPlant, openProvers, type Plant, type Provers, type Round, signedOrder } from './settlement-plant.ts';
import { type Chain, startAnvil, startHardhat } from './support.ts';

const LAYOUT: BatchLayout = { batchMembers: 2, parts: 2 };
const ESCAPE_AFTER_S = 3_600;

for (const [where, start] of [
  ["Hardhat's network", startHardhat],
  ['anvil', () => startAnvil()],
] as const) {
  describe(`Settlement in parts on ${where}, with real proofs`, () => {
    let chain: Chain;
    let provers: Provers;
    let plant: Plant;
    let member: Signer;

    before(async () => {
      chain = await start();
      member = chain.accounts[3] as Signer;
      provers = await openProvers(LAYOUT);
      plant = await openPlant(chain, LAYOUT, provers, { escapeAfterS: ESCAPE_AFTER_S });
      const address = await member.getAddress();
      await plant.send(plant.settlement, 'setAccount', 2, address);
      await plant.send(plant.money, 'mint', address, 1_000_000_000n);
      await plant.send(plant.as('CommunityMoney', member), 'approve', await plant.settlement.getAddress(), 1_000_000_000n);
    });
    after(async () => {
      provers?.close();
      await chain.close();
    });

    const commit = async (round: Round) => plant.send(plant.settlement, 'commitOrders', plant.interval, plant.admission(round).ordersRoot);

    it('takes baselines and a deposit of a member of the second part', async () => {
      const { settlement, send, view, errorOf } = plant;
      await send(plant.as('Settlement', member), 'deposit', 2, 50_000_000n);
      const round: Round = {
        idle: true,
        readings: [0, 1, 2, 3].map((index) => plant.reading(index, 1_000n, 500n)),
        flows: [{ kind: 'deposit', index: 2, amount: 50_000_000n }],
      };
      await commit(round);
      await plant.admitAll(round);
      const settled = await plant.settled(round);
      const [first, second] = [await plant.settleArgs(round, 0), await plant.settleArgs(round, 1)];
      assert.equal(await errorOf(settlement, 'settlePart', ...second), 'PartOutOfOrder');
      assert.equal(await errorOf(settlement, 'settle', first[0], first[3]), 'WrongLayout');
      await send(settlement, 'settlePart', ...first);
      assert.equal(await view(settlement, 'stateRoot'), settled.words.oldRoot);
      await send(settlement, 'settlePart', ...second);
      assert.equal(await view(settlement, 'stateRoot'), settled.words.newRoot);
      plant.advance(settled);
      assert.equal(plant.state.members[2]?.balance, 50_000_000n);
    });

    it('clears one price over both parts and moves accounts, totals and book with the last', async () => {
      const { settlement, send, view, errorOf, interval } = plant;
      const round: Round = {
        orders: [
          signedOrder(0, { scope: interval, side: 'sell', quantityWh: 400n, limitPrice: 10_000n }),
          null,
          null,
          signedOrder(3, { side: 'buy', quantityWh: 300n, limitPrice: 20_000n }),
        ],
        readings: [plant.reading(0, 1_000n, 950n), null, plant.reading(2, 1_000n, 500n), plant.reading(3, 1_300n, 500n)],
      };
      await commit(round);
      const admission = plant.admission(round);
      const book = await view(settlement, 'bookRoot');
      const [admitFirst, admitSecond] = [await plant.admitArgs(round, 0), await plant.admitArgs(round, 1)];
      assert.equal(await errorOf(settlement, 'admitOrders', ...admitSecond), 'PartOutOfOrder');
      await send(settlement, 'admitOrders', ...admitFirst);
      assert.equal(await view(settlement, 'bookRoot'), book);
      assert.equal(await view(settlement, 'isAdmitted', interval), false);
      assert.equal(await errorOf(plant.as('Settlement', member), 'admitOrders', ...admitFirst), 'PartsUnderWay');
      await send(settlement, 'admitOrders', ...admitSecond);
      assert.equal(await view(settlement, 'bookRoot'), admission.bookRoot);
      assert.equal(await view(settlement, 'isAdmitted', interval), true);

      const settled = await plant.settled(round);
      assert.ok(settled.terms.price !== null, 'the seller of the first part and the buyer of the second trade');
      const [first, second] = [await plant.settleArgs(round, 0), await plant.settleArgs(round, 1)];
      await send(settlement, 'settlePart', ...first);
      const [batch, part, carryOut, proof] = second as [Record<string, unknown>, number, bigint, string[]];
      assert.equal(
        await errorOf(settlement, 'settlePart', { ...batch, totals: settled.words.totals + 1n }, part, carryOut, proof),
        'ProofRefused',
      );
      assert.equal(
        await errorOf(settlement, 'settlePart', { ...batch, price: settled.terms.price + 1n }, part, carryOut, proof),
        'PartOutOfOrder',
      );
      assert.equal(await errorOf(plant.as('Settlement', member), 'settlePart', ...first), 'PartsUnderWay');
      const receipt = await send(settlement, 'settlePart', ...second);
      const event = receipt.logs
        .map((log: { topics: string[]; data: string }) => settlement.interface.parseLog(log))
        .find((log: { name: string } | null) => log?.name === 'Settled');
      for (const name of ['registryRoot', 'ordersRoot', 'oldRoot', 'newRoot', 'terms', 'totals', 'flows'] as const)
        assert.equal(event?.args[name], settled.words[name], name);
      assert.equal(await view(settlement, 'gridAccount'), settled.newState.gridAccount);
      assert.equal(((await view(settlement, 'roundOf', interval)) as { carriedMembers: bigint }).carriedMembers, 1n);
      plant.book = admission.book;
      plant.advance(settled);
    });

    it('starts a round anew when the registry changed between its parts', async () => {
      const { settlement, send, errorOf } = plant;
      const round: Round = { idle: true };
      await commit(round);
      await plant.admitAll(round);
      const [first, second] = [await plant.settleArgs(round, 0), await plant.settleArgs(round, 1)];
      await send(settlement, 'settlePart', ...first);
      await send(plant.as('SmartMeter'), 'retireDevice', 4);
      assert.equal(await errorOf(settlement, 'settlePart', ...second), 'PartOutOfOrder');
      assert.equal(await errorOf(settlement, 'settlePart', ...first), 'ProofRefused');
    });

    it('lets a member of the second part leave from the last final root while a round is under way', async () => {
      const { settlement, send, view, state } = plant;
      await chain.provider.send('evm_increaseTime', [ESCAPE_AFTER_S + 1]);
      await chain.provider.send('evm_mine', []);
      await send(settlement, 'escape');
      const opening = state.members[2];
      assert.ok(opening);
      const { epoch, balance, debt, importWh, exportWh, sequence, carriedWh, salt } = opening;
      const words = [epoch, balance, debt, importWh, exportWh, sequence, carriedWh + (1n << 48n), salt];
      await send(settlement, 'exit', 2, words, merklePath(state.members.map(stateLeaf), 2));
      assert.equal(await view(settlement, 'claimable', await member.getAddress()), balance);
    });
  });
}
