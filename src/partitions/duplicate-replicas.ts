/** Which log counts when two log directories have one of the same partition: a crash may leave that while it moves. */
import { join } from 'node:path';
import { asidePath } from '../log/aside.ts';
import type { LogDirectory } from '../log/directory.ts';
import { isSystemError } from '../platform/disk-error.ts';
import type { Files } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';

/**
 * True when the one in `other` counts, which ends later or just as late as the one in `directory`. The one that does not
 * count is renamed and kept.
 */
export function keepsOther(
  { files, logger }: { files: Files; logger: Logger },
  name: string,
  other: LogDirectory,
  directory: LogDirectory,
): boolean {
  const [mine, theirs] = [endOf(files, join(directory.path, name)), endOf(files, join(other.path, name))];
  const keeps = theirs.offset > mine.offset || (theirs.offset === mine.offset && theirs.bytes >= mine.bytes);
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

/** Where the last segment begins, and how full it is. */
function endOf(files: Files, directory: string): { offset: number; bytes: number } {
  try {
    return endIn(files, directory);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return { offset: -1, bytes: 0 }; // it cannot be read: the other one counts
  }
}

function endIn(files: Files, directory: string): { offset: number; bytes: number } {
  const last = files.list(directory).findLast((name) => /^\d{20}\.log$/.test(name));
  if (last === undefined) return { offset: -1, bytes: 0 };
  return { offset: Number.parseInt(last, 10), bytes: files.size(join(directory, last)) };
}
