/** Reads a log record by record, for those who replay their state from it. */
import { batches, decodeBatch, type DecodedBatch, type Record } from '../../protocol/records/decode.ts';
import { CheckedReader } from '../log/checked-reader.ts';
import type { Log } from '../log/log.ts';

/** Logs are replayed in pieces of this size, larger where a single batch is larger. */
const REPLAY_BYTES = 1 << 20;

/** Keeps nothing of the bytes. */
export type RecordVisitor = (record: Record, batch: DecodedBatch) => void;

/** `source.log` may change between two turns: the partition may move. */
export function* recordPieces(source: { readonly log: Log }, visit: RecordVisitor, from: number): Generator<void> {
  for (let offset = from; offset < source.log.endOffset;) {
    const range = source.log.locate(offset, source.log.endOffset, REPLAY_BYTES, true);
    if (range === null) return;
    const bytes = Buffer.allocUnsafe(range.length);
    for (let at = 0, reader = new CheckedReader(range); at < bytes.length;) {
      at += reader.read(bytes, at, bytes.length - at, range.position + at);
    }
    for (const at of batches(bytes)) {
      const batch = decodeBatch(bytes, at);
      for (const record of batch.records) visit(record, batch);
      offset = batch.lastOffset + 1;
    }
    if (offset < source.log.endOffset) yield;
  }
}
