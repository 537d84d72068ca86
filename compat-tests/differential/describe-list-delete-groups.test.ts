import {
  ConsumerGroupDescribe,
  ConsumerGroupHeartbeat,
  DeleteGroups,
  DescribeGroups,
  ListGroups,
  OffsetCommit,
  OffsetDelete,
} from '../../protocol/apis/index.ts';
import { differential } from './differential.ts';
import { joined } from './members.ts';
import type { Side, Topic } from './side.ts';

type Prepared = Pick<Side, 'name' | 'topic' | 'send'>;

interface Groups {
  readonly stable: string;
  readonly simple: string;
  readonly syncing: string;
  readonly modern: string;
  readonly emptied: string;
  readonly topic: Topic;
}

/** One group with a member, one with offsets only, one that is being joined; two of the consumer protocol. */
async function groups(side: Prepared): Promise<Groups> {
  const words = ['stable', 'simple', 'syncing', 'modern', 'emptied'];
  const [stable, simple, syncing, modern, emptied] = words.map((word) => side.name(word));
  await joined(side, stable);
  await joined(side, syncing, { sync: false, protocolType: 'connect' });
  const topic = await side.topic('topic', { partitions: 2 });
  const partitions = [{ partitionIndex: 0, committedOffset: 7, committedMetadata: '' }];
  await side.send(OffsetCommit, { groupId: simple, memberId: '', topics: [{ ...topic, partitions }] });
  for (const groupId of [modern, emptied]) {
    const member = { groupId, memberId: 'member', rebalanceTimeoutMs: 30_000 };
    await side.send(ConsumerGroupHeartbeat, {
      ...member,
      memberEpoch: 0,
      subscribedTopicNames: [topic.name],
      topicPartitions: [],
    });
  }
  await side.send(ConsumerGroupHeartbeat, { groupId: emptied, memberId: 'member', memberEpoch: -1 });
  return { stable, simple, syncing, modern, emptied, topic };
}

differential(DescribeGroups, {
  'groups in all states': async (side) => {
    const { stable, simple, syncing, modern, emptied } = await groups(side);
    for (const each of [stable, simple, syncing, modern, emptied]) await side.ask({ groups: [each] });
    await side.ask({ groups: [stable, simple, syncing, modern, side.name('none')] });
  },
  operations: async (side) =>
    side.ask({ groups: [(await groups(side)).stable, side.name('none')], includeAuthorizedOperations: true }),
  'a group twice': async (side) => {
    const { stable } = await groups(side);
    await side.ask({ groups: [stable, stable] });
  },
  'a group without a name': (side) => side.ask({ groups: [''] }),
  nothing: (side) => side.ask({ groups: [] }),
});

const states = [
  'Stable',
  'stable',
  'EMPTY',
  'CompletingRebalance',
  'PreparingRebalance',
  'Dead',
  'Unknown',
  'Assigning',
  'Reconciling',
  ' stable ',
  'nonsense',
  '',
];
const types = ['classic', 'Classic', 'consumer', 'CONSUMER', ' consumer', 'share', 'streams', 'nonsense', ''];

differential(ListGroups, {
  'all groups': async (side) => {
    await groups(side);
    await side.ask({});
  },
  'in states and of types, several of each': async (side) => {
    await groups(side);
    await side.ask({ statesFilter: ['EMPTY', 'stable', 'nonsense'] });
    await side.ask({ statesFilter: ['Empty'], typesFilter: ['CONSUMER'] });
    await side.ask({ statesFilter: ['Stable', 'CompletingRebalance'], typesFilter: ['classic', 'consumer'] });
    await side.ask({ statesFilter: ['CompletingRebalance'], typesFilter: ['consumer'] });
    await side.ask({ typesFilter: ['classic', 'nonsense'] });
  },
  ...Object.fromEntries(
    states.map((state) => [
      `in state '${state}'`,
      async (side: Side) => {
        await groups(side);
        await side.ask({ statesFilter: [state] });
      },
    ]),
  ),
  ...Object.fromEntries(
    types.map((type) => [
      `of type '${type}'`,
      async (side: Side) => {
        await groups(side);
        await side.ask({ typesFilter: [type] });
      },
    ]),
  ),
});

differential(DeleteGroups, {
  'groups in all states': async (side) => {
    const { stable, simple, syncing, modern, emptied } = await groups(side);
    await side.ask({ groupsNames: [stable, simple, syncing, modern, emptied, side.name('none')] });
    await side.askOf(DescribeGroups, 5, { groups: [stable, simple, syncing] });
    await side.askOf(ConsumerGroupDescribe, 0, { groupIds: [modern, emptied], includeAuthorizedOperations: false });
  },
  'a group twice': async (side) => {
    const { simple } = await groups(side);
    await side.ask({ groupsNames: [simple, simple] });
  },
  'a group that was deleted': async (side) => {
    const { simple } = await groups(side);
    await side.ask({ groupsNames: [simple] });
    await side.ask({ groupsNames: [simple] });
  },
  'a group without a name': (side) => side.ask({ groupsNames: [''] }),
  nothing: (side) => side.ask({ groupsNames: [] }),
});

differential(OffsetDelete, {
  'committed and not': async (side) => {
    const { simple, topic } = await groups(side);
    const partitions = [0, 1, 9, -1].map((partitionIndex) => ({ partitionIndex }));
    await side.ask({ groupId: simple, topics: [{ name: topic.name, partitions }] });
    await side.ask({ groupId: simple, topics: [{ name: topic.name, partitions }] });
  },
  'of groups of the consumer protocol': async (side) => {
    const { modern, emptied, topic } = await groups(side);
    for (const name of [topic.name, side.name('other')]) {
      await side.ask({ groupId: modern, topics: [{ name, partitions: [{ partitionIndex: 0 }] }] });
      await side.ask({ groupId: emptied, topics: [{ name, partitions: [{ partitionIndex: 0 }] }] });
    }
  },
  'of a group with members': async (side) => {
    const { stable, topic } = await groups(side);
    await side.ask({ groupId: stable, topics: [{ name: topic.name, partitions: [{ partitionIndex: 0 }] }] });
  },
  'of a group of another type': async (side) => {
    const { syncing, topic } = await groups(side);
    await side.ask({ groupId: syncing, topics: [{ name: topic.name, partitions: [{ partitionIndex: 0 }] }] });
  },
  'of a topic that is not there': async (side) =>
    side.ask({
      groupId: (await groups(side)).simple,
      topics: [{ name: side.name('none'), partitions: [{ partitionIndex: 0 }] }],
    }),
  'a partition twice': async (side) => {
    const { simple, topic } = await groups(side);
    await side.ask({
      groupId: simple,
      topics: [{ name: topic.name, partitions: [{ partitionIndex: 0 }, { partitionIndex: 0 }] }],
    });
  },
  'of a group that is not there': (side) =>
    side.ask({ groupId: side.name('none'), topics: [{ name: 'x', partitions: [{ partitionIndex: 0 }] }] }),
  'of a group without a name': (side) =>
    side.ask({ groupId: '', topics: [{ name: 'x', partitions: [{ partitionIndex: 0 }] }] }),
  nothing: async (side) => side.ask({ groupId: (await groups(side)).simple, topics: [] }),
  'no partitions': async (side) => {
    const { simple, topic } = await groups(side);
    await side.ask({ groupId: simple, topics: [{ name: topic.name, partitions: [] }] });
  },
});
