/**
 * What idempotent and transactional producers have written to one partition (KIP-98): refuses what came twice or out of
 * order, and knows the transactions still open. A cache of what the log itself says. PURE.
 */
import * as batch from '../../protocol/records/batch.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { readEndTxnMarker } from '../../protocol/records/control.ts';
import { RecordCursor } from '../../protocol/records/decode.ts';
import { OpenTransactions } from './open-transactions.ts';

/** Kafka remembers as many, and clients keep at most as many requests under way. */
const REMEMBERED_BATCHES = 5;
const NONE = -1;

export interface BatchMetadata {
  firstSequence: number;
  lastSequence: number;
  lastOffset: number;
  offsetDelta: number;
  timestamp: number;
}

/** One producer, as DescribeProducers shows it. */
export interface ProducerEntry {
  readonly producerId: number;
  epoch: number;
  coordinatorEpoch: number;
  /** Milliseconds since 1970, of the newest batch or marker. */
  lastTimestamp: number;
  /** -1 without an open transaction. */
  currentTxnFirstOffset: number;
  /** How many markers have come since this entry was made: not in snapshots. */
  markers: number;
  /** Oldest first, at most five. */
  readonly batches: BatchMetadata[];
}

/** The end of a transaction, as its marker in the log tells. */
export interface CompletedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Of the marker. */
  readonly lastOffset: number;
  readonly isAborted: boolean;
}

export class ProducerState {
  readonly producers = new Map<number, ProducerEntry>();
  /** Of the ids in `producers`, -1 without any: there may be a million. */
  largestId = NONE;
  /** Where the batch that `check` called a duplicate begins, and its timestamp. */
  duplicateOffset = -1;
  duplicateTimestamp = -1;
  readonly #open = new OpenTransactions();
  /** Transactions that have ended here, and whose marker other replicas may not have yet; by marker. */
  readonly #unreplicated: CompletedTransaction[] = [];

  constructor(entries: readonly ProducerEntry[] = []) {
    for (const entry of entries) this.#add(entry);
    const open = entries.filter((entry) => entry.currentTxnFirstOffset >= 0);
    open.sort((a, b) => a.currentTxnFirstOffset - b.currentTxnFirstOffset);
    for (const entry of open) this.#open.begin(entry.producerId, entry.currentTxnFirstOffset);
  }

  /**
   * What a producer's batch is before it is appended: NONE, DUPLICATE_SEQUENCE_NUMBER (an answer, not an error: see
   * duplicateOffset), OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH or INVALID_TXN_STATE. An unknown producer
   * may begin anywhere: its earlier batches may have been deleted (KIP-360).
   */
  check(bytes: Buffer, at: number, fromClient = true): number {
    const producerId = batch.producerId(bytes, at);
    if (producerId < 0) return ErrorCode.NONE;
    const entry = this.producers.get(producerId);
    if (entry === undefined) return ErrorCode.NONE;
    const epoch = batch.producerEpoch(bytes, at);
    const first = batch.baseSequence(bytes, at);
    if (fromClient && epoch === entry.epoch && this.#findDuplicate(entry, first, batch.lastSequence(bytes, at))) {
      return ErrorCode.DUPLICATE_SEQUENCE_NUMBER;
    }
    if (epoch < entry.epoch) return ErrorCode.INVALID_PRODUCER_EPOCH;
    const word = batch.attributes(bytes, at);
    if (batch.isControl(word)) return ErrorCode.NONE;
    if (fromClient && !this.#isInOrder(entry, epoch, first)) return ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER;
    const inTransaction = entry.currentTxnFirstOffset >= 0;
    return inTransaction && !batch.isTransactional(word) ? ErrorCode.INVALID_TXN_STATE : ErrorCode.NONE;
  }

  /**
   * Whether the coordinator may write this marker: NONE, INVALID_PRODUCER_EPOCH or TRANSACTION_COORDINATOR_FENCED. With
   * transaction version 2 the coordinator raises the producer's epoch for each marker (KIP-890), so one of the epoch that
   * wrote the records comes from the past; only what has been written already may be written again (KIP-1228).
   */
  checkMarker(producerId: number, epoch: number, coordinatorEpoch: number, transactionVersion = 0): number {
    const entry = this.producers.get(producerId);
    if (entry === undefined) return ErrorCode.NONE;
    const isAgain = epoch === entry.epoch && entry.currentTxnFirstOffset < 0;
    const isOld = transactionVersion >= 2 ? epoch <= entry.epoch && !isAgain : epoch < entry.epoch;
    if (isOld) return ErrorCode.INVALID_PRODUCER_EPOCH;
    return coordinatorEpoch < entry.coordinatorEpoch ? ErrorCode.TRANSACTION_COORDINATOR_FENCED : ErrorCode.NONE;
  }

  /** Takes note of a data batch that is in the log now, base offset and all. */
  append(bytes: Buffer, at: number): void {
    const producerId = batch.producerId(bytes, at);
    if (producerId < 0) return;
    const entry = this.#entryOf(producerId);
    this.#moveToEpoch(entry, batch.producerEpoch(bytes, at));
    const metadata = entry.batches.length < REMEMBERED_BATCHES ? newMetadata() : entry.batches.shift()!;
    metadata.firstSequence = batch.baseSequence(bytes, at);
    metadata.lastSequence = batch.lastSequence(bytes, at);
    metadata.offsetDelta = batch.lastOffsetDelta(bytes, at);
    metadata.lastOffset = batch.lastOffset(bytes, at);
    metadata.timestamp = batch.maxTimestamp(bytes, at);
    entry.batches.push(metadata);
    entry.lastTimestamp = metadata.timestamp;
    if (entry.currentTxnFirstOffset < 0 && batch.isTransactional(batch.attributes(bytes, at))) {
      entry.currentTxnFirstOffset = batch.baseOffset(bytes, at);
      this.#open.begin(producerId, entry.currentTxnFirstOffset);
    }
  }

  /** Takes note of a transaction marker in the log; answers the transaction it ends, null when none was open here. */
  appendMarker(
    bytes: Buffer,
    at: number,
    isAborted: boolean,
    coordinatorEpoch: number,
    timestamp: number,
  ): CompletedTransaction | null {
    const producerId = batch.producerId(bytes, at);
    const entry = this.#entryOf(producerId);
    this.#moveToEpoch(entry, batch.producerEpoch(bytes, at));
    const firstOffset = entry.currentTxnFirstOffset;
    entry.currentTxnFirstOffset = NONE;
    entry.markers++;
    this.#open.end(producerId);
    entry.coordinatorEpoch = coordinatorEpoch;
    entry.lastTimestamp = timestamp;
    if (firstOffset < 0) return null;
    const completed = { producerId, firstOffset, lastOffset: batch.baseOffset(bytes, at), isAborted };
    this.#unreplicated.push(completed);
    return completed;
  }

  /** Takes note of whatever kind of batch it is that a producer, or the coordinator for one, has in the log. */
  replay(bytes: Buffer, at: number): CompletedTransaction | null {
    if (!batch.isControl(batch.attributes(bytes, at))) {
      this.append(bytes, at);
      return null;
    }
    const record = new RecordCursor(bytes, at);
    const marker = record.next() ? readEndTxnMarker(record) : null;
    if (marker === null) return null; // compaction took the marker: nothing to end
    return this.appendMarker(bytes, at, marker.type === 'ABORT', marker.coordinatorEpoch, record.timestamp);
  }

  /** Whether the producer has an open transaction here, under this very epoch. */
  hasOpenTransaction(producerId: number, producerEpoch: number): boolean {
    const entry = this.producers.get(producerId);
    return entry !== undefined && entry.currentTxnFirstOffset >= 0 && entry.epoch === producerEpoch;
  }

  /**
   * Another number once a marker of the producer has come: a batch that was admitted before belongs to a transaction that has ended,
   * and would begin one that is never ended.
   */
  markersOf(producerId: number): number {
    return this.producers.get(producerId)?.markers ?? 0;
  }

  /** First offset of the oldest open transaction, or -1. */
  get firstUndecidedOffset(): number {
    return this.#open.firstOffset;
  }

  /**
   * First offset of the transactions whose marker is not below the high watermark, or -1: a leader that does not have the
   * marker may yet follow, and end them otherwise.
   */
  firstUnreplicatedOffset(highWatermark: number): number {
    const ended = this.#unreplicated;
    if (ended.length === 0) return NONE;
    const left = ended.findIndex(({ lastOffset }) => lastOffset >= highWatermark);
    ended.splice(0, left === -1 ? ended.length : left);
    return ended.reduce((first, { firstOffset }) => (first < 0 ? firstOffset : Math.min(first, firstOffset)), NONE);
  }

  /** Forgets producers without an open transaction that have not written for `expirationMs`. */
  removeExpired(nowMs: number, expirationMs: number): void {
    this.largestId = NONE;
    for (const [producerId, entry] of this.producers) {
      if (entry.currentTxnFirstOffset < 0 && nowMs - entry.lastTimestamp >= expirationMs) {
        this.producers.delete(producerId);
      } else this.largestId = Math.max(this.largestId, producerId);
    }
  }

  /** Of the ids in `producers` below `end`, -1 without any. A client may write under any id, however large. */
  largestIdBelow(end: number): number {
    if (this.largestId < end) return this.largestId;
    let largest = NONE;
    for (const producerId of this.producers.keys()) if (producerId < end) largest = Math.max(largest, producerId);
    return largest;
  }

  #add(entry: ProducerEntry): void {
    this.producers.set(entry.producerId, entry);
    this.largestId = Math.max(this.largestId, entry.producerId);
  }

  #entryOf(producerId: number): ProducerEntry {
    let entry = this.producers.get(producerId);
    if (entry === undefined) {
      entry = {
        producerId,
        epoch: NONE,
        coordinatorEpoch: NONE,
        lastTimestamp: NONE,
        currentTxnFirstOffset: NONE,
        markers: 0,
        batches: [],
      };
      this.#add(entry);
    }
    return entry;
  }

  #moveToEpoch(entry: ProducerEntry, epoch: number): void {
    if (entry.epoch === epoch) return;
    entry.epoch = epoch;
    entry.batches.length = 0;
  }

  #findDuplicate(entry: ProducerEntry, firstSequence: number, lastSequence: number): boolean {
    for (const known of entry.batches) {
      if (known.firstSequence !== firstSequence || known.lastSequence !== lastSequence) continue;
      this.duplicateOffset = known.lastOffset - known.offsetDelta;
      this.duplicateTimestamp = known.timestamp;
      return true;
    }
    return false;
  }

  #isInOrder(entry: ProducerEntry, epoch: number, firstSequence: number): boolean {
    if (epoch !== entry.epoch) return firstSequence === 0;
    const last = entry.batches.at(-1)?.lastSequence ?? NONE;
    // Without batches (a marker came last) only 0 may follow; from 2^31-1 on it goes round to 0.
    return firstSequence === batch.addToSequence(last, 1);
  }
}

function newMetadata(): BatchMetadata {
  return { firstSequence: NONE, lastSequence: NONE, lastOffset: NONE, offsetDelta: 0, timestamp: NONE };
}
