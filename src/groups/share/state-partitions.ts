/** Which partitions of a share group have state at the share coordinator, are about to have it, or are to lose it. Pure. */
import type { GroupTopics } from '../group-topics.ts';
import type { ShareDecision } from './decision.ts';
import type { ShareGroup, StatefulTopic, StatePartitions } from './state.ts';

const UNINITIALIZED_START_OFFSET = -1;

/**
 * Adds to the decision what the share coordinator is to initialise: partitions of `names` without state, and those it was asked
 * for long ago. A partition that a topic has grown by is read from its beginning: no record of it is missed.
 */
export function addInitializing(group: ShareGroup, names: Iterable<string>, decision: ShareDecision): void {
  const { state, groupId } = group;
  const { topics, nowMs, limits } = decision;
  const isRetried = nowMs - group.initializingSince >= limits.initializeRetryIntervalMs;
  const added = new Map<string, StatefulTopic>();
  for (const name of names) {
    const topic = topics.topicsByName.get(name);
    if (topic === undefined) continue;
    const known = state.initialized.get(topic.id)?.partitions;
    const asked = isRetried ? undefined : state.initializing.get(topic.id)?.partitions;
    const missing = new Set<number>();
    for (let partition = 0; partition < topic.partitions.length; partition++) {
      if (known?.has(partition) || asked?.has(partition)) continue;
      missing.add(partition);
      const startOffset = known === undefined ? UNINITIALIZED_START_OFFSET : 0;
      decision.initialize.push({ topicId: topic.id, partition, startOffset });
    }
    if (missing.size > 0) added.set(topic.id, { name, partitions: missing });
  }
  if (added.size === 0) return;
  const initializing = withPartitions(state.initializing, added);
  decision.records.push({ type: 'shareState', groupId, value: { ...state, initializing } });
}

/** The same of partitions whose state is asked for anew, whatever it is. */
export function addStates(
  state: StatePartitions,
  partitions: readonly { readonly topicName: string; readonly topicId: string; readonly partition: number }[],
): StatePartitions {
  const added = new Map<string, { name: string; partitions: Set<number> }>();
  for (const { topicName, topicId, partition } of partitions) {
    const topic = added.get(topicId);
    if (topic === undefined) added.set(topicId, { name: topicName, partitions: new Set([partition]) });
    else topic.partitions.add(partition);
  }
  return { ...state, initializing: withPartitions(state.initializing, added) };
}

/** Whether partitions that members subscribe to have got state which nobody is assigned yet. */
export function hasUnassigned(group: ShareGroup, names: Iterable<string>, topics: GroupTopics): boolean {
  const assigned = new Map<string, Set<number>>();
  for (const target of group.targets.values()) {
    for (const [topicId, partitions] of target) {
      const all = assigned.get(topicId) ?? new Set();
      for (const partition of partitions) all.add(partition);
      assigned.set(topicId, all);
    }
  }
  for (const name of names) {
    const topicId = topics.topicsByName.get(name)?.id ?? '';
    for (const partition of group.state.initialized.get(topicId)?.partitions ?? []) {
      if (!assigned.get(topicId)?.has(partition)) return true;
    }
  }
  return false;
}

/** The share coordinator has the state of `done`, and has refused `failed`: the next heartbeat asks for these again. */
export function initialized(
  state: StatePartitions,
  done: ReadonlyMap<string, StatefulTopic>,
  failed: ReadonlyMap<string, StatefulTopic>,
): StatePartitions {
  return {
    initializing: withoutPartitions(withoutPartitions(state.initializing, done), failed),
    initialized: withPartitions(state.initialized, done),
    // What has state again is not to lose it.
    deleting: new Map([...state.deleting].filter(([topicId]) => !done.has(topicId))),
  };
}

/** The share coordinator is asked to forget all of these topics. */
export function deleting(state: StatePartitions, topics: ReadonlyMap<string, string>): StatePartitions {
  return { ...forgotten(state, topics), deleting: new Map([...state.deleting, ...topics]) };
}

/** It has done so, or the topics are no more. */
export function forgotten(
  { initializing, initialized: known, deleting: going }: StatePartitions,
  topics: { has(topicId: string): boolean },
): StatePartitions {
  const without = <V>(map: ReadonlyMap<string, V>): Map<string, V> =>
    new Map([...map].filter(([topicId]) => !topics.has(topicId)));
  return { initializing: without(initializing), initialized: without(known), deleting: without(going) };
}

/** By topic id: their names, of topics with state or about to have it. */
export function statefulTopics({
  initializing,
  initialized: known,
  deleting: going,
}: StatePartitions): Map<string, string> {
  const names = new Map(going);
  for (const topics of [initializing, known]) for (const [topicId, { name }] of topics) names.set(topicId, name);
  return names;
}

/** All partitions of a topic that the share coordinator may keep state of. */
export function statefulPartitions(
  { initializing, initialized: known }: StatePartitions,
  topicId: string,
): Set<number> {
  return new Set([...(initializing.get(topicId)?.partitions ?? []), ...(known.get(topicId)?.partitions ?? [])]);
}

function withPartitions(
  to: ReadonlyMap<string, StatefulTopic>,
  added: ReadonlyMap<string, StatefulTopic>,
): Map<string, StatefulTopic> {
  const all = new Map(to);
  for (const [topicId, { name, partitions }] of added) {
    all.set(topicId, { name, partitions: new Set([...(to.get(topicId)?.partitions ?? []), ...partitions]) });
  }
  return all;
}

function withoutPartitions(
  from: ReadonlyMap<string, StatefulTopic>,
  gone: ReadonlyMap<string, StatefulTopic>,
): Map<string, StatefulTopic> {
  const left = new Map<string, StatefulTopic>();
  for (const [topicId, { name, partitions }] of from) {
    const rest = new Set([...partitions].filter((partition) => !gone.get(topicId)?.partitions.has(partition)));
    if (rest.size > 0) left.set(topicId, { name, partitions: rest });
  }
  return left;
}
