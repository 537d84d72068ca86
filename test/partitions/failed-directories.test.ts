import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ListOffsets } from '../../protocol/apis/02-list-offsets.ts';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { DeleteTopics } from '../../protocol/apis/20-delete-topics.ts';
import { DeleteRecords } from '../../protocol/apis/21-delete-records.ts';
import { AlterReplicaLogDirs } from '../../protocol/apis/34-alter-replica-log-dirs.ts';
import { DescribeLogDirs } from '../../protocol/apis/35-describe-log-dirs.ts';
import type { Client } from '../../protocol/client.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { diskError, MemoryFiles } from '../../src/platform/memory-files.ts';
import { consume, createTopic, dial, produce, topicOf } from '../running-broker.ts';

const TOPICS = ['a', 'b', 'c', 'd'];
const OFFLINE = ErrorCode.KAFKA_STORAGE_ERROR;
const files = { now: new MemoryFiles() };
let broker: RunningBroker;
let client: Client;
let said: string[];

async function start(directories = '/one,/two'): Promise<void> {
  said = [];
  const logger = { ...silentLogger, error: (event: string) => void said.push(event) };
  const settings = { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': directories };
  broker = await startBroker({ files: files.now, logger, settings });
  client = await dial(broker.bootstrap);
}

async function stop(): Promise<void> {
  await client.close();
  await broker.stop();
}

const homeOf = (topic: string) => broker.parts.partitions.directoryOf(broker.parts.partitions.get(topic, 0)!)!.path;

/** One topic that lies there. */
const topicIn = (path: string) => TOPICS.find((topic) => homeOf(topic) === path)!;

const notedIn = (topic: string) => broker.parts.controller.image.topicsByName.get(topic)!.partitions[0].directories[0];

/** Whatever is asked of the topic's partition. */
async function codes(topic: string): Promise<number[]> {
  const part = { partitionIndex: 0 };
  const [listed, deleted] = await Promise.all([
    client.send(ListOffsets, 5, { replicaId: -1, topics: [{ name: topic, partitions: [{ ...part, timestamp: -1 }] }] }),
    client.send(DeleteRecords, 2, { timeoutMs: 1, topics: [{ name: topic, partitions: [{ ...part, offset: 0 }] }] }),
  ]);
  const { responses } = await client.send(Produce, 9, {
    acks: 1,
    timeoutMs: 1,
    topicData: [{ name: topic, partitionData: [{ index: 0, records: Buffer.alloc(0) }] }],
  });
  return [
    listed.topics[0].partitions[0].errorCode,
    deleted.topics[0].partitions[0].errorCode,
    responses[0].partitionResponses[0].errorCode,
  ];
}

beforeEach(async () => {
  files.now = new MemoryFiles();
  await start();
  for (const topic of TOPICS) {
    await createTopic(client, topic);
    await produce(client, topic, 0, [`first of ${topic}`]);
  }
});
afterEach(async () => {
  files.now.before = null;
  await stop();
});

describe('a log directory that is not there at the start', () => {
  it.each([
    ['cannot be opened', '/one,/two'],
    ['is no longer in log.dirs', '/one'],
  ])('because it %s: its partitions are offline, not empty, and all others live', async (why, directories) => {
    const [here, gone] = [topicIn('/one'), topicIn('/two')];
    await stop();
    if (why === 'cannot be opened') {
      files.now.before = (operation, path) => {
        if (path.startsWith('/two')) throw diskError('EIO', operation, path);
      };
    }
    await start(directories);
    expect(said).toContain('log-dir.missing');
    expect(await consume(client, here, 0)).toEqual([`first of ${here}`]);
    expect(await codes(gone)).toEqual([OFFLINE, OFFLINE, OFFLINE]);
    await expect(consume(client, gone, 0)).rejects.toThrow(String(OFFLINE));
    expect((await topicOf(client, gone)).partitions[0].offlineReplicas).toEqual([1]);
    expect(await createTopic(client, 'new', 3)).toBe(0);
    expect(homeOf('new')).toBe('/one');

    await stop();
    files.now.before = null;
    await start();
    for (const topic of TOPICS) expect(await consume(client, topic, 0)).toEqual([`first of ${topic}`]);
  });

  it('is shown by DescribeLogDirs with its error', async () => {
    await stop();
    files.now.before = (operation, path) => {
      if (path.startsWith('/two')) throw diskError('EIO', operation, path);
    };
    await start();
    const { results } = await client.send(DescribeLogDirs, 4, { topics: null });
    expect(results.map(({ logDir, errorCode }) => [logDir, errorCode])).toEqual([
      ['/one', 0],
      ['/two', OFFLINE],
    ]);
  });

  it('does not keep a topic that is deleted meanwhile', async () => {
    const gone = topicIn('/two');
    await stop();
    await start('/one');
    const { responses } = await client.send(DeleteTopics, 5, { topicNames: [gone], timeoutMs: 1000 });
    expect(responses[0].errorCode).toBe(0);
    expect(await createTopic(client, gone)).toBe(0);
    await produce(client, gone, 0, ['of another topic']);
    await stop();
    await start();
    expect(await consume(client, gone, 0)).toEqual(['of another topic']);
  });
});

describe('the cluster', () => {
  it('knows which directory has a partition, also after it has moved', async () => {
    const moved = topicIn('/one');
    const { directories } = broker.parts.partitions;
    const idOf = (path: string) => directories.find((one) => one.path === path)!.directoryId;
    await expect.poll(() => TOPICS.map(notedIn)).toEqual(TOPICS.map((topic) => idOf(homeOf(topic))));
    await client.send(AlterReplicaLogDirs, 2, {
      dirs: [{ path: '/two', topics: [{ name: moved, partitions: [0] }] }],
    });
    await expect.poll(() => notedIn(moved)).toBe(idOf('/two'));
  });
});

describe('a broker without any log directory left', () => {
  it('tells those who wait why, and ends', async () => {
    files.now.before = (operation, path) => {
      if (operation === 'write' && path.endsWith('.log')) throw diskError('EIO', operation, path);
    };
    for (const path of ['/one', '/two']) {
      await expect(produce(client, topicIn(path), 0, ['x'])).rejects.toThrow(`answered ${OFFLINE}`);
    }
    await broker.failed;
    expect(said).toEqual(['log-dir.offline', 'log-dir.offline', 'all-log-dirs-offline']);
    await expect(dial(broker.bootstrap)).rejects.toThrow('ECONNREFUSED');
  });

  it('lives on while it has one', async () => {
    const [gone, here] = [topicIn('/two'), topicIn('/one')];
    files.now.before = (operation, path) => {
      if (operation === 'write' && path.startsWith('/two')) throw diskError('EIO', operation, path);
    };
    await expect(produce(client, gone, 0, ['x'])).rejects.toThrow(`answered ${OFFLINE}`);
    expect(await codes(gone)).toEqual([OFFLINE, OFFLINE, OFFLINE]);
    await produce(client, here, 0, ['y']);
  });
});

describe('a start that fails', () => {
  const other = (path: string) => (path === '/one' ? '/two' : '/one');

  it.each([
    ['while folders are looked for', 'rename', (topic: string, path: string) => path.includes(`${topic}-0`)],
    ['while a log is opened', 'create', (topic: string, path: string) => path.includes(`${topic}-0`)],
  ] as const)('%s leaves no lock behind', async (what, operation, isMeant) => {
    const [topic] = TOPICS;
    const home = homeOf(topic);
    await stop();
    // Found twice, one of them has to be renamed; its log lost, it has to be made.
    if (operation === 'rename') files.now.makeDirectory(`${other(home)}/${topic}-0`);
    else files.now.remove(`${home}/${topic}-0/${'0'.repeat(20)}.log`);
    files.now.before = (done, path) => {
      if (done === operation && isMeant(topic, path)) throw new TypeError(`a bug ${what}`);
    };
    await expect(start()).rejects.toThrow('a bug');
    files.now.before = null;
    await start();
    expect(broker.parts.partitions.get(topic, 0)).toBeDefined();
  });
});
