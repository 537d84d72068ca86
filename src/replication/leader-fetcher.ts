/**
 * One connection to a broker that leads partitions of which this broker has replicas: it fetches what they lack, round after round.
 *
 *        ┌────────────────────────── fetch: where each log ends ◀───────────────────────┐
 *        ▼                                                                              │
 *     answer ──▶ each partition: append, or cut (following.ts) ──▶ synced, where flush.messages asks ──┘
 *        │
 *        └─ no connection · no answer ──▶ a rest, then a new connection (said once)
 *
 * What is wrong with one partition rests that partition alone.
 */
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { ListOffsets } from '../../protocol/apis/02-list-offsets.ts';
import type { Client } from '../../protocol/client.ts';
import { errorName, ErrorCode } from '../../protocol/errors.ts';
import type { RequestDraft, ResponseOf } from '../../protocol/schema.ts';
import type { Partition } from '../partitions/partition.ts';
import { CONNECT_MS, connectPeer, newestVersion } from '../peers/peer-client.ts';
import { answerOf } from '../peers/within.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Network } from '../platform/network.ts';
import { fetchRequest, keyOf, type FetchSession, type SessionRequest } from './fetch-session.ts';
import { FollowedReplicas, isCurrent, isStill, isThrottled, type Followed } from './followed-replicas.ts';
import type { ReplicationQuota } from './replication-quota.ts';
import { afterOutOfRange, stepAfter, type Step } from './following.ts';

export interface FetcherOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly network: Network;
  readonly nodeId: number;
  readonly leaderId: number;
  readonly brokerEpoch: () => number;
  /** Where the leader listens for brokers; null while it is not known. */
  readonly address: () => { readonly host: string; readonly port: number } | null;
  readonly settings: () => FetcherSettings;
  /** follower.replication.throttled.rate, of all fetchers together. */
  readonly quota: ReplicationQuota;
}

export interface FetcherSettings {
  /** replica.fetch.max.bytes, of one partition */
  readonly partitionMaxBytes: number;
  /** replica.fetch.response.max.bytes */
  readonly maxBytes: number;
  /** replica.fetch.min.bytes */
  readonly minBytes: number;
  /** replica.fetch.wait.max.ms */
  readonly maxWaitMs: number;
  /** replica.fetch.backoff.ms: rests grow up to it. */
  readonly backoffMs: number;
  /** replica.socket.timeout.ms */
  readonly timeoutMs: number;
}

type PartitionAnswer = ResponseOf<typeof Fetch>['responses'][number]['partitions'][number];

const FIRST_REST_MS = 10;
/** Partitions may be added one after the other: a fetch that waits at the leader is left for all of them at once. */
const INTERRUPT_MS = 2;
/** By topic id, with what replicas have to say of themselves; every broker that a follower may have beside it knows it. */
const OLDEST_FETCH = 15;
/** As large as a frame may be: the leader sends as much as it is asked for, and one batch at least, however large. */
const MAX_RESPONSE_BYTES = 0x7fff_ffff;
const LIST_OFFSETS_VERSION = 7;
const LATEST = -1;
const EARLIEST = -2;
/** Of a session that the leader does not have (any more): it begins anew. */
const SESSION_ERRORS: ReadonlySet<number> = new Set([
  ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
  ErrorCode.INVALID_FETCH_SESSION_EPOCH,
  ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
  ErrorCode.INCONSISTENT_TOPIC_ID,
]);
/** The image, here or at the leader, is behind, or its directory has just failed: that passes, and nobody has to be told. */
const PASSING: ReadonlySet<number> = new Set([
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.UNKNOWN_LEADER_EPOCH,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
]);

export class LeaderFetcher {
  readonly #options: FetcherOptions;
  readonly #followed: FollowedReplicas;
  #client: Client | null = null;
  /** The answer to a fetch is awaited. */
  #isWaiting = false;
  #interrupt: Timer | null = null;
  /** A fetch was left, for there is more to ask for. */
  #isLeft = false;
  #rest: { readonly timer: Timer | null; readonly end: () => void } | null = null;
  #failures = 0;
  #said: string | null = null;
  #isStopped = false;
  readonly #running: Promise<void>;

  constructor(options: FetcherOptions) {
    this.#options = options;
    const { clock, nodeId, quota } = options;
    this.#followed = new FollowedReplicas(nodeId, () => quota.isExceeded(clock.monotonic()));
    this.#running = this.#run();
  }

  get size(): number {
    return this.#followed.size;
  }

  /** Fetches for this replica from now on, or in another epoch. */
  add(key: string, partition: Partition): void {
    if (!this.#followed.add(key, partition)) return;
    this.#failures = 0; // it leads since it was found alive: what failed before is of the past
    this.#rest?.end();
    if (!this.#isWaiting || this.#interrupt !== null) return;
    this.#interrupt = this.#options.clock.after(INTERRUPT_MS, () => {
      this.#interrupt = null;
      if (!this.#isWaiting) return;
      this.#isLeft = true;
      void this.#client?.close();
    });
  }

  remove(key: string): void {
    this.#followed.remove(key);
  }

  /** Something may have become of all of them: of their log directory, or of what throttles them. */
  lookAtAll(): void {
    this.#followed.lookAtAll();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#interrupt?.cancel();
    this.#rest?.end();
    await this.#client?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#fetchOverOneConnection();
      } catch (error) {
        this.#failed(error as Error);
      }
      this.#isWaiting = false;
      await this.#client?.close();
      this.#client = null;
      this.#session.lost();
      if (this.#failures > 0) await this.#pause(backoff(this.#failures, this.#options.settings().backoffMs));
    }
  }

  get #session(): FetchSession {
    return this.#followed.session;
  }

  async #fetchOverOneConnection(): Promise<void> {
    const { network, address, nodeId, settings } = this.#options;
    if (this.#followed.size === 0) return this.#pause(null);
    const to = address();
    if (to === null) throw new Error('nothing is known of where it listens');
    const client = await connectPeer(network, {
      ...to,
      timeoutMs: Math.min(CONNECT_MS, settings().timeoutMs),
      clientId: `broker-${nodeId}-fetcher`,
      maxResponseBytes: MAX_RESPONSE_BYTES,
    });
    this.#client = client;
    if (this.#isStopped) return;
    const version = await newestVersion(client, Fetch, OLDEST_FETCH, (response) => this.#answer(response));
    while (!this.#isStopped) {
      this.#followed.prepare(this.#options.clock.monotonic());
      if (this.#session.size === 0) {
        if (this.#followed.size === 0) return; // there may be no more: the connection is of no use
        await this.#pause(this.#followed.nextMs(this.#options.clock.monotonic()));
        continue;
      }
      const wasInterrupted = !(await this.#round(client, version, this.#session.next()));
      if (wasInterrupted) return;
    }
  }

  #answer<T>(response: Promise<T>): Promise<T> {
    const { clock, settings } = this.#options;
    return answerOf(clock, response, settings().timeoutMs);
  }

  /** False: it was left for the sake of partitions that have come meanwhile. */
  async #round(client: Client, version: number, request: SessionRequest): Promise<boolean> {
    this.#isLeft = false;
    this.#isWaiting = true;
    let response: ResponseOf<typeof Fetch>;
    try {
      response = await this.#answer(client.send(Fetch, version, this.#fetchOf(request)));
    } catch (error) {
      if (!this.#isLeft) throw error;
      return false;
    } finally {
      this.#isWaiting = false;
    }
    this.#interrupt?.cancel();
    this.#interrupt = null;
    if (SESSION_ERRORS.has(response.errorCode)) {
      this.#session.lost();
      return true;
    }
    if (response.errorCode !== ErrorCode.NONE) throw new Error(`it answers ${errorName(response.errorCode)}`);
    this.#session.answered(response.sessionId);
    this.#succeeded();
    await this.#take(client, response);
    client.reuseMemory();
    return true;
  }

  async #take(client: Client, { responses }: ResponseOf<typeof Fetch>): Promise<void> {
    const synced: Promise<void>[] = [];
    for (const { topicId, partitions } of responses) {
      for (const answer of partitions) {
        const key = keyOf(topicId, answer.partitionIndex);
        const followed = this.#followed.get(key);
        const asked = this.#session.positionOf(key);
        if (followed === undefined || asked === undefined) continue;
        this.#followed.changed(key);
        if (!isStill(followed, asked)) continue;
        try {
          // Nothing is waited for but where the leader has to be asked again: all else is done in this turn.
          const step = stepAfter(answer, followed.replica);
          if (step.kind === 'find-range') await this.#findRange(client, followed);
          else this.#do(step, followed, answer, synced);
        } catch (error) {
          this.#restPartition(followed, (error as Error).message);
        }
      }
    }
    // A disk that fails is offline by now: that partition is not asked for any more.
    if (synced.length > 0) await Promise.allSettled(synced);
  }

  /** Notes in `synced` what is on its way to the disk. @throws what the log or the disk refuses */
  #do(
    step: Exclude<Step, { kind: 'find-range' }>,
    followed: Followed,
    answer: PartitionAnswer,
    synced: Promise<void>[],
  ): void {
    if (step.kind === 'cut') return this.#cut(followed, step.to);
    if (step.kind === 'wait') {
      const why = `the leader answers ${errorName(step.errorCode)}`;
      return this.#restPartition(followed, why, PASSING.has(step.errorCode));
    }
    const { records } = step;
    const onDisk = records.length > 0 ? followed.replica.append(records, 0, records.length) : null;
    if (onDisk !== null) synced.push(onDisk);
    this.#took(followed, records.length);
    this.#sawLeader(followed, answer);
  }

  #took({ partition }: Followed, bytes: number): void {
    const { clock, quota, nodeId } = this.#options;
    partition.stats.replicationBytesIn += bytes;
    if (isThrottled(partition, nodeId)) quota.took(bytes, clock.monotonic());
  }

  #sawLeader(followed: Followed, { highWatermark, logStartOffset }: PartitionAnswer): void {
    followed.failures = 0;
    followed.said = null;
    const { partition } = followed;
    partition.stats.replicaLag = Math.max(0, highWatermark - partition.endOffset);
    partition.followHighWatermark(highWatermark);
    followed.replica.deleteRecordsBefore(logStartOffset);
  }

  #cut({ partition, replica }: Followed, to: number): void {
    const { topic, index, endOffset, highWatermark } = partition;
    const facts = { topic, partition: index, leader: this.#options.leaderId, from: endOffset, to };
    // Only an unclean election can lead to this.
    if (to < highWatermark) this.#options.logger.warn('cut-below-high-watermark', { ...facts, highWatermark });
    else this.#options.logger.info('log-cut', facts);
    replica.truncateTo(to);
  }

  /** The log ends before the leader's begins, or behind where it ends. */
  async #findRange(client: Client, followed: Followed): Promise<void> {
    const { partition } = followed;
    const start = await this.#listOffset(client, followed, EARLIEST);
    const end = await this.#listOffset(client, followed, LATEST);
    if (!isCurrent(followed) || start === null || end === null)
      return this.#restPartition(followed, 'where its log begins is not known');
    const found = afterOutOfRange(partition.endOffset, start, end);
    if (found === null) return this.#restPartition(followed, `its log is from ${start} to ${end}`, true);
    if (found.kind === 'cut') return this.#cut(followed, found.to);
    const { topic, index, endOffset } = partition;
    const facts = { topic, partition: index, leader: this.#options.leaderId, from: endOffset, to: found.to };
    this.#options.logger.warn('log-started-anew', facts);
    followed.replica.startAnewAt(found.to);
  }

  async #listOffset(client: Client, { partition, leaderEpoch }: Followed, timestamp: number): Promise<number | null> {
    const { topic, index: partitionIndex } = partition;
    const asked = { partitionIndex, currentLeaderEpoch: leaderEpoch, timestamp };
    const draft = { replicaId: this.#options.nodeId, topics: [{ name: topic, partitions: [asked] }] };
    const { topics } = await this.#answer(client.send(ListOffsets, LIST_OFFSETS_VERSION, draft));
    const found = topics[0]?.partitions[0];
    return found?.errorCode === ErrorCode.NONE ? found.offset : null;
  }

  #fetchOf(request: SessionRequest): RequestDraft<typeof Fetch> {
    const { clock, nodeId, brokerEpoch, settings } = this.#options;
    const { maxWaitMs, ...limits } = settings();
    const waitMs = Math.floor(Math.min(maxWaitMs, this.#followed.nextMs(clock.monotonic()) ?? maxWaitMs));
    return fetchRequest({ replicaId: nodeId, replicaEpoch: brokerEpoch() }, request, { ...limits, maxWaitMs: waitMs });
  }

  #succeeded(): void {
    this.#failures = 0;
    if (this.#said !== null) this.#options.logger.info('leader-fetched-again', { leader: this.#options.leaderId });
    this.#said = null;
  }

  /** Once for each trouble, however long it lasts. */
  #failed({ message }: Error): void {
    if (this.#isStopped) return;
    this.#failures++;
    if (this.#said === message) return;
    this.#said = message;
    const facts = { leader: this.#options.leaderId, error: message, next: 'it is tried again' };
    this.#options.logger.warn('leader-not-fetched', facts);
  }

  #restPartition(followed: Followed, why: string, isPassing = false): void {
    const { clock, logger, settings, leaderId } = this.#options;
    followed.failures++;
    this.#followed.restUntil(followed, clock.monotonic() + backoff(followed.failures, settings().backoffMs));
    if (isPassing || followed.said === why) return;
    followed.said = why;
    const { topic, index: partition } = followed.partition;
    logger.warn('partition-not-fetched', { topic, partition, leader: leaderId, error: why, next: 'it is tried again' });
  }

  /** Null: until something is added. */
  #pause(delayMs: number | null): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        timer?.cancel();
        this.#rest = null;
        resolve();
      };
      const timer = delayMs === null ? null : this.#options.clock.after(delayMs, end);
      this.#rest = { timer, end };
    });
  }
}

function backoff(failures: number, mostMs: number): number {
  return Math.min(mostMs, FIRST_REST_MS * 2 ** Math.min(failures - 1, 10));
}
