/** Keys by which a cache remembers names that clients make up: 32 KiB each, if they like. */
import { createHash } from 'node:crypto';

/** Longer than the names of topics may be, and than the names of nearly all groups are. */
const LONGEST_KEY = 256;

/** The text itself; of a long one its digest, to which no shorter text is equal. */
export function boundedKey(text: string): string {
  if (text.length <= LONGEST_KEY) return text;
  return createHash('sha256')
    .update(text)
    .digest('hex')
    .padEnd(LONGEST_KEY + 1);
}
