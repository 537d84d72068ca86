/** Shows the producers that partitions remember, and their open transactions (KIP-664). */
import { DescribeProducers } from '../../protocol/apis/61-describe-producers.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Partition } from '../partitions/partition.ts';
import { handler } from './handler.ts';

type ProducerEntry = ReturnType<Partition['log']['producers']['producers']['get']> & {};

export const describeProducers = handler(DescribeProducers, {
  handle: ({ topics }, { broker }) => ({
    topics: topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => {
        const partition = broker.partitions.get(name, partitionIndex);
        if (partition === undefined) {
          return { partitionIndex, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, activeProducers: [] };
        }
        const activeProducers = Array.from(partition.log.producers.producers.values(), activeProducer);
        return { partitionIndex, errorCode: ErrorCode.NONE, activeProducers };
      }),
    })),
  }),
  refuse: ({ topics }, errorCode) => ({
    topics: topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, errorCode, activeProducers: [] })),
    })),
  }),
});

function activeProducer({
  producerId,
  epoch,
  lastTimestamp,
  coordinatorEpoch,
  currentTxnFirstOffset,
  batches,
}: ProducerEntry) {
  return {
    producerId,
    producerEpoch: epoch,
    lastSequence: batches.at(-1)?.lastSequence ?? -1,
    lastTimestamp,
    coordinatorEpoch,
    currentTxnStartOffset: currentTxnFirstOffset,
  };
}
