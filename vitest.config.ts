import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    watch: false,
    // Threads start faster than processes; every file still gets modules of its own.
    pool: 'threads',
    testTimeout: 10_000,
    hookTimeout: 20_000,
    teardownTimeout: 5_000,
  },
});
