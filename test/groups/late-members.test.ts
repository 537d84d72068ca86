import { expect, test } from 'vitest';
import { LateMembers } from '../../src/groups/modern/late-members.ts';

/** Members by name, and whether each is late. */
function group(count: number): Map<string, boolean> {
  return new Map(Array.from({ length: count }, (_, i) => [`m${i}`, true]));
}

test('members that settle one after the other are looked at twice each, in whatever order', () => {
  for (const names of [[...group(1000).keys()], [...group(1000).keys()].toReversed()]) {
    const members = group(1000);
    const late = new LateMembers(members);
    let looked = 0;
    const isLate = (is: boolean): boolean => (looked++, is);
    for (const name of names) {
      expect(late.isAny(isLate)).toBe(true);
      members.set(name, false);
    }
    expect(late.isAny(isLate)).toBe(false);
    expect(looked).toBeLessThanOrEqual(4000); // and once for each of the thousand questions
  }
});

test('a member that comes, goes or falls behind is seen', () => {
  const members = group(3);
  const late = new LateMembers(members);
  const isAny = (): boolean => late.isAny((is) => is);
  for (const name of ['m0', 'm1']) members.set(name, false);
  expect(isAny()).toBe(true);
  members.delete('m2');
  members.set('m3', true);
  expect(isAny()).toBe(true);
  members.set('m3', false);
  members.set('m0', true);
  expect(isAny()).toBe(true);
  members.set('m0', false);
  expect(isAny()).toBe(false);
});

test('a group without members has none that is late', () => {
  expect(new LateMembers(new Map()).isAny(() => true)).toBe(false);
});
