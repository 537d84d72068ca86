/** A topology with the cluster's topics: how many tasks each subtopology has, and which topics are missing or do not fit. Pure. */
import type { Values } from '../../../protocol/schema.ts';
import type { StreamsGroupTopologyValue } from '../../../protocol/topics/streams-group.ts';
import type { GroupTopics } from '../group-topics.ts';

export type Topology = Values<(typeof StreamsGroupTopologyValue)['fields']>;
export type Subtopology = Topology['subtopologies'][number];

/** As in StreamsGroupHeartbeatResponse. */
export const Status = {
  STALE_TOPOLOGY: 0,
  MISSING_SOURCE_TOPICS: 1,
  INCORRECTLY_PARTITIONED_TOPICS: 2,
  MISSING_INTERNAL_TOPICS: 3,
  SHUTDOWN_APPLICATION: 4,
  ASSIGNMENT_DELAYED: 5,
} as const;

/** Named as in StreamsGroupHeartbeatResponse. */
export interface GroupStatus {
  readonly statusCode: number;
  readonly statusDetail: string;
}

/** Named as in CreateTopicsRequest. */
export interface InternalTopic {
  readonly name: string;
  readonly numPartitions: number;
  /** -1: the broker's own. */
  readonly replicationFactor: number;
  readonly configs: readonly { readonly name: string; readonly value: string }[];
}

export interface ConfiguredTopology {
  readonly epoch: number;
  /** By subtopology id; null where topics are missing or do not fit. */
  readonly taskCounts: ReadonlyMap<string, number> | null;
  readonly missingTopics: readonly InternalTopic[];
  /** Why there are no tasks to run yet; null where there are. */
  readonly status: GroupStatus | null;
  /** Why nobody can run it, whatever topics there are; else null. */
  readonly invalid: string | null;
}

type TopicInfo = Subtopology['stateChangelogTopics'][number];

/** No topics make up for it. */
class Invalid extends Error {}

class Misfit extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

const MOST_NAMED = 10;
/** Of one topology: a client could name a large topic in each of thousands of subtopologies. Kafka has no such limit. */
const MOST_TASKS = 50_000;

export function configure(topology: Topology, topics: GroupTopics): ConfiguredTopology {
  const { epoch } = topology;
  try {
    return configured(topology, topics);
  } catch (error) {
    const unready = { epoch, taskCounts: null, missingTopics: [] };
    if (error instanceof Invalid) return { ...unready, status: null, invalid: error.message };
    if (!(error instanceof Misfit)) throw error;
    const status = { statusCode: error.statusCode, statusDetail: error.message };
    return { ...unready, status, invalid: null };
  }
}

function configured({ epoch, subtopologies }: Topology, topics: GroupTopics): ConfiguredTopology {
  const missing = subtopologies.flatMap(({ sourceTopics }) =>
    sourceTopics.filter((name) => !topics.topicsByName.has(name)),
  );
  if (missing.length > 0)
    throw new Misfit(Status.MISSING_SOURCE_TOPICS, `Source topics ${named(missing)} are missing.`);
  const counts = sourceCounts(subtopologies, topics);
  addRepartitionCounts(subtopologies, counts);
  for (const subtopology of subtopologies) enforceCopartitioning(subtopology, counts);
  const taskCounts = new Map(subtopologies.map((each) => [each.subtopologyId, taskCountOf(each, counts)]));
  const tasks = [...taskCounts.values()].reduce((sum, count) => sum + count, 0);
  if (tasks > MOST_TASKS) throw misfit(`The topology has ${tasks} tasks, more than ${MOST_TASKS}.`);
  const internal = subtopologies.flatMap((each) => internalTopics(each, counts, taskCounts));
  for (const { name, numPartitions } of internal) checkCount(name, numPartitions, topics);
  const missingTopics = internal.filter(({ name }) => !topics.topicsByName.has(name));
  const found = { epoch, taskCounts, missingTopics, invalid: null };
  if (missingTopics.length === 0) return { ...found, status: null };
  const statusDetail = `Internal topics are missing: ${named(missingTopics.map(({ name }) => name))}`;
  return { ...found, status: { statusCode: Status.MISSING_INTERNAL_TOPICS, statusDetail } };
}

/** Every topic that tasks depend on. */
export function requiredTopics({ subtopologies }: Topology): Set<string> {
  return new Set(
    subtopologies.flatMap(({ sourceTopics, repartitionSourceTopics, stateChangelogTopics }) => [
      ...sourceTopics,
      ...repartitionSourceTopics.map(({ name }) => name),
      ...stateChangelogTopics.map(({ name }) => name),
    ]),
  );
}

/** Every topic of the topology, those that it only writes to too. */
export function allTopics(topology: Topology): Set<string> {
  const names = requiredTopics(topology);
  for (const { repartitionSinkTopics } of topology.subtopologies)
    for (const name of repartitionSinkTopics) names.add(name);
  return names;
}

export function inputTopics({ sourceTopics, repartitionSourceTopics }: Subtopology): string[] {
  return [...sourceTopics, ...repartitionSourceTopics.map(({ name }) => name)];
}

type Counts = Map<string, number>;

/** Of topics that are there, or whose partitions the topology tells. */
function sourceCounts(subtopologies: readonly Subtopology[], { topicsByName }: GroupTopics): Counts {
  const counts: Counts = new Map();
  for (const { sourceTopics, repartitionSourceTopics } of subtopologies) {
    for (const { name, partitions } of repartitionSourceTopics) if (partitions > 0) counts.set(name, partitions);
    for (const name of sourceTopics) counts.set(name, topicsByName.get(name)!.partitions.length);
  }
  return counts;
}

/**
 * A repartition topic has as many partitions as the largest of the topics from which what is written to it comes. A subtopology's turn
 * comes when all of its inputs are known, a topic's when that of all its writers has come.
 */
function addRepartitionCounts(subtopologies: readonly Subtopology[], counts: Counts): void {
  const readers = new Map<string, Subtopology[]>();
  const unknownInputs = new Map<Subtopology, number>();
  for (const each of subtopologies) {
    const unknown = each.repartitionSourceTopics.filter(({ name }) => !counts.has(name));
    unknownInputs.set(each, unknown.length);
    for (const { name } of unknown) append(readers, name, each);
  }
  const openWriters = new Map<string, number>();
  for (const { repartitionSinkTopics } of subtopologies) {
    for (const name of repartitionSinkTopics) openWriters.set(name, (openWriters.get(name) ?? 0) + 1);
  }
  for (const name of readers.keys()) if (!openWriters.has(name)) throw new Invalid(NEVER_WRITTEN);
  const ready = subtopologies.filter((each) => unknownInputs.get(each) === 0);
  const largest = new Map<string, number>();
  for (let each = ready.pop(); each !== undefined; each = ready.pop()) {
    const count = largestOf(inputTopics(each), counts);
    for (const name of each.repartitionSinkTopics) {
      largest.set(name, Math.max(largest.get(name) ?? 0, count));
      const open = openWriters.get(name)! - 1;
      openWriters.set(name, open);
      if (open > 0 || !readers.has(name)) continue;
      counts.set(name, largest.get(name)!);
      for (const reader of readers.get(name)!) {
        unknownInputs.set(reader, unknownInputs.get(reader)! - 1);
        if (unknownInputs.get(reader) === 0) ready.push(reader);
      }
    }
  }
  for (const name of readers.keys()) if (!counts.has(name)) throw new Invalid(LOOP);
}

function append<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function largestOf(names: readonly string[], counts: Counts): number {
  return names.reduce((most, name) => Math.max(most, counts.get(name) ?? 0), 0);
}

const NEVER_WRITTEN =
  'Failed to compute number of partitions for all repartition topics, because a repartition source topic is never used as a sink topic.';
const LOOP =
  'Failed to compute number of partitions for all repartition topics. There may be loops in the topology that cannot be resolved.';

/** Topics of a group of these have the same number of partitions, where some are there, theirs. */
function enforceCopartitioning(subtopology: Subtopology, counts: Counts): void {
  const { sourceTopics, repartitionSourceTopics } = subtopology;
  for (const group of subtopology.copartitionGroups) {
    const sources = group.sourceTopics.flatMap((place) => sourceTopics[place] ?? []);
    const repartition = group.repartitionSourceTopics.flatMap((place) => repartitionSourceTopics[place] ?? []);
    const count = sources.length > 0 ? commonCount(sources, counts) : largestCount(repartition, counts);
    for (const { name, partitions } of repartition) {
      if (partitions === 0) counts.set(name, count);
      else if (partitions !== count)
        throw misfit(
          sources.length > 0 ? unequalToSource(name, partitions, count) : unequal(repartition.map((each) => each.name)),
        );
    }
  }
}

function commonCount(names: readonly string[], counts: Counts): number {
  const [first] = names;
  if (names.some((name) => counts.get(name) !== counts.get(first))) throw misfit(unequal(names));
  return counts.get(first)!;
}

/** Those whose partitions the topology tells come first. */
function largestCount(topics: readonly TopicInfo[], counts: Counts): number {
  const told = topics.filter(({ partitions }) => partitions > 0);
  const names = (told.length > 0 ? told : topics).map(({ name }) => name);
  return largestOf(names, counts);
}

function unequal(names: readonly string[]): string {
  return `Following topics do not have the same number of partitions: [${[...names].sort().join(', ')}]`;
}

function unequalToSource(name: string, partitions: number, count: number): string {
  return `Number of partitions [${partitions}] of repartition topic [${name}] doesn't match number of partitions [${count}] of the source topic.`;
}

function taskCountOf(subtopology: Subtopology, counts: Counts): number {
  const inputs = inputTopics(subtopology);
  if (inputs.length === 0) throw misfit(`No source topics found for subtopology ${subtopology.subtopologyId}`);
  return largestOf(inputs, counts);
}

function internalTopics(
  { subtopologyId, repartitionSourceTopics, stateChangelogTopics }: Subtopology,
  counts: Counts,
  taskCounts: ReadonlyMap<string, number>,
): InternalTopic[] {
  const changelogs = taskCounts.get(subtopologyId)!;
  return [
    ...repartitionSourceTopics.map((topic) => internalTopic(topic, counts.get(topic.name)!)),
    ...stateChangelogTopics.map((topic) => internalTopic(topic, changelogs)),
  ];
}

function internalTopic({ name, replicationFactor, topicConfigs }: TopicInfo, numPartitions: number): InternalTopic {
  const configs = topicConfigs.map(({ key, value }) => ({ name: key, value }));
  return { name, numPartitions, replicationFactor: replicationFactor === 0 ? -1 : replicationFactor, configs };
}

function checkCount(name: string, expected: number, { topicsByName }: GroupTopics): void {
  const found = topicsByName.get(name)?.partitions.length ?? expected;
  if (found === expected) return;
  throw misfit(`Existing topic ${name} has different number of partitions: expected ${expected}, found ${found}`);
}

function misfit(message: string): Misfit {
  return new Misfit(Status.INCORRECTLY_PARTITIONED_TOPICS, message);
}

function named(names: readonly string[]): string {
  const all = [...new Set(names)].sort();
  const more = all.length - MOST_NAMED;
  return all.slice(0, MOST_NAMED).join(', ') + (more > 0 ? ` and ${more} additional topics` : '');
}
