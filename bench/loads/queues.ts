/** Apache Kafka's share consumer by its own performance tool, the same for both brokers (KIP-932). */
import { IncrementalAlterConfigs } from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import { runTool } from '../../scripts/kafka/index.ts';
import type { BrokerUnderLoad } from '../brokers.ts';
import { measured, type Load, type Work } from '../load.ts';
import { withTopic, type Topic } from '../topics.ts';
import { produce } from './java.ts';

const RECORDS = 1e6;
const VALUE_BYTES = 100;
const TIMEOUT_MS = 600_000;
const GROUP_CONFIG = 32;
const SET = 0;

const shareConsume: Load = {
  name: 'java-share-100',
  title: 'Java, share consumer, 100 B',
  isRaw: false,
  run: (broker, { share }) =>
    withTopic(broker.port, 1, async (topic) => {
      const records = Math.round(RECORDS * share);
      const filled = { name: '', title: '', valueBytes: VALUE_BYTES, millions: 1, settings: ['acks=1'] };
      await produce(broker, topic, filled, records);
      const group = `${topic.name}-group`;
      await beginEarliest(broker, group);
      return measured(broker, () => consume(broker, topic, group, records));
    }),
};

/** A share group begins at the end unless it is told otherwise. */
export async function beginEarliest(broker: BrokerUnderLoad, group: string): Promise<void> {
  const client = await connect({ host: '127.0.0.1', port: broker.port });
  const configs = [{ name: 'share.auto.offset.reset', configOperation: SET, value: 'earliest' }];
  const resources = [{ resourceType: GROUP_CONFIG, resourceName: group, configs }];
  const { responses } = await client.send(IncrementalAlterConfigs, 1, { resources, validateOnly: false });
  await client.close();
  if (responses[0].errorCode !== 0) throw new Error(`the group is not configured: ${responses[0].errorMessage}`);
}

async function consume(broker: BrokerUnderLoad, topic: Topic, group: string, records: number): Promise<Work> {
  const from = ['--bootstrap-server', `127.0.0.1:${broker.port}`, '--topic', topic.name, '--group', group];
  const asked = [...from, '--num-records', `${records}`, '--timeout', `${TIMEOUT_MS}`, '--hide-header']; // for all of it
  const { output } = await runTool('share-consumer-perf-test', asked, { timeoutMs: TIMEOUT_MS });
  const line = output
    .trim()
    .split('\n')
    .findLast((each) => each.split(',').length >= 6);
  const fields = line?.split(',').map((field) => field.trim()) ?? [];
  const [perSecond, count] = [Number(fields[4]), Number(fields[5])];
  if (!(count >= records) || !(perSecond > 0)) throw new Error(`kafka-share-consumer-perf-test said:\n${output}`);
  return { seconds: count / perSecond, records: count, bytes: count * VALUE_BYTES };
}

export const queueLoads: readonly Load[] = [shareConsume];
