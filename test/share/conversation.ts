/**
 * One conversation about share groups, held with Apache Kafka and with Ottla: what each request was answered, a line each.
 */
import {
  CreateTopics,
  DeleteRecords,
  IncrementalAlterConfigs,
  Metadata,
  Produce,
  ShareAcknowledge,
  ShareFetch,
  ShareGroupHeartbeat,
} from '../../protocol/apis/index.ts';
import { errorName } from '../../protocol/errors.ts';
import type { Client } from '../../protocol/client.ts';
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import { encodeBatch, type BatchDraft } from '../../protocol/records/encode.ts';
import type { RequestOf, ResponseOf } from '../../protocol/schema.ts';

export type FetchDraft = Partial<RequestOf<typeof ShareFetch>>;
type Ack = readonly [first: number, last: number, ...types: number[]];

export interface Setting {
  /** A new connection. */
  connect(): Promise<Client>;
  /** Lets `ms` of the broker's time pass. */
  wait(ms: number): Promise<void>;
  /** Sets the names of this conversation apart. */
  readonly run: string;
}

const GROUP = 32;

/** The words of the lines, and what each of them sends. */
export class Conversation {
  readonly lines: string[] = [];
  readonly setting: Setting;
  readonly client: Client;
  #topics = 0;

  constructor(setting: Setting, client: Client) {
    this.setting = setting;
    this.client = client;
  }

  heading(text: string): void {
    this.lines.push(`# ${text}`);
  }

  note(what: string, answer: string): void {
    this.lines.push(`${what}: ${answer}`);
  }

  /** A topic, a group that begins at its start, and a member that is assigned all of it. */
  async queue(options: { partitions?: number; topic?: Record<string, string>; group?: Record<string, string> } = {}) {
    const { partitions = 1 } = options;
    const name = `${this.setting.run}-${++this.#topics}`;
    const topicId = await this.topic(name, partitions, options.topic);
    await this.configure(name, { 'share.auto.offset.reset': 'earliest', ...options.group });
    const queue = new Queue(this, name, topicId, partitions);
    await queue.join('member-1');
    return queue;
  }

  /** Made, and led by the broker; answers its id. */
  async topic(name: string, partitions = 1, configs: Readonly<Record<string, string>> = {}): Promise<string> {
    await this.client.send(CreateTopics, 7, {
      timeoutMs: 5000,
      topics: [
        {
          name,
          numPartitions: partitions,
          replicationFactor: 1,
          assignments: [],
          configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
        },
      ],
    });
    return this.#topicId(name);
  }

  async #topicId(name: string): Promise<string> {
    for (;;) {
      const { topics } = await this.client.send(Metadata, 12, { topics: [{ name }] });
      const { errorCode, topicId, partitions } = topics[0];
      if (errorCode === 0 && partitions.every((one) => one.errorCode === 0)) return topicId;
      await this.setting.wait(50);
    }
  }

  async configure(group: string, configs: Readonly<Record<string, string>>, type = GROUP): Promise<void> {
    const { responses } = await this.client.send(IncrementalAlterConfigs, 1, {
      validateOnly: false,
      resources: [
        {
          resourceType: type,
          resourceName: group,
          configs: Object.entries(configs).map(([name, value]) => ({ name, configOperation: 0, value })),
        },
      ],
    });
    if (responses[0].errorCode !== 0)
      throw new Error(`${group}: ${errorName(responses[0].errorCode)} ${responses[0].errorMessage}`);
  }
}

export class Queue {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: number;
  readonly talk: Conversation;
  /** Of each member's session: the epoch of its next request. */
  readonly epochs = new Map<string, number>();

  constructor(talk: Conversation, name: string, topicId: string, partitions: number) {
    this.talk = talk;
    this.name = name;
    this.topicId = topicId;
    this.partitions = partitions;
  }

  async join(memberId: string): Promise<void> {
    const { client, setting } = this.talk;
    let memberEpoch = 0;
    for (let tries = 0; tries < 200; tries++) {
      const answer = await client.send(ShareGroupHeartbeat, 1, {
        groupId: this.name,
        memberId,
        memberEpoch,
        rackId: null,
        subscribedTopicNames: [this.name],
      });
      if (answer.errorCode !== 0 && answer.errorCode !== 15 && answer.errorCode !== 16 && answer.errorCode !== 14)
        throw new Error(`${errorName(answer.errorCode)} ${answer.errorMessage}`);
      if (answer.errorCode === 0) ({ memberEpoch } = answer);
      if ((answer.assignment?.topicPartitions.length ?? 0) > 0) return;
      await setting.wait(100);
    }
    throw new Error(`${memberId} is assigned nothing`);
  }

  /** A batch of so many records for each number; answers the first base offset. */
  async produce(counts: readonly number[], partition = 0, more: Partial<BatchDraft> = {}): Promise<number> {
    let first = -1;
    let value = 0;
    for (const count of counts) {
      const records = encodeBatch({
        records: Array.from({ length: count }, (_, i) => ({
          key: Buffer.from(`k${i}`),
          value: Buffer.from(`v${value++}`),
          timestamp: 1000 + i,
        })),
        ...more,
      });
      const { responses } = await this.talk.client.send(Produce, 9, {
        transactionalId: null,
        acks: -1,
        timeoutMs: 5000,
        topicData: [{ name: this.name, partitionData: [{ index: partition, records }] }],
      });
      const [{ errorCode, baseOffset }] = responses[0].partitionResponses;
      if (errorCode !== 0) throw new Error(errorName(errorCode));
      if (first < 0) first = baseOffset;
    }
    return first;
  }

  async deleteBefore(offset: number, partition = 0): Promise<void> {
    await this.talk.client.send(DeleteRecords, 2, {
      timeoutMs: 5000,
      topics: [{ name: this.name, partitions: [{ partitionIndex: partition, offset }] }],
    });
  }

  nextEpoch(memberId: string): number {
    const epoch = this.epochs.get(memberId) ?? 0;
    this.epochs.set(memberId, epoch + 1);
    return epoch;
  }

  /** The request of a member in its session, opened if it must be; a line tells what came. */
  async fetch(
    what: string,
    draft: FetchDraft & {
      member?: string;
      acks?: readonly Ack[];
      partition?: number;
      client?: Client;
      version?: number;
    } = {},
  ): Promise<ResponseOf<typeof ShareFetch>> {
    const { member = 'member-1', acks = [], partition = 0, client = this.talk.client, version = 2, ...more } = draft;
    const shareSessionEpoch = more.shareSessionEpoch ?? this.nextEpoch(member);
    const first = shareSessionEpoch === 0;
    const topics =
      first || acks.length > 0
        ? [
            {
              topicId: this.topicId,
              partitions: [{ partitionIndex: partition, acknowledgementBatches: acks.map(ackOf) }],
            },
          ]
        : [];
    const answer = await client.send(ShareFetch, version, {
      groupId: this.name,
      memberId: member,
      shareSessionEpoch,
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 1 << 20,
      maxRecords: 500,
      batchSize: 500,
      topics,
      forgottenTopicsData: [],
      ...more,
    });
    this.talk.note(what, fetched(answer));
    return answer;
  }

  async acknowledge(
    what: string,
    acks: readonly Ack[],
    draft: Partial<RequestOf<typeof ShareAcknowledge>> & {
      member?: string;
      partition?: number;
      client?: Client;
      version?: number;
    } = {},
  ): Promise<ResponseOf<typeof ShareAcknowledge>> {
    const { member = 'member-1', partition = 0, client = this.talk.client, version = 2, ...more } = draft;
    const shareSessionEpoch = more.shareSessionEpoch ?? this.nextEpoch(member);
    const answer = await client.send(ShareAcknowledge, version, {
      groupId: this.name,
      memberId: member,
      shareSessionEpoch,
      topics: [
        { topicId: this.topicId, partitions: [{ partitionIndex: partition, acknowledgementBatches: acks.map(ackOf) }] },
      ],
      ...more,
    });
    this.talk.note(what, acknowledged(answer));
    return answer;
  }
}

function ackOf([firstOffset, lastOffset, ...acknowledgeTypes]: Ack) {
  return { firstOffset, lastOffset, acknowledgeTypes };
}

function fetched(answer: ResponseOf<typeof ShareFetch>): string {
  const { errorCode, acquisitionLockTimeoutMs, responses } = answer;
  const parts = responses.flatMap(({ partitions }) =>
    partitions.map((each) => {
      const acquired = each.acquiredRecords.map((one) => `${one.firstOffset}-${one.lastOffset}x${one.deliveryCount}`);
      return (
        `p${each.partitionIndex} ${errorName(each.errorCode)}` +
        ` ack ${errorName(each.acknowledgeErrorCode)}` +
        ` leader ${each.currentLeader.leaderId}/${each.currentLeader.leaderEpoch}` +
        ` acquired [${acquired.join(' ')}] records [${recordsOf(each.records)}]`
      );
    }),
  );
  return `${errorName(errorCode)} lock ${acquisitionLockTimeoutMs} ${parts.join('; ')}`.trimEnd();
}

/** The batches' offsets. */
function recordsOf(records: Uint8Array | null): string {
  if (records === null) return 'null';
  const bytes = Buffer.from(records);
  const told: string[] = [];
  for (const at of batches(bytes)) {
    const { baseOffset, lastOffset } = decodeBatch(bytes, at);
    told.push(`${baseOffset}-${lastOffset}`);
  }
  return told.join(' ');
}

function acknowledged(answer: ResponseOf<typeof ShareAcknowledge>): string {
  const { errorCode, acquisitionLockTimeoutMs, responses } = answer;
  const parts = responses.flatMap(({ partitions }) =>
    partitions.map(
      (each) =>
        `p${each.partitionIndex} ${errorName(each.errorCode)}` +
        ` leader ${each.currentLeader.leaderId}/${each.currentLeader.leaderEpoch}`,
    ),
  );
  return `${errorName(errorCode)} lock ${acquisitionLockTimeoutMs} ${parts.join('; ')}`.trimEnd();
}
