/** ShareFetch and ShareAcknowledge: sessions, acknowledgements, records that are acquired, and the wait for them. */
import { ErrorCode } from '../../protocol/errors.ts';
import { allOf, andThen, type Answer } from '../coordination/answers.ts';
import { waitForMore } from '../partitions/fetch-wait.ts';
import type { Partitions } from '../partitions/partitions.ts';
import { readErrorCode } from '../partitions/read.ts';
import type { Waiters } from '../partitions/waiters.ts';
import type { Clock } from '../platform/clock.ts';
import { ackRanges, type AckBatch, type AckRange } from './acknowledgements.ts';
import type { ShareCounts } from './share-counts.ts';
import type { ShareGroupConfig } from './share-group-config.ts';
import type { AcquiredRecords, SharePartition } from './share-partition.ts';
import type { Change, SharePartitions } from './share-partitions.ts';
import {
  CLOSES,
  OPENS,
  partitionKey,
  rotate,
  type SessionRequest,
  type ShareSession,
  type ShareSessions,
} from './share-sessions.ts';
import type { StatePartitionId } from './share-state.ts';

export interface PartitionAcks extends StatePartitionId {
  readonly acks: readonly AckBatch[];
}

/** What both requests have. */
export interface AcknowledgeRequest extends SessionRequest {
  /** Null where the request has none. */
  readonly partitions: readonly PartitionAcks[];
  /** Why the client may not read a topic, NONE where it may; null where nobody asks. */
  readonly refusalOf?: ((topicId: string) => number) | null;
  /** Locks may be renewed by it. */
  readonly isRenewAck: boolean;
}

export interface FetchRequest extends AcknowledgeRequest {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxRecords: number;
  readonly batchSize: number;
  readonly isRecordLimit: boolean;
  /** Kafka trips over another mode. */
  readonly isModeKnown: boolean;
  readonly forgotten: readonly StatePartitionId[];
  /** Calls `run` when the connection has ended. */
  whenEnded(run: () => void): void;
  /** The request waits; `cancel` ends that. */
  waits(cancel: () => void): void;
}

export interface PartitionAnswer extends StatePartitionId {
  errorCode: number;
  acknowledgeErrorCode: number;
  records: AcquiredRecords | null;
}

export interface ShareAnswer {
  readonly errorCode: number;
  /** Milliseconds for which acquired records are locked; 0 with an error. */
  readonly lockMs: number;
  readonly partitions: readonly PartitionAnswer[];
}

export interface DeliveryOptions {
  readonly clock: Clock;
  readonly partitions: Partitions;
  readonly sessions: ShareSessions;
  readonly sharePartitions: SharePartitions;
  readonly counts: ShareCounts;
  config(groupId: string): ShareGroupConfig;
  /** group.share.max.share.sessions, as of now. */
  maxSessions(): number;
}

type Answers = Map<string, PartitionAnswer>;

/** A change by acknowledgements, and what is counted of them. */
interface Acknowledged extends Change {
  readonly ranges: readonly AckRange[];
  readonly startOffset: number;
  readonly answer: PartitionAnswer;
}

export class ShareDelivery {
  readonly #options: DeliveryOptions;
  /** Connections whose end is told. */
  readonly #connections = new Set<number>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  fetch(request: FetchRequest): Answer<ShareAnswer> {
    const { epoch, partitions, isRenewAck } = request;
    if (isRenewAck && (request.maxBytes | request.minBytes | request.maxRecords | request.maxWaitMs) !== 0) {
      return refused(ErrorCode.INVALID_REQUEST);
    }
    if (epoch === OPENS && partitions.some(({ acks }) => acks.length > 0)) return refused(ErrorCode.INVALID_REQUEST);
    const { sessions } = this.#options;
    const session = epoch === OPENS ? sessions.open(request, this.#options.maxSessions()) : sessions.find(request);
    if (session === null) return this.#limitReached(request);
    if (typeof session === 'number') return refused(session);
    this.#noteConnection(request);
    if (!request.isModeKnown) return refused(ErrorCode.UNKNOWN_SERVER_ERROR);
    if (epoch !== CLOSES && !sessions.change(session, partitions, request.forgotten)) {
      return andThen(this.#close(session), () => this.#limitReached(request));
    }
    return andThen(this.#acknowledge(request), (answers) => {
      if (epoch === CLOSES) return andThen(this.#close(session), () => this.#answer(request, answers));
      if (request.maxRecords <= 0 || request.maxBytes <= 0) return this.#answer(request, answers);
      return this.#fetch(request, session, answers);
    });
  }

  acknowledge(request: AcknowledgeRequest): Answer<ShareAnswer> {
    if (request.epoch === OPENS) return refused(ErrorCode.INVALID_SHARE_SESSION_EPOCH);
    const session = this.#options.sessions.find(request);
    if (typeof session === 'number') return refused(session);
    return andThen(this.#acknowledge(request), (answers) =>
      request.epoch === CLOSES
        ? andThen(this.#close(session), () => this.#answer(request, answers))
        : this.#answer(request, answers),
    );
  }

  /** What members of the group hold is available to others at once. */
  connectionEnded(connectionId: number): void {
    this.#connections.delete(connectionId);
    for (const session of this.#options.sessions.of(connectionId)) void this.#close(session);
  }

  /** Its end is told from now on. */
  #noteConnection(request: FetchRequest): void {
    const { connectionId } = request;
    if (this.#connections.has(connectionId)) return;
    this.#connections.add(connectionId);
    request.whenEnded(() => this.connectionEnded(connectionId));
  }

  /** Not at once: every client tries again. */
  #limitReached(request: FetchRequest): Promise<ShareAnswer> {
    return new Promise((resolve) => {
      const done = (): void => resolve(refused(ErrorCode.SHARE_SESSION_LIMIT_REACHED));
      const wait = waitForMore(this.#options.clock, [], Math.max(0, request.maxWaitMs), () => false, done);
      request.waits(() => wait.finish());
    });
  }

  /** Releases what the member holds. */
  #close(session: ShareSession): Answer<unknown> {
    const { sessions, sharePartitions } = this.#options;
    if (!sessions.remove(session)) return null;
    const { groupId, memberId } = session;
    const changes = sharePartitions
      .of(groupId)
      .filter(({ isCurrent }) => isCurrent)
      .map((partition): Change => ({ partition, transitions: partition.release(memberId) }));
    return andThen(sharePartitions.record(groupId, changes), () => {
      if (!sessions.hasGroup(groupId)) sharePartitions.dropGroup(groupId);
    });
  }

  /** All acknowledgements of the request are one write; those of each partition count together or not at all. */
  #acknowledge({ groupId, memberId, partitions, isRenewAck, refusalOf }: AcknowledgeRequest): Answer<Answers> {
    const { counts, sharePartitions } = this.#options;
    const answers: Answers = new Map();
    const changes: Acknowledged[] = [];
    for (const [key, { topicId, partition: index, acks }] of lastOfEach(partitions)) {
      const answer = emptyAnswer({ topicId, partition: index });
      answers.set(key, answer);
      const refused = refusalOf?.(topicId) ?? ErrorCode.NONE;
      if (refused !== ErrorCode.NONE) {
        answer.acknowledgeErrorCode = refused;
        continue;
      }
      const ranges = ackRanges(acks, isRenewAck);
      const partition = typeof ranges === 'number' ? ranges : sharePartitions.find(groupId, answer, key);
      if (typeof ranges === 'number' || typeof partition === 'number') {
        answer.acknowledgeErrorCode = partition as number;
        continue;
      }
      const { startOffset } = partition.inFlight;
      const transitions = partition.acknowledge(memberId, ranges);
      if (typeof transitions === 'number') answer.acknowledgeErrorCode = transitions;
      else changes.push({ partition, transitions, ranges, startOffset, answer });
    }
    return andThen(sharePartitions.acknowledge(groupId, changes), (errors) => {
      for (const [i, { ranges, startOffset, answer }] of changes.entries()) {
        answer.acknowledgeErrorCode = errors[i];
        if (errors[i] === ErrorCode.NONE) counts.noteAcknowledged(ranges, startOffset);
      }
      return answers;
    });
  }

  #fetch(request: FetchRequest, session: ShareSession, answers: Answers): Answer<ShareAnswer> {
    const { sessions, sharePartitions } = this.#options;
    const asked = rotate(session);
    const { groupId, refusalOf } = request;
    const loads = asked.map((id) => refusalOf?.(id.topicId) || sharePartitions.load(groupId, id));
    return andThen(allOf(loads), (all) => {
      const loaded = begun(all, request);
      // The group's last session may have ended meanwhile: what was loaded since would stay for nobody.
      if (!sessions.hasGroup(request.groupId)) sharePartitions.dropGroup(request.groupId);
      const isOver = request.maxWaitMs <= 0 || !sessions.has(session) || isEnough(loaded, request);
      if (isOver) return this.#acquired(request, session, asked, loaded, answers);
      return this.#wait(request, session, asked, loaded, answers);
    });
  }

  #wait(
    request: FetchRequest,
    session: ShareSession,
    asked: readonly StatePartitionId[],
    loaded: readonly (SharePartition | number)[],
    answers: Answers,
  ): Promise<ShareAnswer> {
    const places = loaded.flatMap((one): Waiters[] =>
      typeof one === 'number' ? [] : [one.partition.consumers, one.waiters],
    );
    return new Promise((resolve) => {
      const done = (): void => resolve(this.#acquired(request, session, asked, loaded, answers));
      const wait = waitForMore(this.#options.clock, places, request.maxWaitMs, () => isEnough(loaded, request), done);
      request.waits(() => wait.finish());
    });
  }

  /** Whoever has gone is given nothing: it would be locked for nobody. */
  #acquired(
    request: FetchRequest,
    session: ShareSession,
    asked: readonly StatePartitionId[],
    loaded: readonly (SharePartition | number)[],
    answers: Answers,
  ): ShareAnswer {
    const isThere = this.#options.sessions.has(session) && this.#connections.has(request.connectionId);
    if (!isThere) return this.#answer(request, answers);
    let { maxBytes, maxRecords } = request;
    asked.forEach((id, i) => {
      const partition = loaded[i];
      if (typeof partition === 'number') {
        if (partition !== ErrorCode.LEADER_NOT_AVAILABLE) answerOf(answers, id).errorCode = partition;
        return;
      }
      const records = maxBytes > 0 && maxRecords > 0 ? this.#acquire(partition, request, maxBytes, maxRecords) : null;
      if (typeof records === 'number') answerOf(answers, id).errorCode = records;
      else if (records !== null) {
        answerOf(answers, id).records = records;
        maxBytes -= records.length;
        for (const { first, last } of records.acquired) maxRecords -= last - first + 1;
      } else if (request.epoch === OPENS) answerOf(answers, id);
    });
    return this.#answer(request, answers);
  }

  #acquire(
    partition: SharePartition,
    { memberId, batchSize, isRecordLimit }: FetchRequest,
    maxBytes: number,
    maxRecords: number,
  ): AcquiredRecords | null | number {
    if (!partition.isCurrent) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    try {
      return partition.acquire({ memberId, maxBytes, maxRecords, batchSize: Math.max(1, batchSize), isRecordLimit });
    } catch (error) {
      return readErrorCode(this.#options.partitions, partition.partition, error);
    }
  }

  #answer({ groupId }: AcknowledgeRequest, answers: Answers): ShareAnswer {
    const { counts } = this.#options;
    const { lockDurationMs } = this.#options.config(groupId);
    for (const { errorCode, acknowledgeErrorCode } of answers.values()) {
      if (errorCode !== ErrorCode.NONE) counts.failedFetches++;
      if (acknowledgeErrorCode !== ErrorCode.NONE) counts.failedAcknowledgements++;
    }
    return { errorCode: ErrorCode.NONE, lockMs: lockDurationMs, partitions: [...answers.values()] };
  }
}

/** Of a partition that is there twice the last counts, as in Kafka. */
function lastOfEach(partitions: readonly PartitionAcks[]): ReadonlyMap<string, PartitionAcks> {
  const byKey = new Map<string, PartitionAcks>();
  for (const one of partitions) if (one.acks.length > 0) byKey.set(partitionKey(one), one);
  return byKey;
}

/** Errors are told at once, and so is what the log cannot give. */
function isEnough(loaded: readonly (SharePartition | number)[], request: FetchRequest): boolean {
  return missing(loaded, wantedBytes(request)) === 0;
}

function wantedBytes({ minBytes, maxBytes }: FetchRequest): number {
  return Math.max(1, Math.min(minBytes, maxBytes));
}

/** How many of the bytes that are wanted these do not have; 0 where one of them has something else to tell. */
function missing(loaded: readonly (SharePartition | number)[], wanted: number): number {
  let left = wanted;
  for (const one of loaded) {
    if (typeof one === 'number') {
      if (one !== ErrorCode.LEADER_NOT_AVAILABLE) return 0;
    } else if (!one.isCurrent) return 0;
    else left -= readable(one, left);
    if (left <= 0) return 0;
  }
  return left;
}

/**
 * Kafka answers with what it has as soon as that is enough, while it loads other partitions: the first fetch is given the first of
 * those that it makes the broker load, which clients' tests rely on, and the next fetch what the others have.
 */
function begun(all: readonly (SharePartition | number)[], request: FetchRequest): readonly (SharePartition | number)[] {
  if (!all.some(isNew)) return all;
  const some = all.map((one) => (isNew(one) ? ErrorCode.LEADER_NOT_AVAILABLE : one));
  let left = missing(some, wantedBytes(request));
  for (const [i, one] of all.entries()) {
    if (typeof one === 'number' || !one.isNew) continue;
    one.isNew = false;
    if (left === 0) continue;
    some[i] = one;
    left = missing([one], left);
  }
  return some;
}

function isNew(one: SharePartition | number): boolean {
  return typeof one !== 'number' && one.isNew;
}

function readable(partition: SharePartition, wanted: number): number {
  try {
    return partition.readableBytes(wanted);
  } catch {
    return wanted; // `acquire` says what it is
  }
}

function answerOf(answers: Answers, id: StatePartitionId): PartitionAnswer {
  const key = partitionKey(id);
  let answer = answers.get(key);
  if (answer === undefined) answers.set(key, (answer = emptyAnswer(id)));
  return answer;
}

function emptyAnswer({ topicId, partition }: StatePartitionId): PartitionAnswer {
  return { topicId, partition, errorCode: ErrorCode.NONE, acknowledgeErrorCode: ErrorCode.NONE, records: null };
}

function refused(errorCode: number): ShareAnswer {
  return { errorCode, lockMs: 0, partitions: [] };
}
