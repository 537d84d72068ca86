/** Adds partitions to a transaction, or verifies that they are in it. */
import { AddPartitionsToTxn } from '../../protocol/apis/24-add-partitions-to-txn.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestOf } from '../../protocol/schema.ts';
import { isInternalTopic } from '../cluster/topic-name.ts';
import type { Access } from '../security/access.ts';
import type { TopicPartition } from '../coordination/topic-partition.ts';
import { allOf, andThen, type Answer } from '../coordination/answers.ts';
import { EPOCH_BUMP_VERSION } from '../transactions/transaction-state.ts';
import type { Parts } from './broker-parts.ts';
import { finish, flatMapInPieces, mapInPieces, type Pieces } from '../platform/pieces.ts';
import { handler } from './handler.ts';
import { fencedBefore } from './transaction-errors.ts';
import { clusterAction, write } from '../security/needs.ts';

type Broker = Parts<'metadata' | 'transactions'>;
type Transaction = RequestOf<typeof AddPartitionsToTxn>['transactions'][number];
type Topics = Transaction['topics'];
type ErrorOf = (partition: TopicPartition) => number;

const FENCED_SINCE = 2;
/** From this version on a request has many transactions, and brokers send it. */
const BATCHED_SINCE = 4;

export const addPartitionsToTxn = handler(AddPartitionsToTxn, {
  needs: ({ v3AndBelowTransactionalId: id }, { apiVersion }) =>
    apiVersion >= BATCHED_SINCE ? clusterAction : write.transactionalId(id),
  byHand: [write.topic('v3AndBelowTopics[].name')],
  *handle(request, { apiVersion, access }, broker: Broker) {
    if (apiVersion >= BATCHED_SINCE) {
      const added = yield* mapInPieces(request.transactions, function* (transaction) {
        const { transactionalId, topics } = transaction;
        const errorOf = yield* errorsOf(broker, transaction, EPOCH_BUMP_VERSION);
        if (errorOf instanceof Promise) {
          return errorOf.then((later) => ({ transactionalId, topicResults: finish(results(topics, later)) }));
        }
        return { transactionalId, topicResults: yield* results(topics, errorOf) };
      });
      return andThen(allOf(added), (resultsByTransaction) => ({ resultsByTransaction }));
    }
    const added = yield* errorsOf(
      broker,
      {
        transactionalId: request.v3AndBelowTransactionalId,
        producerId: request.v3AndBelowProducerId,
        producerEpoch: request.v3AndBelowProducerEpoch,
        topics: request.v3AndBelowTopics,
        verifyOnly: false,
      },
      0,
      faultOf(access),
    );
    return andThen(added, function* (errorOf) {
      const told: ErrorOf = (partition) => fencedBefore(FENCED_SINCE, apiVersion, errorOf(partition));
      return { resultsByTopicV3AndBelow: yield* results(request.v3AndBelowTopics, told) };
    });
  },
  refuse: ({ v3AndBelowTopics }, errorCode) => ({
    errorCode,
    resultsByTransaction: [], // from v4 on the error is that of the response
    resultsByTopicV3AndBelow: finish(results(v3AndBelowTopics, () => errorCode)),
  }),
});

/** Of a topic that the client may not write to. As in Kafka, it may write to no internal one. */
function faultOf(access: Access | null): (topic: string) => number {
  return (topic) => {
    if (isInternalTopic(topic)) return ErrorCode.TOPIC_AUTHORIZATION_FAILED;
    return access?.errorOf(write.topic(topic), AddPartitionsToTxn.name) ?? ErrorCode.NONE;
  };
}

/** All or none: where one partition is refused or does not exist, the others get OPERATION_NOT_ATTEMPTED. */
function* errorsOf(
  { transactions, metadata }: Broker,
  transaction: Transaction,
  clientVersion: number,
  topicFault: (topic: string) => number = () => ErrorCode.NONE,
): Pieces<Answer<ErrorOf>> {
  const { topicsByName } = metadata.image;
  const faults = new Map(yield* mapInPieces(transaction.topics, ({ name }) => [name, topicFault(name)] as const));
  const faultOfOne = ({ topic, partition }: TopicPartition): number => {
    const fault = faults.get(topic)!;
    if (fault !== ErrorCode.NONE || topicsByName.get(topic)?.partitions[partition] !== undefined) return fault;
    return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  };
  const partitions = yield* flatMapInPieces(transaction.topics, ({ name: topic, partitions: all }) =>
    mapInPieces(all, (partition) => ({ topic, partition })),
  );
  if ((yield* flatMapInPieces(partitions, (each) => (faultOfOne(each) === ErrorCode.NONE ? [] : [each]))).length > 0) {
    return (partition) => faultOfOne(partition) || ErrorCode.OPERATION_NOT_ATTEMPTED;
  }
  const { transactionalId, verifyOnly } = transaction;
  if (!verifyOnly) {
    const added = transactions.addPartitions(transactionalId, transaction, partitions, clientVersion);
    return andThen(added, (errorCode) => () => errorCode);
  }
  const verified = yield* mapInPieces(partitions, (partition) =>
    andThen(transactions.verifyPartition(transactionalId, transaction, partition), (errorCode) => {
      return [keyOf(partition), errorCode] as const;
    }),
  );
  return andThen(allOf(verified), (codes) => {
    const byPartition = new Map(codes);
    return (partition) => byPartition.get(keyOf(partition)) as number;
  });
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}:${topic}`;
}

function results(topics: Topics, errorOfPartition: ErrorOf) {
  return mapInPieces(topics, function* ({ name, partitions }) {
    const resultsByPartition = yield* mapInPieces(partitions, (partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: errorOfPartition({ topic: name, partition: partitionIndex }),
    }));
    return { name, resultsByPartition };
  });
}
