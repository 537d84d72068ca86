/** When a streams group gets a new epoch, and when its members are assigned anew for it. */
import { mayAssign } from '../modern/epochs.ts';
import { metadataHashOf } from '../modern/topics.ts';
import type { StreamsDecision, StreamsLimits } from './decision.ts';
import type { KeyValue, StreamsGroup, StreamsMember } from './state.ts';
import { sticky, type TaskSubtopology } from './sticky.ts';
import type { Tasks } from './tasks.ts';
import { NO_TASKS, sameTasks } from './tasks.ts';
import type { ConfiguredTopology, Topology } from './topology.ts';
import { configure, requiredTopics } from './topology.ts';

/** The topology with the topics as they are now. */
export function configuredNow(group: StreamsGroup, topology: Topology, decision: StreamsDecision): ConfiguredTopology {
  const { configured, seenTopics } = group;
  if (configured?.epoch === topology.epoch && seenTopics === decision.topics.topicsByName) return configured;
  decision.looked = true;
  return (decision.configured = configure(topology, decision.topics));
}

/** The group's epoch from here on: a new one where something has `changed` that an assignment depends on. */
export function nextStreamsEpoch(
  group: StreamsGroup,
  topology: Topology,
  configured: ConfiguredTopology,
  changed: boolean,
  decision: StreamsDecision,
): number {
  const metadataHash = decision.looked ? metadataHashOf(requiredTopics(topology), decision.topics) : group.metadataHash;
  const validatedTopologyEpoch = configured.status === null ? topology.epoch : -1;
  const lastAssignmentConfigs = assignmentConfigs(decision.limits);
  const isSame =
    !changed &&
    metadataHash === group.metadataHash &&
    validatedTopologyEpoch === group.validatedTopologyEpoch &&
    sameConfigs(lastAssignmentConfigs, group.lastAssignmentConfigs);
  if (isSame) return group.groupEpoch;
  const epoch = group.groupEpoch + 1;
  const value = { epoch, metadataHash, validatedTopologyEpoch, lastAssignmentConfigs };
  decision.records.push({ type: 'streamsEpoch', groupId: group.groupId, value });
  return epoch;
}

/** The epoch of a group that members have left. */
export function epochWithoutMembers(group: StreamsGroup, left: number, decision: StreamsDecision): void {
  const { groupId, metadataHash, validatedTopologyEpoch, lastAssignmentConfigs } = group;
  const epoch = group.groupEpoch + 1;
  const value = { epoch, metadataHash, validatedTopologyEpoch, lastAssignmentConfigs };
  decision.records.push({ type: 'streamsEpoch', groupId, value });
  if (left > 0) return;
  // Nobody is left who could be assigned something: the next member does not wait for its turn.
  const upToDate = { assignmentEpoch: epoch, assignmentTimestamp: 0 };
  decision.records.push({ type: 'streamsTargetEpoch', groupId, value: upToDate });
}

/** Null, or why members that are to be assigned anew for the epoch wait for that. */
export function whyDelayed(group: StreamsGroup, epoch: number, decision: StreamsDecision): string | null {
  if (decision.nowMs < (decision.assignableAtMs ?? group.assignableAtMs)) {
    return 'Assignment delayed due to the configured initial rebalance delay.';
  }
  const isDue = epoch <= group.assignmentEpoch || mayAssign(group, epoch, decision);
  return isDue ? null : 'Assignment delayed due to the configured assignment interval.';
}

/** Adds the new target assignments to the decision. Nobody runs anything while topics are missing. */
export function assignTasks(
  group: StreamsGroup,
  members: readonly StreamsMember[],
  before: ReadonlyMap<string, Tasks>,
  topology: Topology,
  { taskCounts, status }: ConfiguredTopology,
  epoch: number,
  decision: StreamsDecision,
): ReadonlyMap<string, Tasks> {
  const { groupId } = group;
  const specs = members.map(({ memberId, processId }) => ({
    memberId,
    processId,
    before: before.get(memberId) ?? NO_TASKS,
  }));
  const subtopologies = status === null ? topology.subtopologies.map((each) => taskSubtopology(each, taskCounts!)) : [];
  const targets = sticky(specs, subtopologies, decision.limits.standbyReplicas);
  for (const { memberId } of members) {
    const [old, value] = [before.get(memberId), targets.get(memberId) ?? NO_TASKS];
    if (old !== undefined && sameTasks(old, value)) continue;
    decision.records.push({ type: 'streamsTarget', groupId, memberId, value });
  }
  const value = { assignmentEpoch: epoch, assignmentTimestamp: decision.nowMs };
  decision.records.push({ type: 'streamsTargetEpoch', groupId, value });
  return targets;
}

function taskSubtopology(
  { subtopologyId, stateChangelogTopics }: Topology['subtopologies'][number],
  taskCounts: ReadonlyMap<string, number>,
): TaskSubtopology {
  return { subtopologyId, tasks: taskCounts.get(subtopologyId) ?? 0, isStateful: stateChangelogTopics.length > 0 };
}

function assignmentConfigs({ standbyReplicas }: StreamsLimits): KeyValue[] {
  return [{ key: 'num.standby.replicas', value: String(standbyReplicas) }];
}

function sameConfigs(a: readonly KeyValue[], b: readonly KeyValue[] | null): boolean {
  if (b === null || a.length !== b.length) return false;
  return a.every(({ key, value }, at) => b[at].key === key && b[at].value === value);
}
