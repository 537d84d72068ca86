/** Metadata records, encoded one behind the other: a lost broker of a large cluster is ten thousand, and no buffer is made for each. */
import { Writer } from '../../protocol/writer.ts';
import type { ValueSource } from '../../protocol/records/encode.ts';
import { writeRecord, type MetadataDraft } from './metadata-records.ts';

export class RecordValues implements ValueSource {
  readonly ends: number[] = [];
  readonly #writer = new Writer();

  static of(drafts: readonly MetadataDraft[]): RecordValues {
    const values = new RecordValues();
    for (const draft of drafts) values.add(draft);
    return values;
  }

  get count(): number {
    return this.ends.length;
  }

  /** Valid until the next one is added. */
  get bytes(): Buffer {
    return this.#writer.buffer;
  }

  add(draft: MetadataDraft): void {
    writeRecord(this.#writer, draft);
    this.ends.push(this.#writer.position);
  }

  /** Those of another from one index to another one (exclusive). */
  addAll({ bytes, ends }: RecordValues, from: number, to: number): void {
    const start = from === 0 ? 0 : ends[from - 1];
    const moved = this.#writer.position - start;
    this.#writer.bytes(bytes.subarray(start, ends[to - 1]));
    for (let i = from; i < to; i++) this.ends.push(ends[i] + moved);
  }
}
