/** A log on a disk in memory with a clock that stands still, and batches to put into it. */
import * as batch from '../../protocol/records/batch.ts';
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import { encodeBatch, type BatchDraft } from '../../protocol/records/encode.ts';
import { defaultLogConfig, type LogConfig } from '../../src/config/log-config.ts';
import { AppendStage } from '../../src/log/append-stage.ts';
import { Log } from '../../src/log/log.ts';
import type { LogOptions } from '../../src/log/log-options.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import type { Files } from '../../src/platform/files.ts';
import { silentLogger, type Facts, type Logger } from '../../src/platform/logger.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';

export const TOPIC_ID = 'Yzuwlcq0QZum8IWZW66tIA';
export const DIRECTORY = '/data/orders-0';

export interface Fixture {
  files: MemoryFiles;
  clock: VirtualClock;
  stage: AppendStage;
  warnings: { event: string; facts: Facts | undefined }[];
  open: (options?: Partial<LogOptions>) => Log;
}

export function fixture(
  config: Partial<LogConfig> = {},
  files: Files = new MemoryFiles(),
  directory = DIRECTORY,
): Fixture {
  const clock = new VirtualClock();
  const stage = new AppendStage();
  const warnings: Fixture['warnings'] = [];
  const logger: Logger = { ...silentLogger, warn: (event, facts) => void warnings.push({ event, facts }) };
  const open = (options: Partial<LogOptions> = {}) =>
    Log.open({
      files,
      directory,
      clock,
      logger,
      stage,
      topicId: TOPIC_ID,
      cleanShutdown: true,
      config: { ...defaultLogConfig, ...config },
      ...options,
    });
  return { files: files as MemoryFiles, clock, stage, warnings, open };
}

/** A batch of `values` with timestamps 1000, 1001, … unless said otherwise. */
export function batchOf(
  values: readonly string[],
  draft: Partial<BatchDraft> & { timestamps?: number[] } = {},
): Buffer {
  const { timestamps, ...rest } = draft;
  const records = values.map((value, i) => ({
    key: Buffer.from(`k${i}`),
    value: Buffer.from(value),
    timestamp: timestamps?.[i] ?? 1000 + i,
  }));
  return encodeBatch({ records, ...rest });
}

export function append(log: Log, bytes: Buffer, leaderEpoch = 0): number {
  return log.append(bytes, 0, bytes.length, leaderEpoch);
}

/** A batch whose whole size is `size` bytes (at least 80). */
export function batchOfSize(size: number, fill = 'x'): Buffer {
  let value = Math.max(0, size - 80);
  for (;;) {
    const bytes = batchOf([fill.repeat(value)]);
    if (bytes.length >= size) return bytes;
    value += size - bytes.length;
  }
}

/** Everything from `from` on as a consumer reads it: offset and value of each record, fetched `maxBytes` at a time. */
export function readAll(log: Log, from = log.logStartOffset, maxBytes = 1 << 20): { offset: number; value: string }[] {
  const read: { offset: number; value: string }[] = [];
  for (let offset = from; offset < log.endOffset;) {
    const range = log.locate(offset, log.endOffset, maxBytes, true);
    if (range === null) throw new Error(`Nothing at ${offset} of ${log.endOffset}`);
    const bytes = Buffer.alloc(range.length);
    range.file.read(bytes, 0, range.length, range.position);
    for (const at of batches(bytes)) {
      if (!batch.isCrcValid(bytes, at)) throw new Error(`Wrong CRC at ${offset}`);
      for (const record of decodeBatch(bytes, at).records) {
        if (record.offset >= offset) read.push({ offset: record.offset, value: String(record.value) });
      }
      offset = batch.nextOffset(bytes, at);
    }
  }
  return read;
}

/** All that a log is to the outside. */
export function stateOf(log: Log) {
  return {
    logStartOffset: log.logStartOffset,
    endOffset: log.endOffset,
    size: log.size,
    latestEpoch: log.latestEpoch,
    records: readAll(log),
    maxTimestamp: log.maxTimestamp(),
    producers: [...log.producers.producers.values()].map(({ producerId, epoch, batches: known }) => ({
      producerId,
      epoch,
      last: known.at(-1),
    })),
  };
}
