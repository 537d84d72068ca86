/** How a broker reads the metadata log: what it applies, what it never does, and whom it asks. In virtual time. */
import { expect, test } from 'vitest';
import { encodeSnapshot } from '../../src/cluster/metadata-snapshot.ts';
import type { ClusterImage } from '../../src/cluster/image.ts';
import { ControllerQuorum } from '../../src/peers/controller-quorum.ts';
import { MetadataCopy } from '../../src/peers/metadata-copy.ts';
import { MetadataFetcher } from '../../src/peers/metadata-fetcher.ts';
import { nextTurn, VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { SimulatedNetwork } from '../simulation/simulated-network.ts';
import { FakeController } from './fake-controller.ts';

const feature = (featureLevel: number, name = 'f') => ({ type: 'FeatureLevelRecord', name, featureLevel }) as const;

class Room {
  readonly clock = new VirtualClock();
  readonly network = new SimulatedNetwork({ clock: this.clock, random: seededRandom(1) });
  readonly files = new MemoryFiles();
  readonly images: ClusterImage[] = [];
  readonly said: string[] = [];
  readonly controllers: readonly FakeController[];
  fetcher!: MetadataFetcher;
  #hosts: readonly string[];

  private constructor(count: number) {
    this.controllers = Array.from({ length: count }, (_, i) => new FakeController(i + 1, this.clock));
    this.#hosts = this.controllers.map(({ id }) => `c${id}`);
  }

  static async open(count = 1): Promise<Room> {
    const room = new Room(count);
    await Promise.all(room.controllers.map((each, i) => each.listen(room.network.of(room.#hosts[i]))));
    return room;
  }

  start(snapshotAfterBytes = 1 << 20): void {
    const { clock } = this;
    const say = (event: string): void => void this.said.push(event);
    const logger = { ...silentLogger, warn: say, error: say };
    const quorum = new ControllerQuorum(
      this.#hosts.map((host) => ({ host, port: 9093 })),
      clock,
    );
    const copy = new MetadataCopy({ files: this.files, logDirectory: '/data', logger: silentLogger });
    const settings = () => ({ maxBytes: 1 << 20, maxSnapshotBytes: 1 << 20, timeoutMs: 2000, snapshotAfterBytes });
    this.fetcher = new MetadataFetcher({
      clock,
      logger,
      network: this.network.of('broker'),
      quorum,
      copy,
      clusterId: 'cluster',
      nodeId: 7,
      directoryId: 'AAAAAAAAAAAAAAAAAAAAAA',
      settings,
    });
    this.fetcher.onChange((image) => void this.images.push(image));
    this.fetcher.start();
  }

  async stop(): Promise<void> {
    await this.until(this.fetcher.stop());
  }

  async until<T>(promise: Promise<T>): Promise<T> {
    const state = { isOver: false };
    promise.finally(() => void (state.isOver = true)).catch(() => {});
    for (await nextTurn(); !state.isOver; await this.clock.advance(5));
    return promise;
  }

  /** Lets time pass until the image has this level. */
  async level(level: number, timeoutMs = 10_000): Promise<boolean> {
    return this.until(this.fetcher.until(({ features }) => features.get('f') === level, timeoutMs));
  }

  get current(): number | undefined {
    return this.fetcher.image.features.get('f');
  }
}

test('what is committed is applied, what is not is kept and waits', async () => {
  const room = await Room.open();
  const [controller] = room.controllers;
  controller.append([feature(1)]);
  controller.append([feature(2)], false);
  room.start();
  expect(await room.level(1)).toBe(true);
  await room.clock.advance(3000);
  expect([room.current, room.fetcher.image.revision]).toEqual([1, 0]);
  controller.highWatermark = 2;
  expect(await room.level(2)).toBe(true);
  await room.stop();
});

test('a broker that starts again asks for what is new alone', async () => {
  const room = await Room.open();
  const [controller] = room.controllers;
  controller.append([feature(1)]);
  room.start();
  await room.level(1);
  await room.stop();
  controller.append([feature(2)]);
  controller.fetches.length = 0;
  room.start();
  expect(await room.level(2)).toBe(true);
  expect(controller.fetches[0]).toMatchObject({ fetchOffset: 1, lastFetchedEpoch: 1 });
  await room.stop();
});

test.each([
  ['a gap', (records: Buffer) => Buffer.from(records).fill(9, 7, 8)],
  ['a damaged batch', (records: Buffer) => Buffer.from(records).fill(0xff, records.length - 1)],
])('%s is never applied, is said once, and is read again', async (_what, spoil) => {
  const room = await Room.open();
  const [controller] = room.controllers;
  controller.append([feature(1)]);
  room.start();
  await room.level(1);
  controller.spoil = (records) => (records.length === 0 ? records : spoil(records));
  controller.append([feature(2)]);
  await room.until(room.fetcher.until(() => false, 5000));
  expect(room.current).toBe(1);
  expect(room.said).toEqual(['metadata-not-read']);
  controller.spoil = (records) => records;
  expect(await room.level(2)).toBe(true);
  await room.stop();
});

test('a transaction of records takes effect when it ends, over as many batches as it has', async () => {
  const room = await Room.open();
  const [controller] = room.controllers;
  controller.append([{ type: 'BeginTransactionRecord' }, feature(1)]);
  controller.append([feature(2)]);
  room.start();
  await room.until(room.fetcher.until(({ revision }) => revision === 2, 5000));
  expect(room.current).toBeUndefined();
  controller.append([{ type: 'EndTransactionRecord' }]);
  expect(await room.level(2)).toBe(true);
  controller.append([{ type: 'BeginTransactionRecord' }, feature(3)]);
  controller.append([{ type: 'AbortTransactionRecord' }, feature(4, 'g')]);
  await room.until(room.fetcher.until(({ features }) => features.get('g') === 4, 5000));
  expect(room.current).toBe(2);
  await room.stop();
});

test('a log that has gone another way is cut, as far as it was not committed', async () => {
  const room = await Room.open();
  const [controller] = room.controllers;
  controller.append([feature(1)]);
  controller.append([feature(2)], false);
  controller.append([feature(3)], false);
  room.start();
  await room.level(1);
  // Another controller has been elected that had the first batch only.
  controller.epoch = 2;
  controller.batches.splice(1);
  controller.append([feature(9)]);
  expect(await room.level(9)).toBe(true);
  expect(room.images.map(({ features }) => features.get('f'))).toEqual([1, 9]);
  await room.stop();
});

test('who is behind the beginning of the log fetches the snapshot, and goes on behind it', async () => {
  const room = await Room.open();
  const [controller] = room.controllers;
  const topic = { type: 'TopicRecord', name: 'old', topicId: 'EOxdhpWe4k1rqk_XteAX2w' } as const;
  controller.append([feature(1), topic]);
  room.start();
  await room.level(1);
  const lost: number[][] = [];
  room.fetcher.onChange((image, previous, delta) => {
    if (previous.topicsById.size > 0) lost.push([image.topicsById.size, delta.topicIds.size]);
  });
  controller.batches = [];
  controller.start = { endOffset: 50, epoch: 1 };
  controller.snapshot = Buffer.concat([...encodeSnapshot([feature(5)], { epoch: 1, timestamp: 0 })]);
  controller.append([feature(6, 'g')]);
  expect(await room.level(5)).toBe(true);
  await room.until(room.fetcher.until(({ features }) => features.get('g') === 6, 5000));
  expect(room.fetcher.image.topicsByName.has('old')).toBe(false);
  expect(lost).toEqual([[0, 1]]);
  await room.stop();
  room.start();
  expect(await room.level(5)).toBe(true);
  await room.stop();
});

test('who has read much keeps a snapshot of its own instead', async () => {
  const room = await Room.open();
  const [controller] = room.controllers;
  for (let level = 1; level <= 20; level++) controller.append([feature(level)]);
  room.start(500);
  await room.level(20);
  await room.stop();
  const names = room.files.list('/data/__cluster_metadata-0');
  expect(names).toEqual(['00000000000000000020-0000000001.checkpoint', '00000000000000000020.log']);
  room.start();
  expect(await room.level(20)).toBe(true);
  await room.stop();
});

test('whoever is asked names the active controller', async () => {
  const room = await Room.open(3);
  const [first, second, third] = room.controllers;
  const leader = { id: 3, host: 'c3', port: 9093 };
  for (const standby of [first, second]) {
    standby.leader = leader;
    standby.epoch = 4;
  }
  third.epoch = 4;
  third.append([feature(1)]);
  room.start();
  expect(await room.level(1)).toBe(true);
  expect(second.asked).toEqual([]);
  await room.stop();
});

test('a controller that is silent is left, and its successor found', async () => {
  const room = await Room.open(2);
  const [first, second] = room.controllers;
  first.append([feature(1)]);
  second.leader = { id: 1, host: 'c1', port: 9093 };
  room.start();
  await room.level(1);
  room.network.silence('c1', true);
  second.leader = null;
  second.epoch = 2;
  second.batches = [...first.batches];
  second.append([feature(2)]);
  const beganMs = room.clock.monotonic();
  expect(await room.level(2)).toBe(true);
  expect(room.clock.monotonic() - beganMs).toBeLessThan(3500);
  await room.stop();
});

test('listeners are awaited before more is asked for', async () => {
  const room = await Room.open();
  const [controller] = room.controllers;
  controller.append([feature(1)]);
  let release!: () => void;
  room.start();
  room.fetcher.onChange(() => new Promise((resolve) => (release = resolve)));
  const isDone = room.level(1);
  await room.clock.advance(2000);
  expect(controller.fetches.map(({ fetchOffset }) => fetchOffset)).not.toContain(1);
  release();
  expect(await isDone).toBe(true);
  await room.stop();
});
