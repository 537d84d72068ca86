/** The files of a segment: their names, as Kafka has them, and their sizes as found. */

const OFFSET_DIGITS = 20;

export const SegmentSuffix = {
  log: '.log',
  index: '.index',
  timeIndex: '.timeindex',
  transactions: '.txnindex',
} as const;

/** Kafka's name of a file that begins at, or tells the state at, an offset. */
export function offsetFileName(offset: number, suffix: string): string {
  return String(offset).padStart(OFFSET_DIGITS, '0') + suffix;
}

/** Bytes of its files as found, -1 for one that is missing. */
export interface SegmentSizes {
  log: number;
  index: number;
  timeIndex: number;
  transactions: number;
}

/** Index of the segment `offset` belongs to; readers are mostly at the end. */
export function segmentIndexOf(segments: readonly { readonly baseOffset: number }[], offset: number): number {
  let low = 0;
  let high = segments.length - 1;
  if (offset >= segments[high].baseOffset) return high;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (segments[middle].baseOffset <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
