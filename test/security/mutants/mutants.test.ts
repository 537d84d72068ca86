import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mutants } from './mutants.ts';

const ROOT = new URL('../../../', import.meta.url);

test.each(mutants)('there is something to change for "$name"', ({ file, find, replace, foundBy }) => {
  expect(readFileSync(new URL(file, ROOT), 'utf8').split(find)).toHaveLength(2);
  expect(replace).not.toBe(find);
  expect(existsSync(new URL(foundBy, ROOT))).toBe(true);
});
