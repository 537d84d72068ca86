import { expect, test } from 'vitest';
import { isLeveled, lineLogger } from '../../src/platform/logger.ts';
import { RecentEvents, rememberedBy } from '../../src/platform/recent-events.ts';

test('what is logged is remembered, whatever the level lets through; the same in a row is one', () => {
  let now = 5;
  const lines: string[] = [];
  const events = new RecentEvents(() => now);
  const logger = rememberedBy(
    events,
    lineLogger(
      'warn',
      (line) => void lines.push(line),
      () => now,
    ),
  );
  logger.debug('not.this');
  logger.info('disk.full', { path: '/a' });
  now = 9;
  logger.info('disk.full', { path: '/a' });
  logger.warn('disk.full', { path: '/b' });
  expect(events.all).toEqual([
    { number: 1, atMs: 5, lastAtMs: 9, times: 2, level: 'info', event: 'disk.full', facts: { path: '/a' } },
    { number: 2, atMs: 9, lastAtMs: 9, times: 1, level: 'warn', event: 'disk.full', facts: { path: '/b' } },
  ]);
  expect(lines).toHaveLength(1);
});

test('its level is the level of the logger behind it', () => {
  const inner = lineLogger(
    'warn',
    () => undefined,
    () => 0,
  );
  const logger = rememberedBy(new RecentEvents(() => 0), inner);
  if (!isLeveled(logger)) throw new Error('it has no level');
  logger.level = 'debug';
  expect(inner.level).toBe('debug');
});

test('the oldest are forgotten', () => {
  const events = new RecentEvents(() => 0);
  for (let i = 0; i < 10_000; i++) events.note(`event.${i}`);
  expect(events.all.length).toBeLessThan(4001);
  expect(events.all.at(-1)?.number).toBe(10_000);
});

test('a long fact is cut, and the same in a row is still one', () => {
  const events = new RecentEvents(() => 0);
  for (let i = 0; i < 3; i++) events.note('group.rebalance', { group: 'billing', reason: 'm'.repeat(1_000_000) });
  expect(events.all).toHaveLength(1);
  expect(events.all[0]).toMatchObject({ times: 3, facts: { group: 'billing', reason: `${'m'.repeat(1000)}…` } });
});
