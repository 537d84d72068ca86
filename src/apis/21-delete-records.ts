/** Moves the log start offset of partitions forward: readers lose the records at once, their files are deleted later. */
import { DeleteRecords } from '../../protocol/apis/21-delete-records.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { ResponseDraft } from '../../protocol/schema.ts';
import { isInternalTopic } from '../cluster/topic-name.ts';
import { allOf, andThen, type Answer } from '../coordination/answers.ts';
import { ledPartition } from '../partitions/hosted-partition.ts';
import { deletedEverywhere, deleteRecordsBefore, lowWatermark } from '../partitions/delete-records.ts';
import type { Partition } from '../partitions/partition.ts';
import { mapInPieces, whenDone } from '../platform/pieces.ts';
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
  handle(request, _context, broker: Parts<'partitions' | 'clock'>) {
    const ended: Ended = (partition, upTo) => deletedEverywhere(partition, upTo, broker.clock, request.timeoutMs);
    const begun = mapInPieces(request.topics, ({ name, partitions }) => {
      const begin = ({ partitionIndex, offset }: { partitionIndex: number; offset: number }) => {
        const partition = ledPartition(broker.partitions.topicByName(name), partitionIndex);
        return andThen(deleteBefore(partition, name, offset, ended), (deletion) => ({ partitionIndex, ...deletion }));
      };
      return whenDone(mapInPieces(partitions, begin), (made) => ({ name, made }));
    });
    return whenDone<Begun[], Answer<ResponseDraft<typeof DeleteRecords>>>(begun, (topics) => {
      const all = topics.map(({ name, made }) => andThen(allOf(made), (partitions) => ({ name, partitions })));
      return andThen(allOf(all), (done) => ({ topics: done }));
    });
  },
  refuse: (request, errorCode) => ({
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, ...refused(errorCode) })),
    })),
  }),
});

interface Deletion {
  readonly lowWatermark: number;
  readonly errorCode: number;
}

interface Begun {
  readonly name: string;
  readonly made: readonly Answer<Deletion & { readonly partitionIndex: number }>[];
}

type Ended = (partition: Partition, upTo: number) => Answer<number>;

/** A promise where other replicas have still to do the same. */
function deleteBefore(partition: Partition | number, topic: string, offset: number, ended: Ended): Answer<Deletion> {
  if (typeof partition === 'number') return refused(partition);
  if (isInternalTopic(topic)) return refused(ErrorCode.INVALID_TOPIC_EXCEPTION);
  const { highWatermark } = partition;
  const refusal = deleteRecordsBefore(partition, offset);
  if (refusal !== ErrorCode.NONE) return refused(refusal);
  const upTo = offset < 0 ? highWatermark : offset;
  return andThen(ended(partition, upTo), (errorCode) =>
    errorCode === ErrorCode.NONE ? { lowWatermark: lowWatermark(partition), errorCode } : refused(errorCode),
  );
}

function refused(errorCode: number): Deletion {
  return { lowWatermark: -1, errorCode };
}
