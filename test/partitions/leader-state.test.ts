import { expect, test } from 'vitest';
import { LeaderState } from '../../src/partitions/leader-state.ts';

/**
 * One line a step, and behind the arrow the high watermark that follows. `append 5`: the leader's own end; `2 has 3`: follower
 * 2 fetches from 3 on; `isr 1 2 of 1 2 3`: in sync, of all replicas, 1 leads; `proposed 3`: may be in sync, too.
 */
function transcript(minInsyncReplicas: number, steps: string): string {
  let leader: LeaderState | null = null;
  let [highWatermark, ownEnd] = [0, 0];
  const lines = steps
    .trim()
    .split('\n')
    .map((line) => line.split('→')[0].trim());
  return lines
    .map((step) => {
      const words = step.split(' ');
      const numbers = (from: string, to = '') =>
        step
          .split(from)[1]
          .split(to === '' ? '\n' : to)[0]
          .trim()
          .split(' ')
          .map(Number);
      if (words[0] === 'append') ownEnd = Number(words[1]);
      else if (words[1] === 'has') leader!.noteFetch(Number(words[0]), Number(words[2]));
      else {
        const inSync = numbers('isr', ' of');
        const replicas = numbers(' of ', ' proposed');
        const proposed = step.includes('proposed') ? numbers('proposed') : [];
        const term = {
          leaderEpoch: 3,
          replicas: replicas.length,
          inSyncReplicas: inSync.length,
          followers: replicas.filter((id) => id !== 1),
          maximalIsr: [...inSync, ...proposed].filter((id) => id !== 1),
        };
        if (leader === null) leader = new LeaderState(term);
        else leader.update(term);
      }
      highWatermark = leader!.highWatermark(highWatermark, ownEnd, minInsyncReplicas);
      return `${step} → ${highWatermark}`;
    })
    .join('\n');
}

/** As `transcript` writes it. */
function lines(steps: string): string {
  return steps.trim().replaceAll(/^ +/gm, '').replaceAll(/ +→/g, ' →');
}

test('alone, what the leader has is committed', () => {
  const steps = lines(`
    isr 1 of 1 → 0
     append 5   → 5
     append 9   → 9`);
  expect(transcript(1, steps)).toBe(steps);
});

test('a record is committed when all that are in sync have it, and no follower is asked twice', () => {
  const steps = lines(`
    isr 1 2 3 of 1 2 3 → 0
     append 5 → 0
     2 has 5  → 0
     3 has 3  → 3
     3 has 5  → 5
     2 has 5  → 5`);
  expect(transcript(1, steps)).toBe(steps);
});

test('a follower that has not fetched in this term holds the high watermark where it is', () => {
  const steps = lines(`
    isr 1 2 of 1 2 → 0
     append 5 → 0
     2 has 0  → 0
     2 has 5  → 5`);
  expect(transcript(1, steps)).toBe(steps);
});

test('one that is not in sync is not waited for; one that is proposed is', () => {
  const steps = lines(`
    isr 1 2 of 1 2 3 → 0
     append 5 → 0
     2 has 5  → 5
     isr 1 2 of 1 2 3 proposed 3 → 5
     append 7 → 5
     2 has 7  → 5
     3 has 7  → 7`);
  expect(transcript(1, steps)).toBe(steps);
});

test('with fewer in sync than min.insync.replicas it stands, and goes on when they are back', () => {
  const steps = lines(`
    isr 1 2 of 1 2 → 0
     append 5 → 0
     2 has 5  → 5
     isr 1 of 1 2 → 5
     append 8 → 5
     isr 1 2 of 1 2 → 5
     2 has 8  → 8`);
  expect(transcript(2, steps)).toBe(steps);
});

test('more than the replicas there are is never asked for', () => {
  const steps = lines(`
    isr 1 of 1 → 0
     append 5 → 5`);
  expect(transcript(2, steps)).toBe(steps);
});

test('a follower that goes back to an older end takes nothing back', () => {
  const steps = lines(`
    isr 1 2 of 1 2 → 0
     append 5 → 0
     2 has 5  → 5
     2 has 2  → 5`);
  expect(transcript(1, steps)).toBe(steps);
});

test('a broker that is no replica is not noted, and one that leaves is forgotten', () => {
  const leader = new LeaderState({ leaderEpoch: 1, replicas: 2, inSyncReplicas: 2, followers: [2] });
  expect([leader.noteFetch(9, 5), leader.noteFetch(2, 5), leader.endOffsetOf(2)]).toEqual([false, true, 5]);
  leader.update({ leaderEpoch: 1, replicas: 2, inSyncReplicas: 1, followers: [3] });
  expect([leader.endOffsetOf(2), leader.endOffsetOf(3)]).toEqual([null, -1]);
  expect(() => leader.update({ leaderEpoch: 2, replicas: 2, inSyncReplicas: 1 })).toThrow('leader epoch 2');
});
