/**
 * Gas of a settled batch, commitment of orders included, for 16 and for 64 members, each with a real proof on a real chain. Peer: a transparent
 * settlement of the same trades in the same run, with everything public and the operator trusted. The first run makes the keys for 64 members, which
 * takes minutes and 0.3 GB of cache.
 */
import { join } from 'node:path';
import type { Capacity } from '../src/domain/settlement/limits.ts';
import type { RoundInput, SettledRound } from '../src/domain/settlement/settle-round.ts';
import { settleRound } from '../src/domain/settlement/settle-round.ts';
import { baselineRound, onlyBatch, testMeter, tradingRound } from '../src/domain/settlement/testing/community.ts';
import { settlementDomain } from '../src/domain/settlement/words.ts';
import { cacheDir } from '../src/main/host/paths.ts';
import { createProver } from '../src/main/proof/prover.ts';
import type { Benchmark } from './harness.ts';
import { CHAIN_ID, openSettlementChain, type SettlementChain } from './settlement-chain.ts';

interface Gas {
  readonly commit: number;
  readonly settle: number;
  readonly transparent: number;
}

const settled = (input: RoundInput): SettledRound => {
  const round = settleRound(input);
  if (round.kind !== 'settled') throw new Error(round.detail);
  return round;
};

/** Registers in full, so that a member without a reading keeps what it had. */
const settleTransparently = (chain: SettlementChain, input: RoundInput, round: SettledRound): Promise<number> =>
  chain.send(chain.transparent, 'settle', [
    { interval: input.interval, price: round.terms.price ?? 0n, buyTariff: input.buyTariff, sellTariff: input.sellTariff },
    round.lines.map(({ delivery, next }) => ({ positionWh: delivery.positionWh, importWh: next.importWh, exportWh: next.exportWh })),
  ]);

/** Three rounds; the last one counts, when no account is touched for the first time any more. */
const measure = async (capacity: Capacity, say: (line: string) => void): Promise<Gas> => {
  const prover = createProver({ cacheDir: join(cacheDir, 'circuits'), layout: { batchMembers: capacity, parts: 1 } });
  await prover.prepare((_fraction, text) => say(text));
  const chain = await openSettlementChain(Array.from({ length: capacity }, (_, i) => testMeter(i)));
  try {
    await chain.send(chain.settlement, 'syncTariffs', []);
    const head = (await chain.settlement.getFunction('head')()) as { buyTariff: bigint; sellTariff: bigint };
    const domain = settlementDomain(CHAIN_ID, await chain.settlement.getAddress());
    const terms = { domain, buyTariff: head.buyTariff, sellTariff: head.sellTariff };
    let state = baselineRound(capacity, 100n).state;
    let gas: Gas = { commit: 0, settle: 0, transparent: 0 };
    for (const k of [0, 1, 2]) {
      const interval = 100n + BigInt(k);
      const input: RoundInput = {
        ...(k === 0 ? { ...baselineRound(capacity, interval), flows: [] } : tradingRound(state, capacity, interval, 7 + k)),
        ...terms,
      };
      const round = settled(input);
      const proven = await prover.prove('settle', onlyBatch(round).witnessInput);
      say(`${capacity} members, round ${k + 1}: proof in ${(proven.proveMs / 1000).toFixed(1)} s, ${Math.round(proven.peakMemoryMb)} MB`);
      const commit = await chain.send(chain.settlement, 'commitOrders', [interval, round.words.ordersRoot]);
      const batch = {
        interval,
        price: round.terms.price ?? 0n,
        traded: round.terms.price !== null,
        flowCount: 0,
        newRoot: round.words.newRoot,
        totals: round.words.totals,
      };
      const settle = await chain.send(chain.settlement, 'settle', [batch, proven.calldata.flat]);
      gas = { commit, settle, transparent: await settleTransparently(chain, input, round) };
      state = round.newState;
    }
    say(`${capacity} members: commitment ${gas.commit} + settlement ${gas.settle} gas; transparent ${gas.transparent} gas`);
    return gas;
  } finally {
    await chain.close();
    await prover.close();
  }
};

export const run = async (say: (line: string) => void): Promise<Benchmark> => {
  const small = await measure(16, say);
  const large = await measure(64, say);
  const batch = ({ commit, settle }: Gas) => commit + settle;
  return {
    figures: {
      gasPerBatch16: batch(small),
      gasPerBatch64: batch(large),
      gasCommit: large.commit,
      gasSettle: large.settle,
      gasPerMember16: batch(small) / 16,
      gasPerMember64: batch(large) / 64,
      transparentGasPerMember: large.transparent / 64,
      transparentGasPerMember16: small.transparent / 16,
    },
    peer: 'TransparentSettlement.sol: the same trades and readings in plain sight, one call a round, operator trusted',
    ratio: large.transparent / batch(large),
  };
};
