import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { handlers } from '../../src/apis/index.ts';

test('every API that Ottla answers has cases', () => {
  const texts = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(`${import.meta.dirname}/${name}`, 'utf8'));
  const without = handlers
    .map(({ api }) => api.name)
    .filter((name) => !texts.some((text) => text.includes(`differential(${name},`)));
  expect(without).toEqual([]);
});
