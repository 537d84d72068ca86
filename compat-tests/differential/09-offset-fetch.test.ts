import { OffsetCommit, OffsetFetch } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { joined } from './members.ts';
import type { Side, Topic } from './side.ts';

type FetchSide = typeof OffsetFetch extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

interface Asked {
  readonly groupId?: string;
  readonly memberId?: string | null;
  readonly memberEpoch?: number;
  readonly requireStable?: boolean;
  readonly topics: (Topic & { partitionIndexes: number[] })[] | null;
}

/** The same question in the form for one group (up to v7) and for many. */
async function ask(
  side: FetchSide,
  { groupId = side.name('group'), memberId = null, memberEpoch = -1, requireStable, topics }: Asked,
) {
  await side.ask({
    groupId,
    topics: side.version < 8 ? topics : [],
    groups: [{ groupId, memberId, memberEpoch, topics }],
    requireStable,
  });
}

/** A topic of three partitions; offsets of two of them are committed. */
async function committed(side: FetchSide, groupId = side.name('group')): Promise<Topic> {
  const topic = await side.topic('topic', { partitions: 3 });
  const partitions = [0, 1].map((partitionIndex) => ({
    partitionIndex,
    committedOffset: 7,
    committedLeaderEpoch: 0,
    committedMetadata: 'm',
  }));
  await side.send(OffsetCommit, { groupId, memberId: '', topics: [{ ...topic, partitions }] });
  return topic;
}

const nowhere: Topic = { name: 'no-such-topic-here', topicId: 'bm9uZW5vbmVub25lbm9uZQ' };

differential(OffsetFetch, {
  'what is committed and what is not': async (side) =>
    ask(side, { topics: [{ ...(await committed(side)), partitionIndexes: [0, 1, 2, 9, -1] }] }),
  'all there is': async (side) => {
    await committed(side);
    await ask(side, { topics: null });
  },
  'only stable offsets': async (side) =>
    ask(side, { requireStable: true, topics: [{ ...(await committed(side)), partitionIndexes: [0] }] }),
  nothing: (side) => ask(side, { topics: [] }),
  'no partitions of a topic': async (side) =>
    ask(side, { topics: [{ ...(await committed(side)), partitionIndexes: [] }] }),
  'a partition twice': async (side) =>
    ask(side, { topics: [{ ...(await committed(side)), partitionIndexes: [0, 0] }] }),
  'a topic twice': async (side) => {
    const topic = await committed(side);
    await ask(side, {
      topics: [
        { ...topic, partitionIndexes: [0] },
        { ...topic, partitionIndexes: [1] },
      ],
    });
  },
  'a topic that is not there': (side) => ask(side, { topics: [{ ...nowhere, partitionIndexes: [0] }] }),
  'a topic that is not there beside one that is': async (side) =>
    ask(side, {
      topics: [
        { ...nowhere, partitionIndexes: [0] },
        { ...(await committed(side)), partitionIndexes: [0] },
      ],
    }),
  'a topic without a name or id': (side) =>
    ask(side, { topics: [{ name: '', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitionIndexes: [0] }] }),
  'a group that is not there': (side) => ask(side, { groupId: side.name('none'), topics: null }),
  'a group without a name': (side) => ask(side, { groupId: '', topics: null }),
  'partitions of a group without a name': async (side) =>
    ask(side, { groupId: '', topics: [{ ...(await committed(side)), partitionIndexes: [0] }] }),
  'an epoch of a classic group': async (side) => {
    const topic = await committed(side);
    await joined(side, side.name('group'));
    await ask(side, { memberId: 'm', memberEpoch: 3, topics: [{ ...topic, partitionIndexes: [0] }] });
  },
  'an epoch of a group that is not there': (side) =>
    ask(side, { memberId: 'm', memberEpoch: 3, topics: [{ ...nowhere, partitionIndexes: [0] }] }),
  'an epoch without a member': async (side) =>
    ask(side, { memberEpoch: 3, topics: [{ ...(await committed(side)), partitionIndexes: [0] }] }),
  'a member without an epoch': async (side) =>
    ask(side, { memberId: 'm', topics: [{ ...(await committed(side)), partitionIndexes: [0] }] }),
  'no group': (side) => side.ask({ groups: [] }),
  'two groups': async (side) => {
    const topic = await committed(side);
    const groups = [side.name('group'), side.name('none')].map((groupId) => ({
      groupId,
      topics: [{ ...topic, partitionIndexes: [1] }],
    }));
    await side.ask({ groups });
  },
  'a group twice': async (side) => {
    const topic = await committed(side);
    const group = { groupId: side.name('group'), topics: [{ ...topic, partitionIndexes: [1] }] };
    await side.ask({ groups: [group, group] });
  },
});
