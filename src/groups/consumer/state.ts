/** What a group of the consumer protocol (KIP-848) is made of. It changes by replayed records only. */

import type { Group } from '../group.ts';
import type { ModernGroup } from '../modern/group.ts';

/** As in ConsumerGroupCurrentMemberAssignmentValue. */
export const MemberState = {
  /** Has its target assignment, as of its epoch. */
  STABLE: 0,
  /** Was told to revoke partitions, and has not said yet that it did. */
  UNREVOKED_PARTITIONS: 1,
  /** Waits for partitions that other members still have. */
  UNRELEASED_PARTITIONS: 2,
} as const;

/** Each partition with the epoch in which the member got it, by topic id (KIP-1251); no topic without partitions. */
export type OwnedPartitions = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** A member that speaks the classic protocol: what JoinGroup told of it. */
export interface ClassicMetadata {
  readonly sessionTimeoutMs: number;
  readonly supportedProtocols: readonly { readonly name: string; readonly metadata: Uint8Array }[];
}

/** Named as in ConsumerGroupMemberMetadataValue. */
export interface MemberMetadata {
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** In alphabetical order. */
  readonly subscribedTopicNames: readonly string[];
  /** '' for none. */
  readonly subscribedTopicRegex: string;
  readonly rebalanceTimeoutMs: number;
  /** Its vote for an assignor; null for none. */
  readonly serverAssignor: string | null;
  readonly classicMemberMetadata: ClassicMetadata | null;
}

/** Named as in ConsumerGroupCurrentMemberAssignmentValue. */
export interface CurrentAssignment {
  /** -2 for a static member that has gone for a while. */
  readonly memberEpoch: number;
  /** The epoch of a member that has not received its last answer. */
  readonly previousMemberEpoch: number;
  readonly state: number;
  readonly assignedPartitions: OwnedPartitions;
  readonly partitionsPendingRevocation: OwnedPartitions;
}

export interface ConsumerMember extends MemberMetadata, CurrentAssignment {
  readonly memberId: string;
}

/** Named as in ConsumerGroupRegularExpressionValue. */
export interface ResolvedRegex {
  readonly topics: readonly string[];
  /** The revision of the cluster image in which they were looked for. */
  readonly version: number;
  readonly timestamp: number;
}

export interface ConsumerGroup extends ModernGroup<ConsumerMember> {
  readonly type: 'consumer';
  /** Instance id to member id. */
  readonly staticMembers: Map<string, string>;
  /** By regular expression. */
  readonly regexes: Map<string, ResolvedRegex>;
  /** The member that owns each partition, or has not revoked it yet: topic id, partition, member id. */
  readonly owners: Map<string, Map<number, string>>;
  /** When all expressions were last asked for their topics, milliseconds since 1970; not kept in the log. */
  regexesRefreshedMs: number;
}

export const OWNS_NOTHING: OwnedPartitions = new Map();

export function isConsumerGroup(group: Group | undefined): group is ConsumerGroup {
  return group?.type === 'consumer';
}

/** Epochs begin at 1: a member that joins says 0. */
export function newConsumerGroup(groupId: string): ConsumerGroup {
  return {
    type: 'consumer',
    groupId,
    groupEpoch: 1,
    metadataHash: 0n,
    members: new Map(),
    staticMembers: new Map(),
    assignmentEpoch: 1,
    assignmentTimestamp: 0,
    targets: new Map(),
    regexes: new Map(),
    owners: new Map(),
    readTopics: null,
    seenTopics: null,
    regexesRefreshedMs: 0,
    connections: new Map(),
  };
}

export function newConsumerMember(memberId: string): ConsumerMember {
  return {
    memberId,
    instanceId: null,
    rackId: null,
    clientId: '',
    clientHost: '',
    subscribedTopicNames: [],
    subscribedTopicRegex: '',
    rebalanceTimeoutMs: -1,
    serverAssignor: null,
    classicMemberMetadata: null,
    memberEpoch: 0,
    previousMemberEpoch: -1,
    state: MemberState.STABLE,
    assignedPartitions: OWNS_NOTHING,
    partitionsPendingRevocation: OWNS_NOTHING,
  };
}

export type ConsumerState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable';

export function stateOf(group: ConsumerGroup): ConsumerState {
  if (group.members.size === 0) return 'Empty';
  if (group.groupEpoch > group.assignmentEpoch) return 'Assigning';
  for (const member of group.members.values()) if (!isReconciled(member, group.assignmentEpoch)) return 'Reconciling';
  return 'Stable';
}

export function isReconciled(member: ConsumerMember, assignmentEpoch: number): boolean {
  return member.state === MemberState.STABLE && member.memberEpoch === assignmentEpoch;
}

export function isOwned(group: ConsumerGroup, topicId: string, partition: number): boolean {
  return group.owners.get(topicId)?.has(partition) ?? false;
}

/** The same partitions, whatever the epochs. */
export function ownSame(a: OwnedPartitions, b: OwnedPartitions): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [topicId, partitions] of a) {
    const others = b.get(topicId);
    if (others === undefined || others.size !== partitions.size) return false;
    for (const partition of partitions.keys()) if (!others.has(partition)) return false;
  }
  return true;
}

export function usesClassicProtocol(member: ConsumerMember): boolean {
  return member.classicMemberMetadata !== null;
}
