/** Batches that come to much when they are decompressed are validated in slices: others go on meanwhile, and order is kept. */
import { afterEach, describe, expect, test } from 'vitest';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { ApiVersions } from '../../protocol/apis/18-api-versions.ts';
import type { Client } from '../../protocol/client.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import type { Codec } from '../../protocol/records/compression.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { createTopic, dial } from '../running-broker.ts';

const MB = 1 << 20;
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function start(
  configs: Readonly<Record<string, string>> = {},
): Promise<{ broker: RunningBroker; client: Client }> {
  const broker = await startBroker({ settings: { listeners: 'PLAINTEXT://127.0.0.1:0' }, memory: true });
  ends.push(() => broker.stop());
  const client = await dial(broker.bootstrap);
  ends.push(() => client.close());
  await createTopic(client, 't', 3, configs);
  return { broker, client };
}

const timestamp = Date.now();
function batchOf(
  bytes: number,
  compression: Codec = 'gzip',
  more: Parameters<typeof encodeBatch>[0] | object = {},
): Buffer {
  return encodeBatch({
    records: [{ key: Buffer.from('k'), value: Buffer.alloc(bytes), timestamp }],
    compression,
    ...more,
  });
}

async function produce(client: Client, records: readonly Buffer[], acks = -1) {
  const partitionData = records.map((each, index) => ({ index, records: each }));
  const topicData = [{ name: 't', partitionData }];
  const { responses } = await client.send(Produce, 9, { transactionalId: null, acks, timeoutMs: 30_000, topicData });
  return responses[0].partitionResponses.map(({ errorCode, baseOffset }) => [errorCode, baseOffset]);
}

describe.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('%s', (codec) => {
  test.skipIf(codec === 'zstd' && process.versions.node.startsWith('20'))(
    'a long batch is appended where it came, before those that came behind it',
    async () => {
      const { client } = await start();
      const long = batchOf(8 * MB, codec);
      const small = batchOf(10, codec);
      const answers = await Promise.all([long, small, long, small].map((records) => produce(client, [records])));
      expect(answers).toEqual([[[0, 0]], [[0, 1]], [[0, 2]], [[0, 3]]]);
    },
  );
});

test('another connection is answered while batches of one are validated', async () => {
  const { broker, client } = await start();
  const long = batchOf(64 * MB);
  let isDone = false;
  const produced = produce(client, [long, long, long]).then((answer) => {
    isDone = true;
    return answer;
  });
  const other = await dial(broker.bootstrap);
  ends.push(() => other.close());
  await other.send(ApiVersions, 3, { clientSoftwareName: 'test', clientSoftwareVersion: '1' });
  expect(isDone).toBe(false);
  expect(await produced).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
});

test('sequences of an idempotent producer stay in order behind a long batch', async () => {
  const { client } = await start();
  const of = (bytes: number, baseSequence: number) =>
    batchOf(bytes, 'gzip', { producerId: 5, producerEpoch: 0, baseSequence });
  const answers = await Promise.all([of(8 * MB, 0), of(10, 1), of(10, 2)].map((records) => produce(client, [records])));
  expect(answers).toEqual([[[0, 0]], [[0, 1]], [[0, 2]]]);
});

test('a record among those of a long batch is refused as in a short one', async () => {
  const { client } = await start({ 'cleanup.policy': 'compact' });
  const records = [
    { key: Buffer.from('k'), value: Buffer.alloc(8 * MB), timestamp },
    { key: null, value: Buffer.from('v'), timestamp },
  ];
  expect(await produce(client, [encodeBatch({ records, compression: 'gzip' })])).toEqual([
    [ErrorCode.INVALID_RECORD, -1],
  ]);
  const early = [{ key: Buffer.from('k'), value: Buffer.alloc(8 * MB), timestamp: timestamp + 1e9 }];
  const untimely = encodeBatch({ records: early, compression: 'gzip' });
  expect(await produce(client, [untimely])).toEqual([[ErrorCode.INVALID_TIMESTAMP, -1]]);
});

test.each(['lz4', 'gzip', 'snappy', 'uncompressed'])('a long batch is compressed anew with %s', async (type) => {
  const { broker, client } = await start({ 'compression.type': type, 'max.message.bytes': String(20 * MB) });
  expect(await produce(client, [batchOf(8 * MB, type === 'gzip' ? 'lz4' : 'gzip')])).toEqual([[0, 0]]);
  const partition = broker.parts.partitions.get('t', 0)!;
  const [stored] = partition.batches(0, 1);
  expect([...stored.records()][0].value?.length).toBe(8 * MB);
});

test('with acks=0 what comes behind a long batch waits for it too', async () => {
  const { broker, client } = await start();
  const topicData = (records: Buffer) => [{ name: 't', partitionData: [{ index: 0, records }] }];
  for (const records of [batchOf(8 * MB), batchOf(10)]) {
    client.sendWithoutResponse(Produce, 9, {
      transactionalId: null,
      acks: 0,
      timeoutMs: 1000,
      topicData: topicData(records),
    });
  }
  expect(await produce(client, [batchOf(20)])).toEqual([[0, 2]]);
  const partition = broker.parts.partitions.get('t', 0)!;
  const sizes: (number | undefined)[] = [];
  for (const each of partition.batches(0, 3)) for (const { value } of each.records()) sizes.push(value?.length);
  expect(sizes).toEqual([8 * MB, 10, 20]);
});

test('what waits is dropped when its client is gone, and what comes later is validated', async () => {
  const { broker, client } = await start();
  const gone = await dial(broker.bootstrap);
  const long = batchOf(100 * MB);
  const lost = produce(gone, [long, long, long]).catch(() => 'lost');
  await client.send(ApiVersions, 3, { clientSoftwareName: 'test', clientSoftwareVersion: '1' });
  await gone.close();
  expect(await lost).toBe('lost');
  expect((await produce(client, [batchOf(8 * MB)]))[0][0]).toBe(0);
  expect(broker.parts.partitions.get('t', 2)!.endOffset).toBe(0);
});

test('a broker stops while batches wait', async () => {
  const { broker, client } = await start();
  const lost = produce(client, [batchOf(100 * MB), batchOf(100 * MB)]).catch(() => 'lost');
  await broker.stop();
  expect(await lost).toBe('lost');
});
