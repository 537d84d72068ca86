/**
 * Records in a response: ranges of files. Up to INLINE_BYTES of them in all are read right behind what stands before them, and
 * leave in the same write; a longer response keeps them in their files until the client takes them, so that a slow client costs
 * one piece of memory, not the whole response.
 */
import type { Writer } from '../../protocol/writer.ts';
import type { RecordFile } from '../partitions/read.ts';
import type { Streamed } from './handler.ts';

export const INLINE_BYTES = 1 << 20;

/** Bytes of the response, and behind them a range of a file. */
interface Cut {
  readonly at: number;
  readonly file: RecordFile;
  readonly position: number;
  readonly length: number;
}

/** Of one response. Their lengths stand in the output already when they are put behind. */
export class RecordRanges {
  readonly #output: Writer;
  readonly #cuts: Cut[] | null;

  /** `totalLength`: of all that will be put. */
  constructor(output: Writer, totalLength: number) {
    this.#output = output;
    this.#cuts = totalLength > INLINE_BYTES ? [] : null;
  }

  put(file: RecordFile, position: number, length: number): void {
    if (this.#cuts === null) readInto(this.#output, file, position, length);
    else this.#cuts.push({ at: this.#output.position, file, position, length });
  }

  /** What follows the output, once all of the response has been written. */
  rest(): Streamed | undefined {
    return this.#cuts === null ? undefined : stream(this.#output, this.#cuts);
  }
}

function readInto(output: Writer, file: RecordFile, position: number, length: number): void {
  output.ensure(length);
  for (const end = position + length; position < end;) {
    const count = fillFrom(file, output.buffer, output.position, end - position, position);
    output.position += count;
    position += count;
  }
}

/** Says how many bytes came: all, but for a file that checks its batches and gives whole ones only. */
function fillFrom(file: RecordFile, into: Buffer, at: number, length: number, position: number): number {
  const count = file.read(into, at, length, position);
  if (count < length && (count === 0 || file.givesWholeBatches !== true)) {
    throw new Error(`${file.path} ends ${length - count} bytes before the log says`);
  }
  return count;
}

/** Leaves in `output` what comes before the first records; the rest follows piece by piece. */
function stream(output: Writer, cuts: readonly Cut[]): Streamed {
  const start = cuts[0].at;
  // What stands between the ranges of records is small, and the output is needed by others meanwhile.
  const between = Buffer.from(output.buffer.subarray(start, output.position));
  output.position = start;
  let cut = 0;
  let done = 0; // of the cut's range
  let betweenAt = 0;
  let remaining = between.length;
  for (const { length } of cuts) remaining += length;

  return {
    get remaining() {
      return remaining;
    },
    fill(into, at, length) {
      const from = at;
      const end = at + length;
      let isFull = false;
      while (at < end && remaining > 0 && !isFull) {
        let count: number;
        if (cut < cuts.length && betweenAt === cuts[cut].at - start) {
          const { file, position, length: size } = cuts[cut];
          const wanted = Math.min(end - at, size - done);
          count = fillFrom(file, into, at, wanted, position + done);
          done += count;
          if (count < wanted) isFull = true; // the next batch does not fit any more
          if (done === size) {
            cut++;
            done = 0;
          }
        } else {
          const upTo = cut < cuts.length ? cuts[cut].at - start : between.length;
          count = Math.min(end - at, upTo - betweenAt);
          between.copy(into, at, betweenAt, betweenAt + count);
          betweenAt += count;
        }
        at += count;
        remaining -= count;
      }
      return at - from;
    },
  };
}
