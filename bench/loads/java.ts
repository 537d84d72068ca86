/** Apache Kafka's own performance tools, the same for both brokers: what users of the Java client get. */
import { runTool } from '../../scripts/kafka/index.ts';
import type { BrokerUnderLoad } from '../brokers.ts';
import { measured, type Load, type Work } from '../load.ts';
import { recordCount, withTopic, type Topic } from '../topics.ts';

interface JavaProduce {
  readonly name: string;
  readonly title: string;
  readonly valueBytes: number;
  /** Millions at full effort. */
  readonly millions: number;
  readonly partitions?: number;
  /** As the producer's properties say it. */
  readonly settings: readonly string[];
}

const TIMEOUT_MS = 600_000;

export async function produce(
  broker: BrokerUnderLoad,
  topic: Topic,
  load: JavaProduce,
  records: number,
): Promise<Work> {
  const bootstrap = `bootstrap.servers=127.0.0.1:${broker.port}`;
  const size = ['--num-records', `${records}`, '--record-size', `${load.valueBytes}`, '--throughput', '-1'];
  const asked = ['--topic', topic.name, ...size, '--producer-props', bootstrap, ...load.settings];
  const { output } = await runTool('producer-perf-test', asked, { timeoutMs: TIMEOUT_MS });
  const last = output
    .trim()
    .split('\n')
    .findLast((line) => line.includes('99.9th'));
  const found = /([\d.]+) records\/sec.* (\d+) ms 50th.* (\d+) ms 99th, (\d+) ms 99.9th/.exec(last ?? '');
  if (found === null) throw new Error(`kafka-producer-perf-test said:\n${output}`);
  const [rate, p50, p99, p999] = found.slice(1).map(Number);
  const stored = await recordCount(broker.port, topic);
  if (stored !== records) throw new Error(`${records} records were sent, ${stored} stand in the topic`);
  const micros = { p50: p50 * 1000, p99: p99 * 1000, p999: p999 * 1000 };
  return { seconds: records / rate, records, bytes: records * load.valueBytes, ...micros };
}

function javaProduce(load: JavaProduce): Load {
  return {
    name: load.name,
    title: load.title,
    isRaw: false,
    run: (broker, { share }) =>
      withTopic(broker.port, load.partitions ?? 1, (topic) =>
        measured(broker, () => produce(broker, topic, load, Math.round(load.millions * 1e6 * share))),
      ),
  };
}

function javaConsume(name: string, title: string, filled: JavaProduce): Load {
  return {
    name,
    title,
    isRaw: false,
    run: (broker, { share }) =>
      withTopic(broker.port, 1, async (topic) => {
        const records = Math.round(filled.millions * 1e6 * share);
        await produce(broker, topic, filled, records);
        return measured(broker, () => consume(broker, topic, records, filled.valueBytes));
      }),
  };
}

async function consume(broker: BrokerUnderLoad, topic: Topic, records: number, valueBytes: number): Promise<Work> {
  const from = ['--bootstrap-server', `127.0.0.1:${broker.port}`, '--topic', topic.name];
  const asked = [...from, '--num-records', `${records}`, '--timeout', '60000', '--hide-header'];
  const { output } = await runTool('consumer-perf-test', asked, { timeoutMs: TIMEOUT_MS });
  const line = output
    .trim()
    .split('\n')
    .findLast((each) => each.split(',').length >= 10);
  const fields = line?.split(',').map((field) => field.trim()) ?? [];
  const [count, fetchMs] = [Number(fields[4]), Number(fields[7])];
  if (!(count >= records) || !(fetchMs > 0)) throw new Error(`kafka-consumer-perf-test said:\n${output}`);
  return { seconds: fetchMs / 1000, records: count, bytes: count * valueBytes };
}

const plain = ['acks=1', 'enable.idempotence=false'];
const B100 = { valueBytes: 100, millions: 1.5, settings: plain };
const KIB = { valueBytes: 1024, millions: 0.4, settings: plain };
const some = { ...B100, millions: 1 };

export const javaLoads: readonly Load[] = [
  javaProduce({ name: 'java-100', title: 'Java, 100 B, acks=1', ...B100 }),
  javaProduce({ name: 'java-1k', title: 'Java, 1 KiB, acks=1', ...KIB }),
  javaProduce({
    name: 'java-100-idempotent',
    title: 'Java, 100 B, its defaults (idempotent, acks=all)',
    ...some,
    settings: [],
  }),
  javaProduce({ name: 'java-100-acks-0', title: 'Java, 100 B, acks=0', ...some, settings: ['acks=0'] }),
  javaProduce({ name: 'java-100-8-partitions', title: 'Java, 100 B, 8 partitions', ...some, partitions: 8 }),
  javaProduce({ name: 'java-100-100-partitions', title: 'Java, 100 B, 100 partitions', ...some, partitions: 100 }),
  javaProduce({
    name: 'java-100-lz4',
    title: 'Java, 100 B, lz4',
    ...some,
    settings: [...plain, 'compression.type=lz4'],
  }),
  javaProduce({
    name: 'java-100-zstd',
    title: 'Java, 100 B, zstd',
    ...some,
    settings: [...plain, 'compression.type=zstd'],
  }),
  javaConsume('java-consume-100', 'Java, consuming 100 B', { name: '', title: '', ...B100 }),
  javaConsume('java-consume-1k', 'Java, consuming 1 KiB', { name: '', title: '', ...KIB }),
];
