/**
 * Committed orders whose meter has left the registry: no proof of such a round can be made. While a new key or device only waits for its
 * verification the round waits a little, because an order that was admitted may be delivered under the next key; then it is ended.
 */
import type { Kernel } from '../kernel/ports.ts';
import type { Community } from '../market/community.ts';
import { roundOrders } from '../market/round-store.ts';
import type { Places, Registry } from './registry.ts';

/** Wall time between a meter's new key and the technician's verification. */
const VERIFICATION_MS = 120_000;

export type LostMeters = { readonly kind: 'none' | 'wait' } | { readonly kind: 'ended'; readonly message: string };

export function createLostMeters(
  kernel: Pick<Kernel, 'store' | 'clock'>,
  deps: { readonly community: Community; readonly registry: Pick<Registry, 'waitsForVerification'> },
): { inRound(interval: number, meters: Places): LostMeters } {
  const since = new Map<number, number>();
  return {
    inRound(interval, meters) {
      const lost = roundOrders(kernel.store.read, interval).filter((order) => meters[order.meterId - 1] === null);
      if (lost.length === 0) {
        since.delete(interval);
        return { kind: 'none' };
      }
      const at = since.get(interval) ?? kernel.clock.monotonicMs();
      since.set(interval, at);
      const mayCome = lost.every((order) => deps.registry.waitsForVerification(order.meterId));
      if (mayCome && kernel.clock.monotonicMs() - at < VERIFICATION_MS) return { kind: 'wait' };
      since.delete(interval);
      const names = lost.map((order) => deps.community.byMeter(order.meterId)?.name ?? `meter ${order.meterId}`).join(', ');
      return {
        kind: 'ended',
        message: `The chain’s registry has no meter in service for ${names} any more, whose order was in the frozen book. Without its meter the round cannot be settled; it is ended, and what was delivered counts in the next one.`,
      };
    },
  };
}
