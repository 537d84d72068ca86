/** Brings a partition of __consumer_offsets back to what its log tells, transactions included. */
import type { ReplayedLog } from '../coordination/state-partition.ts';
import type { OnUnreadable } from '../partitions/record-pieces.ts';
import type { GroupPartition } from './group-partition.ts';
import { readerOf } from './record-bytes.ts';
import { decodeRecord } from './records.ts';

const COMMIT_MARKER = 1;

/** Each turn of the iterator replays one piece of the log; `unknown` is told each kind of keys that it passes over. */
export function replayPieces(
  log: ReplayedLog,
  at: GroupPartition,
  unknown: (kind: number) => void,
  onUnreadable: OnUnreadable,
): Iterator<void> {
  const unknownKinds = new Set<number>();
  return log.recordPieces(({ key, value }, batch) => {
    if (key === null) return;
    const producerId = batch.isTransactional ? batch.producerId : -1;
    if (batch.isControl) {
      const commit = readerOf(key.subarray(2)).int16() === COMMIT_MARKER; // behind the marker's version
      return at.completeTransaction(batch.producerId, commit);
    }
    const record = decodeRecord(key, value);
    if (record !== null) return at.replay(record, producerId);
    const kind = readerOf(key).int16();
    if (!unknownKinds.has(kind)) unknown(kind);
    unknownKinds.add(kind);
  }, onUnreadable);
}
