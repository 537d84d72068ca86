/** Finds records by time: indexes first, then the records of one batch, decompressed where they must be. */
import * as batch from '../../protocol/records/batch.ts';
import { RecordCursor } from '../../protocol/records/decode.ts';
import { headers } from './batch-scan.ts';
import type { Segment } from './segment.ts';

export interface TimestampOffset {
  readonly timestamp: number;
  readonly offset: number;
  /** Of the batch. */
  readonly leaderEpoch: number;
}

/** The first record at or behind `logStartOffset` whose timestamp is at least `timestamp`, or null. */
export function findTimestamp(
  segments: readonly Segment[],
  timestamp: number,
  logStartOffset: number,
): TimestampOffset | null {
  for (const segment of segments) {
    if (segment.size === 0 || segment.maxTimestamp < timestamp) continue;
    const wanted = (record: RecordCursor) => record.timestamp >= timestamp && record.offset >= logStartOffset;
    let position = segment.positionOf(Math.max(segment.offsetBefore(timestamp), logStartOffset));
    while ((position = nextWithTimestamp(segment, position, timestamp)) < segment.size) {
      const bytes = segment.readBatch(position);
      if (bytes === null) break;
      const found = recordIn(bytes, wanted);
      if (found !== null) return found;
      position += bytes.length;
    }
  }
  return null;
}

/** The first record with the largest timestamp of all, or null where no record has one. */
export function findMaxTimestamp(segments: readonly Segment[], logStartOffset: number): TimestampOffset | null {
  let latest: Segment | null = null;
  for (const segment of segments) {
    if (segment.size > 0 && segment.maxTimestamp > (latest?.maxTimestamp ?? -2)) latest = segment;
  }
  if (latest === null) return null;
  const { maxTimestamp, offsetOfMaxTimestamp } = latest;
  const bytes = latest.readBatch(latest.positionOf(Math.max(offsetOfMaxTimestamp, logStartOffset)));
  return bytes === null ? null : recordIn(bytes, (record) => record.timestamp === maxTimestamp);
}

function nextWithTimestamp(segment: Segment, position: number, timestamp: number): number {
  while ((position = segment.soundFrom(position, 0)) < segment.size) {
    if (batch.maxTimestamp(headers.bytes, headers.at) >= timestamp) return position;
    position += batch.sizeInBytes(headers.bytes, headers.at);
  }
  return segment.size;
}

function recordIn(bytes: Buffer, wanted: (record: RecordCursor) => boolean): TimestampOffset | null {
  const record = new RecordCursor(bytes);
  while (record.next()) {
    if (!wanted(record)) continue;
    return { timestamp: record.timestamp, offset: record.offset, leaderEpoch: batch.leaderEpoch(bytes, 0) };
  }
  return null;
}
