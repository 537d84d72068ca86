/** Members of consumer groups as small as can be, which do only what a test says: of the classic protocol, and of KIP-848's. */
import {
  ConsumerGroupHeartbeat,
  DeleteRecords,
  Fetch,
  FindCoordinator,
  Heartbeat,
  JoinGroup,
  LeaveGroup,
  OffsetCommit,
  OffsetFetch,
  SyncGroup,
} from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import type { TestBroker } from '../../src/testing/index.ts';

type Client = Awaited<ReturnType<typeof connect>>;
type Broker = Pick<TestBroker, 'bootstrapBrokers' | 'onStop'>;

/** Connected, once the group has a coordinator; of no group where it is null. */
async function open(kafka: Broker, clientId: string, group: string | null): Promise<Client> {
  const [host, port] = kafka.bootstrapBrokers[0].split(':');
  const client = await connect({ host, port: Number(port), clientId });
  kafka.onStop(() => client.close());
  if (group === null) return client;
  const asked = { keyType: 0, coordinatorKeys: [group] };
  while ((await client.send(FindCoordinator, 4, asked)).coordinators[0].errorCode !== 0);
  return client;
}

/** As a client of the 'consumer' protocol type tells it: version 0, topics, no user data. */
function subscription(topics: readonly string[]): Buffer {
  const names = topics.map((topic) => {
    const name = Buffer.from(topic);
    return Buffer.concat([Buffer.from([name.length >> 8, name.length & 255]), name]);
  });
  return Buffer.concat([Buffer.from([0, 0, 0, 0, 0, topics.length]), ...names, Buffer.from([255, 255, 255, 255])]);
}

function assignment(topic: string, partitions: readonly number[]): Buffer {
  const name = Buffer.from(topic);
  const numbers = partitions.map((partition) => Buffer.from([0, 0, 0, partition]));
  return Buffer.concat([
    Buffer.from([0, 0, 0, 0, 0, 1, name.length >> 8, name.length & 255]),
    name,
    Buffer.from([0, 0, 0, partitions.length]),
    ...numbers,
    Buffer.from([255, 255, 255, 255]),
  ]);
}

const TIMES = { sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 60_000 };

export class ClassicMember {
  readonly #client: Client;
  readonly #group: string;
  readonly #topics: readonly string[];
  memberId = '';
  generationId = -1;

  private constructor(client: Client, group: string, topics: readonly string[]) {
    this.#client = client;
    this.#group = group;
    this.#topics = topics;
  }

  static async connect(kafka: Broker, group: string | null, topics: readonly string[], clientId: string) {
    return new ClassicMember(await open(kafka, clientId, group), group ?? '', topics);
  }

  /** One that has joined and, where it leads the group, has assigned it these partitions of its first topic. */
  static async join(kafka: Broker, group: string, topics: readonly string[], clientId: string, partitions = [0]) {
    const member = await ClassicMember.connect(kafka, group, topics, clientId);
    await member.join();
    await member.sync(partitions);
    return member;
  }

  async join(): Promise<void> {
    const request = {
      groupId: this.#group,
      ...TIMES,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: subscription(this.#topics) }],
    };
    const first = await this.#client.send(JoinGroup, 9, { ...request, memberId: this.memberId });
    this.memberId = first.memberId;
    const joined =
      first.errorCode === 0 ? first : await this.#client.send(JoinGroup, 9, { ...request, memberId: this.memberId });
    this.generationId = joined.generationId;
  }

  async sync(partitions: readonly number[]): Promise<number> {
    const { errorCode } = await this.#client.send(SyncGroup, 5, {
      ...this.#self,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [{ memberId: this.memberId, assignment: assignment(this.#topics[0], partitions) }],
    });
    return errorCode;
  }

  async beat(): Promise<number> {
    return (await this.#client.send(Heartbeat, 4, this.#self)).errorCode;
  }

  /** Answers an error code. */
  async commit(topic: string, offset: number, generationId = this.generationId): Promise<number> {
    const { topics } = await this.#client.send(OffsetCommit, 8, {
      groupId: this.#group,
      memberId: this.memberId,
      generationIdOrMemberEpoch: generationId,
      topics: [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset: offset, committedMetadata: null }] }],
    });
    return topics[0].partitions[0].errorCode;
  }

  /** What its group has committed; -1 for nothing. */
  async committed(topic: string): Promise<number> {
    const request = { groupId: this.#group, topics: [{ name: topic, partitionIndexes: [0] }] };
    const { topics } = await this.#client.send(OffsetFetch, 7, request);
    return topics[0].partitions[0].committedOffset;
  }

  async fetch(topic: string, fetchOffset: number, partition = 0, maxWaitMs = 0): Promise<void> {
    await this.#client.send(Fetch, 12, {
      maxWaitMs,
      minBytes: Math.min(maxWaitMs, 1),
      sessionId: 0,
      sessionEpoch: -1,
      topics: [{ topic, partitions: [{ partition, fetchOffset, partitionMaxBytes: 1 << 20 }] }],
      forgottenTopicsData: [],
    });
  }

  async deleteRecords(topic: string, before: number): Promise<void> {
    const partitions = [{ partitionIndex: 0, offset: before }];
    await this.#client.send(DeleteRecords, 2, { topics: [{ name: topic, partitions }], timeoutMs: 1000 });
  }

  async leave(reason: string | null = null): Promise<void> {
    const { memberId } = this;
    await this.#client.send(LeaveGroup, 5, { groupId: this.#group, members: [{ memberId, reason }] });
  }

  /** Ends the connection without a word. */
  close(): Promise<void> {
    return this.#client.close();
  }

  get #self() {
    return { groupId: this.#group, memberId: this.memberId, generationId: this.generationId };
  }
}

interface Owned {
  readonly topicId: string;
  readonly partitions: number[];
}

export class ConsumerMember {
  readonly #client: Client;
  readonly #group: string;
  readonly memberId: string;
  #epoch = 0;
  assigned: Owned[] = [];

  private constructor(client: Client, group: string, memberId: string) {
    this.#client = client;
    this.#group = group;
    this.memberId = memberId;
  }

  /** One that has joined; it owns what it was given, and says so with its next heartbeat. */
  static async join(kafka: Broker, group: string, topics: string[], clientId: string): Promise<ConsumerMember> {
    const member = new ConsumerMember(await open(kafka, clientId, group), group, `${clientId}-member`);
    await member.beat(topics, []);
    return member;
  }

  async beat(topics: string[] | null = null, owned: Owned[] | null = this.assigned): Promise<number> {
    const answer = await this.#client.send(ConsumerGroupHeartbeat, 1, {
      groupId: this.#group,
      memberId: this.memberId,
      memberEpoch: this.#epoch,
      rebalanceTimeoutMs: 60_000,
      subscribedTopicNames: topics,
      topicPartitions: owned,
    });
    if (answer.errorCode === 0) this.#epoch = answer.memberEpoch;
    if (answer.assignment !== null) this.assigned = answer.assignment.topicPartitions;
    return answer.errorCode;
  }

  async leave(): Promise<void> {
    this.#epoch = -1;
    await this.beat(null, null);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
