/**
 * Which log counts when two log directories have one of the same partition: a crash may leave that while it moves, and a directory that
 * is back after the replica was copied into another one.
 */
import { join } from 'node:path';
import * as batch from '../../protocol/records/batch.ts';
import { asidePath } from '../log/aside.ts';
import { headers } from '../log/batch-scan.ts';
import type { LogDirectory } from '../log/directory.ts';
import { isSystemError } from '../platform/disk-error.ts';
import type { Files } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';

/** Of the last batch; an epoch of -1: there is none. */
interface LogEnd {
  readonly leaderEpoch: number;
  readonly offset: number;
}

/**
 * True when the one in `other` counts: its last batch is of a later leader, or of the same and as far or farther. The one that does not
 * count is renamed and kept.
 */
export function keepsOther(
  { files, logger }: { files: Files; logger: Logger },
  name: string,
  other: LogDirectory,
  directory: LogDirectory,
): boolean {
  const [mine, theirs] = [endOf(files, join(directory.path, name)), endOf(files, join(other.path, name))];
  const keeps =
    theirs.leaderEpoch === mine.leaderEpoch ? theirs.offset >= mine.offset : theirs.leaderEpoch > mine.leaderEpoch;
  const from = join((keeps ? directory : other).path, name);
  const to = asidePath(files, from, Buffer.alloc(16), 'stray');
  logger.warn('log-found-twice', {
    kept: (keeps ? other : directory).path,
    from,
    to,
    next: 'remove it when you do not miss it',
  });
  files.rename(from, to);
  return keeps;
}

function endOf(files: Files, directory: string): LogEnd {
  try {
    return endIn(files, directory);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return { leaderEpoch: -1, offset: -1 }; // it cannot be read: the other one counts
  }
}

/** As the headers of batches tell: segments of two logs need not begin at the same offsets. */
function endIn(files: Files, directory: string): LogEnd {
  const segments = files.list(directory).filter((name) => /^\d{20}\.log$/.test(name));
  for (const name of segments.toReversed()) {
    const end = endOfSegment(files, join(directory, name));
    if (end !== null) return end;
  }
  return { leaderEpoch: -1, offset: segments.length === 0 ? -1 : Number.parseInt(segments.at(-1)!, 10) };
}

/** Null: it has no batch. */
function endOfSegment(files: Files, path: string): LogEnd | null {
  const file = files.open(path, 'read');
  try {
    const size = file.size();
    let end: LogEnd | null = null;
    headers.open(file);
    for (let at = 0; headers.load(at, size); at += batch.sizeInBytes(headers.bytes, headers.at)) {
      const leaderEpoch = batch.leaderEpoch(headers.bytes, headers.at);
      end = { leaderEpoch, offset: batch.nextOffset(headers.bytes, headers.at) };
    }
    return end;
  } finally {
    file.close();
  }
}
