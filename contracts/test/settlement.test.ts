/** Settlement with real proofs of the two-member circuit: rounds, queue, replays, forged calls, certificates and escape. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Contract, type Signer, ZeroHash } from 'ethers';
import { stateLeaf } from '../../src/domain/settlement/leaves.ts';
import { merklePath } from '../../src/domain/settlement/merkle.ts';
import { type RoundInput, type SettledRound, settleRound } from '../../src/domain/settlement/settle-round.ts';
import { genesisState, type SettlementState, stateRoot } from '../../src/domain/settlement/state.ts';
import { onlyBatch, order, roundInput, signedReading, testMeter } from '../../src/domain/settlement/testing/community.ts';
import { type Flow, settlementDomain } from '../../src/domain/settlement/words.ts';
import { cacheDir } from '../../src/main/host/paths.ts';
import { createProver, type Prover } from '../../src/main/proof/prover.ts';
import type { Proven } from '../../src/main/proof/types.ts';
import { contractAt } from '../deploy/deploy.ts';
import { encodeDeviceData } from '../deploy/device-data.ts';
import { anyVerificationKey, builtContracts, type Chain, deploySuite, startAnvil } from './support.ts';

const CAPACITY = 2;
const ESCAPE_AFTER_S = 3_600;

interface Batch {
  interval: bigint;
  price: bigint;
  traded: boolean;
  flowCount: number;
  newRoot: bigint;
  totals: bigint;
}

describe('Settlement on anvil, with real proofs', () => {
  let chain: Chain;
  let prover: Prover;
  let settlement: Contract;
  let money: Contract;
  let as: (name: string, signer?: Signer) => Contract;
  let state: SettlementState = genesisState(CAPACITY);
  let interval = 100n;
  let lastCall: { batch: Batch; proof: readonly string[] };
  let member: Signer;

  const send = async (contract: Contract, name: string, ...args: unknown[]) => (await contract.getFunction(name)(...args)).wait();
  const view = (contract: Contract, name: string, ...args: unknown[]) => contract.getFunction(name).staticCall(...args);
  /** The custom error a call ends with. */
  const errorOf = async (contract: Contract, name: string, ...args: unknown[]): Promise<string> => {
    try {
      await contract.getFunction(name).staticCall(...args);
      return 'no error';
    } catch (cause) {
      return (cause as { revert?: { name: string } }).revert?.name ?? String(cause);
    }
  };

  const round = async (given: Partial<Pick<RoundInput, 'orders' | 'readings' | 'flows'>>): Promise<SettledRound> => {
    const head = (await view(settlement, 'head')) as { buyTariff: bigint; sellTariff: bigint };
    const input = roundInput({
      size: CAPACITY,
      interval,
      state,
      orders: given.orders ?? [],
      readings: given.readings ?? [],
      flows: given.flows ?? [],
    });
    const domain = settlementDomain(31337, await settlement.getAddress());
    const settled = settleRound({ ...input, domain, buyTariff: head.buyTariff, sellTariff: head.sellTariff });
    assert.ok(settled.kind === 'settled', settled.kind === 'refused' ? settled.detail : '');
    return settled;
  };
  const batchOf = (settled: SettledRound, flowCount: number): Batch => ({
    interval: settled.terms.interval,
    price: settled.terms.price ?? 0n,
    traded: settled.terms.price !== null,
    flowCount,
    newRoot: settled.words.newRoot,
    totals: settled.words.totals,
  });
  /** Commits, proves and settles; the chain then stands at the new state. */
  const run = async (given: Parameters<typeof round>[0]): Promise<{ settled: SettledRound; proven: Proven }> => {
    const settled = await round(given);
    await send(settlement, 'commitOrders', interval, settled.words.ordersRoot);
    const proven = await prover.prove('settle', onlyBatch(settled).witnessInput);
    lastCall = { batch: batchOf(settled, given.flows?.length ?? 0), proof: proven.calldata.flat };
    await send(settlement, 'settle', lastCall.batch, lastCall.proof);
    assert.equal(await view(settlement, 'stateRoot'), settled.words.newRoot);
    assert.equal(await view(settlement, 'rootAfter', interval), settled.words.newRoot);
    state = settled.newState;
    interval += 1n;
    return { settled, proven };
  };
  const reading = (index: number, importWh: bigint, exportWh: bigint) =>
    signedReading(index, { interval, importWh, exportWh, sequence: interval });

  before(async () => {
    chain = await startAnvil();
    member = chain.accounts[3] as Signer;
    prover = createProver({ cacheDir: join(cacheDir, 'circuits'), layout: { batchMembers: CAPACITY, parts: 1 } });
    await prover.prepare();
    const manifest = await deploySuite(chain, {
      depth: 1,
      settlement: {
        settle: { verificationKey: prover.verificationKey('settle'), keyOrigin: 'development' },
        admit: anyVerificationKey(6),
        escapeAfterS: ESCAPE_AFTER_S,
      },
    });
    const { artifacts } = await builtContracts();
    as = (name, signer = chain.signer) => contractAt(manifest, artifacts, name, signer);
    settlement = as('Settlement');
    money = as('CommunityMoney');
    const meters = [testMeter(0), testMeter(1)];
    const owner = await chain.signer.getAddress();
    const data = meters.map((meter) =>
      encodeDeviceData({
        meterId: Number(meter.meterId),
        owner,
        deviceClass: 'private',
        technology: meter.flags === 0 ? 'none' : 'solar',
        renewableOnly: meter.flags !== 0,
        backing: meter.flags === 0 ? 'none' : 'certificates',
        ratedPowerW: 10_000,
        gridNode: 'test',
        publicKey: [meter.publicKey[0], meter.publicKey[1]],
      }),
    );
    await send(
      as('SmartMeter'),
      'registerDevices',
      ['0x00000000000000000000000000000000000000d1', '0x00000000000000000000000000000000000000d2'],
      data,
    );
    await send(as('SmartMeter'), 'verifyDevices', [1, 2], [ZeroHash, ZeroHash]);
    await send(settlement, 'setAccount', 0, await member.getAddress());
    await send(money, 'mint', await member.getAddress(), 1_000_000_000n);
    await send(as('CommunityMoney', member), 'approve', await settlement.getAddress(), 1_000_000_000n);
    await send(settlement, 'syncTariffs');
  });
  after(async () => {
    await prover.close();
    await chain.close();
  });

  it('starts at the genesis root that the engine computes, bound to chain and address', async () => {
    assert.equal(await view(settlement, 'stateRoot'), stateRoot(genesisState(CAPACITY)));
    assert.equal(await view(settlement, 'domain'), settlementDomain(31337, await settlement.getAddress()));
  });

  it('applies a deposit with the first readings, then settles a trade', async () => {
    await send(as('Settlement', member), 'deposit', 0, 50_000_000n);
    const flows: Flow[] = [{ kind: 'deposit', index: 0, amount: 50_000_000n }];
    await run({ readings: [reading(0, 1_000n, 500n), reading(1, 2_000n, 500n)], flows });
    const { settled } = await run({
      orders: [order('sell', 400, 10_000), order('buy', 400, 20_000)],
      readings: [reading(0, 1_000n, 950n), reading(1, 2_400n, 500n)],
    });
    assert.equal(settled.terms.price, 15_000n);
    assert.equal(await view(settlement, 'gridAccount'), state.gridAccount);
    assert.equal(await view(settlement, 'defaultAccount'), state.defaultAccount);
    assert.ok(state.defaultAccount < 0n, 'the buyer has no money, so the default account lays it out');
  });

  it('issues the certificates of a round once', async () => {
    const last = interval - 1n;
    const before = (await view(settlement, 'roundOf', last)) as { certificateWh: bigint };
    assert.equal(before.certificateWh, 450n);
    await send(settlement, 'issueCertificates', last);
    assert.equal(await errorOf(settlement, 'issueCertificates', last), 'NoCertificates');
  });

  it('refuses a replay, an old interval and an uncommitted one', async () => {
    assert.equal(await errorOf(settlement, 'settle', lastCall.batch, lastCall.proof), 'IntervalNotOpen');
    assert.equal(await errorOf(settlement, 'settle', { ...lastCall.batch, interval: 500n }, lastCall.proof), 'OrdersMissing');
    assert.equal(await errorOf(settlement, 'commitOrders', interval - 1n, 5n), 'IntervalNotOpen');
    assert.equal(await errorOf(settlement, 'commitOrders', interval, 0n), 'EmptyRoot');
  });

  it('refuses orders committed by anyone but the operator, and twice for one interval', async () => {
    assert.equal(await errorOf(as('Settlement', member), 'commitOrders', interval, 5n), 'AccessManagedUnauthorized');
  });

  it('refuses a valid proof with any other price, root, totals or interval', async () => {
    const settled = await round({ orders: [order('sell', 10, 10_000), order('buy', 10, 20_000)] });
    await send(settlement, 'commitOrders', interval, settled.words.ordersRoot);
    assert.equal(await errorOf(settlement, 'commitOrders', interval, 5n), 'IntervalNotOpen');
    const { calldata } = await prover.prove('settle', onlyBatch(settled).witnessInput);
    const batch = batchOf(settled, 0);
    const tries: Partial<Batch>[] = [
      { price: 15_001n },
      { newRoot: batch.newRoot + 1n },
      { totals: batch.totals + 1n },
      { totals: batch.totals + (1n << 184n) },
      { totals: batch.totals ^ (1n << 224n) },
    ];
    for (const change of tries) assert.equal(await errorOf(settlement, 'settle', { ...batch, ...change }, calldata.flat), 'ProofRefused');
    assert.equal(await errorOf(settlement, 'settle', { ...batch, traded: false }, calldata.flat), 'PriceWithoutTrade');
    assert.equal(await errorOf(settlement, 'settle', { ...batch, totals: batch.totals + (1n << 240n) }, calldata.flat), 'BadTotals');
    assert.equal(await errorOf(settlement, 'settle', { ...batch, flowCount: 1 }, calldata.flat), 'TooManyFlows');
    for (const k of calldata.flat.keys()) {
      const bent = calldata.flat.map((word, i) => (i === k ? (BigInt(word) ^ 1n).toString() : word));
      assert.equal(await errorOf(settlement, 'settle', batch, bent), 'ProofRefused', `proof word ${k}`);
    }
    await send(settlement, 'settle', batch, calldata.flat);
    state = settled.newState;
    interval += 1n;
  });

  it('grants a covered withdrawal, which its member then claims, and refuses an uncovered one', async () => {
    const balance = state.members[0]?.balance ?? 0n;
    assert.ok(balance > 5n);
    await send(as('Settlement', member), 'requestWithdrawal', 0, 5n);
    assert.equal(await errorOf(as('Settlement', member), 'deposit', 0, 1n), 'FlowPending');
    await run({ flows: [{ kind: 'withdrawal', index: 0, amount: 5n }] });
    const address = await member.getAddress();
    const before = (await view(money, 'balanceOf', address)) as bigint;
    await send(as('Settlement', member), 'claim');
    assert.equal(await view(money, 'balanceOf', address), before + 5n);
    assert.equal(await errorOf(as('Settlement', member), 'claim'), 'NothingToClaim');
    const tooMuch = (state.members[0]?.balance ?? 0n) + 1n;
    await send(as('Settlement', member), 'requestWithdrawal', 0, tooMuch);
    const { settled } = await run({ flows: [{ kind: 'withdrawal', index: 0, amount: tooMuch }] });
    assert.deepEqual(settled.totals.withdrawalsApplied, [false, false, false]);
    assert.equal(await errorOf(as('Settlement', member), 'claim'), 'NothingToClaim');
  });

  it('lets no entry wait longer than the batch that was being proven when it came', async () => {
    await send(as('Settlement', member), 'deposit', 0, 7n);
    await run({});
    const settled = await round({});
    await send(settlement, 'commitOrders', interval, settled.words.ordersRoot);
    const { calldata } = await prover.prove('settle', onlyBatch(settled).witnessInput);
    assert.equal(await errorOf(settlement, 'settle', batchOf(settled, 0), calldata.flat), 'FlowOverdue');
  });

  it('opens exits after the set time, to the member alone, once, and gives waiting deposits back', async () => {
    const opening = state.members[0];
    assert.ok(opening !== undefined);
    const words = [
      opening.epoch,
      opening.balance,
      opening.debt,
      opening.importWh,
      opening.exportWh,
      opening.sequence,
      opening.carriedWh + (1n << 48n),
      opening.salt,
    ];
    const path = merklePath(state.members.map(stateLeaf), 0);
    assert.equal(await errorOf(settlement, 'escape'), 'NotYetEscape');
    assert.equal(await errorOf(settlement, 'exit', 0, words, path), 'NotInEscape');
    await chain.provider.send('evm_increaseTime', [ESCAPE_AFTER_S + 1]);
    await chain.provider.send('evm_mine', []);
    await send(settlement, 'escape');
    assert.equal(await errorOf(settlement, 'settle', lastCall.batch, lastCall.proof), 'InEscape');
    assert.equal(
      await errorOf(
        settlement,
        'exit',
        0,
        words.map((word, i) => (i === 1 ? word + 1n : word)),
        path,
      ),
      'BadOpening',
    );
    await send(settlement, 'exit', 0, words, path);
    assert.equal(await errorOf(settlement, 'exit', 0, words, path), 'AlreadyExited');
    const [head] = (await view(settlement, 'queueBounds')) as [bigint];
    await send(settlement, 'reclaim', head);
    assert.equal(await errorOf(settlement, 'reclaim', head), 'NoDeposit');
    assert.equal(await view(settlement, 'claimable', await member.getAddress()), opening.balance + 7n);
  });
});
