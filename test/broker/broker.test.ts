import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { connect as openSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { OffsetCommit } from '../../protocol/apis/08-offset-commit.ts';
import { OffsetFetch } from '../../protocol/apis/09-offset-fetch.ts';
import { FindCoordinator } from '../../protocol/apis/10-find-coordinator.ts';
import { JoinGroup } from '../../protocol/apis/11-join-group.ts';
import { ApiVersions } from '../../protocol/apis/18-api-versions.ts';
import { DescribeConfigs } from '../../protocol/apis/32-describe-configs.ts';
import { ConnectionClosed, type Client } from '../../protocol/client.ts';
import { frame } from '../../protocol/frame.ts';
import { startBroker, type BrokerOptions, type RunningBroker } from '../../src/broker/broker.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';
import { nodeFiles } from '../../src/platform/files.ts';
import { consume, createTopic, dial, produce, topicOf } from '../running-broker.ts';

const SETTINGS = {
  listeners: 'PLAINTEXT://127.0.0.1:0',
  'offsets.topic.num.partitions': '2',
  'group.initial.rebalance.delay.ms': '0',
};
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function start(options: BrokerOptions = {}, settings: Record<string, string> = {}): Promise<RunningBroker> {
  const broker = await startBroker({ memory: true, settings: { ...SETTINGS, ...settings }, ...options });
  ends.push(() => broker.stop());
  return broker;
}

async function clientOf({ bootstrap }: RunningBroker): Promise<Client> {
  const client = await dial(bootstrap);
  ends.push(() => client.close());
  return client;
}

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ottla-broker-'));
  ends.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Two ways to keep things: the same files for every start. */
const disks: [string, () => { options: BrokerOptions; settings: Record<string, string> }][] = [
  ['files in memory', () => ({ options: { files: new MemoryFiles() }, settings: {} })],
  ['files on a disk', () => ({ options: { memory: false }, settings: { 'log.dirs': temporaryDirectory() } })],
  [
    'two directories on a disk',
    () => ({
      options: { memory: false },
      settings: { 'log.dirs': `${temporaryDirectory()},${temporaryDirectory()}` },
    }),
  ],
];

/** Of this process, as Linux tells; other threads' files are not counted. */
function openFilesBelow(directory: string): string[] {
  if (process.platform !== 'linux') return [];
  const open = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
  return open.filter((path) => path.startsWith(directory));
}

async function commit(client: Client, groupId: string, offset: number): Promise<void> {
  await client.send(FindCoordinator, 4, { keyType: 0, coordinatorKeys: [groupId] }); // makes the offsets topic
  await expect
    .poll(async () => {
      const { topics } = await client.send(OffsetCommit, 8, {
        groupId,
        generationIdOrMemberEpoch: -1,
        memberId: '',
        topics: [
          { name: 'orders', partitions: [{ partitionIndex: 0, committedOffset: offset, committedMetadata: 'note' }] },
        ],
      });
      return topics[0].partitions[0].errorCode;
    })
    .toBe(0);
}

async function committed(client: Client, groupId: string): Promise<unknown> {
  let found: unknown;
  await expect
    .poll(async () => {
      const { errorCode, topics } = await client.send(OffsetFetch, 7, {
        groupId,
        topics: [{ name: 'orders', partitionIndexes: [0] }],
        requireStable: false,
      });
      found = topics[0]?.partitions[0];
      return errorCode;
    })
    .toBe(0);
  return found;
}

async function configOf(client: Client, name: string): Promise<string | null | undefined> {
  const { results } = await client.send(DescribeConfigs, 4, {
    resources: [{ resourceType: 2, resourceName: 'orders', configurationKeys: [name] }],
    includeSynonyms: false,
    includeDocumentation: false,
  });
  return results[0].configs[0]?.value;
}

describe.each(disks)('a broker with %s', (_name, disk) => {
  test('keeps topics, ids, records, settings and committed offsets over a restart, under a new leader epoch', async () => {
    const { options, settings } = disk();
    const seen = async (client: Client) => {
      const topic = await topicOf(client, 'orders');
      return {
        id: topic.topicId,
        partitions: topic.partitions.map(({ partitionIndex, leaderId }) => [partitionIndex, leaderId]),
        records: [await consume(client, 'orders', 0), await consume(client, 'orders', 1)],
        retention: await configOf(client, 'retention.ms'),
        offset: await committed(client, 'readers'),
      };
    };
    const epochOf = async (client: Client) => (await topicOf(client, 'orders')).partitions[0].leaderEpoch;

    const first = await start(options, settings);
    const client = await clientOf(first);
    expect(await createTopic(client, 'orders', 2, { 'retention.ms': '123456789' })).toBe(0);
    for (let i = 0; i < 20; i++) await produce(client, 'orders', i % 2, [`a${i}`, `b${i}`]);
    await commit(client, 'readers', 7);
    const before = await seen(client);
    expect(before.records.map((list) => list.length)).toEqual([20, 20]);
    expect(before.offset).toMatchObject({ committedOffset: 7, metadata: 'note' });
    const epoch = await epochOf(client);
    const { clusterId } = first.parts.controller.image;
    await first.stop();

    const second = await start(options, settings);
    const again = await clientOf(second);
    expect(await seen(again)).toEqual(before);
    expect(await epochOf(again)).toBeGreaterThan(epoch);
    expect(second.parts.controller.image.clusterId).toBe(clusterId);
    expect(await produce(again, 'orders', 0, ['next'])).toBe(20);
  });

  test('refuses a second broker in one sentence, and goes on undisturbed', async () => {
    const { options, settings } = disk();
    const first = await start(options, settings);
    await expect(start(options, settings)).rejects.toThrow(/^Another broker is using [^\n]+\.$/);
    const client = await clientOf(first);
    expect(await createTopic(client, 'orders')).toBe(0);
  });

  test('says of a taken port what to do, and leaves its directory as it was', async () => {
    const { options, settings } = disk();
    const first = await start(options, settings);
    await createTopic(await clientOf(first), 'orders');
    await first.stop();
    const other = await start();
    const port = other.bootstrap.split(':')[1];
    await expect(start(options, { ...settings, listeners: `PLAINTEXT://127.0.0.1:${port}` })).rejects.toThrow(
      `port 127.0.0.1:${port} is taken: stop what listens there, or choose another with --port`,
    );
    const files = options.files ?? nodeFiles;
    const directories = (settings['log.dirs'] ?? '/memory').split(',');
    for (const path of directories) expect(files.exists(join(path, '.kafka_cleanshutdown'))).toBe(false);
    const checkpoints = directories.map((path) =>
      files.readAll(join(path, 'recovery-point-offset-checkpoint')).toString(),
    );
    expect(checkpoints.join('')).toContain('orders 0 ');
    const again = await start(options, settings);
    expect((await topicOf(await clientOf(again), 'orders')).errorCode).toBe(0);
  });
});

describe('a stop', () => {
  test('leaves no timer, answers nobody any more, and may be asked for twice', async () => {
    const clock = new VirtualClock();
    const broker = await start({ clock });
    const client = await clientOf(broker);
    await createTopic(client, 'orders');
    await produce(client, 'orders', 0, ['a']);
    await commit(client, 'readers', 1);
    const waiting = client.send(Fetch, 12, {
      maxWaitMs: 30_000,
      minBytes: 1,
      topics: [{ topic: 'orders', partitions: [{ partition: 0, fetchOffset: 1, partitionMaxBytes: 100 }] }],
    });
    const joiner = await clientOf(broker);
    const joining = joiner
      .send(JoinGroup, 5, {
        groupId: 'g',
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 10_000,
        memberId: '',
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
      })
      .catch((error: unknown) => error);
    const failed = waiting.catch((error: unknown) => error);
    await expect.poll(() => clock.waiting).toBeGreaterThan(3);
    const first = broker.stop();
    expect(broker.stop()).toBe(first);
    await first;
    await broker.stop();
    expect(clock.waiting).toBe(0);
    expect(await failed).toBeInstanceOf(ConnectionClosed);
    await joining;
    await expect(dial(broker.bootstrap)).rejects.toThrow('ECONNREFUSED');
  });

  test('of a broker with files on a disk leaves no handle open, in any of many starts', async () => {
    const directory = temporaryDirectory();
    const settings = { ...SETTINGS, 'log.dirs': directory };
    const handles = () => process.getActiveResourcesInfo().filter((kind) => /TCP|FSReq/.test(kind));
    await expect.poll(handles).toEqual([]);
    for (let i = 0; i < 50; i++) {
      const broker = await startBroker({ settings });
      if (i === 0) {
        const client = await dial(broker.bootstrap);
        await createTopic(client, 'orders');
        await produce(client, 'orders', 0, ['a']);
        await client.close();
      }
      await broker.stop();
    }
    await expect.poll(handles).toEqual([]);
    expect(openFilesBelow(directory)).toEqual([]);
    const broker = await start({ memory: false }, settings);
    const client = await clientOf(broker);
    expect(await consume(client, 'orders', 0)).toEqual(['a']);
    expect((await topicOf(client, 'orders')).partitions[0].leaderEpoch).toBeGreaterThanOrEqual(50);
  });
});

describe('connections', () => {
  test('answer pipelined requests in order behind one that waits, over a real socket', async () => {
    const broker = await start();
    const [client, other] = [await clientOf(broker), await clientOf(broker)];
    await createTopic(client, 'orders');
    for (let round = 0; round < 20; round++) {
      const order: string[] = [];
      const noted = <T>(name: string, promise: Promise<T>): Promise<T> => promise.finally(() => order.push(name));
      const waiting = noted(
        'fetch',
        client.send(Fetch, 12, {
          maxWaitMs: 5000,
          minBytes: 1,
          topics: [{ topic: 'orders', partitions: [{ partition: 0, fetchOffset: round, partitionMaxBytes: 1000 }] }],
        }),
      );
      const first = noted('topic', topicOf(client, 'orders'));
      await topicOf(other, 'orders'); // the others' requests are read ahead meanwhile
      const second = noted('consume', consume(client, 'orders', 0));
      await produce(other, 'orders', 0, [`value ${round}`]);
      const [, , values] = await Promise.all([waiting, first, second]);
      expect(order).toEqual(['fetch', 'topic', 'consume']);
      expect(values.length).toBe(round + 1);
    }
  });

  test('that stop in the midst of a frame, or of a long answer, do no harm', async () => {
    const broker = await start();
    const client = await clientOf(broker);
    await createTopic(client, 'orders');
    const large = 'x'.repeat(900_000);
    for (let i = 0; i < 10; i++) await produce(client, 'orders', 0, [large]);
    const [host, port] = broker.bootstrap.split(':');
    for (let i = 0; i < 10; i++) {
      const half = openSocket(Number(port), host);
      half.on('error', () => {});
      half.write(frame(Buffer.alloc(5000)).subarray(0, 100 * i));
      const slow = await dial(broker.bootstrap);
      void slow
        .send(Fetch, 12, {
          maxWaitMs: 0,
          minBytes: 1,
          maxBytes: 50 << 20,
          topics: [{ topic: 'orders', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 50 << 20 }] }],
        })
        .catch(() => {});
      await slow.close();
      half.destroy();
    }
    expect((await consume(client, 'orders', 0)).length).toBe(10);
  });

  test('are named in the log with the reason when the broker ends them', async () => {
    const lines: unknown[] = [];
    const broker = await start({
      logger: { ...silentLogger, info: (event, facts) => void lines.push([event, facts?.reason]) },
    });
    const client = await clientOf(broker);
    client.write(Buffer.from('HELO / SMTP\r\n\r\n'));
    await client.closed;
    expect(lines).toContainEqual(['connection-closed', expect.stringMatching(/socket\.request\.max\.bytes/)]);
  });
});

test('a listener on every interface is told as 127.0.0.1, one on IPv6 in brackets', async () => {
  const everywhere = await start({}, { listeners: 'PLAINTEXT://:0' });
  expect(everywhere.bootstrap).toMatch(/^127\.0\.0\.1:\d+$/);
  const six = await start({}, { listeners: 'PLAINTEXT://[::1]:0' });
  expect(six.bootstrap).toMatch(/^\[::1\]:\d+$/);
  const client = await clientOf(six);
  expect((await client.send(ApiVersions, 0, {})).errorCode).toBe(0);
});

test('a broker whose metadata log is damaged does not start, and lets go of its directory', async () => {
  const files = new MemoryFiles();
  const first = await start({ files });
  await createTopic(await clientOf(first), 'orders');
  await createTopic(await clientOf(first), 'others');
  await first.stop();
  const log = files.open('/memory/__cluster_metadata-0/00000000000000000000.log', 'write');
  log.write(Buffer.from([0xff]), 0, 1, 70);
  await expect(start({ files })).rejects.toThrow(/is damaged at byte/);
  await expect(start({ files })).rejects.toThrow(/is damaged at byte/); // not "another broker is using"
});
