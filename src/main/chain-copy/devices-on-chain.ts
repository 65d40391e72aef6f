/** Meters as the chain tells them, beside what the plant file and the console know of them, and a technician's acts on them. */
import type { z } from 'zod';
import type { DeviceChainAct } from '../../shared/chain-act.ts';
import type { DeviceOnChain } from '../../shared/contract/chain-copy.ts';
import { Fault } from '../../shared/errors.ts';
import type { Kernel, Service } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import { entriesAbout, toEntry } from '../ledger/outbox-store.ts';
import { openWithOrderOf } from '../market/round-store.ts';
import type { MeterKey } from '../metering/meter-keys.ts';
import type { ShownIdentity } from '../metering/metering-service.ts';
import { accountOf } from '../public-meters/account-store.ts';
import type { ChainFold } from './chain-fold.ts';
import { commissioningAct, isCommissioning } from './commissioning-acts.ts';
import { deviceAct } from './device-acts.ts';
import { meterDifferences } from './meter-differences.ts';
import type { MeterOnChain, MetersPicture } from './meters-view.ts';
import type { OperatorActs } from './operator-acts.ts';
import type { ChainParty } from './parties.ts';

type View = z.infer<typeof DeviceOnChain>;

export function createDevicesOnChain(
  kernel: Pick<Kernel, 'store' | 'plant'>,
  deps: {
    chain: ChainFold<MetersPicture>;
    parties: () => (address: string) => ChainParty;
    acts: OperatorActs;
    ledger: Pick<LedgerService, 'indexedHeight' | 'endpoint'>;
    keyOf: (meterId: number) => MeterKey | undefined;
    shown: (deviceId: string) => ShownIdentity | undefined;
    busOf: (deviceId: string) => string;
    publicNote: (deviceId: string) => string | null;
  },
): Pick<Service, 'handlers'> {
  const { store, plant } = kernel;
  const need = (id: string) => {
    const device = plant.devices.find((d) => d.id === id);
    if (!device) throw new Fault('not.found', `The plant file has no device ${id}.`);
    return device;
  };
  /** Settling meters by their number, public ones by the account their key signed for. */
  const find = (id: string): MeterOnChain | undefined => {
    const { meter } = need(id);
    const picture = deps.chain.now();
    if (!meter) return undefined;
    if (!meter.public) return meter.settling ? picture.meters.get(meter.meterId) : undefined;
    const account = accountOf(store.read, id)?.address.toLowerCase();
    return account === undefined ? undefined : picture.meters.get(picture.byDevice.get(account) ?? -1);
  };
  const noteOf = (id: string, on: MeterOnChain | undefined): string | null => {
    const { meter } = need(id);
    if (!meter) return 'Only meters are registered on the chain.';
    if (meter.public) return deps.publicNote(id);
    if (!meter.settling) return 'This meter neither settles nor is public, so the chain does not know it.';
    if (on?.state === 'registered') return 'Registered; a technician has to verify it on site before it counts.';
    if (on?.state === 'retired')
      return 'Out of service: its member does not trade, and rounds go on without it. Another device can be installed.';
    if (on) return null;
    return deps.keyOf(meter.meterId)
      ? 'Its registration waits in the outbox.'
      : 'The meter has not shown its key yet; it is registered when it has.';
  };
  const act = (id: string, wanted: DeviceChainAct) => {
    const on = find(id);
    if (!on) throw new Fault('conflict', `The chain does not know ${need(id).name} yet. ${noteOf(id, undefined) ?? ''}`.trim());
    const { name } = need(id);
    return isCommissioning(wanted)
      ? commissioningAct(wanted, { name, on, shown: deps.shown(id), rounds: openWithOrderOf(store.read, on.meterId) })
      : deviceAct(name, on.meterId, wanted);
  };
  const timeMs = (s: number | null): number | null => (s === null ? null : s * 1000);

  const view = (id: string, shown: number): View => {
    const device = need(id);
    const on = find(id);
    const party = deps.parties();
    const key = device.meter && deps.keyOf(device.meter.meterId);
    const told = deps.shown(id);
    return {
      device: id,
      indexedBlock: deps.ledger.indexedHeight(),
      chainInStep: deps.ledger.endpoint() !== null,
      note: noteOf(id, on),
      differences: on && device.meter ? meterDifferences(on, { meter: device.meter, bus: deps.busOf(id), key, shown: told }) : [],
      shown: told
        ? { publicKey: [String(told.publicKey[0]), String(told.publicKey[1])], serial: told.serial, firmware: told.firmware }
        : null,
      meter: on
        ? {
            meterId: on.meterId,
            device: party(on.device),
            owner: party(on.owner),
            epoch: on.epoch,
            deviceClass: on.deviceClass,
            technology: on.technology,
            renewableOnly: on.renewableOnly,
            backing: on.backing,
            ratedW: on.ratedW,
            gridNode: on.gridNode,
            publicKey: [...on.publicKey],
            state: on.state,
            verified: on.verified && { by: party(on.verified.by), record: on.verified.record, timeMs: timeMs(on.verified.timeS) },
            registryPosition: on.deviceClass === 'private' ? on.meterId : null,
            registryLeaf: on.leaf,
            tamper: on.tamper.map((t) => ({ sign: t.kind, evidence: t.evidence, timeMs: timeMs(t.timeS) })),
            maintenance: on.maintenance && {
              dueMs: on.maintenance.dueS === 0 ? null : on.maintenance.dueS * 1000,
              workOrder: on.maintenance.workOrder,
            },
            firmware: on.firmware && { version: on.firmware.version, imageHash: on.firmware.imageHash, timeMs: timeMs(on.firmware.timeS) },
            commitments: on.commitments,
            verifiedExportWh: on.readings.reduce((wh, r) => wh + r.growthWh, 0),
            mintedWh: on.readings.reduce((wh, r) => wh + r.mintedWh, 0),
            creditsMg: on.readings.reduce((mg, r) => mg + BigInt(r.creditsMg), 0n).toString(),
            readings:
              on.deviceClass === 'public'
                ? on.readings
                    .slice(-shown)
                    .reverse()
                    .map(({ timeS, fromInterval: _, ...r }) => ({ ...r, timeMs: timeMs(timeS) }))
                : [],
            readingCount: on.deviceClass === 'public' ? on.readings.length : 0,
            history: on.history.toReversed().map(({ timeS, ...line }) => ({ ...line, timeMs: timeMs(timeS) })),
          }
        : null,
      acts: entriesAbout(store.read, `device:${id}`, 10).map(toEntry),
    };
  };

  return {
    handlers: {
      'devices.onChain': ({ id, readings }) => view(id, readings),
      'devices.checkChainAct': ({ id, act: wanted }) => deps.acts.check(act(id, wanted)),
      'devices.chainAct': ({ id, act: wanted }) => deps.acts.act(`device:${id}`, act(id, wanted)),
    },
  };
}
