/** What a streams group (KIP-1071) is made of. It changes by replayed records only. */
import type { Group } from '../group.ts';
import type { AssignedMember, ModernGroup } from '../modern/group.ts';
import type { OwnedTasks, Tasks } from './tasks.ts';
import { NO_TASKS, OWNS_NO_TASKS } from './tasks.ts';
import type { ConfiguredTopology, Topology } from './topology.ts';

/** As in StreamsGroupCurrentMemberAssignmentValue. */
export const MemberState = {
  /** Has its target assignment, as of its epoch. */
  STABLE: 0,
  /** Was told to give tasks up, and has not said yet that it did. */
  UNREVOKED_TASKS: 1,
  /** Waits for tasks that other members still have. */
  UNRELEASED_TASKS: 2,
} as const;

export const LEAVE_EPOCH = -1;
/** Of a static member that has gone for a while. */
export const LEAVE_STATIC_EPOCH = -2;

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** Named as in StreamsGroupMemberMetadataValue. */
export interface StreamsMemberMetadata {
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly topologyEpoch: number;
  /** Members of one process share it, and the state on its disk. */
  readonly processId: string;
  readonly userEndpoint: { readonly host: string; readonly port: number } | null;
  readonly clientTags: readonly KeyValue[];
}

export interface StreamsCurrentAssignment {
  readonly memberEpoch: number;
  /** The epoch of a member that has not received its last answer. */
  readonly previousMemberEpoch: number;
  readonly state: number;
  readonly assigned: OwnedTasks;
  readonly pendingRevocation: OwnedTasks;
}

export interface StreamsMember extends AssignedMember, StreamsMemberMetadata, StreamsCurrentAssignment {}

/** Named as in StreamsGroupMetadataValue. */
export interface StreamsEpoch {
  readonly epoch: number;
  readonly metadataHash: bigint;
  readonly validatedTopologyEpoch: number;
  readonly lastAssignmentConfigs: readonly KeyValue[] | null;
}

export interface StreamsGroup extends ModernGroup<StreamsMember, Tasks> {
  readonly type: 'streams';
  topology: Topology | null;
  /** The topology epoch whose topics were all found in order; -1 for none. */
  validatedTopologyEpoch: number;
  lastAssignmentConfigs: readonly KeyValue[] | null;
  /** Instance id to member id. */
  readonly staticMembers: Map<string, string>;
  /** The topology with the cluster's topics; null until it is asked for anew. Not kept in the log, as all that follows. */
  configured: ConfiguredTopology | null;
  /** An empty group waits for more members before it is assigned: until when, milliseconds since 1970. */
  assignableAtMs: number;
  /** Grows when members' endpoints, or the tasks behind them, change. */
  endpointInformationEpoch: number;
  /** Who asked for the shutdown of the whole application; null for none. */
  shutdownMemberId: string | null;
}

export function isStreamsGroup(group: Group | undefined): group is StreamsGroup {
  return group?.type === 'streams';
}

/** Epochs begin at 1: a member that joins says 0. */
export function newStreamsGroup(groupId: string): StreamsGroup {
  return {
    type: 'streams',
    groupId,
    groupEpoch: 1,
    metadataHash: 0n,
    members: new Map(),
    assignmentEpoch: 1,
    assignmentTimestamp: 0,
    targets: new Map(),
    topology: null,
    validatedTopologyEpoch: -1,
    lastAssignmentConfigs: null,
    staticMembers: new Map(),
    readTopics: null,
    seenTopics: null,
    configured: null,
    assignableAtMs: 0,
    endpointInformationEpoch: 0,
    shutdownMemberId: null,
    connections: new Map(),
  };
}

export function newStreamsMember(memberId: string): StreamsMember {
  return {
    memberId,
    instanceId: null,
    rackId: null,
    clientId: '',
    clientHost: '',
    rebalanceTimeoutMs: -1,
    topologyEpoch: -1,
    processId: '',
    userEndpoint: null,
    clientTags: [],
    ...NEW_ASSIGNMENT,
  };
}

export const NEW_ASSIGNMENT: StreamsCurrentAssignment = {
  memberEpoch: 0,
  previousMemberEpoch: -1,
  state: MemberState.STABLE,
  assigned: OWNS_NO_TASKS,
  pendingRevocation: OWNS_NO_TASKS,
};

export function tasksFor(group: StreamsGroup, memberId: string): Tasks {
  return group.targets.get(memberId) ?? NO_TASKS;
}

export function isReconciled({ state, memberEpoch }: StreamsMember, assignmentEpoch: number): boolean {
  return state === MemberState.STABLE && memberEpoch === assignmentEpoch;
}

export type StreamsGroupState = 'Empty' | 'NotReady' | 'Assigning' | 'Reconciling' | 'Stable';

export function stateOf(group: StreamsGroup): StreamsGroupState {
  const { members, topology, validatedTopologyEpoch, groupEpoch, assignmentEpoch } = group;
  if (members.size === 0) return 'Empty';
  if (topology === null || validatedTopologyEpoch !== topology.epoch) return 'NotReady';
  if (groupEpoch > assignmentEpoch) return 'Assigning';
  for (const member of members.values()) if (!isReconciled(member, assignmentEpoch)) return 'Reconciling';
  return 'Stable';
}
