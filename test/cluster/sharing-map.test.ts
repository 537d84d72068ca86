/** A map whose copies share what did not change: held against a Map that is copied each time. */
import { expect, test } from 'vitest';
import { differingParts, SharingMap, writableCopy } from '../../src/cluster/sharing-map.ts';
import { seededRandom } from '../../src/platform/random.ts';

const sorted = (map: ReadonlyMap<string, number>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

test('whatever is done to a copy, no other copy has it', () => {
  const random = seededRandom(1);
  const below = (most: number): number => Math.floor(random.float() * most);
  const expected = [new Map(Array.from({ length: 300 }, (_, i) => [`k${i}`, i]))];
  const copies = [SharingMap.copyOf(expected[0])];
  for (let step = 0; step < 3000; step++) {
    const at = below(copies.length);
    const [map, copy] = [expected[at], copies[at]];
    const key = `k${below(2000)}`;
    const what = random.float();
    if (what < 0.02 && copies.length < 8) {
      expected.push(new Map(map));
      copies.push(SharingMap.copyOf(copy));
    }
    const [was, is] = what < 0.3 ? [map.delete(key), copy.delete(key)] : [map.set(key, step).has(key), true];
    if (what >= 0.3) copy.set(key, step);
    expect([is, copy.size, copy.get(key), copy.has(key)]).toEqual([was, map.size, map.get(key), map.has(key)]);
  }
  for (const [at, copy] of copies.entries()) expect(sorted(copy)).toEqual(sorted(expected[at]));
});

test('a small one is a Map, in the order in which its entries were set', () => {
  const small = new Map([
    ['b', 1],
    ['a', 2],
  ]);
  expect(writableCopy(small)).toEqual(small);
  expect([...writableCopy(small).keys()]).toEqual(['b', 'a']);
  const large = writableCopy(new Map(Array.from({ length: 1000 }, (_, i) => [`k${i}`, i])));
  expect(large).toBeInstanceOf(SharingMap);
  expect([large.size, [...large.keys()].length, [...large.values()].length]).toEqual([1000, 1000, 1000]);
});

test('two copies differ in the parts that one of them has changed, and in nothing else', () => {
  const before = SharingMap.copyOf(new Map(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i])));
  const after = SharingMap.copyOf(before);
  expect(differingParts(before, after)).toEqual([]);
  after.set('k1', -1);
  after.set('new', 0);
  after.delete('k2');
  const parts = differingParts(before, after);
  const changes = parts.flatMap(([was, is]) => [
    ...[...was].filter(([key, value]) => is.get(key) !== value),
    ...[...is].filter(([key, value]) => was.get(key) !== value),
  ]);
  expect(new Map(changes)).toEqual(new Map(Object.entries({ k1: -1, new: 0, k2: 2 })));
  expect(parts.reduce((sum, [was, is]) => sum + was.size + is.size, 0)).toBeLessThan(300);
});

test('maps that share no parts differ as a whole', () => {
  const [one, other] = [
    new Map([['a', 1]]),
    SharingMap.copyOf(new Map(Array.from({ length: 300 }, (_, i) => [`k${i}`, i]))),
  ];
  expect(differingParts<number>(one, other)).toEqual([[one, other]]);
});
