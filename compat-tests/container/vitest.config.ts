import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['compat-tests/container/**/*.test.ts'],
    watch: false,
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // Its own containers are removed by each test; the janitor's image would have to be pulled.
    env: { TESTCONTAINERS_RYUK_DISABLED: 'true', TESTCONTAINERS_CHECKS_DISABLE: 'true' },
  },
});
