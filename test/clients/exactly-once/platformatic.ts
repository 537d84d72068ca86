/** @platformatic/kafka's transactional producer. The chain reads by itself: the group's offsets come from no consumer. */
import { Consumer, Producer, stringSerializers, type Message } from '@platformatic/kafka';
import type { Places, TransactionalProducer } from './chain.ts';

const NODE_ID = 1;

export async function openPlatformatic(places: Places): Promise<TransactionalProducer> {
  const { bootstrap, input, output, groupId, transactionalId } = places;
  const base = { clientId: 'exactly-once', bootstrapBrokers: [bootstrap], retries: 10, retryDelay: 50, timeout: 5000 };
  const producer = new Producer({
    ...base,
    transactionalId,
    idempotent: true,
    serializers: stringSerializers,
    // It would ask to go on as producer 0 of epoch 0, and be fenced where another instance was before.
    producerId: -1n,
    producerEpoch: -1,
  });
  const consumer = new Consumer({ ...base, groupId });
  return {
    async begin() {
      const transaction = await producer.beginTransaction();
      await transaction.addConsumer(consumer);
      return {
        send: (partition, values) =>
          transaction.send({ messages: values.map((value) => ({ topic: output, partition, value })) }),
        sendOffset: (offset) => {
          const committer = { groupId, generationId: -1, memberId: '', coordinatorId: NODE_ID };
          const read = { topic: input, partition: 0, offset: BigInt(offset) - 1n, metadata: { consumer: committer } };
          return transaction.addOffset(read as unknown as Message);
        },
        commit: () => transaction.commit(),
        abort: () => transaction.abort(),
      };
    },
    close: () => Promise.allSettled([producer.close(), consumer.close(true)]),
  };
}
