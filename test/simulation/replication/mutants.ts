/** Ways in which replication could be wrong, each to be caught by the checker. They change a class, and put it back. */
import { FollowerLog } from '../../../src/partitions/follower-log.ts';
import { LeaderState, type FollowerFetch, type LeaderTerm } from '../../../src/partitions/leader-state.ts';
import { Partition } from '../../../src/partitions/partition.ts';

export interface Mutant {
  readonly name: string;
  /** Only a machine that loses its power shows it. */
  readonly isPower: boolean;
  /** Answers how to undo it. */
  apply(): () => void;
}

export function mutant<T extends object, Key extends keyof T & string>(
  name: string,
  owner: T,
  key: Key,
  change: (original: T[Key]) => T[Key],
  isPower = false,
): Mutant {
  return {
    name,
    isPower,
    apply() {
      const original = owner[key];
      owner[key] = change(original);
      return () => void (owner[key] = original);
    },
  };
}

export const mutants: readonly Mutant[] = [
  mutant(
    'the high watermark ignores followers',
    LeaderState.prototype,
    'highWatermark',
    () => (current, ownEnd) => Math.max(current, ownEnd),
  ),
  mutant(
    'a follower does not say which epoch it has, so that nothing diverges',
    FollowerLog.prototype,
    'epochOf',
    () => () => -1,
  ),
  mutant(
    'a follower cuts its log down to the high watermark when it has a new leader',
    Partition.prototype,
    'follow',
    (original) =>
      function (this: Partition, leaderEpoch) {
        original.call(this, leaderEpoch);
        new FollowerLog(this).truncateTo(this.highWatermark);
      },
  ),
  mutant('a follower is not cut where logs part', FollowerLog.prototype, 'truncateTo', () => () => {}),
  mutant(
    'a fetch of a process that is no more counts',
    LeaderState.prototype,
    'noteFetch',
    (original) =>
      function (this: LeaderState, fetch: FollowerFetch, leaderEnd, nowMs) {
        return original.call(this, { ...fetch, brokerEpoch: -1 }, leaderEnd, nowMs);
      },
  ),
  mutant(
    'a follower joins wherever its log ends',
    LeaderState.prototype,
    'expansion',
    (original) =>
      function (this: LeaderState, followerId, highWatermark) {
        const endOffset = this.endOffsetOf(followerId)!;
        const note = (end: number) => this.noteFetch({ followerId, endOffset: end, brokerEpoch: -1 }, end, 0);
        note(Number.MAX_SAFE_INTEGER);
        const proposal = original.call(this, followerId, highWatermark);
        note(endOffset);
        return proposal;
      },
  ),
  mutant(
    'a leader goes on in another epoch with what it knew of its followers',
    Partition.prototype,
    'lead',
    (original) =>
      function (this: Partition, term: LeaderTerm) {
        const ends = new Map((term.followers ?? []).map((id) => [id, this.leaderState?.endOffsetOf(id) ?? -1]));
        original.call(this, term);
        for (const [followerId, endOffset] of ends)
          if (endOffset >= 0) this.noteFollowerFetch({ followerId, endOffset, brokerEpoch: -1 });
      },
  ),
  mutant('in-sync replicas are never taken out', LeaderState.prototype, 'shrinkage', () => () => null),
  mutant('a follower is never taken in again', LeaderState.prototype, 'expansion', () => () => null),
  mutant(
    'a leader that is deposed goes on',
    Partition.prototype,
    'follow',
    (original) =>
      function (this: Partition, leaderEpoch) {
        if (!this.isLeader) original.call(this, leaderEpoch);
      },
  ),
  mutant(
    'a follower asks on before its disk has what it was given',
    FollowerLog.prototype,
    'append',
    (original) =>
      function (this: FollowerLog, bytes, at, length) {
        void original.call(this, bytes, at, length);
        return null;
      },
    true,
  ),
];
