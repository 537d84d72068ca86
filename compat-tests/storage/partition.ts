/** What a test writes to partition 0 of a topic of a broker, and all that can be seen of it afterwards. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { ListOffsets } from '../../protocol/apis/02-list-offsets.ts';
import { DeleteRecords } from '../../protocol/apis/21-delete-records.ts';
import { IncrementalAlterConfigs } from '../../protocol/apis/44-incremental-alter-configs.ts';
import * as batch from '../../protocol/records/batch.ts';
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import { encodeBatch, type BatchDraft } from '../../protocol/records/encode.ts';
import { createTopic } from '../../test/running-broker.ts';
import { until, type Broker } from './brokers.ts';

/** `{ a: '1', b: null }`: a record each, null is a tombstone. */
export type KeyedValues = Readonly<Record<string, string | null>>;

export function keyed(values: KeyedValues, timestamp: number, draft: Partial<BatchDraft> = {}): Buffer {
  const records = Object.entries(values).map(([key, value], i) => ({
    key: Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    timestamp: timestamp + i,
  }));
  return encodeBatch({ records, ...draft });
}

export async function configure(
  broker: Broker,
  topic: string,
  configs: Readonly<Record<string, string>>,
): Promise<void> {
  const { responses } = await broker.client.send(IncrementalAlterConfigs, 1, {
    validateOnly: false,
    resources: [
      {
        resourceType: 2,
        resourceName: topic,
        configs: Object.entries(configs).map(([name, value]) => ({ name, value, configOperation: 0 })),
      },
    ],
  });
  if (responses[0].errorCode !== 0) throw new Error(`${broker.name}: ${responses[0].errorMessage}`);
}

/** Both may be slow to know a new topic. */
export async function create(broker: Broker, topic: string, configs: Readonly<Record<string, string>>): Promise<void> {
  const errorCode = await createTopic(broker.client, topic, 1, configs);
  if (errorCode !== 0) throw new Error(`${broker.name} does not create ${topic}: ${errorCode}`);
  await until(
    () => listOffset(broker, topic, -1),
    (offset) => offset === 0,
  );
}

export async function append(
  broker: Broker,
  topic: string,
  records: Buffer,
  transactionalId: string | null = null,
): Promise<number> {
  const { responses } = await broker.client.send(Produce, 9, {
    transactionalId,
    acks: -1,
    timeoutMs: 5000,
    topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
  });
  const [{ errorCode, baseOffset }] = responses[0].partitionResponses;
  if (errorCode !== 0) throw new Error(`${broker.name} answers ${errorCode} to a produce`);
  return baseOffset;
}

/** -1 the end, -2 the start, -3 the largest timestamp, else the first with at least this timestamp. */
export async function listOffset(broker: Broker, topic: string, timestamp: number): Promise<number> {
  const { topics } = await broker.client.send(ListOffsets, 8, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp }] }],
  });
  const [{ errorCode, offset }] = topics[0].partitions;
  return errorCode === 0 ? offset : -100 - errorCode;
}

export async function deleteRecords(broker: Broker, topic: string, offset: number): Promise<void> {
  const { topics } = await broker.client.send(DeleteRecords, 2, {
    timeoutMs: 5000,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, offset }] }],
  });
  const [{ errorCode }] = topics[0].partitions;
  if (errorCode !== 0) throw new Error(`${broker.name} answers ${errorCode} to DeleteRecords`);
}

/** Every batch from the start of the log, but for what each broker chooses for itself (leader epochs, producer ids). */
export async function contents(broker: Broker, topic: string) {
  const seen = [];
  const producers: number[] = [];
  const name = (producerId: number): number => {
    if (producerId < 0) return -1;
    if (!producers.includes(producerId)) producers.push(producerId);
    return producers.indexOf(producerId);
  };
  let fetchOffset = await listOffset(broker, topic, -2);
  for (;;) {
    const { responses } = await broker.client.send(Fetch, 12, {
      maxWaitMs: 0,
      minBytes: 0,
      topics: [{ topic, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1 << 20 }] }],
    });
    const [{ errorCode, records }] = responses[0].partitions;
    if (errorCode !== 0) throw new Error(`${broker.name} answers ${errorCode} to a fetch from ${fetchOffset}`);
    const bytes = Buffer.from(records ?? []);
    if (bytes.length === 0) return seen;
    for (const at of batches(bytes)) {
      const decoded = decodeBatch(bytes, at);
      const word = batch.attributes(bytes, at);
      seen.push({
        offsets: [decoded.baseOffset, decoded.lastOffset],
        attributes: word,
        producer: [name(batch.producerId(bytes, at)), batch.baseSequence(bytes, at)],
        // When markers are written, and tombstones may go, is each broker's own time.
        maxTimestamp: batch.isControl(word) ? -1 : batch.maxTimestamp(bytes, at),
        records: decoded.records.map(({ offset, timestamp, key, value }) =>
          batch.isControl(word)
            ? [offset, key?.toString('hex')]
            : [offset, timestamp, String(key), value === null ? null : String(value)],
        ),
      });
      fetchOffset = decoded.lastOffset + 1;
    }
  }
}

/** The segment files there are, oldest first. */
export function segments(broker: Broker, topic: string): number[] {
  const names = readdirSync(join(broker.logDirectory, `${topic}-0`)).filter((name) => name.endsWith('.log'));
  return names.map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);
}

/** Up to where the log has been compacted, as the broker notes it; -1 before. */
export function cleanedTo(broker: Broker, topic: string): number {
  const path = join(broker.logDirectory, 'cleaner-offset-checkpoint');
  const text = existsSync(path) ? readFileSync(path, 'latin1') : '';
  return Number(new RegExp(`^${topic} 0 (\\d+)$`, 'm').exec(text)?.[1] ?? -1);
}
