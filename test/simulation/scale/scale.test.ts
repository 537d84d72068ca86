/** The story that `npm run sim:scale` tells of a million partitions, with a thousand; and that what one broker costs is its own. */
import { expect, test } from 'vitest';
import type { ClusterImage } from '../../../src/cluster/image.ts';
import { Measured, type Figures } from './figures.ts';
import { LargeCluster } from './large-cluster.ts';
import { STEPS } from './steps.ts';

const SIZE = { topics: 50, partitions: 20, replicationFactor: 3, restarts: 5 };
const BROKERS = 30;
const FOLLOWING = 2;
const SNAPSHOT_AFTER_BYTES = 100_000;
const REPLICAS = SIZE.topics * SIZE.partitions * SIZE.replicationFactor;

function isWhole({ topicsById }: ClusterImage): boolean {
  return [...topicsById.values()].every(({ partitions }) =>
    partitions.every(
      ({ leader, isr, replicas, addingReplicas, removingReplicas }) =>
        leader >= 0 && isr.length === replicas.length && addingReplicas.length + removingReplicas.length === 0,
    ),
  );
}

test(
  'a large cluster loses brokers, a rack, its controllers and etcd, and is whole afterwards',
  { timeout: 120_000 },
  async () => {
    const cluster = await LargeCluster.start({
      seed: 1,
      brokers: BROKERS,
      following: FOLLOWING,
      snapshotAfterBytes: SNAPSHOT_AFTER_BYTES,
    });
    const measured = new Measured(cluster);
    const figures = new Map<string, Figures>();
    for (const [name, step] of STEPS) figures.set(name, await measured.step(name, () => step(cluster, SIZE)));
    const of = (name: string): Figures => figures.get(name)!;

    expect(isWhole(cluster.image)).toBe(true);
    for (const { image } of cluster.following) {
      expect(image.topicsById).toEqual(cluster.image.topicsById);
      expect(image.brokers).toEqual(cluster.image.brokers);
    }
    // A record for each partition of the broker, one for each it leads, and no more: not one for each of the cluster.
    const most = (REPLICAS / BROKERS) * 1.5;
    expect(of('broker lost (1)').records).toBeLessThan(most);
    expect(of('broker lost (1)').virtualMs).toBeLessThan(500);
    expect(of('rack lost').note).toBe('10 brokers');
    expect(of('etcd away for 60 s').note).toMatch(/^0 brokers fenced; a change [0-4]\./);
    for (const i of [1, 2, 3]) expect(of(`controller lost (${i})`).note).toMatch(/^none served for [01]\./);
    // Snapshots have taken the place of the log, at the controllers and at those who follow.
    expect(cluster.told.get('metadata-snapshot')).toBeGreaterThan(1);
    expect(cluster.etcd.store.storedBytes).toBeLessThan(10 * SNAPSHOT_AFTER_BYTES);
  },
);

test('the same seed tells the same story', { timeout: 60_000 }, async () => {
  const story = async (): Promise<unknown> => {
    const cluster = await LargeCluster.start({ seed: 7, brokers: 6, following: 1 });
    const measured = new Measured(cluster);
    const told = [];
    for (const [name, step] of STEPS) {
      const { virtualMs, commits, records } = await measured.step(name, () => step(cluster, { ...SIZE, topics: 5 }));
      told.push([name, virtualMs, commits, records]);
    }
    return told;
  };
  expect(await story()).toEqual(await story());
});
