/**
 * The logs of this broker's partitions in its log directories, by the names of their folders: opened, moved from one directory
 * to another, deleted, secured after a recovery.
 */
import { basename, join } from 'node:path';
import { setAside } from '../log/aside.ts';
import type { LogConfig } from '../config/log-config.ts';
import type { AppendStage } from '../log/append-stage.ts';
import type { LogDirectory } from '../log/directory.ts';
import { Log } from '../log/log.ts';
import type { ReplicaCopy } from '../log/replica-copy.ts';
import type { Clock } from '../platform/clock.ts';
import type { Files } from '../platform/files.ts';
import { isFileError } from '../platform/disk-error.ts';
import type { Logger } from '../platform/logger.ts';
import type { Pieces } from '../platform/pieces.ts';
import { FoundFolders } from './found-folders.ts';
import { LogDirPlacement, type LogPlace } from './log-dir-placement.ts';
import { OpeningProgress } from './opening-progress.ts';

export interface PartitionLogsOptions {
  readonly files: Files;
  readonly directories: readonly LogDirectory[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** See LogDirPlacement. */
  readonly missingDirectory: () => LogDirectory;
}

/** What the cluster says of a log that is to be open here. */
export interface LogPlan extends LogPlace {
  readonly config: LogConfig;
}

/** Whose a folder is: of a replica of this broker, of a partition that others have, or of a topic that the cluster does not have. */
export type Stray = 'here' | 'elsewhere' | 'unknown';

/** As file.delete.delay.ms is unless set. */
const STRAY_MS = 60_000;

interface TopicName {
  readonly name: string;
  readonly id: string;
}

export class PartitionLogs {
  /** The broker stops: no more folders are made. */
  isEnding = false;
  readonly #options: PartitionLogsOptions;
  readonly #stage: AppendStage;
  readonly #placement: LogDirPlacement;
  readonly #found: FoundFolders;
  #progress: OpeningProgress | null = null;
  /** Logs opened whose ends are not on the disk for sure. */
  readonly #recovered: Log[] = [];

  constructor(options: PartitionLogsOptions, stage: AppendStage) {
    this.#options = options;
    this.#stage = stage;
    this.#placement = new LogDirPlacement(options);
    this.#found = new FoundFolders(options);
  }

  /** Looks for the folders that are there. To be called before the first log is opened. @throws the disk's error */
  find(): void {
    const { directories, clock, logger } = this.#options;
    for (const directory of directories) this.#found.look(directory, this.#placement);
    this.#progress = new OpeningProgress(clock, logger, this.#found.count);
  }

  /** The log directory that has the folder. */
  directoryOf(topic: string, index: number): LogDirectory | undefined {
    return this.#placement.get(folderName(topic, index));
  }

  /**
   * Whether the log of a partition that another broker leads is to be opened anew, in another directory: its own is missing, and nobody
   * led the partition when it was opened. The log that is open is nowhere then.
   */
  leavesMissing(topic: string, index: number): boolean {
    if (!this.#placement.anyWaits) return false;
    const name = folderName(topic, index);
    const leaves = this.#placement.mayBeCopied(name);
    if (leaves) this.#placement.release(name);
    return leaves;
  }

  /** A folder that was found and cannot be opened leaves its partition offline. @throws the error of a disk that fails or is full */
  open(topic: TopicName, index: number, plan: LogPlan): Log {
    const name = folderName(topic.name, index);
    const directory = this.#placement.get(name) ?? this.#placement.choose(name, plan);
    const path = join(directory.path, name);
    const isFound = this.#found.has(name);
    let log: Log;
    try {
      log = this.#openFolder(topic, index, plan, directory);
    } catch (error) {
      // A disk that is full or fails is not the folder's fault, and a folder that is new holds nothing that could be lost.
      if (!isFound || !isFileError(error)) {
        directory.health.refused(path, error);
        throw error;
      }
      log = this.#openOffline(topic, plan, path, error as Error);
    }
    this.#progress?.opened(path);
    if (log.recoveryPoint < log.endOffset) this.#recovered.push(log);
    return log;
  }

  /**
   * Sets aside the folders that were there at the start and belong to no replica of this broker (Kafka's strays). One whose partition
   * has moved to other brokers is removed a little later; of a topic that is not known it may be all that there is, and it stays.
   */
  setStraysAside(whatIs: (topic: string, index: number, topicId: string | null) => Stray): void {
    for (const [name, topicId] of this.#found.rest()) {
      const directory = this.#placement.get(name);
      const [, topic, index] = /^(.*)-(\d+)$/s.exec(name)!;
      const stray = whatIs(topic, Number(index), topicId);
      if (directory === undefined || directory.health.isOffline || stray === 'here') continue;
      const { files, deletions, path } = directory;
      const next = stray === 'elsewhere' ? { next: 'it is removed: other brokers have its partition' } : {};
      const unique = topicId === null ? Buffer.alloc(16) : Buffer.from(topicId, 'base64url');
      const aside = setAside({ files, logger: this.#options.logger }, join(path, name), unique, { topicId, ...next });
      this.#found.forget(name);
      this.#placement.release(name);
      if (stray === 'elsewhere') deletions.later(STRAY_MS, [aside]);
    }
  }

  #openFolder({ name: topic, id: topicId }: TopicName, index: number, plan: LogPlan, directory: LogDirectory): Log {
    const name = folderName(topic, index);
    const path = join(directory.path, name);
    // The checkpoints speak of the log that was there at the start, not of a later one of the same name.
    const isFound = this.#found.take(directory, name, topicId);
    if (!isFound) directory.beginsAnew(name);
    directory.makePartition(name);
    return Log.open({
      ...this.#openedWith(directory, name),
      config: plan.config,
      topicId,
      directory: path,
      cleanShutdown: directory.cleanShutdown,
      ...(isFound ? directory.checkpointOf(topic, index) : {}),
      onChecked: (bytes) => this.#progress?.checked(path, bytes),
    });
  }

  /** Stands for a log that cannot be opened: nothing in its folder is touched, and the start goes on. */
  #openOffline({ id: topicId }: TopicName, { config }: LogPlan, path: string, cause: Error): Log {
    this.#options.logger.error('log-not-opened', {
      path,
      error: cause.message,
      next: 'the partition answers KAFKA_STORAGE_ERROR; mend or remove the folder and restart, or delete the topic',
    });
    const directory = this.#placement.giveUp(basename(path));
    const offline = join(directory.path, basename(path));
    const opened = this.#openedWith(directory, basename(path));
    return Log.open({ ...opened, config, topicId, directory: offline, cleanShutdown: true });
  }

  /**
   * Makes the folders of partitions that a topic is to have, before it has them: a topic whose folders cannot be made is not
   * to be. Leaves none where one cannot. A folder a turn. @throws the disk's error
   */
  *makeFolders(topic: string, indexes: readonly number[]): Pieces<void> {
    const made: [name: string, directory: LogDirectory][] = [];
    try {
      for (const index of indexes) {
        const name = folderName(topic, index);
        const isFound = this.#found.forget(name);
        if (isFound || this.#placement.get(name) === undefined) made.push([name, this.#makeFolder(name)]);
        yield;
        if (this.isEnding) throw new Error('the broker stops');
      }
    } catch (error) {
      // A broker that stops leaves them as a crash would: the next start knows no topic for them.
      for (const [name, directory] of this.isEnding ? [] : made) {
        directory.remove(name);
        this.#placement.release(name);
      }
      throw error;
    }
  }

  #makeFolder(name: string): LogDirectory {
    const directory = this.#placement.get(name) ?? this.#placement.choose(name);
    try {
      directory.makeNewPartition(name);
      return directory;
    } catch (error) {
      this.#placement.release(name);
      throw error;
    }
  }

  /** Its files go a little later; where the disk refuses that, they stay, and are taken for no other topic's. */
  delete(topic: string, index: number, log: Log): void {
    const name = folderName(topic, index);
    if (!this.#delete(log)) return this.#found.remains(name, log.topicId);
    this.#placement.get(name)?.wasDeleted(name);
    this.#placement.release(name);
  }

  #delete(log: Log): boolean {
    try {
      log.delete();
      return true;
    } catch (error) {
      const { message } = error as Error;
      this.#options.logger.error('log-not-deleted', { path: log.directory, error: message, next: 'remove it by hand' });
      return false;
    }
  }

  /**
   * Lets `copy`, which has all but the end of the log, take its place. Answers the log there, or, with the disk's error, the
   * one that stays.
   */
  move(topic: string, index: number, log: Log, directory: LogDirectory, copy: ReplicaCopy): [log: Log, error: unknown] {
    const { files } = this.#options;
    const name = folderName(topic, index);
    const from = this.#placement.get(name)!;
    log.close();
    let moved: Log;
    try {
      copy.finish();
      files.rename(copy.directory, join(directory.path, name));
      files.syncDirectory(directory.path);
      moved = this.#reopen(log, directory);
    } catch (error) {
      return [this.#reopen(log, from), error];
    }
    this.#placement.release(name);
    this.#placement.claim(name, directory);
    this.#delete(log);
    return [moved, null];
  }

  /** The log again that was closed as `log`, in `directory`. */
  #reopen(log: Log, directory: LogDirectory): Log {
    const { config, topicId, endOffset, logStartOffset } = log;
    const name = basename(log.directory);
    return Log.open({
      ...this.#openedWith(directory, name),
      config,
      topicId,
      directory: join(directory.path, name),
      cleanShutdown: true,
      recoveryPoint: endOffset,
      logStartOffset,
    });
  }

  /** Brings what recovery has read to the disk, one log after the other: the next crash need not have it read again. */
  async secureRecovered(): Promise<void> {
    for (let log; (log = this.#recovered.pop()) !== undefined;) {
      if (log.isClosed || log.health.isOffline) continue;
      await log.flushLater().catch(() => {}); // the directory is offline then, and has said so
    }
  }

  /** What all logs of a directory are opened with. */
  #openedWith(directory: LogDirectory, name: string) {
    const { clock, logger } = this.#options;
    const { files, deletions, health } = directory;
    const onCut = (endOffset: number): void => directory.wasCut(name, endOffset);
    return { files, clock, logger, stage: this.#stage, deletions, health, onCut };
  }
}

function folderName(topic: string, index: number): string {
  return `${topic}-${index}`;
}
