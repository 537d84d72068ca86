/** All partitions of this broker, found by topic name or id; opens, deletes and closes their logs. */
import { basename, join } from 'node:path';
import type { LogConfig } from '../config/log-config.ts';
import type { LogDirectory } from '../log/directory.ts';
import { Log } from '../log/log.ts';
import type { ReplicaCopy } from '../log/replica-copy.ts';
import type { Clock } from '../platform/clock.ts';
import type { Files } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';
import { AppendSettlement } from './append-settlement.ts';
import { FoundFolders } from './found-folders.ts';
import { LogDirPlacement } from './log-dir-placement.ts';
import { OpeningProgress } from './opening-progress.ts';
import { Partition } from './partition.ts';
import { Failures } from './partition-stats.ts';

/** What the cluster says of a topic. */
export interface TopicPlan {
  readonly name: string;
  readonly id: string;
  /** How many partitions it has, wherever they are. */
  readonly count: number;
}

/** What the cluster says of a replica that this broker has. */
export interface ReplicaPlan {
  readonly config: LogConfig;
  readonly leaderEpoch: number;
  /** The log directory that has it, as far as the cluster knows. */
  readonly directoryId?: string | undefined;
  /** What another broker knew of the log that it had open before this one; null for all others. */
  readonly handedOver?: { readonly recoveryPoint: number; readonly logStartOffset: number } | null;
}

export interface LeaderPlan extends ReplicaPlan {
  readonly replicas: number;
  readonly inSyncReplicas: number;
}

export interface Topic {
  readonly name: string;
  /** The name as UTF-8, to be compared with a request's bytes without making a string of them. */
  readonly nameBytes: Buffer;
  readonly id: string;
  /** The 16 bytes of the id. */
  readonly idBytes: Buffer;
  /** By index; undefined where this broker has no replica. */
  readonly partitions: (Partition | undefined)[];
  /** How many partitions it has in the cluster. */
  count: number;
}

export interface PartitionsOptions {
  readonly files: Files;
  readonly directories: readonly LogDirectory[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** See LogDirPlacement. */
  readonly missingDirectory: () => LogDirectory;
}

export class Partitions {
  readonly #options: PartitionsOptions;
  readonly #settlement: AppendSettlement;
  readonly #byName = new Map<string, Topic>();
  readonly #byId = new Map<string, Topic>();
  readonly #placement: LogDirPlacement;
  readonly #found: FoundFolders;
  readonly #progress: OpeningProgress;
  /** Logs opened whose ends are not on the disk for sure. */
  readonly #recovered: Log[] = [];
  #lastFound: Topic | undefined;
  readonly failures = new Failures();

  constructor(options: PartitionsOptions) {
    this.#options = options;
    this.#settlement = new AppendSettlement(options.logger);
    this.#placement = new LogDirPlacement(options);
    this.#found = new FoundFolders(options);
    for (const directory of options.directories) directory.health.onOffline(() => this.#wakeWaitersIn(directory));
    try {
      for (const directory of options.directories) this.#found.look(directory, this.#placement);
    } catch (error) {
      this.abandon();
      throw error;
    }
    this.#progress = new OpeningProgress(options.clock, options.logger, this.#found.count);
  }

  topicByName(name: string): Topic | undefined {
    return this.#byName.get(name);
  }

  topicById(id: string): Topic | undefined {
    return this.#byId.get(id);
  }

  /** The same, by the bytes of a name; free of allocation when it is the topic found last. */
  topicByBytes(bytes: Buffer, at: number, length: number): Topic | undefined {
    const last = this.#lastFound;
    if (last !== undefined && isSame(last.nameBytes, bytes, at, length)) return last;
    this.#lastFound = this.#byName.get(bytes.toString('utf8', at, at + length)) ?? last;
    return this.#lastFound === last ? undefined : this.#lastFound;
  }

  get(topic: string, index: number): Partition | undefined {
    return this.#byName.get(topic)?.partitions[index];
  }

  /** Whether the partition's log directory has failed: nobody can read or write it here. */
  isOffline(topicId: string, index: number): boolean {
    return this.#byId.get(topicId)?.partitions[index]?.isOffline ?? false;
  }

  *all(): IterableIterator<Partition> {
    for (const { partitions } of this.#byName.values()) {
      for (const partition of partitions) if (partition !== undefined) yield partition;
    }
  }

  has(topicId: string): boolean {
    return this.#byId.has(topicId);
  }

  isOpen(topicId: string, index: number): boolean {
    return this.#byId.get(topicId)?.partitions[index] !== undefined;
  }

  /** A topic of the cluster is this large now. Its partitions are opened by `lead` and `follow`. */
  define({ name, id, count }: TopicPlan): Topic {
    let topic = this.#byId.get(id);
    if (topic === undefined) {
      topic = { name, nameBytes: Buffer.from(name), id, idBytes: Buffer.from(id, 'base64url'), partitions: [], count };
      this.#lastFound = undefined; // it may have had this name
      this.#byName.set(name, topic);
      this.#byId.set(id, topic);
    }
    topic.count = count;
    return topic;
  }

  /** This broker leads the partition, in this epoch. */
  lead(topicId: string, index: number, { replicas, inSyncReplicas, ...plan }: LeaderPlan): Partition {
    const partition = this.#replica(topicId, index, plan);
    partition.lead({ leaderEpoch: plan.leaderEpoch, replicas, inSyncReplicas });
    return partition;
  }

  /** This broker has a replica of the partition, and another broker leads it, or none. */
  follow(topicId: string, index: number, plan: ReplicaPlan): Partition {
    const partition = this.#replica(topicId, index, plan);
    partition.follow(plan.leaderEpoch);
    return partition;
  }

  #replica(topicId: string, index: number, plan: ReplicaPlan): Partition {
    const topic = this.#byId.get(topicId)!;
    const partition = (topic.partitions[index] ??= this.#open(topic, index, plan));
    partition.log.updateConfig(plan.config);
    return partition;
  }

  /** Another configuration for the topic's partitions. */
  configure(topicId: string, config: LogConfig): void {
    for (const partition of this.#byId.get(topicId)?.partitions ?? []) partition?.log.updateConfig(config);
  }

  /** This broker has no replica of the partition any more: its log is deleted. */
  remove(topicId: string, index: number): void {
    const partition = this.#forget(topicId, index);
    if (partition === undefined) return;
    if (this.#deleteLog(partition.log)) this.#placement.release(`${partition.topic}-${index}`);
    else this.#found.remains(`${partition.topic}-${index}`, topicId);
  }

  /** Closes the partition's log for another broker to open it; null where it is not open here. */
  release(topicId: string, index: number): { recoveryPoint: number; logStartOffset: number } | null {
    this.#settlement.settle();
    const partition = this.#forget(topicId, index);
    if (partition === undefined) return null;
    const { log } = partition;
    if (!log.isClosed) log.close();
    this.#placement.release(`${partition.topic}-${index}`);
    return { recoveryPoint: log.endOffset, logStartOffset: log.logStartOffset };
  }

  #forget(topicId: string, index: number): Partition | undefined {
    const topic = this.#byId.get(topicId);
    const partition = topic?.partitions[index];
    if (topic === undefined || partition === undefined) return undefined;
    topic.partitions[index] = undefined;
    partition.follow(partition.leaderEpoch); // what waits for this leader is told to look for another
    return partition;
  }

  /** Forgets the topic at once; whoever waits at it is told, its files go a little later. */
  delete(id: string): void {
    const topic = this.#byId.get(id);
    if (topic === undefined) return;
    this.#byId.delete(id);
    if (this.#byName.get(topic.name) === topic) this.#byName.delete(topic.name);
    if (this.#lastFound === topic) this.#lastFound = undefined;
    for (const partition of topic.partitions) {
      if (partition === undefined) continue;
      const name = `${topic.name}-${partition.index}`;
      if (this.#deleteLog(partition.log)) this.#placement.release(name);
      else this.#found.remains(name, id);
      partition.deleted();
    }
  }

  #deleteLog(log: Log): boolean {
    try {
      log.delete();
      return true;
    } catch (error) {
      const { message } = error as Error;
      this.#options.logger.error('log-not-deleted', { path: log.directory, error: message, next: 'remove it by hand' });
      return false;
    }
  }

  noteReadFailure(partition: Partition, error: unknown): void {
    this.#options.logger.error('read-failed', {
      topic: partition.topic, partition: partition.index, error: (error as Error).message, next: 'repair the disk',
    });
  }

  /** Writes what was appended and shows it; to be called before anything is told of it. Receipts tell what could not be. */
  settle(): void {
    this.#settlement.settle();
  }

  /** Deletes what retention.ms and retention.bytes no longer keep; answers how many segments went. */
  applyRetention(nowMs: number): number {
    let count = 0;
    for (const { log, highWatermark } of this.all()) {
      if (!log.health.isOffline) count += log.applyRetention(nowMs, highWatermark);
    }
    return count;
  }

  /** Brings everything to the disk, however long that takes. */
  flush(): void {
    for (const { log } of this.all()) if (!log.health.isOffline && log.recoveryPoint < log.endOffset) log.flush();
  }

  /** Notes on the disk up to where each log is safe, so that a start after a crash has less to check. */
  checkpoint(): void {
    for (const directory of this.#options.directories) {
      if (!directory.health.isOffline) directory.checkpoint(this.#logsIn(directory));
    }
  }

  /** Brings what recovery has read to the disk, one log after the other: the next crash need not have it read again. */
  async secureRecovered(): Promise<void> {
    for (let log; (log = this.#recovered.pop()) !== undefined; ) {
      if (log.isClosed || log.health.isOffline) continue;
      await log.flushLater().catch(() => {}); // the directory is offline then, and has said so
    }
  }

  /** In the order of log.dirs. */
  get directories(): readonly LogDirectory[] {
    return this.#options.directories;
  }

  /** The log directory that has the partition. */
  directoryOf(partition: Partition): LogDirectory | undefined {
    return this.#placement.get(`${partition.topic}-${partition.index}`);
  }

  /** Its id; null where it is offline or nothing is known of the partition. */
  directoryIdOf(topic: string, index: number): string | null {
    const directory = this.#placement.get(`${topic}-${index}`);
    return directory === undefined || directory.health.isOffline ? null : directory.directoryId;
  }

  /** Lets `copy`, which has all but the end of the partition's log, take the log's place; appends wait meanwhile. */
  relocate(partition: Partition, directory: LogDirectory, copy: ReplicaCopy): void {
    const { files } = this.#options;
    const { log, topic, index } = partition;
    const name = `${topic}-${index}`;
    const from = this.#placement.get(name)!;
    this.#settlement.settle();
    log.close();
    try {
      copy.finish();
      files.rename(copy.directory, join(directory.path, name));
      files.syncDirectory(directory.path);
      partition.moveTo(this.#openLog(directory, log));
    } catch (error) {
      partition.moveTo(this.#openLog(from, log));
      throw error;
    }
    this.#placement.release(name);
    this.#placement.claim(name, directory);
    this.#deleteLog(log);
    this.checkpoint();
  }

  /** The log again that was closed as `log`, in `directory`. */
  #openLog(directory: LogDirectory, log: Log): Log {
    const { config, topicId, endOffset, logStartOffset } = log;
    return Log.open({
      ...this.#doorsOf(directory), config, topicId, directory: join(directory.path, basename(log.directory)),
      cleanShutdown: true, recoveryPoint: endOffset, logStartOffset,
    });
  }

  /** Everything on the disk, and word that it is; a directory where that fails is left as after a crash. */
  close(brokerEpoch: number): void {
    const failed = this.#closeLogs();
    for (const directory of this.#options.directories) {
      try {
        if (failed.has(directory) || directory.health.isOffline) directory.abandon();
        else directory.close(this.#logsIn(directory), brokerEpoch);
      } catch (error) {
        this.#sayNotClosed(directory.path, error);
        directory.abandon();
      }
    }
  }

  /** After a start that failed: not every log was opened, so nothing can be said of them. */
  abandon(): void {
    this.#closeLogs();
    for (const directory of this.#options.directories) {
      try {
        directory.deletions.finish();
      } catch (error) {
        this.#sayNotClosed(directory.path, error);
      } finally {
        directory.abandon(); // gives its lock back, whatever the disk says
      }
    }
  }

  #sayNotClosed(path: string, error: unknown): void {
    this.#options.logger.error('not-closed', { path, error: (error as Error).message });
  }

  #closeLogs(): Set<LogDirectory | undefined> {
    const failed = new Set<LogDirectory | undefined>();
    for (const partition of this.all()) {
      try {
        partition.log.close();
      } catch (error) {
        failed.add(this.directoryOf(partition));
        this.#sayNotClosed(partition.log.directory, error);
      }
    }
    return failed;
  }

  /** What all logs of a directory are opened with. */
  #doorsOf({ files, deletions, health }: LogDirectory) {
    const { clock, logger } = this.#options;
    return { files, clock, logger, stage: this.#settlement.stage, deletions, health };
  }

  #open(topic: Topic, index: number, { config, leaderEpoch, directoryId, handedOver }: ReplicaPlan): Partition {
    const name = `${topic.name}-${index}`;
    const directory = this.#placement.get(name) ?? this.#placement.choose(name, directoryId);
    const path = join(directory.path, name);
    // The checkpoints speak of the log that was there at the start, not of a later one of the same name.
    const checkpoint = this.#found.take(directory, name, topic.id) ? directory.checkpointOf(topic.name, index) : (handedOver ?? {});
    const log = Log.open({
      ...this.#doorsOf(directory), config, topicId: topic.id, directory: path,
      cleanShutdown: directory.cleanShutdown, ...checkpoint,
      onChecked: (bytes) => this.#progress.checked(path, bytes),
    });
    this.#progress.opened(path);
    if (log.recoveryPoint < log.endOffset) this.#recovered.push(log);
    const identity = { topic: topic.name, topicId: topic.id, index, leaderEpoch };
    return new Partition(identity, log, this.#settlement, this.#options.clock);
  }

  /** Whoever waits for more is told that there will be none. */
  #wakeWaitersIn(directory: LogDirectory): void {
    for (const partition of this.all()) if (this.directoryOf(partition) === directory) partition.wakeAll();
  }

  *#logsIn(directory: LogDirectory): IterableIterator<Log> {
    for (const partition of this.all()) if (this.directoryOf(partition) === directory) yield partition.log;
  }
}

function isSame(name: Buffer, bytes: Buffer, at: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let i = 0; i < length; i++) if (name[i] !== bytes[at + i]) return false;
  return true;
}
