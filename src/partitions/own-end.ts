/**
 * Up to where a leader itself has records as flush.messages asks. As in Kafka, records that it wants on the disk count, even for the
 * leader itself, only when they are there.
 */
import type { Log } from '../log/log.ts';

export class OwnEnd {
  offset: number;
  /** Up to where appends have asked for a flush before they count. */
  #flushBelow = 0;

  /** What is found at a start counts. */
  constructor(endOffset: number) {
    this.offset = endOffset;
  }

  /** Whether nothing has to wait for the disk. */
  isWhole({ flusher: { awaitsCommit, durableOffset } }: Log): boolean {
    return !awaitsCommit && this.#flushBelow <= durableOffset;
  }

  /** A term begins. What is there counts, as after a start; but where others have replicas not before a flush under way has ended. */
  begin({ flusher, endOffset }: Log, hasFollowers: boolean): void {
    this.#flushBelow = 0;
    if (!flusher.isCommitPending || !hasFollowers) return;
    this.#flushBelow = endOffset;
    this.offset = Math.min(this.offset, flusher.durableOffset);
    flusher.startCommit(); // one that has begun before a cut says nothing
  }

  /** What was appended last asks for a flush. Rejects where that fails. */
  awaitFlush({ flusher, endOffset }: Log): Promise<void> {
    this.#flushBelow = endOffset;
    const flushed = flusher.commits.join();
    flusher.startCommit();
    return flushed;
  }

  /** Whether it has moved. */
  count({ flusher: { durableOffset }, endOffset }: Log): boolean {
    const isFlushed = this.#flushBelow <= durableOffset;
    const offset = isFlushed ? endOffset : Math.min(endOffset, Math.max(this.offset, durableOffset));
    if (offset === this.offset) return false;
    this.offset = offset;
    return true;
  }

  cutTo(endOffset: number): void {
    this.offset = Math.min(this.offset, endOffset);
  }
}
