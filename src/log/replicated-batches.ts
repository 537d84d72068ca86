/** Whether bytes that a leader sent may follow what a replica's log holds. PURE. */
import * as batch from '../../protocol/records/batch.ts';

/** Thrown for bytes that cannot be what the leader has behind the end of this log; nothing of them is appended. */
export class ReplicatedBatchError extends Error {
  override name = 'ReplicatedBatchError';
}

/** What stands before the bytes, and who has sent them. */
export interface ReplicatedTo {
  readonly endOffset: number;
  readonly latestEpoch: number;
  readonly leaderEpoch: number;
}

/**
 * Whole batches, sound by their CRC, in the order of their offsets from `endOffset` on (compaction leaves gaps), in leader
 * epochs that never go back and never beyond `leaderEpoch`, in which the leader was asked (KAFKA-18723).
 * @throws {ReplicatedBatchError} for the first that is not
 */
export function checkReplicated(
  bytes: Buffer,
  at: number,
  length: number,
  { endOffset, latestEpoch, leaderEpoch }: ReplicatedTo,
): void {
  const end = at + length;
  if (at < 0 || length < 0 || end > bytes.length) throw new RangeError(`No ${length} bytes from ${at} on`);
  let next = endOffset;
  let epoch = latestEpoch;
  for (let position = at; position < end; position += batch.sizeInBytes(bytes, position)) {
    const wrong = isWhole(bytes, position, end)
      ? whatIsWrong(bytes, position, { endOffset: next, latestEpoch: epoch, leaderEpoch })
      : 'is not whole';
    if (wrong !== null) throw new ReplicatedBatchError(`The batch at byte ${position - at} of ${length} ${wrong}`);
    next = batch.nextOffset(bytes, position);
    epoch = batch.leaderEpoch(bytes, position);
  }
}

function isWhole(bytes: Buffer, position: number, end: number): boolean {
  if (end - position < batch.BATCH_OVERHEAD) return false;
  const size = batch.sizeInBytes(bytes, position);
  return size >= batch.BATCH_OVERHEAD && size <= end - position;
}

function whatIsWrong(bytes: Buffer, position: number, before: ReplicatedTo): string | null {
  const { endOffset: next, latestEpoch } = before;
  if (batch.magic(bytes, position) !== batch.CURRENT_MAGIC) return `has magic ${batch.magic(bytes, position)}`;
  if (!batch.isCrcValid(bytes, position)) return 'has a wrong CRC';
  if (batch.lastOffsetDelta(bytes, position) < 0) return 'ends before it begins';
  const baseOffset = batch.baseOffset(bytes, position);
  if (baseOffset < next) return `begins at offset ${baseOffset}, not at ${next} or behind`;
  if (!Number.isSafeInteger(batch.nextOffset(bytes, position))) return 'has an offset beyond all that are given';
  const epoch = batch.leaderEpoch(bytes, position);
  if (epoch < latestEpoch) return `has leader epoch ${epoch} behind ${latestEpoch}`;
  return epoch > before.leaderEpoch ? `has leader epoch ${epoch}, and was asked for in ${before.leaderEpoch}` : null;
}
