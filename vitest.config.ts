import { defineConfig } from 'vitest/config';

/** Unit and contract suites. End-to-end suites in `test/` have their own runner, because they own processes. */
export default defineConfig({
  test: {
    include: [
      'src/**/*.test.{ts,tsx}',
      'drivers/**/*.test.ts',
      'plant/**/*.test.ts',
      'cli/**/*.test.ts',
      'circuits/**/*.test.ts',
      'headless/**/*.test.ts',
      'electron/**/*.test.ts',
      'build/**/*.test.ts',
      'bench/**/*.test.ts',
      'tools/**/*.test.ts',
    ],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
