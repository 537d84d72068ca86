/** Compacts a log of the fixture at once, and shows what is in it by keys. */
import * as batch from '../../../protocol/records/batch.ts';
import { batches, decodeBatch, type DecodedBatch } from '../../../protocol/records/decode.ts';
import { encodeBatch, type BatchDraft } from '../../../protocol/records/encode.ts';
import { OffsetMap } from '../../../src/log/cleaner/offset-map.ts';
import { cleanLog, type PassResult } from '../../../src/log/cleaner/pass.ts';
import { planCleaning } from '../../../src/log/cleaner/plan.ts';
import type { Log } from '../../../src/log/log.ts';

export const SEED = Int32Array.of(1, 2, 3, 4);

export interface CompactOptions {
  nowMs?: number;
  checkpoint?: number | null;
  /** Keys the map has room for. */
  keys?: number;
}

export async function compact(
  log: Log,
  { nowMs = 1e6, checkpoint = null, keys }: CompactOptions = {},
): Promise<PassResult> {
  const { logStartOffset, endOffset, firstUnstableOffset } = log;
  const lastStableOffset = firstUnstableOffset < 0 ? endOffset : firstUnstableOffset;
  const plan = planCleaning(log.segments, log.config, {
    nowMs,
    checkpoint,
    logStartOffset,
    endOffset,
    lastStableOffset,
  });
  const map = new OffsetMap(keys ?? endOffset, 1e9, 0.9, SEED);
  const steps = cleanLog({ log, plan, map, nowMs });
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value;
    try {
      await step.value;
    } catch (error) {
      steps.throw(error);
    }
  }
}

/** `{ a: '1', b: null }` as a batch; each key a record, null a tombstone. */
export function keyed(
  values: Readonly<Record<string, string | null>>,
  draft: Partial<BatchDraft> & { at?: number } = {},
): Buffer {
  const { at = 1000, ...rest } = draft;
  const records = Object.entries(values).map(([key, value]) => ({
    key: Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    timestamp: at,
  }));
  return encodeBatch({ records, ...rest });
}

export function allBatches(log: Log): DecodedBatch[] {
  const found: DecodedBatch[] = [];
  for (const segment of log.segments) {
    const bytes = Buffer.alloc(segment.size);
    segment.file.read(bytes, 0, bytes.length, 0);
    for (const at of batches(bytes)) {
      if (!batch.isCrcValid(bytes, at)) throw new Error(`Wrong CRC in ${segment.path}`);
      found.push(decodeBatch(bytes, at));
    }
  }
  return found;
}

/** 'offset key=value' of every record; control and empty batches as '3 COMMIT' and '3 -'. */
export function shown(log: Log): string[] {
  return allBatches(log).flatMap(({ records, isControl, lastOffset }) => {
    if (records.length === 0) return [`${lastOffset} -`];
    return records.map(({ offset, key, value }) => {
      const text = isControl ? (key?.[3] === 1 ? 'COMMIT' : 'ABORT') : `${String(key)}=${String(value)}`;
      return `${offset} ${text}`;
    });
  });
}
