/** A share group at work while the leader of its partition moves: what was accepted stays so, what was held is handed out by the next. */
import { KafkaClient } from '@kafkats/client';
import { expect, test } from 'vitest';
import { matchers, startBroker, type TestBroker } from '../../src/testing/index.ts';

expect.extend(matchers);

const PATIENCE = { timeout: '60s' } as const;

/** Accepts what `handle` does not wait for. */
async function startWorker(kafka: TestBroker, handle: (value: string) => Promise<void>): Promise<void> {
  const client = new KafkaClient({ clientId: 'worker', brokers: kafka.bootstrapBrokers });
  await client.connect();
  const consumer = client.shareConsumer({ groupId: 'mailer', maxWaitMs: 100 });
  consumer.on('error', () => {}); // it goes on by itself
  const running = consumer.runEach('mails', async (message) => {
    await handle(String(message.value));
    await message.ack();
  });
  kafka.onStop(async () => {
    await consumer.stop();
    await running.catch(() => {});
    await client.disconnect();
  });
}

test('the next leader hands out again what was held, and nothing that was accepted', async () => {
  await using kafka = await startBroker({
    brokers: 3,
    topics: ['mails'],
    groups: { mailer: { 'share.auto.offset.reset': 'earliest' } },
  });
  let goOn = (): void => {};
  let holds = true;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  await startWorker(kafka, async (value) => {
    if (value === 'b' && holds) await held;
  });
  kafka.onStop(() => goOn());
  await kafka.produce('mails', 'a');
  await kafka.waitForAcknowledged('mailer', 1, PATIENCE);
  await kafka.produce('mails', 'b');
  await kafka.waitForQueue('mailer', { inFlight: 1 }, PATIENCE);
  const { leader } = kafka.partition('mails');
  const before = kafka.queue('mailer').delivered.length;
  await kafka.moveLeader('mails', 0, (leader + 1) % 3);
  holds = false;
  goOn();
  await kafka.produce('mails', 'c');
  await kafka.waitForQueue('mailer', { backlog: 0, inFlight: 0 }, PATIENCE);
  await kafka.waitForAcknowledged('mailer', 3, PATIENCE); // nothing is in flight once that is written, a moment before the answer
  for (const offset of [0, 1, 2]) expect(kafka).toHaveAcknowledged('mailer', { topic: 'mails', offset });
  const { delivered } = kafka.queue('mailer');
  expect(delivered.slice(before).map(({ first }) => first)).not.toContain(0);
  expect(delivered[before]).toMatchObject({ first: 1, deliveries: 1 }); // that it was handed out is not stored
});
