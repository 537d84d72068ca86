/** Moves the start of partitions forward: what lies before is gone for readers at once, its files a little later. */
import { DeleteRecords } from '../../protocol/apis/21-delete-records.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { isInternalTopic } from '../cluster/topic-name.ts';
import { ledPartition } from '../partitions/hosted-partition.ts';
import type { Partition } from '../partitions/partition.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

/** Stands for "all there is". */
const UP_TO_HIGH_WATERMARK = -1;

export const deleteRecords = handler(DeleteRecords, {
  handle: (request, _context, broker: Parts<'partitions'>) => ({
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, offset }) => ({
        partitionIndex,
        ...deleteBefore(ledPartition(broker.partitions.topicByName(name), partitionIndex), name, offset),
      })),
    })),
  }),
  refuse: (request, errorCode) => ({
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, ...refused(errorCode) })),
    })),
  }),
});

function deleteBefore(partition: Partition | number, topic: string, asked: number) {
  if (typeof partition === 'number') return refused(partition);
  if (isInternalTopic(topic)) return refused(ErrorCode.INVALID_TOPIC_EXCEPTION);
  const { log, highWatermark } = partition;
  if (log.health.isOffline) return refused(ErrorCode.KAFKA_STORAGE_ERROR);
  if (log.config.cleanupCompact && !log.config.cleanupDelete) return refused(ErrorCode.POLICY_VIOLATION);
  const offset = asked === UP_TO_HIGH_WATERMARK ? highWatermark : asked;
  if (offset < 0 || offset > highWatermark) return refused(ErrorCode.OFFSET_OUT_OF_RANGE);
  log.deleteRecordsBefore(offset);
  return { lowWatermark: log.logStartOffset, errorCode: ErrorCode.NONE };
}

function refused(errorCode: number) {
  return { lowWatermark: -1, errorCode };
}
