/** Corners of the protocol where other brokers have failed clients, and that no other test has for its theme; see corners.test.ts. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as apis from '../../protocol/apis/index.ts';
import type { Client } from '../../protocol/client.ts';
import { requestCodec } from '../../protocol/compile.ts';
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { Writer } from '../../protocol/writer.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { createTopic, dial, produce, topicOf } from '../running-broker.ts';

const settings = { listeners: 'PLAINTEXT://127.0.0.1:0', 'node.id': '1' };
let broker: RunningBroker;
let client: Client;

beforeAll(async () => {
  broker = await startBroker({ memory: true, settings });
  client = await dial(broker.bootstrap);
});
afterAll(async () => {
  await client.close();
  await broker.stop();
});

test('a client that never asks for versions is served in those it has', async () => {
  const silent = await dial(broker.bootstrap);
  const metadata = await silent.send(apis.Metadata, 0, { topics: [] });
  expect(metadata.brokers).toHaveLength(1);
  await createTopic(silent, 'pinned');
  expect(await produce(silent, 'pinned', 0, ['a'])).toBe(0);
  await silent.close();
});

test('a field that a version does not have is not written in it, whatever its value', () => {
  const said = (more: object): Buffer => {
    const writer = new Writer();
    const draft = { maxWaitMs: 0, minBytes: 1, topics: [], ...more };
    requestCodec(apis.Fetch, 12).encode(writer, draft);
    return writer.finish();
  };
  // replicaState came with v15: a v12 request that carried it would be unreadable.
  expect(said({ replicaState: { replicaId: 7, replicaEpoch: 9 } })).toEqual(said({}));
});

test('what DescribeConfigs tells of a topic can be set again, all of it', async () => {
  await createTopic(client, 'again', 1, { 'retention.ms': '5000', 'cleanup.policy': 'compact,delete' });
  const resource = { resourceType: 2, resourceName: 'again' };
  const describe = async () => {
    const resources = [{ ...resource, configurationKeys: null }];
    const draft = { resources, includeSynonyms: false, includeDocumentation: false };
    const { results } = await client.send(apis.DescribeConfigs, 4, draft);
    return results[0].configs.map(({ name, value }) => ({ name, value }));
  };
  const before = await describe();
  const { responses } = await client.send(apis.AlterConfigs, 2, {
    resources: [{ ...resource, configs: before }],
    validateOnly: false,
  });
  expect(responses[0]).toMatchObject({ errorCode: 0, errorMessage: null });
  expect(await describe()).toEqual(before);
  expect(before).toContainEqual({ name: 'cleanup.policy', value: 'compact,delete' });
});

test('the text and the leader epoch of a committed offset come back', async () => {
  await createTopic(client, 'noted');
  const committed = {
    partitionIndex: 0,
    committedOffset: 7,
    committedLeaderEpoch: 3,
    committedMetadata: 'ünd so weiter',
  };
  const topics = [{ name: 'noted', partitions: [committed] }];
  await client.send(apis.FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['noted'] });
  await client.send(apis.OffsetCommit, 8, { groupId: 'noted', memberId: '', topics });
  const group = { groupId: 'noted', topics: [{ name: 'noted', partitionIndexes: [0] }] };
  const { groups } = await client.send(apis.OffsetFetch, 8, { groups: [group], requireStable: true });
  expect(groups[0].topics[0].partitions[0]).toMatchObject({
    committedOffset: 7,
    committedLeaderEpoch: 3,
    metadata: 'ünd so weiter',
  });
});

const init = (transactionalId: string, transactionTimeoutMs: number) =>
  client.send(apis.InitProducerId, 4, { transactionalId, transactionTimeoutMs, producerId: -1, producerEpoch: -1 });

test('a transaction longer than the broker allows is refused by its own code', async () => {
  expect((await init('long', 900_001)).errorCode).toBe(50);
  expect((await init('long', 0)).errorCode).toBe(50);
});

async function transaction(): Promise<Buffer> {
  await createTopic(client, 'marked');
  await client.send(apis.FindCoordinator, 4, { keyType: 1, coordinatorKeys: ['marked'] });
  const { producerId, producerEpoch } = await init('marked', 60_000);
  const producer = { transactionalId: 'marked', producerId, producerEpoch };
  const records = encodeBatch({
    records: [{ key: null, value: Buffer.from('v'), timestamp: Date.now() }],
    producerId,
    producerEpoch,
    baseSequence: 0,
    isTransactional: true,
  });
  await client.send(apis.AddPartitionsToTxn, 3, {
    v3AndBelowTransactionalId: 'marked',
    v3AndBelowProducerId: producerId,
    v3AndBelowProducerEpoch: producerEpoch,
    v3AndBelowTopics: [{ name: 'marked', partitions: [0] }],
  });
  const topicData = [{ name: 'marked', partitionData: [{ index: 0, records }] }];
  const produced = await client.send(apis.Produce, 9, {
    transactionalId: 'marked',
    acks: -1,
    timeoutMs: 1000,
    topicData,
  });
  expect(produced.responses[0].partitionResponses[0].errorCode).toBe(0);
  expect((await client.send(apis.EndTxn, 3, { ...producer, committed: false })).errorCode).toBe(0);
  const { responses } = await client.send(apis.Fetch, 12, {
    maxWaitMs: 1000,
    minBytes: 100,
    topics: [{ topic: 'marked', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
  });
  return Buffer.from(responses[0].partitions[0].records!);
}

test('the value of a control record is version and coordinator epoch, six bytes', async () => {
  const bytes = await transaction();
  const [, markerAt] = batches(bytes);
  const { isControl, records } = decodeBatch(bytes, markerAt);
  expect(isControl).toBe(true);
  expect(records[0].key).toEqual(Buffer.from([0, 0, 0, 0])); // version 0, ABORT
  expect(records[0].value).toHaveLength(6);
});

test('batches lie in the log in the codec they came in, byte for byte', async () => {
  await createTopic(client, 'packed');
  let next = 0;
  for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const sent = encodeBatch({ records: [{ key: null, value: Buffer.alloc(500, 'x'), timestamp: 1 }], compression });
    const topicData = [{ name: 'packed', partitionData: [{ index: 0, records: sent }] }];
    const { responses } = await client.send(apis.Produce, 9, {
      transactionalId: null,
      acks: 1,
      timeoutMs: 1000,
      topicData,
    });
    expect(responses[0].partitionResponses[0].errorCode).toBe(0);
    const topics = [{ topic: 'packed', partitions: [{ partition: 0, fetchOffset: next, partitionMaxBytes: 1 << 20 }] }];
    const read = await client.send(apis.Fetch, 12, { maxWaitMs: 0, minBytes: 1, topics });
    const records = Buffer.from(read.responses[0].partitions[0].records!);
    // Base offset and leader epoch are the broker's; from the checksum on all is the producer's.
    expect(records.subarray(17)).toEqual(sent.subarray(17));
    next++;
  }
});

test('a fetch that ends with an older segment does not wait for more bytes than that has', async () => {
  await createTopic(client, 'rolled', 1, { 'segment.ms': '1000' });
  await produce(client, 'rolled', 0, ['old']); // of 1970: the next record rolls the segment
  const records = encodeBatch({ records: [{ key: null, value: Buffer.from('new'), timestamp: Date.now() }] });
  const topicData = [{ name: 'rolled', partitionData: [{ index: 0, records }] }];
  await client.send(apis.Produce, 9, { transactionalId: null, acks: 1, timeoutMs: 1000, topicData });
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }];
  const topics = [{ topic: 'rolled', partitions }];
  const { responses } = await client.send(apis.Fetch, 12, { maxWaitMs: 600_000, minBytes: 10_000, topics });
  const bytes = Buffer.from(responses[0].partitions[0].records!);
  expect([...batches(bytes)].map((at) => decodeBatch(bytes, at).lastOffset)).toEqual([0]);
});

test('a topic that Connect or a schema registry keeps its state in is shown as compacted', async () => {
  await createTopic(client, '_schemas', 1, { 'cleanup.policy': 'compact' });
  const resources = [{ resourceType: 2, resourceName: '_schemas', configurationKeys: ['cleanup.policy'] }];
  const draft = { resources, includeSynonyms: true, includeDocumentation: false };
  for (const version of [1, 2, 3, 4]) {
    const { results } = await client.send(apis.DescribeConfigs, version, draft);
    expect(results[0].configs).toMatchObject([{ name: 'cleanup.policy', value: 'compact', configSource: 1 }]);
  }
});

test('localhost is answered over IPv4 and over IPv6 where the machine has it', async () => {
  const everywhere = await startBroker({ memory: true, settings: { ...settings, listeners: 'PLAINTEXT://:0' } });
  const port = everywhere.bootstrap.split(':').at(-1)!;
  for (const host of ['127.0.0.1', '[::1]']) {
    const one = await dial(`${host}:${port}`);
    expect((await one.send(apis.Metadata, 9, { topics: [] })).brokers).toHaveLength(1);
    await one.close();
  }
  await everywhere.stop();
});

test('each cluster has an id of its own, and tells it everywhere alike', async () => {
  const other = await startBroker({ memory: true, settings });
  const there = await dial(other.bootstrap);
  const idOf = async (one: Client) => {
    const described = await one.send(apis.DescribeCluster, 1, { includeClusterAuthorizedOperations: false });
    expect((await one.send(apis.Metadata, 9, { topics: [] })).clusterId).toBe(described.clusterId);
    return described.clusterId;
  };
  expect(await idOf(client)).toBe(await idOf(client));
  expect(await idOf(client)).not.toBe(await idOf(there));
  await there.close();
  await other.stop();
});

test('producers, transactions, partitions, resources and the quorum are described', async () => {
  const { topicId } = await topicOf(client, 'marked');
  const producers = await client.send(apis.DescribeProducers, 0, {
    topics: [{ name: 'marked', partitionIndexes: [0] }],
  });
  expect(producers.topics[0].partitions[0]).toMatchObject({ errorCode: 0, activeProducers: [{ lastSequence: 0 }] });
  const filter = { stateFilters: [], producerIdFilters: [] };
  const { transactionStates } = await client.send(apis.ListTransactions, 0, filter);
  expect(transactionStates).toMatchObject([{ transactionalId: 'marked' }]);
  const described = await client.send(apis.DescribeTransactions, 0, { transactionalIds: ['marked'] });
  expect(described.transactionStates).toMatchObject([{ errorCode: 0, transactionState: 'CompleteAbort' }]);
  const pages = await client.send(apis.DescribeTopicPartitions, 0, { topics: [{ name: 'marked' }] });
  expect(pages.topics).toMatchObject([{ topicId, errorCode: 0 }]);
  const { configResources } = await client.send(apis.ListConfigResources, 1, { resourceTypes: [2] });
  expect(configResources.map(({ resourceName }) => resourceName)).toContain('marked');
});
