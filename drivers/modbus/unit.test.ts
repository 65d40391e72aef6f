import { describe, expect, it } from 'vitest';
import { loadProfile } from './device-profile.ts';
import { buildProfileImage } from './profile-image.ts';
import { buildSunSpecMap } from './sunspec/image.ts';
import { plainDevice } from './testing.ts';
import type { ModbusUnit, Table } from './unit.ts';

interface Subject {
  unit: ModbusUnit;
  /** A place that may be written, with a valid value, and one beyond the device's map. */
  writable: { table: 'holding' | 'coil'; address: number; value: number };
  beyond: number;
}

const subjects: [string, () => Subject][] = [
  ['plain registers', () => ({ unit: plainDevice(100).unit, writable: { table: 'holding', address: 7, value: 9 }, beyond: 100 })],
  [
    'a device profile',
    () => ({ unit: buildProfileImage(loadProfile('genset')).unit, writable: { table: 'holding', address: 1, value: 1 }, beyond: 5000 }),
  ],
  [
    'a SunSpec map',
    () => ({
      unit: buildSunSpecMap({ models: [{ id: 123, values: { WMaxLimPct_SF: 0, WMaxLimPct: 100 } }] }).unit,
      writable: { table: 'holding', address: 40000 + 2 + 5, value: 40 },
      beyond: 40000 + 2 + 26 + 2,
    }),
  ],
];

/** What the server relies on, whatever kind of device is behind a unit id. */
describe.each(subjects)('a unit of %s', (_name, make) => {
  it('shows what was written, and gives exactly as many values as were asked for', () => {
    const { unit, writable } = make();
    unit.write(writable.table, writable.address, [writable.value]);
    expect(unit.read(writable.table, writable.address, 1)).toEqual([writable.value]);
  });

  it('gives copies: changing what was read changes nothing in the device', () => {
    const { unit, writable } = make();
    const before = unit.read(writable.table, writable.address, 1);
    unit.read(writable.table, writable.address, 1)[0] = 12_345;
    expect(unit.read(writable.table, writable.address, 1)).toEqual(before);
  });

  it('refuses reads and writes beyond its map with exception 2, and a refused write changes nothing', () => {
    const { unit, beyond, writable } = make();
    const before = unit.read(writable.table, writable.address, 1);
    for (const table of ['holding', 'input', 'coil', 'discrete'] as Table[]) {
      expect(() => unit.read(table, beyond, 1)).toThrow(expect.objectContaining({ modbusErrorCode: 2 }));
    }
    const count = beyond - writable.address + 1;
    if (count < 200) {
      expect(() => unit.write('holding', writable.address, new Array(count).fill(writable.value))).toThrow(
        expect.objectContaining({ modbusErrorCode: 2 }),
      );
    }
    expect(() => unit.write('holding', beyond, [1])).toThrow(expect.objectContaining({ modbusErrorCode: 2 }));
    expect(unit.read(writable.table, writable.address, 1)).toEqual(before);
  });
});
