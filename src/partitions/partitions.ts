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
import { Homes } from './homes.ts';
import { OpeningProgress } from './opening-progress.ts';
import { Partition } from './partition.ts';
import { Failures } from './traffic.ts';

export interface PartitionPlan {
  readonly leaderEpoch: number;
  readonly replicas: number;
  readonly inSyncReplicas: number;
  /** The log directory that has it, as far as the cluster knows. */
  readonly directoryId?: string | undefined;
}

/** What the cluster says of a topic, as far as its logs are concerned. */
export interface TopicPlan {
  readonly name: string;
  readonly id: string;
  readonly config: LogConfig;
  /** By partition index. */
  readonly partitions: readonly PartitionPlan[];
}

export interface Topic {
  readonly name: string;
  /** The name as UTF-8, to be compared with a request's bytes without making a string of them. */
  readonly nameBytes: Buffer;
  readonly id: string;
  /** The 16 bytes of the id. */
  readonly idBytes: Buffer;
  readonly partitions: Partition[];
}

export interface PartitionsOptions {
  readonly files: Files;
  readonly directories: readonly LogDirectory[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** See Homes. */
  readonly missingDirectory: () => LogDirectory;
}

export class Partitions {
  readonly #options: PartitionsOptions;
  readonly #settlement: AppendSettlement;
  readonly #byName = new Map<string, Topic>();
  readonly #byId = new Map<string, Topic>();
  readonly #homes: Homes;
  readonly #found: FoundFolders;
  readonly #progress: OpeningProgress;
  /** Logs opened whose ends are not on the disk for sure. */
  readonly #recovered: Log[] = [];
  #lastFound: Topic | undefined;
  readonly failures = new Failures();

  constructor(options: PartitionsOptions) {
    this.#options = options;
    this.#settlement = new AppendSettlement(options.logger);
    this.#homes = new Homes(options);
    this.#found = new FoundFolders(options);
    for (const directory of options.directories) directory.health.onOffline(() => this.#wakeWaitersIn(directory));
    try {
      for (const directory of options.directories) this.#found.look(directory, this.#homes);
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
    for (const topic of this.#byName.values()) yield* topic.partitions;
  }

  /** Opens the logs that the plan has and this broker has not yet; takes over epochs and settings for the others. */
  apply(plan: TopicPlan): Topic {
    let topic = this.#byId.get(plan.id);
    if (topic === undefined) {
      const { name, id } = plan;
      topic = { name, nameBytes: Buffer.from(name), id, idBytes: Buffer.from(id, 'base64url'), partitions: [] };
      this.#lastFound = undefined; // it may have had this name
      this.#byName.set(plan.name, topic);
      this.#byId.set(plan.id, topic);
    }
    for (const [index, { leaderEpoch, replicas, inSyncReplicas }] of plan.partitions.entries()) {
      const partition = (topic.partitions[index] ??= this.#open(plan, index, leaderEpoch));
      partition.log.updateConfig(plan.config);
      partition.lead({ leaderEpoch, replicas, inSyncReplicas });
    }
    return topic;
  }

  /** Forgets the topic at once; whoever waits at it is told, its files go a little later. */
  delete(id: string): void {
    const topic = this.#byId.get(id);
    if (topic === undefined) return;
    this.#byId.delete(id);
    if (this.#byName.get(topic.name) === topic) this.#byName.delete(topic.name);
    if (this.#lastFound === topic) this.#lastFound = undefined;
    for (const partition of topic.partitions) {
      const name = `${topic.name}-${partition.index}`;
      if (this.#deleteLog(partition.log)) this.#homes.release(name);
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
    return this.#homes.get(`${partition.topic}-${partition.index}`);
  }

  /** Its id; null where it is offline or nothing is known of the partition. */
  directoryIdOf(topic: string, index: number): string | null {
    const directory = this.#homes.get(`${topic}-${index}`);
    return directory === undefined || directory.health.isOffline ? null : directory.directoryId;
  }

  /** Lets `copy`, which has all but the end of the partition's log, take the log's place; appends wait meanwhile. */
  relocate(partition: Partition, directory: LogDirectory, copy: ReplicaCopy): void {
    const { files } = this.#options;
    const { log, topic, index } = partition;
    const name = `${topic}-${index}`;
    const home = this.#homes.get(name)!;
    this.#settlement.settle();
    log.close();
    try {
      copy.finish();
      files.rename(copy.directory, join(directory.path, name));
      files.syncDirectory(directory.path);
      partition.moveTo(this.#openLog(directory, log));
    } catch (error) {
      partition.moveTo(this.#openLog(home, log));
      throw error;
    }
    this.#homes.release(name);
    this.#homes.claim(name, directory);
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

  #open(plan: TopicPlan, index: number, leaderEpoch: number): Partition {
    const name = `${plan.name}-${index}`;
    const home = this.#homes.get(name) ?? this.#homes.choose(name, plan.partitions[index].directoryId);
    const path = join(home.path, name);
    // The checkpoints speak of the log that was there at the start, not of a later one of the same name.
    const checkpoint = this.#found.take(home, name, plan.id) ? home.checkpointOf(plan.name, index) : {};
    const log = Log.open({
      ...this.#doorsOf(home), config: plan.config, topicId: plan.id, directory: path,
      cleanShutdown: home.cleanShutdown, ...checkpoint,
      onChecked: (bytes) => this.#progress.checked(path, bytes),
    });
    this.#progress.opened(path);
    if (log.recoveryPoint < log.endOffset) this.#recovered.push(log);
    const identity = { topic: plan.name, topicId: plan.id, index, leaderEpoch };
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
