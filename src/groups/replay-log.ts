/** Brings a partition of __consumer_offsets back to what its log tells, transactions included. */
import type { DecodedBatch, Record } from '../../protocol/records/decode.ts';
import type { GroupPartition } from './group-partition.ts';
import { readerOf } from './record-bytes.ts';
import { decodeRecord } from './records.ts';

const COMMIT_MARKER = 1;

/** Each turn of the iterator replays one piece of the log; `unknown` is told the kinds of keys that it passes over. */
export function replayPieces(
  log: { recordPieces(visit: (record: Record, batch: DecodedBatch) => void): Iterator<void> },
  at: GroupPartition,
  unknown: (kind: number) => void,
): Iterator<void> {
  return log.recordPieces(({ key, value }, batch) => {
    if (key === null) return;
    const producerId = batch.isTransactional ? batch.producerId : -1;
    if (batch.isControl) {
      const commit = readerOf(key.subarray(2)).int16() === COMMIT_MARKER; // behind the marker's version
      return at.completeTransaction(batch.producerId, commit);
    }
    const record = decodeRecord(key, value);
    if (record === null) unknown(readerOf(key).int16());
    else at.replay(record, producerId);
  });
}
