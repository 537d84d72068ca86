/**
 * The batches of a partition one after the other by their headers alone, for those who count records or look for a few: what
 * a batch holds is read, checked and decoded when it is asked for.
 */
import * as batch from '../../protocol/records/batch.ts';
import { RecordCursor, type Record } from '../../protocol/records/decode.ts';
import { CheckedReader } from '../log/checked-reader.ts';
import type { Log } from '../log/log.ts';
import type { Range } from '../log/log-options.ts';

/** Enough for some hundred small batches; of large ones the header alone is used. */
const WINDOW_BYTES = 16 * 1024;

/** One batch of a walk; valid until the walk goes on. */
export class StoredBatch {
  readonly #window = Buffer.allocUnsafe(WINDOW_BYTES);
  #windowStart = 0;
  #windowLength = 0;
  /** What `locate` found last: the next one who asks fills the same object again. */
  #range: Pick<Range, 'segment' | 'file' | 'endOffset'> | null = null;
  #position = 0;
  #end = 0;
  /** Where its header lies in the window. */
  #at = 0;

  get baseOffset(): number {
    return batch.baseOffset(this.#window, this.#at);
  }

  get lastOffset(): number {
    return batch.lastOffset(this.#window, this.#at);
  }

  /** Fewer than its offsets say where compaction has taken some. */
  get recordCount(): number {
    return batch.recordCount(this.#window, this.#at);
  }

  /** Milliseconds since 1970: of its first record. */
  get baseTimestamp(): number {
    return batch.baseTimestamp(this.#window, this.#at);
  }

  get isControl(): boolean {
    return batch.isControl(batch.attributes(this.#window, this.#at));
  }

  get isTransactional(): boolean {
    return batch.isTransactional(batch.attributes(this.#window, this.#at));
  }

  get producerId(): number {
    return batch.producerId(this.#window, this.#at);
  }

  /** The attribute id of its codec: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  get compression(): number {
    return batch.compressionOf(batch.attributes(this.#window, this.#at));
  }

  /** Its records, one after the other: a caller that stops has only those made that it has seen. */
  *records(): Generator<Record, void, void> {
    const record = this.cursor();
    while (record.next()) {
      const { offset, timestamp, key, value } = record;
      yield { offset, timestamp, key, value, headers: record.headers() };
    }
  }

  /**
   * The same without making anything, in `room` where that is large enough: memory for a large batch takes longer to get than its
   * bytes to read. @throws {CorruptBatchError} where the disk does not give what was appended
   */
  cursor(room: Buffer | null = null): RecordCursor {
    const { size } = this;
    const bytes = room !== null && room.length >= size ? room.subarray(0, size) : Buffer.allocUnsafe(size);
    const place = { position: this.#position, length: bytes.length, offset: this.baseOffset };
    const reader = new CheckedReader({ ...this.#range!, ...place });
    for (let at = 0; at < bytes.length;) at += reader.read(bytes, at, bytes.length - at, this.#position + at);
    return new RecordCursor(bytes);
  }

  /** For storedBatches: stands before the first batch of a range. */
  begin({ segment, file, endOffset, position, length }: Range): void {
    this.#range = { segment, file, endOffset };
    this.#position = position;
    this.#end = position + length;
    this.#windowLength = 0;
  }

  /** For storedBatches: whether there is a whole batch where it stands. */
  load(): boolean {
    const left = this.#end - this.#position;
    if (left < batch.BATCH_OVERHEAD) return false;
    if (this.#position + batch.BATCH_OVERHEAD > this.#windowStart + this.#windowLength || this.#windowLength === 0) {
      this.#windowStart = this.#position;
      const wanted = Math.min(WINDOW_BYTES, left);
      this.#windowLength = this.#range!.file.read(this.#window, 0, wanted, this.#position);
      if (this.#windowLength < batch.BATCH_OVERHEAD) return false;
    }
    this.#at = this.#position - this.#windowStart;
    return this.size >= batch.BATCH_OVERHEAD && this.size <= left;
  }

  /** For storedBatches: stands behind the batch. */
  pass(): void {
    this.#position += this.size;
  }

  /** In bytes. */
  get size(): number {
    return batch.sizeInBytes(this.#window, this.#at);
  }
}

/** From the batch that holds `from` to the last that begins below `upTo`; always the same object. */
export function* storedBatches(log: Log, from: number, upTo: number): Generator<StoredBatch, void, void> {
  const current = new StoredBatch();
  for (let offset = Math.max(from, log.logStartOffset); offset < upTo;) {
    const range = log.locate(offset, upTo, Number.MAX_SAFE_INTEGER, true);
    if (range === null) return;
    const before = offset;
    for (current.begin(range); current.load(); current.pass()) {
      offset = current.lastOffset + 1;
      yield current;
    }
    if (offset === before) return;
  }
}
