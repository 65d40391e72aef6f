import { defineConfig } from 'vitest/config';

/** End-to-end suites own processes (engine, plant, chain, browser), so they run one after another. */
export default defineConfig({
  test: {
    include: ['test/**/*.e2e.ts'],
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 240_000,
  },
});
