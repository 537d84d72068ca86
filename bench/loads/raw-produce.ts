/** Produce requests as prepared frames: what the broker alone can take, without a client's cost. */
import type { Codec } from '../../protocol/records/compression.ts';
import { batchOf, produceFrame, type BatchShape } from '../frames.ts';
import { measured, type Load } from '../load.ts';
import { pump } from '../raw-load.ts';
import { recordCount, withTopic } from '../topics.ts';

interface RawProduce extends BatchShape {
  readonly name: string;
  readonly title: string;
  readonly partitions?: number;
  readonly connections?: number;
  readonly depth?: number;
  readonly acks?: number;
  /** Of the topic. */
  readonly configs?: Readonly<Record<string, string>>;
}

/** So many unanswered frames, then one with an answer, so that what is sent is known to have arrived. */
const UNANSWERED = 31;

function rawProduce({
  name,
  title,
  partitions = 1,
  connections = 1,
  depth = 5,
  acks = 1,
  configs,
  ...shape
}: RawProduce): Load {
  return {
    name,
    title,
    isRaw: true,
    run: (broker, { seconds }) =>
      withTopic(
        broker.port,
        partitions,
        async (topic) => {
          const batch = batchOf(shape);
          const frames = Array.from({ length: partitions }, (_, index) => produceFrame(topic, index, batch, acks || 1));
          if (acks === 0) {
            const unanswered = produceFrame(topic, 0, batch, 0);
            frames.unshift(...Array.from({ length: UNANSWERED }, () => unanswered));
          }
          return measured(broker, async () => {
            const {
              seconds: took,
              answers,
              p50,
              p99,
              p999,
            } = await pump(broker.port, frames, {
              connections,
              depth,
              seconds,
            });
            const records = await recordCount(broker.port, topic);
            const requests = acks === 0 ? records / shape.records : answers;
            if (acks !== 0 && records !== answers * shape.records) {
              throw new Error(`${name}: ${answers} requests were answered, but ${records} records stand in the topic`);
            }
            return { seconds: took, requests, records, bytes: requests * batch.length, p50, p99, p999 };
          });
        },
        configs,
      ),
  };
}

const B100 = { records: 140, valueBytes: 100 };
const KIB = { records: 16, valueBytes: 1024 };
const ONE = { records: 1, valueBytes: 100 };
const compressed = (compression: Codec) =>
  rawProduce({ name: `raw-15k-${compression}`, title: `140 x 100 B, ${compression}`, ...B100, compression });

export const rawProduceLoads: readonly Load[] = [
  rawProduce({ name: 'raw-15k', title: '140 x 100 B (15 KB)', ...B100 }),
  rawProduce({ name: 'raw-16k', title: '16 x 1 KiB', ...KIB }),
  rawProduce({ name: 'raw-1m', title: '1000 x 1 KiB (1 MB)', records: 1000, valueBytes: 1024, depth: 2 }),
  rawProduce({ name: 'raw-15k-8-partitions', title: '140 x 100 B, 8 partitions', ...B100, partitions: 8 }),
  rawProduce({ name: 'raw-15k-100-partitions', title: '140 x 100 B, 100 partitions', ...B100, partitions: 100 }),
  rawProduce({ name: 'raw-15k-acks-0', title: '140 x 100 B, acks=0', ...B100, acks: 0 }),
  rawProduce({ name: 'raw-15k-acks-all', title: '140 x 100 B, acks=all', ...B100, acks: -1 }),
  rawProduce({
    name: 'durable-64',
    title: '140 x 100 B, each on the disk before its answer (flush.messages=1), 64 connections',
    ...B100,
    connections: 64,
    depth: 1,
    configs: { 'flush.messages': '1' },
  }),
  compressed('lz4'),
  compressed('zstd'),
  rawProduce({
    name: 'small-1-closed',
    title: 'one record, 1 connection, closed loop (produce to ack)',
    ...ONE,
    depth: 1,
  }),
  rawProduce({ name: 'small-1', title: 'one record, 1 connection, 64 under way', ...ONE, depth: 64 }),
  rawProduce({ name: 'small-50', title: 'one record, 50 connections, 8 under way', ...ONE, connections: 50, depth: 8 }),
  rawProduce({
    name: 'small-500',
    title: 'one record, 500 connections, 2 under way',
    ...ONE,
    connections: 500,
    depth: 2,
  }),
];
