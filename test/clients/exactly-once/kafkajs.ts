/** kafkajs: an idempotent producer that feeds, and a transactional one. */
import { Kafka, logLevel } from 'kafkajs';
import type { Places, TransactionalProducer } from './chain.ts';

const RETRY = { initialRetryTime: 30, maxRetryTime: 300, retries: 40 };

function kafka(bootstrap: string): Kafka {
  return new Kafka({
    clientId: 'exactly-once',
    brokers: bootstrap.split(','),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 500,
    retry: RETRY,
  });
}

/** Sends values until it fails; another instance goes on then. */
export async function openFeed({ bootstrap, input }: Places) {
  const producer = kafka(bootstrap).producer({ idempotent: true, maxInFlightRequests: 1, retry: RETRY });
  await producer.connect();
  return {
    send: (values: readonly string[]) =>
      producer.send({ topic: input, acks: -1, messages: values.map((value) => ({ partition: 0, value })) }),
    close: () => producer.disconnect(),
  };
}

export async function openKafkajs(places: Places): Promise<TransactionalProducer> {
  const { bootstrap, input, output, groupId, transactionalId } = places;
  const producer = kafka(bootstrap).producer({
    transactionalId,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: 5000,
    retry: RETRY,
  });
  await producer.connect();
  return {
    async begin() {
      const transaction = await producer.transaction();
      return {
        send: (partition, values) =>
          transaction.send({ topic: output, acks: -1, messages: values.map((value) => ({ partition, value })) }),
        sendOffset: (offset) =>
          transaction.sendOffsets({
            consumerGroupId: groupId,
            topics: [{ topic: input, partitions: [{ partition: 0, offset: String(offset) }] }],
          }),
        commit: () => transaction.commit(),
        abort: () => transaction.abort(),
      };
    },
    close: () => producer.disconnect(),
  };
}
