/** Shows what lies in each log directory, and how large it is. */
import { DescribeLogDirs } from '../../protocol/apis/35-describe-log-dirs.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import { handler } from './handler.ts';

type Request = RequestOf<typeof DescribeLogDirs>;
type Row = ResponseDraft<typeof DescribeLogDirs>['results'][number]['topics'][number]['partitions'][number];

export const describeLogDirs = handler(DescribeLogDirs, {
  handle: (request, { broker: { partitions } }) => {
    const isWanted = filterOf(request);
    const rows = new Map(partitions.directories.map((directory) => [directory, new Map<string, Row[]>()]));
    for (const partition of partitions.all()) {
      const { topic, index, log } = partition;
      const directory = partitions.directoryOf(partition);
      if (directory === undefined || !isWanted(topic, index)) continue;
      const topics = rows.get(directory)!;
      const row: Row = { partitionIndex: index, partitionSize: log.size, offsetLag: 0, isFutureKey: false };
      const siblings = topics.get(topic);
      if (siblings === undefined) topics.set(topic, [row]);
      else siblings.push(row);
    }
    return {
      errorCode: ErrorCode.NONE,
      results: [...rows].map(([{ path }, topics]) => ({
        errorCode: ErrorCode.NONE,
        logDir: path,
        topics: [...topics].map(([name, of]) => ({ name, partitions: of })),
      })),
    };
  },
  refuse: (_request, errorCode) => ({ errorCode, results: [] }),
});

/** null asks for all. */
function filterOf({ topics }: Request): (topic: string, partition: number) => boolean {
  if (topics === null) return () => true;
  const wanted = new Map<string, Set<number>>();
  for (const { topic, partitions } of topics) wanted.set(topic, new Set([...(wanted.get(topic) ?? []), ...partitions]));
  return (topic, partition) => wanted.get(topic)?.has(partition) ?? false;
}
