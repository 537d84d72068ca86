import { ConsumerGroupHeartbeat } from '../../protocol/apis/index.ts';
import type { Api, RequestDraft } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { assignableTopic, joined } from './members.ts';
import type { Side } from './side.ts';

type BeatSide = typeof ConsumerGroupHeartbeat extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type Draft = RequestDraft<typeof ConsumerGroupHeartbeat>;

/** The first heartbeat of a member that reads a topic of two partitions. */
async function first(side: BeatSide): Promise<Draft> {
  const { name } = await assignableTopic(side);
  return {
    groupId: side.name('group'),
    memberId: 'member',
    memberEpoch: 0,
    rebalanceTimeoutMs: 30_000,
    subscribedTopicNames: [name],
    topicPartitions: [],
  };
}

function join(change: Partial<Draft>) {
  return async (side: BeatSide) => void (await side.ask({ ...(await first(side)), ...change }));
}

/** As a member of epoch 2. */
function beat(change: Partial<Draft>, joining: Partial<Draft> = {}) {
  return async (side: BeatSide) => {
    const draft = { ...(await first(side)), ...joining };
    const { memberEpoch } = await side.send(ConsumerGroupHeartbeat, draft);
    await side.ask({ groupId: draft.groupId, memberId: 'member', memberEpoch, ...change });
  };
}

differential(ConsumerGroupHeartbeat, {
  'a first one': join({}),
  'a first one without topics': join({ subscribedTopicNames: [] }),
  'a first one for a topic that is not there': join({ subscribedTopicNames: ['not-there'] }),
  'a first one without a subscription': join({ subscribedTopicNames: null }),
  'a first one without what the member has': join({ topicPartitions: null }),
  'a first one without a rebalance timeout': join({ rebalanceTimeoutMs: -1 }),
  'a first one by range': join({ serverAssignor: 'range' }),
  'a first one by an assignor that is none': join({ serverAssignor: 'none' }),
  'a first one by an empty name': join({ serverAssignor: '' }),
  'a first one of a static member': join({ instanceId: 'i' }),
  'an empty instance id': join({ instanceId: '' }),
  'an empty rack': join({ rackId: '' }),
  'no group': join({ groupId: '' }),
  'an epoch that has no meaning': join({ memberEpoch: -7 }),
  'to a group that is not there': join({ memberEpoch: 1 }),
  'leaving a group that is not there': join({ memberEpoch: -1 }),
  'leaving for a while as a dynamic member': join({ memberEpoch: -2 }),
  'a wrong expression': join({ subscribedTopicNames: null, subscribedTopicRegex: '(' }),
  'an expression that finds nothing': join({
    subscribedTopicNames: null,
    subscribedTopicRegex: 'no-topic-is-called-so',
  }),
  'a second one': beat({}),
  'all of it again': beat({ rebalanceTimeoutMs: 5000, subscribedTopicNames: ['other'], topicPartitions: [] }),
  'other topics': beat({ subscribedTopicNames: ['other'] }),
  'no topics any more': beat({ subscribedTopicNames: [] }),
  'a new assignor': beat({ serverAssignor: 'range' }),
  'of a later epoch': beat({ memberEpoch: 7 }),
  'of the epoch before': beat({
    memberEpoch: 0,
    rebalanceTimeoutMs: 5000,
    subscribedTopicNames: [],
    topicPartitions: [],
  }),
  'of an earlier epoch': beat({ memberEpoch: 1 }),
  'of a stranger': beat({ memberId: 'stranger' }),
  'with an instance id it has not': beat({ instanceId: 'i' }),
  'of a static member': beat({ instanceId: 'i' }, { instanceId: 'i' }),
  'of a static member by another id': beat({ instanceId: 'i', memberId: 'other' }, { instanceId: 'i' }),
  leaving: beat({ memberEpoch: -1 }),
  'leaving as a stranger': beat({ memberEpoch: -1, memberId: 'stranger' }),
  'leaving for a while': beat({ memberEpoch: -2, instanceId: 'i' }, { instanceId: 'i' }),
  'to a group of another kind': async (side) => {
    const draft = await first(side);
    await joined(side, draft.groupId, { protocolType: 'connect' });
    await side.ask(draft);
    await side.ask({ ...draft, memberEpoch: 1 });
  },
  'two members': async (side) => {
    const draft = await first(side);
    await side.ask(draft);
    await side.ask({ ...draft, memberId: 'other' });
    await side.ask({ groupId: draft.groupId, memberId: 'member', memberEpoch: 2 });
  },
});
