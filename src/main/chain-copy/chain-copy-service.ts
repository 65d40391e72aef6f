/** Carbon and Devices as the console's copy of the chain tells them: the pictures folded from its events, and what the screens ask of them. */
import type { Kernel, Service } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { Community } from '../market/community.ts';
import type { MeterKey } from '../metering/meter-keys.ts';
import type { ShownIdentity } from '../metering/metering-service.ts';
import { createCarbonOnChain } from './carbon-on-chain.ts';
import type { CertificatesPicture } from './certificates-view.ts';
import type { ChainFold } from './chain-fold.ts';
import { creditsView } from './credits-view.ts';
import { createDevicesOnChain } from './devices-on-chain.ts';
import type { MetersPicture } from './meters-view.ts';
import { createOperatorActs } from './operator-acts.ts';
import { createParties } from './parties.ts';
import { recordsView } from './records-view.ts';

export interface ChainCopyDeps {
  readonly community: Community;
  readonly ledger: Pick<
    LedgerService,
    'deployed' | 'endpoint' | 'enqueue' | 'entry' | 'kick' | 'operatorAddress' | 'indexedHeight' | 'view'
  >;
  readonly meters: ChainFold<MetersPicture>;
  readonly certificates: ChainFold<CertificatesPicture>;
  readonly roundSource: (interval: number) => string | null;
  readonly keyOf: (meterId: number) => MeterKey | undefined;
  /** What a meter itself told last. */
  readonly shown: (deviceId: string) => ShownIdentity | undefined;
  /** Where a public meter stands on its way onto the chain. */
  readonly publicNote: (deviceId: string) => string | null;
}

export function createChainCopy(kernel: Kernel, deps: ChainCopyDeps): Service {
  const { store, plant } = kernel;
  const { community, ledger } = deps;
  const deviceName = (id: string): string => plant.devices.find((d) => d.id === id)?.name ?? id;
  const parties = createParties({ store, community, deviceName, ledger });
  const acts = createOperatorActs(kernel, ledger);
  const busOf = (id: string): string => community.byDevice(id)?.bus ?? plant.grid.units.find((u) => u.meter === id)?.bus ?? '';
  const meterName = (meterId: number): string =>
    plant.devices.find((d) => d.meter?.meterId === meterId)?.name ?? `Meter ${meterId} of the chain`;
  const devices = createDevicesOnChain(kernel, { ...deps, chain: deps.meters, parties, acts, busOf });
  const carbon = createCarbonOnChain(kernel, {
    ...{ parties, acts, ledger, meterName, roundSource: deps.roundSource, meters: deps.meters, certificates: deps.certificates },
    ...{ credits: creditsView(store), records: recordsView(store) },
  });
  return {
    name: 'chain-copy',
    async start() {},
    async stop() {},
    handlers: { ...devices.handlers, ...carbon.handlers },
  };
}
