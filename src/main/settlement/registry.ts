/** The registry as a round meets it: which meter stands at which place, with which key and flags, as the contract's own events tell it. */
import { type RegisteredMeter, registryLeaf } from '../../domain/settlement/leaves.ts';
import { type BatchLayout, capacityOf } from '../../domain/settlement/limits.ts';
import { Fault } from '../../shared/errors.ts';
import { TECHNOLOGY_CODE, Technology } from '../../shared/plant-file.ts';
import type { ChainFold } from '../chain-copy/chain-fold.ts';
import type { MeterOnChain, MetersPicture } from '../chain-copy/meters-view.ts';
import type { Log } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import { registryRootNow } from './contract-head.ts';

/** By place; null where no meter is in service. */
export type Places = readonly (RegisteredMeter | null)[];

export interface Registry {
  /** As the copy of the chain has it. */
  places(): Places;
  /** The same, compared with the contract's root; null while the copy lags behind it. While the chain is away the copy stands for it. */
  inStep(): Promise<Places | null>;
  /** It has a device that a technician has still to verify, so that it may come into service. */
  waitsForVerification(meterId: number): boolean;
}

export function createRegistry(deps: {
  readonly layout: BatchLayout;
  readonly chain: ChainFold<MetersPicture>;
  readonly ledger: Pick<LedgerService, 'view'>;
  readonly log: Log;
}): Registry {
  const { chain, log } = deps;
  const capacity = capacityOf(deps.layout);
  let known: { readonly picture: MetersPicture; readonly root: string | null; readonly places: Places } | null = null;
  let lagging = false;

  const places = (): Places => {
    const picture = chain.now();
    if (known?.picture !== picture || known.root !== picture.registry.root) {
      const all = Array.from({ length: capacity }, (_, i) => inService(picture.meters.get(i + 1)));
      known = { picture, root: picture.registry.root, places: all };
    }
    return known.places;
  };

  return {
    places,
    async inStep() {
      let root: bigint;
      try {
        root = await registryRootNow(deps.ledger);
      } catch (cause) {
        if (cause instanceof Fault && cause.code === 'chain.away') return places();
        throw cause;
      }
      const same = chain.now().registry.root === root.toString();
      if (!same && !lagging) log.info('the copy of the chain lags behind the contract’s registry of meters; rounds wait for it');
      lagging = !same;
      return same ? places() : null;
    },
    waitsForVerification: (meterId) => chain.now().meters.get(meterId)?.state === 'registered',
  };
}

/** In service is whose leaf the contract's tree has. */
function inService(meter: MeterOnChain | undefined): RegisteredMeter | null {
  if (!meter || meter.leaf === null || meter.deviceClass !== 'private') return null;
  const technology = Technology.safeParse(meter.technology);
  if (!technology.success) return null;
  const [x, y] = meter.publicKey;
  return {
    meterId: BigInt(meter.meterId),
    publicKey: [BigInt(x), BigInt(y)],
    flags: (meter.renewableOnly ? 1 : 0) | (TECHNOLOGY_CODE[technology.data] << 1),
  };
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
