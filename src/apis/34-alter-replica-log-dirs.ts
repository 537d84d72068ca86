/** Moves replicas between the log directories of this broker; the response is sent when the moves have begun. */
import { AlterReplicaLogDirs } from '../../protocol/apis/34-alter-replica-log-dirs.ts';
import type { RequestOf } from '../../protocol/schema.ts';
import type { Parts } from './broker-parts.ts';
import { eachInPieces, finish, mapInPieces } from '../platform/pieces.ts';
import { handler } from './handler.ts';
import { alter } from '../security/needs.ts';

export const alterReplicaLogDirs = handler(AlterReplicaLogDirs, {
  needs: () => alter.cluster(),
  *handle(request, _context, { directoryMoves }: Parts<'directoryMoves'>) {
    return { results: yield* answer(request, (topic, partition, path) => directoryMoves.move(topic, partition, path)) };
  },
  refuse: (request, errorCode) => ({ results: finish(answer(request, () => errorCode)) }),
});

/** Groups by topic, as the response does, what the request groups by directory. The last directory named for a partition counts. */
function* answer(
  { dirs }: RequestOf<typeof AlterReplicaLogDirs>,
  code: (topic: string, partition: number, path: string) => number,
) {
  const wanted = new Map<string, Map<number, string>>();
  yield* mapInPieces(dirs, ({ path, topics }) =>
    mapInPieces(topics, ({ name, partitions }) => {
      const paths = wanted.get(name) ?? new Map<number, string>();
      wanted.set(name, paths);
      return eachInPieces(partitions, (partition) => void paths.set(partition, path));
    }),
  );
  return yield* mapInPieces(wanted, function* ([topicName, paths]) {
    const partitions = yield* mapInPieces(paths, ([partitionIndex, path]) => ({
      partitionIndex,
      errorCode: code(topicName, partitionIndex, path),
    }));
    return { topicName, partitions };
  });
}
