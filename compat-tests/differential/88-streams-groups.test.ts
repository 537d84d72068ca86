import { IncrementalAlterConfigs, StreamsGroupDescribe, StreamsGroupHeartbeat } from '../../protocol/apis/index.ts';
import type { Api, RequestDraft } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { assignableTopic, joined } from './members.ts';
import type { Side } from './side.ts';

type SideOf<A> = A extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type BeatSide = SideOf<typeof StreamsGroupHeartbeat>;
type DescribeSide = SideOf<typeof StreamsGroupDescribe>;
type Draft = RequestDraft<typeof StreamsGroupHeartbeat>;
type Topology = NonNullable<Draft['topology']>;
type Subtopology = Topology['subtopologies'][number];
type Prepared = Pick<Side, 'name' | 'send' | 'topic'>;

const GROUP_CONFIG = 32;
const SET = 0;
const MEMBER = 'member';
const NO_TASKS = { activeTasks: [], standbyTasks: [], warmupTasks: [] };

const info = (name: string, partitions = 0) => ({ name, partitions, replicationFactor: 0, topicConfigs: [] });
const active = (...partitions: number[]) => ({ ...NO_TASKS, activeTasks: [{ subtopologyId: '0', partitions }] });

function topologyOf(change: Partial<Subtopology>, epoch = 0): Topology {
  const nothing = { sourceTopicRegex: [], stateChangelogTopics: [], repartitionSinkTopics: [] };
  const more = { repartitionSourceTopics: [], copartitionGroups: [], sourceTopics: [] };
  return { epoch, subtopologies: [{ subtopologyId: '0', ...nothing, ...more, ...change }] };
}

/** Groups assign their first member at once, and not a second after it was assigned last. */
async function configured(side: Prepared, groupId: string, configs: Readonly<Record<string, string>> = {}) {
  const quick = { 'streams.initial.rebalance.delay.ms': '0', 'streams.assignment.interval.ms': '0' };
  const told = Object.entries({ ...quick, ...configs });
  const all = told.map(([name, value]) => ({ name, configOperation: SET, value }));
  const resources = [{ resourceType: GROUP_CONFIG, resourceName: groupId, configs: all }];
  await side.send(IncrementalAlterConfigs, { resources, validateOnly: false });
}

/** The first heartbeat of a member that reads a topic of two partitions. */
async function first(side: Prepared, configs: Readonly<Record<string, string>> = {}): Promise<Draft> {
  const groupId = side.name('group');
  await configured(side, groupId, configs);
  const { name } = await assignableTopic(side);
  return {
    groupId,
    memberId: MEMBER,
    memberEpoch: 0,
    endpointInformationEpoch: 0,
    rebalanceTimeoutMs: 30_000,
    topology: topologyOf({ sourceTopics: [name] }),
    processId: 'process',
    ...NO_TASKS,
  };
}

function join(change: Partial<Draft>) {
  return async (side: BeatSide) => void (await side.ask({ ...(await first(side)), ...change }));
}

/** With another topology, which may name the topic that is there. */
function joinWith(topology: (name: string) => Partial<Subtopology>) {
  return async (side: BeatSide) => {
    const draft = await first(side);
    await side.ask({ ...draft, topology: topologyOf(topology(side.name('topic'))) });
  };
}

/** As a member that has joined. */
function beat(change: Partial<Draft>, joining: Partial<Draft> = {}, configs: Readonly<Record<string, string>> = {}) {
  return async (side: BeatSide) => {
    const draft = { ...(await first(side, configs)), ...joining };
    const { memberEpoch } = await side.send(StreamsGroupHeartbeat, draft);
    const { groupId } = draft;
    await side.ask({ groupId, memberId: MEMBER, memberEpoch, endpointInformationEpoch: 0, ...change });
  };
}

differential(StreamsGroupHeartbeat, {
  'a first one': join({}),
  'a first one without a topology': join({ topology: null }),
  'a first one without a rebalance timeout': join({ rebalanceTimeoutMs: -1 }),
  'a first one without a process': join({ processId: null }),
  'a first one with tasks': join(active(0)),
  'a first one without standby tasks': join({ standbyTasks: null }),
  'a first one of a static member': join({ instanceId: 'i' }),
  'a first one with an endpoint and tags': join({
    userEndpoint: { host: 'here', port: 1234 },
    clientTags: [{ key: 'zone', value: 'a' }],
  }),
  'a first one that shuts the application down': join({ shutdownApplication: true }),
  'no member id': join({ memberId: '' }),
  'no group': join({ groupId: '' }),
  'an empty instance id': join({ instanceId: '' }),
  'an empty rack': join({ rackId: '' }),
  'an epoch that has no meaning': join({ memberEpoch: -7 }),
  'to a group that is not there': join({ memberEpoch: 1, topology: null }),
  'leaving a group that is not there': join({ memberEpoch: -1, topology: null }),
  'leaving for a while as a dynamic member': join({ memberEpoch: -2, topology: null }),
  'a topology without subtopologies': join({ topology: { epoch: 0, subtopologies: [] } }),
  'a topic that is not there': joinWith(() => ({ sourceTopics: ['not-there'] })),
  'an expression': joinWith(() => ({ sourceTopicRegex: ['.*'] })),
  'a changelog with partitions': joinWith((name) => ({ sourceTopics: [name], stateChangelogTopics: [info('log', 3)] })),
  'an internal topic of Kafka': joinWith(() => ({ sourceTopics: ['__consumer_offsets'] })),
  'a name that no topic has': joinWith(() => ({ sourceTopics: ['a b'] })),
  'a repartition topic without a size': joinWith((name) => ({
    sourceTopics: [name],
    repartitionSourceTopics: [info('repartition')],
  })),
  'a second one': beat({}),
  'the tasks it has': beat(active(0, 1)),
  'a task that is not there': beat(active(7)),
  'tasks of a subtopology that is not there': beat({
    ...NO_TASKS,
    activeTasks: [{ subtopologyId: '9', partitions: [0] }],
  }),
  'a topology again': beat({ topology: topologyOf({ sourceTopics: ['other'] }) }),
  'of a later epoch': beat({ memberEpoch: 77 }),
  'of a stranger': beat({ memberId: 'stranger' }),
  'with an instance id it has not': beat({ instanceId: 'i' }),
  'of a static member': beat({ instanceId: 'i' }, { instanceId: 'i' }),
  'of a static member by another id': beat({ instanceId: 'i', memberId: 'other' }, { instanceId: 'i' }),
  leaving: beat({ memberEpoch: -1 }),
  'leaving as a stranger': beat({ memberEpoch: -1, memberId: 'stranger' }),
  'leaving for a while': beat({ memberEpoch: -2, instanceId: 'i' }, { instanceId: 'i' }),
  'before its first assignment': beat({}, {}, { 'streams.initial.rebalance.delay.ms': '60000' }),
  'another topology': async (side) => {
    const draft = await first(side);
    await side.send(StreamsGroupHeartbeat, draft);
    await side.ask({ ...draft, memberId: 'other', topology: topologyOf({ sourceTopics: ['not-there'] }) });
    await side.ask({ ...draft, memberId: 'third', topology: topologyOf({ sourceTopics: ['not-there'] }, 1) });
  },
  'to a group of another kind': async (side) => {
    const draft = await first(side);
    await joined(side, draft.groupId);
    await side.ask(draft);
    await side.ask({ groupId: draft.groupId, memberId: MEMBER, memberEpoch: 1, endpointInformationEpoch: 0 });
  },
});

/** A group with a member. */
function described(change: Partial<Draft> = {}, more: Partial<RequestDraft<typeof StreamsGroupDescribe>> = {}) {
  return async (side: DescribeSide) => {
    const draft = await first(side);
    await side.send(StreamsGroupHeartbeat, { ...draft, ...change });
    await side.ask({ groupIds: [draft.groupId], includeAuthorizedOperations: false, ...more });
  };
}

differential(StreamsGroupDescribe, {
  'a group with a member': described(),
  'what is allowed': described({}, { includeAuthorizedOperations: true }),
  'a static member in a rack, with an endpoint and tags': described({
    instanceId: 'i',
    rackId: 'r',
    userEndpoint: { host: 'here', port: 1234 },
    clientTags: [{ key: 'zone', value: 'a' }],
  }),
  'a topic that is not there': described({ topology: topologyOf({ sourceTopics: ['not-there'] }) }),
  'a group that is empty': async (side) => {
    const draft = await first(side);
    await side.send(StreamsGroupHeartbeat, draft);
    const { groupId } = draft;
    await side.send(StreamsGroupHeartbeat, { groupId, memberId: MEMBER, memberEpoch: -1, endpointInformationEpoch: 0 });
    await side.ask({ groupIds: [groupId], includeAuthorizedOperations: false });
  },
  'a group that is not there': (side) => side.ask({ groupIds: [side.name('none')], includeAuthorizedOperations: true }),
  'a group without a name': (side) => side.ask({ groupIds: [''], includeAuthorizedOperations: false }),
  'a group twice': (side) => side.ask({ groupIds: ['none', 'none'], includeAuthorizedOperations: false }),
  nothing: (side) => side.ask({ groupIds: [], includeAuthorizedOperations: false }),
  'a classic group': async (side) => {
    const groupId = side.name('group');
    await joined(side, groupId);
    await side.ask({ groupIds: [groupId], includeAuthorizedOperations: false });
  },
});
