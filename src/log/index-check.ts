/**
 * Whether what an index says is so. Asked of the entry that a search ends at, for that one alone decides where reading
 * begins: a search that ends at a true entry cannot have been misled by others, for offsets, positions and timestamps ascend.
 */
import * as batch from '../../protocol/records/batch.ts';
import type { OpenFile } from '../platform/files.ts';
import { headers } from './batch-scan.ts';
import type { OffsetIndex } from './offset-index.ts';
import type { TimeIndex } from './time-index.ts';
import type { AbortedTransaction, TransactionIndex } from './transaction-index.ts';

/** What is needed of a segment. */
export interface IndexedSegment {
  readonly file: OpenFile;
  readonly size: number;
  readonly offsetIndex: OffsetIndex;
  readonly timeIndex: TimeIndex;
  positionOf(offset: number, from?: number): number;
  soundFrom(position: number, leastOffset: number): number;
}

export function isEntryTrue(segment: IndexedSegment, entry: number): boolean {
  const { offsetIndex, size } = segment;
  headers.follow(segment.file);
  return (
    headers.load(offsetIndex.position(entry), size) &&
    batch.lastOffset(headers.bytes, headers.at) === offsetIndex.offset(entry)
  );
}

export function isTimeEntryTrue(segment: IndexedSegment, entry: number): boolean {
  const { timeIndex, size } = segment;
  const position = segment.positionOf(timeIndex.offset(entry));
  headers.follow(segment.file);
  return headers.load(position, size) && batch.maxTimestamp(headers.bytes, headers.at) === timeIndex.timestamp(entry);
}

/**
 * Whether each aborted transaction has its marker where the index says, and begins where its producer wrote. One pass forward: a
 * crash leaves the segment without the entries that would shorten the way to each of them.
 */
export function areAbortsTrue(
  segment: IndexedSegment & {
    readonly baseOffset: number;
    readonly transactions: TransactionIndex;
  },
): boolean {
  const { entries } = segment.transactions;
  if (entries.length === 0) return true;
  const isPossible = entries.every(
    ({ firstOffset, lastOffset, lastStableOffset }, i) =>
      firstOffset >= 0 &&
      firstOffset < lastOffset &&
      lastStableOffset >= 0 &&
      lastStableOffset <= lastOffset + 1 &&
      (i === 0 || entries[i - 1].lastOffset < lastOffset),
  );
  return isPossible && areBoundsTrue(segment, boundsOf(entries, segment.baseOffset));
}

/** Where a transaction begins or ends. */
interface Bound {
  readonly offset: number;
  readonly producerId: number;
  readonly isMarker: boolean;
}

/** Those that lie in the segment, in the order of the log. */
function boundsOf(entries: readonly AbortedTransaction[], baseOffset: number): Bound[] {
  const bounds: Bound[] = [];
  for (const { producerId, firstOffset, lastOffset } of entries) {
    if (firstOffset >= baseOffset) bounds.push({ offset: firstOffset, producerId, isMarker: false });
    if (lastOffset >= baseOffset) bounds.push({ offset: lastOffset, producerId, isMarker: true });
  }
  return bounds.sort((a, b) => a.offset - b.offset);
}

function areBoundsTrue(segment: IndexedSegment, bounds: readonly Bound[]): boolean {
  let position = 0;
  return bounds.every(({ offset, producerId, isMarker }) => {
    position = segment.positionOf(offset, position);
    if (!headers.load(position, segment.size)) return false;
    const { bytes, at } = headers;
    if (batch.baseOffset(bytes, at) > offset) return true; // compaction took it
    if (batch.baseOffset(bytes, at) !== offset || batch.producerId(bytes, at) !== producerId) return false;
    return batch.isControl(batch.attributes(bytes, at)) === isMarker;
  });
}

export interface HeaderFacts {
  readonly lastOffset: number;
  readonly timestamp: number;
  readonly position: number;
  readonly length: number;
}

/** What an index has to know of every batch of a segment. */
export function headersOf(segment: IndexedSegment): HeaderFacts[] {
  const found: HeaderFacts[] = [];
  headers.open(segment.file);
  for (let position = 0; (position = segment.soundFrom(position, 0)) < segment.size;) {
    const { bytes, at } = headers;
    const length = batch.sizeInBytes(bytes, at);
    found.push({ lastOffset: batch.lastOffset(bytes, at), timestamp: batch.maxTimestamp(bytes, at), position, length });
    position += length;
  }
  return found;
}
