/** kafkajs. */
import { Kafka, logLevel, type Consumer } from 'kafkajs';
import type { TestBroker } from '../../src/testing/index.ts';
import type { Joining, Library, Member } from './library.ts';

const open = new Set<{ disconnect(): Promise<void> }>();
const stalled = new Set<() => void>();

async function leave(client: { disconnect(): Promise<void> }): Promise<void> {
  open.delete(client);
  await client.disconnect();
}

function clientOf(kafka: TestBroker, clientId: string, user?: string): Kafka {
  const retry = { initialRetryTime: 50, maxRetryTime: 200, retries: 20 };
  return new Kafka({ ...kafka.clientOptions(user), clientId, logLevel: logLevel.NOTHING, retry });
}

async function join(kafka: TestBroker, joining: Joining): Promise<Member> {
  const { group, topics, clientId, begin = 'earliest', commits = true, isolation, user } = joining;
  const consumer = clientOf(kafka, clientId, user).consumer({
    groupId: group,
    heartbeatInterval: 200,
    maxWaitTimeInMs: 200,
    readUncommitted: isolation === 'read_uncommitted',
  });
  open.add(consumer);
  const stall = { isWanted: false };
  void run(consumer, topics, begin === 'earliest', commits, stall).catch(() => undefined);
  return {
    leave: () => leave(consumer),
    pause: async () => consumer.pause(topics.map((topic) => ({ topic }))),
    stall: async () => {
      stall.isWanted = true;
    },
  };
}

async function run(
  consumer: Consumer,
  topics: readonly string[],
  fromBeginning: boolean,
  autoCommit: boolean,
  stall: { readonly isWanted: boolean },
): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning });
  await consumer.run({
    autoCommit,
    eachMessage: async () => {
      if (stall.isWanted) await new Promise<void>((resolve) => stalled.add(resolve));
    },
  });
}

export const ofKafkajs: Library = {
  name: 'kafkajs',
  missing: null,
  protocol: 'classic',
  join,
  begin: async (kafka, transactionalId, topic) => {
    const producer = clientOf(kafka, 'payments').producer({
      transactionalId,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    open.add(producer);
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: 'in a transaction' }] });
    return { commit: () => transaction.commit(), abort: () => transaction.abort() };
  },
  endAll: async () => {
    for (const goOn of stalled) goOn();
    stalled.clear();
    await Promise.all(Array.from(open, leave));
  },
};
