/**
 * One partition as one share group works through it, while this broker leads it: what is in flight, read from the log and handed
 * out, with one timer for the locks that run out. It begins with the state that was read, and is dropped when the leader changes.
 */
import { batchPlaces, readableBytes, type BatchPlace, type BatchPlaces } from '../partitions/batch-places.ts';
import type { Partition } from '../partitions/partition.ts';
import type { RecordFile } from '../partitions/read.ts';
import { Waiters } from '../partitions/waiters.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { AckRange } from './acknowledgements.ts';
import type { Acquired } from './acquisition.ts';
import { InFlight, type AcknowledgeRules, type Transition } from './in-flight.ts';
import { DeliveryState } from './runs.ts';
import { backoffOf, type ShareGroupConfig } from './share-group-config.ts';
import type { StateBatch, StatePartitionId, WriteState } from './share-state.ts';

export interface AcquireLimits {
  readonly memberId: string;
  readonly maxBytes: number;
  readonly maxRecords: number;
  readonly batchSize: number;
  readonly isRecordLimit: boolean;
}

/** Records of which some are the member's, and which these are. */
export interface AcquiredRecords {
  readonly acquired: readonly Acquired[];
  readonly file: RecordFile;
  readonly position: number;
  readonly length: number;
}

/** What a share partition needs around it. */
export interface SharePartitionHost {
  readonly clock: Clock;
  /** Of its group, as of now. */
  config(): ShareGroupConfig;
  /** Whether the cluster has dead letters. */
  hasDeadLetters(): boolean;
  /** Locks have run out: to be written, and taken back by `ended`. */
  release(partition: SharePartition, transitions: readonly Transition[]): void;
  /** Whether the broker still has the partition. */
  isHosted(partition: Partition): boolean;
}

/** What a share partition begins with. */
export interface SharePartitionStart {
  readonly stateEpoch: number;
  readonly startOffset: number;
  readonly stateBatches: readonly StateBatch[];
}

/** Reads that find nothing to hand out, but move on, before others have their turn. */
const MOST_READS = 10;

export class SharePartition {
  readonly groupId: string;
  readonly id: StatePartitionId;
  readonly partition: Partition;
  readonly leaderEpoch: number;
  readonly stateEpoch: number;
  readonly inFlight: InFlight;
  /** Fetches that wait for something to acquire here: released by others, or because a lock ran out. */
  readonly waiters = new Waiters();
  /** No fetch has come by since it was loaded. */
  isNew = true;
  /** How many records' locks have run out since it was loaded. */
  lockTimeouts = 0;
  readonly #host: SharePartitionHost;
  #timer: Timer | null = null;
  #dueMs = Infinity;
  #isClosed = false;

  constructor(groupId: string, partition: Partition, start: SharePartitionStart, host: SharePartitionHost) {
    this.groupId = groupId;
    this.id = { topicId: partition.topicId, partition: partition.index };
    this.partition = partition;
    this.leaderEpoch = partition.leaderEpoch;
    this.stateEpoch = start.stateEpoch;
    this.inFlight = new InFlight(start.startOffset, start.stateBatches);
    this.#host = host;
  }

  /** False once another broker leads, or the same one anew, or the state is another's. */
  get isCurrent(): boolean {
    const { partition } = this;
    return (
      !this.#isClosed &&
      partition.isLeader &&
      partition.leaderEpoch === this.leaderEpoch &&
      this.#host.isHosted(partition)
    );
  }

  /** What is in flight is forgotten here: whoever asks for it is sent to the state. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = null;
    this.waiters.wake();
  }

  /** At least so many bytes can be read where there is something to acquire; 0 where there is nothing. */
  readableBytes(maxBytes: number): number {
    const { config, nowMs } = this.#now();
    const offset = this.#fetchOffset(config, nowMs);
    if (offset === null) return 0;
    const found = readableBytes(this.partition, offset, this.#readableEnd(config), maxBytes);
    return found === 0 ? 1 : found; // where nothing is left up to there, what looks at it moves on
  }

  /** Null where there is nothing to acquire. @throws what the log throws that cannot be read */
  acquire(limits: AcquireLimits): AcquiredRecords | null {
    for (let reads = 0; reads < MOST_READS; reads++) {
      const { config, nowMs } = this.#now();
      const offset = this.#fetchOffset(config, nowMs);
      if (offset === null) return null;
      const places = this.#places(offset, limits, config, nowMs);
      if (places === null) {
        this.inFlight.archiveAvailable(offset, this.#readableEnd(config) - 1);
        continue;
      }
      const lockedUntil = nowMs + config.lockDurationMs;
      const { deliveryLimit, maxLocks } = config;
      const { batches } = places;
      const asked = { ...limits, nowMs, lockedUntil, fetchOffset: offset, batches, deliveryLimit, maxLocks };
      const handedOut = this.inFlight.acquire(asked);
      const acquired = this.#withoutAborted(handedOut, batches, limits.memberId);
      if (acquired.length > 0) {
        this.#schedule(lockedUntil);
        return recordsOf(acquired, places);
      }
      if (this.#fetchOffset(config, nowMs) === offset) return null;
    }
    return null;
  }

  /** What the acknowledgements ask to be written, or the error they are refused with. */
  acknowledge(memberId: string, acks: readonly AckRange[]): Transition[] | number {
    const { config, nowMs } = this.#now();
    const lockedUntil = nowMs + config.lockDurationMs;
    const transitions = this.inFlight.acknowledge(memberId, acks, this.#rules(config, lockedUntil));
    if (this.inFlight.countOf(DeliveryState.acquired) > 0) this.#schedule(lockedUntil);
    return transitions;
  }

  /** What a member gives back that goes away. */
  release(memberId: string): Transition[] {
    return this.inFlight.release({ memberId }, this.#rules(this.#now().config, 0));
  }

  /** What is taken from members by hand. */
  takeBack(isMeant: (offset: number, memberId: string | null) => boolean): Transition[] {
    return this.inFlight.takeBack(isMeant, this.#rules(this.#now().config, 0));
  }

  /** The request to write the transitions, as part of one with others. */
  writeOf(transitions: readonly Transition[]): WriteState {
    const { id, stateEpoch, leaderEpoch, inFlight } = this;
    return {
      ...id,
      stateEpoch,
      leaderEpoch,
      startOffset: inFlight.startOffset,
      deliveryCompleteCount: inFlight.finishedWith(transitions),
      stateBatches: transitions.map(({ to }) => {
        return { firstOffset: to.first, lastOffset: to.last, deliveryState: to.state, deliveryCount: to.deliveryCount };
      }),
    };
  }

  /** The transitions are on their way to the log, and will not be at once. */
  began(transitions: readonly Transition[]): void {
    this.inFlight.begin(transitions);
  }

  /** They take effect, or are taken back. */
  ended(transitions: readonly Transition[], takeEffect: boolean): void {
    if (this.#isClosed) return;
    if (takeEffect) this.inFlight.complete(transitions);
    else this.inFlight.rollBack(transitions);
    this.#noteChanged(transitions, takeEffect);
    this.#wake();
  }

  /** Thousands may wait: they are not asked after what leaves nothing to acquire, as an acceptance does. */
  #wake(): void {
    const { config, nowMs } = this.#now();
    if (this.#fetchOffset(config, nowMs) !== null) this.waiters.wake();
  }

  /** Where it begins to read, or null where there is nothing to acquire. */
  #fetchOffset(config: ShareGroupConfig, nowMs: number): number | null {
    const { inFlight, partition } = this;
    inFlight.archiveBefore(partition.logStartOffset);
    const offset = inFlight.nextFetchOffset(nowMs);
    if (offset >= inFlight.endOffset && !inFlight.hasRoom(config.maxLocks)) return null;
    return offset < this.#readableEnd(config) ? offset : null;
  }

  #readableEnd({ readCommitted }: ShareGroupConfig): number {
    return readCommitted ? this.partition.lastStableOffset : this.partition.highWatermark;
  }

  /** Batches with so many offsets to hand out as are asked for, or all that there are. */
  #places(offset: number, limits: AcquireLimits, config: ShareGroupConfig, nowMs: number): BatchPlaces | null {
    const { partition, inFlight } = this;
    let { maxRecords: left } = limits;
    return batchPlaces(partition, {
      from: Math.max(offset, partition.logStartOffset),
      upTo: this.#readableEnd(config),
      maxBytes: limits.maxBytes,
      readCommitted: config.readCommitted,
      isEnough: ({ first, last }) => (left -= inFlight.readyIn({ first: Math.max(first, offset), last }, nowMs)) <= 0,
    });
  }

  /** Records of aborted transactions are nobody's. */
  #withoutAborted(acquired: Acquired[], batches: readonly BatchPlace[], memberId: string): Acquired[] {
    let left = acquired;
    for (const { first, last, isAborted } of batches) {
      if (!isAborted) continue;
      this.inFlight.archiveAcquired(first, last, memberId);
      left = left.flatMap((one) => without(one, first, last));
    }
    return left;
  }

  #rules(config: ShareGroupConfig, lockedUntil: number): AcknowledgeRules {
    const { deliveryLimit, renewsLocks, deadLetterTopic } = config;
    const hasDeadLetters = deadLetterTopic !== '' && this.#host.hasDeadLetters();
    return {
      deliveryLimit,
      renewsLocks,
      lockedUntil,
      undeliverable: hasDeadLetters ? DeliveryState.archiving : DeliveryState.archived,
      availableAt: (count) => this.#availableAt(backoffOf(config, count)),
    };
  }

  /** 0 without a pause: what is released at one time and another is one run. */
  #availableAt(pauseMs: number): number {
    return pauseMs === 0 ? 0 : this.#host.clock.monotonic() + pauseMs;
  }

  #now(): { readonly config: ShareGroupConfig; readonly nowMs: number } {
    return { config: this.#host.config(), nowMs: this.#host.clock.monotonic() };
  }

  /** A timer that is due too early finds out by itself; only what is due before it has to be told. */
  #noteChanged(transitions: readonly Transition[], takeEffect: boolean): void {
    if (this.inFlight.countOf(DeliveryState.acquired) === 0) return this.#reschedule();
    let dueMs = Infinity;
    for (const { from, to } of transitions) {
      if (!takeEffect && from.state === DeliveryState.acquired) dueMs = Math.min(dueMs, from.lockedUntil);
      else if (takeEffect && to.availableAt > 0) dueMs = Math.min(dueMs, to.availableAt);
    }
    if (dueMs < Infinity) this.#schedule(dueMs);
  }

  #schedule(dueMs: number): void {
    if (this.#isClosed || dueMs >= this.#dueMs) return;
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    const { clock } = this.#host;
    this.#timer = clock.after(Math.ceil(dueMs - clock.monotonic()), () => this.#due());
  }

  /** Without locks there is no timer. */
  #reschedule(): void {
    const dueMs = this.inFlight.nextDeadline(this.#host.clock.monotonic());
    if (dueMs === Infinity) {
      this.#timer?.cancel();
      this.#timer = null;
      this.#dueMs = Infinity;
    } else this.#schedule(dueMs);
  }

  #due(): void {
    this.#timer = null;
    this.#dueMs = Infinity;
    if (!this.isCurrent) return this.close();
    const { config, nowMs } = this.#now();
    const expired = this.inFlight.release({ lockedUntil: nowMs }, this.#rules(config, 0));
    for (const { from } of expired) this.lockTimeouts += from.last - from.first + 1;
    if (expired.length > 0) this.#host.release(this, expired);
    this.#reschedule();
    this.#wake();
  }
}

/** From the batch of the first to that of the last. */
function recordsOf(acquired: readonly Acquired[], { batches, file }: BatchPlaces): AcquiredRecords {
  const from = acquired[0].first;
  const upTo = acquired[acquired.length - 1].last;
  const within = batches.filter(({ first, last }) => last >= from && first <= upTo);
  const [first, last] = [within[0], within[within.length - 1]];
  return {
    acquired,
    file: file(first, last),
    position: first.position,
    length: last.position + last.length - first.position,
  };
}

function without(acquired: Acquired, first: number, last: number): Acquired[] {
  if (acquired.last < first || acquired.first > last) return [acquired];
  return [
    { ...acquired, last: first - 1 },
    { ...acquired, first: last + 1 },
  ].filter((one) => one.first <= one.last);
}
