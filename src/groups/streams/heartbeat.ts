/** StreamsGroupHeartbeat: a member joins with its topology, tells which tasks it has, and is told which it is to have (KIP-1071). */
import { isDeepStrictEqual } from 'node:util';
import { ErrorCode } from '../../../protocol/errors.ts';
import { startSession } from '../modern/decision.ts';
import type { GroupRefusal } from '../modern/refusal.ts';
import { isRefusal } from '../modern/refusal.ts';
import type { StreamsDecision } from './decision.ts';
import { endpointPartitions } from './endpoints.ts';
import { assignTasks, configuredNow, nextStreamsEpoch, whyDelayed } from './epochs.ts';
import { leave, memberTombstones } from './leave.ts';
import { reconcile } from './reconcile.ts';
import type { StreamsHeartbeat, StreamsHeartbeatResponse } from './request.ts';
import { JOIN_EPOCH } from './request.ts';
import type { StreamsGroup, StreamsMember } from './state.ts';
import { MemberState, tasksFor } from './state.ts';
import type { Joined } from './subscribe.ts';
import { subscribe } from './subscribe.ts';
import type { ListedTasks, ListedTasksByRole, Tasks } from './tasks.ts';
import { listByRole, NO_TASKS, ownSameTasks } from './tasks.ts';
import type { ConfiguredTopology, GroupStatus, Topology } from './topology.ts';
import { Status } from './topology.ts';

export function streamsHeartbeat(
  group: StreamsGroup,
  request: StreamsHeartbeat,
  decision: StreamsDecision,
): StreamsHeartbeatResponse | GroupRefusal {
  if (request.memberEpoch < JOIN_EPOCH) return leave(group, request, decision);
  const joined = subscribe(group, request, decision.limits.maxSize);
  if (isRefusal(joined)) return joined;
  const topology = topologyFor(group, request.topology, decision);
  if (isRefusal(topology)) return topology;
  const configured = configuredNow(group, topology, decision);
  if (configured.invalid !== null) {
    return { errorCode: ErrorCode.STREAMS_INVALID_TOPOLOGY, errorMessage: configured.invalid };
  }
  const owned = ownedBy(request);
  const unknown = owned === null ? null : unknownTasks(owned, configured);
  if (unknown !== null) return unknown;
  const updated = update(joined.member, request);
  const after = applyMember(group, joined, updated, { topology, configured, owned }, decision);
  if (isRefusal(after)) return after;
  startSession(after, decision);
  return answer(group, request, joined.member, after, { topology, configured }, decision);
}

interface Run {
  readonly topology: Topology;
  readonly configured: ConfiguredTopology;
  readonly owned: ListedTasksByRole | null;
}

/** The first member brings it; the others run the same one, or an older one. */
function topologyFor(
  { groupId, topology: known }: StreamsGroup,
  told: Topology | null,
  decision: StreamsDecision,
): Topology | GroupRefusal {
  if (known === null) {
    if (told === null) return invalid('The group has no topology.');
    const value = inOrder(told);
    decision.records.push({ type: 'streamsTopology', groupId, value });
    return value;
  }
  if (told === null || told.epoch < known.epoch || isDeepStrictEqual(inOrder(told), known)) return known;
  return invalid('Topology updates are not supported yet.');
}

/** Clients list the same topics in any order. */
function inOrder({ epoch, subtopologies }: Topology): Topology {
  return {
    epoch,
    subtopologies: [...subtopologies].sort((a, b) => (a.subtopologyId < b.subtopologyId ? -1 : 1)),
  };
}

function invalid(errorMessage: string): GroupRefusal {
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage };
}

function ownedBy({ activeTasks, standbyTasks, warmupTasks }: StreamsHeartbeat): ListedTasksByRole | null {
  if (activeTasks === null || standbyTasks === null || warmupTasks === null) return null;
  return { activeTasks, standbyTasks, warmupTasks };
}

/** Null, or which task of the member's the topology does not have. */
function unknownTasks(
  { activeTasks, standbyTasks, warmupTasks }: ListedTasksByRole,
  { taskCounts }: ConfiguredTopology,
): GroupRefusal | null {
  if (taskCounts === null) return null;
  for (const tasks of [activeTasks, standbyTasks, warmupTasks]) {
    const fault = taskFault(tasks, taskCounts);
    if (fault !== null) return invalid(fault);
  }
  return null;
}

function taskFault(tasks: readonly ListedTasks[], taskCounts: ReadonlyMap<string, number>): string | null {
  for (const { subtopologyId, partitions } of tasks) {
    const count = taskCounts.get(subtopologyId);
    if (count === undefined) return `Subtopology ${subtopologyId} does not exist in the topology.`;
    const wrong = partitions.find((partition) => partition < 0 || partition >= count);
    if (wrong === undefined) continue;
    return `Task ${wrong} for subtopology ${subtopologyId} is invalid. Number of tasks for this subtopology: ${count}`;
  }
  return null;
}

/** The same object where nothing has changed, which is nearly always. */
function update(member: StreamsMember, request: StreamsHeartbeat): StreamsMember {
  const { instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs, topology } = request;
  const { processId, userEndpoint, clientTags, memberEpoch } = request;
  const updated: StreamsMember = {
    ...member,
    instanceId: instanceId ?? member.instanceId,
    rackId: rackId ?? member.rackId,
    clientId,
    clientHost,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    topologyEpoch: topology?.epoch ?? member.topologyEpoch,
    processId: processId ?? member.processId,
    userEndpoint: memberEpoch === JOIN_EPOCH ? userEndpoint : (userEndpoint ?? member.userEndpoint),
    clientTags: clientTags ?? member.clientTags,
  };
  return isDeepStrictEqual(updated, member) ? member : updated;
}

/** Whether members are assigned anew for it. */
function countsForAssignment(before: StreamsMember, after: StreamsMember): boolean {
  return (
    before.topologyEpoch !== after.topologyEpoch ||
    before.rackId !== after.rackId ||
    before.processId !== after.processId ||
    !isDeepStrictEqual(before.clientTags, after.clientTags)
  );
}

/**
 * Adds to the decision: the member's record, a new group epoch where members or topics have changed, a new target assignment where the
 * epoch has, and the member's next step towards its target.
 */
function applyMember(
  group: StreamsGroup,
  { member, replaced }: Joined,
  updated: StreamsMember,
  { topology, configured, owned }: Run,
  decision: StreamsDecision,
): StreamsMember | GroupRefusal {
  const { groupId } = group;
  const { memberId } = updated;
  const { records } = decision;
  const isNew = !group.members.has(memberId);
  if (replaced !== null) for (const tombstone of memberTombstones(groupId, replaced.memberId)) records.push(tombstone);
  if (updated !== member || isNew) records.push({ type: 'streamsMember', groupId, memberId, value: updated });
  const changed = (isNew && replaced === null) || countsForAssignment(member, updated);
  const epoch = nextStreamsEpoch(group, topology, configured, changed, decision);
  if (epoch > group.groupEpoch) decision.why ??= whyAnew(isNew, changed, memberId);
  if (group.members.size === 0) {
    decision.assignableAtMs = decision.nowMs + decision.limits.initialRebalanceDelayMs;
  }
  const before = targetsFor(group, memberId, replaced);
  let target = { epoch: group.assignmentEpoch, tasks: before.get(memberId) ?? NO_TASKS };
  if (replaced !== null) records.push({ type: 'streamsTarget', groupId, memberId, value: target.tasks });
  decision.delayed = whyDelayed(group, epoch, decision);
  if (epoch > group.assignmentEpoch && decision.delayed === null) {
    const members = [...group.members.values()].filter((each) => each.memberId !== memberId && each !== replaced);
    const targets = assignTasks(group, [...members, updated], before, topology, configured, epoch, decision);
    target = { epoch, tasks: targets.get(memberId) ?? NO_TASKS };
  }
  const after = reconcile(group, updated, target, owned);
  if (isRefusal(after)) return after;
  if (after !== updated || replaced !== null) {
    records.push({ type: 'streamsCurrent', groupId, memberId, value: after });
    timeRevocation(after, decision);
  }
  return after;
}

function whyAnew(isNew: boolean, changed: boolean, memberId: string): string {
  if (isNew) return `member ${memberId} joined`;
  return changed ? `member ${memberId} changed what it runs` : 'topics or settings of the group have changed';
}

/** A member that does not give its tasks up within its rebalance timeout is taken out of the group. */
export function timeRevocation(
  { memberId, rebalanceTimeoutMs, state }: StreamsMember,
  decision: StreamsDecision,
): void {
  const waits = state === MemberState.UNREVOKED_TASKS;
  decision.timers.push({ name: 'rebalance', memberId, afterMs: waits ? rebalanceTimeoutMs : null });
}

/** A static member that comes back under another member id keeps its target. */
function targetsFor(group: StreamsGroup, memberId: string, replaced: StreamsMember | null): ReadonlyMap<string, Tasks> {
  if (replaced === null) return group.targets;
  const targets = new Map(group.targets);
  targets.delete(replaced.memberId);
  return targets.set(memberId, tasksFor(group, replaced.memberId));
}

function answer(
  group: StreamsGroup,
  request: StreamsHeartbeat,
  before: StreamsMember,
  after: StreamsMember,
  { topology, configured }: Omit<Run, 'owned'>,
  decision: StreamsDecision,
): StreamsHeartbeatResponse {
  const { limits } = decision;
  const tasksChanged = !ownSameTasks(before.assigned, after.assigned);
  const isNews = request.memberEpoch === JOIN_EPOCH || tasksChanged;
  const endpointChanged = !isDeepStrictEqual(before.userEndpoint, after.userEndpoint);
  decision.endpointsChanged = endpointChanged || (tasksChanged && after.userEndpoint !== null);
  const endpointInformationEpoch = group.endpointInformationEpoch + (decision.endpointsChanged ? 1 : 0);
  const knowsEndpoints = request.endpointInformationEpoch === endpointInformationEpoch;
  const shutdownMemberId = request.shutdownApplication ? after.memberId : group.shutdownMemberId;
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    memberId: after.memberId,
    memberEpoch: after.memberEpoch,
    heartbeatIntervalMs: limits.heartbeatIntervalMs,
    taskOffsetIntervalMs: limits.taskOffsetIntervalMs,
    acceptableRecoveryLag: limits.acceptableRecoveryLag,
    status: statusOf(after, { topology, configured }, shutdownMemberId, decision),
    tasks: isNews ? listByRole(after.assigned) : null,
    // As Kafka, which knows the group only once this heartbeat has made it.
    endpointInformationEpoch: group.topology === null ? 0 : endpointInformationEpoch,
    partitionsByUserEndpoint: knowsEndpoints ? null : endpointPartitions(group, after, topology, decision.topics),
    missingTopics: configured.missingTopics,
  };
}

function statusOf(
  { topologyEpoch }: StreamsMember,
  { topology, configured }: Omit<Run, 'owned'>,
  shutdownMemberId: string | null,
  decision: StreamsDecision,
): GroupStatus[] {
  const status: GroupStatus[] = [];
  if (topologyEpoch < topology.epoch) {
    const statusDetail = `The member's topology epoch ${topologyEpoch} is behind the group's topology epoch ${topology.epoch}.`;
    status.push({ statusCode: Status.STALE_TOPOLOGY, statusDetail });
  }
  if (decision.delayed !== null) status.push({ statusCode: Status.ASSIGNMENT_DELAYED, statusDetail: decision.delayed });
  if (configured.status !== null) status.push(configured.status);
  if (shutdownMemberId !== null) {
    const statusDetail = `Streams group member ${shutdownMemberId} encountered a fatal error and requested a shutdown for the entire application.`;
    status.push({ statusCode: Status.SHUTDOWN_APPLICATION, statusDetail });
  }
  return status;
}
