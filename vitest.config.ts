import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const CLIENTS = 'test/clients/**/*.test.ts';

/** The examples import what users import; here that is the source. */
const alias = {
  'ottla/testing': fileURLToPath(new URL('src/testing/index.ts', import.meta.url)),
  'ottla/vitest': fileURLToPath(new URL('src/testing/vitest.ts', import.meta.url)),
};

export default defineConfig({
  resolve: { alias },
  test: {
    watch: false,
    globalSetup: ['test/bundled-command.ts'],
    // Vitest leaves one processor free by itself, which is half of a small machine.
    maxWorkers: '100%',
    // Long, because a busy machine is no reason to fail; nothing here waits for a time to pass.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 5_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts', 'examples/vitest/*.test.ts'],
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
