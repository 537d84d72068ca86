/** Which share partition a state is of, and as the keys of its records: made once, for thousands of them have the same. Pure. */
import { ShareSnapshotKey, ShareUpdateKey } from '../../protocol/topics/share-state.ts';
import { encodeRecordKey } from '../../protocol/versioned.ts';
import type { StatePartitionId } from './share-state.ts';

export class StateKey implements StatePartitionId {
  readonly groupId: string;
  readonly topicId: string;
  readonly partition: number;
  /** See nameOf. */
  readonly name: string;
  #ofUpdates: Buffer | null = null;

  constructor(
    groupId: string,
    { topicId, partition }: StatePartitionId,
    name = nameOf(groupId, { topicId, partition }),
  ) {
    this.groupId = groupId;
    this.topicId = topicId;
    this.partition = partition;
    this.name = name;
  }

  /** The key of a record that holds all of the state. */
  ofSnapshot(): Buffer {
    return encodeRecordKey(ShareSnapshotKey, this);
  }

  /** The key of a record that changes it. To be read only. */
  ofUpdates(): Buffer {
    return (this.#ofUpdates ??= encodeRecordKey(ShareUpdateKey, this));
  }
}

/** As Kafka writes it: the partition of __share_group_state is chosen by its hash. */
export function nameOf(groupId: string, { topicId, partition }: StatePartitionId): string {
  return `${groupId}:${topicId}:${partition}`;
}
