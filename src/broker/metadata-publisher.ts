/**
 * Makes the broker's parts follow the cluster image (Kafka's BrokerMetadataPublisher): opens, closes and deletes logs, and tells
 * coordinators which partitions this broker leads and no longer leads. `leadership` decides what is to be done, by the
 * difference between two images.
 */
import type { BrokerParts } from '../apis/broker-parts.ts';
import {
  configOf,
  emptyImage,
  ResourceType,
  type ClusterImage,
  type ImageDelta,
  type TopicImage,
} from '../cluster/image.ts';
import { leadership, NO_CHANGE, wholeOf, type HostedPartition, type LeadershipChange } from '../cluster/leadership.ts';
import { UNASSIGNED_DIRECTORY } from '../cluster/partition-rules.ts';
import { resolveLogConfig, type LogConfig } from '../config/log-config.ts';
import type { ReplicaPlan } from '../partitions/partitions.ts';
import type { Timer } from '../platform/clock.ts';
import { isDiskError } from '../platform/disk-error.ts';
import type { Lane } from '../platform/lane.ts';
import { eachInPieces, finish, type Pieces } from '../platform/pieces.ts';
import type { Replicas } from '../replication/replicas.ts';

type Parts = Pick<
  BrokerParts,
  'nodeId' | 'clock' | 'logger' | 'config' | 'metadata' | 'partitions' | 'groups' | 'transactions' | 'share'
>;

/** What the disk refused is tried again so much later, or with the next image. */
const RETRY_MS = 1000;
const OFFSETS_TOPIC = '__consumer_offsets';
const TRANSACTIONS_TOPIC = '__transaction_state';
const SHARE_TOPIC = '__share_group_state';

export class MetadataPublisher {
  readonly #parts: Parts;
  readonly #lane: Lane;
  /** Null for a broker alone. */
  readonly #replicas: Replicas | null;
  /** Partitions whose logs the disk refused, by topic id and index; with the next image they are tried again. */
  readonly #refused = new Map<string, HostedPartition>();
  /** Of the image before: another one may give every log other settings. */
  #config: Parts['config'];
  #isServing = false;
  #isStopped = false;
  /** Of what the disk refused. */
  #retry: Timer | null = null;
  /** Images that are being followed; null where all have been. */
  #following: Promise<void> | null = null;

  constructor(parts: Parts, replicas: Replicas | null) {
    this.#parts = parts;
    this.#lane = parts.partitions.turn.lane();
    this.#replicas = replicas;
    this.#config = parts.config;
  }

  /**
   * The image as it is now, and every one that follows, before the operation that made it is answered.
   * @throws the disk's error, after all that could be opened is open
   */
  start(): void {
    const { metadata } = this.#parts;
    // Nobody is served before.
    finish(this.#publish(metadata.image, emptyImage(metadata.image.clusterId), wholeOf(metadata.image)));
    if (this.#replicas !== null) this.#setStraysAside(metadata.image);
    this.#isServing = true;
    metadata.onChange((image, previous, delta) => this.#follow(this.#publish(image, previous, delta)));
  }

  #setStraysAside({ topicsById, topicsByName }: ClusterImage): void {
    const { partitions, nodeId } = this.#parts;
    partitions.setStraysAside((name, index, topicId) => {
      const topic = topicId === null ? topicsByName.get(name) : topicsById.get(topicId);
      const replicas = topic?.name === name ? topic.partitions[index]?.replicas : undefined;
      if (replicas === undefined) return 'unknown';
      return replicas.includes(nodeId) ? 'here' : 'elsewhere';
    });
  }

  /** Images that come later are not of interest: the broker ends. */
  stop(): void {
    this.#isStopped = true;
    this.#retry?.cancel();
    this.#retry = null;
  }

  /** Images are followed one after the other; one with many partitions in slices between requests. */
  #follow(pieces: Pieces<void>): void | Promise<void> {
    const lane = this.#lane;
    const following = this.#following === null ? lane.run(pieces) : this.#following.then(() => lane.run(pieces));
    if (following === undefined) return;
    // Where it fails the operation that made the image is told.
    const ended: Promise<void> = following
      .catch(() => {})
      .finally(() => {
        if (this.#following === ended) this.#following = null;
      });
    this.#following = ended;
    return following;
  }

  *#publish(image: ClusterImage, previous: ClusterImage, delta: ImageDelta): Pieces<void> {
    if (this.#isStopped) return;
    const { partitions, nodeId, groups } = this.#parts;
    const change = leadership(previous, image, delta, nodeId);
    yield* eachInPieces(change.resigned, (hosted) => this.#resign(hosted));
    for (const topic of change.deleted) yield* this.#delete(topic);
    if (change.deleted.length > 0) groups.topicsDeleted(change.deleted);
    yield* eachInPieces(change.closed, ({ topic, index }) => this.#close(topic.id, index));
    for (const { name, id, partitions: all } of change.grown) partitions.define({ name, id, count: all.length });
    yield* this.#configure(change, image);
    yield* this.#open(change, image);
  }

  #resign({ topic, index }: HostedPartition): void {
    this.#coordinatorOn(topic.name)?.onResign(index);
  }

  *#delete({ id, partitions }: TopicImage): Pieces<void> {
    yield* eachInPieces(partitions.keys(), (index) => this.#replicas?.forget(id, index));
    yield* this.#parts.partitions.delete(id);
  }

  #close(topicId: string, index: number): void {
    this.#replicas?.forget(topicId, index);
    this.#parts.partitions.remove(topicId, index);
  }

  *#configure({ configured }: LeadershipChange, image: ClusterImage): Pieces<void> {
    const { partitions, config } = this.#parts;
    const all = config !== this.#config; // a dynamic setting of the broker, which topics inherit
    this.#config = config;
    yield* eachInPieces(all ? image.topicsById.values() : configured, (topic) => {
      if (partitions.has(topic.id)) partitions.configure(topic.id, this.#logConfigOf(image, topic));
    });
  }

  *#open({ led, followed, updated }: LeadershipChange, image: ClusterImage): Pieces<void> {
    const changed = [...this.#again(image), ...followed, ...led, ...updated];
    const configs = new Map<string, LogConfig>();
    let failure: unknown = null;
    for (const hosted of changed) {
      const { topic } = hosted;
      let config = configs.get(topic.id);
      if (config === undefined) configs.set(topic.id, (config = this.#logConfigOf(image, topic)));
      try {
        this.#openOne(hosted, config);
      } catch (error) {
        this.#refused.set(keyOf(hosted), hosted);
        failure ??= error;
      }
      yield;
      if (this.#isStopped) return;
    }
    for (const hosted of changed) this.#lead(hosted, OFFSETS_TOPIC);
    for (const hosted of changed) this.#lead(hosted, SHARE_TOPIC);
    // Behind all others: a transaction whose end is decided writes to the partitions of any topic, and to groups.
    for (const hosted of changed) this.#lead(hosted, TRANSACTIONS_TOPIC);
    if (failure !== null) this.#tryAgain(failure);
  }

  /**
   * The change stands: the topic is there, and whoever asked for it is told so. Its partitions are opened as soon as the disk lets them.
   * @throws what is none of the disk's errors, and all before the broker serves anybody
   */
  #tryAgain(failure: unknown): void {
    if (!this.#isServing || !isDiskError(failure)) throw failure;
    const { clock, logger } = this.#parts;
    const next = `they are opened once the disk has room; that is tried every ${RETRY_MS} ms`;
    logger.error('logs-not-opened', { partitions: this.#refused.size, error: (failure as Error).message, next });
    this.#retry ??= clock.after(RETRY_MS, () => {
      this.#retry = null;
      if (this.#refused.size > 0) void this.#follow(this.#open(NO_CHANGE, this.#parts.metadata.image));
    });
  }

  /** What the disk refused, as the newest image has it. */
  *#again(image: ClusterImage): Iterable<HostedPartition> {
    const refused = [...this.#refused.values()];
    this.#refused.clear();
    for (const { topic: old, index } of refused) {
      const topic = image.topicsById.get(old.id);
      const partition = topic?.partitions[index];
      if (topic === undefined || partition === undefined) continue;
      if (partition.replicas.includes(this.#parts.nodeId)) yield { topic, index, partition };
    }
  }

  #openOne({ topic, index, partition }: HostedPartition, config: LogConfig): void {
    const { partitions, nodeId } = this.#parts;
    const { leader, leaderEpoch, replicas, isr, directories } = partition;
    const known = directories[replicas.indexOf(nodeId)];
    const directoryId = known === UNASSIGNED_DIRECTORY ? undefined : known;
    const plan = { config, leaderEpoch, directoryId };
    if (this.#replicas !== null) this.#openReplica(this.#replicas, { topic, index, partition }, plan);
    else if (leader === nodeId) {
      partitions.lead(topic.id, index, { ...plan, replicas: replicas.length, inSyncReplicas: isr.length });
    } else partitions.follow(topic.id, index, plan);
  }

  #openReplica(replicas: Replicas, { topic, index, partition }: HostedPartition, plan: ReplicaPlan): void {
    const { partitions, nodeId } = this.#parts;
    const { leader } = partition;
    const replicated = { ...plan, isReplicated: true, isLedElsewhere: leader >= 0 && leader !== nodeId };
    if (leader === nodeId) {
      replicas.leads(partitions.lead(topic.id, index, { ...replicated, ...replicas.termOf(partition) }));
    } else replicas.follows(partitions.follow(topic.id, index, replicated), leader);
  }

  /** Of a partition in a directory that is not there nothing can be read: its coordinator would believe it empty. */
  #lead({ topic, index, partition }: HostedPartition, name: string): void {
    const { partitions, nodeId } = this.#parts;
    if (topic.name !== name || partition.leader !== nodeId) return;
    if (
      partitions.topicById(topic.id)?.partitions[index]?.isLeader === true &&
      !partitions.isOffline(topic.id, index)
    ) {
      this.#coordinatorOn(name)?.onLeader(index, partition.leaderEpoch);
    }
  }

  #coordinatorOn(topic: string): Parts['groups'] | Parts['transactions'] | Parts['share'] | null {
    if (topic === OFFSETS_TOPIC) return this.#parts.groups;
    if (topic === SHARE_TOPIC) return this.#parts.share;
    return topic === TRANSACTIONS_TOPIC ? this.#parts.transactions : null;
  }

  #logConfigOf(image: ClusterImage, { name }: TopicImage): LogConfig {
    return resolveLogConfig(configOf(image, ResourceType.topic, name), this.#parts.config);
  }
}

function keyOf({ topic, index }: HostedPartition): string {
  return `${topic.id}/${index}`;
}
