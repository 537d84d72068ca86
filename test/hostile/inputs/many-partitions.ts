/** Topics and partitions by the thousands in one request. */
import { CreateTopics } from '../../../protocol/apis/19-create-topics.ts';
import { DeleteTopics } from '../../../protocol/apis/20-delete-topics.ts';
import type { Input, Target } from '../input.ts';

const MANY = 2_000;
const TIMEOUT_MS = 60_000;
/** A stop finishes first what was deleted in the minute before: thousands of folders. */
const limits = { stopMs: 15_000 };

/** Creates and deletes them; what an interrupted run before has left may be there. */
async function comeAndGo(target: Target, names: readonly string[], numPartitions: number): Promise<void> {
  const client = await target.connect();
  const topics = names.map((name) => ({ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }));
  const { topics: created } = await client.send(CreateTopics, 7, {
    timeoutMs: TIMEOUT_MS,
    validateOnly: false,
    topics,
  });
  for (const { errorCode } of created) if (errorCode !== 0) throw new Error(`CreateTopics answered ${errorCode}`);
  const { responses } = await client.send(DeleteTopics, 5, { topicNames: [...names], timeoutMs: TIMEOUT_MS });
  for (const { errorCode } of responses) if (errorCode !== 0) throw new Error(`DeleteTopics answered ${errorCode}`);
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
    run: (target) =>
      comeAndGo(
        target,
        Array.from({ length: MANY }, (_, at) => `topic-${at}`),
        1,
      ),
  },
];
