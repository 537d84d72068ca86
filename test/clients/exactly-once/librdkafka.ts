/** librdkafka's transactional producer. Its consumer is there for the group alone: the chain reads by itself. */
import { librdkafka } from '../librdkafka.ts';
import type { Places, TransactionalProducer } from './chain.ts';

export async function openLibrdkafka(places: Places): Promise<TransactionalProducer> {
  const { bootstrap, input, output, groupId, transactionalId } = places;
  const kafka = new librdkafka!.KafkaJS.Kafka({
    kafkaJS: {
      clientId: 'exactly-once',
      brokers: bootstrap.split(','),
      logLevel: librdkafka!.KafkaJS.logLevel.NOTHING,
    },
    'reconnect.backoff.max.ms': 300,
  });
  const producer = kafka.producer({ kafkaJS: { transactionalId, transactionTimeout: 5000 } });
  const consumer = kafka.consumer({ kafkaJS: { groupId, autoCommit: false } });
  await Promise.all([producer.connect(), consumer.connect()]);
  return {
    async begin() {
      const transaction = await producer.transaction();
      return {
        send: (partition, values) =>
          transaction.send({ topic: output, messages: values.map((value) => ({ partition, value })) }),
        sendOffset: (offset) =>
          transaction.sendOffsets({
            consumer,
            topics: [{ topic: input, partitions: [{ partition: 0, offset: String(offset) }] }],
          }),
        commit: () => transaction.commit(),
        abort: () => transaction.abort(),
      };
    },
    close: () => Promise.allSettled([producer.disconnect(), consumer.disconnect()]),
  };
}
