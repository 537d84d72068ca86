import { expect, test } from 'vitest';
import { emptyImage } from '../../src/cluster/image.ts';
import { changeOf } from '../../src/cluster/image-replay.ts';
import { metadataEvents } from '../../src/cluster/metadata-events.ts';
import type { MetadataRecord } from '../../src/cluster/metadata-records.ts';

const TOPIC = '00000000-0000-0000-0000-0000000000aa';
const partition = (partitionId: number, leader = 1) => ({
  type: 'PartitionRecord' as const,
  partitionId,
  topicId: TOPIC,
  replicas: [1, 2],
  isr: [1, 2],
  removingReplicas: [],
  addingReplicas: [],
  leader,
  leaderRecoveryState: 0,
  leaderEpoch: 0,
  partitionEpoch: 0,
  directories: [],
  eligibleLeaderReplicas: null,
  lastKnownElr: null,
});

test('changes are told of what they touch; what was there at first is not', () => {
  let image = emptyImage('cluster');
  let revision = 0;
  const told = (...records: object[]) => {
    const change = changeOf(image, records as MetadataRecord[], (revision += 1));
    const events = metadataEvents(change.image, image, change.delta);
    image = change.image;
    return events;
  };
  expect(told({ type: 'TopicRecord', name: 'before', topicId: '00000000-0000-0000-0000-0000000000bb' })).toEqual([]);
  expect(told({ type: 'TopicRecord', name: 'orders', topicId: TOPIC }, partition(0))).toEqual([
    { event: 'topic.created', facts: { topic: 'orders', partitions: 1 } },
  ]);
  expect(told(partition(1))).toEqual([{ event: 'topic.grown', facts: { topic: 'orders', partitions: 2 } }]);
  const config = { type: 'ConfigRecord', resourceType: 2, resourceName: 'orders', name: 'retention.ms' };
  expect(told({ ...config, value: '5' })).toEqual([
    {
      event: 'setting.changed',
      facts: { resource: '2:orders', setting: 'retention.ms', isSet: true, value: '5', before: undefined },
    },
  ]);
  const secret = { type: 'ConfigRecord', resourceType: 4, resourceName: '1', name: 'ssl.keystore.password' };
  expect(JSON.stringify(told({ ...secret, value: 'hush' }))).not.toContain('hush');
  expect(told({ type: 'RemoveTopicRecord', topicId: TOPIC })).toEqual([
    { event: 'topic.deleted', facts: { topic: 'orders' } },
  ]);
});

test('a topic that is as before is not told of as deleted, though the change names it', () => {
  const records = [{ type: 'TopicRecord', name: 'orders', topicId: TOPIC }, partition(0)];
  const { image } = changeOf(emptyImage('cluster'), records as MetadataRecord[], 10);
  const named = { topicIds: new Set([TOPIC]), resources: new Set<string>(), brokerIds: new Set<number>() };
  expect(metadataEvents({ ...image, revision: 11 }, image, named)).toEqual([]);
});

test('of a change only the partitions that it touches are looked at; many of them are told of as a number', () => {
  const made = [
    { type: 'TopicRecord', name: 'orders', topicId: TOPIC },
    ...Array.from({ length: 9 }, (_, i) => partition(i)),
  ];
  const { image } = changeOf(emptyImage('cluster'), made as MetadataRecord[], 10);
  const told = (leader: number, isr: readonly number[], indexes: readonly number[]) => {
    const lost = indexes.map((partitionId) => ({
      type: 'PartitionChangeRecord',
      partitionId,
      topicId: TOPIC,
      leader,
      isr,
      replicas: null,
    }));
    const change = changeOf(image, lost as unknown as MetadataRecord[], 20);
    const looked = new Set<string>();
    const topic = change.image.topicsById.get(TOPIC)!;
    const partitions = new Proxy(topic.partitions, {
      get: (list, key) => {
        if (typeof key === 'string' && key !== 'length') looked.add(key);
        return Reflect.get(list, key) as unknown;
      },
    });
    const watched = { ...topic, partitions };
    const changedTopics = new Map([[TOPIC, { ...change.delta.changedTopics!.get(TOPIC)!, topic: watched }]]);
    const delta = {
      topicIds: new Set([TOPIC]),
      resources: new Set<string>(),
      brokerIds: new Set<number>(),
      changedTopics,
    };
    return { events: metadataEvents(change.image, image, delta), looked: [...looked] };
  };
  expect(told(2, [2], [3, 7])).toEqual({
    events: [
      { event: 'partition.leader', facts: { topic: 'orders', partition: 3, leader: 2, before: 1 } },
      { event: 'partition.leader', facts: { topic: 'orders', partition: 7, leader: 2, before: 1 } },
      { event: 'partition.in-sync', facts: { topic: 'orders', partition: 3, isr: '2', before: '1 2' } },
      { event: 'partition.in-sync', facts: { topic: 'orders', partition: 7, isr: '2', before: '1 2' } },
    ],
    looked: ['3', '7'],
  });
  expect(told(2, [1, 2], [0, 1, 2, 3, 4, 5]).events).toEqual([{ event: 'partition.leader', facts: { partitions: 6 } }]);
});
