import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { api, int32 } from '../protocol/schema.ts';
import { apiSupportPage } from '../scripts/api-support.ts';
import { configurationPage } from '../scripts/configuration.ts';
import { pages } from '../scripts/docs.ts';
import { int } from '../src/config/definition.ts';

test.each(Object.keys(pages))('%s says what the code says; `npm run docs` writes it anew', (path) => {
  expect(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')).toBe(pages[path]);
});

test('an API with fewer versions than Kafka has, and one without a handler, are told apart', () => {
  const table = { versions: '0-4', flexible: '4+', request: { a: int32 }, response: { a: int32 } } as const;
  const apis = [api(1, 'One', table), api(2, 'Two', table), api(3, 'Three', table)];
  const page = apiSupportPage(apis, [
    { api: apis[0], versions: { first: 0, last: 4 }, advertised: { first: 0, last: 4 } },
    { api: apis[1], versions: { first: 2, last: 2 }, advertised: { first: 2, last: 2 } },
  ]);
  expect(page.split('\n').slice(-4)).toEqual([
    '| 1 | One | 0–4 | 0–4 |  |',
    '| 2 | Two | 0–4 | 2 | fewer than Kafka |',
    '| 3 | Three | 0–4 | – | not answered |',
    '',
  ]);
});

test('a key is listed with its range and its exception', () => {
  const page = configurationPage([
    { title: 'T', table: { 'a.b': int(1, { min: 1, max: 9, or: -1 }, 'Either | or.') } },
  ]);
  expect(page).toContain('| `a.b` | yes | int | `1` | from 1 to 9 or -1 | read-only | Either \\| or. |');
});

test('decisions are numbered in one row, in their names and in their titles', () => {
  const directory = new URL('../docs/decisions/', import.meta.url);
  const names = readdirSync(directory).toSorted();
  expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_name, at) => at + 1));
  for (const name of names) {
    expect(readFileSync(new URL(name, directory), 'utf8')).toMatch(new RegExp(`^# ${Number(name.slice(0, 4))}\\. `));
  }
});
