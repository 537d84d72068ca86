import { OffsetCommit, OffsetFetch } from '../../protocol/apis/index.ts';
import type { Api, RequestDraft } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { joined } from './members.ts';
import type { Side, Topic } from './side.ts';

type CommitSide = typeof OffsetCommit extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type Draft = RequestDraft<typeof OffsetCommit>;
type Partition = Partial<Draft['topics'][number]['partitions'][number]>;

const NOBODY = { generationIdOrMemberEpoch: -1, memberId: '' };

function of(topic: Topic, ...partitions: Partition[]) {
  const defaults = { partitionIndex: 0, committedOffset: 5, committedLeaderEpoch: 0, committedMetadata: 'm' };
  return { ...topic, partitions: partitions.map((each) => ({ ...defaults, ...each })) };
}

/** Commits one partition, and asks what is committed then. */
function commit(partition: Partition, request: Partial<Draft> = {}) {
  return async (side: CommitSide) => {
    const groupId = side.name('group');
    const topic = await side.topic('topic', { partitions: 2 });
    await side.ask({ groupId, ...NOBODY, topics: [of(topic, partition)], ...request });
    await side.askOf(OffsetFetch, 9, { groups: [{ groupId, topics: null }] });
  };
}

/** The same as a member of a group, with what is changed about it. */
function asMember(change: (member: { generationIdOrMemberEpoch: number; memberId: string }) => Partial<Draft>) {
  return async (side: CommitSide) => {
    const groupId = side.name('group');
    const topic = await side.topic();
    const { memberId, generationId } = await joined(side, groupId);
    const member = { generationIdOrMemberEpoch: generationId, memberId };
    await side.ask({ groupId, ...member, topics: [of(topic, {})], ...change(member) });
  };
}

const nowhere: Topic = { name: 'no-such-topic-here', topicId: 'bm9uZW5vbmVub25lbm9uZQ' };

differential(OffsetCommit, {
  'an offset': commit({}),
  'without metadata': commit({ committedMetadata: null }),
  'empty metadata': commit({ committedMetadata: '' }),
  'metadata of 4096 bytes': commit({ committedMetadata: 'x'.repeat(4096) }),
  'metadata of 4097 bytes': commit({ committedMetadata: 'x'.repeat(4097) }),
  'offset -1': commit({ committedOffset: -1 }),
  'offset -7': commit({ committedOffset: -7 }),
  'a leader epoch of -1': commit({ committedLeaderEpoch: -1 }),
  'a leader epoch of -5': commit({ committedLeaderEpoch: -5 }),
  'a partition that is not there': commit({ partitionIndex: 9 }),
  'a negative partition': commit({ partitionIndex: -1 }),
  'a retention time': commit({}, { retentionTimeMs: 1_000_000 }),
  'an empty group': commit({}, { groupId: '' }),
  'generation 0 of a group that is not there': commit({}, { generationIdOrMemberEpoch: 0, memberId: 'm' }),
  'a member id without a generation': commit({}, { memberId: 'm' }),
  'an instance id without a generation': commit({}, { groupInstanceId: 'i' }),
  'a partition twice': async (side) => {
    const groupId = side.name('group');
    await side.ask({ groupId, ...NOBODY, topics: [of(await side.topic(), {}, { committedOffset: 6 })] });
    await side.askOf(OffsetFetch, 9, { groups: [{ groupId, topics: null }] });
  },
  'a topic twice': async (side) => {
    const topic = await side.topic();
    await side.ask({ groupId: side.name('group'), ...NOBODY, topics: [of(topic, {}), of(topic, {})] });
  },
  'a topic that is not there': (side) =>
    side.ask({ groupId: side.name('group'), ...NOBODY, topics: [of(nowhere, {})] }),
  'a topic that is not there beside one that is': async (side) =>
    side.ask({ groupId: side.name('group'), ...NOBODY, topics: [of(nowhere, {}), of(await side.topic(), {})] }),
  'a topic without a name or id': (side) =>
    side.ask({
      groupId: side.name('group'),
      ...NOBODY,
      topics: [of({ name: '', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }, {})],
    }),
  'a topic without partitions': async (side) =>
    side.ask({ groupId: side.name('group'), ...NOBODY, topics: [of(await side.topic())] }),
  nothing: (side) => side.ask({ groupId: side.name('group'), ...NOBODY, topics: [] }),
  'nothing to an empty group': (side) => side.ask({ groupId: '', ...NOBODY, topics: [] }),

  'as a member': asMember(() => ({})),
  'as a member of another generation': asMember(() => ({ generationIdOrMemberEpoch: 7 })),
  'as a stranger': asMember(() => ({ memberId: 'stranger' })),
  'as nobody, while there are members': asMember(() => NOBODY),
  'as a member with an instance id it has not': asMember(() => ({ groupInstanceId: 'i' })),
});
