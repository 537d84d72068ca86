/** Shows the producer states of partitions, and their open transactions (KIP-664). */
import { DescribeProducers } from '../../protocol/apis/61-describe-producers.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import type { RequestOf } from '../../protocol/schema.ts';
import { topicNameFault } from '../cluster/topic-name.ts';
import { ledPartition } from '../partitions/hosted-partition.ts';
import type { Partition } from '../partitions/partition.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { mapInPieces } from '../platform/pieces.ts';
import { RepeatedBytes } from './repeated-names.ts';
import { read } from '../security/needs.ts';

/** Of one in the response. */
const PRODUCER_BYTES = 37;

type AskedTopic = RequestOf<typeof DescribeProducers>['topics'][number];
type ProducerEntry = ReturnType<Partition['activeProducers']> extends Iterable<infer Entry> ? Entry : never;

export const describeProducers = handler(DescribeProducers, {
  parts: {
    list: 'topics',
    needs: () => (topic) => (topicNameFault(topic.name) === null ? read.topic(topic.name) : null),
    refused: ({ name, partitionIndexes }, errorCode) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({
        partitionIndex,
        errorCode,
        errorMessage: errorMessage(errorCode),
        activeProducers: [],
      })),
    }),
    answers: 'topics',
    place: 'in order',
  },
  *handle({ topics: asked }, _context, broker: Parts<'metadata' | 'partitions'>) {
    const known = new Map<Partition, ReturnType<typeof activeProducer>[]>();
    const repeated = new RepeatedBytes();
    const producersOf = function* (partition: Partition) {
      let producers = known.get(partition);
      if (producers !== undefined) repeated.add(producers.length * PRODUCER_BYTES);
      else known.set(partition, (producers = yield* mapInPieces(partition.activeProducers(), activeProducer)));
      return producers;
    };
    const describe = function* ({ name, partitionIndexes }: AskedTopic) {
      const fault = faultOf(name, broker);
      const partitions = yield* mapInPieces(partitionIndexes, function* (partitionIndex) {
        const partition = ledPartition(broker.partitions.topicByName(name), partitionIndex);
        if (partition === ErrorCode.NOT_LEADER_OR_FOLLOWER) {
          return { partitionIndex, errorCode: partition, activeProducers: [] };
        }
        if (typeof partition === 'number') return { partitionIndex, ...fault, activeProducers: [] };
        return { partitionIndex, errorCode: ErrorCode.NONE, activeProducers: yield* producersOf(partition) };
      });
      return { name, partitions };
    };
    return { topics: yield* mapInPieces(asked, describe) };
  },
  refuse: ({ topics }, errorCode) => ({
    topics: topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, errorCode, activeProducers: [] })),
    })),
  }),
});

/** What is answered for partitions that do not exist. */
function faultOf(name: string, { metadata }: Parts<'metadata'>): { errorCode: number; errorMessage: string | null } {
  const fault = topicNameFault(name);
  if (fault !== null) return { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, errorMessage: fault };
  const errorMessage = metadata.image.topicsByName.has(name) ? null : `There is no topic '${name}'`;
  return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage };
}

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
