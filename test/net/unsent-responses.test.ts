import { expect, test } from 'vitest';
import { UnsentResponses, type UnsentHolder } from '../../src/net/unsent-responses.ts';

const MB = 1 << 20;

function holder(name: string, closed: string[]): UnsentHolder {
  return { close: () => void closed.push(name) };
}

test('where large responses that nobody takes come to too much, those end that have waited longest', () => {
  const closed: string[] = [];
  const unsent = new UnsentResponses(100 * MB);
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => holder(name, closed));
  unsent.hold(a, 40 * MB);
  unsent.hold(b, 40 * MB);
  unsent.hold(c, 10 * MB);
  expect([closed, unsent.bytes]).toEqual([[], 90 * MB]);
  unsent.release(a); // its client has read
  unsent.hold(a, 40 * MB);
  unsent.hold(d, 20 * MB);
  expect([closed, unsent.bytes]).toEqual([['b'], 70 * MB]);
  unsent.release(b);
  unsent.release(b);
  expect(unsent.bytes).toBe(70 * MB);
});

test('a response that is larger than the limit by itself may be sent all the same', () => {
  const closed: string[] = [];
  const unsent = new UnsentResponses(10);
  unsent.hold(holder('a', closed), 20);
  expect(closed).toEqual([]);
});
