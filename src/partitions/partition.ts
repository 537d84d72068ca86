/** One partition as its leader sees it: the log, how far readers may read, and who waits for more. */
import { encodeBatch, type RecordDraft } from '../../protocol/records/encode.ts';
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import type { DecodedBatch, Record } from '../../protocol/records/decode.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { endTxnMarker } from '../../protocol/records/control.ts';
import { CheckedReader } from '../log/checked-reader.ts';
import type { Log } from '../log/log.ts';
import { Traffic } from './traffic.ts';

/** Told when a partition it waits at has more to read, or is no more. */
export interface Waiter {
  wake(): void;
}

/** An append that the disk or the log refused; `errorCode` is what a client is told. */
export class LogError extends Error {
  readonly errorCode: number;

  constructor(errorCode: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'LogError';
    this.errorCode = errorCode;
  }
}

export interface AppendOptions {
  readonly compression?: 'none';
  /** The transaction the records are part of: they count once it commits. */
  readonly transaction?: { readonly producerId: number; readonly producerEpoch: number } | undefined;
}

export interface Marker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly committed: boolean;
  /** The leader epoch of the partition of __transaction_state whose leader has this written. */
  readonly coordinatorEpoch: number;
  /** 2 where the epoch has risen with the end of the transaction (KIP-890), which the log holds it to (KIP-1228). */
  readonly transactionVersion: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/** Internal topics are replayed in pieces of this size, larger where a single batch is larger. */
const REPLAY_BYTES = 1 << 20;

/** How staged appends become real; see Partitions. */
export interface Writes {
  /** Writes what producers appended before, so that it stands or falls apart from what follows. Does not throw. */
  settleOthers(): void;
  /** Writes what is staged; throws when a write failed. */
  flush(): void;
}

export class Partition {
  readonly topic: string;
  readonly topicId: string;
  readonly index: number;
  /** Another one after the partition has moved to another log directory. */
  log: Log;
  /** Grows with every election; stands in every batch written under it. */
  leaderEpoch: number;
  /** Offsets below are on every in-sync replica: with one broker, on the disk's page cache. Consumers see no more. */
  highWatermark: number;
  /** Replicas it is to have, this one among them. */
  replicas = 1;
  /** Replicas that have all up to the high watermark, this one among them. */
  inSyncReplicas = 1;
  /** Appended to since the last settle of Partitions. */
  isTouched = false;
  readonly traffic = new Traffic();
  readonly #waiters = new Set<Waiter>();
  readonly #writes: Writes;

  constructor(
    identity: { topic: string; topicId: string; index: number; leaderEpoch: number },
    log: Log,
    writes: Writes,
  ) {
    this.topic = identity.topic;
    this.topicId = identity.topicId;
    this.index = identity.index;
    this.leaderEpoch = identity.leaderEpoch;
    this.log = log;
    this.highWatermark = log.endOffset;
    this.#writes = writes;
  }

  /** Too few replicas in sync for acks=all. More than there are of a partition are never asked for, as in Kafka. */
  get isUnderMinIsr(): boolean {
    return this.inSyncReplicas < Math.min(this.log.config.minInsyncReplicas, this.replicas);
  }

  get logStartOffset(): number {
    return this.log.logStartOffset;
  }

  get endOffset(): number {
    return this.log.endOffset;
  }

  /** Where read_committed readers stop: before the oldest transaction that goes on, or whose marker not all replicas have. */
  get lastStableOffset(): number {
    const { highWatermark, log } = this;
    const open = log.firstUnstableOffset;
    const unreplicated = log.producers.firstUnreplicatedOffset(highWatermark);
    return Math.min(highWatermark, open < 0 ? highWatermark : open, unreplicated < 0 ? highWatermark : unreplicated);
  }

  /** Whether the producer has an open transaction here, under this very epoch. */
  hasOpenTransaction(producerId: number, producerEpoch: number): boolean {
    const entry = this.log.producers.producers.get(producerId);
    return entry !== undefined && entry.currentTxnFirstOffset >= 0 && entry.epoch === producerEpoch;
  }

  /**
   * The largest epoch up to `epoch` that is known, and where it ended (KIP-101). The log notes an epoch with its first batch;
   * before that the current one begins and ends at the log's end.
   */
  endOffsetForEpoch(epoch: number): { leaderEpoch: number; endOffset: number } {
    const { latestEpoch, endOffset } = this.log;
    if (epoch === this.leaderEpoch) return { leaderEpoch: epoch, endOffset };
    const hasNoOther = latestEpoch === -1 && epoch !== -1; // smaller than any: Kafka gives back what was asked
    if (hasNoOther && epoch < this.leaderEpoch) return { leaderEpoch: epoch, endOffset };
    if (epoch > latestEpoch && epoch < this.leaderEpoch) return { leaderEpoch: latestEpoch, endOffset };
    return this.log.endOffsetForEpoch(epoch);
  }

  /**
   * Appends records of the broker's own (group and transaction state) as one batch, and returns when readers see them.
   * @throws {LogError} KAFKA_STORAGE_ERROR when the disk refuses, INVALID_PRODUCER_EPOCH when the transaction they belong
   * to has been fenced; nothing is appended then, or the directory is offline
   */
  appendRecords(
    records: readonly RecordDraft[],
    options: AppendOptions = {},
  ): { baseOffset: number; lastOffset: number } {
    const { transaction, ...more } = options;
    const draft = transaction === undefined ? more : { ...more, ...transaction, isTransactional: true };
    const baseOffset = this.#appendOwn(encodeBatch({ records: [...records], ...draft }));
    return { baseOffset, lastOffset: baseOffset + records.length - 1 };
  }

  /**
   * Ends a producer's transaction here (KIP-98), whether or not it has written, and returns when readers see it.
   * @throws {LogError} INVALID_PRODUCER_EPOCH and TRANSACTION_COORDINATOR_FENCED when a younger one has spoken, else as
   * appendRecords
   */
  appendMarker(marker: Marker): void {
    const { producerId, producerEpoch, committed, coordinatorEpoch, transactionVersion, timestamp } = marker;
    const refused = this.log.producers.checkMarker(producerId, producerEpoch, coordinatorEpoch, transactionVersion);
    if (refused !== ErrorCode.NONE) throw new LogError(refused, `${this.topic}-${this.index} refuses the marker`);
    const record = endTxnMarker(committed ? 'COMMIT' : 'ABORT', coordinatorEpoch, timestamp);
    this.#appendOwn(
      encodeBatch({
        records: [record],
        producerId,
        producerEpoch,
        isTransactional: true,
        isControl: true,
      }),
    );
  }

  #appendOwn(bytes: Buffer): number {
    const refused = this.log.checkProducer(bytes, 0, false);
    if (refused !== ErrorCode.NONE) throw new LogError(refused, `${this.topic}-${this.index} refuses the producer`);
    this.#writes.settleOthers();
    let baseOffset: number;
    try {
      baseOffset = this.log.append(bytes, 0, bytes.length, this.leaderEpoch);
      this.#writes.flush();
      if (this.log.flusher.awaitsCommit) this.log.flush();
    } catch (error) {
      throw new LogError(ErrorCode.KAFKA_STORAGE_ERROR, `${this.topic}-${this.index} could not be written`, error);
    }
    this.advance();
    return baseOffset;
  }

  /**
   * Every record from the log's start to its end, oldest first; for replay. `visit` keeps nothing of the bytes. From a
   * later offset on, the records of its batch that come before it are among them.
   */
  forEachRecord(visit: (record: Record, batch: DecodedBatch) => void, from = this.log.logStartOffset): void {
    for (const pieces = this.recordPieces(visit, from); pieces.next().done !== true;);
  }

  /** The same, one piece of the log at each turn of the iterator; what is appended between them is visited too. */
  *recordPieces(visit: (record: Record, batch: DecodedBatch) => void, from = this.log.logStartOffset): Generator<void> {
    for (let offset = from; offset < this.log.endOffset;) {
      const range = this.log.locate(offset, this.log.endOffset, REPLAY_BYTES, true);
      if (range === null) return;
      const bytes = Buffer.allocUnsafe(range.length);
      for (let at = 0, reader = new CheckedReader(range); at < bytes.length;) {
        at += reader.read(bytes, at, bytes.length - at, range.position + at);
      }
      for (const at of batches(bytes)) {
        const batch = decodeBatch(bytes, at);
        for (const record of batch.records) visit(record, batch);
        offset = batch.lastOffset + 1;
      }
      if (offset < this.log.endOffset) yield;
    }
  }

  /** Lets readers see all that is in the log, and wakes those who wait for it. */
  advance(): void {
    this.highWatermark = this.log.endOffset;
    this.log.producers.firstUnreplicatedOffset(this.highWatermark); // forgets what readers may never ask for
    this.wakeWaiters();
  }

  wakeWaiters(): void {
    if (this.#waiters.size === 0) return;
    for (const waiter of this.#waiters) waiter.wake();
  }

  addWaiter(waiter: Waiter): void {
    this.#waiters.add(waiter);
  }

  removeWaiter(waiter: Waiter): void {
    this.#waiters.delete(waiter);
  }
}
