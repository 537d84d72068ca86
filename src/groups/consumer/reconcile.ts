/** Reconciles one member with its target assignment: it revokes first, and is assigned then (KIP-848). */
import type { Assignment, TopicPartitions } from '../modern/assignment.ts';
import type { ConsumerGroup, ConsumerMember, OwnedPartitions } from './state.ts';
import { isOwned, isReconciled, MemberState, OWNS_NOTHING } from './state.ts';

export interface Target {
  readonly epoch: number;
  readonly partitions: Assignment;
}

/**
 *                     new epoch, nothing to give up, all free
 *               ┌───────────────────────────────────────────┐
 *               ▼                                           │
 *            STABLE ──── new epoch, partitions to give up ──┼──► UNREVOKED_PARTITIONS
 *               │  ▲                                        │         │
 *               │  │ the last one is free                   │         │ the member no longer
 *               │  │                                        │         │ tells that it has them
 *               │  └──────── UNRELEASED_PARTITIONS ◄────────┴─────────┘
 *               │                    ▲   in the epoch of the target
 *               └────────────────────┘
 *           new epoch, nothing to give up, some partitions still with others
 *
 * `owned` is what the member says it has; null where it does not say. `subscribed` are the ids of its topics: it is
 * given nothing else, whatever the target says, and gives all else up at once where its subscription has changed.
 */
export function reconcile(
  group: ConsumerGroup,
  member: ConsumerMember,
  target: Target,
  owned: readonly TopicPartitions[] | null,
  subscribed: () => ReadonlySet<string>,
  subscriptionChanged: boolean,
): ConsumerMember {
  switch (member.state) {
    case MemberState.STABLE:
      if (!isReconciled(member, target.epoch)) break;
      return subscriptionChanged ? dropUnsubscribed(member, owned, subscribed()) : member;
    case MemberState.UNREVOKED_PARTITIONS:
      if (owned === null || stillOwns(owned, member.partitionsPendingRevocation)) {
        return subscriptionChanged ? dropUnsubscribed(member, owned, subscribed()) : member;
      }
      // The next epoch, for the time in which the member has revoked and has not been assigned yet.
      return advance(group, { ...member, memberEpoch: member.memberEpoch + 1 }, member, target, owned, subscribed());
  }
  return advance(group, member, member, target, owned, subscribed());
}

/** `from` is the member with the epoch it stays in if it has more to give up. */
function advance(
  group: ConsumerGroup,
  from: ConsumerMember,
  before: ConsumerMember,
  target: Target,
  owned: readonly TopicPartitions[] | null,
  subscribed: ReadonlySet<string>,
): ConsumerMember {
  const kept = new Map<string, Map<number, number>>();
  const pending = new Map<string, Map<number, number>>();
  for (const [topicId, partitions] of from.assignedPartitions) {
    const wanted = subscribed.has(topicId) ? target.partitions.get(topicId) : undefined;
    for (const [partition, epoch] of partitions) {
      put(wanted?.has(partition) ? kept : pending, topicId, partition, epoch);
    }
  }
  if (pending.size > 0 && (owned === null || stillOwns(owned, pending))) {
    return {
      ...from,
      previousMemberEpoch: before.memberEpoch,
      state: MemberState.UNREVOKED_PARTITIONS,
      assignedPartitions: kept,
      partitionsPendingRevocation: pending,
    };
  }
  let [gained, waits] = [false, false];
  for (const [topicId, partitions] of target.partitions) {
    if (!subscribed.has(topicId)) continue;
    for (const partition of partitions) {
      if (from.assignedPartitions.get(topicId)?.has(partition)) continue;
      if (isOwned(group, topicId, partition)) {
        waits = true;
        continue;
      }
      put(kept, topicId, partition, target.epoch);
      gained = true;
    }
  }
  const state = waits ? MemberState.UNRELEASED_PARTITIONS : MemberState.STABLE;
  // The member waits on: there is nothing to record.
  const same =
    state === before.state &&
    target.epoch === before.memberEpoch &&
    before.previousMemberEpoch === before.memberEpoch &&
    !gained &&
    pending.size === 0;
  if (same) return before;
  return {
    ...from,
    memberEpoch: target.epoch,
    previousMemberEpoch: before.memberEpoch,
    state,
    assignedPartitions: gained || pending.size > 0 ? kept : from.assignedPartitions,
    partitionsPendingRevocation: OWNS_NOTHING,
  };
}

/** Takes topics from the member that it does not subscribe to any more, between two assignments. */
function dropUnsubscribed(
  member: ConsumerMember,
  owned: readonly TopicPartitions[] | null,
  subscribed: ReadonlySet<string>,
): ConsumerMember {
  const kept = new Map<string, ReadonlyMap<number, number>>();
  const pending = new Map<string, ReadonlyMap<number, number>>();
  for (const [topicId, partitions] of member.assignedPartitions) {
    (subscribed.has(topicId) ? kept : pending).set(topicId, partitions);
  }
  if (pending.size === 0) return member;
  const revoked = owned !== null && !stillOwns(owned, pending);
  if (revoked && member.state === MemberState.STABLE) return { ...member, assignedPartitions: kept };
  for (const [topicId, partitions] of member.partitionsPendingRevocation) {
    pending.set(topicId, new Map([...(pending.get(topicId) ?? []), ...partitions]));
  }
  return {
    ...member,
    state: MemberState.UNREVOKED_PARTITIONS,
    assignedPartitions: kept,
    partitionsPendingRevocation: pending,
  };
}

function stillOwns(owned: readonly TopicPartitions[], revoked: OwnedPartitions): boolean {
  return owned.some(({ topicId, partitions }) => {
    const given = revoked.get(topicId);
    return given !== undefined && partitions.some((partition) => given.has(partition));
  });
}

function put(into: Map<string, Map<number, number>>, topicId: string, partition: number, epoch: number): void {
  const partitions = into.get(topicId);
  if (partitions === undefined) into.set(topicId, new Map([[partition, epoch]]));
  else partitions.set(partition, epoch);
}
