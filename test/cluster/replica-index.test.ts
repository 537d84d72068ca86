/** The index of a topic's replicas says what a look at each partition would, however its partitions change. */
import { expect, test } from 'vitest';
import { emptyImage, type TopicImage } from '../../src/cluster/image.ts';
import { replay } from '../../src/cluster/image-replay.ts';
import { recordsOfDrafts } from '../../src/cluster/metadata-batch.ts';
import type { MetadataDraft } from '../../src/cluster/metadata-records.ts';
import { nextPartitionOn, replicaCountOf } from '../../src/cluster/replica-index.ts';

const ID = 'Yzuwlcq0QZum8IWZW66tIA';

function made(partitionId: number, replicas: number[]): MetadataDraft {
  const lists = { replicas, isr: replicas, removingReplicas: [], addingReplicas: [] };
  return {
    type: 'PartitionRecord',
    topicId: ID,
    partitionId,
    leader: replicas[0],
    leaderEpoch: 0,
    partitionEpoch: 0,
    ...lists,
  };
}

function partitionsOn(topic: TopicImage, brokerId: number): number[] {
  const found: number[] = [];
  for (let at = nextPartitionOn(topic, brokerId, 0); at >= 0; at = nextPartitionOn(topic, brokerId, at + 1))
    found.push(at);
  return found;
}

function indexes({ partitions }: TopicImage, brokerId: number): number[] {
  return partitions.flatMap(({ replicas }, index) => (replicas.includes(brokerId) ? [index] : []));
}

test('partitions of a broker are found, with factors that differ, after moves and new partitions', () => {
  const batches: MetadataDraft[][] = [
    [{ type: 'TopicRecord', name: 't', topicId: ID }, made(0, [1, 2, 3]), made(1, [2]), made(2, [0, 2])],
    [{ type: 'PartitionChangeRecord', topicId: ID, partitionId: 1, replicas: [4, 0, 5, 1] }],
    [{ type: 'PartitionChangeRecord', topicId: ID, partitionId: 0, isr: [2], leader: 2 }],
    [made(3, [0])],
    [made(4, [3]), { type: 'PartitionChangeRecord', topicId: ID, partitionId: 4, replicas: [0, 1] }],
  ];
  let image = emptyImage('c');
  for (const batch of batches) {
    image = replay(image, recordsOfDrafts(batch), image.revision + batch.length);
    const topic = image.topicsById.get(ID)!;
    for (const brokerId of [0, 1, 2, 3, 4, 5, 6, 0xffff])
      expect(partitionsOn(topic, brokerId)).toEqual(indexes(topic, brokerId));
    expect(replicaCountOf(topic)).toBe(topic.partitions[0].replicas.length);
    expect(image.topicsByName.get('t')).toBe(topic);
  }
});

test('ids that take more than 16 bits are told from those that are no broker', () => {
  const ids = [0xffff, 0x10000, 0x7fffffff, 7];
  const records = [{ type: 'TopicRecord', name: 't', topicId: ID } as const, made(0, ids), made(1, [3])];
  const topic = replay(emptyImage('c'), recordsOfDrafts(records), 3).topicsById.get(ID)!;
  for (const brokerId of [...ids, 3, 0xfffe]) expect(partitionsOn(topic, brokerId)).toEqual(indexes(topic, brokerId));
  expect(replicaCountOf(topic)).toBe(4);
});

test('a topic without partitions has none at any broker', () => {
  const image = replay(emptyImage('c'), [{ type: 'TopicRecord', name: 't', topicId: ID }], 0);
  expect(partitionsOn(image.topicsById.get(ID)!, 0)).toEqual([]);
});
