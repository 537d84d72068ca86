/** Conversations about groups with Apache Kafka: its answers are recorded, and this broker is held to them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { CreatePartitions, CreateTopics, DeleteTopics, FindCoordinator } from '../../protocol/apis/index.ts';
import { connect, type Client } from '../../protocol/client.ts';
import type { Topics } from './consumer-talk.ts';
import type { Send } from './conversation.ts';
import { GroupBroker } from './group-broker.ts';

export interface Recording {
  readonly recorded: URL;
  /** `run` sets its groups apart from those of the last on the same broker; `settle` waits for what goes on between requests. */
  readonly converse: (send: Send, topics: Topics, run: string, settle: () => Promise<void>) => Promise<string[]>;
  /** How long `settle` waits: of this broker's virtual clock, and for Apache Kafka. */
  readonly settleMs: { readonly here: number; readonly kafka: number };
}

export function recordedAnswers({ recorded }: Recording): string[] {
  return readFileSync(recorded, 'utf8').trimEnd().split('\n');
}

/** Of this broker, which is left without a timer. */
export async function answersHere({ converse, settleMs }: Recording): Promise<string[]> {
  const broker = new GroupBroker().start();
  const lines = await converse(
    async (client, api, version, draft) => {
      const answer = broker.send(api, version, draft, client, client === 'one' ? 1 : 2);
      await broker.clock.advance(0);
      return answer;
    },
    {
      create: async (name, partitions) => broker.setTopic(name, partitions),
      grow: async (name, count) => void broker.setTopic(name, count),
      delete: async (name) => void broker.setTopic(name, 0),
    },
    'run0000000000000',
    () => broker.clock.advance(settleMs.here),
  );
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
  return lines;
}

/** Asks the Apache Kafka at KAFKA_PORT, records what it says, and answers that. `prepare` comes before the conversation. */
export async function recordAnswers(
  { recorded, converse, settleMs }: Recording,
  prepare: (client: Client, topics: Topics) => Promise<unknown> = async () => {},
): Promise<string[]> {
  const port = Number(process.env.KAFKA_PORT);
  const open = (clientId: string) => connect({ host: '127.0.0.1', port, clientId });
  const clients = { one: await open('one'), two: await open('two') };
  const ready = () => clients.one.send(FindCoordinator, 0, { key: 'g' });
  while ((await ready()).errorCode !== 0) await wait(100);
  const topics = topicsOf(clients.one);
  await prepare(clients.one, topics);
  const lines = await converse(
    (client, api, version, draft) => clients[client].send(api, version, draft),
    topics,
    `run${Date.now()}`,
    () => wait(settleMs.kafka),
  );
  expect(lines.length).toBeGreaterThan(100);
  writeFileSync(recorded, `${lines.join('\n')}\n`);
  await Promise.all([clients.one.close(), clients.two.close()]);
  return lines;
}

function topicsOf(client: Client): Topics {
  return {
    create: async (name, numPartitions) => {
      const { topics } = await client.send(CreateTopics, 7, {
        topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }],
        timeoutMs: 5000,
      });
      return topics[0].topicId;
    },
    grow: async (name, count) => {
      const topics = [{ name, count, assignments: null }];
      await client.send(CreatePartitions, 3, { topics, timeoutMs: 5000, validateOnly: false });
    },
    delete: async (name) => {
      await client.send(DeleteTopics, 5, { topicNames: [name], timeoutMs: 5000 });
    },
  };
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
