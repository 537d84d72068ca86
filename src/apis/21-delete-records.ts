/** Moves the log start offset of partitions forward: readers lose the records at once, their files are deleted later. */
import { DeleteRecords } from '../../protocol/apis/21-delete-records.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { isInternalTopic } from '../cluster/topic-name.ts';
import { ledPartition } from '../partitions/hosted-partition.ts';
import { deleteRecordsBefore } from '../partitions/delete-records.ts';
import type { Partition } from '../partitions/partition.ts';
import { mapInPieces } from '../platform/pieces.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { remove } from '../security/needs.ts';

export const deleteRecords = handler(DeleteRecords, {
  parts: {
    list: 'topics',
    needs: () => (topic) => remove.topic(topic.name),
    refused: ({ name, partitions }, errorCode) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, ...refused(errorCode) })),
    }),
    answers: 'topics',
    place: 'first',
  },
  *handle(request, _context, broker: Parts<'partitions'>) {
    const topics = yield* mapInPieces(request.topics, function* ({ name, partitions }) {
      return {
        name,
        partitions: yield* mapInPieces(partitions, ({ partitionIndex, offset }) => ({
          partitionIndex,
          ...deleteBefore(ledPartition(broker.partitions.topicByName(name), partitionIndex), name, offset),
        })),
      };
    });
    return { topics };
  },
  refuse: (request, errorCode) => ({
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, ...refused(errorCode) })),
    })),
  }),
});

function deleteBefore(partition: Partition | number, topic: string, offset: number) {
  if (typeof partition === 'number') return refused(partition);
  if (isInternalTopic(topic)) return refused(ErrorCode.INVALID_TOPIC_EXCEPTION);
  const errorCode = deleteRecordsBefore(partition, offset);
  return errorCode === ErrorCode.NONE ? { lowWatermark: partition.logStartOffset, errorCode } : refused(errorCode);
}

function refused(errorCode: number) {
  return { lowWatermark: -1, errorCode };
}
