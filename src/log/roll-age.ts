/** After how long a segment makes room for the next. PURE. */
import { crc32c } from '../../protocol/records/crc32c.ts';
import type { LogConfig } from '../config/log-config.ts';

const TWO_TO_32 = 0x1_0000_0000;

/** segment.ms, or max.compaction.lag.ms where that is shorter: only what has been rolled can be compacted. */
export function maxSegmentMs({ segmentMs, cleanupCompact, maxCompactionLagMs }: LogConfig): number {
  return cleanupCompact && maxCompactionLagMs > 0 ? Math.min(segmentMs, maxCompactionLagMs) : segmentMs;
}

/**
 * What segment.jitter.ms takes off the age of the segment at `path`, so that not all logs of a broker roll at once. It
 * follows from the path: restarts do not throw the dice again.
 */
export function rollJitterMs({ segmentMs, segmentJitterMs }: LogConfig, path: string): number {
  if (segmentJitterMs === 0) return 0;
  const bytes = Buffer.from(path);
  return Math.floor((crc32c(bytes, 0, bytes.length) / TWO_TO_32) * Math.min(segmentJitterMs, segmentMs));
}
