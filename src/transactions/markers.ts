/** Ends a transaction in one partition: its marker into the log, and where offsets lie there, word to their groups. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Answer } from '../coordination/answers.ts';
import type { AppendReceipt } from '../coordination/state-partition.ts';
import { ledPartition } from '../partitions/hosted-partition.ts';
import type { TopicPartition } from '../coordination/topic-partition.ts';
import { LogError, type Marker } from '../partitions/partition.ts';
import type { Receipt } from '../partitions/receipt.ts';
import type { Topic } from '../partitions/topic-registry.ts';

const OFFSETS_TOPIC = '__consumer_offsets';
/** Kafka waits for request.timeout.ms between brokers, which is this long. */
const COMMIT_TIMEOUT_MS = 30_000;

/** Where markers go to. */
export interface MarkedParts {
  readonly partitions: { topicByName(name: string): Topic | undefined };
  readonly groups: {
    completeTransaction(index: number, producerId: number, committed: boolean, receipt: AppendReceipt): void;
  };
}

/**
 * NONE once the marker is committed: readers see it then. Else why this broker does not have it (another one leads, there is
 * none), or the log refuses it.
 */
export function writeMarker(
  parts: MarkedParts,
  { topic, partition: index }: TopicPartition,
  marker: Marker,
): Answer<number> {
  if (marker.producerId < 0 || marker.producerEpoch < 0) return ErrorCode.UNKNOWN_SERVER_ERROR; // Kafka trips over it
  const partition = ledPartition(parts.partitions.topicByName(topic), index);
  if (typeof partition === 'number') return partition;
  let receipt: Receipt;
  try {
    receipt = partition.appendMarker(marker);
  } catch (error) {
    if (error instanceof LogError) return error.errorCode;
    throw error;
  }
  if (topic === OFFSETS_TOPIC) parts.groups.completeTransaction(index, marker.producerId, marker.committed, receipt);
  return partition.committed(receipt, COMMIT_TIMEOUT_MS);
}
