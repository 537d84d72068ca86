/**
 * Whether what an index says is so. Asked of the entry that a search ends at, for that one alone decides where reading
 * begins: a search that ends at a true entry cannot have been misled by others, for offsets, positions and timestamps ascend.
 */
import * as batch from '../../protocol/records/batch.ts';
import type { OpenFile } from '../platform/files.ts';
import { headers } from './batch-scan.ts';
import type { OffsetIndex } from './offset-index.ts';
import type { TimeIndex } from './time-index.ts';

/** What is needed of a segment. */
export interface IndexedSegment {
  readonly file: OpenFile;
  readonly size: number;
  readonly offsetIndex: OffsetIndex;
  readonly timeIndex: TimeIndex;
  positionOf(offset: number): number;
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
