/**
 * The metadata log as the active controller serves it: its batches in memory from a snapshot's end on. What a follower says of
 * its own log is held against the epochs here, as KafkaRaftClient and ReplicatedLog do (KIP-595, KIP-630).
 */
import * as batch from '../../protocol/records/batch.ts';
import type { EpochEnd } from '../cluster/metadata-directory.ts';
import type { LogBatch } from './metadata-log.ts';

/** 'behind': it has to fetch the snapshot. An end: it has gone another way, and cuts its log there. */
export type FollowerState = 'valid' | 'behind' | EpochEnd;

export class LogCopy {
  /** What comes before it lies in the snapshot only. */
  readonly start: EpochEnd;
  #batches: LogBatch[];
  /** How many bytes there are up to the end of each batch. */
  readonly #sizes: number[] = [];

  /** `start` is 0 and 0 for a log from its beginning. */
  constructor(start: EpochEnd, batches: readonly LogBatch[]) {
    this.start = start;
    this.#batches = [];
    for (const each of batches) this.add(each);
  }

  get endOffset(): number {
    const last = this.#batches.at(-1);
    return last === undefined ? this.start.endOffset : last.offset + last.count;
  }

  get lastEpoch(): number {
    const last = this.#batches.at(-1);
    return last === undefined ? this.start.epoch : epochOf(last);
  }

  get bytes(): number {
    return this.#sizes.at(-1) ?? 0;
  }

  /** @throws {Error} for one that does not go on where the log ends */
  add(one: LogBatch): void {
    if (one.offset !== this.endOffset) {
      throw new Error(`the metadata log ends at ${this.endOffset}: a batch at ${one.offset} does not go on there`);
    }
    this.#batches.push(one);
    this.#sizes.push(this.bytes + one.bytes.length);
  }

  /** The same log from a later place on. */
  from(start: EpochEnd): LogCopy {
    return new LogCopy(start, this.#batches.slice(this.#indexOf(start.endOffset)));
  }

  /** How many bytes of batches lie behind an offset. */
  bytesFrom(offset: number): number {
    const index = this.#indexOf(offset);
    return this.bytes - (index === 0 ? 0 : this.#sizes[index - 1]);
  }

  /** The epoch under which the record before `offset` was written. */
  epochBefore(offset: number): number {
    const index = this.#indexOf(offset) - 1;
    return index < 0 ? this.start.epoch : epochOf(this.#batches[index]);
  }

  /** What a follower is told whose log ends at `offset`, with a record of `epoch`. */
  stateOf(offset: number, epoch: number): FollowerState {
    const { start } = this;
    if (start.endOffset === 0 && offset === 0 && epoch === 0) return 'valid';
    const isBehind =
      offset < start.endOffset ||
      (start.endOffset > 0 && (epoch < start.epoch || (offset === start.endOffset && epoch !== start.epoch)));
    if (isBehind) return 'behind';
    const end = this.#endOf(epoch);
    return end.epoch !== epoch || end.endOffset < offset ? end : 'valid';
  }

  /** Whole batches from `offset` on, one at least where there is one, and no more than `maxBytes` otherwise. */
  read(offset: number, maxBytes: number): Buffer[] {
    const found: Buffer[] = [];
    let size = 0;
    for (let i = this.#indexOf(offset); i < this.#batches.length; i++) {
      const { bytes } = this.#batches[i];
      if (found.length > 0 && size + bytes.length > maxBytes) break;
      found.push(bytes);
      size += bytes.length;
    }
    return found;
  }

  /** The end of the newest epoch that is no newer than `epoch`. */
  #endOf(epoch: number): EpochEnd {
    let [low, high] = [0, this.#batches.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (epochOf(this.#batches[middle]) <= epoch) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return this.start;
    const last = this.#batches[low - 1];
    return { epoch: epochOf(last), endOffset: last.offset + last.count };
  }

  /** Of the batch that holds `offset`; behind the last one where none does. */
  #indexOf(offset: number): number {
    let [low, high] = [0, this.#batches.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { offset: first, count } = this.#batches[middle];
      if (first + count <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function epochOf({ bytes }: LogBatch): number {
  return batch.leaderEpoch(bytes, 0);
}
