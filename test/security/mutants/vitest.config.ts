/** Runs tests against one of mutants.ts: SECURITY_MUTANT is its place in the list. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { mutants } from './mutants.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { file, find, replace } = mutants[Number(process.env.SECURITY_MUTANT)];
const isMutated = (id: string): boolean => id.endsWith(`/${file}`);

export default defineConfig({
  root,
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      transform: (code, id) => (isMutated(id) ? code.replace(find, () => replace) : null),
      // What is kept on the disk is found by the text of a file: this one would be the next mutant's, too.
      configureVitest: ({ defineCacheKeyGenerator }) =>
        defineCacheKeyGenerator(({ id }) => (isMutated(id) ? false : null)),
    },
  ],
  test: {
    include: ['test/**/*.test.ts'],
    watch: false,
    bail: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'threads',
  },
});
