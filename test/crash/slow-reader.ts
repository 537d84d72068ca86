/** A consumer that takes its answer piece by piece, so slowly that files go under it: it gets its own records, or an error. */
import * as batch from '../../protocol/records/batch.ts';
import { decodeBatch } from '../../protocol/records/decode.ts';
import { CheckedReader } from '../../src/log/checked-reader.ts';
import { DeletedError } from '../../src/log/owned-files.ts';
import type { Partition } from '../../src/partitions/partition.ts';

export class SlowReader {
  readonly #reader: CheckedReader;
  readonly #values: ReadonlySet<string>;
  readonly #end: number;
  #position: number;

  private constructor(reader: CheckedReader, values: ReadonlySet<string>, position: number, length: number) {
    this.#reader = reader;
    this.#values = values;
    this.#position = position;
    this.#end = position + length;
  }

  /** Null where there is nothing to read. */
  static open({ log }: Partition): SlowReader | null {
    if (log.logStartOffset === log.endOffset) return null;
    const range = log.locate(log.logStartOffset, log.endOffset, 1 << 20, true);
    if (range === null) return null;
    const { position, length } = range;
    const values = new Set<string>();
    const whole = new CheckedReader(range);
    for (let at = position; at < position + length; at = next(whole, at, position + length, values));
    return new SlowReader(new CheckedReader(range), values, position, length);
  }

  /** Takes one batch more; false at the end. @throws when it is not one of those that it was promised */
  step(): boolean {
    const found = new Set<string>();
    try {
      if (this.#position === this.#end) return false;
      this.#position = next(this.#reader, this.#position, this.#end, found);
    } catch (error) {
      if (error instanceof DeletedError) return false;
      throw error;
    }
    for (const value of found) if (!this.#values.has(value)) throw new Error(`A slow reader was given ${value}`);
    return true;
  }
}

/** Reads the batch at `position`; answers where the next one begins. */
function next(reader: CheckedReader, position: number, end: number, values: Set<string>): number {
  const bytes = Buffer.alloc(Math.min(1 << 16, end - position));
  reader.read(bytes, 0, bytes.length, position);
  for (const { offset, value } of decodeBatch(bytes, 0).records) values.add(`${offset} ${String(value)}`);
  return position + batch.sizeInBytes(bytes, 0);
}
