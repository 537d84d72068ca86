/** One partition's log on the disk: segments of record batches in Kafka's files, and all that is known about them. */
import type { LogConfig } from '../config/log-config.ts';
import type { Clock } from '../platform/clock.ts';
import type { Files, OpenFile } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';
import type { AppendStage, StagedLog } from './append-stage.ts';

export interface LogOptions {
  readonly files: Files;
  /** `<log.dir>/<topic>-<partition>`; made where it is missing. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: LogConfig;
  /** As Kafka prints it: 22 characters of base64url. */
  readonly topicId: string;
  /** The one stage of the broker. */
  readonly stage: AppendStage;
  /** Whether the broker ended in order last time; otherwise the end of the log is scanned. */
  readonly cleanShutdown: boolean;
  /** Up to where the log is known to be on the disk (recovery-point-offset-checkpoint); 0: unknown. */
  readonly recoveryPoint?: number;
  /** From log-start-offset-checkpoint; the first segment's base offset where it is higher. */
  readonly logStartOffset?: number;
}

/** A range of whole batches in one file; the same object is filled again by the next `locate`. */
export interface Range {
  file: OpenFile;
  position: number;
  length: number;
}

export interface TimestampOffset {
  readonly timestamp: number;
  readonly offset: number;
  readonly leaderEpoch: number;
}

export interface EpochEndOffset {
  /** -1 where the epoch is unknown. */
  readonly leaderEpoch: number;
  readonly endOffset: number;
}

export class Log implements StagedLog {
  readonly directory: string;

  private constructor(options: LogOptions) {
    this.directory = options.directory;
  }

  static open(options: LogOptions): Log {
    return new Log(options);
  }

  get topicId(): string { throw new Error('not yet'); }
  /** The first offset readers may ask for. */
  get logStartOffset(): number { throw new Error('not yet'); }
  /** The offset the next record gets. */
  get endOffset(): number { throw new Error('not yet'); }
  /** Bytes in all segments, what is only staged included. */
  get size(): number { throw new Error('not yet'); }
  get config(): LogConfig { throw new Error('not yet'); }
  updateConfig(_config: LogConfig): void {}
  /** Up to where everything is on the disk for sure. */
  get recoveryPoint(): number { throw new Error('not yet'); }
  /** The first offset of the oldest transaction that is still going on, or -1. */
  get firstUnstableOffset(): number { throw new Error('not yet'); }
  /** The leader epoch of the newest batch, or -1. */
  get latestEpoch(): number { throw new Error('not yet'); }

  /** True when `locate(offset, …)` may be asked: logStartOffset <= offset <= endOffset. */
  isInRange(_offset: number): boolean { throw new Error('not yet'); }

  /**
   * Appends one batch that has been validated: stamps base offset and leader epoch into `bytes`, answers the base offset.
   * Small batches are only staged: call `stage.flush()` before answering the producer.
   */
  append(_bytes: Buffer, _at: number, _length: number, _leaderEpoch: number): number { throw new Error('not yet'); }

  /** What idempotence says of a batch before it is appended; see ProducerState.check. */
  checkProducer(_bytes: Buffer, _at: number, _fromClient = true): number { throw new Error('not yet'); }
  /** After DUPLICATE_SEQUENCE_NUMBER of `checkProducer`: where the batch has been appended before. */
  get duplicateOffset(): number { throw new Error('not yet'); }

  locate(_offset: number, _upToOffset: number, _maxBytes: number, _minOneBatch: boolean): Range | null {
    throw new Error('not yet');
  }
  offsetForTimestamp(_timestamp: number): TimestampOffset | null { throw new Error('not yet'); }
  /** The record with the largest timestamp (KIP-734), or null in an empty log. */
  maxTimestamp(): TimestampOffset | null { throw new Error('not yet'); }
  get earliestLocal(): number { throw new Error('not yet'); }
  /** Leader epoch in which `offset` was written, or -1. */
  epochOf(_offset: number): number { throw new Error('not yet'); }
  /** As OffsetForLeaderEpoch answers. */
  endOffsetForEpoch(_epoch: number): EpochEndOffset { throw new Error('not yet'); }

  truncateTo(_offset: number): void {}
  deleteRecordsBefore(_offset: number): void {}
  /** Answers how many segments went. */
  applyRetention(_nowMs: number): number { throw new Error('not yet'); }
  /** Returns once everything appended is on the disk. */
  flush(): void {}
  flushLater(): Promise<void> { throw new Error('not yet'); }
  close(): void {}
  /** Renames the directory at once, removes it after file.delete.delay.ms. The log must not be used after. */
  delete(): void {}

  /** For AppendStage only. */
  rollBackTo(_position: number): void {}
}
