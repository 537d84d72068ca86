import { expect, it } from 'vitest';
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { DeleteTopics } from '../../protocol/apis/20-delete-topics.ts';
import { DeleteRecords } from '../../protocol/apis/21-delete-records.ts';
import type { Client } from '../../protocol/client.ts';
import { startBroker } from '../../src/broker/broker.ts';
import { BoundedFiles } from '../../src/platform/bounded-files.ts';
import { diskError, MemoryFiles } from '../../src/platform/memory-files.ts';
import { WindowsDisk } from '../platform/windows-disk.ts';
import { consume, createTopic, dial, produce } from '../running-broker.ts';

const settings = { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': '/data', 'log.segment.delete.delay.ms': '0' };

/** A fetch that waits for more than there is. */
function wait(client: Client, topic: string, partition: number, fetchOffset: number) {
  return client.send(Fetch, 12, {
    maxWaitMs: 60_000,
    minBytes: 1,
    topics: [{ topic, partitions: [{ partition, fetchOffset, partitionMaxBytes: 1 << 20 }] }],
  });
}

it('topics go with readers and syncs at them where open files cannot be removed, as on Windows', async () => {
  const disk = new WindowsDisk();
  const broker = await startBroker({ files: new BoundedFiles(disk, 32), settings });
  const [client, reader] = [await dial(broker.bootstrap), await dial(broker.bootstrap)];
  for (let round = 0; round < 20; round++) {
    const configs = { 'segment.bytes': '1048576', 'flush.messages': round % 2 === 0 ? '1' : '9223372036854775807' };
    expect(await createTopic(client, 'open', 4, configs)).toBe(0);
    const large = 'x'.repeat(400_000);
    for (let i = 0; i < 4; i++) await produce(client, 'open', 0, [`${round}/${i}${large}`]);
    const waiting = wait(reader, 'open', 0, 4);
    expect(await consume(client, 'open', 0, 3)).toEqual([`${round}/3${large}`]);
    await client.send(DeleteRecords, 2, {
      timeoutMs: 1000,
      topics: [{ name: 'open', partitions: [{ partitionIndex: 0, offset: 3 }] }],
    });
    const { responses } = await client.send(DeleteTopics, 5, { topicNames: ['open'], timeoutMs: 1000 });
    expect(responses[0].errorCode).toBe(0);
    expect((await waiting).responses[0].partitions[0].errorCode).not.toBe(0);
  }
  await client.close();
  await reader.close();
  await broker.stop();
  expect(disk.list('/data').filter((name) => name.startsWith('open'))).toEqual([]);
  expect(disk.handles).toBe(0);
});

it('a log whose folder could not be renamed is not what the next topic of its name begins with', async () => {
  const disk = new MemoryFiles();
  const broker = await startBroker({ files: disk, settings });
  const client = await dial(broker.bootstrap);
  await createTopic(client, 'kept');
  await produce(client, 'kept', 0, ['old']);
  disk.before = (operation, path) => {
    if (operation === 'rename') throw diskError('EACCES', 'rename', path);
  };
  await client.send(DeleteTopics, 5, { topicNames: ['kept'], timeoutMs: 1000 });
  expect(await createTopic(client, 'kept')).not.toBe(0);
  disk.before = null;
  await client.send(DeleteTopics, 5, { topicNames: ['kept'], timeoutMs: 1000 });
  expect(await createTopic(client, 'kept')).toBe(0);
  expect(await produce(client, 'kept', 0, ['new'])).toBe(0);
  expect(await consume(client, 'kept', 0)).toEqual(['new']);
  await client.close();
  await broker.stop();
});
