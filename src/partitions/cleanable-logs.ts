/** The logs of this broker as the cleaner sees them. */
import type { CleanableLog } from '../log/cleaner/cleaner.ts';
import type { Partitions } from './partitions.ts';

export function* cleanableLogs(partitions: Partitions): IterableIterator<CleanableLog> {
  for (const partition of partitions.all()) {
    const { log, lastStableOffset } = partition;
    const directory = partitions.directoryOf(partition);
    if (directory !== undefined && log.config.cleanupCompact) {
      yield { log, logDirectory: directory.path, lastStableOffset };
    }
  }
}
