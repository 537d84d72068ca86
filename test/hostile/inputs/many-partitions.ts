/** Topics and partitions by the thousands in one request, and the settings of as many. */
import { CreateTopics } from '../../../protocol/apis/19-create-topics.ts';
import { DeleteTopics } from '../../../protocol/apis/20-delete-topics.ts';
import { DescribeConfigs } from '../../../protocol/apis/32-describe-configs.ts';
import { IncrementalAlterConfigs } from '../../../protocol/apis/44-incremental-alter-configs.ts';
import type { Input, Target } from '../input.ts';

const MANY = 2_000;
const TIMEOUT_MS = 60_000;
const TOPIC = 2;
/** A stop finishes first what was deleted in the minute before: thousands of folders. */
const limits = { stopMs: 15_000 };

/** Creates and deletes them; what an interrupted run before has left may be there. */
async function comeAndGo(target: Target, names: readonly string[], numPartitions: number): Promise<void> {
  await create(target, names, numPartitions);
  const client = await target.connect();
  const { responses } = await client.send(DeleteTopics, 5, { topicNames: [...names], timeoutMs: TIMEOUT_MS });
  for (const { errorCode } of responses) if (errorCode !== 0) throw new Error(`DeleteTopics answered ${errorCode}`);
}

async function create(target: Target, names: readonly string[], numPartitions: number): Promise<void> {
  const client = await target.connect();
  const topics = names.map((name) => ({ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }));
  const { topics: created } = await client.send(CreateTopics, 7, {
    timeoutMs: TIMEOUT_MS,
    validateOnly: false,
    topics,
  });
  for (const { errorCode } of created) if (errorCode !== 0) throw new Error(`CreateTopics answered ${errorCode}`);
}

const manyNames = Array.from({ length: MANY }, (_, at) => `topic.${at}_of_many`);

async function askAndAlter(target: Target): Promise<void> {
  const client = await target.connect();
  const all = manyNames.map((resourceName) => ({ resourceType: TOPIC, resourceName }));
  const { results } = await client.send(DescribeConfigs, 4, {
    resources: all.map((resource) => ({ ...resource, configurationKeys: null })),
    includeSynonyms: true,
    includeDocumentation: true,
  });
  for (const { errorCode } of results) if (errorCode !== 0) throw new Error(`DescribeConfigs answered ${errorCode}`);
  const set = (value: string) => [{ name: 'retention.ms', configOperation: 0, value }];
  const { responses } = await client.send(IncrementalAlterConfigs, 1, {
    resources: all.map((resource) => ({ ...resource, configs: set('100000000') })),
    validateOnly: false,
  });
  for (const { errorCode } of responses) if (errorCode !== 0) throw new Error(`the settings answered ${errorCode}`);
}

export const manyPartitions: readonly Input[] = [
  {
    name: 'many-partitions',
    what: `CreateTopics and DeleteTopics of a topic of ${MANY} partitions`,
    limits,
    run: (target) => comeAndGo(target, ['wide'], MANY),
  },
  {
    name: 'many-topics',
    what: `CreateTopics and DeleteTopics of ${MANY} topics`,
    limits,
    run: (target) => comeAndGo(target, manyNames, 1),
  },
  {
    name: 'many-configs',
    what: `DescribeConfigs, with synonyms and documentation, and IncrementalAlterConfigs of ${MANY} topics`,
    limits,
    prepare: (target) => create(target, manyNames, 1),
    run: askAndAlter,
  },
];
