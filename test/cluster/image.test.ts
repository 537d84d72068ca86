import { expect, test } from 'vitest';
import { configOf, emptyImage, ResourceType, type ClusterImage, type ImageChange } from '../../src/cluster/image.ts';
import { recordsOf } from '../../src/cluster/image-records.ts';
import { changeOf } from '../../src/cluster/image-replay.ts';
import { LocalMetadataStore } from '../../src/cluster/local-metadata-store.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';
import type { MetadataDraft, MetadataRecord } from '../../src/cluster/metadata-records.ts';
import { assigned, Cluster, configs, topic } from './cluster-fixture.ts';

/** Replays drafts as they come back from a log: with every default filled in. */
function after(image: ClusterImage, ...drafts: MetadataDraft[]): ClusterImage {
  return change(image, ...drafts).image;
}

function change(image: ClusterImage, ...drafts: MetadataDraft[]): ImageChange {
  const store = new LocalMetadataStore(new MemoryFiles(), '/drafts', new VirtualClock(), silentLogger);
  let stored: readonly MetadataRecord[] = [];
  store.watch(({ records }) => (stored = records));
  void store.append(drafts, -1);
  return changeOf(image, stored, image.revision + drafts.length);
}

const ID = 'Yzuwlcq0QZum8IWZW66tIA';
const OTHER_ID = 'qkUpQXPoRLqBh1y-2DL-BA';

function partition(partitionId: number, topicId = ID): MetadataDraft {
  return {
    type: 'PartitionRecord',
    topicId,
    partitionId,
    replicas: [1, 2],
    isr: [1, 2],
    removingReplicas: [],
    addingReplicas: [],
    leader: 1,
    leaderEpoch: 4,
    partitionEpoch: 7,
  };
}

function twoTopics(): ClusterImage {
  return after(
    emptyImage('c'),
    { type: 'TopicRecord', name: 'orders', topicId: ID },
    partition(0),
    partition(1),
    { type: 'TopicRecord', name: 'other', topicId: OTHER_ID },
    partition(0, OTHER_ID),
  );
}

test('a topic is found by name and by id', () => {
  const image = twoTopics();
  expect(image.topicsByName.get('orders')).toBe(image.topicsById.get(ID));
  expect(image.topicsByName.get('orders')?.partitions).toHaveLength(2);
  expect(image.revision).toBe(4);
});

test('a change leaves the old image as it was, and shares what it does not touch', () => {
  const before = twoTopics();
  const image = after(before, { type: 'PartitionChangeRecord', topicId: ID, partitionId: 1, isr: [1] });
  expect(before.topicsById.get(ID)?.partitions[1].isr).toEqual([1, 2]);
  expect(image.topicsById.get(ID)?.partitions[1].isr).toEqual([1]);
  expect(image.topicsById.get(ID)?.partitions[0]).toBe(before.topicsById.get(ID)?.partitions[0]);
  expect(image.topicsById.get(OTHER_ID)).toBe(before.topicsById.get(OTHER_ID));
  expect(image.configs).toBe(before.configs);
  expect(image.brokers).toBe(before.brokers);
});

test('naming a leader, even the old one, begins a new epoch; any other change only moves the partition epoch', () => {
  const elected = after(twoTopics(), { type: 'PartitionChangeRecord', topicId: ID, partitionId: 0, leader: 1 });
  expect(elected.topicsById.get(ID)?.partitions[0]).toMatchObject({ leader: 1, leaderEpoch: 5, partitionEpoch: 8 });
  const shrunk = after(twoTopics(), { type: 'PartitionChangeRecord', topicId: ID, partitionId: 0, isr: [2] });
  expect(shrunk.topicsById.get(ID)?.partitions[0]).toMatchObject({ leader: 1, leaderEpoch: 4, partitionEpoch: 8 });
});

test('a topic takes its settings with it', () => {
  const set = after(twoTopics(), {
    type: 'ConfigRecord',
    resourceType: ResourceType.topic,
    resourceName: 'orders',
    name: 'retention.ms',
    value: '1',
  });
  expect(configOf(set, ResourceType.topic, 'orders').get('retention.ms')).toBe('1');
  const removed = after(set, { type: 'RemoveTopicRecord', topicId: ID });
  expect(removed.topicsByName.has('orders')).toBe(false);
  expect(removed.topicsById.has(ID)).toBe(false);
  expect(removed.configs.size).toBe(0);
});

test('a setting without a value is gone, and the last one takes the resource with it', () => {
  const record = (value: string | null): MetadataDraft => ({
    type: 'ConfigRecord',
    resourceType: ResourceType.group,
    resourceName: 'g',
    name: 'consumer.session.timeout.ms',
    value,
  });
  const set = after(emptyImage('c'), record('45000'));
  expect([...configOf(set, ResourceType.group, 'g')]).toEqual([['consumer.session.timeout.ms', '45000']]);
  expect(after(set, record(null)).configs.size).toBe(0);
});

test('a delta names what a batch touched, and nothing else', () => {
  const before = twoTopics();
  const changed = change(before, { type: 'PartitionChangeRecord', topicId: ID, partitionId: 1, isr: [1] });
  expect([...changed.delta.topicIds]).toEqual([ID]);
  const removed = change(before, { type: 'RemoveTopicRecord', topicId: OTHER_ID });
  expect([...removed.delta.topicIds]).toEqual([OTHER_ID]);
  const set = change(before, {
    type: 'ConfigRecord',
    resourceType: ResourceType.topic,
    resourceName: 'orders',
    name: 'retention.ms',
    value: '1',
  });
  expect([[...set.delta.topicIds], [...set.delta.resources]]).toEqual([[], ['2:orders']]);
});

test('a broker is fenced and back by changes of its registration', () => {
  const registered = after(emptyImage('c'), {
    type: 'RegisterBrokerRecord',
    brokerId: 1,
    brokerEpoch: 0,
    incarnationId: ID,
    fenced: false,
    rack: null,
    endPoints: [],
    features: [],
    logDirs: [],
  });
  const fenced = after(registered, registrationChange(1, 1));
  expect([registered, fenced].map(({ brokers }) => brokers.get(1)?.fenced)).toEqual([false, true]);
  expect(after(fenced, registrationChange(1, 0)).brokers.get(1)?.fenced).toBe(true);
  expect(after(fenced, registrationChange(1, -1)).brokers.get(1)?.fenced).toBe(false);
  expect(() => after(fenced, registrationChange(7, 1))).toThrow(/broker 7 .* not registered/);
});

function registrationChange(brokerId: number, fenced: number): MetadataDraft {
  return { type: 'BrokerRegistrationChangeRecord', brokerId, brokerEpoch: 0, fenced };
}

test('a change to a partition that was never made is a broken log', () => {
  expect(() => after(twoTopics(), { type: 'PartitionChangeRecord', topicId: ID, partitionId: 9, leader: 1 })).toThrow(
    /never made/,
  );
});

test('recordsOf says all there is to an image', async () => {
  const cluster = await Cluster.registered();
  await cluster.create(
    topic('plain'),
    topic('kept', { numPartitions: 3, ...configs({ 'retention.ms': '7', 'cleanup.policy': 'compact' }) }),
    topic('by-hand', assigned([1], [1])),
    topic('gone'),
  );
  await cluster.controller.deleteTopics([{ name: 'gone', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }]);
  await cluster.set({ type: ResourceType.broker, name: '', values: new Map([['message.max.bytes', '5']]) });
  await cluster.controller.allocateProducerIds(1);
  const { image } = cluster.controller;
  const changed = after(image, {
    type: 'PartitionChangeRecord',
    topicId: image.topicsByName.get('kept')!.id,
    partitionId: 1,
    leader: 1,
    eligibleLeaderReplicas: [1],
    lastKnownElr: [1],
  });

  const again = after(emptyImage(changed.clusterId), ...recordsOf(changed));
  expect({ ...again, revision: changed.revision }).toEqual(changed);
  expect(recordsOf(changed).length).toBeLessThanOrEqual(changed.revision + 1); // so that a rewritten log can end at its revision
});
