/**
 * Names under which folders are set aside: `<topic>-<partition>.<32 hexadecimal digits>-delete`, `-stray` or `-future`, as in
 * Kafka. The topic is cut where the whole would be longer than a file system takes, and no name is given twice.
 */
import { basename, dirname, join } from 'node:path';
import type { Files } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';

/** What file systems take for a name, in bytes. */
const MOST_NAME_BYTES = 255;

export type Aside = 'delete' | 'stray' | 'future';

/** A path beside `path` that is free. `unique`: 16 bytes, the first that are tried. */
export function asidePath(files: Files, path: string, unique: Uint8Array, kind: Aside): string {
  const id = Buffer.from(unique);
  for (;;) {
    const free = join(dirname(path), asideName(basename(path), id.toString('hex'), kind));
    if (!files.exists(free)) return free;
    id.writeUInt32BE((id.readUInt32BE(12) + 1) >>> 0, 12);
  }
}

/** The end of a name, with the partition's number, is kept. */
export function asideName(name: string, hex: string, kind: Aside): string {
  const suffix = `.${hex}-${kind}`;
  const room = MOST_NAME_BYTES - suffix.length;
  const [, topic = name, partition = ''] = /^(.*)(-\d{1,10})$/s.exec(name) ?? [];
  let cut = topic;
  while (Buffer.byteLength(cut) + partition.length > room) cut = cut.slice(0, -1);
  return `${cut}${partition}${suffix}`;
}

/** Sets aside what stands where a broker needs the name, and says so in one line. Answers where it is now. */
export function setAside(
  { files, logger }: { files: Files; logger: Logger },
  path: string,
  unique: Uint8Array,
  facts: Readonly<Record<string, unknown>> = {},
): string {
  const to = asidePath(files, path, unique, 'stray');
  files.rename(path, to);
  logger.warn('log-moved-aside', { from: path, to, next: 'remove it when you do not miss it', ...facts });
  return to;
}
