/**
 * What the user interfaces and exporters around Kafka ask of a broker, each in its order. One call that fails often blanks a whole
 * page: so each has to be advertised, and answered without an error but for those that the tool expects.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as apis from '../../protocol/apis/index.ts';
import type { Client } from '../../protocol/client.ts';
import type { AnyApi, Api, Draft, Fields } from '../../protocol/schema.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { createTopic, dial, produce } from '../running-broker.ts';
import { anyAcl } from './any-acl.ts';

type Call = readonly [api: AnyApi, draft: unknown];

const call = <Req extends Fields, Res extends Fields>(api: Api<Req, Res>, draft: Draft<Req>): Call => [api, draft];

const TOPIC = 'orders';
const GROUP = 'readers';
const SECURITY_DISABLED = 54;
const NO_REASSIGNMENT_IN_PROGRESS = 85;
/** Codes that are no failure: tools take the first for "there are no ACLs", the second for "nothing to cancel". */
const EXPECTED: ReadonlySet<number> = new Set([0, SECURITY_DISABLED, NO_REASSIGNMENT_IN_PROGRESS]);

const configs = (resourceType: number, resourceName: string) =>
  call(apis.DescribeConfigs, {
    resources: [{ resourceType, resourceName, configurationKeys: null }],
    includeSynonyms: true,
    includeDocumentation: false,
  });
const rule = {
  resourceType: 2,
  resourceName: TOPIC,
  resourcePatternType: 3,
  principal: 'User:a',
  host: '*',
  operation: 3,
  permissionType: 3,
};
const deadline = { timeoutMs: 5000 };
const newTopic = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
const offsets = (timestamp: number) =>
  call(apis.ListOffsets, { replicaId: -1, topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0, timestamp }] }] });

const versions = call(apis.ApiVersions, { clientSoftwareName: 'ui', clientSoftwareVersion: '1.0' });
const cluster = call(apis.DescribeCluster, { includeClusterAuthorizedOperations: true });
const allTopics = call(apis.Metadata, { topics: null, allowAutoTopicCreation: false });
const logDirs = call(apis.DescribeLogDirs, { topics: null });
const acls = call(apis.DescribeAcls, anyAcl);
const createAcls = call(apis.CreateAcls, { creations: [rule] });
const deleteAcls = call(apis.DeleteAcls, { filters: [anyAcl] });
const quotas = call(apis.DescribeClientQuotas, { components: [], strict: false });
const alterQuotas = call(apis.AlterClientQuotas, {
  entries: [
    {
      entity: [{ entityType: 'user', entityName: 'u' }],
      ops: [{ key: 'producer_byte_rate', value: 1e6, remove: false }],
    },
  ],
  validateOnly: false,
});
const credentials = call(apis.DescribeUserScramCredentials, { users: null });
const alterCredentials = call(apis.AlterUserScramCredentials, {
  deletions: [],
  upsertions: [{ name: 'u', mechanism: 1, iterations: 4096, salt: Buffer.from('s'), saltedPassword: Buffer.from('p') }],
});
const groups = call(apis.ListGroups, { statesFilter: [], typesFilter: [] });
const describeGroups = call(apis.DescribeGroups, { groups: [GROUP], includeAuthorizedOperations: false });
const fetchOffsets = call(apis.OffsetFetch, { groups: [{ groupId: GROUP, topics: null }], requireStable: false });
const commitOffsets = call(apis.OffsetCommit, {
  groupId: GROUP,
  memberId: '',
  topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0, committedOffset: 0, committedMetadata: '' }] }],
});
const deleteOffsets = call(apis.OffsetDelete, {
  groupId: GROUP,
  topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0 }] }],
});
const coordinator = call(apis.FindCoordinator, { keyType: 0, coordinatorKeys: [GROUP] });
const createTopicCall = (name: string) =>
  call(apis.CreateTopics, { topics: [{ name, ...newTopic }], validateOnly: false, ...deadline });
const deleteTopicCall = (name: string) =>
  call(apis.DeleteTopics, { topics: [{ name, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }], topicNames: [name], ...deadline });
const growTopic = (name: string) =>
  call(apis.CreatePartitions, { topics: [{ name, count: 3, assignments: null }], validateOnly: false, ...deadline });
const deleteRecords = call(apis.DeleteRecords, {
  topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0, offset: 1 }] }],
  ...deadline,
});
const alterConfigs = call(apis.IncrementalAlterConfigs, {
  resources: [
    {
      resourceType: 2,
      resourceName: TOPIC,
      configs: [{ name: 'retention.ms', configOperation: 0, value: '600000' }],
    },
  ],
  validateOnly: false,
});
const replaceConfigs = call(apis.AlterConfigs, {
  resources: [{ resourceType: 2, resourceName: TOPIC, configs: [{ name: 'retention.ms', value: '600000' }] }],
  validateOnly: false,
});
const moves = call(apis.ListPartitionReassignments, { topics: null, ...deadline });
const move = call(apis.AlterPartitionReassignments, {
  topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0, replicas: [1] }] }],
  ...deadline,
});
const cancelMove = call(apis.AlterPartitionReassignments, {
  topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0, replicas: null }] }],
  ...deadline,
});
const producers = call(apis.DescribeProducers, { topics: [{ name: TOPIC, partitionIndexes: [0] }] });
const quorum = call(apis.DescribeQuorum, {
  topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }],
});
const moveLogDir = () =>
  call(apis.AlterReplicaLogDirs, {
    dirs: [{ path: broker.parts.partitions.directories[0].path, topics: [{ name: TOPIC, partitions: [0] }] }],
  });
const read = call(apis.Fetch, {
  maxWaitMs: 0,
  minBytes: 1,
  topics: [],
});

const tools: Readonly<Record<string, () => readonly Call[]>> = {
  'kafbat kafka-ui': () => [
    versions,
    cluster,
    configs(4, '1'),
    acls,
    allTopics,
    configs(2, TOPIC),
    logDirs,
    offsets(-1),
    offsets(-2),
    groups,
    coordinator,
    describeGroups,
    fetchOffsets,
    producers,
    quorum,
    quotas,
    credentials,
    moves,
    createTopicCall('ui-a'),
    growTopic('ui-a'),
    deleteTopicCall('ui-a'),
    deleteRecords,
    alterConfigs,
    replaceConfigs,
    commitOffsets,
    deleteOffsets,
    move,
    moveLogDir(),
    createAcls,
    deleteAcls,
    alterQuotas,
  ],
  'Redpanda Console': () => [
    versions,
    allTopics,
    configs(4, '1'),
    configs(2, TOPIC),
    offsets(-1),
    offsets(-2),
    logDirs,
    groups,
    coordinator,
    describeGroups,
    fetchOffsets,
    commitOffsets,
    deleteOffsets,
    acls,
    createAcls,
    deleteAcls,
    credentials,
    alterCredentials,
    quotas,
    alterQuotas,
    moves,
    move,
    cancelMove,
    alterConfigs,
    deleteRecords,
    read,
  ],
  AKHQ: () => [
    versions,
    cluster,
    allTopics,
    logDirs,
    configs(2, TOPIC),
    configs(4, '1'),
    offsets(-1),
    offsets(-2),
    groups,
    coordinator,
    describeGroups,
    fetchOffsets,
    commitOffsets,
    acls,
    createTopicCall('ui-b'),
    growTopic('ui-b'),
    replaceConfigs,
    alterConfigs,
    deleteRecords,
    deleteTopicCall('ui-b'),
  ],
  Kafdrop: () => [
    versions,
    cluster,
    configs(4, '1'),
    acls,
    allTopics,
    configs(2, TOPIC),
    groups,
    coordinator,
    describeGroups,
    fetchOffsets,
    offsets(-1),
    offsets(-2),
    createTopicCall('ui-c'),
    deleteTopicCall('ui-c'),
    read,
  ],
  Burrow: () => [versions, allTopics, offsets(-1), groups, coordinator, fetchOffsets, describeGroups],
  kafka_exporter: () => [
    versions,
    allTopics,
    offsets(-1),
    offsets(-2),
    groups,
    coordinator,
    describeGroups,
    fetchOffsets,
  ],
  KMinion: () => [
    versions,
    allTopics,
    configs(2, TOPIC),
    logDirs,
    offsets(-1),
    offsets(-2),
    groups,
    coordinator,
    describeGroups,
    fetchOffsets,
    createTopicCall('kminion-end-to-end'),
    read,
    alterConfigs,
  ],
};

let broker: RunningBroker;
let client: Client;

beforeAll(async () => {
  broker = await startBroker({ memory: true, settings: { listeners: 'PLAINTEXT://127.0.0.1:0', 'node.id': '1' } });
  client = await dial(broker.bootstrap);
  await createTopic(client, TOPIC);
  await produce(client, TOPIC, 0, ['a', 'b']);
  await client.send(apis.FindCoordinator, 4, { keyType: 0, coordinatorKeys: [GROUP] });
});
afterAll(async () => {
  await client.close();
  await broker.stop();
});

/** Every errorCode in an answer, however deep. */
function codesIn(answer: unknown): number[] {
  if (typeof answer !== 'object' || answer === null || Buffer.isBuffer(answer)) return [];
  return Object.entries(answer).flatMap(([key, value]) => (key === 'errorCode' ? [value as number] : codesIn(value)));
}

/** The newest version that speaks of groups by the batch, and of topics by name: what these tools use. */
const NEWEST: Readonly<Record<string, number>> = { OffsetCommit: 9, OffsetFetch: 9, Fetch: 12 };

describe.each(Object.keys(tools))('%s', (tool) => {
  test('has every call answered, in an advertised version', async () => {
    const { apiKeys } = await client.send(apis.ApiVersions, 4, {
      clientSoftwareName: 'ui',
      clientSoftwareVersion: '1',
    });
    const advertised = new Map(apiKeys.map(({ apiKey, maxVersion }) => [apiKey, maxVersion]));
    for (const [api, draft] of [coordinator, commitOffsets, ...tools[tool]()]) {
      const version = Math.min(advertised.get(api.key) ?? -1, NEWEST[api.name] ?? Infinity);
      expect(version, `${api.name} is advertised`).toBeGreaterThanOrEqual(api.versions.first);
      const answer = await client.send(api, version, draft as never);
      const failed = codesIn(answer).filter((code) => !EXPECTED.has(code));
      expect(failed, `${api.name} v${version}`).toEqual([]);
    }
  });
});

test('a UI that reads the features finds metadata.version, without which it takes the cluster for an old one', async () => {
  const answer = await client.send(apis.ApiVersions, 3, { clientSoftwareName: 'ui', clientSoftwareVersion: '1' });
  expect(answer.finalizedFeatures).toContainEqual(
    expect.objectContaining({ name: 'metadata.version', maxVersionLevel: 33 }),
  );
});
