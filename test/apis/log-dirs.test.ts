import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { DescribeLogDirs } from '../../protocol/apis/35-describe-log-dirs.ts';
import { connect } from '../../protocol/client.ts';
import { startBroker } from '../../src/broker/broker.ts';
import { topic } from '../cluster/cluster-fixture.ts';

test('log directories are shown with the partitions asked for', async () => {
  const broker = await startBroker({ memory: true, settings: { listeners: 'PLAINTEXT://127.0.0.1:0' } });
  const [host, port] = broker.bootstrap.split(':');
  const client = await connect({ host, port: Number(port) });
  try {
    await client.send(CreateTopics, 7, { topics: [topic('t', { numPartitions: 3 }), topic('u')] });
    const partition = broker.parts.partitions.get('t', 2)!;
    partition.appendRecords([{ key: null, value: Buffer.from('some bytes'), timestamp: 1 }]);

    const shown = async (version: number, topics: { topic: string; partitions: number[] }[] | null) => {
      const { errorCode, results } = await client.send(DescribeLogDirs, version, { topics });
      expect([errorCode, results.length]).toEqual([0, 1]);
      return results[0].topics.map(({ name, partitions }) => [name, partitions.map((row) => row.partitionIndex)]);
    };
    for (const version of [1, 2, 3, 4, 5])
      expect(await shown(version, null)).toEqual([
        ['t', [0, 1, 2]],
        ['u', [0]],
      ]);
    expect(await shown(5, [])).toEqual([]);
    expect(
      await shown(5, [
        { topic: 't', partitions: [2, 9] },
        { topic: 'nope', partitions: [0] },
      ]),
    ).toEqual([['t', [2]]]);

    const {
      results: [directory],
    } = await client.send(DescribeLogDirs, 5, { topics: [{ topic: 't', partitions: [2, 0] }] });
    expect(directory).toMatchObject({
      errorCode: 0,
      logDir: broker.parts.partitions.directories[0].path,
      isCordoned: false,
    });
    expect(directory.topics[0].partitions).toEqual([
      { partitionIndex: 0, partitionSize: 0, offsetLag: 0, isFutureKey: false },
      { partitionIndex: 2, partitionSize: partition.log.size, offsetLag: 0, isFutureKey: false },
    ]);
    expect(partition.log.size).toBeGreaterThan(61);
  } finally {
    await client.close();
    await broker.stop();
  }
});

test('the size of the volume is shown where there is one', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ottla-'));
  const settings = { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': directory };
  const broker = await startBroker({ settings });
  try {
    const [host, port] = broker.bootstrap.split(':');
    const client = await connect({ host, port: Number(port) });
    const {
      results: [shown],
    } = await client.send(DescribeLogDirs, 4, { topics: [] });
    expect(shown.totalBytes).toBeGreaterThan(shown.usableBytes);
    expect(shown.usableBytes).toBeGreaterThan(0);
    await client.close();
  } finally {
    await broker.stop();
    rmSync(directory, { recursive: true });
  }
});
