/** A produce answer that waits until the disk has what it acknowledges (flush.messages): written now, sent then. */
import { ErrorCode } from '../../protocol/errors.ts';
import { writeInt16 } from '../../protocol/records/batch.ts';
import type { Writer } from '../../protocol/writer.ts';
import type { UnsettledAnswers } from '../partitions/unsettled.ts';
import type { Reply } from './handler.ts';

const ERROR_CODE_BYTES = 2;
const INT64_BYTES = 8;

export class DurableReply {
  readonly #unsettled: UnsettledAnswers;
  readonly #waits: { readonly at: number; readonly committed: Promise<void> }[] = [];

  constructor(unsettled: UnsettledAnswers) {
    this.#unsettled = unsettled;
  }

  /** The result whose error code stands at `at` of the output counts when `committed` resolves. */
  add(at: number, committed: Promise<void>): void {
    this.#waits.push({ at, committed });
  }

  /** Takes the body from `start` of `output` on; `offsets` int64 fields follow each error code, -1 where it failed. */
  async sent(output: Writer, start: number, offsets: number): Promise<Reply> {
    const body = Buffer.from(output.buffer.subarray(start, output.position));
    this.#unsettled.keep(output, start, body);
    await Promise.all(
      this.#waits.map(async ({ at, committed }) => {
        try {
          await committed;
        } catch {
          writeInt16(body, at - start, ErrorCode.KAFKA_STORAGE_ERROR);
          const fields = at - start + ERROR_CODE_BYTES;
          body.fill(0xff, fields, fields + offsets * INT64_BYTES);
        }
      }),
    );
    return (later) => later.bytes(body);
  }
}
