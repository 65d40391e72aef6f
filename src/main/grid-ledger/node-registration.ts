/**
 * Brings the plant's nodes and their capacities to the chain, each once. What is there is read from the events, so a restart sends nothing
 * twice; the contract refuses a second registration anyway, and such a refusal holds nothing up.
 */
import type { Kernel } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import { sentLike } from '../ledger/sending.ts';
import { type KnownNode, NODE_TYPES, type WantedNode } from './nodes.ts';

/** The index is behind the chain by seconds: what was sent is not sent again before it must have shown. */
const AGAIN_AFTER_MS = 60_000;

export function queueNodes(
  kernel: Pick<Kernel, 'store' | 'clock' | 'journal'>,
  ledger: Pick<LedgerService, 'enqueue' | 'kick'>,
  wanted: readonly WantedNode[],
  known: ReadonlyMap<string, KnownNode>,
): number {
  const { store, clock } = kernel;
  const due = (prefix: string): string | null => {
    const before = sentLike(store.read, prefix);
    const busy = before.some((e) => e.state === 'waiting' || e.state === 'sent');
    const last = before[0];
    return busy || (last && clock.nowMs() - last.createdMs < AGAIN_AFTER_MS) ? null : `${prefix}${before.length}`;
  };
  const entries = wanted.flatMap((w) => {
    const at = known.get(w.address.toLowerCase());
    if (!at) {
      const id = due(`grid-node:${w.address}:`);
      const args = [w.address, NODE_TYPES.indexOf(w.type)];
      return id ? [{ id, title: `Register the grid node of ${w.name}`, method: 'registerNode', args }] : [];
    }
    if (at.capacityW === w.capacityW) return [];
    const id = due(`grid-capacity:${at.node}:${w.capacityW}:`);
    return id ? [{ id, title: `Set the capacity of ${w.name}`, method: 'setCapacity', args: [at.node, w.capacityW] }] : [];
  });
  if (entries.length === 0) return 0;
  store.write(() => {
    for (const { id, title, method, args } of entries)
      ledger.enqueue({ id, kind: 'grid-node', title, body: { contract: 'GridManagement', method, args, mayFail: true } });
    kernel.journal.record({
      who: 'grid ledger',
      kind: 'decision',
      title: 'Register grid nodes on the chain',
      text: `${entries.length} entries for the grid record: nodes and what they may exchange at most.`,
      outcome: 'done',
    });
  });
  ledger.kick();
  return entries.length;
}
