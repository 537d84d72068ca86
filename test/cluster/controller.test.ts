import { expect, test, vi } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import { configOf, ResourceType, type ClusterImage } from '../../src/cluster/image.ts';
import type { MetadataDraft } from '../../src/cluster/metadata-records.ts';
import type { MetadataBatch, MetadataStore } from '../../src/cluster/metadata-store.ts';
import { nextTurn } from '../../src/platform/clock.ts';
import { diskError } from '../../src/platform/memory-files.ts';
import { Cluster, LOG_PATH, topic } from './cluster-fixture.ts';

test('listeners see every new image beside the one before, while the operation runs', async () => {
  const cluster = await Cluster.registered();
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
  const cluster = await Cluster.registered();
  let told = 0;
  cluster.controller.onChange(() => void told++);
  await cluster.create(topic(''));
  await cluster.controller.deleteTopics([]);
  await cluster.set({ type: ResourceType.topic, name: 't', values: new Map() });
  expect(told).toBe(0);
});

test('a listener that throws fails the operation, and the others are told all the same', async () => {
  const cluster = await Cluster.registered();
  let told = 0;
  cluster.controller.onChange(() => {
    throw diskError('ENOSPC', 'mkdir', '/data/t-0');
  });
  cluster.controller.onChange(() => void told++);
  await expect(cluster.create(topic('t'))).rejects.toThrow(/ENOSPC/);
  expect(told).toBe(1);
  expect(cluster.controller.image.topicsByName.has('t')).toBe(true);
});

test('operations that come together decide one after the other, each on what the one before has changed', async () => {
  const cluster = await Cluster.registered();
  const answers = await Promise.all([
    cluster.create(topic('t')),
    cluster.create(topic('t'), topic('u')),
    cluster.controller.deleteTopics([{ name: 'u', topicId: ZERO_UUID }]),
    cluster.create(topic('u')),
  ]);
  expect(answers).toMatchObject([[0], [ErrorCode.TOPIC_ALREADY_EXISTS, 0], [{ errorCode: 0 }], [0]]);
  const blocks = await Promise.all([1, 2, 3].map(() => cluster.controller.allocateProducerIds(1)));
  expect(blocks.map(({ first }) => first)).toEqual([0, 1000, 2000]);
});

/** Stores what it is given when it is told to, and tells of it later than it answers: as an engine elsewhere does. */
class SlowStore implements MetadataStore {
  readonly inner: MetadataStore;
  readonly held: (() => void)[] = [];
  isSlow = false;

  constructor(inner: MetadataStore) {
    this.inner = inner;
  }

  load(): Promise<readonly MetadataBatch[]> {
    return this.inner.load();
  }

  async append(records: readonly MetadataDraft[], expectedRevision: number): Promise<'stored' | 'conflict'> {
    if (this.isSlow) await new Promise<void>((resolve) => this.held.push(resolve));
    return this.inner.append(records, expectedRevision);
  }

  watch(listener: (batch: MetadataBatch) => void): () => void {
    return this.inner.watch((batch) => (this.isSlow ? void setImmediate(() => listener(batch)) : listener(batch)));
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

async function twoControllers(): Promise<{ slow: SlowStore; first: Cluster; second: Cluster }> {
  const first = await Cluster.registered();
  const store = first.store();
  await store.load();
  const slow = new SlowStore(store);
  return {
    slow,
    first: await Cluster.open({}, first.files, slow),
    second: await Cluster.open({}, first.files, store),
  };
}

test('where another controller was faster, an operation catches up and decides again', async () => {
  const { slow, first, second } = await twoControllers();
  slow.isSlow = true;
  const creation = first.create(topic('t'), topic('u'));
  expect(await second.create(topic('t'))).toEqual([0]);
  expect(first.controller.image.topicsByName.has('t')).toBe(false);
  slow.held.shift()!();
  await vi.waitUntil(() => slow.held.length === 1);
  slow.held.shift()!();
  expect(await creation).toEqual([ErrorCode.TOPIC_ALREADY_EXISTS, 0]);
  expect(first.controller.image.topicsByName).toEqual(second.controller.image.topicsByName);
});

test('an operation is answered when its change is in force here, not before', async () => {
  const { slow, first } = await twoControllers();
  slow.isSlow = true;
  const creation = first.create(topic('t')).then(() => first.controller.image.topicsByName.has('t'));
  slow.held.shift()!();
  expect(await creation).toBe(true);
});

test('a change that another controller made is in force when listeners have followed it, however long that takes', async () => {
  const { first, second } = await twoControllers();
  let follow = (): void => {};
  second.controller.onChange(() => new Promise<void>((resolve) => (follow = resolve)));
  await first.create(topic('t'));
  const { revision } = second.controller.image;
  expect(second.controller.image.topicsByName.has('t')).toBe(true);
  let isInForce = false;
  const inForce = second.controller.inForce(revision).then(() => (isInForce = true));
  await nextTurn();
  expect(isInForce).toBe(false);
  follow();
  await inForce;
});

test('closing waits for the operation under way, and refuses those behind it', async () => {
  const { slow, first } = await twoControllers();
  slow.isSlow = true;
  const underWay = first.create(topic('t'));
  const waiting = first.create(topic('u'));
  let isClosed = false;
  const closed = first.controller.close().then(() => (isClosed = true));
  await expect(waiting).rejects.toThrow('the broker stops');
  expect(isClosed).toBe(false);
  slow.held.shift()!();
  expect(await underWay).toEqual([0]);
  await closed;
  await expect(first.create(topic('v'))).rejects.toThrow('the broker stops');
});

test('a change that the disk refuses has not happened', async () => {
  const cluster = await Cluster.registered();
  const before = cluster.controller.image;
  cluster.files.before = (operation, path) => {
    if (operation === 'sync') throw diskError('EIO', 'fdatasync', path);
  };
  await expect(cluster.create(topic('t'))).rejects.toThrow(/EIO/);
  expect(cluster.controller.image).toBe(before);
});

test('a broker that starts is registered under a new epoch and elected anew wherever it leads, at once', async () => {
  const cluster = await Cluster.registered();
  await cluster.create(topic('t', { numPartitions: 10_000 }));
  const { epoch } = cluster.controller.image.brokers.get(1)!;
  const before = cluster.controller.image.revision;
  await cluster.register({ incarnationId: 'anotherincarnationoneA' });
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
  const cluster = await Cluster.registered();
  await cluster.create(topic('t'));
  await cluster.register({ id: 2 });
  expect(cluster.controller.image.topicsByName.get('t')!.partitions[0]).toMatchObject({ leader: 1, leaderEpoch: 0 });
});

test('producer ids come in blocks of a thousand, none twice, also after a restart', async () => {
  const cluster = await Cluster.registered();
  expect(await cluster.controller.allocateProducerIds(1)).toEqual({ first: 0, size: 1000 });
  expect(await cluster.controller.allocateProducerIds(1)).toEqual({ first: 1000, size: 1000 });
  expect(await (await Cluster.registered({}, cluster.files)).controller.allocateProducerIds(1)).toEqual({
    first: 2000,
    size: 1000,
  });
});

test('settings become what is given, and what is left out is reset', async () => {
  const cluster = await Cluster.registered();
  const { controller } = cluster;
  const set = (values: Record<string, string>) =>
    cluster.set({ type: ResourceType.topic, name: 't', values: new Map(Object.entries(values)) });
  await set({ 'retention.ms': '1', 'segment.ms': '2' });
  const { revision } = controller.image;
  await set({ 'segment.ms': '2', 'flush.ms': '3' });
  expect([...configOf(controller.image, ResourceType.topic, 't')]).toEqual([
    ['segment.ms', '2'],
    ['flush.ms', '3'],
  ]);
  expect(controller.image.revision).toBe(revision + 2); // what stays as it is takes no record
});

test('an alteration is made of the settings as they are when its turn comes', async () => {
  const { controller } = await Cluster.registered();
  const append = (text: string) =>
    controller.alterConfigs((image) => {
      const before = configOf(image, ResourceType.group, 'g').get('list') ?? '';
      const values = new Map([['list', before + text]]);
      return { changes: [{ type: ResourceType.group, name: 'g', values }], result: before };
    });
  expect(await Promise.all([append('a'), append('b'), append('c')])).toEqual(['', 'a', 'ab']);
  expect(configOf(controller.image, ResourceType.group, 'g').get('list')).toBe('abc');
});

test('an internal topic is made once, with what its coordinator needs, and no more replicas than brokers', async () => {
  const { controller } = await Cluster.registered({ 'offsets.topic.num.partitions': '5' });
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
  const cluster = await Cluster.registered();
  await cluster.create(topic('t', { numPartitions: 2000 }));
  for (let restart = 0; restart < 8; restart++) await cluster.register(); // 2,001 records each
  const { image } = cluster.controller;
  const bytes = cluster.files.size(LOG_PATH);

  const again = await Cluster.open({}, cluster.files);
  expect(cluster.files.size(LOG_PATH)).toBeLessThan(bytes / 2);
  expect(again.controller.image).toEqual(image);
  expect((await Cluster.open({}, cluster.files)).controller.image).toEqual(image);
  expect(await (await again.register()).create(topic('u'))).toEqual([0]);
  expect((await Cluster.open({}, cluster.files)).controller.image).toEqual(again.controller.image);
});
