/** What holds in every cluster at every moment, over long random lives: of the image, of its snapshot, of its partitions. */
import { expect, test } from 'vitest';
import { emptyImage, type ClusterImage, type PartitionImage } from '../../src/cluster/image.ts';
import { recordsOf } from '../../src/cluster/image-records.ts';
import { replay } from '../../src/cluster/image-replay.ts';
import { stored } from './cluster-model.ts';
import { ClusterStory } from './cluster-story.ts';

const SEEDS = 60;
const STEPS = 60;
/** Steps between snapshots. */
const SNAPSHOT = 7;

/** What is wrong with a partition, or null. */
function fault({ brokers }: ClusterImage, partition: PartitionImage): string | null {
  const { leader, isr, elr, replicas, directories } = partition;
  if (leader !== -1 && !isr.includes(leader)) return 'its leader is not in sync';
  const runs = brokers.get(leader);
  if (leader !== -1 && runs?.fenced !== false) return 'a fenced broker leads it';
  if (isr.some((id) => !replicas.includes(id))) return 'one is in sync that is no replica';
  if (isr.some((id) => brokers.get(id)?.fenced !== false)) return 'a fenced broker is in sync';
  if (isr.some((id) => elr.includes(id))) return 'one is both in sync and eligible';
  if (leader !== -1 && isr.length === 0) return 'it is led and nobody is in sync';
  return directories.length === replicas.length ? null : 'a replica has no directory';
}

test('partitions are sound, epochs rise, and a snapshot says all, at every step of a life', () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const story = new ClusterStory(seed);
    for (let step = 0; step < STEPS; step++) {
      const before = story.image;
      story.step();
      const at = `seed ${seed}, step ${step}`;
      const { image } = story;
      for (const [id, { name, partitions }] of image.topicsById) {
        for (const [index, partition] of partitions.entries()) {
          const wrong = fault(image, partition);
          if (wrong !== null) throw new Error(`${at}: ${name}-${index}: ${wrong}: ${JSON.stringify(partition)}`);
          const old = before.topicsById.get(id)?.partitions[index];
          if (old !== undefined && old !== partition && !hasRisen(old, partition)) {
            throw new Error(`${at}: ${name}-${index}: epochs stay: ${JSON.stringify([old, partition])}`);
          }
        }
      }
      if (step % SNAPSHOT > 0) continue;
      const again = replay(emptyImage(image.clusterId), stored(recordsOf(image)), image.revision);
      expect({ at, image: again }).toEqual({ at, image });
    }
    const whole = story.batches.reduce(
      (image, records) => replay(image, records, image.revision + records.length),
      begun(),
    );
    expect({ seed, image: whole }).toEqual({ seed, image: story.image });
  }
});

function begun(): ClusterImage {
  return new ClusterStory(0).image;
}

function hasRisen(old: PartitionImage, next: PartitionImage): boolean {
  const hasNewLeader = old.leader !== next.leader || old.replicas.some((id) => !next.replicas.includes(id));
  return next.partitionEpoch > old.partitionEpoch && next.leaderEpoch >= old.leaderEpoch + (hasNewLeader ? 1 : 0);
}

test('a snapshot in the middle of a transaction holds what is to take effect at its end', () => {
  const story = new ClusterStory(1);
  story.commit([{ type: 'BeginTransactionRecord' }, { type: 'ProducerIdsRecord', brokerId: 1, nextProducerId: 7 }]);
  expect(story.image.nextProducerId).toBe(0);
  const again = replay(emptyImage(story.image.clusterId), stored(recordsOf(story.image)), story.image.revision);
  expect(again).toEqual(story.image);
  const end = stored([{ type: 'EndTransactionRecord' }]);
  expect(replay(again, end, again.revision + 1)).toMatchObject({ nextProducerId: 7, pending: null });
  const abort = stored([{ type: 'AbortTransactionRecord' }]);
  expect(replay(again, abort, again.revision + 1)).toMatchObject({ nextProducerId: 0, pending: null });
});

test('transactions that begin within another, or end without a beginning, are a broken log', () => {
  const begin = stored([{ type: 'BeginTransactionRecord' }, { type: 'BeginTransactionRecord' }]);
  expect(() => replay(emptyImage('c'), begin, 1)).toThrow(/within another/);
  expect(() => replay(emptyImage('c'), stored([{ type: 'EndTransactionRecord' }]), 0)).toThrow(/never began/);
});
