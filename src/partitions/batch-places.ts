/** Where the batches of a partition lie in a file, for those who hand out some of their records. */
import { CheckedReader } from '../log/checked-reader.ts';
import type { Range } from '../log/log-options.ts';
import type { Partition } from './partition.ts';
import type { RecordFile } from './read.ts';
import { StoredBatch } from './stored-batch.ts';

export interface BatchPlace {
  readonly first: number;
  /** The last offset that is part of it. */
  readonly last: number;
  readonly position: number;
  readonly length: number;
  /** Its records are of a transaction that was aborted. Asked for readers of committed records only. */
  readonly isAborted: boolean;
}

export interface BatchPlaces {
  /** In order, one at least; all in one file. */
  readonly batches: readonly BatchPlace[];
  /** The file for what lies between two of the batches, both included. */
  readonly file: (first: BatchPlace, last: BatchPlace) => RecordFile;
}

export interface PlacesAsked {
  /** Within the log. */
  readonly from: number;
  /** The last batch begins below. */
  readonly upTo: number;
  readonly maxBytes: number;
  readonly readCommitted: boolean;
  /** Told of each batch in order; true where none behind it is asked for. */
  isEnough(batch: BatchPlace): boolean;
}

/** Its window is as large as what many requests read together: one for all of them. */
const walk = new StoredBatch();

/** The batch that holds `from`, or the first behind it, and those that follow, however large the first is. Null where there is none. */
export function batchPlaces({ log }: Partition, asked: PlacesAsked): BatchPlaces | null {
  const { from, upTo, maxBytes, readCommitted } = asked;
  const found = log.locate(from, upTo, maxBytes, true);
  if (found === null) return null;
  const range: Range = { ...found };
  const aborted = readCommitted ? log.abortedTransactions(from, range.nextOffset) : [];
  const batches: BatchPlace[] = [];
  let { position } = range;
  for (walk.begin(range); walk.load(); walk.pass()) {
    const { baseOffset: first, lastOffset: last, producerId, size: length } = walk;
    const isAborted =
      aborted.length > 0 &&
      walk.isTransactional &&
      !walk.isControl &&
      aborted.some((each) => each.producerId === producerId && each.firstOffset <= first && last <= each.lastOffset);
    const batch = { first, last, position, length, isAborted };
    batches.push(batch);
    position += length;
    if (asked.isEnough(batch)) break;
  }
  if (batches.length === 0) return null;
  return {
    batches,
    file: (first, last) => {
      if (!log.config.checkCrcsOnFetch) return range.file;
      const end = last.position + last.length;
      return new CheckedReader({
        ...range,
        position: first.position,
        length: end - first.position,
        offset: first.first,
      });
    },
  };
}

/** How many bytes can be read from an offset on: those of one batch at least, or else up to `maxBytes`; 0 where there is nothing. */
export function readableBytes({ log }: Partition, from: number, upTo: number, maxBytes: number): number {
  return log.locate(Math.max(from, log.logStartOffset), upTo, maxBytes, true)?.length ?? 0;
}
