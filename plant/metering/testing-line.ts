/** Lines of real rounds for tests of gateways: a first round of a small community, settled by the rules, at any interval and on any ledger. */
import { packSignature, signWithScalar } from '../../src/domain/settlement/babyjubjub.ts';
import { NO_ORDER, orderLeaf, registryLeaf, stateLeaf } from '../../src/domain/settlement/leaves.ts';
import { merklePath } from '../../src/domain/settlement/merkle.ts';
import { settleRound } from '../../src/domain/settlement/settle-round.ts';
import { baselineRound, scalarOf, testMeter } from '../../src/domain/settlement/testing/community.ts';
import { publicSignals } from '../../src/domain/settlement/words.ts';
import type { OpeningHolder } from './openings.ts';

const CAPACITY = 4;

export function lineOfRound(
  domain: bigint,
  index = 0,
): { holder: OpeningHolder; other: OpeningHolder; lineAt(interval: number, moreMicroCents?: bigint): Record<string, unknown> } {
  const holderAt = (i: number): OpeningHolder => ({
    memberId: `m${i}`,
    meterId: i + 1,
    key: {
      publicKey: testMeter(i).publicKey,
      sign: (message) => Buffer.from(packSignature(signWithScalar(scalarOf(i), message))).toString('hex'),
    },
  });
  /** `moreMicroCents`: deposited in another round of the same interval. */
  const lineAt = (interval: number, moreMicroCents = 0n): Record<string, unknown> => {
    const baseline = baselineRound(CAPACITY, BigInt(interval));
    const given = { ...baseline, domain, flows: baseline.flows.map((f) => ({ ...f, amount: f.amount + moreMicroCents })) };
    const round = settleRound(given);
    if (round.kind !== 'settled') throw new Error(round.detail);
    const line = round.lines[index];
    const document = {
      schema: 'round-line/1',
      round: interval,
      member: `m${index}`,
      index,
      capacity: CAPACITY,
      meter: given.meters[index],
      registryPath: merklePath(
        given.meters.map((m) => (m === null ? 0n : registryLeaf(m))),
        index,
      ),
      order: null,
      orderPath: merklePath(
        given.meters.map((m) => orderLeaf(m?.meterId ?? 0n, NO_ORDER)),
        index,
      ),
      reading: given.readings[index] ?? null,
      previous: line?.previous,
      previousPath: merklePath(given.state.members.map(stateLeaf), index),
      next: line?.next,
      nextPath: merklePath(round.newState.members.map(stateLeaf), index),
      filledWh: given.clearing.filledWh[index],
      price: round.terms.price,
      buyTariff: given.buyTariff,
      sellTariff: given.sellTariff,
      money: line?.delivery.money,
      publicSignals: publicSignals(round.words),
      proof: null,
    };
    return JSON.parse(JSON.stringify(document, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)));
  };
  return { holder: holderAt(index), other: holderAt(index === 0 ? 1 : 0), lineAt };
}
