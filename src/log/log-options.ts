/** What a log is opened with, and what it answers readers. */
import type { LogConfig } from '../config/log-config.ts';
import type { Clock } from '../platform/clock.ts';
import type { Files, OpenFile } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';
import type { AppendStage } from './append-stage.ts';
import type { Segment } from './segment.ts';
import type { Deletions } from './deletions.ts';
import type { DirectoryHealth } from './directory-health.ts';

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
  /** Whether the broker ended in order last time; otherwise the end of the log is read and checked. */
  readonly cleanShutdown: boolean;
  /** Up to where the log is known to be on the disk (recovery-point-offset-checkpoint); 0: unknown. */
  readonly recoveryPoint?: number;
  /** Told when the log was cut below what was known to be on the disk: recovery-point-offset-checkpoint may say more. */
  readonly onCut?: (endOffset: number) => void;
  /** From log-start-offset-checkpoint; the first segment's base offset where that is higher. */
  readonly logStartOffset?: number;
  /** Shared by the logs of a directory; without one the log has its own. */
  readonly deletions?: Deletions;
  readonly health?: DirectoryHealth;
  /** Told of bytes that recovery has read, for whoever shows how far it is. */
  readonly onChecked?: (bytes: number) => void;
}

/** Whole batches in one file; the same object is filled again by the next `locate`. */
export interface Range {
  file: OpenFile;
  segment: Segment;
  /** The one asked for: the first batch reaches it. */
  offset: number;
  /** Where the segment ends: no batch goes beyond. */
  endOffset: number;
  position: number;
  length: number;
  /** The offset behind the last batch, or that of the next one where compaction left a gap. */
  nextOffset: number;
}
