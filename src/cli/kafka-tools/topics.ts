/** `kafka-topics`: lists, shows, creates, changes and deletes topics. */
import { CreateTopics } from '../../../protocol/apis/19-create-topics.ts';
import { DeleteTopics } from '../../../protocol/apis/20-delete-topics.ts';
import { CreatePartitions } from '../../../protocol/apis/37-create-partitions.ts';
import { ErrorCode, errorMessage } from '../../../protocol/errors.ts';
import type { Cluster, TopicMetadata } from '../client/cluster.ts';
import { describeConfigs, ResourceType, type Setting } from '../client/configs.ts';
import { topicFilter } from '../java-pattern/java-pattern.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { CommandError, UsageError } from '../usage.ts';
import { onCluster } from './cluster.ts';
import { readFlags, type Flags, type FlagTable } from './flags.ts';

export const FLAGS: FlagTable = {
  list: 'switch',
  describe: 'switch',
  create: 'switch',
  alter: 'switch',
  delete: 'switch',
  topic: 'value',
  'topic-id': 'value',
  partitions: 'value',
  'replication-factor': 'value',
  'replica-assignment': 'value',
  config: 'list',
  'delete-config': { refused: 'settings are removed with kafka-configs --alter --delete-config' },
  'if-not-exists': 'switch',
  'if-exists': 'switch',
  'exclude-internal': 'switch',
  'topics-with-overrides': 'switch',
  'under-replicated-partitions': 'switch',
  'unavailable-partitions': 'switch',
  'under-min-isr-partitions': 'switch',
  'at-min-isr-partitions': 'switch',
  'partition-size-limit-per-response': { refused: 'this tool asks for all partitions at once; leave it out' },
};

/** What --describe shows only some of the topics or partitions by. */
const FILTERS = [
  'topics-with-overrides',
  'under-replicated-partitions',
  'unavailable-partitions',
  'under-min-isr-partitions',
  'at-min-isr-partitions',
] as const;

type Action = (cluster: Cluster, flags: Flags, terminal: Terminal) => Promise<void>;

/** What each action does, and the flags that it heeds. */
const ACTIONS: Readonly<Record<string, { readonly run: Action; readonly used: readonly string[] }>> = {
  list: { run: list, used: ['topic', 'exclude-internal'] },
  describe: { run: describe, used: ['topic', 'topic-id', 'exclude-internal', 'if-exists', ...FILTERS] },
  create: {
    run: create,
    used: ['topic', 'partitions', 'replication-factor', 'replica-assignment', 'config', 'if-not-exists'],
  },
  alter: { run: alter, used: ['topic', 'partitions', 'replica-assignment', 'if-exists'] },
  delete: { run: remove, used: ['topic', 'if-exists'] },
};

const MOST_REPLICAS = 32_767;
const COLLIDES =
  "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. To avoid issues it " +
  'is best to use either, but not both.';
const NO_ID = 'AAAAAAAAAAAAAAAAAAAAAA';

export async function topics(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(args, FLAGS);
  const action = flags.oneOf(Object.keys(ACTIONS));
  const { run, used } = ACTIONS[action];
  if (action === 'alter' && flags.has('config')) {
    throw new UsageError('settings are changed with kafka-configs --alter --add-config');
  }
  flags.only(action, used);
  try {
    await onCluster(terminal, flags, (cluster) => run(cluster, flags, terminal));
    return 0;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // On stdout, where scripts look for it.
    await printLine(terminal, `Error while executing topic command : ${(error as Error).message}`);
    return 1;
  }
}

async function list(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const found = await matching(cluster, flags);
  await printLine(terminal, found.map(({ name }) => name).join('\n')); // an empty line for none, as Kafka's
}

/** --topic is a regular expression, as Kafka has it; all topics without. */
async function matching(cluster: Cluster, flags: Flags): Promise<TopicMetadata[]> {
  const pattern = topicFilter(flags.get('topic') ?? '.*');
  const id = flags.get('topic-id');
  const { topics: all } = await cluster.metadata(null);
  return all
    .filter(({ name, topicId, isInternal }) => {
      if (isInternal && flags.has('exclude-internal')) return false;
      return pattern.matches(name ?? '') && (id === undefined || id === topicId);
    })
    .toSorted((a, b) => (a.name! < b.name! ? -1 : 1));
}

async function existing(cluster: Cluster, flags: Flags): Promise<TopicMetadata[]> {
  const found = await matching(cluster, flags);
  if (found.length > 0 || flags.has('if-exists')) return found;
  if (flags.has('topic-id')) throw new CommandError(`TopicId '${flags.get('topic-id')}' does not exist as expected`);
  if (!flags.has('topic')) return found;
  throw new CommandError(`Topic '${flags.get('topic')}' does not exist as expected`);
}

async function describe(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  if (flags.has('topic') && flags.has('topic-id')) throw new UsageError('--topic cannot be used with --topic-id');
  const filters = FILTERS.filter((name) => flags.has(name));
  if (filters.length > 1) throw new UsageError(`--${filters[0]} cannot be used with --${filters[1]}`);
  const [filter] = filters;
  const found = await existing(cluster, flags);
  const names = found.map(({ name }) => name!);
  const settings =
    names.length === 0 ? new Map<string, Setting[]>() : await describeConfigs(cluster, ResourceType.topic, names);
  for (const topic of found) {
    const all = settings.get(topic.name!)!;
    const changed = all.filter(({ source }) => source !== 'default').map(({ name, value }) => `${name}=${value}`);
    if (filter === 'topics-with-overrides' && changed.length === 0) continue;
    const isWhole = filter === undefined || filter === 'topics-with-overrides';
    if (isWhole) await printLine(terminal, headingOf(topic, changed));
    if (filter === 'topics-with-overrides') continue;
    const minimum = Number(all.find(({ name }) => name === 'min.insync.replicas')?.value ?? 1);
    for (const partition of topic.partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex)) {
      if (isWhole || isShown(filter, partition, minimum)) await printLine(terminal, lineOf(topic.name!, partition));
    }
  }
}

type PartitionMetadata = TopicMetadata['partitions'][number];

function isShown(
  filter: (typeof FILTERS)[number],
  { leaderId, replicaNodes, isrNodes }: PartitionMetadata,
  minimum: number,
): boolean {
  switch (filter) {
    case 'under-replicated-partitions':
      return isrNodes.length < replicaNodes.length;
    case 'unavailable-partitions':
      return leaderId < 0;
    case 'under-min-isr-partitions':
      return isrNodes.length < minimum;
    default:
      return isrNodes.length === minimum;
  }
}

function headingOf({ name, topicId, partitions }: TopicMetadata, changed: readonly string[]): string {
  return [
    `Topic: ${name}`,
    `TopicId: ${topicId}`,
    `PartitionCount: ${partitions.length}`,
    `ReplicationFactor: ${partitions[0].replicaNodes.length}`,
    `Configs: ${changed.join(',')}`,
  ].join('\t');
}

function lineOf(name: string, { partitionIndex, leaderId, replicaNodes, isrNodes }: PartitionMetadata): string {
  const line = [
    `Topic: ${name}`,
    `Partition: ${partitionIndex}`,
    `Leader: ${leaderId < 0 ? 'none' : leaderId}`,
    `Replicas: ${replicaNodes.join(',')}`,
    `Isr: ${isrNodes.join(',')}`,
    'Elr: ',
    'LastKnownElr: ',
  ];
  return `\t${line.join('\t')}`;
}

async function create(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const name = flags.need('topic');
  const assignments = assignmentsOf(flags.get('replica-assignment'));
  if (/[._]/.test(name)) await printLine(terminal, COLLIDES);
  const other = ['partitions', 'replication-factor'].find((flag) => flags.has(flag));
  if (assignments.length > 0 && other !== undefined) {
    throw new UsageError(`--${other} cannot be used with --replica-assignment`);
  }
  if ((flags.number('partitions') ?? 1) < 1) throw new CommandError('The partitions must be greater than 0');
  const factor = flags.number('replication-factor') ?? 1;
  if (factor < 1 || factor > MOST_REPLICAS) {
    throw new CommandError(`The replication factor must be between 1 and ${MOST_REPLICAS} inclusive`);
  }
  const draft = {
    name,
    numPartitions: assignments.length > 0 ? -1 : (flags.number('partitions') ?? -1),
    replicationFactor: assignments.length > 0 ? -1 : (flags.number('replication-factor') ?? -1),
    assignments,
    configs: [...flags.pairs('config')].map(([key, value]) => ({ name: key, value })),
  };
  const { topics: made } = await cluster.sendToController(
    CreateTopics,
    { topics: [draft], timeoutMs: cluster.timeoutMs, validateOnly: false },
    () => {},
  );
  const [{ errorCode, errorMessage: said }] = made;
  if (errorCode === ErrorCode.TOPIC_ALREADY_EXISTS && flags.has('if-not-exists')) return;
  if (errorCode !== 0) throw new CommandError(said ?? errorMessage(errorCode));
  await printLine(terminal, `Created topic ${name}.`);
}

/** '1:2,2:1' has two partitions with two replicas each. */
function assignmentsOf(text: string | undefined): { partitionIndex: number; brokerIds: number[] }[] {
  if (text === undefined) return [];
  const all = text.split(',').map((ids, partitionIndex) => {
    if (!/^\d{1,9}(:\d{1,9})*$/.test(ids.trim())) {
      throw new UsageError(`--replica-assignment ${text}: write broker ids as 1:2,2:1`);
    }
    return { partitionIndex, brokerIds: ids.split(':').map(Number) };
  });
  for (const { partitionIndex, brokerIds } of all) {
    const again = brokerIds.filter((id, at) => brokerIds.indexOf(id) !== at);
    if (again.length > 0) {
      throw new CommandError(`Partition replica lists may not contain duplicate entries: ${again.join(',')}`);
    }
    if (brokerIds.length !== all[0].brokerIds.length) {
      throw new CommandError(`Partition ${partitionIndex} has different replication factor: [${brokerIds.join(', ')}]`);
    }
  }
  return all;
}

async function alter(cluster: Cluster, flags: Flags): Promise<void> {
  flags.need('topic');
  const count = flags.number('partitions');
  if (count === undefined) throw new UsageError('write --partitions and how many there are to be');
  const given = assignmentsOf(flags.get('replica-assignment'));
  const found = await existing(cluster, flags);
  const changes = found.map(({ name, partitions }) => ({
    name: name!,
    count,
    // Those that are there stay where they are.
    assignments: given.length === 0 ? null : given.slice(partitions.length).map(({ brokerIds }) => ({ brokerIds })),
  }));
  if (changes.length === 0) return;
  await cluster.sendToController(
    CreatePartitions,
    { topics: changes, timeoutMs: cluster.timeoutMs, validateOnly: false },
    ({ results }) => {
      for (const { errorCode, errorMessage: said } of results) {
        if (errorCode !== 0) throw new CommandError(said ?? errorMessage(errorCode));
      }
    },
  );
}

async function remove(cluster: Cluster, flags: Flags): Promise<void> {
  flags.need('topic');
  const names = (await existing(cluster, flags)).map(({ name }) => name!);
  if (names.length === 0) return;
  await cluster.sendToController(
    DeleteTopics,
    { topics: names.map((name) => ({ name, topicId: NO_ID })), topicNames: names, timeoutMs: cluster.timeoutMs },
    ({ responses }) => {
      for (const { errorCode, errorMessage: said } of responses) {
        if (errorCode !== 0) throw new CommandError(said ?? errorMessage(errorCode));
      }
    },
  );
}
