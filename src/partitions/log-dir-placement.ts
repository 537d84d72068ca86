/**
 * In which log directory each partition's folder lies. What the cluster knows to be in a directory that is not there (it
 * failed, or is no longer in log.dirs) is not made anew, empty, in another one: it is offline until the directory is back. But where no
 * directory has failed and another broker leads the partition, the machine was replaced: as in Kafka, its replica is copied from there.
 */
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { LogDirectory } from '../log/directory.ts';
import type { Logger } from '../platform/logger.ts';

export interface LogDirPlacementOptions {
  /** log.dirs; those that could not be opened are offline. */
  readonly directories: readonly LogDirectory[];
  readonly logger: Logger;
  /** Makes one that is offline, for what lies in none of `directories`. */
  readonly missingDirectory: () => LogDirectory;
}

/** What the cluster says of where a log is. */
export interface LogPlace {
  /** The log directory that has it; unknown, where it was not told yet. */
  readonly directoryId?: string | undefined;
  /** Another broker leads the partition, and has all that is committed. */
  readonly isLedElsewhere?: boolean;
}

export class LogDirPlacement {
  readonly #options: LogDirPlacementOptions;
  readonly #byName = new Map<string, LogDirectory>();
  readonly #counts = new Map<LogDirectory, number>();
  readonly #missed = new Set<string>();
  /** Folders whose directory is missing: offline, until another broker leads their partitions. */
  readonly #waiting = new Set<string>();
  #missing: LogDirectory | null = null;

  constructor(options: LogDirPlacementOptions) {
    this.#options = options;
    for (const directory of options.directories) this.#counts.set(directory, 0);
  }

  /** The directory with the folder `name`. */
  get(name: string): LogDirectory | undefined {
    return this.#byName.get(name);
  }

  claim(name: string, directory: LogDirectory): LogDirectory {
    this.#byName.set(name, directory);
    this.#counts.set(directory, (this.#counts.get(directory) ?? 0) + 1);
    return directory;
  }

  release(name: string): void {
    const directory = this.#byName.get(name);
    if (directory === undefined) return;
    this.#byName.delete(name);
    this.#waiting.delete(name);
    this.#counts.set(directory, this.#counts.get(directory)! - 1);
  }

  /** The folder `name` cannot be opened: what is in it stays there, and the partition is offline. */
  giveUp(name: string): LogDirectory {
    this.release(name);
    const { directories, missingDirectory } = this.#options;
    const offline = directories.find(({ health }) => health.isOffline) ?? (this.#missing ??= missingDirectory());
    return this.claim(name, offline);
  }

  /** Where the folder `name`, which was not found, is to be made. */
  choose(name: string, { directoryId = ZERO_UUID, isLedElsewhere = false }: LogPlace = {}): LogDirectory {
    const { directories } = this.#options;
    const known = directories.find((one) => one.directoryId === directoryId && !one.health.isOffline);
    if (known !== undefined || directoryId === ZERO_UUID) return this.claim(name, known ?? this.#emptiest());
    const isCopied = isLedElsewhere && this.#isWhole;
    this.#sayMissing(directoryId, isCopied);
    if (isCopied) return this.claim(name, this.#emptiest());
    this.#waiting.add(name);
    return this.claim(name, this.#missingDirectory());
  }

  /** Whether the directory of `name` is missing, and `choose` finds another one as soon as another broker leads the partition. */
  mayBeCopied(name: string): boolean {
    return this.#waiting.has(name) && this.#isWhole;
  }

  get anyWaits(): boolean {
    return this.#waiting.size > 0;
  }

  /** No directory of log.dirs has failed. */
  get #isWhole(): boolean {
    return this.#options.directories.every(({ health }) => !health.isOffline);
  }

  /** Once of each. */
  #sayMissing(directoryId: string, isCopied: boolean): void {
    const key = `${directoryId} ${isCopied}`;
    if (this.#missed.has(key)) return;
    this.#missed.add(key);
    const { logger } = this.#options;
    if (isCopied) {
      logger.warn('log-dir.missing', {
        directoryId,
        next: 'its replicas are copied from brokers that lead their partitions',
      });
      return;
    }
    logger.error('log-dir.missing', {
      directoryId,
      next: 'its partitions answer KAFKA_STORAGE_ERROR; put it back into log.dirs and restart, or delete their topics',
    });
  }

  #missingDirectory(): LogDirectory {
    const { directories, missingDirectory } = this.#options;
    return directories.find(({ health }) => health.isOffline) ?? (this.#missing ??= missingDirectory());
  }

  #emptiest(): LogDirectory {
    const online = this.#options.directories.filter(({ health }) => !health.isOffline);
    const from = online.length > 0 ? online : this.#options.directories;
    return from.reduce((least, one) => (this.#counts.get(one)! < this.#counts.get(least)! ? one : least));
  }
}
