/** A share consumer as small as can be: joins, fetches, acknowledges (KIP-932), each when the test says so. */
import {
  FindCoordinator,
  Metadata,
  ShareAcknowledge,
  ShareFetch,
  ShareGroupHeartbeat,
} from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { decodeBatch } from '../../protocol/records/decode.ts';
import type { TestBroker } from '../../src/testing/index.ts';

export interface Delivered {
  readonly topicId: string;
  readonly partition: number;
  readonly offset: number;
  readonly deliveries: number;
  readonly value: string | null;
}

export const Ack = { gap: 0, accept: 1, release: 2, reject: 3, renew: 4 } as const;

/** Of the coordinator, as after a reset. */
const ON_ITS_WAY: ReadonlySet<number> = new Set([ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS]);

type Client = Awaited<ReturnType<typeof connect>>;

export class ShareMember {
  readonly memberId: string;
  readonly #client: Client;
  readonly #group: string;
  #memberEpoch = 0;
  #sessionEpoch = 0;
  readonly #told = new Set<string>();
  #assigned: { topicId: string; partitions: number[] }[] = [];

  private constructor(client: Client, group: string, memberId: string) {
    this.#client = client;
    this.#group = group;
    this.memberId = memberId;
  }

  /** One that has been assigned partitions. */
  static async join(
    kafka: Pick<TestBroker, 'bootstrapBrokers' | 'onStop'>,
    group: string,
    topics: string[],
    memberId = `${group}-1`,
    closes = true,
  ): Promise<ShareMember> {
    const [host, port] = kafka.bootstrapBrokers[0].split(':');
    const client = await connect({ host, port: Number(port), clientId: memberId });
    if (closes) kafka.onStop(() => client.close());
    await client.send(Metadata, 12, { topics: topics.map((name) => ({ name })), allowAutoTopicCreation: true });
    await client.send(FindCoordinator, 4, { keyType: 0, coordinatorKeys: [group] });
    const member = new ShareMember(client, group, memberId);
    await member.beat(topics);
    while (member.#assigned.length === 0) await member.beat();
    return member;
  }

  async beat(subscribedTopicNames: string[] | null = null): Promise<void> {
    const { memberId } = this;
    const beat = { groupId: this.#group, memberId, memberEpoch: this.#memberEpoch, subscribedTopicNames };
    const { errorCode, errorMessage, memberEpoch, assignment } = await this.#client.send(ShareGroupHeartbeat, 1, beat);
    if (ON_ITS_WAY.has(errorCode)) return this.beat(subscribedTopicNames);
    if (errorCode !== 0) throw new Error(errorMessage ?? `error ${errorCode}`);
    this.#memberEpoch = memberEpoch;
    if (assignment !== null) this.#assigned = assignment.topicPartitions;
  }

  /** What there is to acquire, waiting for it up to so many milliseconds. */
  async fetch(maxWaitMs = 1000, maxRecords = 500): Promise<Delivered[]> {
    const epoch = this.#sessionEpoch++;
    // The session knows those that have been told before.
    const topics = this.#assigned.flatMap(({ topicId, partitions }) => {
      const told = partitions.filter((index) => !this.#told.has(`${topicId}:${index}`));
      for (const index of told) this.#told.add(`${topicId}:${index}`);
      const fresh = told.map((partitionIndex) => ({ partitionIndex, acknowledgementBatches: [] }));
      return fresh.length === 0 ? [] : [{ topicId, partitions: fresh }];
    });
    const { errorCode, responses } = await this.#client.send(ShareFetch, 2, {
      groupId: this.#group,
      memberId: this.memberId,
      shareSessionEpoch: epoch,
      maxWaitMs,
      minBytes: 1,
      maxRecords,
      batchSize: maxRecords,
      topics,
      forgottenTopicsData: [],
    });
    if (errorCode !== 0) throw new Error(`ShareFetch: error ${errorCode}`);
    return responses.flatMap(({ topicId, partitions }) =>
      partitions.flatMap(({ partitionIndex: partition, acquiredRecords, records }) => {
        const values = valuesIn(Buffer.from(records ?? []));
        return acquiredRecords.flatMap(({ firstOffset, lastOffset, deliveryCount: deliveries }) =>
          Array.from({ length: lastOffset - firstOffset + 1 }, (_, i) => {
            const offset = firstOffset + i;
            return { topicId, partition, offset, deliveries, value: values.get(offset) ?? null };
          }),
        );
      }),
    );
  }

  /** Answers an error code for each partition. */
  async acknowledge(records: readonly Delivered[], type: number): Promise<number[]> {
    const { responses } = await this.#client.send(ShareAcknowledge, 2, {
      groupId: this.#group,
      memberId: this.memberId,
      shareSessionEpoch: this.#sessionEpoch++,
      isRenewAck: type === Ack.renew,
      topics: [...new Set(records.map(({ topicId }) => topicId))].map((topicId) => ({
        topicId,
        partitions: batchesOf(
          records.filter((record) => record.topicId === topicId),
          type,
        ),
      })),
    });
    return responses.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
  }

  async leave(): Promise<void> {
    const request = { groupId: this.#group, memberId: this.memberId };
    await this.#client.send(ShareGroupHeartbeat, 1, { ...request, memberEpoch: -1 });
    await this.#client.close();
  }

  /** Ends the connection without a word. */
  close(): Promise<void> {
    return this.#client.close();
  }
}

function batchesOf(records: readonly Delivered[], type: number) {
  return [...new Set(records.map(({ partition }) => partition))].map((partitionIndex) => ({
    partitionIndex,
    acknowledgementBatches: records
      .filter(({ partition }) => partition === partitionIndex)
      .map(({ offset }) => ({ firstOffset: offset, lastOffset: offset, acknowledgeTypes: [type] })),
  }));
}

function valuesIn(records: Buffer): Map<number, string | null> {
  const values = new Map<number, string | null>();
  for (let at = 0; at + 61 <= records.length;) {
    const length = records.readInt32BE(at + 8) + 12;
    if (at + length > records.length) break;
    const batch = decodeBatch(records.subarray(at, at + length));
    for (const { offset, value } of batch.records)
      values.set(offset, value === null ? null : Buffer.from(value).toString());
    at += length;
  }
  return values;
}
