/**
 * Looks at records while they come out of a codec, by the length in front of each, and ends it at one that is too large or can
 * be none: before there is memory for it.
 */
import { BadCompression } from './bounded-output.ts';
import { readVarint, type Cursor } from './record.ts';
import { Malformed } from './walk.ts';

/** Records that a broker refuses for what they declare. */
export class RefusedRecords extends BadCompression {
  override name = 'RefusedRecords';
}

/** Attributes, and one byte each for timestamp, offset, key, value and headers. */
const SHORTEST_RECORD = 6;
const LONGEST_VARINT = 5;

export class RecordLengths implements Cursor {
  next = 0;
  readonly #count: number;
  readonly #maxRecordBytes: number;
  #at = 0;
  #seen = 0;

  /** `count`: the records that the batch declares. */
  constructor(count: number, maxRecordBytes: number) {
    this.#count = count;
    this.#maxRecordBytes = maxRecordBytes;
  }

  /** Looks at what has come since; the output lies in `bytes` up to `end`. Throws RefusedRecords. */
  look(bytes: Buffer, end: number): void {
    while (this.#at < end) {
      if (this.#seen === this.#count) throw new RefusedRecords(Malformed.trailing);
      const length = readVarint(bytes, this.#at, end, this);
      if (this.next < 0) {
        if (end - this.#at < LONGEST_VARINT) return; // the rest of it is still to come
        throw new RefusedRecords(Malformed.varint);
      }
      if (length < SHORTEST_RECORD) throw new RefusedRecords(Malformed.size);
      if (length > this.#maxRecordBytes) {
        throw new RefusedRecords(
          `A record of ${length} bytes is larger than max.decompressed.message.bytes=${this.#maxRecordBytes}`,
        );
      }
      this.#at = this.next + length;
      this.#seen++;
    }
  }
}
