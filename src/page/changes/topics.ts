/** Topics made, altered, emptied and deleted from the page. */
import * as z from 'zod';
import { CreateTopics } from '../../../protocol/apis/19-create-topics.ts';
import { DeleteTopics } from '../../../protocol/apis/20-delete-topics.ts';
import { DeleteRecords } from '../../../protocol/apis/21-delete-records.ts';
import { CreatePartitions } from '../../../protocol/apis/37-create-partitions.ts';
import { ZERO_UUID } from '../../../protocol/schema.ts';
import { alterConfigs, ConfigResource } from './settings.ts';
import { ChangeRefused, check, TIMEOUT_MS, type Hands } from '../hands.ts';
import { partitionsOf } from '../record-at.ts';
import { change } from './change.ts';

const name = z.string().min(1);
const partitions = z.int().min(1).max(100_000);

export const createTopic = change(
  'write',
  z.strictObject({
    name,
    partitions: partitions.optional(),
    replicationFactor: z.int().min(1).max(1000).optional(),
    configs: z.record(z.string(), z.string()).optional(),
  }),
  async (hands, said) => {
    const { topics } = await hands.ask(CreateTopics, 7, {
      topics: [
        {
          name: said.name,
          numPartitions: said.partitions ?? -1,
          replicationFactor: said.replicationFactor ?? -1,
          assignments: [],
          configs: Object.entries(said.configs ?? {}).map(([key, value]) => ({ name: key, value })),
        },
      ],
      timeoutMs: TIMEOUT_MS,
    });
    const [{ errorCode, errorMessage, numPartitions }] = topics;
    check(`topic '${said.name}'`, errorCode, errorMessage);
    const what = numPartitions === 1 ? '1 partition' : `${numPartitions} partitions`;
    return { done: `Topic '${said.name}' was created${numPartitions < 1 ? '' : ` with ${what}`}.` };
  },
);

export const alterTopic = change(
  'write',
  z.strictObject({
    name,
    partitions: partitions.optional(),
    /** null takes a setting back. */
    configs: z.record(z.string(), z.string().nullable()).optional(),
  }),
  async (hands, said) => {
    const configs = Object.entries(said.configs ?? {});
    if (said.partitions === undefined && configs.length === 0) {
      throw new ChangeRefused(400, 'Say what to alter: the number of partitions, or settings.');
    }
    if (configs.length > 0) await alterConfigs(hands, ConfigResource.topic, said.name, configs);
    if (said.partitions !== undefined) {
      const topics = [{ name: said.name, count: said.partitions, assignments: null }];
      const { results } = await hands.ask(CreatePartitions, 3, { topics, timeoutMs: TIMEOUT_MS, validateOnly: false });
      const [{ errorCode, errorMessage }] = results;
      check(`topic '${said.name}'`, errorCode, errorMessage);
    }
    return { done: `Topic '${said.name}' was altered.` };
  },
);

export const emptyTopic = change('write', z.strictObject({ name }), async (hands, said) => {
  partitionsOf(hands, said.name);
  for (const own of partitionsByLeader(hands, said.name)) {
    const partitions = own.map((partitionIndex) => ({ partitionIndex, offset: -1 }));
    const of = { topic: said.name, partition: own[0] };
    const { topics } = await hands.ask(
      DeleteRecords,
      2,
      { topics: [{ name: said.name, partitions }], timeoutMs: TIMEOUT_MS },
      of,
    );
    for (const { partitionIndex, errorCode } of topics[0].partitions) {
      check(`${said.name}[${partitionIndex}] cannot be emptied`, errorCode);
    }
  }
  return { done: `Topic '${said.name}' is empty.` };
});

/** Each leader is asked once. */
function partitionsByLeader({ view }: Hands, topic: string): number[][] {
  const byLeader = new Map<number, number[]>();
  const { partitions } = view.parts.metadata.image.topicsByName.get(topic)!;
  for (const [index, { leader }] of partitions.entries()) {
    const own = byLeader.get(leader);
    if (own === undefined) byLeader.set(leader, [index]);
    else own.push(index);
  }
  return [...byLeader.values()];
}

export const deleteTopic = change('write', z.strictObject({ name }), async (hands, said) => {
  const topics = [{ name: said.name, topicId: ZERO_UUID }];
  const { responses } = await hands.ask(DeleteTopics, 6, { topics, timeoutMs: TIMEOUT_MS });
  const [{ errorCode, errorMessage }] = responses;
  check(`topic '${said.name}'`, errorCode, errorMessage);
  return { done: `Topic '${said.name}' was deleted.` };
});
