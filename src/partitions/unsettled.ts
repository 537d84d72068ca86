/**
 * Answers that say of appends that they succeeded, written while the bytes of these are only staged. Answers leave after the
 * stage has reached the disk; where the disk refuses it, those that are no longer true are made to say so.
 *
 *      append ──add──▶ no answer yet ──answer──▶ stands in the output ──keep──▶ stands in a body that is sent later
 *                           │ lost                     │ lost                        │ lost
 *                           ▼                          ▼                             ▼
 *                  settle throws (acks=0)        KAFKA_STORAGE_ERROR instead of success
 */
import { ErrorCode } from '../../protocol/errors.ts';
import { writeInt16 } from '../../protocol/records/batch.ts';
import type { Writer } from '../../protocol/writer.ts';
import type { Log } from '../log/log.ts';

const ERROR_CODE_BYTES = 2;
const INT64_BYTES = 8;
const NOWHERE = -1;

/** Parallel lists, used again and again: this is on the way of every batch. */
export class UnsettledAnswers {
  #count = 0;
  readonly #logs: Log[] = [];
  readonly #baseOffsets: number[] = [];
  /** Where the error code stands, and how many int64 fields behind it are -1 where it is not NONE. */
  readonly #places: number[] = [];
  readonly #offsets: number[] = [];
  readonly #holders: (Writer | { buffer: Buffer })[] = [];

  /** An append to `log` that got `baseOffset`; nothing tells of it yet. */
  add(log: Log, baseOffset: number): void {
    const i = this.#count++;
    this.#logs[i] = log;
    this.#baseOffsets[i] = baseOffset;
    this.#places[i] = NOWHERE;
  }

  /** The append added last is told of at `place` in the buffer of `output`. */
  answer(output: Writer, place: number, offsets: number): void {
    const i = this.#count - 1;
    this.#holders[i] = output;
    this.#places[i] = place;
    this.#offsets[i] = offsets;
  }

  /** What stood in `output` from `start` on stands in `body` from now on. */
  keep(output: Writer, start: number, body: Buffer): void {
    const holder = { buffer: body };
    for (let i = this.#count - 1; i >= 0 && this.#holders[i] === output && this.#places[i] >= start; i--) {
      this.#holders[i] = holder;
      this.#places[i] -= start;
    }
  }

  /** All appends so far have reached the disk. */
  clear(): void {
    this.#count = 0;
  }

  /** `logs` have been rolled back: false when nobody can be told of an append that is gone. */
  refuse(logs: readonly unknown[]): boolean {
    let isTold = true;
    for (let i = 0; i < this.#count; i++) {
      const log = this.#logs[i];
      if (!logs.includes(log) || this.#baseOffsets[i] < log.endOffset) continue;
      const place = this.#places[i];
      if (place === NOWHERE) {
        isTold = false;
        continue;
      }
      const { buffer } = this.#holders[i];
      writeInt16(buffer, place, ErrorCode.KAFKA_STORAGE_ERROR);
      const fields = place + ERROR_CODE_BYTES;
      buffer.fill(0xff, fields, fields + this.#offsets[i] * INT64_BYTES);
    }
    this.clear();
    return isTold;
  }
}
