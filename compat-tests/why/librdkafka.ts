/** librdkafka, by the package that brings it to JavaScript. */
import { librdkafka, type Consumer } from '../../test/clients/librdkafka.ts';
import type { TestBroker } from '../../src/testing/index.ts';
import type { Joining, Library, Member } from './library.ts';

interface Pausable extends Consumer {
  pause(topics: readonly { topic: string }[]): unknown;
}

const open = new Set<{ disconnect(): Promise<void> }>();

async function leave(client: { disconnect(): Promise<void> }): Promise<void> {
  open.delete(client);
  await client.disconnect();
}

function clientOf(kafka: TestBroker, clientId: string, user?: string) {
  const { brokers, sasl } = kafka.clientOptions(user) as { brokers: string[]; sasl?: object };
  return new librdkafka!.KafkaJS.Kafka({
    kafkaJS: {
      clientId,
      brokers,
      logLevel: librdkafka!.KafkaJS.logLevel.NOTHING,
      ...(sasl === undefined ? {} : { sasl }),
    },
  });
}

async function join(kafka: TestBroker, joining: Joining): Promise<Member> {
  const {
    group,
    topics,
    clientId,
    begin = 'earliest',
    commits = true,
    isolation = 'read_committed',
    instanceId,
    user,
  } = joining;
  const consumer = clientOf(kafka, clientId, user).consumer({
    kafkaJS: { groupId: group, fromBeginning: begin === 'earliest', autoCommit: commits, autoCommitInterval: 200 },
    'isolation.level': isolation,
    'session.timeout.ms': 30_000,
    'heartbeat.interval.ms': 200,
    'fetch.wait.max.ms': 200,
    'topic.metadata.refresh.interval.ms': 1000,
    ...(instanceId === undefined ? {} : { 'group.instance.id': instanceId }),
  }) as Pausable;
  open.add(consumer);
  await consumer.connect().catch(() => undefined); // one that reaches no broker goes on trying
  await consumer.subscribe({ topics });
  await consumer.run({ eachMessage: async () => {} });
  return {
    leave: () => leave(consumer),
    // A static member leaves no group when it ends.
    ...(instanceId === undefined ? {} : { vanish: () => leave(consumer) }),
    pause: async () => void consumer.pause(topics.map((topic) => ({ topic }))),
  };
}

export const ofLibrdkafka: Library = {
  name: 'librdkafka',
  missing: librdkafka === null ? '`npm run librdkafka` brings it' : null,
  protocol: 'classic',
  join,
  begin: async (kafka, transactionalId, topic) => {
    const producer = clientOf(kafka, 'payments').producer({ 'transactional.id': transactionalId });
    open.add(producer);
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: 'in a transaction' }] });
    await producer.flush();
    return { commit: () => transaction.commit(), abort: () => transaction.abort() };
  },
  endAll: async () => {
    await Promise.all(Array.from(open, leave));
  },
};
