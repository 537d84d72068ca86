/** What a share group (KIP-932) is made of. It changes by replayed records only. */
import type { Group } from '../group.ts';
import type { Assignment } from '../modern/assignment.ts';
import { NO_PARTITIONS } from '../modern/assignment.ts';
import type { ModernGroup, ModernMember } from '../modern/group.ts';

/** Named as in ShareGroupMemberMetadataValue. */
export interface ShareMemberMetadata {
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** In alphabetical order. */
  readonly subscribedTopicNames: readonly string[];
}

/** Named as in ShareGroupCurrentMemberAssignmentValue; its state is always stable. */
export interface ShareCurrentAssignment {
  readonly memberEpoch: number;
  /** The epoch of a member that has not received its last answer. */
  readonly previousMemberEpoch: number;
  readonly assignedPartitions: Assignment;
}

export interface ShareMember extends ModernMember, ShareMemberMetadata, ShareCurrentAssignment {}

/** Partitions of one topic. */
export interface StatefulTopic {
  readonly name: string;
  readonly partitions: ReadonlySet<number>;
}

/** For which partitions the share coordinator keeps state, or is about to; by topic id. */
export interface StatePartitions {
  /** The share coordinator has been asked, and has not been heard to have done it. */
  readonly initializing: ReadonlyMap<string, StatefulTopic>;
  /** Only these are assigned. */
  readonly initialized: ReadonlyMap<string, StatefulTopic>;
  /** The share coordinator has been asked to forget these topics, by their names. */
  readonly deleting: ReadonlyMap<string, string>;
}

export interface ShareGroup extends ModernGroup<ShareMember> {
  readonly type: 'share';
  state: StatePartitions;
  /** When the share coordinator was last asked to initialise, milliseconds since 1970; not kept in the log. */
  initializingSince: number;
  /** Heartbeats have looked at `state` as it is; not kept in the log. */
  seenState: boolean;
}

export const NO_STATE: StatePartitions = { initializing: new Map(), initialized: new Map(), deleting: new Map() };

export function isShareGroup(group: Group | undefined): group is ShareGroup {
  return group?.type === 'share';
}

/** Epochs begin at 1: a member that joins says 0. */
export function newShareGroup(groupId: string): ShareGroup {
  return {
    type: 'share',
    groupId,
    groupEpoch: 1,
    metadataHash: 0n,
    members: new Map(),
    assignmentEpoch: 1,
    assignmentTimestamp: 0,
    targets: new Map(),
    state: NO_STATE,
    readTopics: null,
    seenTopics: null,
    initializingSince: 0,
    seenState: false,
    connections: new Map(),
  };
}

export function newShareMember(memberId: string): ShareMember {
  return {
    memberId,
    rackId: null,
    clientId: '',
    clientHost: '',
    subscribedTopicNames: [],
    memberEpoch: 0,
    previousMemberEpoch: -1,
    assignedPartitions: NO_PARTITIONS,
  };
}

/** Members are told a new assignment with their next heartbeat, and none has to give up anything first. */
export function stateOf({ members }: ShareGroup): 'Empty' | 'Stable' {
  return members.size === 0 ? 'Empty' : 'Stable';
}

/** Every topic name that one of the members subscribes to. */
export function namesOf(members: Iterable<ShareMember>): Set<string> {
  const names = new Set<string>();
  for (const { subscribedTopicNames } of members) for (const name of subscribedTopicNames) names.add(name);
  return names;
}
