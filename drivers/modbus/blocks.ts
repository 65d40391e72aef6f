/** Joins wanted spans into few reads; a span is never cut, so no 32-bit value is put together from two moments. */
import { limits, type ReadRequest, type Table } from './requests.ts';

export interface Span {
  readonly table: Table;
  readonly address: number;
  readonly count: number;
}

export interface BlockLimits {
  readonly maxRegisters?: number;
  readonly maxBits?: number;
  /** Unwanted registers read along to save a request; 0 for devices that refuse to read gaps in their map. */
  readonly maxGap?: number;
}

export function planBlocks(spans: readonly Span[], options: BlockLimits = {}): Span[] {
  const maxGap = options.maxGap ?? 8;
  const maxOf = (table: Table) =>
    table === 'coil' || table === 'discrete' ? (options.maxBits ?? limits.readBits) : (options.maxRegisters ?? limits.readRegisters);
  const sorted = [...spans].sort((a, b) => a.table.localeCompare(b.table) || a.address - b.address || a.count - b.count);
  const blocks: { table: Table; address: number; count: number }[] = [];
  for (const span of sorted) {
    if (span.count > maxOf(span.table)) throw new RangeError(`a span of ${span.count} at ${span.table} ${span.address} exceeds one read`);
    const last = blocks.at(-1);
    const end = span.address + span.count;
    if (last && last.table === span.table) {
      const lastEnd = last.address + last.count;
      const joined = Math.max(lastEnd, end) - last.address;
      if (span.address - lastEnd <= maxGap && joined <= maxOf(span.table)) {
        last.count = joined;
        continue;
      }
    }
    blocks.push({ table: span.table, address: span.address, count: span.count });
  }
  return blocks;
}

/** Words of `span` out of the block results, in the order of `blocks`. */
export function sliceOf(span: Span, blocks: readonly Span[], results: readonly (readonly number[])[]): readonly number[] | undefined {
  const i = blocks.findIndex(
    (block) => block.table === span.table && span.address >= block.address && span.address + span.count <= block.address + block.count,
  );
  const block = blocks[i];
  const words = results[i];
  if (!block || !words) return undefined;
  return words.slice(span.address - block.address, span.address - block.address + span.count);
}

export function blockRequests(unit: number, blocks: readonly Span[]): ReadRequest[] {
  return blocks.map((block) => ({ unit, ...block }));
}
