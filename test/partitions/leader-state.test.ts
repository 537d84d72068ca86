import { expect, test } from 'vitest';
import { LeaderState, type IsrProposal } from '../../src/partitions/leader-state.ts';

const MAX_LAG_MS = 100;
/** Where the term begins. */
const START = 0;

/**
 * One line a step, and behind the arrow the high watermark that follows, and the followers that are proposed to be in sync. `append
 * 5`: the leader's own end; `2 has 3`: follower 2 fetches from 3 on, `as 8` under that broker epoch; `isr 1 2 of 1 2 3`: in sync, of
 * all replicas, by the image, 1 leads; `at 50`: the time; `look`: who has not kept up; `accepted`, `rejected`, `outdated`: the
 * controller's word on the proposal; `join`: who else has caught up; `2 fenced`, `2 here`, `2 registered 9`: what the image says of brokers.
 */
class Transcript {
  #leader: LeaderState | null = null;
  #highWatermark = 0;
  #ownEnd = START;
  #nowMs = 0;
  #partitionEpoch = 0;
  #proposal: IsrProposal | null = null;
  readonly #fenced = new Set<number>();
  readonly #epochs = new Map<number, number>();
  readonly #minIsr: number;

  constructor(minIsr: number) {
    this.#minIsr = minIsr;
  }

  tell(steps: string): string {
    return steps
      .trim()
      .split('\n')
      .map((line) => line.split('→')[0].trim())
      .map((step) => `${step} → ${this.#after(step)}`)
      .join('\n');
  }

  #after(step: string): string {
    this.#do(step.split(' '));
    const leader = this.#leader!;
    this.#highWatermark = leader.highWatermark(this.#highWatermark, this.#ownEnd, this.#minIsr, this.#nowMs);
    const proposed = this.#proposal?.inSync.map(({ brokerId }) => brokerId) ?? null;
    return `${this.#highWatermark}${proposed === null ? '' : ` proposes ${[1, ...proposed].join(' ')}`}`;
  }

  #do(words: string[]): void {
    const id = Number(words[0]);
    if (words[1] === 'has') return this.#fetch(id, Number(words[2]), words[3] === 'as' ? Number(words[4]) : -1);
    if (words[1] === 'fenced') return void this.#fenced.add(id);
    if (words[1] === 'here') return void this.#fenced.delete(id);
    if (words[1] === 'registered') return void this.#epochs.set(id, Number(words[2]));
    if (words[0] === 'append') this.#ownEnd = Number(words[1]);
    else if (words[0] === 'at') this.#nowMs = Number(words[1]);
    else if (words[0] === 'look') this.#proposal ??= this.#leader!.shrinkage(this.#ownEnd, this.#nowMs);
    else if (words[0] === 'join') this.#proposal ??= this.#leader!.anyExpansion(this.#highWatermark, this.#nowMs);
    else if (words[0] === 'isr') this.#image(words);
    else this.#answer(words[0] as 'accepted' | 'rejected' | 'outdated');
  }

  #fetch(followerId: number, endOffset: number, brokerEpoch: number): void {
    const leader = this.#leader!;
    if (!leader.noteFetch({ followerId, endOffset, brokerEpoch }, this.#ownEnd, this.#nowMs)) return;
    this.#highWatermark = leader.highWatermark(this.#highWatermark, this.#ownEnd, this.#minIsr, this.#nowMs);
    this.#proposal ??= leader.expansion(followerId, this.#highWatermark);
  }

  #image(words: string[]): void {
    const of = words.indexOf('of');
    const inSync = words.slice(1, of).map(Number);
    const replicas = words.slice(of + 1).map(Number);
    const term = {
      leaderEpoch: 3,
      partitionEpoch: this.#partitionEpoch++,
      replicas: replicas.length,
      inSyncReplicas: inSync.length,
      followers: replicas.filter((id) => id !== 1),
      inSync: inSync.filter((id) => id !== 1),
      rules: {
        maxLagMs: MAX_LAG_MS,
        epochOf: (id: number) => this.#epochs.get(id) ?? 1,
        mayJoin: (id: number) => !this.#fenced.has(id),
        isAlive: (id: number) => !this.#fenced.has(id),
      },
    };
    this.#proposal = null;
    if (this.#leader === null) this.#leader = new LeaderState(term, START, this.#nowMs);
    else this.#leader.update(term);
  }

  #answer(kind: 'accepted' | 'rejected' | 'outdated'): void {
    const inSync = this.#proposal!.inSync.map(({ brokerId }) => brokerId);
    const answer = kind === 'accepted' ? { kind, inSync, partitionEpoch: this.#partitionEpoch++ } : { kind };
    this.#leader!.answered(this.#proposal!, answer);
    if (kind !== 'outdated') this.#proposal = null;
  }
}

test.each([
  [
    'alone, what the leader has is committed',
    1,
    `isr 1 of 1 → 0
     append 5   → 5
     append 9   → 9`,
  ],
  [
    'a record is committed when all that are in sync have it, and no follower is asked twice',
    1,
    `isr 1 2 3 of 1 2 3 → 0
     append 5 → 0
     2 has 5  → 0
     3 has 3  → 3
     3 has 5  → 5
     2 has 5  → 5`,
  ],
  [
    'a follower that has not fetched in this term holds the high watermark where it is',
    1,
    `isr 1 2 of 1 2 → 0
     append 5 → 0
     2 has 0  → 0
     2 has 5  → 5`,
  ],
  [
    'one that is not in sync is not waited for; one that has caught up, and is proposed, is',
    1,
    `isr 1 2 of 1 2 3 → 0
     append 5 → 0
     2 has 5  → 5
     3 has 2  → 5
     append 7 → 5
     2 has 7  → 7
     3 has 7  → 7 proposes 1 2 3
     append 9 → 7 proposes 1 2 3
     2 has 9  → 7 proposes 1 2 3
     accepted → 7
     3 has 9  → 9`,
  ],
  [
    'one that is caught up and may join is waited for before it is proposed',
    1,
    `isr 1 2 of 1 2 3 → 0
     append 5 → 0
     3 fenced → 0
     3 has 5  → 0
     2 has 5  → 5
     append 6 → 5
     2 has 6  → 6
     3 here   → 6
     append 8 → 6
     2 has 8  → 6
     3 has 8  → 8 proposes 1 2 3`,
  ],
  [
    'one that falls behind for too long is proposed to leave, and waited for until that is accepted',
    1,
    `isr 1 2 3 of 1 2 3 → 0
     append 5 → 0
     2 has 5  → 0
     3 has 2  → 2
     at 100   → 2
     look     → 2
     2 has 5  → 2
     at 101   → 2
     look     → 2 proposes 1 2
     append 6 → 2 proposes 1 2
     2 has 6  → 2 proposes 1 2
     accepted → 6`,
  ],
  [
    'one that has all is not thrown out, however long nothing comes',
    1,
    `isr 1 2 of 1 2 → 0
     append 5 → 0
     2 has 5  → 5
     at 900   → 5
     look     → 5`,
  ],
  [
    'one that always has what there was at its last fetch keeps up',
    1,
    `isr 1 2 of 1 2 → 0
     append 5 → 0
     2 has 0  → 0
     at 90    → 0
     append 9 → 0
     2 has 5  → 5
     at 180   → 5
     append 12 → 5
     2 has 9  → 9
     look     → 9
     at 191   → 9
     look     → 9 proposes 1`,
  ],
  [
    'a proposal that was refused for good is as if it had never been; one that is outdated counts until the image comes',
    1,
    `isr 1 2 of 1 2 3 → 0
     append 5 → 0
     2 has 5  → 5
     3 has 5  → 5 proposes 1 2 3
     outdated → 5 proposes 1 2 3
     append 6 → 5 proposes 1 2 3
     2 has 6  → 5 proposes 1 2 3
     3 fenced → 5 proposes 1 2 3
     isr 1 2 of 1 2 3 → 6
     3 here   → 6
     3 has 6  → 6 proposes 1 2 3
     rejected → 6`,
  ],
  [
    'a follower may not join below the high watermark',
    1,
    `isr 1 2 of 1 2 3 → 0
     append 5 → 0
     2 has 5  → 5
     3 has 4  → 5
     3 has 5  → 5 proposes 1 2 3`,
  ],
  [
    'a process that is no more says nothing, and one the image knows nothing of may not join yet',
    1,
    `isr 1 2 of 1 2 3 → 0
     append 5 → 0
     2 registered 8 → 0
     2 has 5 as 7 → 0
     2 has 4 as 8 → 4
     3 has 5 as 9 → 4
     2 has 5 as 8 → 5
     3 registered 9 → 5
     3 has 5 as 9 → 5 proposes 1 2 3`,
  ],
  [
    'with fewer in sync than min.insync.replicas it stands, and goes on when they are back',
    2,
    `isr 1 2 of 1 2 → 0
     append 5 → 0
     2 has 5  → 5
     isr 1 of 1 2 → 5
     append 8 → 5
     isr 1 2 of 1 2 → 5
     2 has 8  → 8`,
  ],
  [
    'more than the replicas there are is never asked for',
    2,
    `isr 1 of 1 → 0
     append 5 → 5`,
  ],
  [
    'a follower that goes back to an older end takes nothing back',
    1,
    `isr 1 2 of 1 2 → 0
     append 5 → 0
     2 has 5  → 5
     2 has 2  → 5`,
  ],
  [
    'a follower that has caught up joins without another fetch, once what stood in its way is over',
    2,
    `isr 1 3 of 1 2 3 → 0
     append 4 → 0
     3 has 4 → 4
     2 has 4 → 4 proposes 1 3 2
     isr 1 of 1 2 3 → 4
     join → 4 proposes 1 2
     accepted → 4
     join → 4 proposes 1 2 3
     rejected → 4
     at 101 → 4
     join → 4`,
  ],
])('%s', (_what, minIsr, told) => {
  const steps = told.trim().replaceAll(/^ +/gm, '').replaceAll(/ +→/g, ' →');
  expect(new Transcript(minIsr).tell(steps)).toBe(steps);
});

test('a follower may not join before it has all that the leader began its term with', () => {
  const rules = { maxLagMs: 100, epochOf: () => 1, mayJoin: () => true, isAlive: () => true };
  const term = { leaderEpoch: 1, replicas: 2, inSyncReplicas: 1, followers: [2], inSync: [], rules };
  const leader = new LeaderState(term, 7, 0);
  const has = (endOffset: number) => {
    leader.noteFetch({ followerId: 2, endOffset, brokerEpoch: 1 }, 9, 0);
    return leader.expansion(2, 0);
  };
  expect(has(6)).toBeNull();
  expect(has(7)?.inSync).toEqual([{ brokerId: 2, brokerEpoch: 1 }]);
});

test('an image that is older than the answer to a proposal says nothing', () => {
  const rules = { maxLagMs: 100, epochOf: () => 1, mayJoin: () => true, isAlive: () => true };
  const term = { leaderEpoch: 1, partitionEpoch: 4, replicas: 2, inSyncReplicas: 1, followers: [2], inSync: [], rules };
  const leader = new LeaderState(term);
  leader.noteFetch({ followerId: 2, endOffset: 0, brokerEpoch: 1 }, 0, 0);
  leader.answered(leader.expansion(2, 0)!, { kind: 'accepted', inSync: [2], partitionEpoch: 5 });
  leader.update(term);
  expect([leader.inSyncReplicas, leader.partitionEpoch, leader.highWatermark(0, 9, 1, 0)]).toEqual([2, 5, 0]);
});

test('a broker that is no replica is not noted, and one that leaves is forgotten', () => {
  const leader = new LeaderState({ leaderEpoch: 1, replicas: 2, inSyncReplicas: 2, followers: [2] });
  const note = (followerId: number) => leader.noteFetch({ followerId, endOffset: 5, brokerEpoch: -1 }, 5, 0);
  expect([note(9), note(2), leader.endOffsetOf(2)]).toEqual([false, true, 5]);
  leader.update({ leaderEpoch: 1, replicas: 2, inSyncReplicas: 1, followers: [3] });
  expect([leader.endOffsetOf(2), leader.endOffsetOf(3)]).toEqual([null, -1]);
  expect(() => leader.update({ leaderEpoch: 2, replicas: 2, inSyncReplicas: 1 })).toThrow('leader epoch 2');
});
