/** Ways in which replication could be wrong, each to be caught by the checker. They change a class, and put it back. */
import { Controller } from '../../../src/cluster/controller.ts';
import { TermMetadataStore } from '../../../src/controllers/term-metadata-store.ts';
import { DirectoryHealth } from '../../../src/log/directory-health.ts';
import { FollowerLog } from '../../../src/partitions/follower-log.ts';
import { LeaderState, type FollowerFetch, type LeaderTerm } from '../../../src/partitions/leader-state.ts';
import { Partition } from '../../../src/partitions/partition.ts';
import { FetchSession } from '../../../src/replication/fetch-session.ts';
import {
  eligibleWithoutPower,
  followerCutOff,
  fullDisk,
  joinsBehind,
  lateFetchOfDeadProcess,
  lateFetchOfEarlierTerm,
  lateProposalOfDeadProcess,
  lateProposalOfEarlierState,
  leaderWithoutPower,
  secondTerm,
  slowDisks,
  type Scene,
} from './scenes.ts';

export interface Mutant {
  readonly name: string;
  /** In which it shows; null: in stories made by chance. */
  readonly scene: Scene | null;
  /** Answers how to undo it. */
  apply(): () => void;
}

export function mutant<T extends object, Key extends keyof T & string>(
  name: string,
  owner: T,
  key: Key,
  change: (original: T[Key]) => T[Key],
  scene: Scene | null = null,
): Mutant {
  return {
    name,
    scene,
    apply() {
      const original = owner[key];
      owner[key] = change(original);
      return () => void (owner[key] = original);
    },
  };
}

type Proposals = Parameters<Controller['alterPartitions']>[0];
type Proposal = Proposals['topics'][number]['partitions'][number];

/** A controller that is given other proposals than it was asked. */
function proposals(
  name: string,
  scene: Scene,
  change: (proposal: Proposal, topicId: string, of: Controller) => Proposal,
) {
  return mutant(
    name,
    Controller.prototype,
    'alterPartitions',
    (original) =>
      function (this: Controller, request) {
        const topics = request.topics.map(({ topicId, partitions }) => ({
          topicId,
          partitions: partitions.map((each) => change(each, topicId, this)),
        }));
        return original.call(this, { ...request, topics });
      },
    scene,
  );
}

/** A controller that registers brokers, and leaves their partitions as they were. */
const registersOnly = (name: string, scene: Scene) =>
  mutant(
    name,
    TermMetadataStore.prototype,
    'append',
    (original) =>
      function (this: TermMetadataStore, drafts, expectedRevision) {
        const registers = drafts.some(({ type }) => type === 'RegisterBrokerRecord');
        const kept = drafts.map((each) =>
          registers && each.type === 'PartitionChangeRecord' ? ({ type: 'NoOpRecord' } as const) : each,
        );
        return original.call(this, kept, expectedRevision);
      },
    scene,
  );

/** Where followers' logs ended when a leader was deposed. */
const remembered = new WeakMap<Partition, ReadonlyMap<number, number>>();

const remembers = mutant(
  'it remembers',
  Partition.prototype,
  'follow',
  (original) =>
    function (this: Partition, leaderEpoch) {
      const ends = [1, 2, 3].map((id) => [id, this.leaderState?.endOffsetOf(id) ?? -1] as const);
      if (this.isLeader) remembered.set(this, new Map(ends));
      original.call(this, leaderEpoch);
    },
);

const goesOn = mutant(
  'it goes on',
  Partition.prototype,
  'lead',
  (original) =>
    function (this: Partition, term: LeaderTerm) {
      const isNew = this.leaderState?.leaderEpoch !== term.leaderEpoch;
      original.call(this, term);
      for (const [followerId, endOffset] of isNew ? (remembered.get(this) ?? []) : [])
        if (endOffset >= 0) this.noteFollowerFetch({ followerId, endOffset, brokerEpoch: -1 });
    },
);

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
    'a fetch of a process that is no more counts',
    LeaderState.prototype,
    'noteFetch',
    (original) =>
      function (this: LeaderState, fetch: FollowerFetch, leaderEnd, nowMs) {
        return original.call(this, { ...fetch, brokerEpoch: -1 }, leaderEnd, nowMs);
      },
    lateFetchOfDeadProcess,
  ),
  mutant(
    'a fetch counts whatever its leader epoch is',
    FetchSession.prototype,
    'next',
    (original) =>
      function (this: FetchSession) {
        const request = original.call(this);
        return { ...request, asked: request.asked.map((each) => ({ ...each, currentLeaderEpoch: -1 })) };
      },
    lateFetchOfEarlierTerm,
  ),
  {
    name: 'a leader goes on in another epoch with what it knew of its followers',
    scene: secondTerm,
    apply() {
      const undo = [remembers.apply(), goesOn.apply()];
      return () => undo.forEach((each) => each());
    },
  },
  mutant(
    'a follower joins wherever its log ends',
    LeaderState.prototype,
    'expansion',
    (original) =>
      function (this: LeaderState, followerId) {
        return original.call(this, followerId, -1);
      },
    joinsBehind,
  ),
  mutant('in-sync replicas are never taken out', LeaderState.prototype, 'shrinkage', () => () => null, followerCutOff),
  mutant(
    'a follower asks on before its disk has what it was given',
    FollowerLog.prototype,
    'append',
    (original) =>
      function (this: FollowerLog, bytes, at, length) {
        void original.call(this, bytes, at, length);
        return null;
      },
    slowDisks,
  ),
  proposals(
    'a proposal counts whatever its partition epoch is',
    lateProposalOfEarlierState,
    (proposal, topicId, { image }) => {
      const { partitionEpoch } = image.topicsById.get(topicId)!.partitions[proposal.partitionIndex];
      return { ...proposal, partitionEpoch };
    },
  ),
  proposals(
    'a proposal counts whatever the broker epochs of its replicas are',
    lateProposalOfDeadProcess,
    (proposal) => ({
      ...proposal,
      newIsrWithEpochs: proposal.newIsrWithEpochs.map((each) => ({ ...each, brokerEpoch: -1 })),
    }),
  ),
  registersOnly('a leader that is started again goes on in its epoch', leaderWithoutPower),
  registersOnly('a replica that was not stopped in order stays eligible', eligibleWithoutPower),
  mutant(
    'a directory whose disk is full is kept',
    DirectoryHealth.prototype,
    'leaveWhenRefusing',
    () => () => {},
    fullDisk,
  ),
];
