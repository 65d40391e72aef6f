/** One member's own line of a round with everything needed to check it offline against the roots on the chain. */

import { NO_ORDER, orderLeaf, registryLeaf, stateLeaf } from '../../domain/settlement/leaves.ts';
import { capacityOf } from '../../domain/settlement/limits.ts';
import { merklePath } from '../../domain/settlement/merkle.ts';
import { Fault } from '../../shared/errors.ts';
import * as rounds from '../market/round-store.ts';
import { batchAt, proofAt } from './batch-store.ts';
import type { RoundViewDeps } from './round-view.ts';

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_key, v: unknown) => (typeof v === 'bigint' ? v.toString() : v)));

export function exportRound(deps: RoundViewDeps, interval: number, memberId: string): { fileName: string; json: string } {
  const member = deps.community.member(memberId);
  const batch = batchAt(deps.store.read, interval);
  if (!member) throw new Fault('not.found', `There is no member ${memberId} that trades.`);
  if (!batch)
    throw new Fault('not.found', `Interval ${interval} has not been settled yet; its lines are there when delivery has been measured.`);
  const index = member.meterId - 1;
  const { input, stateBefore, stateAfter, result } = batch;
  const orders = input.orders.map((order, i) => orderLeaf(input.meters[i]?.meterId ?? 0n, order ?? NO_ORDER));
  const registry = input.meters.map((meter) => (meter ? registryLeaf(meter) : 0n));
  const line = rounds.roundMembers(deps.store.read, interval).find((m) => m.meterId === member.meterId);
  const proof = proofAt(deps.store.read, interval);
  const document = {
    schema: 'round-line/1',
    round: interval,
    member: memberId,
    index,
    capacity: capacityOf(input.layout),
    meter: input.meters[index],
    registryPath: merklePath(registry, index),
    order: input.orders[index] ?? null,
    orderPath: merklePath(orders, index),
    reading: input.readings[index] ?? null,
    previous: stateBefore.members[index],
    previousPath: merklePath(stateBefore.members.map(stateLeaf), index),
    next: stateAfter.members[index],
    nextPath: merklePath(stateAfter.members.map(stateLeaf), index),
    filledWh: input.clearing.filledWh[index],
    price: result.terms.price,
    buyTariff: result.terms.buyTariff,
    sellTariff: result.terms.sellTariff,
    money: line?.money ?? null,
    publicSignals: result.publicSignals,
    proof: proof ? { circuit: proof.circuit, verificationKeyHash: proof.verificationKeyHash, groth16: proof.proof } : null,
  };
  return { fileName: `round-${interval}-${memberId}.json`, json: JSON.stringify(plain(document), null, 2) };
}
