/** All partitions of this broker: those it leads and those it follows, as the cluster says. */
import type { LogConfig } from '../config/log-config.ts';
import type { LogDirectory } from '../log/directory.ts';
import type { Log } from '../log/log.ts';
import type { ReplicaCopy } from '../log/replica-copy.ts';
import { AppendSettlement } from './append-settlement.ts';
import { LoopTurn } from '../platform/loop-turn.ts';
import type { Pieces } from '../platform/pieces.ts';
import type { LeaderTerm } from './leader-state.ts';
import { LongValidations } from './long-validations.ts';
import { Partition } from './partition.ts';
import { PartitionLogs, type LogPlan, type PartitionLogsOptions, type Stray } from './partition-logs.ts';
import { Failures, IsrChanges } from './partition-stats.ts';
import { TopicRegistry, type Topic, type TopicPlan } from './topic-registry.ts';

export interface PartitionsOptions extends PartitionLogsOptions {
  /** Of the event loop; where it is left out, one of its own. */
  readonly turn?: LoopTurn;
  /** A partition that the cluster knows in one log directory is opened in another. */
  readonly onRelocated?: () => void;
}

/** What the cluster says of a replica that this broker has. */
export interface ReplicaPlan extends LogPlan {
  readonly leaderEpoch: number;
  /** Other brokers have, or may get, replicas of their own: what this log has need not be committed. */
  readonly isReplicated?: boolean;
}

export interface LeaderPlan extends ReplicaPlan, LeaderTerm {}

export class Partitions {
  readonly failures = new Failures();
  readonly isrChanges = new IsrChanges();
  /** Of the event loop: what is done in it is shared among all that clients ask for. */
  readonly turn: LoopTurn;
  readonly longValidations: LongValidations;
  readonly #options: PartitionsOptions;
  readonly #settlement: AppendSettlement;
  readonly #topics = new TopicRegistry();
  readonly #logs: PartitionLogs;

  constructor(options: PartitionsOptions) {
    this.#options = options;
    this.turn = options.turn ?? new LoopTurn(options.clock);
    this.longValidations = new LongValidations({ ...options, lane: this.turn.lane() });
    this.#settlement = new AppendSettlement(options.logger);
    this.#logs = new PartitionLogs(options, this.#settlement.stage);
    for (const directory of options.directories) directory.health.onOffline(() => this.#wakeWaitersIn(directory));
    try {
      this.#logs.find();
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  topicByName(name: string): Topic | undefined {
    return this.#topics.byName(name);
  }

  topicById(id: string): Topic | undefined {
    return this.#topics.byId(id);
  }

  topicByIdBytes(bytes: Buffer, at: number): Topic | undefined {
    return this.#topics.byIdBytes(bytes, at);
  }

  topicByBytes(bytes: Buffer, at: number, length: number): Topic | undefined {
    return this.#topics.byBytes(bytes, at, length);
  }

  get(topic: string, index: number): Partition | undefined {
    return this.#topics.byName(topic)?.partitions[index];
  }

  /** Whether the partition's log directory has failed: nobody can read or write it here. */
  isOffline(topicId: string, index: number): boolean {
    return this.#topics.byId(topicId)?.partitions[index]?.isOffline ?? false;
  }

  all(): IterableIterator<Partition> {
    return this.#topics.partitions();
  }

  /** Of those below `end` that have written to a partition here; -1 where none has. */
  largestProducerIdBelow(end: number): number {
    let largest = -1;
    for (const { log } of this.all()) largest = Math.max(largest, log.producers.largestIdBelow(end));
    return largest;
  }

  has(topicId: string): boolean {
    return this.#topics.byId(topicId) !== undefined;
  }

  isOpen(topicId: string, index: number): boolean {
    return this.#topics.byId(topicId)?.partitions[index] !== undefined;
  }

  /** See PartitionLogs. @throws the disk's error where a folder cannot be made */
  makeFolders(topic: string, indexes: readonly number[]): Pieces<void> {
    return this.#logs.makeFolders(topic, indexes);
  }

  /** See PartitionLogs. To be called once all replicas of this broker are open. */
  setStraysAside(whatIs: (topic: string, index: number, topicId: string | null) => Stray): void {
    this.#logs.setStraysAside(whatIs);
  }

  /** The broker stops: what is done in slices ends, and requests that wait for it are refused. */
  endLongWork(): void {
    this.#logs.isEnding = true;
    this.longValidations.stop();
  }

  get isEnding(): boolean {
    return this.#logs.isEnding;
  }

  /** A topic of the cluster is this large now. Its partitions are opened by `lead` and `follow`. */
  define(plan: TopicPlan): Topic {
    return this.#topics.define(plan);
  }

  /** This broker leads the partition, in this epoch; but not in one that is older than what its replica has (etcd was restored). */
  lead(topicId: string, index: number, plan: LeaderPlan): Partition {
    const partition = this.#replica(topicId, index, plan);
    if (plan.isReplicated === true && partition.latestEpoch > plan.leaderEpoch) partition.follow(plan.leaderEpoch);
    else partition.lead(plan);
    return partition;
  }

  /** This broker has a replica of the partition, and another broker leads it, or none. */
  follow(topicId: string, index: number, plan: ReplicaPlan): Partition {
    const partition = this.#replica(topicId, index, plan);
    partition.follow(plan.leaderEpoch);
    return partition;
  }

  #replica(topicId: string, index: number, plan: ReplicaPlan): Partition {
    const topic = this.#topics.byId(topicId)!;
    if (plan.isLedElsewhere === true && this.#logs.leavesMissing(topic.name, index)) {
      this.#forget(topicId, index)?.log.close();
      this.#options.onRelocated?.();
    }
    const partition = (topic.partitions[index] ??= this.#open(topic, index, plan));
    partition.log.updateConfig(plan.config);
    return partition;
  }

  /** Another configuration for the topic's partitions. */
  configure(topicId: string, config: LogConfig): void {
    for (const partition of this.#topics.byId(topicId)?.partitions ?? []) partition?.log.updateConfig(config);
  }

  /** This broker has no replica of the partition any more: its log is deleted. */
  remove(topicId: string, index: number): void {
    const partition = this.#forget(topicId, index);
    if (partition === undefined) return;
    this.#logs.delete(partition.topic, index, partition.log);
  }

  #forget(topicId: string, index: number): Partition | undefined {
    const topic = this.#topics.byId(topicId);
    const partition = topic?.partitions[index];
    if (topic === undefined || partition === undefined) return undefined;
    topic.partitions[index] = undefined;
    partition.follow(partition.leaderEpoch); // what waits for this leader is told to look for another
    return partition;
  }

  /** Forgets the topic with the first turn; whoever waits at it is told, a partition a turn. Its files go a little later. */
  *delete(id: string): Pieces<void> {
    const topic = this.#topics.byId(id);
    if (topic === undefined) return;
    this.#topics.remove(topic);
    for (const partition of topic.partitions) {
      if (partition === undefined) continue;
      this.#logs.delete(topic.name, partition.index, partition.log);
      partition.deleted();
      yield;
    }
  }

  noteReadFailure(partition: Partition, error: unknown): void {
    this.#options.logger.error('read-failed', {
      topic: partition.topic,
      partition: partition.index,
      error: (error as Error).message,
      next: 'repair the disk',
    });
  }

  /** Writes what was appended and shows it; to be called before anything is told of it. Receipts tell what could not be. */
  settle(): void {
    this.#settlement.settle();
  }

  /** Deletes what retention.ms and retention.bytes no longer keep; answers how many segments went. */
  applyRetention(nowMs: number): number {
    let count = 0;
    for (const { topic, index: partition, log, highWatermark } of this.all()) {
      const segments = log.health.isOffline ? 0 : log.applyRetention(nowMs, highWatermark);
      count += segments;
      const from = log.logStartOffset;
      if (segments > 0) this.#options.logger.info('log.shortened', { topic, partition, segments, from });
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

  /** Notes on the disk up to where each replica is committed: as leaders they begin from there. */
  checkpointHighWatermarks(): void {
    for (const directory of this.#options.directories) {
      if (directory.health.isOffline) continue;
      const offsets = new Map<string, number>();
      for (const partition of this.all()) {
        const { topic, index, highWatermark } = partition;
        if (this.directoryOf(partition) === directory) offsets.set(`${topic}-${index}`, highWatermark);
      }
      directory.checkpointHighWatermarks(offsets);
    }
  }

  /** Brings what recovery has read to the disk, one log after the other: the next crash need not have it read again. */
  secureRecovered(): Promise<void> {
    return this.#logs.secureRecovered();
  }

  /** In the order of log.dirs. */
  get directories(): readonly LogDirectory[] {
    return this.#options.directories;
  }

  /** The log directory that has the partition. */
  directoryOf(partition: Partition): LogDirectory | undefined {
    return this.#logs.directoryOf(partition.topic, partition.index);
  }

  /** Its id; null where it is offline or nothing is known of the partition. */
  directoryIdOf(topic: string, index: number): string | null {
    const directory = this.#logs.directoryOf(topic, index);
    return directory === undefined || directory.health.isOffline ? null : directory.directoryId;
  }

  /** Lets `copy`, which has all but the end of the partition's log, take the log's place; appends wait meanwhile. */
  relocate(partition: Partition, directory: LogDirectory, copy: ReplicaCopy): void {
    this.#settlement.settle();
    const [log, error] = this.#logs.move(partition.topic, partition.index, partition.log, directory, copy);
    partition.moveTo(log);
    if (error !== null) throw error;
    this.checkpoint();
  }

  /**
   * Everything on the disk, and word that it is; a directory where that fails is left as after a crash. False where one is, or was
   * offline before.
   */
  close(brokerEpoch: number): boolean {
    this.endLongWork();
    const failed = this.#closeLogs();
    let isWhole = true;
    for (const directory of this.#options.directories) {
      try {
        if (!failed.has(directory) && !directory.health.isOffline) {
          directory.close(this.#logsIn(directory), brokerEpoch);
          continue;
        }
      } catch (error) {
        this.#sayNotClosed(directory.path, error);
      }
      isWhole = false;
      directory.abandon();
    }
    return isWhole;
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

  #open(topic: Topic, index: number, plan: ReplicaPlan): Partition {
    const log = this.#logs.open(topic, index, plan);
    const identity = { topic: topic.name, topicId: topic.id, index, leaderEpoch: plan.leaderEpoch };
    const directory = plan.isReplicated === true ? this.#logs.directoryOf(topic.name, index) : undefined;
    const highWatermark = directory?.highWatermarkOf(topic.name, index);
    return new Partition(identity, log, this.#settlement, this.#options.clock, highWatermark);
  }

  /** Whoever waits for more is told that there will be none. */
  #wakeWaitersIn(directory: LogDirectory): void {
    for (const partition of this.all()) if (this.directoryOf(partition) === directory) partition.wakeAll();
  }

  *#logsIn(directory: LogDirectory): IterableIterator<Log> {
    for (const partition of this.all()) if (this.directoryOf(partition) === directory) yield partition.log;
  }
}
