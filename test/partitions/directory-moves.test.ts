import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Metadata } from '../../protocol/apis/03-metadata.ts';
import { AlterReplicaLogDirs } from '../../protocol/apis/34-alter-replica-log-dirs.ts';
import { DescribeLogDirs } from '../../protocol/apis/35-describe-log-dirs.ts';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { connect, type Client } from '../../protocol/client.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { diskError, MemoryFiles } from '../../src/platform/memory-files.ts';
import { topic } from '../cluster/cluster-fixture.ts';
import { readAll } from '../log/log-fixture.ts';

const settings = { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': '/a,/b', 'log.segment.delete.delay.ms': '0' };

let files: MemoryFiles;
let broker: RunningBroker;
let client: Client;

async function start(): Promise<void> {
  broker = await startBroker({ files, settings });
  const [host, port] = broker.bootstrap.split(':');
  client = await connect({ host, port: Number(port) });
}

async function stop(): Promise<void> {
  await client.close();
  await broker.stop();
}

const partition = () => broker.parts.partitions.get('t', 0)!;
const home = () => broker.parts.partitions.directoryOf(partition())!.path;
const other = () => (home() === '/a' ? '/b' : '/a');

function append(count: number, size = 1000): void {
  for (let i = 0; i < count; i++) {
    partition().appendRecords([{ key: null, value: Buffer.from(String(i).padEnd(size, '.')), timestamp: i }]);
  }
}

async function move(path: string): Promise<number> {
  const { results } = await client.send(AlterReplicaLogDirs, 2, {
    dirs: [{ path, topics: [{ name: 't', partitions: [0] }] }],
  });
  return results[0].partitions[0].errorCode;
}

async function described() {
  const { results } = await client.send(DescribeLogDirs, 5, { topics: null });
  return Object.fromEntries(
    results.map(({ logDir, errorCode, topics }) => [
      logDir,
      errorCode !== 0 ? errorCode : topics.flatMap(({ partitions }) => partitions),
    ]),
  );
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}

/** Nothing that is copied gets to the disk until the answer is called. */
function hold(): () => void {
  const held: (() => void)[] = [];
  files.syncDirectoryLater = () => new Promise((resolve) => held.push(resolve));
  return () => {
    files.syncDirectoryLater = async () => {};
    for (const resolve of held) resolve();
  };
}

const folders = (path: string) => files.list(path).filter((name) => name.startsWith('t-'));

describe('a partition that moves to another log directory', () => {
  beforeEach(async () => {
    files = new MemoryFiles();
    await start();
    await client.send(CreateTopics, 7, {
      topics: [topic('t', { configs: [{ name: 'internal.segment.bytes', value: '50000' }] })],
    });
  });
  afterEach(stop);

  it('has the same records there, goes on from there, and leaves nothing behind', async () => {
    append(600);
    const [from, to] = [home(), other()];
    const records = readAll(partition().log);
    const release = hold();
    expect(await move(to)).toBe(ErrorCode.NONE);
    const during = await described();
    expect(during[from]).toEqual([
      { partitionIndex: 0, partitionSize: partition().log.size, offsetLag: 0, isFutureKey: false },
    ]);
    expect(during[to]).toMatchObject([{ partitionIndex: 0, isFutureKey: true }]);
    append(100);
    release();
    await until(() => home() === to);
    expect(partition().endOffset).toBe(700);
    append(1);
    expect(readAll(partition().log).slice(0, 600)).toEqual(records);
    expect(readAll(partition().log)).toHaveLength(701);
    await until(() => folders(from).length === 0);
    expect(folders(to)).toEqual(['t-0']);
    expect(await described()).toMatchObject({ [from]: [], [to]: [{ isFutureKey: false }] });
    await stop();
    await start();
    expect(home()).toBe(to);
    expect(readAll(partition().log)).toHaveLength(701);
  });

  it('stays where it is when it is there, and is refused a directory that is not one', async () => {
    expect(await move(home())).toBe(ErrorCode.NONE);
    expect(await move('/c')).toBe(ErrorCode.LOG_DIR_NOT_FOUND);
    expect(folders(home())).toEqual(['t-0']);
    expect(folders(other())).toEqual([]);
  });

  it('stays where it is when the other disk fails, which alone goes offline', async () => {
    append(600);
    const [from, to] = [home(), other()];
    files.before = (operation, path) => {
      if (operation === 'write' && path.startsWith(to)) throw diskError('EIO', 'write', path);
    };
    await move(to);
    await until(() => broker.parts.partitions.directories.some(({ health }) => health.isOffline));
    files.before = null;
    expect(home()).toBe(from);
    append(1);
    expect(readAll(partition().log)).toHaveLength(601);
    expect(await described()).toMatchObject({ [from]: [{ isFutureKey: false }], [to]: ErrorCode.KAFKA_STORAGE_ERROR });
    expect(await move(to)).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
  });

  it('has no leader any more when its own disk fails', async () => {
    append(1);
    partition().log.health.syncFailed('t-0', new Error('gone'));
    const { topics } = await client.send(Metadata, 12, { topics: [{ name: 't' }], allowAutoTopicCreation: false });
    expect(topics[0].partitions).toMatchObject([
      { errorCode: ErrorCode.LEADER_NOT_AVAILABLE, leaderId: -1, replicaNodes: [1], offlineReplicas: [1] },
    ]);
  });

  it('is moved by the next start when the broker stopped meanwhile', async () => {
    append(600);
    const to = other();
    const release = hold();
    await move(to);
    await stop();
    release();
    expect(folders(to)).toEqual([expect.stringMatching(/^t-0\.[0-9a-f]{32}-future$/)]);
    await start();
    await until(() => home() === to);
    expect(readAll(partition().log)).toHaveLength(600);
  });

  it('is found once when a crash left it in both', async () => {
    append(600);
    const [from, to] = [home(), other()];
    const release = hold();
    await move(to);
    files.before = (operation, path) => {
      if (operation === 'rename' && path === `${from}/t-0`) throw diskError('ENOSPC', 'rename', path);
    };
    release();
    await until(() => files.exists(`${to}/t-0`));
    await stop();
    files.before = null;
    await start();
    expect(readAll(partition().log)).toHaveLength(600);
    expect([...folders(from), ...folders(to)].toSorted()).toEqual(['t-0', expect.stringMatching(/^t-0\.0{32}-stray$/)]);
  });
});
