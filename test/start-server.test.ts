/** `startServer` of `ottla`: the durable broker inside another process. */
import { expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { dial, topicOf } from './running-broker.ts';

test('an option that is mistyped is refused, before anything is written', async () => {
  await expect(startServer({ memry: true } as never)).rejects.toThrow(
    "startServer does not know 'memry': did you mean 'memory'?",
  );
  await expect(startServer({ topics: ['orders'] } as never)).rejects.toThrow(
    'it takes settings, memory, clusterId, logger',
  );
});

test('settings may be numbers and booleans', async () => {
  const settings = { listeners: 'PLAINTEXT://127.0.0.1:0', 'num.partitions': 3, 'auto.create.topics.enable': false };
  const broker = await startServer({ memory: true, settings });
  const client = await dial(broker.bootstrap);
  const { errorCode } = await topicOf(client, 'orders');
  expect(errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  await client.close();
  await broker.stop();
});
