/**
 * What a follower makes of its leader's answer to a fetch (KIP-595's way of Kafka's Fetch): it never cuts its log down to a high
 * watermark, only to where the epochs of both logs part. PURE: `test/replication/following.test.ts` has its transcripts.
 *
 *     fetch from the log's end, with the epoch of the record before
 *       ├─ records ───────────▶ append, then fetch on
 *       ├─ diverging epoch ───▶ cut to where the logs part, then fetch on
 *       ├─ out of range ──────▶ ask where the leader's log begins and ends; cut, or start anew at its beginning
 *       └─ any other error ───▶ wait, then fetch again: the image, here or there, is behind
 */
import { ErrorCode } from '../../protocol/errors.ts';
import * as batch from '../../protocol/records/batch.ts';

export interface EpochEnd {
  readonly epoch: number;
  readonly endOffset: number;
}

/** A replica's log, as far as this has to know it. */
export interface FollowedLog {
  readonly endOffset: number;
  epochOf(offset: number): number;
  /** The largest epoch not above `epoch`, -1 where there is none, and where it ended. */
  endOffsetForEpoch(epoch: number): { readonly leaderEpoch: number; readonly endOffset: number };
}

/** Where a replica fetches on. */
export interface FetchPosition {
  readonly fetchOffset: number;
  readonly currentLeaderEpoch: number;
  readonly lastFetchedEpoch: number;
}

/** What Fetch's response says of one partition. */
export interface LeaderAnswer {
  readonly errorCode: number;
  readonly divergingEpoch: EpochEnd;
  readonly records: Uint8Array | null;
}

export type Step =
  | { readonly kind: 'append'; readonly records: Buffer }
  | { readonly kind: 'cut'; readonly to: number }
  | { readonly kind: 'find-range' }
  | { readonly kind: 'wait'; readonly errorCode: number };

const NONE = -1;
const NOTHING = Buffer.alloc(0);

export function positionOf(log: FollowedLog, leaderEpoch: number): FetchPosition {
  const { endOffset } = log;
  return { fetchOffset: endOffset, currentLeaderEpoch: leaderEpoch, lastFetchedEpoch: log.epochOf(endOffset - 1) };
}

export function isSamePosition(a: FetchPosition, b: FetchPosition): boolean {
  return (
    a.fetchOffset === b.fetchOffset &&
    a.currentLeaderEpoch === b.currentLeaderEpoch &&
    a.lastFetchedEpoch === b.lastFetchedEpoch
  );
}

export function stepAfter({ errorCode, divergingEpoch, records }: LeaderAnswer, log: FollowedLog): Step {
  if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) return { kind: 'find-range' };
  if (errorCode !== ErrorCode.NONE) return { kind: 'wait', errorCode };
  if (divergingEpoch.endOffset !== NONE) return { kind: 'cut', to: endOfCommonLog(log, divergingEpoch) };
  return { kind: 'append', records: wholeBatches(records ?? NOTHING) };
}

/** Where a follower's log has to end for the leader's `end` of an epoch; it may have to ask again from there. */
export function endOfCommonLog(log: FollowedLog, { epoch, endOffset }: EpochEnd): number {
  const own = log.endOffsetForEpoch(epoch);
  // Nothing is known of that epoch, nor of any before: the leader's word is all there is.
  if (epoch === NONE || own.leaderEpoch === NONE || own.endOffset === NONE) return Math.min(endOffset, log.endOffset);
  if (own.leaderEpoch === epoch) return Math.min(endOffset, own.endOffset, log.endOffset);
  return Math.min(own.endOffset, log.endOffset);
}

/** What a follower does whose end lies outside the leader's log, which begins at `leaderStart` and ends at `leaderEnd`. */
export function afterOutOfRange(
  ownEnd: number,
  leaderStart: number,
  leaderEnd: number,
): { readonly kind: 'cut' | 'start-anew'; readonly to: number } | null {
  if (ownEnd > leaderEnd) return leaderEnd < leaderStart ? null : { kind: 'cut', to: leaderEnd };
  return ownEnd < leaderStart ? { kind: 'start-anew', to: leaderStart } : null;
}

/** Kafka cuts an answer at its bytes: a batch at the end that is not whole comes again. */
function wholeBatches({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  let end = 0;
  while (bytes.length - end >= batch.BATCH_OVERHEAD) {
    const size = batch.sizeInBytes(bytes, end);
    if (size < batch.BATCH_OVERHEAD || size > bytes.length - end) break;
    end += size;
  }
  // Where nothing is whole it is for the log to refuse.
  return end === 0 ? bytes : bytes.subarray(0, end);
}
