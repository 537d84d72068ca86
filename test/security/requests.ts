/** A request of each API that names what some may use and others not. */
import { encodeBatch } from '../../protocol/records/encode.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';

/** The names that requests and ACLs speak of. Nothing is called `ghost`. */
export const NAMES = {
  topics: ['perm-one', 'perm-two', 'perm-ghost'],
  groups: ['perm-group-one', 'perm-group-two'],
  transactionalIds: ['perm-id-one', 'perm-id-two'],
} as const;

/** What a broker has chosen, and a number that no other request has. */
export interface World {
  readonly nodeId: number;
  readonly idOf: (topic: string) => string;
  readonly serial: number;
}

type Draft = Readonly<Record<string, unknown>>;
type Make = (world: World) => Draft;

const [one, two, ghost] = NAMES.topics;
const [groupOne, groupTwo] = NAMES.groups;
const [idOne, idTwo] = NAMES.transactionalIds;
const topics = [one, two, ghost];
const DEADLINE = { timeoutMs: 10_000 };
/** Of a topic that does not exist, in a form that Kafka takes. */
const UNKNOWN_ID = 'Yzuwlcq0QZum8IWZW66tIA';

const batch = encodeBatch({ records: [{ key: null, value: Buffer.from('v'), timestamp: Date.now() }] });
const idsOf = ({ idOf }: World) => [...topics.map(idOf), UNKNOWN_ID];
/** Kafka trips over ids that it does not know. */
const knownIdsOf = ({ idOf }: World) => [one, two].map(idOf);
const named = (world: World, more: (name: string) => Draft): Draft[] =>
  topics.map((name) => ({ name, topic: name, topicName: name, topicId: world.idOf(name), ...more(name) }));
const cluster = { clusterId: null };

export const REQUESTS: Readonly<Record<string, Make>> = {
  Produce: (world) => ({
    transactionalId: null,
    acks: -1,
    ...DEADLINE,
    topicData: named(world, () => ({ partitionData: [{ index: 0, records: batch }] })),
  }),
  Fetch: (world) => ({
    replicaId: -1,
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1000,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    rackId: '',
    forgottenTopicsData: [],
    topics: named(world, () => ({ partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 }] })),
  }),
  ListOffsets: (world) => ({
    replicaId: -1,
    topics: named(world, () => ({ partitions: [{ partitionIndex: 0, timestamp: -2 }] })),
    ...DEADLINE,
  }),
  Metadata: () => ({
    topics: topics.map((name) => ({ name })),
    allowAutoTopicCreation: false,
    includeTopicAuthorizedOperations: true,
    includeClusterAuthorizedOperations: true,
  }),
  OffsetCommit: (world) => ({
    groupId: groupOne,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    retentionTimeMs: -1,
    topics: named(world, () => ({ partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }] })),
  }),
  OffsetFetch: (world) => ({
    groupId: groupOne,
    requireStable: false,
    topics: named(world, () => ({ partitionIndexes: [0] })),
    groups: [groupOne, groupTwo].map((groupId) => ({
      groupId,
      topics: named(world, () => ({ partitionIndexes: [0] })),
    })),
  }),
  FindCoordinator: () => ({ key: groupOne, keyType: 0, coordinatorKeys: [groupOne, groupTwo] }),
  JoinGroup: () => ({
    groupId: groupTwo,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: 'nobody',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('000000000000ffffffff', 'hex') }],
  }),
  Heartbeat: () => ({ groupId: groupOne, generationId: 1, memberId: 'nobody' }),
  LeaveGroup: () => ({ groupId: groupOne, memberId: 'nobody', members: [{ memberId: 'nobody' }] }),
  SyncGroup: () => ({
    groupId: groupOne,
    generationId: 1,
    memberId: 'nobody',
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [],
  }),
  DescribeGroups: () => ({ groups: [groupOne, groupTwo], includeAuthorizedOperations: true }),
  ListGroups: () => ({ statesFilter: [], typesFilter: [] }),
  CreateTopics: ({ serial }) => ({
    topics: [one, `perm-one-${serial}`, `perm-two-${serial}`].map(topicToCreate),
    validateOnly: true,
    ...DEADLINE,
  }),
  DeleteTopics: () => ({
    topics: [
      { name: ghost, topicId: ZERO_UUID },
      { name: 'perm-one-ghost', topicId: ZERO_UUID },
      { name: null, topicId: UNKNOWN_ID },
    ],
    topicNames: [ghost, 'perm-one-ghost'],
    ...DEADLINE,
  }),
  DeleteRecords: (world) => ({
    topics: named(world, () => ({ partitions: [{ partitionIndex: 0, offset: 0 }] })),
    ...DEADLINE,
  }),
  InitProducerId: () => ({ transactionalId: null, transactionTimeoutMs: 1000, producerId: -1, producerEpoch: -1 }),
  OffsetForLeaderEpoch: (world) => ({
    replicaId: -1,
    topics: named(world, () => ({ partitions: [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0 }] })),
  }),
  AddPartitionsToTxn: () => ({
    v3AndBelowTransactionalId: idOne,
    v3AndBelowProducerId: 77_777,
    v3AndBelowProducerEpoch: 0,
    v3AndBelowTopics: topics.map((name) => ({ name, partitions: [0] })),
    transactions: [
      { transactionalId: idOne, producerId: 77_777, producerEpoch: 0, topics: [{ name: one, partitions: [0] }] },
    ],
  }),
  AddOffsetsToTxn: () => ({ transactionalId: idOne, producerId: 77_777, producerEpoch: 0, groupId: groupOne }),
  EndTxn: () => ({ transactionalId: idOne, producerId: 77_777, producerEpoch: 0, committed: true }),
  WriteTxnMarkers: () => ({
    markers: [
      {
        producerId: 77_777,
        producerEpoch: 0,
        transactionResult: false,
        coordinatorEpoch: 0,
        topics: [{ name: ghost, partitionIndexes: [0] }],
      },
    ],
  }),
  TxnOffsetCommit: (world) => ({
    transactionalId: idOne,
    groupId: groupOne,
    producerId: 77_777,
    producerEpoch: 0,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: named(world, () => ({ partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }] })),
  }),
  DescribeAcls: () => ({
    resourceTypeFilter: 4,
    resourceNameFilter: null,
    patternTypeFilter: 1,
    principalFilter: 'User:nobody',
    hostFilter: null,
    operation: 1,
    permissionType: 1,
  }),
  CreateAcls: () => ({ creations: [acl(''), acl('x')] }),
  DeleteAcls: () => ({
    filters: [
      {
        resourceTypeFilter: 2,
        resourceNameFilter: 'none',
        patternTypeFilter: 3,
        principalFilter: 'User:nobody',
        hostFilter: null,
        operation: 1,
        permissionType: 1,
      },
    ],
  }),
  DescribeConfigs: ({ nodeId }) => ({
    resources: resources(nodeId).map((each) => ({ ...each, configurationKeys: ['none'] })),
  }),
  AlterConfigs: ({ nodeId }) => ({
    resources: resources(nodeId)
      .filter(({ resourceType }) => resourceType !== 8)
      .map((each) => ({ ...each, configs: [] })),
    validateOnly: true,
  }),
  IncrementalAlterConfigs: ({ nodeId }) => ({
    resources: resources(nodeId)
      .filter(({ resourceType }) => resourceType !== 8)
      .map((each) => ({ ...each, configs: [] })),
    validateOnly: true,
  }),
  AlterReplicaLogDirs: () => ({ dirs: [{ path: '/nowhere', topics: [{ name: one, partitions: [0] }] }] }),
  DescribeLogDirs: () => ({ topics: [] }),
  CreatePartitions: () => ({
    topics: topics.map((name) => ({ name, count: 1, assignments: null })),
    validateOnly: true,
    ...DEADLINE,
  }),
  DeleteGroups: () => ({ groupsNames: ['perm-group-one-ghost', 'perm-group-two-ghost'] }),
  ElectLeaders: () => ({ electionType: 0, topicPartitions: [{ topic: one, partitions: [0] }], ...DEADLINE }),
  AlterPartitionReassignments: () => ({
    topics: [{ name: one, partitions: [{ partitionIndex: 0, replicas: null }] }],
    ...DEADLINE,
  }),
  ListPartitionReassignments: () => ({ topics: [{ name: one, partitionIndexes: [0] }], ...DEADLINE }),
  OffsetDelete: (world) => ({
    groupId: groupOne,
    topics: named(world, () => ({ partitions: [{ partitionIndex: 0 }] })),
  }),
  DescribeClientQuotas: () => ({ components: [{ entityType: 'user', matchType: 0, match: 'none' }], strict: false }),
  AlterClientQuotas: () => ({
    entries: [
      {
        entity: [{ entityType: 'user', entityName: 'u' }],
        ops: [{ key: 'producer_byte_rate', value: 1, remove: false }],
      },
    ],
    validateOnly: true,
  }),
  DescribeUserScramCredentials: () => ({ users: [{ name: 'b' }, { name: 'a' }] }),
  AlterUserScramCredentials: () => ({
    deletions: [
      { name: 'b', mechanism: 1 },
      { name: 'a', mechanism: 1 },
    ],
    upsertions: [],
  }),
  DescribeQuorum: () => ({ topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 1 }] }] }),
  UpdateFeatures: () => ({
    ...DEADLINE,
    featureUpdates: [{ feature: 'none', maxVersionLevel: 1, upgradeType: 1 }],
    validateOnly: true,
  }),
  DescribeCluster: () => ({ includeClusterAuthorizedOperations: true, endpointType: 1 }),
  DescribeProducers: () => ({ topics: [...topics, 'bad name'].map((name) => ({ name, partitionIndexes: [0] })) }),
  UnregisterBroker: () => ({ brokerId: 4711 }),
  DescribeTransactions: () => ({ transactionalIds: [idTwo, idOne] }),
  ListTransactions: () => ({ stateFilters: [], producerIdFilters: [] }),
  ConsumerGroupHeartbeat: () => ({
    groupId: groupTwo,
    memberId: 'nobody',
    memberEpoch: 7,
    subscribedTopicNames: [one],
    topicPartitions: null,
  }),
  ConsumerGroupDescribe: () => ({ groupIds: [groupOne, groupTwo], includeAuthorizedOperations: true }),
  ListConfigResources: () => ({ resourceTypes: [16] }),
  DescribeTopicPartitions: () => ({
    topics: topics.map((name) => ({ name })),
    responsePartitionLimit: 100,
    cursor: null,
  }),
  ShareGroupHeartbeat: () => ({ groupId: groupTwo, memberId: 'nobody', memberEpoch: 7, subscribedTopicNames: [one] }),
  ShareGroupDescribe: () => ({ groupIds: [groupOne, groupTwo], includeAuthorizedOperations: true }),
  ShareFetch: (world) => ({
    groupId: groupTwo,
    memberId: 'AAAAAAAAAAAAAAAAAAAAAQ',
    shareSessionEpoch: 0,
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1000,
    maxRecords: 1,
    batchSize: 1,
    topics: knownIdsOf(world).map((topicId) => ({
      topicId,
      partitions: [{ partitionIndex: 0, partitionMaxBytes: 1000, acknowledgementBatches: [] }],
    })),
    forgottenTopicsData: [],
  }),
  ShareAcknowledge: (world) => ({
    groupId: groupTwo,
    memberId: 'AAAAAAAAAAAAAAAAAAAAAQ',
    shareSessionEpoch: 1,
    topics: knownIdsOf(world).map((topicId) => ({
      topicId,
      partitions: [
        { partitionIndex: 0, acknowledgementBatches: [{ firstOffset: 0, lastOffset: 0, acknowledgeTypes: [1] }] },
      ],
    })),
  }),
  AddRaftVoter: () => ({ ...cluster, ...DEADLINE, voterId: 4711, voterDirectoryId: ZERO_UUID, listeners: [] }),
  RemoveRaftVoter: () => ({ ...cluster, voterId: 4711, voterDirectoryId: ZERO_UUID }),
  InitializeShareGroupState: shareState({ stateEpoch: 1, startOffset: 0 }),
  ReadShareGroupState: shareState({ leaderEpoch: 0 }),
  WriteShareGroupState: shareState({ stateEpoch: 1, leaderEpoch: 0, startOffset: 0, stateBatches: [] }),
  DeleteShareGroupState: shareState({}),
  ReadShareGroupStateSummary: shareState({ leaderEpoch: 0 }),
  DescribeShareGroupOffsets: () => ({
    groups: [groupOne, groupTwo].map((groupId) => ({
      groupId,
      topics: topics.map((topicName) => ({ topicName, partitions: [0] })),
    })),
  }),
  AlterShareGroupOffsets: () => ({
    groupId: groupOne,
    topics: topics.map((topicName) => ({ topicName, partitions: [{ partitionIndex: 0, startOffset: 0 }] })),
  }),
  DeleteShareGroupOffsets: () => ({ groupId: groupOne, topics: topics.map((topicName) => ({ topicName })) }),
  StreamsGroupTopologyDescriptionUpdate: () => ({
    groupId: groupOne,
    memberId: 'nobody',
    topologyEpoch: 0,
    topologyDescription: { subtopologies: [], globalStores: [] },
  }),
  UnregisterController: () => ({ controllerId: 4711 }),
};

/** The same APIs asked otherwise. */
export const VARIANTS: Readonly<Record<string, readonly [api: string, make: Make]>> = {
  'Fetch of a follower': [
    'Fetch',
    (world) => ({ ...REQUESTS.Fetch(world), replicaId: 1, replicaState: { replicaId: 1, replicaEpoch: -1 } }),
  ],
  'Metadata of all topics': ['Metadata', () => ({ topics: null, includeTopicAuthorizedOperations: true })],
  'Metadata by id': [
    'Metadata',
    (world) => ({ topics: idsOf(world).map((topicId) => ({ topicId, name: null })), allowAutoTopicCreation: false }),
  ],
  'OffsetFetch of all topics': [
    'OffsetFetch',
    () => ({ groupId: groupOne, topics: null, groups: [{ groupId: groupOne, topics: null }] }),
  ],
  'FindCoordinator of transactional ids': [
    'FindCoordinator',
    () => ({ key: idOne, keyType: 1, coordinatorKeys: [idTwo, idOne] }),
  ],
  'FindCoordinator of shares': [
    'FindCoordinator',
    () => ({ key: 'g:Yzuwlcq0QZum8IWZW66tIA:0', keyType: 2, coordinatorKeys: ['g:Yzuwlcq0QZum8IWZW66tIA:0'] }),
  ],
  'DescribeTopicPartitions of all topics': [
    'DescribeTopicPartitions',
    () => ({ topics: [], responsePartitionLimit: 100, cursor: null }),
  ],
  'InitProducerId of a transactional id': [
    'InitProducerId',
    () => ({ transactionalId: idTwo, transactionTimeoutMs: -5, producerId: -1, producerEpoch: -1 }),
  ],
  'DescribeShareGroupOffsets of all topics': [
    'DescribeShareGroupOffsets',
    () => ({ groups: [{ groupId: groupOne, topics: null }] }),
  ],
  'CreateTopics with names twice': [
    'CreateTopics',
    ({ serial }) => ({
      topics: [`perm-one-${serial}`, `perm-one-${serial}`, `perm-two-${serial}`].map(topicToCreate),
      validateOnly: true,
      ...DEADLINE,
    }),
  ],
};

function topicToCreate(name: string): Draft {
  return { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
}

function acl(resourceName: string): Draft {
  return {
    resourceType: 2,
    resourceName,
    resourcePatternType: 3,
    principal: 'nobody',
    host: '*',
    operation: 3,
    permissionType: 3,
  };
}

function resources(nodeId: number) {
  return [
    ...topics.map((resourceName) => ({ resourceType: 2, resourceName })),
    { resourceType: 4, resourceName: String(nodeId) },
    { resourceType: 8, resourceName: String(nodeId) },
    { resourceType: 16, resourceName: 'perm-metrics' },
    { resourceType: 32, resourceName: groupOne },
    { resourceType: 32, resourceName: groupTwo },
  ];
}

function shareState(partition: Draft): Make {
  return () => ({ groupId: groupOne, topics: [{ topicId: UNKNOWN_ID, partitions: [{ partition: 0, ...partition }] }] });
}
