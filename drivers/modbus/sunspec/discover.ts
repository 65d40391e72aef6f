/**
 * Finds the SunSpec map of a device: the marker "SunS" at one of the three base addresses, then model after model until
 * 0xFFFF. Source: SunSpec Device Information Model Specification 1.1, §6.3.
 */
import type { ReadOutcome, RegisterReader } from '../requests.ts';
import { layoutModel, type ModelLayout } from './layout.ts';
import { loadModel } from './models.ts';

export interface DiscoveredModel {
  readonly id: number;
  /** 0 for the first model of this id on the device, 1 for the second. */
  readonly index: number;
  /** Address of the model's ID register. */
  readonly address: number;
  /** Registers after ID and L. */
  readonly length: number;
  /** Absent for models that are not published (vendor models): they are skipped by their length. */
  readonly layout?: ModelLayout;
  /** Registers as read at discovery, from ID on; repetition counts and scale factors come from them. */
  readonly registers?: readonly number[];
}

export type Discovery =
  | { readonly kind: 'found'; readonly baseAddress: number; readonly models: DiscoveredModel[] }
  | { readonly kind: 'not-sunspec'; readonly reason: string }
  | { readonly kind: 'unreadable'; readonly outcome: Exclude<ReadOutcome, { kind: 'ok' }> };

export const baseAddresses = [40000, 0, 50000] as const;
const MARKER = [0x5375, 0x6e53] as const;
const MAX_MODELS = 100;
const MAX_BLOCK = 125;

export async function discoverSunSpec(read: RegisterReader, bases: readonly number[] = baseAddresses): Promise<Discovery> {
  for (const baseAddress of bases) {
    const marker = await read(baseAddress, 2);
    if (marker.kind === 'ok' && marker.values[0] === MARKER[0] && marker.values[1] === MARKER[1]) return walk(read, baseAddress);
    // "Illegal address" only means that the map is elsewhere; anything else means that the device cannot be asked now.
    if (marker.kind !== 'ok' && (marker.kind !== 'exception' || marker.retry === 'later')) return { kind: 'unreadable', outcome: marker };
  }
  return { kind: 'not-sunspec', reason: `no "SunS" marker at ${bases.join(', ')}` };
}

async function walk(read: RegisterReader, baseAddress: number): Promise<Discovery> {
  const models: DiscoveredModel[] = [];
  const seen = new Map<number, number>();
  let address = baseAddress + 2;
  while (models.length < MAX_MODELS && address + 1 <= 0xffff) {
    const header = await read(address, 2);
    if (header.kind !== 'ok') return { kind: 'unreadable', outcome: header };
    const [id = 0xffff, length = 0] = header.values;
    if (id === 0xffff) return { kind: 'found', baseAddress, models };
    if (id === 0 || address + 2 + length > 0x10000)
      return { kind: 'not-sunspec', reason: `model ${id} of length ${length} at ${address} cannot be` };
    const index = seen.get(id) ?? 0;
    seen.set(id, index + 1);
    const definition = loadModel(id);
    if (!definition) models.push({ id, index, address, length });
    else {
      const body = await readAll(read, address, length + 2);
      if (body.kind !== 'ok') return { kind: 'unreadable', outcome: body };
      models.push({ id, index, address, length, layout: layoutModel(definition, body.values), registers: body.values });
    }
    address += length + 2;
  }
  return { kind: 'not-sunspec', reason: `the list of models that starts at ${baseAddress} has no end` };
}

async function readAll(read: RegisterReader, address: number, count: number): Promise<ReadOutcome> {
  const values: number[] = [];
  let last: ReadOutcome = { kind: 'ok', values, latencyMs: 0, receivedAtMs: 0 };
  for (let done = 0; done < count; done += MAX_BLOCK) {
    last = await read(address + done, Math.min(MAX_BLOCK, count - done));
    if (last.kind !== 'ok') return last;
    values.push(...last.values);
  }
  return { ...last, values };
}
