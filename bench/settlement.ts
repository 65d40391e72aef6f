/**
 * Gas of a settled round, commitment of orders included, for 16 and for 64 members, each with real proofs on a real chain; apart from it the admission of
 * its orders, a late commitment with 16 receipts, one part of a round in parts, and what money in and out adds. Peer: a transparent settlement of the same trades in the same run,
 * with everything public and the operator trusted. The first run makes the keys for 64 members, which takes minutes and 0.5 GB of cache.
 */
import type { Contract } from 'ethers';
import { type CircuitProver, openCircuitProver } from '../contracts/test/circuit-prover.ts';
import { type Admission, admitRound } from '../src/domain/settlement/admit-round.ts';
import { signWithScalar } from '../src/domain/settlement/babyjubjub.ts';
import { type Order, type OrderOpening, orderMessage } from '../src/domain/settlement/leaves.ts';
import { type BatchLayout, capacityOf, circuitName } from '../src/domain/settlement/limits.ts';
import { emptyBook, type OrderBook, type SignedOrder } from '../src/domain/settlement/order-book.ts';
import { type RoundInput, type SettledRound, settleRound } from '../src/domain/settlement/settle-round.ts';
import type { SettlementState } from '../src/domain/settlement/state.ts';
import { baselineRound, roundInput, scalarOf, testMeter, testSalts, tradingRound } from '../src/domain/settlement/testing/community.ts';
import { type Flow, settlementDomain } from '../src/domain/settlement/words.ts';
import type { Benchmark } from './harness.ts';
import { CHAIN_ID, openSettlementChain, type SettlementChain, type Spent } from './settlement-chain.ts';

type Say = (line: string) => void;

interface Gas {
  readonly commit: Spent;
  /** the part before the last, where a round has several */
  readonly part: Spent;
  /** the last part of the round */
  readonly settle: Spent & { readonly proof: number };
  readonly admit: Spent & { readonly proof: number };
  readonly transparent: number;
}

/** What a community of a layout needs to be settled: chain, provers, and the engine's view of state and book. */
interface Plant {
  readonly layout: BatchLayout;
  readonly chain: SettlementChain;
  readonly settle: CircuitProver;
  readonly admit: CircuitProver;
  readonly terms: Pick<RoundInput, 'domain' | 'buyTariff' | 'sellTariff'>;
}

const openPlant = async (layout: BatchLayout): Promise<Plant> => {
  const settle = await openCircuitProver(circuitName('settle', layout));
  const admit = await openCircuitProver(circuitName('admit', layout));
  const meters = Array.from({ length: capacityOf(layout) }, (_, i) => testMeter(i));
  const chain = await openSettlementChain(meters, layout, { settle: settle.key, admit: admit.key, challengeWindowS: 1 });
  await chain.send(chain.settlement, 'syncTariffs', []);
  const { buyTariff, sellTariff } = (await chain.settlement.getFunction('head')()) as { buyTariff: bigint; sellTariff: bigint };
  const domain = settlementDomain(CHAIN_ID, await chain.settlement.getAddress());
  return { layout, chain, settle, admit, terms: { domain, buyTariff, sellTariff } };
};

const closePlant = async ({ chain, settle, admit }: Plant): Promise<void> => {
  settle.close();
  admit.close();
  await chain.close();
};

/** Member 0 has a standing order and renews it, so that the book moves as it does in earnest; the others order for the interval. */
const signed = (index: number, order: OrderOpening, interval: bigint): SignedOrder => {
  const terms: Order = index === 0 ? { ...order, scope: 0n, sequence: interval } : { ...order, scope: interval };
  return { ...terms, signature: signWithScalar(scalarOf(index), orderMessage(BigInt(index + 1), terms)) };
};

const admission = (plant: Plant, book: OrderBook, input: RoundInput): Admission => {
  const orders = input.orders.map((order, i) => (order === null || order.quantityWh === 0n ? null : signed(i, order, input.interval)));
  const { interval, meters, salts } = input;
  const admitted = admitRound({ layout: plant.layout, domain: plant.terms.domain, interval, idle: false, meters, book, orders, salts });
  if (admitted.kind !== 'admitted') throw new Error(admitted.detail);
  return admitted;
};

const settled = (plant: Plant, input: RoundInput): SettledRound => {
  const round = settleRound({ ...input, ...plant.terms });
  if (round.kind !== 'settled') throw new Error(round.detail);
  return round;
};

/** Registers in full, so that a member without a reading keeps what it had. */
const settleTransparently = async ({ chain }: Plant, { interval, terms, lines }: SettledRound & { interval: bigint }): Promise<number> => {
  const { price, buyTariff, sellTariff } = terms;
  const members = lines.map(({ delivery, next }) => ({
    positionWh: delivery.positionWh,
    importWh: next.importWh,
    exportWh: next.exportWh,
  }));
  return (await chain.send(chain.transparent, 'settle', [{ interval, price: price ?? 0n, buyTariff, sellTariff }, members])).gas;
};

interface Done {
  readonly gas: Gas;
  readonly round: SettledRound;
  readonly book: OrderBook;
}

/** Commits, admits and settles one round, all its parts; gas of the last part of each. */
const runRound = async (plant: Plant, book: OrderBook, input: RoundInput, say: Say): Promise<Done> => {
  const { chain, layout } = plant;
  const { interval } = input;
  const admitted = admission(plant, book, input);
  const orders = admitted.orders;
  const scenario = { size: layout, interval, state: input.state, orders, readings: input.readings, flows: input.flows };
  const round = settled(plant, roundInput(scenario));
  const commit = await chain.send(chain.settlement, 'commitOrders', [interval, round.words.ordersRoot]);
  let admit: Gas['admit'] = { gas: 0, base: 0, proof: 0 };
  for (const [part, { words, publicSignals, witnessInput }] of admitted.batches.entries()) {
    const { calldata } = await plant.admit.prove(witnessInput);
    const spent = await chain.send(chain.settlement, 'admitOrders', [interval, part, false, words.newBook, calldata]);
    admit = { ...spent, proof: await chain.checkGas('AdmitVerifier', calldata, publicSignals) };
  }
  let settle: Gas['settle'] = { gas: 0, base: 0, proof: 0 };
  let before: Spent = settle;
  for (const [part, { words, publicSignals, witnessInput }] of round.batches.entries()) {
    const { calldata, proveMs, peakMemoryMb } = await plant.settle.prove(witnessInput);
    const { price } = round.terms;
    const { newRoot, totals } = words;
    const batch = { interval, price: price ?? 0n, traded: price !== null, flowCount: input.flows.length, newRoot, totals };
    const spent =
      layout.parts === 1
        ? await chain.send(chain.settlement, 'settle', [batch, calldata])
        : await chain.send(chain.settlement, 'settlePart', [batch, part, words.carryOut ?? 0n, calldata]);
    before = settle;
    settle = { ...spent, proof: await chain.checkGas('SettleVerifier', calldata, publicSignals) };
    const what = `${circuitName('settle', layout)}, interval ${interval}${layout.parts > 1 ? `, part ${part}: ${spent.gas} gas` : ''}`;
    say(`${what}: proof in ${(proveMs / 1000).toFixed(1)} s, ${Math.round(peakMemoryMb)} MB`);
  }
  const transparent = await settleTransparently(plant, { ...round, interval });
  return { gas: { commit, part: before, settle, admit, transparent }, round, book: admitted.book };
};

const items = (name: string, { gas, base, proof }: Spent & { proof?: number }): string =>
  `  ${name} ${gas}: transaction and its data ${base}${proof === undefined ? '' : `, proof ${proof}`}, the rest ${gas - base - (proof ?? 0)}`;

/** Gas of rounds that apply entries of the queue, and of what a member sends for them. */
interface FlowGas {
  readonly settle: number;
  readonly deposit: number;
  readonly requestWithdrawal: number;
  readonly settle1Deposit: number;
  readonly settle3Deposits: number;
  readonly settle1Withdrawal: number;
  readonly claim: number;
}

/**
 * One deposit, three deposits, one granted payout and its claim. Of four members, whose proofs are quick: gas does not depend on how many they are,
 * since the public signals are as many. An entry is new in storage each time, and gone with its round.
 */
const measureFlows = async (say: Say): Promise<FlowGas> => {
  const plant = await openPlant({ batchMembers: 4, parts: 1 });
  try {
    return await flowsOn(plant, await steady(plant, say), 103n, say);
  } finally {
    await closePlant(plant);
  }
};

const flowsOn = async (plant: Plant, from: Done, first: bigint, say: Say): Promise<FlowGas> => {
  const { chain, layout } = plant;
  const { settlement, money, operator, send } = chain;
  const as = (contract: Contract, index: number) => contract.connect(chain.member(index)) as Contract;
  const amount = 5_000_000_000n;
  for (let index = 0; index < 3; index++) {
    const { address } = chain.member(index);
    await send(settlement, 'setAccount', [index, address]);
    await (await operator.sendTransaction({ to: address, value: 10n ** 18n })).wait();
    await send(money, 'mint', [address, amount * 10n]);
    await send(as(money, index), 'approve', [await settlement.getAddress(), amount * 10n]);
  }
  const deposit = (index: number) => send(as(settlement, index), 'deposit', [index, amount]);
  const withdraw = (index: number) => send(as(settlement, index), 'requestWithdrawal', [index, amount / 5n]);
  const claim = (index: number) => send(as(settlement, index), 'claim', []);
  let { book, round } = from;
  let interval = first;
  const settle = async (...flows: Flow[]): Promise<Spent> => {
    const input = { ...tradingRound(round.newState, layout, interval, 20 + Number(interval - first)), flows };
    const done = await runRound(plant, book, { ...input, salts: testSalts(capacityOf(layout), 80 + Number(interval - first)) }, say);
    ({ book, round } = done);
    interval += 1n;
    return done.gas.settle;
  };
  const inFlow = (index: number): Flow => ({ kind: 'deposit', index, amount });
  const outFlow = (index: number): Flow => ({ kind: 'withdrawal', index, amount: amount / 5n });

  for (const index of [0, 1, 2]) await deposit(index);
  await settle(inFlow(0), inFlow(1), inFlow(2));
  await withdraw(0);
  await settle(outFlow(0));
  await claim(0);

  const paidIn = await deposit(0);
  const one = await settle(inFlow(0));
  for (const index of [0, 1, 2]) await deposit(index);
  const three = await settle(inFlow(0), inFlow(1), inFlow(2));
  const asked = await withdraw(0);
  const granted = await settle(outFlow(0));
  const taken = await claim(0);
  for (const [name, spent] of Object.entries({
    'settlement without entries of the queue': from.gas.settle,
    'deposit, by the member': paidIn,
    'settlement with 1 deposit': one,
    'settlement with 3 deposits': three,
    'request of a payout, by the member': asked,
    'settlement with 1 granted payout': granted,
    'claim, by the member': taken,
  }))
    say(items(name, spent));
  return {
    settle: from.gas.settle.gas,
    deposit: paidIn.gas,
    requestWithdrawal: asked.gas,
    settle1Deposit: one.gas,
    settle3Deposits: three.gas,
    settle1Withdrawal: granted.gas,
    claim: taken.gas,
  };
};

/** Three rounds; the last one counts, when no account is touched for the first time any more. */
const steady = async (plant: Plant, say: Say): Promise<Done> => {
  const { layout } = plant;
  const capacity = capacityOf(layout);
  let book = emptyBook(capacity);
  let state: SettlementState = baselineRound(layout, 100n).state;
  let done: Done | undefined;
  for (const k of [0, 1, 2]) {
    const interval = 100n + BigInt(k);
    const input = k === 0 ? { ...baselineRound(layout, interval), flows: [] } : tradingRound(state, layout, interval, 7 + k);
    done = await runRound(plant, book, { ...input, salts: testSalts(capacity, 50 + k) }, say);
    book = done.book;
    state = done.round.newState;
  }
  if (done === undefined) throw new Error('no round was settled');
  return done;
};

const measure = async (layout: BatchLayout, say: Say): Promise<{ gas: Gas; late: Spent }> => {
  const plant = await openPlant(layout);
  try {
    const capacity = capacityOf(layout);
    const { gas } = await steady(plant, say);
    say(`${capacity} members in ${layout.parts} part(s), gas in steady state; transparent ${gas.transparent}`);
    say(items('commitment', gas.commit));
    say(items(layout.parts === 1 ? 'settlement' : 'last part', gas.settle));
    say(items(layout.parts === 1 ? 'admission' : 'last part of admission', gas.admit));
    return { gas, late: await commitLate(plant, 103n, say) };
  } finally {
    await closePlant(plant);
  }
};

/** Sixteen members have an account and all of them receipt. */
const commitLate = async ({ chain }: Plant, interval: bigint, say: Say): Promise<Spent> => {
  const { settlement, operator } = chain;
  const domain = { name: 'Busbar Settlement', version: '1', chainId: CHAIN_ID, verifyingContract: await settlement.getAddress() };
  const types = {
    Receipt: [
      { name: 'interval', type: 'uint40' },
      { name: 'ordersRoot', type: 'uint256' },
      { name: 'operator', type: 'address' },
    ],
  };
  const ordersRoot = 4_711n;
  const receipts: { index: number; signature: string }[] = [];
  for (let index = 0; index < 16; index++) {
    const member = chain.member(index);
    await chain.send(settlement, 'setAccount', [index, member.address]);
    receipts.push({ index, signature: await member.signTypedData(domain, types, { interval, ordersRoot, operator: operator.address }) });
  }
  const late = await chain.send(settlement, 'commitOrdersLate', [interval, ordersRoot, receipts]);
  say(items('late commitment with 16 receipts', late));
  return late;
};

export const run = async (say: Say): Promise<Benchmark> => {
  const flows = await measureFlows(say);
  const small = await measure({ batchMembers: 16, parts: 1 }, say);
  const parts = await measure({ batchMembers: 4, parts: 4 }, say);
  const large = await measure({ batchMembers: 64, parts: 1 }, say);
  const round = ({ gas: { commit, settle } }: { gas: Gas }) => commit.gas + settle.gas;
  const { commit, settle, admit, transparent } = large.gas;
  return {
    figures: {
      gasPerBatch16: round(small),
      gasPerBatch64: round(large),
      gasCommit: commit.gas,
      gasCommitData: commit.base,
      gasSettle: settle.gas,
      gasSettleData: settle.base,
      gasSettleProof: settle.proof,
      gasAdmit16: small.gas.admit.gas,
      gasAdmit64: admit.gas,
      gasAdmitProof: admit.proof,
      gasLateCommit16Receipts: small.late.gas,
      gasSettleNoFlows: flows.settle,
      gasSettle1Deposit: flows.settle1Deposit,
      gasSettle3Deposits: flows.settle3Deposits,
      gasSettle1Withdrawal: flows.settle1Withdrawal,
      gasDeposit: flows.deposit,
      gasRequestWithdrawal: flows.requestWithdrawal,
      gasClaim: flows.claim,
      gasPart: parts.gas.part.gas,
      gasLastPart: parts.gas.settle.gas,
      gasAdmitLastPart: parts.gas.admit.gas,
      gasPerMember16: round(small) / 16,
      gasPerMember64: round(large) / 64,
      transparentGasPerMember: transparent / 64,
      transparentGasPerMember16: small.gas.transparent / 16,
    },
    peer: 'TransparentSettlement.sol: the same trades and readings in plain sight, one call a round, operator trusted',
    ratio: transparent / round(large),
  };
};
