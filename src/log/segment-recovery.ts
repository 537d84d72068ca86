/** Checks a segment after a crash, makes its indexes complete, and cuts off a torn end. */
import * as batch from '../../protocol/records/batch.ts';
import { headers, scanBatches, type BatchVisitor } from './batch-scan.ts';
import type { Segment } from './segment.ts';

export interface RecoveryBounds {
  /** Batches below this offset are known to be on the disk: their headers are believed, where the indexes are true. */
  readonly trustedBelow: number;
  /** Below this offset nothing was torn: damage is noted, and what lies behind it stays. */
  readonly keptBelow: number;
}

/**
 * Reads what is not trusted, checks every batch, and cuts off what is not sound or what `accept` refuses, which sees all
 * batches behind the last trusted index entry, some by their headers alone. Answers how many bytes were cut.
 */
export function recoverSegment(
  segment: Segment,
  indexIntervalBytes: number,
  accept: BatchVisitor,
  { trustedBelow, keptBelow }: RecoveryBounds,
): number {
  const found = segment.size;
  const { file } = segment;
  let next = segment.baseOffset;
  const visit: BatchVisitor = (bytes, at, size, position) => {
    const last = batch.lastOffset(bytes, at);
    if (!segment.takesOffset(last) || !accept(bytes, at, size, position)) return false;
    segment.size = position;
    segment.noteAppended(last, batch.maxTimestamp(bytes, at), size, indexIntervalBytes);
    next = last + 1;
    return true;
  };
  let end = segment.trustBelow(trustedBelow);
  headers.open(file);
  while (headers.load(end, found) && batch.nextOffset(headers.bytes, headers.at) <= trustedBelow) {
    const size = batch.sizeInBytes(headers.bytes, headers.at);
    if (!visit(headers.bytes, headers.at, size, end)) break;
    end += size;
  }
  const isKept = () => next < keptBelow;
  for (
    end = scanBatches(file, end, found, visit);
    end < found && isKept();
    end = scanBatches(file, end, found, visit)
  ) {
    segment.size = found;
    ({ end } = segment.corrupt(end, next).damage);
  }
  segment.size = end;
  if (end < found) file.truncate(end);
  segment.noteChanged();
  return found - end;
}
