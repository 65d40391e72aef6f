/** The registry as a round meets it: which meter stands at which place, with which key. */
import { type RegisteredMeter, registryLeaf } from '../../domain/settlement/leaves.ts';
import { capacityOf } from '../../domain/settlement/limits.ts';
import type { Community } from '../market/community.ts';
import type { MeterKey } from '../metering/meter-keys.ts';

/** By place; null where nobody is registered. */
export function registeredMeters(community: Community, keys: readonly MeterKey[]): (RegisteredMeter | null)[] {
  const keyAt = new Map(keys.filter((k) => k.registration !== null && community.byMeter(k.meterId)).map((k) => [k.meterId, k]));
  return Array.from({ length: capacityOf(community.layout) }, (_, i) => {
    const key = keyAt.get(i + 1);
    return key ? { meterId: BigInt(key.meterId), publicKey: key.publicKey, flags: key.flags } : null;
  });
}

const leaves = new Map<string, bigint>();
/** A meter's leaf in the registry, which names the epoch of its key. Hashed once. */
export function epochOf(meter: RegisteredMeter): bigint {
  const name = `${meter.meterId} ${meter.publicKey.join(' ')} ${meter.flags}`;
  let leaf = leaves.get(name);
  if (leaf === undefined) {
    leaf = registryLeaf(meter);
    leaves.set(name, leaf);
  }
  return leaf;
}
