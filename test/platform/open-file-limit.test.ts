import { expect, test } from 'vitest';
import { maxOpenFiles } from '../../src/platform/open-file-limit.ts';

const limits = (soft: string) => () =>
  `Limit    Soft Limit  Hard Limit  Units\nMax open files   ${soft}   1048576   files\n`;

test('what was asked for is taken', () => expect(maxOpenFiles(100, limits('20'))).toBe(100));

test('otherwise it is half of what the system allows, within reason', () => {
  const found = ['20', '1024', '20000', '1048576', 'unlimited'].map((soft) => maxOpenFiles(-1, limits(soft)));
  expect(found).toEqual([16, 512, 10_000, 16_384, 16_384]);
});

test('where the system does not say it is 2048', () => expect(maxOpenFiles(-1, () => '')).toBe(2048));
