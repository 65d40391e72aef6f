/** One line per device for lists and the devices topic. */
import type { z } from 'zod';
import type { DeviceSummary } from '../../shared/contract/operations.ts';
import type { DeviceBook } from './device-book.ts';
import { stateOf } from './device-health.ts';
import type { DeviceRuntime } from './device-runtime.ts';
import type { WritableImage } from './process-image.ts';

export type Summary = z.infer<typeof DeviceSummary>;
export type MeterFacts = (deviceId: string) => { keyRegistered: boolean | null; lastReadingInterval: number | null; quarantined: number };

export function summaryOf(
  device: DeviceRuntime,
  deps: { image: WritableImage; book: DeviceBook; facts: MeterFacts; nowMs: number },
): Summary {
  const { spec } = device;
  const lifecycle = deps.book.lifecycle(spec.id);
  const health = device.health();
  const { state, why } =
    lifecycle === 'retired' ? { state: 'disabled' as const, why: 'The device is retired' } : stateOf(health, spec, deps.nowMs);
  const address = device.address();
  const facts = spec.kind === 'meter' ? deps.facts(spec.id) : { keyRegistered: null, lastReadingInterval: null, quarantined: 0 };
  let oldest: number | null = null;
  for (const point of device.points) {
    const age = deps.image.ageOf(point.id);
    if (age !== null && (oldest === null || age > oldest)) oldest = age;
  }
  return {
    id: spec.id,
    name: spec.name,
    kind: spec.kind,
    state,
    why,
    oldestAgeMs: oldest === null ? null : Math.round(oldest),
    latencyMs: health.latencyMs === null ? null : Math.round(health.latencyMs * 10) / 10,
    lifecycle,
    firmware: device.firmware(),
    serial: spec.serial,
    manufacturer: spec.manufacturer,
    model: spec.model,
    address: address && address.port !== 0 ? `${address.host}:${address.port} unit ${address.unitId}` : 'no address yet',
    ...facts,
  };
}
