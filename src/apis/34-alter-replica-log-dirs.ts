/** Moves partitions between the log directories of this broker; the answer comes when the move has begun. */
import { AlterReplicaLogDirs } from '../../protocol/apis/34-alter-replica-log-dirs.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestOf } from '../../protocol/schema.ts';
import { handler } from './handler.ts';

export const alterReplicaLogDirs = handler(AlterReplicaLogDirs, {
  handle: (request, { broker: { partitions, directoryMoves } }) => ({
    results: answer(request, (topic, index, path) => {
      const partition = partitions.get(topic, index);
      return partition === undefined ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : directoryMoves.move(partition, path);
    }),
  }),
  refuse: (request, errorCode) => ({ results: answer(request, () => errorCode) }),
});

/** By topic, as the answer has it: a request has them by directory. */
function answer(
  { dirs }: RequestOf<typeof AlterReplicaLogDirs>, code: (topic: string, partition: number, path: string) => number,
) {
  const byTopic = new Map<string, { partitionIndex: number; errorCode: number }[]>();
  for (const { path, topics } of dirs) {
    for (const { name, partitions } of topics) {
      const rows = byTopic.get(name) ?? [];
      byTopic.set(name, rows);
      for (const partitionIndex of partitions) rows.push({ partitionIndex, errorCode: code(name, partitionIndex, path) });
    }
  }
  return [...byTopic].map(([topicName, partitions]) => ({ topicName, partitions }));
}
