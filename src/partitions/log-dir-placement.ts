/**
 * In which log directory each partition's folder lies. What the cluster knows to be in a directory that is not there (it
 * failed, or is no longer in log.dirs) is not made anew, empty, in another one: it is offline until the directory is back.
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

export class LogDirPlacement {
  readonly #options: LogDirPlacementOptions;
  readonly #byName = new Map<string, LogDirectory>();
  readonly #counts = new Map<LogDirectory, number>();
  readonly #missed = new Set<string>();
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
    this.#counts.set(directory, this.#counts.get(directory)! - 1);
  }

  /** The folder `name` cannot be opened: what is in it stays there, and the partition is offline. */
  giveUp(name: string): LogDirectory {
    this.release(name);
    const { directories, missingDirectory } = this.#options;
    const offline = directories.find(({ health }) => health.isOffline) ?? (this.#missing ??= missingDirectory());
    return this.claim(name, offline);
  }

  /** Where the folder `name`, which was not found, is to be made; `directoryId` is where the cluster knows it, or ZERO_UUID. */
  choose(name: string, directoryId = ZERO_UUID): LogDirectory {
    const { directories } = this.#options;
    const known = directories.find((one) => one.directoryId === directoryId && !one.health.isOffline);
    if (known !== undefined || directoryId === ZERO_UUID) return this.claim(name, known ?? this.#emptiest());
    return this.claim(name, this.#missingOf(directoryId));
  }

  #missingOf(directoryId: string): LogDirectory {
    const { logger, directories, missingDirectory } = this.#options;
    if (!this.#missed.has(directoryId)) {
      this.#missed.add(directoryId);
      logger.error('log-dir.missing', {
        directoryId,
        next: 'its partitions answer KAFKA_STORAGE_ERROR; put it back into log.dirs and restart, or delete their topics',
      });
    }
    return directories.find(({ health }) => health.isOffline) ?? (this.#missing ??= missingDirectory());
  }

  #emptiest(): LogDirectory {
    const online = this.#options.directories.filter(({ health }) => !health.isOffline);
    const from = online.length > 0 ? online : this.#options.directories;
    return from.reduce((least, one) => (this.#counts.get(one)! < this.#counts.get(least)! ? one : least));
  }
}
