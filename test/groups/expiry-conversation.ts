/**
 * A conversation about forgetting: which offsets are gone after a minute, and which groups with them. Held with Apache
 * Kafka and with Ottla, with offsets.retention.minutes=1 and the other settings of EXPIRY_CONFIG.
 */
import {
  AddOffsetsToTxn,
  ConsumerGroupHeartbeat,
  CreateTopics,
  DeleteGroups,
  DeleteTopics,
  EndTxn,
  InitProducerId,
  JoinGroup,
  LeaveGroup,
  ListGroups,
  OffsetCommit,
  OffsetDelete,
  OffsetFetch,
  SyncGroup,
  TxnOffsetCommit,
} from '../../protocol/apis/index.ts';
import type { Client } from '../../protocol/client.ts';

export type Sender = Pick<Client, 'send'>;

export const EXPIRY_CONFIG = {
  'offsets.retention.minutes': '1',
  'offsets.retention.check.interval.ms': '1000',
  'group.initial.rebalance.delay.ms': '0',
  'group.consumer.session.timeout.ms': '60000',
};

const SUBSCRIBED_TO_T1 = Buffer.from('00000000000100027431ffffffff', 'hex');
const TIMEOUT_MS = 300_000;

interface Member {
  readonly memberId: string;
  readonly generationId: number;
}

interface Transaction {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

class Expiry {
  readonly lines: string[] = [];
  readonly groups: string[] = [];
  readonly #client: Sender;
  readonly #wait: (ms: number) => Promise<void>;
  readonly #run: string;

  constructor(client: Sender, wait: (ms: number) => Promise<void>, run: string) {
    this.#client = client;
    this.#wait = wait;
    this.#run = run;
  }

  /** Names it for this run; whoever looks asks for all groups that were named. */
  group(name: string): string {
    const groupId = `${this.#run}-${name}`;
    if (!this.groups.includes(name)) this.groups.push(name);
    return groupId;
  }

  async wait(ms: number): Promise<void> {
    await this.#wait(ms);
    this.lines.push(`${ms / 1000} s pass`);
  }

  say(line: string): void {
    this.lines.push(line);
  }

  async join(name: string, protocolType = 'consumer', sync = true): Promise<Member> {
    const groupId = this.group(name);
    const joining = {
      groupId,
      sessionTimeoutMs: TIMEOUT_MS,
      rebalanceTimeoutMs: TIMEOUT_MS,
      memberId: '',
      protocolType,
      protocols: [{ name: 'range', metadata: SUBSCRIBED_TO_T1 }],
    };
    const { memberId, generationId } = await this.#client.send(JoinGroup, 3, joining);
    const assignments = [{ memberId, assignment: Buffer.from('all') }];
    if (sync) await this.#client.send(SyncGroup, 3, { groupId, generationId, memberId, assignments });
    return { memberId, generationId };
  }

  async leave(name: string, { memberId }: Member): Promise<void> {
    const answer = await this.#client.send(LeaveGroup, 4, { groupId: this.group(name), members: [{ memberId }] });
    this.say(`the member of ${name} leaves: ${answer.errorCode}`);
  }

  /** -1 leaves a group of the consumer protocol. */
  async beat(name: string, memberEpoch: number): Promise<Member> {
    const memberId = 'BAAAAAAAAAAAAAAAAAAAAA';
    const answer = await this.#client.send(ConsumerGroupHeartbeat, 0, {
      groupId: this.group(name),
      memberId,
      memberEpoch,
      rebalanceTimeoutMs: TIMEOUT_MS,
      subscribedTopicNames: ['t1'],
      topicPartitions: [],
    });
    this.say(`${name} beats with epoch ${memberEpoch}: ${answer.errorCode}`);
    return { memberId, generationId: answer.memberEpoch };
  }

  async commit(name: string, topic: string, member: Member | null = null, version = 8, retentionTimeMs = -1) {
    const { topics } = await this.#client.send(OffsetCommit, version, {
      groupId: this.group(name),
      memberId: member?.memberId ?? '',
      generationIdOrMemberEpoch: member?.generationId ?? -1,
      ...(retentionTimeMs === -1 ? {} : { retentionTimeMs }),
      topics: [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset: 7, committedMetadata: '' }] }],
    });
    this.say(`${name} commits ${topic}: ${topics[0].partitions[0].errorCode}`);
  }

  async transaction(name: string, topic: string, committedOffset = 9): Promise<Transaction> {
    const groupId = this.group(name);
    const transactionalId = `${groupId}-${topic}-${committedOffset}`;
    const start = { transactionalId, transactionTimeoutMs: TIMEOUT_MS };
    let begun = await this.#client.send(InitProducerId, 4, start);
    while (begun.errorCode === 14 || begun.errorCode === 15 || begun.errorCode === 16) {
      await this.#wait(200); // the coordinator loads
      begun = await this.#client.send(InitProducerId, 4, start);
    }
    const transaction = { transactionalId, producerId: begun.producerId, producerEpoch: begun.producerEpoch };
    await this.#client.send(AddOffsetsToTxn, 3, { ...transaction, groupId });
    const { topics } = await this.#client.send(TxnOffsetCommit, 3, {
      ...transaction,
      groupId,
      topics: [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: '' }] }],
    });
    this.say(`${name} commits ${topic} in a transaction: ${topics[0].partitions[0].errorCode}`);
    return transaction;
  }

  async end(transaction: Transaction, committed: boolean): Promise<void> {
    const { errorCode } = await this.#client.send(EndTxn, 3, { ...transaction, committed });
    const name = transaction.transactionalId.slice(this.#run.length + 1);
    this.say(`the transaction ${name} ${committed ? 'commits' : 'aborts'}: ${errorCode}`);
    await this.#wait(500);
  }

  async deleteOffset(name: string, topic: string): Promise<void> {
    const answer = await this.#client.send(OffsetDelete, 0, {
      groupId: this.group(name),
      topics: [{ name: topic, partitions: [{ partitionIndex: 0 }] }],
    });
    this.say(`the offset of ${topic} in ${name} is deleted: ${answer.errorCode}`);
  }

  async deleteGroup(name: string): Promise<void> {
    const { results } = await this.#client.send(DeleteGroups, 2, { groupsNames: [this.group(name)] });
    this.say(`${name} is deleted: ${results[0].errorCode}`);
  }

  async createTopic(name: string): Promise<void> {
    const topics = [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }];
    await this.#client.send(CreateTopics, 7, { topics, timeoutMs: 5000 });
  }

  async deleteTopic(name: string): Promise<void> {
    await this.#client.send(DeleteTopics, 5, { topicNames: [name], timeoutMs: 5000 });
    await this.#wait(1500);
    this.say(`${name} is deleted`);
  }

  /** Every group that was named: its state, and what it has committed. */
  async look(): Promise<void> {
    const listed = (await this.#client.send(ListGroups, 5, { statesFilter: [], typesFilter: [] })).groups;
    for (const name of this.groups) {
      const groupId = this.group(name);
      const asked = { groups: [{ groupId, memberId: null, memberEpoch: -1, topics: null }], requireStable: false };
      const [{ topics }] = (await this.#client.send(OffsetFetch, 9, asked)).groups;
      const found = listed.find((each) => each.groupId === groupId);
      const state = found === undefined ? 'gone' : `${found.groupType}, ${found.groupState}`;
      const offsets = topics.map(({ name: topic, partitions }) => `${topic}=${partitions[0].committedOffset}`).sort();
      this.say(`  ${name}: ${[state, ...offsets].join(', ')}`);
    }
  }
}

/** `wait` lets time pass; the margins are such that a real broker keeps them. */
export async function converseAboutExpiry(
  client: Sender,
  wait: (ms: number) => Promise<void>,
  run: string,
): Promise<string[]> {
  const talk = new Expiry(client, wait, run);
  for (const topic of ['t1', 't2', 't3', 't4']) await talk.createTopic(topic);
  await wait(1500);
  const members = await begin(talk);
  const open = await transactions(talk);
  await talk.wait(1500);
  await talk.look();
  await talk.deleteTopic('t3');
  await talk.wait(8000);
  await talk.look();
  await talk.wait(20_000);
  await talk.leave('left', members.left);
  await talk.commit('two-times', 't2');
  await talk.beat('new-protocol', members.newProtocol.generationId);
  await talk.wait(40_000);
  await talk.beat('new-protocol', members.newProtocol.generationId);
  await talk.look();
  await talk.commit('left', 't2');
  await talk.beat('new-protocol', -1);
  await talk.end(open, true);
  await talk.wait(3000);
  await talk.look();
  await talk.wait(30_000);
  await talk.look();
  return talk.lines;
}

async function begin(talk: Expiry): Promise<{ left: Member; newProtocol: Member }> {
  const left = await talk.join('left');
  await talk.commit('left', 't1', left);
  await talk.commit('two-times', 't1');
  await talk.commit('of-a-deleted-topic', 't1');
  await talk.commit('of-a-deleted-topic', 't3');
  const stays = await talk.join('subscribed-to-t1');
  const connect = await talk.join('not-of-consumers', 'connect');
  for (const topic of ['t1', 't2']) {
    await talk.commit('subscribed-to-t1', topic, stays);
    await talk.commit('not-of-consumers', topic, connect);
    await talk.commit('rebalancing', topic);
  }
  await talk.join('rebalancing', 'consumer', false);
  await talk.commit('own-retention', 't1', null, 2, 30_000);
  await talk.commit('own-retention', 't2', null, 4, 200_000);
  const own = await talk.join('own-retention-subscribed');
  await talk.commit('own-retention-subscribed', 't1', own, 3, 30_000);
  await talk.commit('own-retention-subscribed', 't2', own, 3, 30_000);
  await talk.leave('without-offsets', await talk.join('without-offsets'));
  await talk.beat('without-offsets-new-protocol', 0);
  await talk.beat('without-offsets-new-protocol', -1);
  const newProtocol = await talk.beat('new-protocol', 0);
  for (const topic of ['t1', 't2', 't3']) await talk.commit('new-protocol', topic, newProtocol, 9);
  return { left, newProtocol };
}

/** Answers the one that stays open. */
async function transactions(talk: Expiry): Promise<Transaction> {
  await talk.commit('in-a-transaction', 't1');
  await talk.commit('in-a-transaction', 't2');
  const open = await talk.transaction('in-a-transaction', 't1');
  const onlyOpen = await talk.transaction('only-in-a-transaction', 't1');
  await talk.wait(2000);
  await talk.look();
  await talk.deleteGroup('only-in-a-transaction');
  await talk.look();
  await talk.end(onlyOpen, true);
  await talk.commit('deleted-offset', 't1');
  const deleted = await talk.transaction('deleted-offset', 't1');
  const deletedToo = await talk.transaction('deleted-offset', 't2');
  await talk.deleteOffset('deleted-offset', 't1');
  await talk.deleteOffset('deleted-offset', 't2');
  await talk.end(deleted, true);
  await talk.end(deletedToo, true);
  const overtaken = await talk.transaction('overtaken', 't1');
  await talk.commit('overtaken', 't1');
  await talk.end(overtaken, true);
  const early = await talk.transaction('early-and-late', 't1', 10);
  const late = await talk.transaction('early-and-late', 't1', 11);
  await talk.end(late, true);
  await talk.end(early, true);
  const aborted = await talk.transaction('aborted', 't1');
  await talk.end(aborted, false);
  const ofDeletedTopic = await talk.transaction('topic-deleted-in-a-transaction', 't4');
  await talk.deleteTopic('t4');
  await talk.end(ofDeletedTopic, true);
  return open;
}
