import { expect, it } from 'vitest';
import { startBroker } from '../../src/broker/broker.ts';
import { silentLogger, type Facts } from '../../src/platform/logger.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';

it.each([
  [{}, /page cache: kill -9 loses none, a power failure may$/],
  [{ 'log.flush.interval.messages': '1' }, /are on the disk \(group commit\)/],
  [{ 'log.flush.interval.messages': '500' }, /page cache.*synced after every 500 messages/],
  [{ 'log.flush.interval.ms': '200' }, /page cache.*synced after 200 ms/],
])('a broker with %j says at its start what an acknowledgement means', async (settings, sentence) => {
  let started: Facts | undefined;
  const info = (event: string, facts?: Facts) => void (started = event === 'started' ? facts : started);
  const all = { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': '/data', ...settings };
  const broker = await startBroker({ files: new MemoryFiles(), settings: all, logger: { ...silentLogger, info } });
  await broker.stop();
  expect(started?.durability).toMatch(sentence);
});

it('a broker in memory says that nothing is kept', async () => {
  let started: Facts | undefined;
  const info = (event: string, facts?: Facts) => void (started = event === 'started' ? facts : started);
  const broker = await startBroker({
    memory: true,
    settings: { listeners: 'PLAINTEXT://127.0.0.1:0' },
    logger: { ...silentLogger, info },
  });
  await broker.stop();
  expect(started?.durability).toMatch(/in memory alone/);
});
