/** Settlement with real proofs of the two-member circuits: admission, rounds, queue, replays, forged calls, late commitments, certificates and escape. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Signer } from 'ethers';
import { stateLeaf } from '../../src/domain/settlement/leaves.ts';
import type { BatchLayout } from '../../src/domain/settlement/limits.ts';
import { merklePath } from '../../src/domain/settlement/merkle.ts';
import { bookRoot, emptyBook } from '../../src/domain/settlement/order-book.ts';
import type { SettledRound } from '../../src/domain/settlement/settle-round.ts';
import { genesisState, stateRoot } from '../../src/domain/settlement/state.ts';
import { type Flow, settlementDomain } from '../../src/domain/settlement/words.ts';
import { type Batch, openPlant, openProvers, type Plant, type Provers, type Round, signedOrder } from './settlement-plant.ts';
import { type Chain, startAnvil, startHardhat } from './support.ts';

const LAYOUT: BatchLayout = { batchMembers: 2, parts: 1 };
const ESCAPE_AFTER_S = 3_600;
const WINDOW_S = 600;

for (const [where, start] of [
  ["Hardhat's network", startHardhat],
  ['anvil', () => startAnvil()],
] as const) {
  describe(`Settlement on ${where}, with real proofs`, () => {
    let chain: Chain;
    let provers: Provers;
    let plant: Plant;
    let member: Signer;
    let lastCall: { settle: unknown[]; admit: unknown[] };

    /** Commits, admits, proves and settles; the chain then stands at the new state. */
    const run = async (round: Round): Promise<SettledRound> => {
      const { settlement, send, view, interval } = plant;
      const settled = await plant.settled(round);
      const admission = plant.admission(round);
      await send(settlement, 'commitOrders', interval, admission.ordersRoot);
      const admit = await plant.admitArgs(round);
      await send(settlement, 'admitOrders', ...admit);
      assert.equal(await view(settlement, 'bookRoot'), admission.bookRoot);
      const settle = await plant.settleArgs(round);
      await send(settlement, 'settle', ...settle);
      assert.equal(await view(settlement, 'stateRoot'), settled.words.newRoot);
      assert.equal(await view(settlement, 'rootAfter', interval), settled.words.newRoot);
      plant.book = admission.book;
      plant.advance(settled);
      lastCall = { settle, admit };
      return settled;
    };
    const ofMember = () => plant.as('Settlement', member);
    const passS = async (seconds: number) => {
      await chain.provider.send('evm_increaseTime', [seconds]);
      await chain.provider.send('evm_mine', []);
    };

    before(async () => {
      chain = await start();
      member = chain.accounts[3] as Signer;
      provers = await openProvers(LAYOUT);
      plant = await openPlant(chain, LAYOUT, provers, { escapeAfterS: ESCAPE_AFTER_S, challengeWindowS: WINDOW_S });
      const address = await member.getAddress();
      await plant.send(plant.settlement, 'setAccount', 0, address);
      await plant.send(plant.money, 'mint', address, 1_000_000_000n);
      await plant.send(plant.as('CommunityMoney', member), 'approve', await plant.settlement.getAddress(), 1_000_000_000n);
    });
    after(async () => {
      provers?.close();
      await chain.close();
    });

    it('starts at the roots that the engine computes, bound to chain and address', async () => {
      const { view, settlement } = plant;
      assert.equal(await view(settlement, 'stateRoot'), stateRoot(genesisState(2)));
      assert.equal(await view(settlement, 'bookRoot'), bookRoot(emptyBook(2)));
      assert.equal(await view(settlement, 'domain'), plant.domain);
    });

    it('applies a deposit with the first readings, then settles a trade of signed orders', async () => {
      await plant.send(ofMember(), 'deposit', 0, 50_000_000n);
      const flows: Flow[] = [{ kind: 'deposit', index: 0, amount: 50_000_000n }];
      await run({ readings: [plant.reading(0, 1_000n, 500n), plant.reading(1, 2_000n, 500n)], flows });
      const settled = await run({
        orders: [
          signedOrder(0, { scope: plant.interval, side: 'sell', quantityWh: 400n, limitPrice: 10_000n }),
          signedOrder(1, { side: 'buy', quantityWh: 400n, limitPrice: 20_000n }),
        ],
        readings: [plant.reading(0, 1_000n, 950n), plant.reading(1, 2_400n, 500n)],
      });
      assert.equal(settled.terms.price, 15_000n);
      assert.equal(await plant.view(plant.settlement, 'gridAccount'), plant.state.gridAccount);
      assert.equal(await plant.view(plant.settlement, 'defaultAccount'), plant.state.defaultAccount);
      assert.ok(plant.state.defaultAccount < 0n, 'the buyer has no money, so the default account lays it out');
    });

    it('issues the certificates of a round once', async () => {
      const last = plant.interval - 1n;
      const before = (await plant.view(plant.settlement, 'roundOf', last)) as { certificateWh: bigint };
      assert.equal(before.certificateWh, 450n);
      await plant.send(plant.settlement, 'issueCertificates', last);
      assert.equal(await plant.errorOf(plant.settlement, 'issueCertificates', last), 'NoCertificates');
    });

    it('refuses a replay, an old interval and an uncommitted one', async () => {
      const { settlement, errorOf } = plant;
      const [batch, proof] = lastCall.settle as [Batch, string[]];
      assert.equal(await errorOf(settlement, 'settle', batch, proof), 'IntervalNotOpen');
      assert.equal(await errorOf(settlement, 'settle', { ...batch, interval: 500n }, proof), 'OrdersMissing');
      assert.equal(await errorOf(settlement, 'settlePart', batch, 0, 1n, proof), 'WrongLayout');
      assert.equal(await errorOf(settlement, 'admitOrders', ...lastCall.admit), 'IntervalNotOpen');
      assert.equal(await errorOf(settlement, 'commitOrders', plant.interval - 1n, 5n), 'IntervalNotOpen');
      assert.equal(await errorOf(settlement, 'commitOrders', plant.interval, 0n), 'EmptyRoot');
      assert.equal(await errorOf(ofMember(), 'commitOrders', plant.interval, 5n), 'AccessManagedUnauthorized');
    });

    it('refuses a valid proof with any other price, root, totals or interval, one for another chain or contract, and orders not admitted', async () => {
      const { settlement, errorOf, send, interval } = plant;
      // Member 1's standing order of the round before still holds.
      const round: Round = { orders: [signedOrder(0, { scope: interval, side: 'sell', quantityWh: 10n, limitPrice: 10_000n }), null] };
      const settled = await plant.settled(round);
      assert.equal(settled.terms.price, 20_000n, 'most of what the buyer wants is not there');
      await send(settlement, 'commitOrders', interval, settled.words.ordersRoot);
      assert.equal(await errorOf(settlement, 'commitOrders', interval, 5n), 'IntervalNotOpen');
      const [batch, proof] = (await plant.settleArgs(round)) as [Batch, string[]];
      assert.equal(await errorOf(settlement, 'settle', batch, proof), 'OrdersNotAdmitted');
      const admit = await plant.admitArgs(round);
      for (const [place, value] of [
        [2, true],
        [3, (admit[3] as bigint) + 1n],
        [4, (admit[4] as string[]).map((word, k) => (k === 6 ? (BigInt(word) ^ 1n).toString() : word))],
      ] as const) {
        const bent = admit.map((argument, k) => (k === place ? value : argument));
        assert.equal(await errorOf(settlement, 'admitOrders', ...bent), 'ProofRefused');
      }
      await send(settlement, 'admitOrders', ...admit);
      assert.equal(await errorOf(settlement, 'admitOrders', ...admit), 'OrdersAlreadyAdmitted');
      const tries: Partial<Batch>[] = [
        { price: 20_001n },
        { newRoot: batch.newRoot + 1n },
        { totals: batch.totals + 1n },
        { totals: batch.totals + (1n << 184n) },
        { totals: batch.totals ^ (1n << 224n) },
      ];
      for (const change of tries) assert.equal(await errorOf(settlement, 'settle', { ...batch, ...change }, proof), 'ProofRefused');
      assert.equal(await errorOf(settlement, 'settle', { ...batch, traded: false }, proof), 'PriceWithoutTrade');
      assert.equal(await errorOf(settlement, 'settle', { ...batch, totals: batch.totals + (1n << 250n) }, proof), 'BadTotals');
      assert.equal(await errorOf(settlement, 'settle', { ...batch, flowCount: 1 }, proof), 'TooManyFlows');
      for (const k of proof.keys()) {
        const bent = proof.map((word, i) => (i === k ? (BigInt(word) ^ 1n).toString() : word));
        assert.equal(await errorOf(settlement, 'settle', batch, bent), 'ProofRefused', `proof word ${k}`);
      }
      const address = await settlement.getAddress();
      const elsewhere = [
        ['the same contract on another chain', settlementDomain(1, address)],
        ['another contract on this chain', settlementDomain(31337, '0x00000000000000000000000000000000000000aa')],
      ] as const;
      for (const [where, domain] of elsewhere) {
        const { calldata } = await provers.settle.prove({ ...settled.batches[0]?.witnessInput, domain: domain.toString() });
        assert.equal(await errorOf(settlement, 'settle', batch, calldata), 'ProofRefused', `a valid proof for ${where}`);
      }
      await send(settlement, 'settle', batch, proof);
      plant.book = plant.admission(round).book;
      plant.advance(settled);
    });

    it('grants a covered withdrawal, which its member then claims, and refuses an uncovered one', async () => {
      const { send, view, errorOf, money } = plant;
      const balance = plant.state.members[0]?.balance ?? 0n;
      assert.ok(balance > 5n);
      await send(ofMember(), 'requestWithdrawal', 0, 5n);
      assert.equal(await errorOf(ofMember(), 'deposit', 0, 1n), 'FlowPending');
      await run({ idle: true, flows: [{ kind: 'withdrawal', index: 0, amount: 5n }] });
      const address = await member.getAddress();
      const before = (await view(money, 'balanceOf', address)) as bigint;
      await send(ofMember(), 'claim');
      assert.equal(await view(money, 'balanceOf', address), before + 5n);
      assert.equal(await errorOf(ofMember(), 'claim'), 'NothingToClaim');
      const tooMuch = (plant.state.members[0]?.balance ?? 0n) + 1n;
      await send(ofMember(), 'requestWithdrawal', 0, tooMuch);
      const settled = await run({ idle: true, flows: [{ kind: 'withdrawal', index: 0, amount: tooMuch }] });
      assert.deepEqual(settled.totals.withdrawalsApplied, [false, false, false]);
      assert.equal(await errorOf(ofMember(), 'claim'), 'NothingToClaim');
    });

    it('takes orders late by receipt, settles them after the window, and voids what was contradicted', async () => {
      const { settlement, send, errorOf, view } = plant;
      const operator = await chain.signer.getAddress();
      const domain = {
        name: 'Busbar Settlement',
        version: '1',
        chainId: 31337,
        verifyingContract: await settlement.getAddress(),
      };
      const order = [
        { name: 'interval', type: 'uint40' },
        { name: 'ordersRoot', type: 'uint256' },
      ];
      const receipt = async (interval: bigint, ordersRoot: bigint) => ({
        index: 0,
        signature: await member.signTypedData(
          domain,
          { Receipt: [...order, { name: 'operator', type: 'address' }] },
          {
            interval,
            ordersRoot,
            operator,
          },
        ),
      });
      const idle: Round = { idle: true };
      const { ordersRoot } = plant.admission(idle);
      assert.equal(await errorOf(settlement, 'commitOrdersLate', plant.interval, ordersRoot, []), 'TooFewReceipts');
      const other = await receipt(plant.interval, ordersRoot + 1n);
      assert.equal(await errorOf(settlement, 'commitOrdersLate', plant.interval, ordersRoot, [other]), 'BadReceipt');
      await send(settlement, 'commitOrdersLate', plant.interval, ordersRoot, [await receipt(plant.interval, ordersRoot)]);
      await plant.admitAll(idle);
      const args = await plant.settleArgs(idle);
      assert.equal(await errorOf(settlement, 'settle', ...args), 'InChallengeWindow');
      await passS(WINDOW_S + 1);
      const settled = await plant.settled(idle);
      await send(settlement, 'settle', ...args);
      plant.advance(settled);

      const lost = plant.interval;
      await send(settlement, 'commitOrdersLate', lost, ordersRoot, [await receipt(lost, ordersRoot)]);
      const notice = await chain.signer.signTypedData(domain, { Notice: order }, { interval: lost, ordersRoot: ordersRoot + 1n });
      assert.equal(await errorOf(ofMember(), 'challengeLate', lost, ordersRoot + 2n, notice), 'BadNotice');
      await send(ofMember(), 'challengeLate', lost, ordersRoot + 1n, notice);
      assert.equal(await view(settlement, 'isVoided', lost), true);
      assert.equal(await errorOf(settlement, 'admitOrders', ...(await plant.admitArgs(idle))), 'OrdersVoided');
      assert.equal(await errorOf(settlement, 'settle', ...(await plant.settleArgs(idle))), 'OrdersVoided');
      plant.interval += 1n;
    });

    it('lets no entry wait longer than the round that was being proven when it came', async () => {
      await plant.send(ofMember(), 'deposit', 0, 7n);
      await run({ idle: true });
      const settled = await plant.settled({ idle: true });
      await plant.send(plant.settlement, 'commitOrders', plant.interval, settled.words.ordersRoot);
      await plant.admitAll({ idle: true });
      assert.equal(await plant.errorOf(plant.settlement, 'settle', ...(await plant.settleArgs({ idle: true }))), 'FlowOverdue');
    });

    it('opens exits after the set time, to the member alone, once, and gives waiting deposits back', async () => {
      const { settlement, send, view, errorOf, state } = plant;
      const opening = state.members[0];
      assert.ok(opening !== undefined);
      const { epoch, balance, debt, importWh, exportWh, sequence, carriedWh, salt } = opening;
      const words = [epoch, balance, debt, importWh, exportWh, sequence, carriedWh + (1n << 48n), salt];
      const path = merklePath(state.members.map(stateLeaf), 0);
      assert.equal(await errorOf(settlement, 'escape'), 'NotYetEscape');
      assert.equal(await errorOf(settlement, 'exit', 0, words, path), 'NotInEscape');
      await passS(ESCAPE_AFTER_S + 1);
      await send(settlement, 'escape');
      assert.equal(await errorOf(settlement, 'settle', ...lastCall.settle), 'InEscape');
      const bent = words.map((word, i) => (i === 1 ? word + 1n : word));
      assert.equal(await errorOf(settlement, 'exit', 0, bent, path), 'BadOpening');
      await send(settlement, 'exit', 0, words, path);
      assert.equal(await errorOf(settlement, 'exit', 0, words, path), 'AlreadyExited');
      const [head] = (await view(settlement, 'queueBounds')) as [bigint];
      await send(settlement, 'reclaim', head);
      assert.equal(await errorOf(settlement, 'reclaim', head), 'NoDeposit');
      assert.equal(await view(settlement, 'claimable', await member.getAddress()), balance + 7n);
    });
  });
}
