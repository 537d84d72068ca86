import { expect, it } from 'vitest';
import { DeleteTopics } from '../../protocol/apis/20-delete-topics.ts';
import { DeleteRecords } from '../../protocol/apis/21-delete-records.ts';
import { startBroker } from '../../src/broker/broker.ts';
import { BoundedFiles } from '../../src/platform/bounded-files.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { CrashDisk } from '../crash/crash-disk.ts';
import { consume, createTopic, dial, produce } from '../running-broker.ts';

const settings = { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': '/data' };

it('a topic made again under the name of an old one begins anew, whatever the checkpoints say of that name', async () => {
  const files = new MemoryFiles();
  const first = await startBroker({ files, settings });
  const before = await dial(first.bootstrap);
  await createTopic(before, 't');
  await produce(before, 't', 0, ['a', 'b', 'c', 'd', 'e']);
  await before.send(DeleteRecords, 2, {
    timeoutMs: 1000,
    topics: [{ name: 't', partitions: [{ partitionIndex: 0, offset: 3 }] }],
  });
  await before.close();
  await first.stop();

  const second = await startBroker({ files, settings });
  const client = await dial(second.bootstrap);
  expect(await consume(client, 't', 0, 3)).toEqual(['d', 'e']);
  await client.send(DeleteTopics, 5, { topicNames: ['t'], timeoutMs: 1000 });
  await createTopic(client, 't');
  expect(await produce(client, 't', 0, ['new'])).toBe(0);
  expect(await consume(client, 't', 0)).toEqual(['new']);
  await client.close();
  await second.stop();
});

it('a name made and deleted in a loop, with handles to spare for hardly any file', async () => {
  const disk = new MemoryFiles();
  const files = new BoundedFiles(disk, 16);
  const broker = await startBroker({ files, settings });
  const client = await dial(broker.bootstrap);
  for (let round = 0; round < 30; round++) {
    expect(await createTopic(client, 'again', 8)).toBe(0);
    const values = Array.from({ length: 8 }, (_, index) => `${round}/${index}`);
    await Promise.all(values.map((value, index) => produce(client, 'again', index, [value])));
    expect(await consume(client, 'again', round % 8)).toEqual([`${round}/${round % 8}`]);
    const { responses } = await client.send(DeleteTopics, 5, { topicNames: ['again'], timeoutMs: 1000 });
    expect(responses[0].errorCode).toBe(0);
  }
  expect(files.openCount).toBeLessThanOrEqual(16);
  await client.close();
  await broker.stop();
  expect(disk.list('/data').filter((name) => name.startsWith('again'))).toEqual([]);
  expect(files.openCount).toBe(0);
});

it('a topic made again keeps its records through a crash, whatever was noted of the one before', async () => {
  const files = new CrashDisk();
  const first = await startBroker({ files, settings });
  const client = await dial(first.bootstrap);
  await createTopic(client, 't');
  await produce(client, 't', 0, ['a', 'b', 'c', 'd', 'e']);
  const deleted = { name: 't', partitions: [{ partitionIndex: 0, offset: 3 }] };
  await client.send(DeleteRecords, 2, { timeoutMs: 1000, topics: [deleted] });
  first.parts.partitions.flush();
  first.parts.partitions.checkpoint();
  await client.send(DeleteTopics, 5, { topicNames: ['t'], timeoutMs: 1000 });
  await createTopic(client, 't');
  expect(await produce(client, 't', 0, ['new'])).toBe(0);
  const survivors = files.survivors('kill', seededRandom(1));
  await client.close();
  await first.stop();

  const second = await startBroker({ files: survivors, settings });
  const after = await dial(second.bootstrap);
  expect(await consume(after, 't', 0)).toEqual(['new']);
  await after.close();
  await second.stop();
});
