/** `ottla topics`: lists, shows, creates, changes, empties and deletes topics. */
import type { Command } from 'commander';
import { ErrorCode } from '../../protocol/errors.ts';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { DeleteTopics } from '../../protocol/apis/20-delete-topics.ts';
import { DeleteRecords } from '../../protocol/apis/21-delete-records.ts';
import { CreatePartitions } from '../../protocol/apis/37-create-partitions.ts';
import { alterConfigs, describeConfigs, parseSettings, ResourceType } from './client/configs.ts';
import type { Cluster } from './client/cluster.ts';
import { Refused, refuse } from './client/failure.ts';
import { BEGINNING, END, listOffsets } from './client/offsets.ts';
import { command } from './command-line.ts';
import { withCluster, withConnection, type ConnectionOptions } from './connection-options.ts';
import { collect, wholeNumber } from './option-values.ts';
import { note, painter, printJson, printLine, printTable, type Terminal } from './terminal.ts';
import { findTopics, missingTopic, partitionsOf } from './topic-names.ts';
import { CommandError, UsageError } from './usage.ts';

interface Options extends ConnectionOptions {
  json?: boolean;
}

export function topicsCommand(terminal: Terminal): Command {
  const topics = command('topics', 'list, show, create, change and delete topics', [
    ['ottla topics', 'list them'],
    ['ottla topics create orders -p 3', 'with three partitions'],
    ['ottla topics describe orders', 'partitions, leaders, offsets, settings'],
    ['ottla topics alter orders -p 6 -c retention.ms=86400000', 'more partitions, another retention'],
    ['ottla topics delete orders', 'and all that is in it'],
  ]).alias('topic');
  topics.addCommand(listCommand(terminal));
  topics.addCommand(describeCommand(terminal));
  topics.addCommand(createCommand(terminal));
  topics.addCommand(alterCommand(terminal));
  topics.addCommand(emptyCommand(terminal));
  topics.addCommand(deleteCommand(terminal));
  return topics;
}

function listCommand(terminal: Terminal): Command {
  const list = command('list', 'list topics', [
    ['ottla topics list --json | jq -r .[].name', 'their names for a script'],
    ['ottla topics list "orders*"', 'those that begin so'],
  ])
    .alias('ls')
    .argument('[pattern]', 'only names that match; * stands for anything')
    .option('--internal', 'those of Kafka itself too')
    .option('-q, --quiet', 'names only')
    .option('--json', 'as JSON');
  return withConnection(list).action(
    (pattern: string | undefined, options: Options & { internal?: boolean; quiet?: boolean }) =>
      withCluster(terminal, options, async (cluster) => {
        const { topics } = await cluster.metadata(null);
        const fits = globOf(pattern ?? '*');
        const shown = topics
          .filter(({ name, isInternal }) => fits.test(name ?? '') && (options.internal === true || !isInternal))
          .toSorted((a, b) => (a.name! < b.name! ? -1 : 1))
          .map(({ name, isInternal, partitions }) => ({
            name: name!,
            partitions: partitions.length,
            replicationFactor: partitions[0]?.replicaNodes.length ?? 0,
            internal: isInternal,
          }));
        if (options.json === true) return printJson(terminal, shown);
        if (options.quiet === true) return shown.length === 0 ? undefined : names(terminal, shown);
        if (shown.length === 0) {
          const where = pattern === undefined ? '' : ` fits '${pattern}'`;
          return note(terminal, `no topic${where || 's yet'}; \`ottla topics create NAME\` makes one`);
        }
        await printTable(
          terminal,
          [{ title: 'TOPIC' }, { title: 'PARTITIONS', align: 'right' }, { title: 'REPLICAS', align: 'right' }],
          shown.map(({ name, partitions, replicationFactor }) => [name, partitions, replicationFactor]),
        );
      }),
  );
}

function names(terminal: Terminal, shown: readonly { name: string }[]): Promise<void> {
  return printLine(terminal, shown.map(({ name }) => name).join('\n'));
}

function globOf(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

function describeCommand(terminal: Terminal): Command {
  const describe = command('describe', 'show partitions, offsets and settings', [
    ['ottla topics describe orders payments', 'two at once'],
    ['ottla topics describe orders --json', 'for a script'],
  ])
    .alias('show')
    .argument('<topic...>', 'their names')
    .option('--json', 'as JSON');
  return withConnection(describe).action((wanted: string[], options: Options) =>
    withCluster(terminal, options, async (cluster) => {
      const shown = await describeTopics(cluster, wanted);
      if (options.json === true) return printJson(terminal, shown);
      for (const [index, topic] of shown.entries()) {
        if (index > 0) await printLine(terminal, '');
        await printTopic(terminal, topic);
      }
    }),
  );
}

type DescribedTopic = Awaited<ReturnType<typeof describeTopics>>[number];

async function describeTopics(cluster: Cluster, wanted: readonly string[]) {
  const topics = await findTopics(cluster, wanted);
  const led = topics.map((topic) => ({
    ...topic,
    partitions: topic.partitions.filter(({ leaderId }) => leaderId >= 0),
  }));
  const [starts, ends, settings] = await Promise.all([
    listOffsets(cluster, led, () => BEGINNING),
    listOffsets(cluster, led, () => END),
    describeConfigs(cluster, ResourceType.topic, wanted).catch(() => new Map<string, never[]>()),
  ]);
  return topics.map(({ name, topicId, partitions }) => ({
    name: name!,
    topicId,
    configs: Object.fromEntries(
      (settings.get(name!) ?? []).filter(({ source }) => source === 'topic').map((each) => [each.name, each.value]),
    ),
    partitions: partitions.map(({ partitionIndex, leaderId, replicaNodes, isrNodes }) => ({
      partition: partitionIndex,
      leader: leaderId,
      replicas: replicaNodes,
      inSync: isrNodes,
      startOffset: starts.get(`${name}/${partitionIndex}`) ?? null,
      endOffset: ends.get(`${name}/${partitionIndex}`) ?? null,
    })),
  }));
}

async function printTopic(terminal: Terminal, { name, configs, partitions }: DescribedTopic): Promise<void> {
  const paint = painter(terminal.stdout, terminal.environment);
  const factor = partitions[0]?.replicas.length ?? 0;
  const count = (many: number, what: string): string => `${many} ${what}${many === 1 ? '' : 's'}`;
  await printLine(
    terminal,
    `${paint('bold', name)}  ${count(partitions.length, 'partition')}, ${count(factor, 'replica')}`,
  );
  const settings = Object.entries(configs).map(([key, value]) => `  ${key}=${value}`);
  if (settings.length > 0) await printLine(terminal, settings.join('\n'));
  await printTable(
    terminal,
    [
      { title: 'PARTITION', align: 'right' },
      { title: 'LEADER', align: 'right' },
      { title: 'REPLICAS' },
      { title: 'IN SYNC' },
      { title: 'START', align: 'right' },
      { title: 'END', align: 'right' },
      { title: 'RECORDS', align: 'right' },
    ],
    partitions.map(({ partition, leader, replicas, inSync, startOffset, endOffset }) => [
      partition,
      leader < 0 ? paint('red', 'none') : leader,
      replicas.join(','),
      inSync.length < replicas.length ? paint('yellow', inSync.join(',')) : inSync.join(','),
      startOffset ?? '?',
      endOffset ?? '?',
      startOffset === null || endOffset === null ? '?' : endOffset - startOffset,
    ]),
  );
}

function createCommand(terminal: Terminal): Command {
  const create = command('create', 'create topics', [
    ['ottla topics create orders', 'as the broker sees fit'],
    ['ottla topics create orders -p 3 -r 1', 'three partitions, one replica of each'],
    ['ottla topics create latest -c cleanup.policy=compact', 'compacted'],
  ])
    .alias('add')
    .argument('<topic...>', 'their names')
    .option('-p, --partitions <n>', 'how many (default: the broker’s)', wholeNumber('--partitions', 1))
    .option('-r, --replication-factor <n>', 'replicas of each (default: the broker’s)', wholeNumber('-r', 1))
    .option('-c, --config <key=value>', 'a setting of the topic; may be repeated', collect)
    .option('--if-not-exists', 'no failure where one is there already')
    .option('--dry-run', 'ask the broker whether it would, and change nothing')
    .option('--json', 'as JSON');
  interface CreateOptions extends Options {
    partitions?: number;
    replicationFactor?: number;
    config?: string[];
    ifNotExists?: boolean;
    dryRun?: boolean;
  }
  return withConnection(create).action((wanted: string[], options: CreateOptions) =>
    withCluster(terminal, options, async (cluster) => {
      const configs = parseSettings(options.config ?? []).map(([name, value]) => ({ name, value }));
      const { partitions: numPartitions = -1, replicationFactor = -1, dryRun: validateOnly = false } = options;
      const answer = await cluster.sendToController(
        CreateTopics,
        {
          topics: wanted.map((name) => ({ name, numPartitions, replicationFactor, assignments: [], configs })),
          timeoutMs: cluster.timeoutMs,
          validateOnly,
        },
        ({ topics }) => {
          for (const { name, errorCode, errorMessage } of topics) {
            if (errorCode === ErrorCode.TOPIC_ALREADY_EXISTS && options.ifNotExists === true) continue;
            refuse(`topic '${name}'`, errorCode, errorMessage);
          }
        },
      );
      const made = answer.topics.map(({ name, errorCode, numPartitions, topicId }) => ({
        name,
        topicId,
        partitions: numPartitions,
        created: errorCode === 0 && !validateOnly,
      }));
      if (options.json === true) return printJson(terminal, made);
      for (const { name, created, partitions } of made) {
        const size = partitions < 0 ? '' : ` with ${partitions} partition${partitions === 1 ? '' : 's'}`;
        const word = validateOnly ? `would create ${name}${size}` : `created ${name}${size}`;
        await printLine(terminal, created || validateOnly ? word : `${name} is there already`);
      }
    }),
  );
}

function alterCommand(terminal: Terminal): Command {
  const alter = command('alter', 'give topics more partitions or other settings', [
    ['ottla topics alter orders -p 6', 'six partitions altogether'],
    ['ottla topics alter orders -c retention.ms=3600000', 'a setting'],
    ['ottla topics alter orders --delete-config retention.ms', 'back to the broker’s'],
  ])
    .argument('<topic...>', 'their names')
    .option('-p, --partitions <n>', 'how many there are to be', wholeNumber('--partitions', 1))
    .option('-c, --config <key=value>', 'a setting; may be repeated', collect)
    .option('--delete-config <key>', 'a setting to forget; may be repeated', collect);
  interface AlterOptions extends Options {
    partitions?: number;
    config?: string[];
    deleteConfig?: string[];
  }
  return withConnection(alter).action((wanted: string[], options: AlterOptions) => {
    const { partitions, config = [], deleteConfig = [] } = options;
    if (partitions === undefined && config.length + deleteConfig.length === 0) {
      throw new UsageError('nothing to alter: add -p N, -c key=value or --delete-config key');
    }
    const changes = new Map<string, string | null>(parseSettings(config));
    for (const key of deleteConfig) changes.set(key, null);
    return withCluster(terminal, options, async (cluster) => {
      await findTopics(cluster, wanted);
      if (changes.size > 0) await alterConfigs(cluster, ResourceType.topic, wanted, changes);
      if (partitions !== undefined) await addPartitions(cluster, wanted, partitions);
      for (const name of wanted) await printLine(terminal, `altered ${name}`);
    });
  });
}

function addPartitions(cluster: Cluster, wanted: readonly string[], count: number) {
  return cluster.sendToController(
    CreatePartitions,
    {
      topics: wanted.map((name) => ({ name, count, assignments: null })),
      timeoutMs: cluster.timeoutMs,
      validateOnly: false,
    },
    ({ results }) => {
      for (const { name, errorCode, errorMessage } of results) refuse(`topic '${name}'`, errorCode, errorMessage);
    },
  );
}

function deleteCommand(terminal: Terminal): Command {
  const remove = command('delete', 'delete topics and all that is in them', [
    ['ottla topics delete orders payments', 'two at once'],
    ['ottla topics delete orders --if-exists', 'no failure where it is gone already'],
  ])
    .alias('rm')
    .argument('<topic...>', 'their names')
    .option('--if-exists', 'no failure where one is missing');
  return withConnection(remove).action((wanted: string[], options: Options & { ifExists?: boolean }) =>
    withCluster(terminal, options, async (cluster) => {
      const answer = await cluster.sendToController(
        DeleteTopics,
        { topics: wanted.map((name) => ({ name, topicId: NO_ID })), topicNames: wanted, timeoutMs: cluster.timeoutMs },
        ({ responses }) => {
          for (const { name, errorCode, errorMessage } of responses) {
            if (errorCode !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) refuse(`topic '${name}'`, errorCode, errorMessage);
          }
        },
      );
      const missing = answer.responses.filter(({ errorCode }) => errorCode !== 0);
      for (const { name, errorCode } of answer.responses) {
        if (errorCode === 0) await printLine(terminal, `deleted ${name}`);
        else if (options.ifExists === true) await printLine(terminal, `${name} is not there`);
      }
      if (missing.length > 0 && options.ifExists !== true) {
        throw new CommandError(await missingTopic(cluster, missing[0].name!));
      }
    }),
  );
}

const NO_ID = 'AAAAAAAAAAAAAAAAAAAAAA';

function emptyCommand(terminal: Terminal): Command {
  const empty = command('empty', 'delete the records of a topic, and keep the topic', [
    ['ottla topics empty orders', 'all of them'],
    ['ottla topics empty orders --partition 0 --before 1000', 'those before an offset'],
  ])
    .argument('<topic>', 'its name')
    .option('--partition <n>', 'of this partition only', wholeNumber('--partition', 0))
    .option('--before <offset>', 'only records before this offset', wholeNumber('--before', 0));
  return withConnection(empty).action((name: string, options: Options & { partition?: number; before?: number }) =>
    withCluster(terminal, options, async (cluster) => {
      const [topic] = await findTopics(cluster, [name]);
      const wanted = partitionsOf(topic, options.partition === undefined ? null : [options.partition]);
      for (const { partitionIndex, leaderId } of topic.partitions) {
        if (!wanted.includes(partitionIndex)) continue;
        const asked = [{ name, partitions: [{ partitionIndex, offset: options.before ?? -1 }] }];
        const answer = await cluster.sendTo(leaderId, DeleteRecords, { topics: asked, timeoutMs: cluster.timeoutMs });
        const [{ errorCode, lowWatermark }] = answer.topics[0].partitions;
        if (errorCode !== 0) throw new Refused(`partition ${name}/${partitionIndex}`, errorCode);
        await printLine(terminal, `${name}/${partitionIndex} begins at ${lowWatermark} now`);
      }
    }),
  );
}
