/** The log of a partition that another broker leads, as its follower changes it: by what the leader has, and by nothing else. */
import type { Partition } from './partition.ts';

export class FollowerLog {
  readonly #partition: Partition;

  constructor(partition: Partition) {
    this.#partition = partition;
  }

  get endOffset(): number {
    return this.#partition.endOffset;
  }

  /** The leader epoch of the record at `offset`, or -1. */
  epochOf(offset: number): number {
    return this.#partition.log.epochOf(offset);
  }

  /** The largest epoch not above `epoch`, -1 where there is none, and where it ended. */
  endOffsetForEpoch(epoch: number): { readonly leaderEpoch: number; readonly endOffset: number } {
    return this.#partition.log.endOffsetForEpoch(epoch);
  }

  /**
   * Appends what the leader sent; see Log.appendAsFollower. Null, or, where flush.messages asks for it, what resolves once it is
   * on the disk: the leader takes the next fetch as word that it is.
   */
  append(bytes: Buffer, at: number, length: number): Promise<void> | null {
    const { log, leaderEpoch } = this.#followed();
    const { flusher, health } = log;
    log.appendAsFollower(bytes, at, length, leaderEpoch);
    if (health.isRefusing) health.writeSucceeded();
    if (!flusher.awaitsCommit) return null;
    const synced = flusher.commits.join();
    flusher.startCommit();
    return synced;
  }

  /** Cuts what the leader does not have. */
  truncateTo(offset: number): void {
    this.#followed().log.truncateTo(offset);
    this.#partition.wasCut();
  }

  /** Throws all away: the leader has nothing before `offset` any more. */
  startAnewAt(offset: number): void {
    this.#followed().log.truncateFullyAndStartAt(offset);
    this.#partition.wasCut();
    this.#partition.followHighWatermark(offset);
  }

  /** The leader has deleted what was before `offset`. */
  deleteRecordsBefore(offset: number): void {
    const { logStartOffset, highWatermark, log } = this.#followed();
    const start = Math.min(offset, highWatermark);
    if (start > logStartOffset) log.deleteRecordsBefore(start);
  }

  #followed(): Partition {
    const { topic, index, isLeader } = this.#partition;
    if (isLeader) throw new Error(`${topic}-${index} leads: no other broker says what its log has`);
    return this.#partition;
  }
}
