/**
 * The vectors that TypeScript and the circuits share, held against what the contracts work out themselves: leaves, registry root, and every public
 * signal that Settlement hands to its verifiers. The verifiers' code is replaced by two stubs, so no proof is needed.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AbiCoder, encodeBytes32String, getAddress } from 'ethers';
import vectors from '../../circuits/vectors/settlement.json' with { type: 'json' };
import type { BatchLayout } from '../../src/domain/settlement/limits.ts';
import { SELL_TARIFF, TEST_CONTRACT } from '../../src/domain/settlement/testing/community.ts';
import type { CircuitProver } from './circuit-prover.ts';
import { openPlant, type Plant } from './settlement-plant.ts';
import { anyVerificationKey, type Chain, startHardhat } from './support.ts';

interface SharedRound {
  readonly terms: { readonly interval: string; readonly price: string; readonly traded: boolean };
  readonly flows: readonly { readonly kind: string; readonly index: number; readonly amount: string }[];
  readonly publicSignals: readonly (readonly string[])[];
}
const shared = vectors.rounds as Readonly<Record<string, SharedRound>>;

/** Answers true to every call. */
const ANSWERS_YES = '0x60015f5260205ff3';
/** Reverts with the very call, so that the caller's caller learns what was asked. */
const TELLS_WHAT_IT_IS_ASKED = '0x365f5f37365ffd';
const NO_PROOF = Array<bigint>(8).fill(0n);

const unproven = (signals: number): CircuitProver => ({
  key: anyVerificationKey(signals),
  prove: () => Promise.reject(new Error('nothing is proven here')),
  close: () => {},
});

/** What of the vectors' domain is not the contract's address is the chain; the address is put in place of the one they are for. */
const hereDomain = (domain: string, address: string): bigint => {
  assert.equal(getAddress(`0x${(BigInt(domain) & ((1n << 160n) - 1n)).toString(16).padStart(40, '0')}`), getAddress(TEST_CONTRACT));
  return ((BigInt(domain) >> 160n) << 160n) | BigInt(address);
};

for (const [layout, size] of [
  [{ batchMembers: 4, parts: 1 }, '4'],
  [{ batchMembers: 2, parts: 2 }, '2x2'],
] as const satisfies readonly (readonly [BatchLayout, string])[]) {
  describe(`the shared vectors on a chain, ${size}`, () => {
    let chain: Chain;
    let plant: Plant;
    let address: string;
    before(async () => {
      chain = await startHardhat();
      const provers = { settle: unproven(layout.parts === 1 ? 8 : 10), admit: unproven(6), close: () => {} };
      plant = await openPlant(chain, layout, provers);
      address = await plant.settlement.getAddress();
      const owner = await chain.signer.getAddress();
      await plant.send(plant.money, 'mint', owner, 200_000_000_000n);
      await plant.send(plant.money, 'approve', address, 200_000_000_000n);
      await setFeedInTariff();
      await plant.send(plant.settlement, 'syncTariffs');
      for (const index of [0, 1, 2]) await plant.send(plant.settlement, 'setAccount', index, owner);
    });
    after(() => chain.close());

    const verifierIs = async (name: 'verifier' | 'admitVerifier', code: string) =>
      chain.provider.send('hardhat_setCode', [await plant.view(plant.settlement, name), code]);

    /** The council sets the feed-in tariff that the vectors' rounds have. */
    const setFeedInTariff = async () => {
      const parameters = plant.as('Parameters');
      const key = encodeBytes32String('tariff.export.mcPerKWh');
      const data = parameters.interface.encodeFunctionData('setParameter', [key, SELL_TARIFF, 'the vectors']);
      const council = (member: number) => plant.as('Council', chain.accounts[member]);
      await plant.send(council(0), 'propose', await parameters.getAddress(), data);
      await plant.send(council(1), 'approve', 0);
      await chain.provider.send('evm_increaseTime', [61]);
      await plant.send(council(2), 'execute', 0);
    };

    /** The signals that a call of Settlement hands to its verifier. */
    const asked = async (name: 'verifier' | 'admitVerifier', method: string, args: readonly unknown[]): Promise<bigint[]> => {
      await verifierIs(name, TELLS_WHAT_IT_IS_ASKED);
      const told: string = await plant.settlement
        .getFunction(method)
        .staticCall(...args)
        .then(
          () => assert.fail(`${method} asked no verifier`),
          (cause: { data?: string }) => cause.data ?? assert.fail(String(cause)),
        );
      await verifierIs(name, ANSWERS_YES);
      const [, signals] = AbiCoder.defaultAbiCoder().decode(['uint256[8]', 'uint256[]'], `0x${told.slice(10)}`);
      return [...(signals as bigint[])];
    };

    /** Brings a round of the vectors before the chain, with whatever roots it says, and compares what the verifier is asked in each part. */
    const replay = async (name: string): Promise<void> => {
      const round = shared[`${name}${size}`];
      assert.ok(round, name);
      const [first] = round.publicSignals;
      assert.ok(first);
      const interval = BigInt(round.terms.interval);
      for (const { kind, index, amount } of round.flows)
        await plant.send(plant.settlement, kind === 'deposit' ? 'deposit' : 'requestWithdrawal', index, BigInt(amount));
      await plant.send(plant.settlement, 'commitOrders', interval, BigInt(first[1] as string));
      await verifierIs('admitVerifier', ANSWERS_YES);
      for (let part = 0; part < layout.parts; part += 1) {
        const args = [interval, part, false, 4_711n + BigInt(part), NO_PROOF];
        const oldBook: bigint = part === 0 ? await plant.view(plant.settlement, 'bookRoot') : 4_711n + BigInt(part - 1);
        const scope = interval + (BigInt(part) << 40n);
        const due: unknown[] = [
          BigInt(first[0] as string),
          BigInt(first[1] as string),
          oldBook,
          args[3],
          hereDomain(first[4] as string, address),
          scope,
        ];
        assert.deepEqual(await asked('admitVerifier', 'admitOrders', args), due, `admission of part ${part}`);
        await plant.send(plant.settlement, 'admitOrders', ...args);
      }
      for (const [part, signals] of round.publicSignals.entries()) {
        const words = signals.map(BigInt) as bigint[];
        const batch: object = {
          ...{ interval, price: BigInt(round.terms.price), traded: round.terms.traded, flowCount: round.flows.length },
          ...{ newRoot: words[3], totals: words[6] },
        };
        const method = layout.parts === 1 ? 'settle' : 'settlePart';
        const args: unknown[] = layout.parts === 1 ? [batch, NO_PROOF] : [batch, part, words[9], NO_PROOF];
        words[4] = hereDomain(signals[4] as string, address);
        assert.deepEqual(await asked('verifier', method, args), words, `${name}, part ${part}`);
        await plant.send(plant.settlement, method, ...args);
      }
    };

    it('has the registry root of the vectors, and their leaf of an account', async () => {
      const [baseline] = shared[`baseline${size}`]?.publicSignals ?? [];
      assert.equal(await plant.view(plant.as('SmartMeter'), 'registryRoot'), BigInt(baseline?.[0] as string));
      const leaf = { ...vectors.state, carriedWh: String(BigInt(vectors.state.carriedWh) + (1n << 48n)) };
      const { epoch, balance, debt, importWh, exportWh, sequence, carriedWh, salt } = leaf;
      const hashed = await plant.view(plant.as('Poseidon8'), 'hash', [epoch, balance, debt, importWh, exportWh, sequence, carriedWh, salt]);
      assert.equal(hashed, BigInt(vectors.stateLeaf));
    });

    it('asks the verifiers about the very signals of the vectors: first readings, then a trade, or a trade with deposits and withdrawals', async () => {
      await replay('baseline');
      const snapshot = await chain.provider.send('evm_snapshot', []);
      await replay('trade');
      await chain.provider.send('evm_revert', [snapshot]);
      await replay('flows');
    });
  });
}
