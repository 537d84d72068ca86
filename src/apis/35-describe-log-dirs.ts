/** Shows the replicas in each log directory, their sizes, and the space on its volume. */
import { DescribeLogDirs } from '../../protocol/apis/35-describe-log-dirs.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import type { Parts } from './broker-parts.ts';
import { eachInPieces, mapInPieces, type Pieces } from '../platform/pieces.ts';
import { handler } from './handler.ts';
import { describe } from '../security/needs.ts';

type Request = RequestOf<typeof DescribeLogDirs>;
type Result = ResponseDraft<typeof DescribeLogDirs>['results'][number];
type Row = Result['topics'][number]['partitions'][number];

export const describeLogDirs = handler(DescribeLogDirs, {
  needs: () => describe.cluster(),
  *handle(request, _context, { partitions, directoryMoves }: Parts<'partitions' | 'directoryMoves'>) {
    const isWanted = yield* filterOf(request);
    const rows = new Map(partitions.directories.map((directory) => [directory, new Map<string, Row[]>()]));
    const add = (topics: Map<string, Row[]> | undefined, topic: string, row: Row) => {
      if (topics === undefined || !isWanted(topic, row.partitionIndex)) return;
      const siblings = topics.get(topic);
      if (siblings === undefined) topics.set(topic, [row]);
      else siblings.push(row);
    };
    yield* eachInPieces(partitions.all(), (partition) => {
      const { topic, index: partitionIndex, size } = partition;
      const directory = partitions.directoryOf(partition);
      if (directory === undefined) return;
      add(rows.get(directory), topic, { partitionIndex, partitionSize: size, offsetLag: 0, isFutureKey: false });
    });
    for (const {
      partition: { topic, index: partitionIndex },
      directory,
      size,
      offsetLag,
    } of directoryMoves.futures()) {
      add(rows.get(directory), topic, { partitionIndex, partitionSize: size, offsetLag, isFutureKey: true });
    }
    const results = yield* mapInPieces(rows, ([directory, topics]) => result(directory, topics));
    return { errorCode: ErrorCode.NONE, results };
  },
  refuse: (_request, errorCode) => ({ errorCode, results: [] }),
});

function* result(
  directory: { path: string; health: { isOffline: boolean }; volume(): { totalBytes: number; usableBytes: number } },
  topics: ReadonlyMap<string, readonly Row[]>,
): Pieces<Result> {
  const { path: logDir, health } = directory;
  if (health.isOffline) return { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, logDir, topics: [] };
  return {
    errorCode: ErrorCode.NONE,
    logDir,
    ...directory.volume(),
    topics: yield* mapInPieces(topics, ([name, of]) => ({ name, partitions: of })),
  };
}

/** The partitions that the request names; null names all. */
function* filterOf({ topics }: Request): Pieces<(topic: string, partition: number) => boolean> {
  if (topics === null) return () => true;
  const wanted = new Map<string, Set<number>>();
  yield* mapInPieces(topics, ({ topic, partitions }) => {
    let indexes = wanted.get(topic);
    if (indexes === undefined) wanted.set(topic, (indexes = new Set()));
    const all = indexes;
    return eachInPieces(partitions, (index) => void all.add(index));
  });
  return (topic, partition) => wanted.get(topic)?.has(partition) ?? false;
}
