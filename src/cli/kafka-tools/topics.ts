/** `kafka-topics`: lists, shows, creates, changes and deletes topics. */
import { CreateTopics } from '../../../protocol/apis/19-create-topics.ts';
import { DeleteTopics } from '../../../protocol/apis/20-delete-topics.ts';
import { CreatePartitions } from '../../../protocol/apis/37-create-partitions.ts';
import { ErrorCode, errorMessage } from '../../../protocol/errors.ts';
import { describeConfigs, ResourceType } from '../client/configs.ts';
import type { Cluster, TopicMetadata } from '../client/cluster.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { CommandError, UsageError } from '../usage.ts';
import { onCluster } from './cluster.ts';
import { readFlags, type Flags } from './flags.ts';

const FLAGS = {
  list: 'switch',
  describe: 'switch',
  create: 'switch',
  alter: 'switch',
  delete: 'switch',
  topic: 'value',
  partitions: 'value',
  'replication-factor': 'value',
  'replica-assignment': 'value',
  config: 'list',
  'if-not-exists': 'switch',
  'if-exists': 'switch',
  'exclude-internal': 'switch',
  force: 'ignored switch',
  'partition-size-limit-per-response': 'ignored',
} as const;

const ACTIONS = { list, describe, create, alter, delete: remove } as const;

const NO_ID = 'AAAAAAAAAAAAAAAAAAAAAA';

export async function topics(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(args, FLAGS);
  const asked = (Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]).filter((action) => flags.has(action));
  if (asked.length !== 1) throw new UsageError('say one of --list, --describe, --create, --alter, --delete');
  try {
    await onCluster(terminal, flags, (cluster) => ACTIONS[asked[0]](cluster, flags, terminal));
    return 0;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // On stdout, where scripts look for it.
    await printLine(terminal, `Error while executing topic command : ${(error as Error).message}`);
    return 1;
  }
}

async function list(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const names = (await matching(cluster, flags)).map(({ name }) => name!);
  await printLine(terminal, names.join('\n'));
}

/** --topic is a regular expression, as Kafka has it; all topics without. */
async function matching(cluster: Cluster, flags: Flags): Promise<TopicMetadata[]> {
  const wanted = flags.get('topic');
  const fits = new RegExp(`^(?:${(wanted ?? '.*').replaceAll(',', '|')})$`);
  const { topics: all } = await cluster.metadata(null);
  return all
    .filter(({ name, isInternal }) => fits.test(name ?? '') && !(isInternal && flags.has('exclude-internal')))
    .toSorted((a, b) => (a.name! < b.name! ? -1 : 1));
}

async function existing(cluster: Cluster, flags: Flags): Promise<TopicMetadata[]> {
  const found = await matching(cluster, flags);
  if (found.length > 0 || flags.has('if-exists') || !flags.has('topic')) return found;
  throw new CommandError(`Topic '${flags.get('topic')}' does not exist`);
}

async function describe(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const found = await existing(cluster, flags);
  const names = found.map(({ name }) => name!);
  const settings = names.length === 0 ? new Map() : await describeConfigs(cluster, ResourceType.topic, names);
  for (const { name, topicId, partitions } of found) {
    const changed = (settings.get(name!) as { name: string; value: string | null; source: string }[])
      .filter(({ source }) => source === 'topic')
      .map((each) => `${each.name}=${each.value}`);
    const facts = [
      `Topic: ${name}`,
      `TopicId: ${topicId}`,
      `PartitionCount: ${partitions.length}`,
      `ReplicationFactor: ${partitions[0].replicaNodes.length}`,
      `Configs: ${changed.join(',')}`,
    ];
    await printLine(terminal, facts.join('\t'));
    for (const each of partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex)) {
      const { partitionIndex, leaderId, replicaNodes, isrNodes } = each;
      const leader = leaderId < 0 ? 'none' : leaderId;
      const line = [
        `Topic: ${name}`,
        `Partition: ${partitionIndex}`,
        `Leader: ${leader}`,
        `Replicas: ${replicaNodes.join(',')}`,
        `Isr: ${isrNodes.join(',')}`,
        'Elr: ',
        'LastKnownElr: ',
      ];
      await printLine(terminal, `\t${line.join('\t')}`);
    }
  }
}

async function create(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const name = flags.need('topic');
  const assignments = assignmentsOf(flags.get('replica-assignment'));
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
  return text.split(',').map((ids, partitionIndex) => ({ partitionIndex, brokerIds: ids.split(':').map(Number) }));
}

async function alter(cluster: Cluster, flags: Flags): Promise<void> {
  if (flags.has('config')) throw new UsageError('settings are changed with kafka-configs --alter --add-config');
  const count = flags.number('partitions');
  if (count === undefined) throw new UsageError('--alter wants --partitions');
  const found = await existing(cluster, flags);
  const changes = found.map(({ name }) => ({ name: name!, count, assignments: null }));
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
