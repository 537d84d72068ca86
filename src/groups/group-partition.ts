/** All groups of one partition of __consumer_offsets, as its records tell. Pure: durable state changes in `replay`. */
import type { ClassicGroup } from './classic/state.ts';
import { addMember, newClassicGroup } from './classic/state.ts';
import type { ConsumerRecord } from './consumer/records.ts';
import { replayConsumer } from './consumer/replay.ts';
import { newConsumerGroup } from './consumer/state.ts';
import type { Group } from './group.ts';
import type { CommittedOffset } from './offsets/group-offsets.ts';
import { GroupOffsets } from './offsets/group-offsets.ts';
import { PendingOffsets } from './offsets/pending-offsets.ts';
import { subscribedTopics } from './classic/protocol-vote.ts';
import type { GroupMetadata } from './classic/state.ts';
import type { GroupRecord } from './records.ts';

const NO_OFFSETS: GroupOffsets = new GroupOffsets();

export class GroupPartition {
  readonly index: number;
  readonly leaderEpoch: number;
  readonly groups = new Map<string, Group>();
  /** Offsets of open transactions (KIP-98): they count once the transaction commits. */
  readonly pending = new PendingOffsets();
  readonly #offsets = new Map<string, GroupOffsets>();

  constructor(index: number, leaderEpoch: number) {
    this.index = index;
    this.leaderEpoch = leaderEpoch;
  }

  /** The group's committed offsets; none for a group without. Not to be changed. */
  offsetsOf(groupId: string): GroupOffsets {
    return this.#offsets.get(groupId) ?? NO_OFFSETS;
  }

  /** `producerId` is that of the transaction the record belongs to, -1 outside of one. */
  replay(record: GroupRecord, producerId = -1): void {
    if (record.type === 'group') return this.#replayGroup(record.groupId, record.metadata);
    if (record.type !== 'offset') return this.#replayConsumer(record);
    const { groupId, topic, partition, committed } = record;
    if (committed !== null && !this.groups.has(groupId)) {
      // Offsets of someone who does not use membership: a group of this name without members.
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

  #replayGroup(groupId: string, metadata: GroupMetadata | null): void {
    if (metadata !== null) this.groups.set(groupId, groupFrom(groupId, metadata));
    else if (this.groups.get(groupId)?.type === 'classic') this.groups.delete(groupId);
  }

  /** A tombstone may outlive what it ended: it says nothing of a group of another type. */
  #replayConsumer(record: ConsumerRecord): void {
    const { groupId } = record;
    let group = this.groups.get(groupId);
    if (group?.type !== 'consumer') {
      if (record.value === null) return;
      this.groups.set(groupId, (group = newConsumerGroup(groupId)));
    }
    replayConsumer(group, record);
    if (record.type === 'consumerEpoch' && record.value === null) this.groups.delete(groupId);
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

/** A group with members was stable when it was written: each generation is stored with its assignment. */
function groupFrom(groupId: string, metadata: GroupMetadata): ClassicGroup {
  const group = newClassicGroup(groupId, metadata.currentStateTimestamp);
  group.generationId = metadata.generation;
  group.protocolType = metadata.protocolType === '' ? null : metadata.protocolType;
  group.protocolName = metadata.protocol;
  for (const stored of metadata.members) {
    const rebalanceTimeoutMs = stored.rebalanceTimeout === -1 ? stored.sessionTimeout : stored.rebalanceTimeout;
    addMember(group, {
      memberId: stored.memberId,
      groupInstanceId: stored.groupInstanceId,
      clientId: stored.clientId,
      clientHost: stored.clientHost,
      connectionId: -1,
      rebalanceTimeoutMs,
      sessionTimeoutMs: stored.sessionTimeout,
      protocols: [{ name: metadata.protocol ?? '', metadata: stored.subscription }],
      assignment: stored.assignment,
      joining: null,
      syncing: null,
      isNew: false,
    });
  }
  group.leader = metadata.leader;
  if (metadata.members.length > 0) group.state = 'Stable';
  group.subscribedTopics = subscribedTopics(group);
  return group;
}
