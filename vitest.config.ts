import { defineConfig } from 'vitest/config';

const CLIENTS = 'test/clients/**/*.test.ts';

export default defineConfig({
  test: {
    watch: false,
    // Long, because a busy machine is no reason to fail; nothing here waits for a time to pass.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 5_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [CLIENTS],
          // Threads start faster than processes; every file still gets modules of its own.
          pool: 'threads',
        },
      },
      // librdkafka's add-on crashes in threads.
      { extends: true, test: { name: 'clients', include: [CLIENTS], pool: 'forks' } },
    ],
  },
});
