/** Ten minutes of a value in sixty steps, for the sparks beside the bars. */
export interface Spark {
  add(value: number | null, monotonicMs: number): void;
  values(): (number | null)[];
}

const STEPS = 60;
const STEP_MS = 10_000;

export function createSpark(): Spark {
  const ring: (number | null)[] = [];
  let bucketStart: number | null = null;
  let sum = 0;
  let count = 0;
  const close = (): void => {
    ring.push(count > 0 ? sum / count : null);
    if (ring.length > STEPS) ring.shift();
    sum = 0;
    count = 0;
  };
  return {
    add(value, monotonicMs) {
      bucketStart ??= monotonicMs;
      while (monotonicMs - bucketStart >= STEP_MS) {
        close();
        bucketStart += STEP_MS;
      }
      if (value !== null) {
        sum += value;
        count += 1;
      }
    },
    values() {
      const now = count > 0 ? sum / count : null;
      const shown = [...ring, now].slice(-STEPS);
      return [...new Array<null>(STEPS - shown.length).fill(null), ...shown];
    },
  };
}
