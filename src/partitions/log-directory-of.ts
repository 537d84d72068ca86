/** Where a partition lies, for those who show it. */
import { dirname } from 'node:path';
import type { Partition } from './partition.ts';

/** The path of the log directory, as log.dirs has it. */
export function logDirectoryOf({ log }: Partition): string {
  return dirname(log.directory);
}
