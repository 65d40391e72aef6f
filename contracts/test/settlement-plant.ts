/** A small community on a chain, settled with real proofs: what the settlement tests stand on. */
import assert from 'node:assert/strict';
import { type Contract, type Signer, ZeroHash } from 'ethers';
import { type Admission, admitRound } from '../../src/domain/settlement/admit-round.ts';
import { signWithScalar } from '../../src/domain/settlement/babyjubjub.ts';
import { type Order, orderMessage } from '../../src/domain/settlement/leaves.ts';
import { type BatchLayout, capacityOf, circuitName } from '../../src/domain/settlement/limits.ts';
import { emptyBook, type OrderBook, type SignedOrder } from '../../src/domain/settlement/order-book.ts';
import { type RoundInput, type SettledRound, settleRound } from '../../src/domain/settlement/settle-round.ts';
import { genesisState, type SettlementState } from '../../src/domain/settlement/state.ts';
import { roundInput, scalarOf, signedReading, testMeter, testSalts } from '../../src/domain/settlement/testing/community.ts';
import { settlementDomain } from '../../src/domain/settlement/words.ts';
import { contractAt } from '../deploy/deploy.ts';
import { encodeDeviceData } from '../deploy/device-data.ts';
import type { SettlementOptions } from '../deploy/settlement-step.ts';
import { type CircuitProver, openCircuitProver } from './circuit-prover.ts';
import { builtContracts, type Chain, deploySuite } from './support.ts';

export interface Batch {
  interval: bigint;
  price: bigint;
  traded: boolean;
  flowCount: number;
  newRoot: bigint;
  totals: bigint;
}

export type Round = Partial<Pick<RoundInput, 'readings' | 'flows'>> & {
  readonly orders?: readonly (SignedOrder | null)[];
  readonly idle?: boolean;
};

export interface Provers {
  readonly settle: CircuitProver;
  readonly admit: CircuitProver;
  close(): void;
}

export const openProvers = async (layout: BatchLayout): Promise<Provers> => {
  const settle = await openCircuitProver(circuitName('settle', layout));
  const admit = await openCircuitProver(circuitName('admit', layout));
  return {
    settle,
    admit,
    close: () => {
      settle.close();
      admit.close();
    },
  };
};

/** What member `index` signs; standing unless `scope` says otherwise. */
export const signedOrder = (index: number, terms: Partial<Order>): SignedOrder => {
  const order: Order = { scope: 0n, side: 'buy', quantityWh: 0n, limitPrice: 0n, sequence: 1n, ...terms };
  return { ...order, signature: signWithScalar(scalarOf(index), orderMessage(BigInt(index + 1), order)) };
};

export type Plant = Awaited<ReturnType<typeof openPlant>>;

/** Deploys for `layout` with every member's meter registered, and knows the community's state and book as the engine would. */
export const openPlant = async (chain: Chain, layout: BatchLayout, provers: Provers, options: SettlementOptions = {}) => {
  const capacity = capacityOf(layout);
  const { settle, admit } = provers;
  const manifest = await deploySuite(chain, {
    depth: Math.log2(capacity),
    batchMembers: layout.batchMembers,
    settlement: { settle: settle.key, admit: admit.key, ...options },
  });
  const { artifacts } = await builtContracts();
  const as = (name: string, signer: Signer = chain.signer): Contract => contractAt(manifest, artifacts, name, signer);
  const settlement = as('Settlement');
  const send = async (contract: Contract, name: string, ...args: unknown[]) => {
    const receipt = await (await contract.getFunction(name)(...args)).wait();
    assert.equal(receipt.status, 1);
    return receipt;
  };
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

  const meters = Array.from({ length: capacity }, (_, index) => testMeter(index));
  const owner = await chain.signer.getAddress();
  await send(
    as('SmartMeter'),
    'registerDevices',
    meters.map((_, index) => `0x${(0xd1 + index).toString(16).padStart(40, '0')}`),
    meters.map((meter) =>
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
    ),
  );
  const ids = meters.map(({ meterId }) => meterId);
  await send(
    as('SmartMeter'),
    'verifyDevices',
    ids,
    ids.map(() => ZeroHash),
  );
  await send(settlement, 'syncTariffs');

  const domain = settlementDomain(31337, await settlement.getAddress());
  const plant = {
    as,
    send,
    view,
    errorOf,
    settlement,
    money: as('CommunityMoney'),
    domain,
    layout,
    interval: 100n,
    state: genesisState(capacity) as SettlementState,
    book: emptyBook(capacity) as OrderBook,

    reading: (index: number, importWh: bigint, exportWh: bigint) =>
      signedReading(index, { interval: plant.interval, importWh, exportWh, sequence: plant.interval }),

    admission(round: Round): Admission {
      const admitted = admitRound({
        layout,
        domain,
        interval: plant.interval,
        idle: round.idle ?? false,
        meters,
        book: plant.book,
        orders: round.orders ?? [],
        salts: testSalts(capacity, 7),
      });
      assert.ok(admitted.kind === 'admitted', admitted.kind === 'refused' ? admitted.detail : '');
      return admitted;
    },

    async settled(round: Round): Promise<SettledRound> {
      const head = (await view(settlement, 'head')) as { buyTariff: bigint; sellTariff: bigint };
      const input = roundInput({
        size: layout,
        interval: plant.interval,
        state: plant.state,
        orders: plant.admission(round).orders,
        readings: round.readings ?? [],
        flows: round.flows ?? [],
      });
      const settledRound = settleRound({ ...input, domain, buyTariff: head.buyTariff, sellTariff: head.sellTariff });
      assert.ok(settledRound.kind === 'settled', settledRound.kind === 'refused' ? settledRound.detail : '');
      return settledRound;
    },

    batchOf: (settledRound: SettledRound, part: number, flowCount: number): Batch => ({
      interval: settledRound.terms.interval,
      price: settledRound.terms.price ?? 0n,
      traded: settledRound.terms.price !== null,
      flowCount,
      newRoot: settledRound.batches[part]?.words.newRoot ?? 0n,
      totals: settledRound.batches[part]?.words.totals ?? 0n,
    }),

    /** Arguments of admitOrders for part `part`, with its proof. */
    async admitArgs(round: Round, part = 0): Promise<unknown[]> {
      const batch = plant.admission(round).batches[part];
      assert.ok(batch);
      const { calldata } = await admit.prove(batch.witnessInput);
      return [plant.interval, part, round.idle ?? false, batch.words.newBook, calldata];
    },

    /** Arguments of settle, or of settlePart for part `part`, with their proof. */
    async settleArgs(round: Round, part = 0): Promise<unknown[]> {
      const settledRound = await plant.settled(round);
      const batch = settledRound.batches[part];
      assert.ok(batch);
      const { calldata } = await settle.prove(batch.witnessInput);
      const first = plant.batchOf(settledRound, part, round.flows?.length ?? 0);
      return layout.parts === 1 ? [first, calldata] : [first, part, batch.words.carryOut, calldata];
    },

    async admitAll(round: Round): Promise<void> {
      for (let part = 0; part < layout.parts; part += 1) await send(settlement, 'admitOrders', ...(await plant.admitArgs(round, part)));
      plant.book = plant.admission(round).book;
    },

    /** What the chain has settled has come to pass for the community. */
    advance(settledRound: SettledRound): void {
      plant.state = settledRound.newState;
      plant.interval += 1n;
    },
  };
  return plant;
};
