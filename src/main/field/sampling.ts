/** What goes to the historian each second: every new measurement of a fast point, slow points on change and once a minute, and the gap. */
import type { Sample } from '../kernel/ports.ts';
import type { PlacedRule } from './points-of.ts';
import type { WritableImage } from './process-image.ts';

const SLOW_EVERY_MS = 60_000;

export interface Sampler {
  take(points: readonly PlacedRule[], nowMs: number): Sample[];
}

export function createSampler(image: WritableImage): Sampler {
  const last = new Map<string, { timeMs: number; value: number | null; writtenMs: number; gap: boolean }>();
  return {
    take(points, nowMs) {
      const samples: Sample[] = [];
      for (const { id, rule } of points) {
        const now = image.read(id);
        const before = last.get(id);
        if (now.quality !== 'good') {
          // One null marks where the gap begins; more would only fill the disk.
          if (before && !before.gap) {
            samples.push({ point: id, timeMs: nowMs, value: null, quality: now.quality });
            last.set(id, { ...before, gap: true });
          }
          continue;
        }
        const timeMs = now.timeMs as number;
        if (before && !before.gap) {
          if (timeMs === before.timeMs) continue;
          if (rule.slow && now.value === before.value && timeMs - before.writtenMs < SLOW_EVERY_MS) continue;
        }
        samples.push({ point: id, timeMs, value: now.value, quality: 'good' });
        last.set(id, { timeMs, value: now.value, writtenMs: timeMs, gap: false });
      }
      return samples;
    },
  };
}
