/** What tests say to a running broker through a socket: the requests most of them need, in a few words each. */
import { Produce } from '../protocol/apis/00-produce.ts';
import { Fetch } from '../protocol/apis/01-fetch.ts';
import { Metadata } from '../protocol/apis/03-metadata.ts';
import { CreateTopics } from '../protocol/apis/19-create-topics.ts';
import { connect, type Client } from '../protocol/client.ts';
import { batches, decodeBatch } from '../protocol/records/decode.ts';
import { encodeBatch } from '../protocol/records/encode.ts';

export function dial(bootstrap: string): Promise<Client> {
  const [, host, port] = /^\[?(.+?)\]?:(\d+)$/.exec(bootstrap)!;
  return connect({ host, port: Number(port) });
}

export async function createTopic(
  client: Client,
  name: string,
  numPartitions = 1,
  configs: Readonly<Record<string, string>> = {},
): Promise<number> {
  const { topics } = await client.send(CreateTopics, 7, {
    timeoutMs: 5000,
    validateOnly: false,
    topics: [
      {
        name,
        numPartitions,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      },
    ],
  });
  return topics[0].errorCode;
}

/** Answers the base offset; throws on an error code. */
export async function produce(
  client: Client,
  topic: string,
  index: number,
  values: readonly string[],
): Promise<number> {
  const records = encodeBatch({
    records: values.map((value, i) => ({ key: null, value: Buffer.from(value), timestamp: 1000 + i })),
  });
  const { responses } = await client.send(Produce, 9, {
    transactionalId: null,
    acks: 1,
    timeoutMs: 5000,
    topicData: [{ name: topic, partitionData: [{ index, records }] }],
  });
  const [{ errorCode, baseOffset }] = responses[0].partitionResponses;
  if (errorCode !== 0) throw new Error(`${topic}-${index} answered ${errorCode}`);
  return baseOffset;
}

/** Everything there is in a partition from `fetchOffset` on. */
export async function consume(client: Client, topic: string, partition: number, fetchOffset = 0): Promise<string[]> {
  const values: string[] = [];
  for (;;) {
    const { responses } = await client.send(Fetch, 12, {
      maxWaitMs: 0,
      minBytes: 1,
      topics: [{ topic, partitions: [{ partition, fetchOffset, partitionMaxBytes: 1 << 20 }] }],
    });
    const [{ errorCode, records }] = responses[0].partitions;
    if (errorCode !== 0) throw new Error(`${topic}-${partition} answered ${errorCode}`);
    if (records === null || records.length === 0) return values;
    const bytes = Buffer.from(records);
    for (const at of batches(bytes)) {
      for (const { offset, value } of decodeBatch(bytes, at).records)
        if (offset >= fetchOffset) values.push(String(value));
      fetchOffset = decodeBatch(bytes, at).lastOffset + 1;
    }
  }
}

export async function topicOf(client: Client, name: string) {
  const { topics } = await client.send(Metadata, 12, { topics: [{ name }], allowAutoTopicCreation: false });
  return topics[0];
}
