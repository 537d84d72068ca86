/** Where the replicas of new partitions go: over all racks, all brokers, and last to those that are fenced. */
import { describe, expect, test } from 'vitest';
import { factorFault, place, type Place } from '../../src/cluster/placement.ts';
import { seededRandom } from '../../src/platform/random.ts';

/** Brokers with ids 1, 2, 3 …; their racks by letter, a small one where the broker is fenced: 'ABa'. */
function brokers(racks: string): Place[] {
  return racks.split('').map((rack, i) => ({
    id: i + 1,
    rack: rack === '-' ? null : rack.toUpperCase(),
    fenced: rack !== '-' && rack !== rack.toUpperCase(),
  }));
}

const random = (seed: number) => {
  const source = seededRandom(seed);
  return () => source.float();
};

test('replicas go round the brokers, each partition beginning with another', () => {
  const placed = place(brokers('---'), 3, 2, () => 0);
  expect(placed.map(([leader]) => leader).sort((a, b) => a - b)).toEqual([1, 2, 3]);
  expect(placed).toEqual([
    [2, 3],
    [3, 1],
    [1, 2],
  ]);
});

describe.each(['---', 'ABC', 'AABB', 'AAAB', 'AAABBC', 'AaBbCc', 'ABc', 'AAb', 'A', '-a-'])(
  'on brokers %s',
  (racks) => {
    const all = brokers(racks);
    const unfenced = all.filter(({ fenced }) => !fenced);
    const rackOf = new Map(all.map(({ id, rack }) => [id, rack]));
    const isFenced = new Map(all.map(({ id, fenced }) => [id, fenced]));

    test.each([1, 2, 3].filter((factor) => factor <= all.length))('%d replicas', (factor) => {
      for (let seed = 0; seed < 30; seed++) {
        const placed = place(all, 24, factor, random(seed));
        for (const replicas of placed) {
          expect(new Set(replicas).size).toBe(factor);
          expect(isFenced.get(replicas[0])).toBe(false);
          const racksUsed = new Set(replicas.map((id) => rackOf.get(id))).size;
          expect(racksUsed).toBe(Math.min(factor, new Set(rackOf.values()).size));
        }
      }
    });

    test('every broker that is not fenced leads, and as many partitions as its rack allows', () => {
      const racksWithLeaders = new Set(unfenced.map(({ rack }) => rack)).size;
      const placed = place(all, unfenced.length * racksWithLeaders * 10, 1, random(1));
      const leaders = new Map<number, number>();
      for (const [leader] of placed) leaders.set(leader, (leaders.get(leader) ?? 0) + 1);
      expect([...leaders.keys()].sort((a, b) => a - b)).toEqual(unfenced.map(({ id }) => id));
    });
  },
);

test('a fenced broker gets a replica only where the others do not suffice', () => {
  for (let seed = 0; seed < 20; seed++) {
    for (const replicas of place(brokers('AAa'), 6, 2, random(seed))) expect(replicas).not.toContain(3);
    for (const replicas of place(brokers('AAa'), 6, 3, random(seed))) expect(replicas.at(-1)).toBe(3);
  }
});

test('a factor needs brokers, and one of them must not be fenced', () => {
  expect(factorFault(3, brokers('ab'))).toMatch(/only 2 broker\(s\)/);
  expect(factorFault(2, brokers('ab'))).toMatch(/All brokers are currently fenced/);
  expect(factorFault(2, brokers('aB'))).toBeNull();
});
