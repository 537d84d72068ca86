/** A broker that cannot start, or fails while it stops, leaves nothing locked: the next one can use its log directories. */
import { expect, test } from 'vitest';
import { startBroker } from '../../src/broker/broker.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';
import type { Network } from '../../src/platform/network.ts';
import { createTopic, dial } from '../running-broker.ts';

class FailingFiles extends MemoryFiles {
  /** The end of the path that the disk cannot read. */
  unreadable: string | null = null;

  override readAll(path: string): Buffer {
    if (this.unreadable !== null && path.endsWith(this.unreadable)) {
      throw Object.assign(new Error(`EIO: i/o error, read '${path}'`), { code: 'EIO' });
    }
    return super.readAll(path);
  }
}

const SETTINGS = { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': '/first,/second', 'num.partitions': '4' };

test('a disk that fails while the partitions are looked for leaves no log directory locked', async () => {
  const files = new FailingFiles();
  const before = await startBroker({ settings: SETTINGS, files });
  const client = await dial(before.bootstrap);
  await createTopic(client, 't', 4);
  await client.close();
  await before.stop();

  files.unreadable = 'partition.metadata';
  await expect(startBroker({ settings: SETTINGS, files })).rejects.toThrow('EIO');

  files.unreadable = null;
  const after = await startBroker({ settings: SETTINGS, files });
  expect(after.parts.partitions.topicByName('t')?.partitions.length).toBe(4);
  await after.stop();
});

test('a listener that fails to close leaves no log directory locked', async () => {
  const files = new MemoryFiles();
  const failing: Network = {
    listen: () => Promise.resolve({ port: 1, close: () => Promise.reject(new Error('stuck')) }),
    connect: () => Promise.reject(new Error('nothing is reached from here')),
  };
  const before = await startBroker({ settings: SETTINGS, files, network: failing });
  await expect(before.stop()).rejects.toThrow('stuck');

  const after = await startBroker({ settings: SETTINGS, files });
  await after.stop();
});
