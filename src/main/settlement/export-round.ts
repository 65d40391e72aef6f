/** Members' own lines of a round, each with everything needed to check it offline against the roots on the chain. */

import { NO_ORDER, orderLeaf, orderNumber, registryLeaf, stateLeaf } from '../../domain/settlement/leaves.ts';
import { merkleLevels } from '../../domain/settlement/merkle.ts';
import { publicSignals } from '../../domain/settlement/words.ts';
import { Fault } from '../../shared/errors.ts';
import * as rounds from '../market/round-store.ts';
import { batchAt } from './batch-store.ts';
import { proofsOf } from './proof-store.ts';
import type { RoundViewDeps } from './round-view.ts';

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_key, v: unknown) => (typeof v === 'bigint' ? v.toString() : v)));
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Gives each member's `round-line/1`. The trees are hashed once for all members, in turns, so that the engine's loop runs on in between. */
export async function openRound(
  deps: Pick<RoundViewDeps, 'store' | 'community'>,
  interval: number,
): Promise<(memberId: string) => Record<string, unknown>> {
  const batch = batchAt(deps.store.read, interval);
  if (!batch)
    throw new Fault('not.found', `Interval ${interval} has not been settled yet; its lines are there when delivery has been measured.`);
  const { input, stateBefore, stateAfter, result } = batch;
  const meters = [...input.meters];
  const registry = await treeOf(meters.map((meter) => () => (meter ? registryLeaf(meter) : 0n)));
  const orders = await treeOf(
    meters.map((meter, i) => () => orderLeaf(orderNumber(meter, i, input.numbered), input.orders[i] ?? NO_ORDER)),
  );
  const before = await treeOf(stateBefore.members.map((member) => () => stateLeaf(member)));
  const after = await treeOf(stateAfter.members.map((member) => () => stateLeaf(member)));
  const lines = rounds.roundMembers(deps.store.read, interval);
  const proofs = proofsOf(deps.store.read, 'settle', interval);
  const [first] = proofs;
  return (memberId) => {
    const member = deps.community.member(memberId);
    if (!member) throw new Fault('not.found', `There is no member ${memberId} that trades.`);
    const index = member.meterId - 1;
    if (!meters[index])
      throw new Fault('not.found', `The meter of ${member.name} was not registered when interval ${interval} was settled: it has no line.`);
    return plain({
      schema: 'round-line/1',
      round: interval,
      member: memberId,
      index,
      capacity: meters.length,
      meter: meters[index],
      registryPath: registry(index),
      order: input.orders[index] ?? null,
      orderPath: orders(index),
      reading: input.readings[index] ?? null,
      previous: stateBefore.members[index],
      previousPath: before(index),
      next: stateAfter.members[index],
      nextPath: after(index),
      filledWh: input.clearing.filledWh[index],
      price: result.terms.price,
      buyTariff: result.terms.buyTariff,
      sellTariff: result.terms.sellTariff,
      money: lines.find((m) => m.meterId === member.meterId)?.money ?? null,
      // Those of the whole round; each part shows its own beside its proof.
      publicSignals: publicSignals(result.words),
      proof: first
        ? {
            circuit: first.circuit,
            verificationKeyHash: first.verificationKeyHash,
            parts: proofs.map((p) => ({ publicSignals: p.publicSignals, groth16: p.proof })),
          }
        : null,
    }) as Record<string, unknown>;
  };
}

export async function exportRound(
  deps: Pick<RoundViewDeps, 'store' | 'community'>,
  interval: number,
  memberId: string,
): Promise<{ fileName: string; json: string }> {
  if (!deps.community.member(memberId)) throw new Fault('not.found', `There is no member ${memberId} that trades.`);
  const line = (await openRound(deps, interval))(memberId);
  return { fileName: `round-${interval}-${memberId}.json`, json: JSON.stringify(line, null, 2) };
}

/** Hashed a few leaves at a time; gives the siblings of a leaf, from the leaf upwards. */
async function treeOf(leaves: readonly (() => bigint)[]): Promise<(index: number) => bigint[]> {
  const hashed: bigint[] = [];
  for (const [i, leaf] of leaves.entries()) {
    hashed.push(leaf());
    if (i % 8 === 7) await breathe();
  }
  const levels: bigint[][] = [hashed];
  for (let below = hashed; below.length > 1; ) {
    const above: bigint[] = [];
    for (let i = 0; i < below.length; i += 2) {
      above.push(merkleLevels(below.slice(i, i + 2)).at(-1)?.[0] as bigint);
      if (i % 16 === 14) await breathe();
    }
    levels.push(above);
    below = above;
  }
  return (index) => levels.slice(0, -1).map((level, height) => level[(index >> height) ^ 1] as bigint);
}
