/** What administrators' tools are told by a broker that is alone and without security. Compared with Apache Kafka 4.3.1. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as apis from '../../protocol/apis/index.ts';
import { ConnectionClosed, type Client } from '../../protocol/client.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import { handlers } from '../../src/apis/index.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { createTopic, dial } from '../running-broker.ts';
import { anyAcl } from './any-acl.ts';

const clock = new VirtualClock();
let broker: RunningBroker;
let client: Client;

beforeAll(async () => {
  const settings = { listeners: 'PLAINTEXT://127.0.0.1:0', 'node.id': '7' };
  broker = await startBroker({ memory: true, settings, clock });
  client = await dial(broker.bootstrap);
  await createTopic(client, 'orders', 2);
});
afterAll(async () => {
  await client.close();
  await broker.stop();
});

describe('without security', () => {
  test('there is no authorizer, in each version', async () => {
    for (const version of [1, 2, 3]) {
      expect(await client.send(apis.DescribeAcls, version, anyAcl)).toMatchObject({ errorCode: 54, resources: [] });
      const { filterResults } = await client.send(apis.DeleteAcls, version, { filters: [anyAcl] });
      expect(filterResults).toMatchObject([{ errorCode: 54 }]);
    }
    expect(await client.send(apis.CreateAcls, 3, { creations: [] })).toMatchObject({ results: [] });
  });

  test('an ACL of an unknown kind ends the connection', async () => {
    const other = await dial(broker.bootstrap);
    await expect(other.send(apis.DescribeAcls, 3, { ...anyAcl, operation: 0 })).rejects.toThrow(ConnectionClosed);
    await other.close();
  });

  test('there is nothing to authenticate, and no token', async () => {
    expect(await client.send(apis.SaslHandshake, 1, { mechanism: 'PLAIN' })).toMatchObject({ errorCode: 34 });
    expect(await client.send(apis.SaslAuthenticate, 2, { authBytes: Buffer.alloc(0) })).toMatchObject({
      errorCode: 34,
    });
    const token = await client.send(apis.CreateDelegationToken, 3, { renewers: [], maxLifetimeMs: -1 });
    expect(token).toMatchObject({ errorCode: 64, principalType: 'User', principalName: 'ANONYMOUS' });
    const hmac = Buffer.alloc(1);
    expect(await client.send(apis.RenewDelegationToken, 2, { hmac, renewPeriodMs: 1 })).toMatchObject({
      errorCode: 64,
    });
    expect(await client.send(apis.DescribeDelegationToken, 3, { owners: null })).toMatchObject({ errorCode: 64 });
  });
});

test('the only broker is the quorum, and has all of the metadata', async () => {
  const answer = await client.send(apis.DescribeQuorum, 2, {
    topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }],
  });
  const [partition] = answer.topics[0].partitions;
  expect(partition).toMatchObject({ errorCode: 0, leaderId: 7, currentVoters: [{ replicaId: 7 }], observers: [] });
  expect(partition.highWatermark).toBe(broker.parts.controller.image.revision + 1);
  expect(answer.nodes).toMatchObject([{ nodeId: 7, listeners: [{ name: 'PLAINTEXT' }] }]);
});

test('another log than that of the metadata has no quorum', async () => {
  const answer = await client.send(apis.DescribeQuorum, 2, {
    topics: [{ topicName: 'orders', partitions: [{ partitionIndex: 0 }] }],
  });
  expect(answer.topics[0].partitions).toMatchObject([{ errorCode: 3, currentVoters: [] }]);
});

test('no controller joins or leaves', async () => {
  const voter = { clusterId: null, voterId: 9, voterDirectoryId: 'QQQQQQQQQQQQQQQQQQQQQQ' };
  const listeners = [{ name: 'CONTROLLER', host: 'localhost', port: 1 }];
  const adding = await client.send(apis.AddRaftVoter, 1, { ...voter, timeoutMs: 1, listeners });
  expect(adding.errorCode).toBe(7);
  expect((await client.send(apis.RemoveRaftVoter, 0, voter)).errorCode).toBe(127);
});

test('this broker cannot be forgotten while it runs, and others are not there', async () => {
  expect(await client.send(apis.UnregisterBroker, 0, { brokerId: 7 })).toMatchObject({ errorCode: 42 });
  expect(await client.send(apis.UnregisterBroker, 0, { brokerId: 8 })).toMatchObject({ errorCode: 102 });
});

test('no controller but this broker is there to be forgotten', async () => {
  expect(await client.send(apis.UnregisterController, 0, { controllerId: 7 })).toMatchObject({ errorCode: 42 });
  expect(await client.send(apis.UnregisterController, 0, { controllerId: 8 })).toMatchObject({ errorCode: 136 });
});

test('descriptions of topologies are not kept', async () => {
  const described = {
    groupId: 'g',
    memberId: 'm',
    topologyEpoch: 1,
    topologyDescription: { subtopologies: [], globalStores: [] },
  };
  const answer = await client.send(apis.StreamsGroupTopologyDescriptionUpdate, 0, described);
  expect(answer.errorCode).toBe(35);
});

test('ElectLeaders says for each partition that it needs none, and for all of them nothing', async () => {
  const topicPartitions = [{ topic: 'orders', partitions: [0, 1] }];
  const { replicaElectionResults } = await client.send(apis.ElectLeaders, 2, { topicPartitions, timeoutMs: 1 });
  expect(replicaElectionResults[0].partitionResult).toMatchObject([{ errorCode: 84 }, { errorCode: 84 }]);
  const all = await client.send(apis.ElectLeaders, 2, { topicPartitions: null, timeoutMs: 1 });
  expect(all.replicaElectionResults).toEqual([{ topic: 'orders', partitionResult: [] }]);
});

test('quotas that are set are shown', async () => {
  const entity = [{ entityType: 'client-id', entityName: 'c' }];
  const ops = [{ key: 'consumer_byte_rate', value: 1024, remove: false }];
  const { entries } = await client.send(apis.AlterClientQuotas, 1, { entries: [{ entity, ops }], validateOnly: false });
  expect(entries).toEqual([{ errorCode: 0, errorMessage: null, entity }]);
  const shown = await client.send(apis.DescribeClientQuotas, 1, { components: [], strict: false });
  expect(shown.entries).toEqual([{ entity, values: [{ key: 'consumer_byte_rate', value: 1024 }] }]);
});

test('SCRAM credentials that are set are shown without their keys', async () => {
  const bytes = Buffer.from('x');
  const bob = { name: 'bob', mechanism: 2, iterations: 4096, salt: bytes, saltedPassword: bytes };
  await client.send(apis.AlterUserScramCredentials, 0, { deletions: [], upsertions: [bob] });
  const { results } = await client.send(apis.DescribeUserScramCredentials, 0, {
    users: [{ name: 'bob' }, { name: 'nobody' }],
  });
  expect(results).toMatchObject([
    { user: 'bob', errorCode: 0, credentialInfos: [{ mechanism: 2, iterations: 4096 }] },
    { user: 'nobody', errorCode: 91, credentialInfos: [] },
  ]);
});

describe('client telemetry', () => {
  const push = { terminating: false, compressionType: 0, metrics: Buffer.alloc(0) };

  test('is not advertised: a client that finds it does without', async () => {
    const { apiKeys } = await client.send(apis.ApiVersions, 3, {
      clientSoftwareName: 'test',
      clientSoftwareVersion: '1',
    });
    expect(apiKeys.map(({ apiKey }) => apiKey).filter((key) => key === 71 || key === 72)).toEqual([]);
  });

  test('nothing is wanted, and a client that asks again too early waits', async () => {
    const first = await client.send(apis.GetTelemetrySubscriptions, 0, { clientInstanceId: ZERO_UUID });
    expect(first).toMatchObject({ errorCode: 0, requestedMetrics: [], pushIntervalMs: 300_000 });
    const { clientInstanceId, subscriptionId } = first;
    const again = () => client.send(apis.GetTelemetrySubscriptions, 0, { clientInstanceId });
    expect((await again()).errorCode).toBe(89);
    await clock.advance(300_000);
    expect(await again()).toMatchObject({ errorCode: 0, clientInstanceId, subscriptionId });
  });

  test('a push is checked and dropped', async () => {
    const asked = await client.send(apis.GetTelemetrySubscriptions, 0, { clientInstanceId: ZERO_UUID });
    const { clientInstanceId, subscriptionId } = asked;
    const pushed = async (more: object) =>
      (await client.send(apis.PushTelemetry, 0, { clientInstanceId, subscriptionId, ...push, ...more })).errorCode;
    expect(await pushed({ clientInstanceId: ZERO_UUID })).toBe(42);
    expect(await pushed({})).toBe(0);
    expect(await pushed({})).toBe(89);
    await clock.advance(300_000);
    expect(await pushed({ subscriptionId: subscriptionId ^ 1 })).toBe(117);
    expect(await pushed({ terminating: true, compressionType: 9 })).toBe(76);
    expect(await pushed({ terminating: true })).toBe(42);
  });
});

test('only APIs of share groups and controllers are left unanswered', () => {
  const answered = new Set(handlers.map(({ api }) => api.key));
  const left = apis.apis.map(({ key }) => key).filter((key) => !answered.has(key));
  const ofControllers = [52, 53, 54, 56, 58, 59, 62, 63, 67, 70, 73, 82];
  const ofShareGroups = [76, 77, 78, 79, 83, 84, 85, 86, 87, 90, 91, 92];
  const known = [...ofControllers, ...ofShareGroups];
  expect(left.filter((key) => !known.includes(key))).toEqual([]);
});
