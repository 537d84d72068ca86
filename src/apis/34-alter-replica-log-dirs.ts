/** Moves replicas between the log directories of this broker; the response is sent when the moves have begun. */
import { AlterReplicaLogDirs } from '../../protocol/apis/34-alter-replica-log-dirs.ts';
import type { RequestOf } from '../../protocol/schema.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

export const alterReplicaLogDirs = handler(AlterReplicaLogDirs, {
  handle: (request, _context, { directoryMoves }: Parts<'directoryMoves'>) => ({
    results: answer(request, (topic, partition, path) => directoryMoves.move(topic, partition, path)),
  }),
  refuse: (request, errorCode) => ({ results: answer(request, () => errorCode) }),
});

/** Groups by topic, as the response does, what the request groups by directory. The last directory named for a partition counts. */
function answer(
  { dirs }: RequestOf<typeof AlterReplicaLogDirs>,
  code: (topic: string, partition: number, path: string) => number,
) {
  const wanted = new Map<string, Map<number, string>>();
  for (const { path, topics } of dirs) {
    for (const { name, partitions } of topics) {
      const paths = wanted.get(name) ?? new Map<number, string>();
      wanted.set(name, paths);
      for (const partition of partitions) paths.set(partition, path);
    }
  }
  return [...wanted].map(([topicName, paths]) => ({
    topicName,
    partitions: [...paths].map(([partitionIndex, path]) => ({
      partitionIndex,
      errorCode: code(topicName, partitionIndex, path),
    })),
  }));
}
