import { expect, test } from 'vitest';
import { newShareDecision } from '../../src/groups/share/decision.ts';
import { membersLeft } from '../../src/groups/departures.ts';
import { noteDeparture } from '../../src/groups/modern/decision.ts';

test('a few members that left are all named', () => {
  expect(membersLeft(['a: heartbeat expired', 'b'])).toBe('members left: a: heartbeat expired, b');
});

test('of thousands that left together the reason of the rebalance names ten, and the log has a line of each', () => {
  const gone = Array.from({ length: 5000 }, (_, i) => ({ memberId: `m${i}`, clientId: 'c' }));
  const decision = newShareDecision(0, {} as never, {} as never);
  noteDeparture(decision, gone, 'its connection was closed');
  const named = 'm0, m1, m2, m3, m4, m5, m6, m7, m8, m9';
  expect(decision.why).toBe(`members left: ${named} and 4990 more: its connection was closed`);
  expect(decision.left).toHaveLength(5000);
});
