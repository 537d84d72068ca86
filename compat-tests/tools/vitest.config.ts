import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['compat-tests/tools/**/*.test.ts'],
    watch: false,
    testTimeout: 240_000,
    hookTimeout: 300_000,
  },
});
