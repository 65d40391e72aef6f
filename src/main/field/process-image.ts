/**
 * The latest value of every point. Age is judged when a value is read, on the monotonic clock, so that a value that nobody refreshes
 * turns stale by itself and a stepped wall clock makes nothing young or old.
 */
import type { Value } from '../../shared/values.ts';
import type { Clock, ProcessImage } from '../kernel/ports.ts';

interface Cell {
  value: number | null;
  /** Set when validation refused the value, or the device has none. */
  refused: string | null;
  timeMs: number;
  monotonicMs: number;
  readonly maxAgeMs: number;
}

export interface WritableImage extends ProcessImage {
  declare(point: string, maxAgeMs: number): void;
  put(point: string, value: number | null, at: { timeMs: number; monotonicMs: number }, refused?: string | null): void;
  /** A command has changed what this point stands for: the old value no longer counts until it is read again. */
  ageOf(point: string): number | null;
  fresh(point: string): number | null;
}

const MISSING: Value = { value: null, quality: 'missing', timeMs: null, reason: 'There is no such point' };

export function createProcessImage(clock: Pick<Clock, 'monotonicMs'>): WritableImage {
  const cells = new Map<string, Cell>();
  const ids: string[] = [];
  return {
    declare(point, maxAgeMs) {
      if (cells.has(point)) return;
      cells.set(point, { value: null, refused: null, timeMs: 0, monotonicMs: Number.NEGATIVE_INFINITY, maxAgeMs });
      ids.push(point);
    },
    put(point, value, at, refused = null) {
      const cell = cells.get(point);
      if (!cell) throw new Error(`point ${point} was never declared`);
      // Replies may overtake each other; the younger measurement stands.
      if (at.monotonicMs < cell.monotonicMs) return;
      cell.value = value;
      cell.refused = refused;
      cell.timeMs = Math.round(at.timeMs);
      cell.monotonicMs = at.monotonicMs;
    },
    read(point) {
      const cell = cells.get(point);
      if (!cell) return MISSING;
      if (cell.monotonicMs === Number.NEGATIVE_INFINITY) return { value: null, quality: 'missing', timeMs: null, reason: 'Not read yet' };
      const ageMs = clock.monotonicMs() - cell.monotonicMs;
      if (ageMs > cell.maxAgeMs) {
        return {
          value: cell.refused === null ? cell.value : null,
          quality: 'stale',
          timeMs: cell.timeMs,
          reason: `Last read ${Math.round(ageMs / 1000)} s ago`,
        };
      }
      if (cell.refused !== null) return { value: null, quality: 'bad', timeMs: cell.timeMs, reason: cell.refused };
      if (cell.value === null)
        return { value: null, quality: 'missing', timeMs: cell.timeMs, reason: 'The device does not give this value' };
      return { value: cell.value, quality: 'good', timeMs: cell.timeMs };
    },
    ids: () => ids,
    ageOf(point) {
      const cell = cells.get(point);
      return !cell || cell.monotonicMs === Number.NEGATIVE_INFINITY ? null : Math.max(0, clock.monotonicMs() - cell.monotonicMs);
    },
    fresh(point) {
      const cell = cells.get(point);
      if (!cell || cell.refused !== null || clock.monotonicMs() - cell.monotonicMs > cell.maxAgeMs) return null;
      return cell.value;
    },
  };
}
