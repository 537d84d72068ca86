/** Compressed batches that are small until they are looked at. */
import { Produce } from '../../../protocol/apis/00-produce.ts';
import { createTopic } from '../../running-broker.ts';
import type { Input, Target } from '../input.ts';
import { batchOf, bigValue, manyHeaders, manyRecords, zstd } from '../raw-batch.ts';

const PARTITIONS = 20;
const FEW = 6;
const PIPELINED = 20;
const MB = 1 << 20;
const HEADERS = 60e6;

async function createTopics(target: Target): Promise<void> {
  const client = await target.connect();
  await createTopic(client, 'bombs', PARTITIONS);
  await createTopic(client, 'recompressed', PARTITIONS, { 'compression.type': 'lz4' });
}

/** All partitions in one request. */
async function together(target: Target, name: string, records: Buffer, partitions = PARTITIONS): Promise<number[]> {
  const client = await target.connect();
  const partitionData = Array.from({ length: partitions }, (_, index) => ({ index, records }));
  const topicData = [{ name, partitionData }];
  const { responses } = await client.send(Produce, 9, { transactionalId: null, acks: 1, timeoutMs: 30_000, topicData });
  const codes = responses[0].partitionResponses.map(({ errorCode }) => errorCode);
  if (codes.length !== partitions) throw new Error('partitions have no answer');
  return codes;
}

/** One request behind the other. */
async function pipelined(target: Target, name: string, records: Buffer): Promise<void> {
  const client = await target.connect();
  const topicData = [{ name, partitionData: [{ index: 0, records }] }];
  const request = { transactionalId: null, acks: 1, timeoutMs: 30_000, topicData };
  await Promise.all(Array.from({ length: PIPELINED }, () => client.send(Produce, 9, request)));
}

let headers: Buffer | undefined;
const headerBomb = (): Buffer => (headers ??= batchOf(zstd(manyHeaders(HEADERS)), 1));

export const bombs: readonly Input[] = [
  {
    name: 'header-bombs',
    what: `Produce with a record of 60 M headers for each of ${PARTITIONS} partitions`,
    prepare: createTopics,
    async run(target) {
      const codes = await together(target, 'bombs', headerBomb());
      if (codes.includes(0)) throw new Error('a record of 60 M headers was taken');
    },
  },
  {
    name: 'pipelined-bombs',
    what: `${PIPELINED} Produces with a record of 60 M headers, pipelined`,
    prepare: createTopics,
    run: (target) => pipelined(target, 'bombs', headerBomb()),
  },
  {
    name: 'value-bombs',
    what: `Produce with a value of 120 MB for each of ${FEW} partitions`,
    prepare: createTopics,
    run: async (target) => void (await together(target, 'bombs', batchOf(zstd(bigValue(120 * MB)), 1), FEW)),
  },
  {
    name: 'record-bombs',
    what: `Produce with 1.2 M empty records for each of ${FEW} partitions`,
    prepare: createTopics,
    async run(target) {
      await together(target, 'bombs', batchOf(zstd(manyRecords(1_200_000)), 1_200_000), FEW);
    },
  },
  {
    name: 'recompressed-bombs',
    what: `Produce with a record of 60 M headers, from zstd to lz4, for each of ${FEW} partitions`,
    prepare: createTopics,
    run: async (target) => void (await together(target, 'recompressed', headerBomb(), FEW)),
  },
];
