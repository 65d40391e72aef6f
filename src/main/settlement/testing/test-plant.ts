/** A small community for tests: four members, one with solar, one community-owned. Derived from the default plant file, so that it stays valid. */
import { readFileSync } from 'node:fs';
import { keyFromSeed, type SigningKey, signOrder, signReading } from '../../../../drivers/mqtt/signing.ts';
import { type PlantFile, parsePlantFile } from '../../../shared/plant-file.ts';
import { defaultPlantFile } from '../../host/paths.ts';

const MEMBERS = ['long-acre', 'church-2', 'church-4', 'church-6'];

export function testPlant(overrides: { simulated?: boolean } = {}): PlantFile {
  const result = parsePlantFile(JSON.parse(readFileSync(defaultPlantFile, 'utf8')));
  if (result.kind === 'invalid') throw new Error(result.problems.join('; '));
  const { simulation, ...plant } = result.plant;
  const members = plant.members.filter((m) => MEMBERS.includes(m.id)).map((m) => ({ ...m, operatorOwned: m.id === 'church-6' }));
  const kept = new Set(members.map((m) => m.meter));
  const devices = plant.devices.map((d) => (d.meter && !kept.has(d.id) ? { ...d, meter: { ...d.meter, settling: false } } : d));
  return { ...plant, members, devices, ...(overrides.simulated === false ? {} : { simulation: { ...simulation } }) };
}

/** Plays a meter and its member's gateway. */
export interface TestMeter {
  readonly deviceId: string;
  readonly memberId: string;
  readonly meterId: number;
  readonly key: SigningKey;
  identity(): string;
  reading(interval: number, importWh: number, exportWh: number, sequence: number): string;
  order(order: { side: 'buy' | 'sell'; quantityWh: number; limitPrice: number; sequence: number; interval?: number }): string;
}

export function testMeter(plant: PlantFile, memberId: string, seed = 7, serial?: string): TestMeter {
  const member = plant.members.find((m) => m.id === memberId);
  const meterId = plant.devices.find((d) => d.id === member?.meter)?.meter?.meterId;
  if (!member || !meterId) throw new Error(`no member ${memberId}`);
  const key = keyFromSeed(Uint8Array.from({ length: 32 }, (_, i) => (i * 31 + meterId * 7 + seed) & 255));
  return {
    deviceId: member.meter,
    memberId,
    meterId,
    key,
    identity: () =>
      JSON.stringify({
        schema: 'meter-identity/1',
        meter: meterId,
        ax: key.publicKey[0].toString(),
        ay: key.publicKey[1].toString(),
        serial: serial ?? `T-${meterId}`,
        firmware: '1.0',
      }),
    reading: (interval, importWh, exportWh, sequence) =>
      JSON.stringify(signReading({ meter: meterId, interval, importWh, exportWh, sequence }, key)),
    order: ({ interval = 0, ...order }) =>
      JSON.stringify(signOrder({ meter: meterId, kind: interval === 0 ? 'standing' : 'interval', interval, ...order }, key)),
  };
}
