/**
 * The field: polls every device on a link of its own, keeps the process image, tells states and alarms per device (never per point), feeds
 * the historian each second, and owns the command lane. A dead device costs the others nothing: its link waits alone.
 */

import type { z } from 'zod';
import { type Poller, startPolling } from '../../../drivers/modbus/poller.ts';
import type { PointInfo } from '../../shared/contract/grid.ts';
import type { Kernel, MarketClock, ProcessImage, Service } from '../kernel/ports.ts';
import { type CommandLane, createCommandLane } from './command-lane.ts';
import { type CycleTimer, startCycle } from './cycle-timer.ts';
import { createDeviceBook } from './device-book.ts';
import { deviceHandlers } from './device-handlers.ts';
import { createDeviceRuntime, type DeviceAddress, type DeviceRuntime } from './device-runtime.ts';
import { createPlantSight } from './plant-sight.ts';
import { createProcessImage } from './process-image.ts';
import { createSampler } from './sampling.ts';
import { type MeterFacts, type Summary, summaryOf } from './summaries.ts';

export type { DeviceAddress } from './device-runtime.ts';

export interface FieldService extends Service {
  readonly image: ProcessImage;
  /** The value when it is good, else null: what decisions are made from. */
  fresh(point: string): number | null;
  points(): z.infer<typeof PointInfo>[];
  readonly commands: CommandLane;
  /** Where devices are now; those whose address changed are linked anew. */
  setAddresses(addresses: Readonly<Record<string, DeviceAddress>>): void;
  summaries(): Summary[];
  setMeterFacts(facts: MeterFacts): void;
  /** False while people have taken it out: maintenance or retired. */
  inService(deviceId: string): boolean;
  /** False while most devices are silent at once: one cause, of which one alarm tells. */
  plantVisible(): boolean;
  /** Each second, after states and samples were taken. */
  onTick(listener: (nowMs: number) => void): () => void;
}

const TICK_MS = 1000;

export function createFieldService(
  kernel: Kernel,
  deps: {
    addresses: Readonly<Record<string, DeviceAddress>>;
    marketClock?: Pick<MarketClock, 'plantNowMs' | 'currentInterval'>;
    meterFacts?: MeterFacts;
  },
): FieldService {
  const { plant, clock, alarms } = kernel;
  const log = kernel.log.child('field');
  const image = createProcessImage(clock);
  const book = createDeviceBook(kernel.store);
  const sampler = createSampler(image);
  let facts: MeterFacts = deps.meterFacts ?? (() => ({ keyRegistered: null, lastReadingInterval: null, quarantined: 0 }));
  let poller: Poller | null = null;
  let beat: CycleTimer | null = null;
  const listeners = new Set<(nowMs: number) => void>();
  const seen = new Map<string, string>();

  const runtimes = new Map<string, DeviceRuntime>();
  for (const spec of plant.devices) {
    runtimes.set(spec.id, createDeviceRuntime(spec, { plant, image, clock, poller: () => poller }));
  }
  const allPoints = [...runtimes.values()].flatMap((r) => r.points);
  const commands = createCommandLane(kernel, {
    runtime: (id) => runtimes.get(id),
    image,
    pollNow: (id) => poller?.pollNow(id),
  });

  alarms.define({
    kind: 'device.silent',
    priority: 3,
    title: 'Device silent',
    cause: 'It does not answer: power, network, address, or the device itself',
    consequence: 'Its values are unknown; functions that need them hold their last safe output',
    action: 'Check supply and network of the device; read it by hand from the Devices page',
    respondWithinS: 900,
    // Devices fall silent one after the other, each by its own age limit; by then it is known whether it is one of them or the plant.
    onDelayMs: 4000,
    offDelayMs: 2000,
  });
  alarms.define({
    kind: 'device.garbage',
    priority: 3,
    title: 'Device sends implausible data',
    cause: 'Its answers are not Modbus, do not fit its map, or cannot be physically',
    consequence: 'Its values are refused; functions that need them hold their last safe output',
    action: 'Compare raw and scaled registers on the Devices page; check wiring, unit id and firmware',
    respondWithinS: 900,
    offDelayMs: 2000,
  });
  alarms.define({
    kind: 'device.tripped',
    priority: 2,
    title: 'Protection tripped',
    cause: 'The relay’s own protection opened the switch',
    consequence: 'What it feeds is without supply until it is closed again',
    action: 'Find the cause of the trip before closing again',
    respondWithinS: 300,
  });
  alarms.define({
    kind: 'device.coverOpen',
    priority: 2,
    title: 'Meter cover open',
    cause: 'The meter reports that its terminal cover was opened',
    consequence: 'Its readings may have been tampered with',
    action: 'Have the meter inspected before its readings are settled',
    respondWithinS: 1800,
  });

  const sight = createPlantSight(kernel);
  const summary = (device: DeviceRuntime): Summary => summaryOf(device, { image, book, facts, nowMs: clock.monotonicMs() });
  const summaries = (): Summary[] => [...runtimes.values()].map(summary);
  const publishDevices = (): void => kernel.hub.publish('devices', summaries());

  function watch(device: DeviceRuntime): void {
    const { id, name } = device.spec;
    const { state, why } = summary(device);
    const fields = { sourceName: name, page: `devices:${id}`, ...(why !== null && { value: why }) };
    const served = book.lifecycle(id) !== 'retired';
    // A clear says nothing of why: what the device does now is not the reason of the alarm that goes.
    for (const kind of ['silent', 'garbage'] as const) {
      if (served && state === kind) alarms.raise(`device.${kind}`, id, fields);
      else alarms.clear(`device.${kind}`, id);
    }
    if (device.spec.kind === 'meter') {
      const cover = image.fresh(`${id}.coverOpen`);
      if (cover !== null) alarms.set('device.coverOpen', id, cover === 1, { sourceName: name, page: `devices:${id}` });
    }
    const before = seen.get(id);
    if (before === state) return;
    seen.set(id, state);
    if (before === undefined) return;
    if (state === 'silent' || state === 'garbage') log.warn('device state', { device: id, state, why });
    else log.info('device state', { device: id, state });
  }

  function watchTrips(): void {
    for (const s of plant.grid.switches) {
      const tripped = image.fresh(`${s.id}.tripped`);
      if (tripped !== null) alarms.set('device.tripped', s.id, tripped === 1, { sourceName: s.name, page: `grid:${s.id}` });
    }
  }

  function tick(): void {
    const nowMs = clock.nowMs();
    sight.look(summaries().filter((s) => s.lifecycle !== 'retired' && s.lifecycle !== 'maintenance'));
    for (const device of runtimes.values()) watch(device);
    watchTrips();
    kernel.historian.append(sampler.take(allPoints, nowMs));
    if (kernel.hub.hasListeners('devices')) publishDevices();
    for (const listener of listeners) {
      try {
        listener(nowMs);
      } catch (cause) {
        log.error('a listener of the field failed', { cause: String(cause) });
      }
    }
  }

  const setAddresses: FieldService['setAddresses'] = (addresses) => {
    for (const [id, device] of runtimes) {
      const address = addresses[id] ?? device.spec.connection;
      device.connect(address);
    }
  };

  return {
    name: 'field',
    image,
    fresh: (point) => image.fresh(point),
    points: () =>
      [...runtimes.values()].flatMap((r) =>
        r.points.map((p) => ({
          id: p.id,
          label: p.label,
          unit: p.rule.unit,
          device: r.spec.id,
          deviceName: r.spec.name,
          maxAgeMs: r.spec.maxAgeMs,
        })),
      ),
    commands,
    setAddresses,
    summaries,
    inService: (id) => book.lifecycle(id) !== 'maintenance' && book.lifecycle(id) !== 'retired',
    plantVisible: sight.visible,
    setMeterFacts(next) {
      facts = next;
    },
    onTick(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    handlers: deviceHandlers(kernel, { runtimes, book, summary, changed: publishDevices }),
    async start() {
      poller = startPolling({
        devices: [],
        clock: { nowMs: () => clock.monotonicMs(), wallTimeMs: () => clock.nowMs() },
        onSample: (sample) => runtimes.get(sample.deviceId)?.onSample(sample),
      });
      for (const device of runtimes.values()) {
        const { id, name } = device.spec;
        // Also lifts what was suppressed when the console stopped.
        alarms.suppress(id, book.lifecycle(id) === 'maintenance' ? `${name} is in maintenance` : null);
      }
      setAddresses(deps.addresses);
      // On multiples of the second: an interval timer drifts, and some seconds would be without a sample.
      beat = startCycle(clock, TICK_MS, tick);
      publishDevices();
    },
    async stop() {
      beat?.stop();
      beat = null;
      const closing = [...runtimes.values()].map((r) => r.close());
      poller?.close();
      await Promise.all(closing);
    },
  };
}
