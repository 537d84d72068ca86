/**
 * Recognises the message sets of before Kafka 0.11 (magic 0 and 1), which Kafka 4 no longer takes (KIP-724), so that
 * their senders are refused with a word that helps instead of a failed CRC.
 */
import { batchEnd, CURRENT_MAGIC, magic } from './batch.ts';

/** The magic of the first batch or message, or -1 where the bytes are too few to tell. */
export function magicOf(bytes: Buffer, at: number, end: number): number {
  return end - at <= 16 ? -1 : magic(bytes, at);
}

/** The lowest magic among the whole batches and messages from `at` on, or -1 where there is none. */
export function lowestMagic(bytes: Buffer, at: number, end: number): number {
  let lowest = -1;
  for (let next = batchEnd(bytes, at, end); next >= 0; at = next, next = batchEnd(bytes, at, end)) {
    const found = magic(bytes, at);
    if (lowest < 0 || found < lowest) lowest = found;
  }
  return lowest;
}

/** Why records of this magic are refused, as a sentence for their sender; null where magic is the current one. */
export function whyRefused(found: number): string | null {
  if (found === CURRENT_MAGIC) return null;
  if (found === 0 || found === 1) {
    return `Records are in message format ${found}, from before Kafka 0.11; use a client that writes format 2`;
  }
  return `Records begin with magic ${found}, which is no message format; only 2 is taken`;
}
