/**
 * Which batches and records compaction leaves in a log, as Apache Kafka decides: the last record of every key, tombstones
 * and markers until their time is over (KIP-534), and empty batches where a producer's last sequence number or the end
 * of the cleaned part would be lost with them. PURE.
 */
import * as batch from '../../../protocol/records/batch.ts';
import type { OffsetMap } from './offset-map.ts';
import { emptyBatch, keptBatch, KeptRecords, RecordSpans, type KeptBatch } from './records.ts';
import type { CleanedTransactions } from './transactions.ts';
import type { ProducerEntry } from '../producer-state.ts';

/** What does not change while one group of segments is cleaned. */
export interface FilterOptions {
  readonly map: OffsetMap;
  readonly transactions: CleanedTransactions;
  /** Those who may write again: their last batch, or marker, must stay. */
  readonly producers: ReadonlyMap<number, ProducerEntry>;
  /** The first offset this pass does not clean. */
  readonly upTo: number;
  readonly nowMs: number;
  readonly deleteRetentionMs: number;
}

const spans = new RecordSpans();
const kept = new KeptRecords();

export class BatchFilter {
  readonly #options: FilterOptions;

  constructor(options: FilterOptions) {
    this.#options = options;
  }

  /**
   * What takes the place of the batch at `at`, whose `records` have been decompressed: null (nothing), `bytes` itself when it
   * stays as it is, a new batch, or records for one. To be asked for every batch in order.
   */
  filter(bytes: Buffer, at: number, records: Buffer): Buffer | KeptBatch | null {
    const { transactions, nowMs } = this.#options;
    const word = batch.attributes(bytes, at);
    const horizonMs = batch.hasDeleteHorizon(word) ? batch.baseTimestamp(bytes, at) : null;
    if (!batch.isControl(word)) {
      const left = transactions.isAborted(bytes, at) ? null : this.#filterRecords(bytes, at, records, horizonMs);
      return left ?? this.#orEmpty(bytes, at);
    }
    const isNeedless = transactions.isNeedless(bytes, at);
    if (batch.recordCount(bytes, at) === 0 || (isNeedless && horizonMs !== null && horizonMs <= nowMs)) {
      return this.#orEmpty(bytes, at);
    }
    return isNeedless && horizonMs === null ? this.#withHorizon(bytes, at, records) : bytes;
  }

  #filterRecords(bytes: Buffer, at: number, records: Buffer, horizonMs: number | null): Buffer | KeptBatch | null {
    const { nowMs, deleteRetentionMs } = this.#options;
    const keepsTombstones = horizonMs === null || nowMs < horizonMs;
    const base = batch.baseOffset(bytes, at);
    const count = batch.recordCount(bytes, at);
    let hasTombstones = false;
    kept.clear();
    spans.open(records);
    for (let i = 0; i < count; i++) {
      spans.next();
      if (!this.#isKept(base + spans.offsetDelta, keepsTombstones)) continue;
      if (!spans.hasValue) hasTombstones = true;
      kept.add(spans);
    }
    if (kept.count === 0) return null;
    const newHorizonMs = hasTombstones && horizonMs === null ? nowMs + deleteRetentionMs : null;
    if (kept.count === count && newHorizonMs === null) return bytes;
    return keptBatch(bytes, at, records, kept, newHorizonMs);
  }

  #isKept(offset: number, keepsTombstones: boolean): boolean {
    const { map } = this.#options;
    if (offset > map.latestOffset) return true;
    if (spans.keyLength < 0) return false; // from before the topic was compacted: nobody could ever supersede it
    return (spans.hasValue || keepsTombstones) && offset >= map.get(spans.bytes, spans.keyAt, spans.keyLength);
  }

  /** A marker whose transaction is gone stays for delete.retention.ms: a reader may be in the middle of it. */
  #withHorizon(bytes: Buffer, at: number, records: Buffer): KeptBatch {
    kept.clear();
    spans.open(records);
    for (let i = batch.recordCount(bytes, at); i > 0; i--) {
      spans.next();
      kept.add(spans);
    }
    return keptBatch(bytes, at, records, kept, this.#options.nowMs + this.#options.deleteRetentionMs);
  }

  /** Nothing, unless only this batch tells of a producer's last sequence number, or where the cleaned part ends. */
  #orEmpty(bytes: Buffer, at: number): Buffer | null {
    if (batch.nextOffset(bytes, at) !== this.#options.upTo && !this.#isLastOfProducer(bytes, at)) return null;
    return batch.recordCount(bytes, at) === 0 ? bytes : emptyBatch(bytes, at);
  }

  #isLastOfProducer(bytes: Buffer, at: number): boolean {
    const producerId = batch.producerId(bytes, at);
    const entry = producerId < 0 ? undefined : this.#options.producers.get(producerId);
    if (entry === undefined) return false;
    const last = entry.batches.at(-1);
    if (last !== undefined) return last.lastOffset === batch.lastOffset(bytes, at);
    return batch.isControl(batch.attributes(bytes, at)) && batch.producerEpoch(bytes, at) === entry.epoch;
  }
}
