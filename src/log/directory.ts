/**
 * One of the broker's log.dirs: whose it is (meta.properties), that nobody else uses it (.lock), whether it was left in
 * order (.kafka_cleanshutdown), which partitions lie in it, and up to where they are safe (the checkpoints).
 */
import { join } from 'node:path';
import type { Clock } from '../platform/clock.ts';
import type { Files, Volume } from '../platform/files.ts';
import type { Lock } from '../platform/lock-file.ts';
import type { Logger } from '../platform/logger.ts';
import { randomUuid, type Random } from '../platform/random.ts';
import { isFileError } from '../platform/disk-error.ts';
import { setAside } from './aside.ts';
import { Deletions } from './deletions.ts';
import { DirectoryHealth } from './directory-health.ts';
import { PARTITION_METADATA, partitionMetadata } from './log-loader.ts';
import { CheckpointFile } from './checkpoint-file.ts';
import { decodeOffsetCheckpoint, type OffsetCheckpoint } from './offset-checkpoint.ts';

const META_PROPERTIES = 'meta.properties';
const LOCK = '.lock';
const CLEAN_SHUTDOWN = '.kafka_cleanshutdown';
const RECOVERY_POINTS = 'recovery-point-offset-checkpoint';
const LOG_START_OFFSETS = 'log-start-offset-checkpoint';
const HIGH_WATERMARKS = 'replication-offset-checkpoint';
const DELETED = /\.[0-9a-f]{32}-delete$/;
const PARTITION = /^(.{1,249})-(\d{1,10})$/;

/** A log directory the broker cannot start with; the message says what to do. */
export class LogDirectoryError extends Error {
  override name = 'LogDirectoryError';
}

/** Not a partition of any topic: the controller's own. */
const METADATA_TOPIC = '__cluster_metadata';

export interface LogDirectoryOptions {
  readonly files: Files;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
  readonly path: string;
  readonly nodeId: number;
  /** A new directory gets this one, or a random one; an old one must have it. */
  readonly clusterId?: string;
}

export interface PartitionDirectory {
  /** `<topic>-<partition>`, the name of the directory. */
  readonly name: string;
  readonly path: string;
  readonly topic: string;
  readonly partition: number;
  /** Null where partition.metadata is missing or damaged. */
  readonly topicId: string | null;
}

/** What a checkpoint takes of a log. */
export interface CheckpointedLog {
  readonly directory: string;
  readonly recoveryPoint: number;
  readonly logStartOffset: number;
}

export class LogDirectory {
  readonly path: string;
  readonly clusterId: string;
  readonly nodeId: number;
  readonly directoryId: string;
  /** Whether the last broker here ended in order; false for a new directory too, where it does not matter. */
  readonly cleanShutdown: boolean;
  /** Where that broker's epoch is known (KIP-966), else -1. */
  readonly previousBrokerEpoch: number;
  readonly deletions: Deletions;
  readonly health: DirectoryHealth;
  /** The disk it is on. */
  readonly files: Files;
  readonly #doors: { readonly files: Files; readonly logger: Logger };
  readonly #lock: Lock;
  readonly #recoveryPoints: CheckpointFile;
  readonly #logStartOffsets: CheckpointFile;
  readonly #highWatermarks: CheckpointFile;

  private constructor(options: LogDirectoryOptions, lock: Lock) {
    const { files, path } = options;
    this.path = path;
    this.files = files;
    this.#doors = { files, logger: options.logger };
    this.#lock = lock;
    const meta = readOrMakeMeta(options);
    this.clusterId = meta.clusterId;
    this.nodeId = options.nodeId;
    this.directoryId = meta.directoryId;
    this.deletions = new Deletions(files, options.clock, options.logger);
    const lockFile = join(path, LOCK);
    // A lock is not a file of its own everywhere.
    const isThere = files.exists(lockFile) ? () => files.exists(lockFile) : () => true;
    this.health = new DirectoryHealth(path, options.logger, options.clock, isThere);
    removeLeftovers(options);
    for (const name of [CLEAN_SHUTDOWN, RECOVERY_POINTS, LOG_START_OFFSETS, HIGH_WATERMARKS]) makeWay(options, name);
    const marker = join(path, CLEAN_SHUTDOWN);
    this.cleanShutdown = files.exists(marker);
    const word = this.cleanShutdown ? readable(() => files.readAll(marker).toString()) : null;
    this.previousBrokerEpoch = word === null ? -1 : brokerEpochIn(word);
    const checkpoint = (name: string, next: string): CheckpointFile =>
      new CheckpointFile(join(path, name), readCheckpoint(options, name, next), files, this.health);
    this.#recoveryPoints = checkpoint(RECOVERY_POINTS, 'nothing: logs are read and checked instead');
    this.#logStartOffsets = checkpoint(LOG_START_OFFSETS, 'delete again what DeleteRecords had deleted');
    this.#highWatermarks = checkpoint(HIGH_WATERMARKS, 'nothing: leaders tell it anew');
    if (!this.cleanShutdown) return;
    files.remove(marker); // a crash from here on is one
    files.syncDirectory(path);
  }

  /** @throws {LogDirectoryError} when another broker uses the directory or it belongs to another node or cluster */
  static open(options: LogDirectoryOptions): LogDirectory {
    const { files, path } = options;
    makeLogDirectory(options);
    makeWay(options, LOCK);
    const lock = files.lock(join(path, LOCK));
    if (lock === null) {
      throw new LogDirectoryError(`Another broker is using ${path}; stop it, or give this one a log.dirs of its own.`);
    }
    try {
      return new LogDirectory(options, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** The size of the volume it lies on, and what is free there. */
  volume(): Volume {
    return this.files.volume(this.path);
  }

  pathOf(topic: string, partition: number): string {
    return join(this.path, `${topic}-${partition}`);
  }

  partitions(): PartitionDirectory[] {
    const found: PartitionDirectory[] = [];
    for (const name of this.files.list(this.path)) {
      const match = PARTITION.exec(name);
      const path = join(this.path, name);
      if (match === null || match[1] === METADATA_TOPIC || !isFolder(this.files, path)) continue;
      found.push({ name, path, topic: match[1], partition: Number(match[2]), topicId: this.#topicIdIn(path) });
    }
    return found;
  }

  /** Makes the folder of a partition where it is missing; what else has its name is set aside. @throws the disk's error */
  makePartition(name: string): void {
    const path = join(this.path, name);
    if (isFolder(this.files, path)) return;
    const refusal = failureOf(() => this.files.makeDirectory(path));
    if (refusal === null) return;
    if (!TAKEN.has((refusal as NodeJS.ErrnoException).code ?? '')) throw refusal;
    setAside(this.#doors, path, NO_ID, { found: 'no folder' });
    this.files.makeDirectory(path);
  }

  /** Makes the folder of a partition that is new. What has its name is of something else: it is set aside, or removed where it is empty. */
  makeNewPartition(name: string): void {
    const path = join(this.path, name);
    if (this.files.exists(path)) {
      const isEmpty = isFolder(this.files, path) && readable(() => this.files.list(path))?.length === 0;
      if (!isEmpty || failureOf(() => this.files.remove(path)) !== null) setAside(this.#doors, path, NO_ID);
    }
    this.makePartition(name);
  }

  /** Whether what is no longer needed could be removed: where it cannot be, it stays, with one line. */
  remove(name: string): boolean {
    return remove(this.#doors, join(this.path, name));
  }

  /** What Log.open takes from the last checkpoints. */
  checkpointOf(topic: string, partition: number): { recoveryPoint: number; logStartOffset: number } {
    const name = `${topic}-${partition}`;
    return {
      recoveryPoint: this.#recoveryPoints.found.get(name) ?? 0,
      logStartOffset: this.#logStartOffsets.found.get(name) ?? 0,
    };
  }

  /** Another log begins under `name`: nothing that was noted is of it. @throws the disk's error */
  beginsAnew(name: string): void {
    for (const file of this.#checkpoints) file.forget(name);
  }

  /** The log `name` was deleted. */
  wasDeleted(name: string): void {
    for (const file of this.#checkpoints) file.wasDeleted(name);
  }

  /** The log `name` was cut: from `endOffset` on it is not known to be on the disk any more. @throws the disk's error */
  wasCut(name: string, endOffset: number): void {
    this.#recoveryPoints.lower(name, endOffset);
  }

  get #checkpoints(): readonly CheckpointFile[] {
    return [this.#recoveryPoints, this.#logStartOffsets, this.#highWatermarks];
  }

  /** Notes of all `logs` in this directory where they begin and up to where they are safe. */
  checkpoint(logs: Iterable<CheckpointedLog>): void {
    const recoveryPoints: OffsetCheckpoint = new Map();
    const logStartOffsets: OffsetCheckpoint = new Map();
    for (const { directory, recoveryPoint, logStartOffset } of logs) {
      const name = directory.slice(this.path.length + 1);
      recoveryPoints.set(name, recoveryPoint);
      // As Kafka does: nothing is noted of logs that still begin where they began.
      if (logStartOffset > 0) logStartOffsets.set(name, logStartOffset);
    }
    this.#recoveryPoints.note(recoveryPoints);
    this.#logStartOffsets.note(logStartOffsets);
  }

  /** Up to where a replica was known to be committed when that was last noted, 0 where it never was. */
  highWatermarkOf(topic: string, partition: number): number {
    return this.#highWatermarks.found.get(`${topic}-${partition}`) ?? 0;
  }

  /** By `<topic>-<partition>`, of all replicas in this directory. */
  checkpointHighWatermarks(offsets: ReadonlyMap<string, number>): void {
    this.#highWatermarks.note(offsets);
  }

  /** After all `logs` have been closed: leaves word that they were, and lets others in. */
  close(logs: Iterable<CheckpointedLog>, brokerEpoch = -1): void {
    this.deletions.finish();
    this.checkpoint(logs);
    this.files.replace(join(this.path, CLEAN_SHUTDOWN), JSON.stringify({ version: 0, brokerEpoch }));
    this.#lock.release();
  }

  /** Lets others in without a word: the next start takes this for a crash. */
  abandon(): void {
    this.#lock.release();
  }

  /** Writes down whose the partition's folder `name` is. */
  labelPartition(name: string, topicId: string): void {
    this.files.replace(join(this.path, name, PARTITION_METADATA), partitionMetadata(topicId));
  }

  #topicIdIn(directory: string): string | null {
    const path = join(directory, PARTITION_METADATA);
    if (!this.files.exists(path) || isFolder(this.files, path)) return null;
    const text = readable(() => this.files.readAll(path).toString('latin1')) ?? '';
    return /^version: 0\ntopic_id: ([\w-]{22})\s*$/.exec(text)?.[1] ?? null;
  }
}

const NO_ID = Buffer.alloc(16);

/** What the system says where a file, or a link that leads nowhere, has the name of a folder. */
const TAKEN: ReadonlySet<string> = new Set(['EEXIST', 'ENOTDIR', 'ELOOP', 'ENOENT']);

/** @throws {LogDirectoryError} where none can be made: under a read-only file system the system says ENOENT, too */
function makeLogDirectory({ files, path }: LogDirectoryOptions): void {
  const refusal = failureOf(() => files.makeDirectory(path));
  if (refusal === null) return;
  if ((refusal as NodeJS.ErrnoException).code !== 'ENOENT') throw refusal;
  const advice = 'have a folder above it that this user may write into, or give another log.dirs';
  throw new LogDirectoryError(`${path} cannot be made (${refusal.message}): ${advice}.`);
}

/** What the last broker was about to remove. What cannot be removed stays, and ends no start. */
function removeLeftovers({ files, path, logger }: LogDirectoryOptions): void {
  for (const name of files.list(path)) {
    if (DELETED.test(name) || name.endsWith('.tmp')) remove({ files, logger }, join(path, name));
  }
}

function remove({ files, logger }: { files: Files; logger: Logger }, path: string): boolean {
  const error = failureOf(() => files.remove(path));
  if (error !== null) logger.warn('not-removed', { path, error: error.message, next: 'remove it by hand' });
  return error === null;
}

/** A folder where the broker has a file of this name is set aside. */
function makeWay({ files, path, logger }: LogDirectoryOptions, name: string): void {
  const inTheWay = join(path, name);
  if (isFolder(files, inTheWay)) setAside({ files, logger }, inTheWay, NO_ID, { found: 'a folder' });
}

/** Links in a ring, and what this user may not look at, are no folders of ours. */
function isFolder(files: Files, path: string): boolean {
  return readable(() => files.isDirectory(path)) ?? false;
}

/** null where the system refuses. */
function readable<T>(read: () => T): T | null {
  let found: T | null = null;
  failureOf(() => void (found = read()));
  return found;
}

/** The system's refusal, or null. Throws what else goes wrong: also a disk that fails, which is no fault of one file. */
function failureOf(run: () => void): Error | null {
  try {
    run();
    return null;
  } catch (error) {
    if (!isFileError(error)) throw error;
    return error as Error;
  }
}

/** The cluster that a directory belongs to; null for a new one. Whoever asks holds its lock, or only looks. */
export function clusterIdIn(files: Files, path: string): string | null {
  const file = join(path, META_PROPERTIES);
  if (!files.exists(file) || isFolder(files, file)) return null;
  return parseProperties(files.readAll(file).toString()).get('cluster.id') ?? null;
}

function readOrMakeMeta(options: LogDirectoryOptions): { clusterId: string; directoryId: string } {
  const { files, path, nodeId, clusterId, random } = options;
  const file = join(path, META_PROPERTIES);
  if (isFolder(files, file)) throw new LogDirectoryError(`${file} is a folder; remove it, or write the file back.`);
  const isNew = !files.exists(file);
  const known = isNew ? new Map<string, string>() : parseProperties(files.readAll(file).toString());
  for (const key of isNew ? [] : ['version', 'node.id', 'cluster.id']) {
    if (known.has(key)) continue;
    throw new LogDirectoryError(
      `${file} is damaged, it has no ${key}; write it back, or remove the file for a new identity.`,
    );
  }
  const version = known.get('version');
  if (version !== undefined && version !== '1') {
    throw new LogDirectoryError(`${file} has version ${version}, not 1; it is not of a broker this one can follow.`);
  }
  const knownNode = known.get('node.id');
  if (knownNode !== undefined && knownNode !== String(nodeId)) {
    throw new LogDirectoryError(`${path} belongs to node.id ${knownNode}, this is ${nodeId}; use its own log.dirs.`);
  }
  const knownCluster = known.get('cluster.id');
  if (knownCluster !== undefined && clusterId !== undefined && knownCluster !== clusterId) {
    throw new LogDirectoryError(`${path} belongs to cluster ${knownCluster}, not ${clusterId}; use another log.dirs.`);
  }
  const directoryId = known.get('directory.id');
  if (directoryId !== undefined && !/^[\w-]{22}$/.test(directoryId)) {
    throw new LogDirectoryError(
      `${file} is damaged, ${directoryId} is no directory.id; remove that line for a new one.`,
    );
  }
  const meta = {
    clusterId: knownCluster ?? clusterId ?? randomUuid(random),
    directoryId: directoryId ?? randomUuid(random),
  };
  if (directoryId === undefined) {
    const ids = `node.id=${nodeId}\ndirectory.id=${meta.directoryId}\n`;
    files.replace(file, `${ids}version=1\ncluster.id=${meta.clusterId}\n`);
  }
  return meta;
}

function parseProperties(text: string): Map<string, string> {
  const lines = text.split(/\r?\n/).filter((line) => !line.startsWith('#') && line.includes('='));
  return new Map(
    lines.map((line) => {
      const equals = line.indexOf('=');
      return [line.slice(0, equals).trim(), line.slice(equals + 1).trim()];
    }),
  );
}

function brokerEpochIn(text: string): number {
  return Number(/"brokerEpoch"\s*:\s*(-?\d+)/.exec(text)?.[1] ?? -1);
}

function readCheckpoint({ files, logger, path }: LogDirectoryOptions, name: string, next: string): OffsetCheckpoint {
  const file = join(path, name);
  if (!files.exists(file)) return new Map();
  const text = readable(() => files.readAll(file).toString('latin1'));
  const found = text === null ? null : decodeOffsetCheckpoint(text);
  if (found === null) logger.warn('checkpoint.damaged', { file, next });
  return found ?? new Map();
}
