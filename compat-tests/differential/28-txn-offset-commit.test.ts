import { AddOffsetsToTxn, ConsumerGroupHeartbeat, OffsetFetch, TxnOffsetCommit } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { assignableTopic } from './members.ts';
import type { Side, Topic } from './side.ts';
import { until } from './warm-up.ts';
import { described, end, transactor, type Transactor } from './transactions.ts';

type CommitSide = typeof TxnOffsetCommit extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type Commit = Parameters<CommitSide['ask']>[0];

const GROUP = 'd-group';
const IMPLICIT_SINCE = 5;
const NOWHERE: Topic = { name: 'no-such-topic-here', topicId: 'bm9uZW5vbmVub25lbm9uZQ' };

const partitions = (committedOffset = 5) => [{ partitionIndex: 0, committedOffset, committedMetadata: 'words' }];

async function offsets(side: CommitSide, groupId: string, { name }: Topic): Promise<void> {
  for (const requireStable of [false, true]) {
    await side.askOf(OffsetFetch, 8, {
      groups: [{ groupId, topics: [{ name, partitionIndexes: [0] }] }],
      requireStable,
    });
  }
}

/** Commits an offset in a transaction, with something changed; with `added`, the group is in the transaction before. */
const commits =
  (change: (self: Transactor, topic: Topic) => Partial<Commit> = () => ({}), added = true) =>
  async (side: CommitSide) => {
    const self = await transactor(side);
    const topic = await side.topic();
    const groupId = side.name(GROUP);
    if (added) await side.askOf(AddOffsetsToTxn, 3, { ...self, groupId });
    await side.ask({
      ...self,
      groupId,
      topics: [{ ...topic, partitions: partitions() }],
      ...change(self, topic),
    });
    await offsets(side, groupId, topic);
    await end(side, self, true, side.version >= IMPLICIT_SINCE ? 2 : 1);
    await offsets(side, groupId, topic);
  };

/** As the member of a consumer group that has come from epoch 1 to a later one with a second topic. */
const asMember =
  (change: (epoch: number, first: Topic, second: Topic) => Partial<Commit>) => async (side: CommitSide) => {
    const self = await transactor(side);
    const [first, second] = [await assignableTopic(side), await assignableTopic(side, 'second')];
    const groupId = side.name(GROUP);
    const beat = (memberEpoch: number, names: string[], owned: Topic[]) =>
      side.send(ConsumerGroupHeartbeat, {
        groupId,
        memberId: 'member',
        memberEpoch,
        rebalanceTimeoutMs: 30_000,
        subscribedTopicNames: names,
        topicPartitions: owned.map(({ topicId }) => ({ topicId, partitions: [0, 1] })),
      });
    const joined = await beat(0, [first.name], []);
    let epoch = joined.memberEpoch;
    await until(async () => {
      epoch = (await beat(epoch, [first.name, second.name], [first])).memberEpoch;
      return epoch > joined.memberEpoch;
    });
    await side.ask({
      ...self,
      groupId,
      memberId: 'member',
      generationIdOrMemberEpoch: epoch,
      topics: [{ ...first, partitions: partitions() }],
      ...change(joined.memberEpoch, first, second),
    });
    await offsets(side, groupId, first);
  };

differential(TxnOffsetCommit, {
  'a member in its epoch': asMember(() => ({})),
  'a member ahead of its epoch': asMember((epoch) => ({ generationIdOrMemberEpoch: epoch + 10 })),
  'a member in an earlier epoch, of what it had then': asMember((epoch) => ({ generationIdOrMemberEpoch: epoch })),
  'a member in an earlier epoch, of what it got since': asMember((epoch, _first, second) => ({
    generationIdOrMemberEpoch: epoch,
    topics: [{ ...second, partitions: partitions() }],
  })),
  'a member without an epoch': asMember(() => ({ generationIdOrMemberEpoch: -1 })),
  'an epoch without a member': asMember((epoch) => ({ generationIdOrMemberEpoch: epoch, memberId: '' })),
  'neither member nor epoch': asMember(() => ({ generationIdOrMemberEpoch: -1, memberId: '' })),
  'a stranger in a group with members': asMember(() => ({ memberId: 'stranger' })),
  'an offset': commits(),
  'an offset, without the group in the transaction': commits(() => ({}), false),
  'an empty group': commits(() => ({ groupId: '' })),
  'the epoch after': commits(({ producerEpoch }) => ({ producerEpoch: producerEpoch + 1 })),
  'an epoch of -1': commits(() => ({ producerEpoch: -1 })),
  'a producer id that is not its own': commits(({ producerId }) => ({ producerId: producerId + 4_000_000 })),
  'a producer id of -1': commits(() => ({ producerId: -1 })),
  'an unknown transactional id': commits(({ transactionalId }) => ({ transactionalId: `${transactionalId}-unknown` })),
  'an empty transactional id': commits(() => ({ transactionalId: '' })),
  'no topics': commits(() => ({ topics: [] })),
  'a topic without partitions': commits((_self, topic) => ({ topics: [{ ...topic, partitions: [] }] })),
  'an unknown topic': commits(() => ({
    topics: [{ ...NOWHERE, partitions: partitions() }],
  })),
  'an unknown topic beside a known one': commits((_self, topic) => ({
    topics: [
      { ...topic, partitions: partitions() },
      { ...NOWHERE, partitions: partitions() },
    ],
  })),
  'an unknown partition': commits((_self, topic) => ({
    topics: [
      { ...topic, partitions: [...partitions(), { partitionIndex: 9, committedOffset: 1, committedMetadata: null }] },
    ],
  })),
  'a negative offset': commits((_self, topic) => ({ topics: [{ ...topic, partitions: partitions(-1) }] })),
  'long metadata': commits((_self, topic) => ({
    topics: [
      { ...topic, partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: 'x'.repeat(5000) }] },
    ],
  })),
  'null metadata': commits((_self, topic) => ({
    topics: [{ ...topic, partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }] }],
  })),
  'an epoch of the leader': commits((_self, topic) => ({
    topics: [{ ...topic, partitions: [{ ...partitions()[0], committedLeaderEpoch: 3 }] }],
  })),
  'a member nobody knows': commits(() => ({ memberId: 'stranger', generationIdOrMemberEpoch: 1 })),
  'a generation without a member': commits(() => ({ generationIdOrMemberEpoch: 3 })),
  'a member without a generation': commits(() => ({ memberId: 'stranger' })),
  'an instance nobody knows': commits(() => ({
    groupInstanceId: 'instance',
    memberId: 'stranger',
    generationIdOrMemberEpoch: 1,
  })),
  'of a fenced instance': async (side) => {
    const old = await transactor(side);
    const groupId = side.name(GROUP);
    const topic = await side.topic();
    await side.askOf(AddOffsetsToTxn, 3, { ...old, groupId });
    await transactor(side);
    await side.ask({ ...old, groupId, topics: [{ ...topic, partitions: partitions() }] });
    await offsets(side, groupId, topic);
  },
  'twice, and aborted': async (side) => {
    const self = await transactor(side);
    const groupId = side.name(GROUP);
    const topic = await side.topic();
    await side.askOf(AddOffsetsToTxn, 3, { ...self, groupId });
    for (const offset of [3, 8]) {
      await side.ask({ ...self, groupId, topics: [{ ...topic, partitions: partitions(offset) }] });
    }
    await described(side, self);
    await end(side, self, false, side.version >= IMPLICIT_SINCE ? 2 : 1);
    await offsets(side, groupId, topic);
  },
});
