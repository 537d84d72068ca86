/** Opens log.dirs. A directory that cannot be opened is offline, unless it is the first, which has the metadata log. */
import { resolve } from 'node:path';
import { LogDirectory, LogDirectoryError, type LogDirectoryOptions } from '../log/directory.ts';
import type { MakeFolders } from '../cluster/topic-folders.ts';
import type { Partitions } from '../partitions/partitions.ts';
import { isSystemError } from '../platform/disk-error.ts';
import type { Logger } from '../platform/logger.ts';
import { MemoryFiles } from '../platform/memory-files.ts';

/**
 * In the order of `paths`.
 * @throws {LogDirectoryError} when another broker uses one, or it belongs to another cluster; the disk's error when the first
 * cannot be opened
 */
export function openLogDirectories(
  paths: readonly string[],
  options: Omit<LogDirectoryOptions, 'path'>,
): LogDirectory[] {
  const opened: LogDirectory[] = [];
  try {
    for (const path of paths) opened.push(openDirectory(resolve(path), options, opened));
  } catch (error) {
    for (const directory of opened) directory.abandon();
    throw error;
  }
  return opened;
}

function openDirectory(
  path: string,
  options: Omit<LogDirectoryOptions, 'path'>,
  others: readonly LogDirectory[],
): LogDirectory {
  const clusterId = options.clusterId ?? others[0]?.clusterId;
  try {
    return LogDirectory.open({ ...options, path, ...(clusterId === undefined ? {} : { clusterId }) });
  } catch (error) {
    const isOfDisk = !(error instanceof LogDirectoryError) && (error as NodeJS.ErrnoException).code !== undefined;
    if (others.length === 0 || !isOfDisk) throw error;
    return offlineDirectory(path, options, error);
  }
}

/** Stands for a directory that cannot be opened: in memory, and offline from the beginning. */
function offlineDirectory(path: string, options: Omit<LogDirectoryOptions, 'path'>, cause: unknown): LogDirectory {
  const directory = LogDirectory.open({ ...options, path, files: new MemoryFiles() });
  directory.health.openFailed(cause);
  return directory;
}

/** Stands for the directory of partitions that are in none of log.dirs. */
export function missingLogDirectory(options: Omit<LogDirectoryOptions, 'path'>): LogDirectory {
  return offlineDirectory('/missing', options, new Error('it is not in log.dirs'));
}

/** The broker's epoch at the last clean shutdown; -1 where a directory knows of none, or of another one. */
export function previousBrokerEpoch(directories: readonly LogDirectory[]): number {
  const epochs = new Set(directories.filter(({ health }) => !health.isOffline).map((each) => each.previousBrokerEpoch));
  return epochs.size === 1 ? [...epochs][0] : -1;
}

/** Makes the folders of partitions before a topic has them, and says why where it cannot. */
export function folderMaker(partitions: Partitions, logger: Logger, nodeId: number): MakeFolders {
  return function* (topic, wanted) {
    const indexes = wanted.flatMap(({ index, replicas }) => (replicas.includes(nodeId) ? [index] : []));
    try {
      yield* partitions.makeFolders(topic, indexes);
      return null;
    } catch (error) {
      if (partitions.isEnding) return 'The broker stops';
      if (!isSystemError(error)) throw error;
      const { message } = error as Error;
      logger.error('folders-not-made', { topic, error: message, next: 'the topic is not created; mend the disk' });
      return `The folders of ${topic} cannot be made: ${message}`;
    }
  };
}
