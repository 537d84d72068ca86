import { expect, test } from 'vitest';
import { configOf, ResourceType, type ClusterImage } from '../../src/cluster/image.ts';
import { diskError } from '../../src/platform/memory-files.ts';
import { Cluster, LOG_PATH, topic } from './cluster-fixture.ts';

test('listeners see every new image beside the one before, while the operation runs', async () => {
  const cluster = new Cluster().register();
  const seen: [ClusterImage, ClusterImage][] = [];
  cluster.controller.onChange((image, previous) => {
    expect(cluster.controller.image).toBe(image);
    seen.push([image, previous]);
  });
  const before = cluster.controller.image;
  const creation = cluster.create(topic('t'));
  expect(seen).toEqual([[cluster.controller.image, before]]);
  await creation;
  expect(seen).toHaveLength(1);
});

test('when nothing changes nobody is told', async () => {
  const cluster = new Cluster().register();
  let told = 0;
  cluster.controller.onChange(() => told++);
  await cluster.create(topic(''));
  await cluster.controller.deleteTopics([]);
  await cluster.controller.setConfigs([{ type: ResourceType.topic, name: 't', values: new Map() }]);
  expect(told).toBe(0);
});

test('a listener that throws fails the operation, and the others are told all the same', async () => {
  const cluster = new Cluster().register();
  let told = 0;
  cluster.controller.onChange(() => {
    throw diskError('ENOSPC', 'mkdir', '/data/t-0');
  });
  cluster.controller.onChange(() => told++);
  await expect(cluster.create(topic('t'))).rejects.toThrow(/ENOSPC/);
  expect(told).toBe(1);
  expect(cluster.controller.image.topicsByName.has('t')).toBe(true);
});

test('a change that the disk refuses has not happened', async () => {
  const cluster = new Cluster().register();
  const before = cluster.controller.image;
  cluster.files.before = (operation, path) => {
    if (operation === 'sync') throw diskError('EIO', 'fdatasync', path);
  };
  await expect(cluster.create(topic('t'))).rejects.toThrow(/EIO/);
  expect(cluster.controller.image).toBe(before);
});

test('a broker that starts is registered under a new epoch and elected anew wherever it leads, at once', async () => {
  const cluster = new Cluster().register();
  await cluster.create(topic('t', { numPartitions: 10_000 }));
  const { epoch } = cluster.controller.image.brokers.get(1)!;
  const before = cluster.controller.image.revision;
  cluster.register({ incarnationId: 'anotherincarnationoneA' });
  const { image } = cluster.controller;
  expect(image.brokers.get(1)).toMatchObject({
    incarnationId: 'anotherincarnationoneA',
    fenced: false,
    epoch: before + 1,
  });
  expect(image.brokers.get(1)!.epoch).toBeGreaterThan(epoch);
  expect(
    image.topicsByName.get('t')!.partitions.every(({ leader, leaderEpoch }) => leader === 1 && leaderEpoch === 1),
  ).toBe(true);
});

test('another broker does not take over what it does not lead', async () => {
  const cluster = new Cluster().register();
  await cluster.create(topic('t'));
  cluster.register({ id: 2 });
  expect(cluster.controller.image.topicsByName.get('t')!.partitions[0]).toMatchObject({ leader: 1, leaderEpoch: 0 });
});

test('producer ids come in blocks of a thousand, none twice, also after a restart', async () => {
  const cluster = new Cluster().register();
  expect(await cluster.controller.allocateProducerIds(1)).toEqual({ first: 0, size: 1000 });
  expect(await cluster.controller.allocateProducerIds(1)).toEqual({ first: 1000, size: 1000 });
  expect(await new Cluster({}, cluster.files).register().controller.allocateProducerIds(1)).toEqual({
    first: 2000,
    size: 1000,
  });
});

test('settings become what is given, and what is left out is reset', async () => {
  const { controller } = new Cluster().register();
  const set = (values: Record<string, string>) =>
    controller.setConfigs([{ type: ResourceType.topic, name: 't', values: new Map(Object.entries(values)) }]);
  await set({ 'retention.ms': '1', 'segment.ms': '2' });
  const { revision } = controller.image;
  await set({ 'segment.ms': '2', 'flush.ms': '3' });
  expect([...configOf(controller.image, ResourceType.topic, 't')]).toEqual([
    ['segment.ms', '2'],
    ['flush.ms', '3'],
  ]);
  expect(controller.image.revision).toBe(revision + 2); // what stays as it is takes no record
});

test('an internal topic is made once, with what its coordinator needs, and no more replicas than brokers', async () => {
  const { controller } = new Cluster({ 'offsets.topic.num.partitions': '5' }).register();
  await controller.ensureInternalTopic('__consumer_offsets');
  const made = controller.image;
  expect(made.topicsByName.get('__consumer_offsets')!.partitions).toHaveLength(5);
  expect(made.topicsByName.get('__consumer_offsets')!.partitions[0].replicas).toEqual([1]);
  expect(configOf(made, ResourceType.topic, '__consumer_offsets').get('cleanup.policy')).toBe('compact');
  await controller.ensureInternalTopic('__consumer_offsets');
  expect(controller.image).toBe(made);

  await controller.ensureInternalTopic('__transaction_state');
  await controller.ensureInternalTopic('__share_group_state');
  for (const name of ['__transaction_state', '__share_group_state']) {
    expect(configOf(controller.image, ResourceType.topic, name).get('min.insync.replicas')).toBe('1');
  }
});

test('a log much longer than what it says is written anew at start, and says the same', async () => {
  const cluster = new Cluster().register();
  await cluster.create(topic('t', { numPartitions: 2000 }));
  for (let restart = 0; restart < 8; restart++) cluster.register(); // 2,001 records each
  const { image } = cluster.controller;
  const bytes = cluster.files.size(LOG_PATH);

  const again = new Cluster({}, cluster.files);
  expect(cluster.files.size(LOG_PATH)).toBeLessThan(bytes / 2);
  expect(again.controller.image).toEqual(image);
  expect(new Cluster({}, cluster.files).controller.image).toEqual(image);
  expect(await again.register().create(topic('u'))).toEqual([0]);
  expect(new Cluster({}, cluster.files).controller.image).toEqual(again.controller.image);
});
