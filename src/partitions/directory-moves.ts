/**
 * Moves partitions between the log directories of this broker (KIP-113): a copy grows beside the log, in a folder whose
 * name ends in `-future`, and takes its place when it has caught up.
 *
 *     t-0 here, t-0.<id>-future there ──synced──▶ renamed to t-0 there ──▶ t-0 here becomes t-0.<id>-delete
 *     begun anew after a restart                   found twice at a start: the later one counts
 */
import { join } from 'node:path';
import { ErrorCode } from '../../protocol/errors.ts';
import { asideName } from '../log/aside.ts';
import type { LogDirectory } from '../log/directory.ts';
import { CopyAbandoned, ReplicaCopy } from '../log/replica-copy.ts';
import { runInSlices } from '../log/slices.ts';
import type { Clock } from '../platform/clock.ts';
import type { Files } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';
import type { Partition } from './partition.ts';
import type { Partitions } from './partitions.ts';

const FUTURE = /^(.{1,249})-(\d{1,10})\.[0-9a-f]{32}-future$/;

export interface FutureReplica {
  readonly partition: Partition;
  readonly directory: LogDirectory;
  readonly size: number;
  /** Records it lacks, as far as is known. */
  readonly offsetLag: number;
}

export interface DirectoryMovesOptions {
  readonly files: Files;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly partitions: Partitions;
  /** The files of a log are not to be rewritten meanwhile. */
  readonly cleaner: { pause(log: Partition['log']): void; resume(log: Partition['log']): void };
  /** A partition lies elsewhere now. */
  readonly onMoved?: () => void;
}

interface Move {
  readonly partition: Partition;
  readonly directory: LogDirectory;
  readonly copy: ReplicaCopy;
  readonly steps: ReturnType<ReplicaCopy['run']>;
  isCancelled: boolean;
}

export class DirectoryMoves {
  readonly #options: DirectoryMovesOptions;
  readonly #moves = new Map<Partition, Move>();
  #isStopped = false;

  constructor(options: DirectoryMovesOptions) {
    this.#options = options;
  }

  /** Begins anew what the last broker had not ended. */
  resume(): void {
    const { files, partitions } = this.#options;
    for (const directory of partitions.directories) {
      if (directory.health.isOffline) continue;
      for (const name of files.list(directory.path)) {
        const match = FUTURE.exec(name);
        if (match !== null && directory.remove(name)) this.move(match[1], Number(match[2]), directory.path);
      }
    }
  }

  /** Copies under way are begun anew by the next start. */
  stop(): void {
    this.#isStopped = true;
  }

  /** What AlterReplicaLogDirs answers: the move goes on in the background. */
  move(topic: string, index: number, path: string): number {
    const { partitions, files } = this.#options;
    const directory = partitions.directories.find((one) => one.path === path);
    if (directory === undefined) return ErrorCode.LOG_DIR_NOT_FOUND;
    if (directory.health.isOffline) return ErrorCode.KAFKA_STORAGE_ERROR;
    const partition = partitions.get(topic, index);
    if (partition === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    if (partition.log.health.isOffline) return ErrorCode.KAFKA_STORAGE_ERROR;
    const current = this.#moves.get(partition);
    if (current?.directory === directory) return ErrorCode.NONE;
    if (current !== undefined) this.#cancel(current);
    if (partitions.directoryOf(partition) === directory) return ErrorCode.NONE;
    const unique = Buffer.from(partition.topicId, 'base64url').toString('hex');
    const future = join(directory.path, asideName(`${partition.topic}-${partition.index}`, unique, 'future'));
    const copy = new ReplicaCopy(files, partition.log, future);
    const move = { partition, directory, copy, steps: copy.run(), isCancelled: false };
    this.#moves.set(partition, move);
    this.#run(move);
    return ErrorCode.NONE;
  }

  *futures(): IterableIterator<FutureReplica> {
    for (const { partition, directory, copy } of this.#moves.values()) {
      const offsetLag = Math.max(0, partition.log.endOffset - copy.endOffset);
      yield { partition, directory, size: copy.size, offsetLag };
    }
  }

  #run(move: Move): void {
    const { clock, cleaner } = this.#options;
    cleaner.pause(move.copy.log);
    runInSlices(clock, move.steps, () => this.#isStopped || move.isCancelled)
      .then(() => this.#isStopped || move.isCancelled || this.#takeOver(move))
      .catch((error: Error) => this.#fail(move, error));
  }

  #takeOver(move: Move): void {
    const { logger, cleaner, partitions } = this.#options;
    const { partition, directory, copy } = move;
    if (copy.log.isClosed) throw new CopyAbandoned(`${copy.log.directory} is closed`);
    partitions.relocate(partition, directory, copy);
    this.#moves.delete(partition);
    cleaner.resume(copy.log);
    this.#options.onMoved?.();
    logger.info('log-moved', { topic: partition.topic, partition: partition.index, to: directory.path });
  }

  #cancel(move: Move): void {
    move.isCancelled = true;
    this.#moves.delete(move.partition);
    this.#options.cleaner.resume(move.copy.log);
    move.steps.return(); // closes what it has open
    move.copy.remove();
  }

  #fail(move: Move, error: Error): void {
    const { logger } = this.#options;
    const { partition, directory } = move;
    if (move.isCancelled) return; // its files were removed, and may be another move's by now
    if (!(error instanceof CopyAbandoned)) {
      logger.error('log-not-moved', {
        topic: partition.topic,
        partition: partition.index,
        to: directory.path,
        error: error.message,
        next: 'it stays where it is; ask again when the disk is in order',
      });
      directory.health.writeFailed(move.copy.directory, error);
    }
    try {
      this.#cancel(move);
    } catch {
      this.#moves.delete(partition); // the disk is gone: the next start sees what is left
    }
  }
}
