/** The device's side of a profile: its points as a register map, set and read in engineering units. */
import { type DeviceProfile, decodeRow, encodeRow, type ProfileRow, rowSize } from './device-profile.ts';
import { type ModbusUnit, modbusException, type Table } from './unit.ts';

export interface RowWrite {
  readonly name: string;
  readonly value: number | null;
}

export interface ProfileImage {
  readonly profile: DeviceProfile;
  readonly unit: ModbusUnit;
  get(name: string): number | null;
  /** Throws RangeError for an unknown name or a value that does not fit: the device's own firmware would be wrong. */
  set(name: string, value: number): void;
  setAll(values: Readonly<Record<string, number>>): void;
  /** Called after a master wrote; returns how to stop listening. */
  onWrite(listener: (writes: readonly RowWrite[]) => void): () => void;
}

const SIZE = 0x10000;

export function buildProfileImage(profile: DeviceProfile, values: Readonly<Record<string, number>> = {}): ProfileImage {
  const tables: Record<Table, Uint16Array> = {
    holding: new Uint16Array(extent(profile, 'holding')),
    input: new Uint16Array(extent(profile, 'input')),
    coil: new Uint16Array(extent(profile, 'coil')),
    discrete: new Uint16Array(extent(profile, 'discrete')),
  };
  const rows = new Map(profile.rows.map((row) => [row.name, row]));
  const listeners = new Set<(writes: readonly RowWrite[]) => void>();
  const find = (name: string): ProfileRow => {
    const row = rows.get(name);
    if (!row) throw new RangeError(`profile ${profile.id} has no point ${name}`);
    return row;
  };
  const read = (row: ProfileRow) => decodeRow(row, tables[row.table], row.address);
  const image: ProfileImage = {
    profile,
    get: (name) => read(find(name)),
    set(name, value) {
      const row = find(name);
      const encoded = encodeRow(row, value);
      if (encoded.kind === 'refused') throw new RangeError(`profile ${profile.id}: ${encoded.reason}`);
      tables[row.table].set(encoded.words, row.address);
    },
    setAll(all) {
      for (const [name, value] of Object.entries(all)) image.set(name, value);
    },
    onWrite(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    unit: {
      read(table, address, count) {
        const words = tables[table];
        if (address + count > words.length) throw modbusException(2);
        return Array.from(words.subarray(address, address + count));
      },
      write(table, address, words) {
        const touched = writableRows(profile, table, address, words.length);
        if (!touched) throw modbusException(2);
        for (const row of touched) {
          const value = decodeRow(row, words, row.address - address);
          if (value === null || value < (row.minimum ?? -Infinity) || value > (row.maximum ?? Infinity)) throw modbusException(3);
        }
        tables[table].set(words, address);
        const writes = touched.map((row) => ({ name: row.name, value: read(row) }));
        for (const listener of listeners) listener(writes);
      },
    },
  };
  for (const row of profile.rows) if (row.initial !== undefined) image.set(row.name, row.initial);
  image.setAll(values);
  return image;
}

function extent(profile: DeviceProfile, table: Table): number {
  const ends = profile.rows.filter((row) => row.table === table).map((row) => row.address + rowSize(row));
  return Math.min(Math.max(0, ...ends), SIZE);
}

/** Rows wholly inside the range, if it holds nothing but writable rows; undefined otherwise. */
function writableRows(profile: DeviceProfile, table: Table, address: number, count: number): ProfileRow[] | undefined {
  const touched = profile.rows.filter(
    (row) => row.table === table && row.address < address + count && row.address + rowSize(row) > address,
  );
  const inside = touched.every((row) => row.access === 'RW' && row.address >= address && row.address + rowSize(row) <= address + count);
  const covered = touched.reduce((sum, row) => sum + rowSize(row), 0);
  return inside && covered === count ? touched : undefined;
}
