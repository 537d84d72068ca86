/** What coordinators do: commits of groups, transactions; and connections that do nothing. */
import { AddPartitionsToTxn, EndTxn, FindCoordinator, InitProducerId, Produce } from '../../protocol/apis/index.ts';
import { connect, type Client } from '../../protocol/client.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import type { BrokerUnderLoad } from '../brokers.ts';
import { apiVersionsFrame, commitFrame } from '../frames.ts';
import { measured, type Load } from '../load.ts';
import { cpuSeconds, residentMb } from '../process-usage.ts';
import { pump, withIdle } from '../raw-load.ts';
import { withTopic, type Topic } from '../topics.ts';

const GROUPS = 50;
const PRODUCERS = 20;
const IDLE = 10_000;
const IDLE_SECONDS = 2;

const commits: Load = {
  name: 'group-commits',
  title: `offset commits of ${GROUPS} groups, 10 connections`,
  isRaw: true,
  run: (broker, { seconds }) =>
    withTopic(broker.port, 1, async (topic) => {
      const groups = Array.from({ length: GROUPS }, (_, at) => `group-${at}`);
      for (const group of groups) await untilCoordinated(broker, group, 0);
      const frames = groups.map((group, at) => commitFrame(topic, group, at));
      return measured(broker, async () => {
        const done = await pump(broker.port, frames, { connections: 10, depth: 4, seconds });
        const { answers, p50, p99, p999 } = done;
        return { seconds: done.seconds, requests: answers, p50, p99, p999 };
      });
    }),
};

async function untilCoordinated(broker: BrokerUnderLoad, key: string, keyType: number): Promise<void> {
  const client = await connect({ host: '127.0.0.1', port: broker.port });
  try {
    for (;;) {
      const answer = await client.send(FindCoordinator, 4, { keyType, coordinatorKeys: [key] });
      if (answer.coordinators[0].errorCode === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    await client.close();
  }
}

/** Each producer does one transaction after the other: partition added, a record, the end. */
const transactions: Load = {
  name: 'transactions',
  title: `transactions of one record, ${PRODUCERS} producers`,
  isRaw: false,
  run: (broker, { seconds }) =>
    withTopic(broker.port, PRODUCERS, async (topic) => {
      const producers: Awaited<ReturnType<typeof transactional>>[] = [];
      for (let at = 0; at < PRODUCERS; at++) producers.push(await transactional(broker, topic, at));
      const result = await measured(broker, async () => {
        const startedMs = performance.now();
        const endMs = startedMs + seconds * 1000;
        const samples: number[] = [];
        await Promise.all(
          producers.map(async ({ once }) => {
            while (performance.now() < endMs) {
              const beganMs = performance.now();
              await once();
              samples.push((performance.now() - beganMs) * 1000);
            }
          }),
        );
        samples.sort((a, b) => a - b);
        const at = (q: number) => samples[Math.floor(q * (samples.length - 1))];
        const quantiles = { p50: at(0.5), p99: at(0.99), p999: at(0.999) };
        return { seconds: (performance.now() - startedMs) / 1000, requests: samples.length, ...quantiles };
      });
      for (const { client } of producers) await client.close();
      return result;
    }),
};

async function transactional(broker: BrokerUnderLoad, topic: Topic, index: number) {
  const transactionalId = `${topic.name}-${index}`;
  await untilCoordinated(broker, transactionalId, 1);
  const client = await connect({ host: '127.0.0.1', port: broker.port });
  const { producerId, producerEpoch } = await begin(client, transactionalId);
  const who = { transactionalId, producerId, producerEpoch };
  let baseSequence = 0;
  const once = async (): Promise<void> => {
    const topics = [{ name: topic.name, partitions: [index] }];
    const added = await client.send(AddPartitionsToTxn, 3, {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: topics,
    });
    const { partitionErrorCode } = added.resultsByTopicV3AndBelow[0].resultsByPartition[0];
    if (partitionErrorCode === CONCURRENT_TRANSACTIONS) {
      await new Promise((resolve) => setTimeout(resolve, 1)); // the markers of the one before are on their way
      return once();
    }
    check(partitionErrorCode);
    const record = { key: null, value: Buffer.alloc(100, 97), timestamp: Date.now() };
    const batch = { records: [record], producerId, producerEpoch, baseSequence: baseSequence++, isTransactional: true };
    const topicData = [{ name: topic.name, partitionData: [{ index, records: encodeBatch(batch) }] }];
    const produced = await client.send(Produce, 11, { transactionalId, acks: -1, timeoutMs: 30_000, topicData });
    check(produced.responses[0].partitionResponses[0].errorCode);
    check((await client.send(EndTxn, 3, { ...who, committed: true })).errorCode);
  };
  return { client, once };
}

const CONCURRENT_TRANSACTIONS = 51;

async function begin(client: Client, transactionalId: string) {
  for (;;) {
    const answer = await client.send(InitProducerId, 4, { transactionalId, transactionTimeoutMs: 60_000 });
    if (answer.errorCode === 0) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function check(errorCode: number): void {
  if (errorCode !== 0) throw new Error(`a transaction was answered with error ${errorCode}`);
}

/** What open connections cost that were used once: memory, and processor time while nothing happens. */
const idle: Load = {
  name: 'idle-10000',
  title: '10,000 idle connections',
  isRaw: true,
  async run(broker) {
    const before = residentMb(broker.pid);
    let figures = { seconds: IDLE_SECONDS, idleMbAdded: 0, idleCpuPercent: 0 };
    const work = () =>
      withIdle(broker.port, apiVersionsFrame(), IDLE, async () => {
        const idleMbAdded = residentMb(broker.pid) - before;
        const cpu = cpuSeconds(broker.pid);
        await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000));
        figures = { ...figures, idleMbAdded, idleCpuPercent: ((cpuSeconds(broker.pid) - cpu) / IDLE_SECONDS) * 100 };
      });
    return measured(broker, async () => {
      await work();
      return figures;
    });
  },
};

export const coordinatorLoads: readonly Load[] = [commits, transactions, idle];
