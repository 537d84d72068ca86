/** What brokers ask of one another for transactions: markers into partitions led elsewhere, and whether a partition takes part. */
import { AddPartitionsToTxn } from '../../protocol/apis/24-add-partitions-to-txn.ts';
import { WriteTxnMarkers } from '../../protocol/apis/27-write-txn-markers.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { BrokerConnection } from './broker-connection.ts';
import { PartitionRequests, type AnsweredPartition, type PartitionsOf } from './partition-requests.ts';

/** The end of a producer's transaction, as its coordinator has decided it; named as in WriteTxnMarkersRequest. */
export interface DecidedEnd {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly committed: boolean;
  readonly coordinatorEpoch: number;
  readonly transactionVersion: number;
}

/** A producer that writes to a partition within its transaction. */
export interface TransactionalProducer {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  /** Only asks whether the partition is in the transaction, and does not take it in (KIP-890). */
  readonly verifyOnly: boolean;
}

/** Brokers have known it since 2.8, before which transactions between them and this broker do not end. */
const OLDEST_MARKERS = 1;
/** The first that brokers send. */
const OLDEST_ADDITION = 4;

export function markerRequests(connection: BrokerConnection): PartitionRequests<DecidedEnd> {
  return new PartitionRequests<DecidedEnd>({
    idOf: ({ producerId }) => String(producerId),
    isSame: isSameEnd,
    unreachable: ErrorCode.NOT_LEADER_OR_FOLLOWER,
    async send(asked) {
      const draft = asked.map(({ about: { committed: transactionResult, ...end }, topics }) => ({
        ...end,
        transactionResult,
        topics: topics.map(({ name, partitions }) => ({ name, partitionIndexes: [...partitions] })),
      }));
      const { markers } = await connection.send(WriteTxnMarkers, OLDEST_MARKERS, { markers: draft });
      return markers.flatMap(({ producerId, topics }) =>
        topics.flatMap(({ name: topic, partitions }) =>
          partitions.map(({ partitionIndex: partition, errorCode }) => {
            return { id: String(producerId), topic, partition, errorCode };
          }),
        ),
      );
    },
  });
}

export function additionRequests(connection: BrokerConnection): PartitionRequests<TransactionalProducer> {
  return new PartitionRequests<TransactionalProducer>({
    idOf: ({ transactionalId }) => transactionalId,
    isSame: isSameProducer,
    unreachable: ErrorCode.NETWORK_EXCEPTION,
    async send(asked) {
      const transactions = asked.map(({ about, topics }) => ({
        ...about,
        topics: topics.map(({ name, partitions }) => ({ name, partitions: [...partitions] })),
      }));
      const response = await connection.send(AddPartitionsToTxn, OLDEST_ADDITION, { transactions });
      const { errorCode, resultsByTransaction } = response;
      return errorCode === ErrorCode.NONE ? added(resultsByTransaction) : refused(asked, errorCode);
    },
  });
}

type Results = readonly {
  readonly transactionalId: string;
  readonly topicResults: readonly {
    readonly name: string;
    readonly resultsByPartition: readonly { readonly partitionIndex: number; readonly partitionErrorCode: number }[];
  }[];
}[];

function added(results: Results): AnsweredPartition[] {
  return results.flatMap(({ transactionalId: id, topicResults }) =>
    topicResults.flatMap(({ name: topic, resultsByPartition }) =>
      resultsByPartition.map(({ partitionIndex: partition, partitionErrorCode: errorCode }) => {
        return { id, topic, partition, errorCode };
      }),
    ),
  );
}

/** The request as a whole. */
function refused(asked: readonly PartitionsOf<TransactionalProducer>[], errorCode: number): AnsweredPartition[] {
  return asked.flatMap(({ about: { transactionalId: id }, topics }) =>
    topics.flatMap(({ name: topic, partitions }) =>
      partitions.map((partition) => ({ id, topic, partition, errorCode })),
    ),
  );
}

function isSameEnd(one: DecidedEnd, other: DecidedEnd): boolean {
  return (
    one.producerEpoch === other.producerEpoch &&
    one.committed === other.committed &&
    one.coordinatorEpoch === other.coordinatorEpoch &&
    one.transactionVersion === other.transactionVersion
  );
}

function isSameProducer(one: TransactionalProducer, other: TransactionalProducer): boolean {
  return (
    one.producerId === other.producerId &&
    one.producerEpoch === other.producerEpoch &&
    one.verifyOnly === other.verifyOnly
  );
}
