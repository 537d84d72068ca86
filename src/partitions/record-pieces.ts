/** Reads a log record by record, for those who replay their state from it. */
import { InvalidRequest } from '../../protocol/reader.ts';
import * as batch from '../../protocol/records/batch.ts';
import { BadCompression } from '../../protocol/records/compression.ts';
import {
  batches,
  CorruptRecords,
  decodeHeader,
  RecordCursor,
  type BatchHeader,
  type Record,
} from '../../protocol/records/decode.ts';
import { CheckedReader } from '../log/checked-reader.ts';
import type { Log } from '../log/log.ts';

/** Logs are replayed in pieces of this size, larger where a single batch is larger. */
const REPLAY_BYTES = 1 << 20;
/** And a large batch in pieces of so many records: some kilobytes may hold millions. */
const REPLAY_RECORDS = 5000;

/** A record without its headers, which mean nothing to the broker. */
export type ReplayedRecord = Omit<Record, 'headers'>;

/** Keeps nothing of the record or its bytes. Throws InvalidRequest for a record that is none of its own. */
export type RecordVisitor = (record: ReplayedRecord, header: BatchHeader) => void;

/** Told of what is passed over because it cannot be read: a record, or from there on the rest of its batch. */
export type OnUnreadable = (offset: number, error: Error) => void;

/** `source.log` may change between two turns: the partition may move. */
export function* recordPieces(
  source: { readonly log: Log },
  visit: RecordVisitor,
  onUnreadable: OnUnreadable,
  from: number,
): Generator<void> {
  for (let offset = from; offset < source.log.endOffset;) {
    const range = source.log.locate(offset, source.log.endOffset, REPLAY_BYTES, true);
    if (range === null) return;
    const bytes = Buffer.allocUnsafe(range.length);
    for (let at = 0, reader = new CheckedReader(range); at < bytes.length;) {
      at += reader.read(bytes, at, bytes.length - at, range.position + at);
    }
    for (const at of batches(bytes)) {
      yield* batchPieces(bytes, at, visit, onUnreadable);
      offset = batch.lastOffset(bytes, at) + 1;
    }
    if (offset < source.log.endOffset) yield;
  }
}

/** Visits the records of one batch, and pauses within a large one. What cannot be read ends nothing. */
export function* batchPieces(
  bytes: Buffer,
  at: number,
  visit: RecordVisitor,
  onUnreadable: OnUnreadable,
): Generator<void> {
  let offset = batch.baseOffset(bytes, at);
  try {
    const header = decodeHeader(bytes, at);
    const record = new RecordCursor(bytes, at);
    for (let count = 1; record.next(); count++) {
      ({ offset } = record);
      visitReadable(record, header, visit, onUnreadable);
      if (count % REPLAY_RECORDS === 0) yield;
    }
  } catch (error) {
    if (!(error instanceof CorruptRecords || error instanceof BadCompression)) throw error;
    onUnreadable(offset, error);
  }
}

function visitReadable(
  record: ReplayedRecord,
  header: BatchHeader,
  visit: RecordVisitor,
  onUnreadable: OnUnreadable,
): void {
  try {
    visit(record, header);
  } catch (error) {
    if (!(error instanceof InvalidRequest)) throw error;
    onUnreadable(record.offset, error);
  }
}
