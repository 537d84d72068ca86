import { expect, test } from 'vitest';
import { preferredReplica } from '../../src/partitions/preferred-replica.ts';

/** `3a@9+5`: broker 3 in rack a ends at 9, and had all at 5 ms. */
function chosen(consumer: string, leader: string | null, replicas: string): number | null {
  const all = [...replicas.matchAll(/(\d)(\w)@(\d+)\+(\d+)/g)].map(([, id, rack, end, lag]) => ({
    id: Number(id),
    rack,
    endOffset: Number(end),
    caughtUpMs: Number(lag),
  }));
  const of = (brokerId: number) => all.find(({ id }) => id === brokerId)!.rack;
  return preferredReplica(all, { consumer, leader, of });
}

test.each([
  ['the one in its rack', 'a', 'b', '2a@9+0 3b@9+0', 2],
  ['here, where the leader is as near', 'b', 'b', '2a@9+0 3b@9+0', null],
  ['here, where none is near', 'c', 'b', '2a@9+0 3b@9+0', null],
  ['the one that has most', 'a', null, '2a@8+0 3a@9+7', 3],
  ['the one that lags least', 'a', null, '2a@9+7 3a@9+1', 2],
])('a consumer reads from %s', (_what, consumer, leader, replicas, expected) => {
  expect(chosen(consumer, leader, replicas)).toBe(expected);
});
