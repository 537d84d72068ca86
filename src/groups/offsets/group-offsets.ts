/** The offsets a group has committed, by topic and partition. Pure. */
/** Named as in OffsetCommitValue. */
export interface CommittedOffset {
  readonly offset: number;
  /** -1: unknown. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  /** Milliseconds since 1970. */
  readonly commitTimestamp: number;
  /** Set by clients older than OffsetCommit v5 that ask for a retention of their own; -1 otherwise. */
  readonly expireTimestamp: number;
  /** 22 characters of base64url; ZERO_UUID where the client knew the name only. */
  readonly topicId: string;
}

/** Committed offsets of one group, by topic and partition. Changed by replayed records only. */
export class GroupOffsets {
  readonly topics = new Map<string, Map<number, CommittedOffset>>();

  get isEmpty(): boolean {
    return this.topics.size === 0;
  }

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.topics.get(topic)?.get(partition);
  }

  set(topic: string, partition: number, offset: CommittedOffset): void {
    let partitions = this.topics.get(topic);
    if (partitions === undefined) this.topics.set(topic, (partitions = new Map()));
    partitions.set(partition, offset);
  }

  delete(topic: string, partition: number): void {
    const partitions = this.topics.get(topic);
    if (partitions?.delete(partition) && partitions.size === 0) this.topics.delete(topic);
  }
}
