/**
 * What the conversations about the consumer protocol (KIP-848) are held with: requests with the usual filled in, and a
 * line for each answer. Ids that a broker makes up are shown as names.
 */
import type { Draft } from '../../protocol/schema.ts';
import {
  ConsumerGroupDescribe,
  ConsumerGroupHeartbeat,
  DeleteGroups,
  Heartbeat,
  JoinGroup,
  OffsetCommit,
  OffsetDelete,
  OffsetFetch,
  SyncGroup,
} from '../../protocol/apis/index.ts';
import { messageCodec } from '../../protocol/compile.ts';
import { ConsumerProtocolSubscription } from '../../protocol/topics/consumer-protocol.ts';
import { Writer } from '../../protocol/writer.ts';
import type { Send } from './conversation.ts';

/** The broker's topics, as an administrator changes them. */
export interface Topics {
  /** Answers the id. */
  create(name: string, partitions: number): Promise<string>;
  grow(name: string, partitions: number): Promise<void>;
  delete(name: string): Promise<void>;
}

export type HeartbeatDraft = Draft<(typeof ConsumerGroupHeartbeat)['request']['fields']>;
type JoinDraft = Draft<(typeof JoinGroup)['request']['fields']>;

const JOIN = { memberEpoch: 0, rebalanceTimeoutMs: 30_000, topicPartitions: [] };

/** Holds the conversation and notes it down. */
export class Talk {
  readonly lines: string[] = [];
  readonly send: Send;
  readonly topics: Topics;
  readonly run: string;
  readonly #names = new Map<string, string>();

  constructor(send: Send, topics: Topics, run: string) {
    this.send = send;
    this.topics = topics;
    this.run = run;
  }

  in(name: string): string {
    return `${this.run}-${name}`;
  }

  title(text: string): void {
    this.lines.push(`# ${text}`);
  }

  name(id: string, name: string): string {
    this.#names.set(id, name);
    return id;
  }

  async topic(name: string, partitions: number): Promise<string> {
    return this.name(await this.topics.create(this.in(name), partitions), `<${name}>`);
  }

  /** One line: what was asked, and what was answered. */
  async note<T>(what: string, answer: Promise<T>): Promise<T> {
    const value = await answer;
    const text = JSON.stringify(value, (key, part: unknown) => {
      if (key === 'inFlight') return undefined; // Kafka has no such field
      if (key === 'throttleTimeMs' || key === 'errorMessage' || key === 'clientHost') return undefined;
      return isBuffer(part) ? Buffer.from(part.data).toString('hex') : this.#inOrder(key, part);
    });
    let plain = text.replaceAll(`${this.run}-`, '');
    const hexRun = Buffer.from(`${this.run}-`).toString('hex');
    plain = plain.replaceAll(hexRun, '');
    for (const [id, name] of this.#names) plain = plain.replaceAll(id, name);
    this.lines.push(`${what}: ${plain.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'uuid')}`);
    return value;
  }

  /** Kafka answers some lists in the order of a hash map. */
  #inOrder(key: string, part: unknown): unknown {
    if (key === 'topicPartitions') {
      return (part as { topicId: string }[]).toSorted((a, b) =>
        this.#label(a.topicId) < this.#label(b.topicId) ? -1 : 1,
      );
    }
    if (key === 'partitions' && Array.isArray(part))
      return (part as (number | { partitionIndex: number })[]).toSorted(byNumber);
    return key === 'subscribedTopicNames' ? (part as string[]).toSorted() : part;
  }

  #label(id: string): string {
    return this.#names.get(id) ?? id;
  }

  beat(group: string, memberId: string, memberEpoch: number, more: Partial<HeartbeatDraft> = {}, version = 1) {
    return this.send('one', ConsumerGroupHeartbeat, version, {
      groupId: this.in(group),
      memberId,
      memberEpoch,
      ...more,
    });
  }

  join(group: string, memberId: string, topics: string[] | null, more: Partial<HeartbeatDraft> = {}, version = 1) {
    const subscribedTopicNames = topics === null ? null : topics.map((topic) => this.in(topic));
    return this.beat(group, memberId, 0, { ...JOIN, subscribedTopicNames, ...more }, version);
  }

  async describe(group: string) {
    const { groups } = await this.send('one', ConsumerGroupDescribe, 1, {
      groupIds: [this.in(group)],
      includeAuthorizedOperations: false,
    });
    return groups.map((each) => ({
      ...each,
      members: each.members.toSorted((a, b) => (this.#label(a.memberId) < this.#label(b.memberId) ? -1 : 1)),
    }));
  }

  async state(what: string, group: string): Promise<void> {
    const [{ groupState, groupEpoch, assignmentEpoch, members }] = await this.describe(group);
    const epochs = members.map(({ memberEpoch }) => memberEpoch).toSorted((a, b) => a - b);
    this.lines.push(
      `${what}: ${groupState} epoch=${groupEpoch} assignment=${assignmentEpoch} members=${epochs.join()}`,
    );
  }

  commit(
    group: string,
    memberId: string,
    epoch: number,
    partitions = [0],
    version = 9,
    instance: string | null = null,
  ) {
    return this.send('one', OffsetCommit, version, {
      groupId: this.in(group),
      memberId,
      generationIdOrMemberEpoch: epoch,
      groupInstanceId: instance,
      topics: [
        {
          name: this.in('t1'),
          partitions: partitions.map((partitionIndex) => ({
            partitionIndex,
            committedOffset: 5,
            committedMetadata: '',
          })),
        },
      ],
    });
  }

  fetch(group: string, memberId: string | null, memberEpoch: number) {
    return this.send('one', OffsetFetch, 9, {
      groups: [
        {
          groupId: this.in(group),
          memberId,
          memberEpoch,
          topics: [{ name: this.in('t1'), partitionIndexes: [0] }],
        },
      ],
    });
  }

  deleteOffsets(group: string, topic: string) {
    return this.send('one', OffsetDelete, 0, {
      groupId: this.in(group),
      topics: [{ name: this.in(topic), partitions: [{ partitionIndex: 0 }] }],
    });
  }

  deleteGroup(group: string) {
    return this.send('one', DeleteGroups, 2, { groupsNames: [this.in(group)] });
  }

  classicJoin(
    group: string,
    memberId: string,
    more: Partial<JoinDraft> = {},
    owned: OwnedPartitions = [],
    version = 9,
  ) {
    return this.send('two', JoinGroup, version, {
      groupId: this.in(group),
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: subscription([this.in('t1')], owned) }],
      ...more,
    });
  }

  classicSync(group: string, memberId: string, generationId: number, more: object = {}) {
    return this.send('two', SyncGroup, 5, {
      groupId: this.in(group),
      memberId,
      generationId,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [],
      ...more,
    });
  }

  classicBeat(group: string, memberId: string, generationId: number, groupInstanceId: string | null = null) {
    return this.send('two', Heartbeat, 4, { groupId: this.in(group), memberId, generationId, groupInstanceId });
  }
}

function byNumber(a: number | { partitionIndex: number }, b: number | { partitionIndex: number }): number {
  return (typeof a === 'number' ? a : a.partitionIndex) - (typeof b === 'number' ? b : b.partitionIndex);
}

type OwnedPartitions = { topic: string; partitions: number[] }[];

/** As a classic consumer puts it into JoinGroup. */
export function subscription(topics: string[], ownedPartitions: OwnedPartitions): Buffer {
  const writer = new Writer();
  writer.int16(3);
  messageCodec(ConsumerProtocolSubscription, 3).encode(writer, { topics, ownedPartitions, generationId: -1 });
  return writer.finish();
}

function isBuffer(part: unknown): part is { data: number[] } {
  return typeof part === 'object' && part !== null && 'type' in part && part.type === 'Buffer';
}
