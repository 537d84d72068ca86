/** All groups of one partition of __consumer_offsets, as its records tell. Durable state changes in `replay` alone. */
import type { CoordinatorShard } from '../coordination/coordinator-shard.ts';
import { newClassicGroup } from './classic/state.ts';
import { GroupMap } from './group-map.ts';
import type { GroupRecord, GroupRecordFormat } from './group-record.ts';
import type { CommittedOffset } from './offsets/group-offsets.ts';
import { GroupOffsets } from './offsets/group-offsets.ts';
import { PendingOffsets } from './offsets/pending-offsets.ts';
import { isOffsetRecord } from './offsets/records.ts';
import type { OffsetRecord } from './offsets/records.ts';

/** The same with the log behind it, while this broker coordinates it. */
export type GroupShard = CoordinatorShard<GroupPartition>;

const NO_OFFSETS: GroupOffsets = new GroupOffsets();

export class GroupPartition {
  readonly groups = new GroupMap();
  /** Offsets of open transactions (KIP-98): they count once the transaction commits. */
  readonly pending = new PendingOffsets();
  readonly #offsets = new Map<string, GroupOffsets>();
  readonly #formats: ReadonlyMap<string, GroupRecordFormat>;

  /** `formats` by the type of their records. */
  constructor(formats: ReadonlyMap<string, GroupRecordFormat>) {
    this.#formats = formats;
  }

  /** The group's committed offsets; none for a group without. Not to be changed. */
  offsetsOf(groupId: string): GroupOffsets {
    return this.#offsets.get(groupId) ?? NO_OFFSETS;
  }

  /** `producerId` is that of the transaction the record belongs to, -1 outside of one. */
  replay(record: GroupRecord, producerId = -1): void {
    if (isOffsetRecord(record)) this.#replayCommit(record, producerId);
    else this.#formats.get(record.type)!.replay(this.groups, record);
  }

  #replayCommit({ groupId, topic, partition, committed }: OffsetRecord, producerId: number): void {
    if (committed !== null && !this.groups.has(groupId)) {
      // Offsets of a client that does not use membership: Kafka keeps an empty classic group of this name.
      this.groups.set(groupId, newClassicGroup(groupId, committed.commitTimestamp));
    }
    if (producerId === -1) {
      this.#replayOffset(groupId, topic, partition, committed);
      if (committed === null) this.pending.forget(groupId, topic, partition);
      else this.pending.outdate(groupId, topic, partition);
    } else if (committed !== null) {
      this.pending.add(producerId, { groupId, topic, partition, committed });
    }
  }

  /** The transaction of a producer ended: its offsets count now, or never did. */
  completeTransaction(producerId: number, commit: boolean): void {
    for (const { groupId, topic, partition, committed } of this.pending.complete(producerId, commit)) {
      this.#replayOffset(groupId, topic, partition, committed);
    }
  }

  #replayOffset(groupId: string, topic: string, partition: number, committed: CommittedOffset | null): void {
    let offsets = this.#offsets.get(groupId);
    if (committed === null) {
      offsets?.delete(topic, partition);
      if (offsets?.isEmpty) this.#offsets.delete(groupId);
      return;
    }
    if (offsets === undefined) this.#offsets.set(groupId, (offsets = new GroupOffsets()));
    offsets.set(topic, partition, committed);
  }
}
