/** What every benchmark uses: timing that survives a busy machine, and the one line it ends with. */

export interface TimingOptions {
  /** Runs before anything counts, so that the code is compiled. */
  readonly warmups?: number;
  readonly minRuns?: number;
  readonly minTimeMs?: number;
}

/** Median time of one call, in milliseconds. */
export const medianMs = (call: () => unknown, options: TimingOptions = {}): number => {
  const { warmups = 5, minRuns = 15, minTimeMs = 500 } = options;
  for (let i = 0; i < warmups; i += 1) call();
  const times: number[] = [];
  const begin = performance.now();
  while (times.length < minRuns || performance.now() - begin < minTimeMs) {
    const start = performance.now();
    call();
    times.push(performance.now() - start);
  }
  return quantile(times, 0.5);
};

/** The value below which the given share of the values lies (nearest rank). */
export const quantile = (values: readonly number[], share: number): number => {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] as number;
};

/** Four significant digits: more would claim what a benchmark cannot know. */
export const rounded = (value: number): number => (Number.isFinite(value) ? Number(value.toPrecision(4)) : value);

export interface Benchmark {
  /** Figures with units in their keys. */
  readonly figures: Record<string, number | string | boolean>;
  /** What it ran against, in the same run. */
  readonly peer?: string;
  /** Ours relative to the peer, above 1 is better. */
  readonly ratio?: number;
}

export interface BenchmarkModule {
  /** `say` writes a line for people to standard error. */
  readonly run: (say: (line: string) => void) => Promise<Benchmark> | Benchmark;
}

export const benchLine = (name: string, { figures, peer, ratio }: Benchmark): string => {
  const plain = Object.fromEntries(
    Object.entries(figures).map(([key, value]) => [key, typeof value === 'number' ? rounded(value) : value]),
  );
  return JSON.stringify({
    schema: 'bench/1',
    name,
    ...plain,
    ...(peer === undefined ? {} : { peer }),
    ...(ratio === undefined ? {} : { ratio: rounded(ratio) }),
  });
};
