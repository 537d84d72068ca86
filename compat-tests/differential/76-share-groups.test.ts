import {
  AlterShareGroupOffsets,
  DeleteShareGroupOffsets,
  DescribeShareGroupOffsets,
  ShareGroupDescribe,
  ShareGroupHeartbeat,
} from '../../protocol/apis/index.ts';
import type { Api, RequestDraft } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { joined } from './members.ts';
import { holding, MEMBER, sharing } from './sharing.ts';
import type { Side } from './side.ts';
import { until } from './warm-up.ts';

type SideOf<A> = A extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type BeatSide = SideOf<typeof ShareGroupHeartbeat>;
type Beat = RequestDraft<typeof ShareGroupHeartbeat>;
type DescribeSide = SideOf<typeof ShareGroupDescribe>;
type OffsetsSide = SideOf<typeof DescribeShareGroupOffsets>;
type AlterSide = SideOf<typeof AlterShareGroupOffsets>;
type DeleteSide = SideOf<typeof DeleteShareGroupOffsets>;

function join(change: Partial<Beat>) {
  return async (side: BeatSide) => {
    const { name } = await side.topic();
    const draft = { groupId: side.name('group'), memberId: MEMBER, memberEpoch: 0, subscribedTopicNames: [name] };
    await side.ask({ ...draft, ...change });
  };
}

/** As a member that has been assigned its partitions. */
function beat(change: Partial<Beat>) {
  return async (side: BeatSide) => {
    const { groupId, memberEpoch } = await sharing(side);
    await side.ask({ groupId, memberId: MEMBER, memberEpoch, subscribedTopicNames: null, ...change });
  };
}

differential(ShareGroupHeartbeat, {
  'a first one for a topic that is not there': join({ subscribedTopicNames: ['not-there'] }),
  'a first one without topics': join({ subscribedTopicNames: [] }),
  'a first one without a subscription': join({ subscribedTopicNames: null }),
  'a first one without a member id': join({ memberId: '' }),
  'a first one with a member id of 36 characters': join({ memberId: 'm'.repeat(36), subscribedTopicNames: ['x'] }),
  'a first one with a member id of 37 characters': join({ memberId: 'm'.repeat(37) }),
  'no group': join({ groupId: '' }),
  'an empty rack': join({ rackId: '' }),
  'an epoch that has no meaning': join({ memberEpoch: -7 }),
  'leaving for a while': join({ memberEpoch: -2 }),
  'to a group that is not there': join({ memberEpoch: 1 }),
  'leaving a group that is not there': join({ memberEpoch: -1 }),
  'a second one': beat({}),
  'of a later epoch': beat({ memberEpoch: 77 }),
  'of a stranger': beat({ memberId: 'stranger' }),
  'no topics any more': beat({ subscribedTopicNames: [] }),
  leaving: beat({ memberEpoch: -1 }),
  'leaving as a stranger': beat({ memberEpoch: -1, memberId: 'stranger' }),
  'to a group of another kind': async (side) => {
    const { name } = await side.topic();
    const groupId = side.name('group');
    await joined(side, groupId);
    await side.ask({ groupId, memberId: MEMBER, memberEpoch: 0, subscribedTopicNames: [name] });
    await side.ask({ groupId, memberId: MEMBER, memberEpoch: 1 });
  },
});

function describe(groupsOf: (groupId: string, side: DescribeSide) => string[], includeAuthorizedOperations = false) {
  return async (side: DescribeSide) => {
    const { groupId } = await sharing(side);
    await side.ask({ groupIds: groupsOf(groupId, side), includeAuthorizedOperations });
  };
}

differential(ShareGroupDescribe, {
  'a group with a member': describe((groupId) => [groupId]),
  'its operations': describe((groupId) => [groupId], true),
  'a group twice': describe((groupId) => [groupId, groupId]),
  'a group that is not there': (side) => side.ask({ groupIds: [side.name('none')], includeAuthorizedOperations: true }),
  'a group without a name': (side) => side.ask({ groupIds: [''], includeAuthorizedOperations: false }),
  nothing: (side) => side.ask({ groupIds: [], includeAuthorizedOperations: false }),
  'a group of another kind': async (side) => {
    const groupId = side.name('classic');
    await joined(side, groupId);
    await side.ask({ groupIds: [groupId], includeAuthorizedOperations: false });
  },
});

/** Of a group that has begun to read the first partition. */
function offsets(topicsOf: (name: string) => { topicName: string; partitions: number[] }[] | null) {
  return async (side: OffsetsSide) => {
    const { groupId, topic } = await holding(side);
    await side.ask({ groups: [{ groupId, topics: topicsOf(topic.name) }] });
  };
}

differential(DescribeShareGroupOffsets, {
  'a partition that is read, and one that is not': offsets((topicName) => [{ topicName, partitions: [0, 1] }]),
  'a partition that there is not': offsets((topicName) => [{ topicName, partitions: [7] }]),
  'a negative partition': offsets((topicName) => [{ topicName, partitions: [-1] }]),
  'a negative partition, and one that is read': offsets((topicName) => [{ topicName, partitions: [0, -1] }]),
  'a topic that there is not': offsets(() => [{ topicName: 'not-there', partitions: [0] }]),
  'a negative partition of a topic that there is not': offsets(() => [{ topicName: 'not-there', partitions: [-1] }]),
  'a negative partition in one of two topics': offsets((topicName) => [
    { topicName, partitions: [0] },
    { topicName: 'not-there', partitions: [-1] },
  ]),
  'no topics': offsets(() => []),
  'a group that is not there': async (side) => {
    const { name } = await side.topic();
    const topics = [{ topicName: name, partitions: [0] }];
    await side.ask({ groups: [{ groupId: side.name('none'), topics }] });
    await side.ask({ groups: [{ groupId: side.name('none'), topics: null }] });
    await side.ask({ groups: [{ groupId: side.name('none'), topics: [{ topicName: name, partitions: [-1] }] }] });
  },
  'a negative partition of one of two groups': async (side) => {
    const { groupId, topic } = await holding(side);
    const group = (partitions: number[]) => ({ groupId, topics: [{ topicName: topic.name, partitions }] });
    await side.ask({ groups: [group([0]), group([-1])] });
  },
  'a group without a name': (side) => side.ask({ groups: [{ groupId: '', topics: null }] }),
  'a group of another kind': async (side) => {
    const groupId = side.name('classic');
    await joined(side, groupId);
    await side.ask({ groups: [{ groupId, topics: null }] });
  },
  nothing: (side) => side.ask({ groups: [] }),
});

/** Of a group without members, whose state is there. */
async function left(side: Pick<Side, 'append' | 'name' | 'send' | 'startedMs' | 'topic'>) {
  const group = await sharing(side);
  await side.send(ShareGroupHeartbeat, { groupId: group.groupId, memberId: MEMBER, memberEpoch: -1 });
  return group;
}

function alter(offsetsOf: (name: string) => { topicName: string; partitions: [number, number][] }[]) {
  return async (side: AlterSide) => {
    const { groupId, topic } = await left(side);
    const topics = offsetsOf(topic.name).map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(([partitionIndex, startOffset]) => ({ partitionIndex, startOffset })),
    }));
    await side.ask({ groupId, topics });
    const asked = [{ topicName: topic.name, partitions: [0, 1] }];
    await side.askOf(DescribeShareGroupOffsets, 0, { groups: [{ groupId, topics: asked }] });
  };
}

differential(AlterShareGroupOffsets, {
  'of a group without members': alter((topicName) => [{ topicName, partitions: [[0, 2]] }]),
  'of two partitions': alter((topicName) => [{ topicName, partitions: [[0, 2], [1, 0]] }]), // prettier-ignore
  'beyond the end': alter((topicName) => [{ topicName, partitions: [[0, 1000]] }]),
  'of a partition that there is not': alter((topicName) => [{ topicName, partitions: [[7, 0]] }]),
  'of a topic that there is not': alter(() => [{ topicName: 'not-there', partitions: [[0, 0]] }]),
  'no topics': alter(() => []),
  'a group with members': async (side) => {
    const { groupId, topic } = await sharing(side);
    const partitions = [{ partitionIndex: 0, startOffset: 1 }];
    await side.ask({ groupId, topics: [{ topicName: topic.name, partitions }] });
  },
  'a group of another kind': async (side) => {
    const { name } = await side.topic();
    const groupId = side.name('classic');
    await joined(side, groupId);
    await side.ask({ groupId, topics: [{ topicName: name, partitions: [{ partitionIndex: 0, startOffset: 0 }] }] });
  },
  'a group without a name': async (side) => {
    const { name } = await side.topic();
    await side.ask({ groupId: '', topics: [{ topicName: name, partitions: [{ partitionIndex: 0, startOffset: 0 }] }] });
  },
});

function remove(namesOf: (name: string) => string[]) {
  return async (side: DeleteSide) => {
    const { groupId, topic } = await left(side);
    await side.ask({ groupId, topics: namesOf(topic.name).map((topicName) => ({ topicName })) });
  };
}

differential(DeleteShareGroupOffsets, {
  'of a topic': remove((name) => [name]),
  'of a topic that there is not': remove(() => ['not-there']),
  'no topics': remove(() => []),
  'of a topic again': async (side) => {
    const { groupId, topic } = await left(side);
    const topics = [{ topicName: topic.name }];
    await until(
      async () => (await side.send(DeleteShareGroupOffsets, { groupId, topics })).responses[0].errorCode === 0,
    );
    await side.ask({ groupId, topics });
  },
  'a group with members': async (side) => {
    const { groupId, topic } = await sharing(side);
    await side.ask({ groupId, topics: [{ topicName: topic.name }] });
  },
  'a group that is not there': (side) => side.ask({ groupId: side.name('none'), topics: [{ topicName: 'x' }] }),
  'a group without a name': (side) => side.ask({ groupId: '', topics: [{ topicName: 'x' }] }),
});
