/** A device profile seen from the console: which reads to make, what they mean, and how a set-point is written. */
import { blockRequests, planBlocks, type Span, sliceOf } from './blocks.ts';
import { type DeviceProfile, decodeRow, encodeRow, type ProfileRow, rowSize } from './device-profile.ts';
import type { ReadRequest, WriteRequest } from './requests.ts';
import type { TagGroup } from './tag-group.ts';

/** One group per age limit, each with as few reads as the device bears. Tags are the row names. */
export function profileTagGroups(profile: DeviceProfile, unit: number, only?: (row: ProfileRow) => boolean): TagGroup[] {
  const byAge = new Map<number, ProfileRow[]>();
  for (const row of profile.rows) {
    if (only && !only(row)) continue;
    byAge.set(row.maxAgeMs, [...(byAge.get(row.maxAgeMs) ?? []), row]);
  }
  return [...byAge].map(([maxAgeMs, rows]) => groupOf(profile, unit, maxAgeMs, rows));
}

function groupOf(profile: DeviceProfile, unit: number, maxAgeMs: number, rows: readonly ProfileRow[]): TagGroup {
  const blocks = planBlocks(rows.map(spanOf), { maxRegisters: profile.limits.registersPerRead, maxGap: 0 });
  return {
    id: `${profile.id}-${maxAgeMs}`,
    maxAgeMs,
    requests: blockRequests(unit, blocks),
    decode: (results) =>
      rows.map((row) => {
        const words = sliceOf(spanOf(row), blocks, results);
        const value = words ? decodeRow(row, words) : null;
        return { tag: row.name, value, ...(row.unit && { units: row.unit }), ...(value === null && { reason: 'not-implemented' }) };
      }),
  };
}

const spanOf = (row: ProfileRow): Span => ({ table: row.table, address: row.address, count: rowSize(row) });

export type PreparedWrite =
  | {
      readonly kind: 'ok';
      readonly request: WriteRequest;
      /** The value the device will hold, after rounding to its resolution. */
      readonly written: number;
      /** Reads the same registers back, and says whether they hold what was written. */
      readonly readBack: ReadRequest;
      matches(values: readonly number[]): boolean;
    }
  | { readonly kind: 'refused'; readonly reason: string };

/** The write of one row in engineering units; refused with a sentence when the row or the value does not allow it. */
export function profileWrite(profile: DeviceProfile, unit: number, name: string, value: number): PreparedWrite {
  const row = profile.rows.find((candidate) => candidate.name === name);
  if (!row) return { kind: 'refused', reason: `${profile.title} has no point ${name}` };
  if (row.access !== 'RW' || (row.table !== 'holding' && row.table !== 'coil')) {
    return { kind: 'refused', reason: `${row.label} of ${profile.title} can only be read` };
  }
  const encoded = encodeRow(row, value);
  if (encoded.kind === 'refused') return encoded;
  return prepare({ unit, table: row.table, address: row.address, values: encoded.words }, encoded.written);
}

/** Read-back of the very registers written. Positions of switches have better evidence: their feedback inputs. */
export function prepare(request: WriteRequest, written: number): PreparedWrite {
  const { unit, table, address, values } = request;
  return {
    kind: 'ok',
    request,
    written,
    readBack: { unit, table, address, count: values.length },
    matches: (read) => read.length === values.length && read.every((word, i) => word === values[i]),
  };
}
