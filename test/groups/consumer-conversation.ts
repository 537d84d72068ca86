/**
 * A conversation about groups of the consumer protocol (KIP-848), held with Apache Kafka and with Ottla: what each
 * request was answered, a line each. Ids that a broker makes up are shown as names.
 */
import type { Draft } from '../../protocol/schema.ts';
import {
  ConsumerGroupDescribe, ConsumerGroupHeartbeat, DeleteGroups, DescribeGroups, Heartbeat, JoinGroup, LeaveGroup,
  ListGroups, OffsetCommit, OffsetDelete, OffsetFetch, SyncGroup,
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

type HeartbeatDraft = Draft<typeof ConsumerGroupHeartbeat['request']['fields']>;
type JoinDraft = Draft<typeof JoinGroup['request']['fields']>;

const JOIN = { memberEpoch: 0, rebalanceTimeoutMs: 30_000, topicPartitions: [] };

class Talk {
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

  async note<T>(what: string, answer: Promise<T>): Promise<T> {
    const value = await answer;
    const text = JSON.stringify(value, (key, part: unknown) => {
      if (key === 'throttleTimeMs' || key === 'errorMessage' || key === 'clientHost') return undefined;
      if ((key === 'partitions' || key === 'subscribedTopicNames') && Array.isArray(part)) return part.toSorted();
      if (key === 'topicPartitions' && Array.isArray(part)) return part.toSorted((a, b) => (this.#label(a.topicId) < this.#label(b.topicId) ? -1 : 1));
      return isBuffer(part) ? Buffer.from(part.data).toString('hex') : part;
    });
    let plain = text.replaceAll(`${this.run}-`, '');
    const hexRun = Buffer.from(`${this.run}-`).toString('hex');
    plain = plain.replaceAll(hexRun, '');
    for (const [id, name] of this.#names) plain = plain.replaceAll(id, name);
    this.lines.push(`${what}: ${plain.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'uuid')}`);
    return value;
  }

  #label(id: string): string {
    return this.#names.get(id) ?? id;
  }

  beat(group: string, memberId: string, memberEpoch: number, more: Partial<HeartbeatDraft> = {}, version = 1) {
    return this.send('one', ConsumerGroupHeartbeat, version, { groupId: this.in(group), memberId, memberEpoch, ...more });
  }

  join(group: string, memberId: string, topics: string[] | null, more: Partial<HeartbeatDraft> = {}, version = 1) {
    const subscribedTopicNames = topics === null ? null : topics.map((topic) => this.in(topic));
    return this.beat(group, memberId, 0, { ...JOIN, subscribedTopicNames, ...more }, version);
  }

  async describe(group: string) {
    const { groups } = await this.send('one', ConsumerGroupDescribe, 1, {
      groupIds: [this.in(group)], includeAuthorizedOperations: false,
    });
    return groups.map((each) => ({
      ...each, members: each.members.toSorted((a, b) => (this.#label(a.memberId) < this.#label(b.memberId) ? -1 : 1)),
    }));
  }

  async state(what: string, group: string): Promise<void> {
    const [{ groupState, groupEpoch, assignmentEpoch, members }] = await this.describe(group);
    const epochs = members.map(({ memberEpoch }) => memberEpoch).toSorted((a, b) => a - b);
    this.lines.push(`${what}: ${groupState} epoch=${groupEpoch} assignment=${assignmentEpoch} members=${epochs}`);
  }

  commit(group: string, memberId: string, epoch: number, partitions = [0], version = 9, instance: string | null = null) {
    return this.send('one', OffsetCommit, version, {
      groupId: this.in(group), memberId, generationIdOrMemberEpoch: epoch, groupInstanceId: instance,
      topics: [{
        name: this.in('t1'),
        partitions: partitions.map((partitionIndex) => ({ partitionIndex, committedOffset: 5, committedMetadata: '' })),
      }],
    });
  }

  fetch(group: string, memberId: string | null, memberEpoch: number) {
    return this.send('one', OffsetFetch, 9, {
      groups: [{
        groupId: this.in(group), memberId, memberEpoch, topics: [{ name: this.in('t1'), partitionIndexes: [0] }],
      }],
    });
  }

  deleteOffsets(group: string, topic: string) {
    return this.send('one', OffsetDelete, 0, {
      groupId: this.in(group), topics: [{ name: this.in(topic), partitions: [{ partitionIndex: 0 }] }],
    });
  }

  deleteGroup(group: string) {
    return this.send('one', DeleteGroups, 2, { groupsNames: [this.in(group)] });
  }

  classicJoin(group: string, memberId: string, more: Partial<JoinDraft> = {}, owned: OwnedPartitions = [], version = 9) {
    return this.send('two', JoinGroup, version, {
      groupId: this.in(group), sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: subscription([this.in('t1')], owned) }], ...more,
    });
  }

  classicSync(group: string, memberId: string, generationId: number, more: object = {}) {
    return this.send('two', SyncGroup, 5, {
      groupId: this.in(group), memberId, generationId, protocolType: 'consumer', protocolName: 'range',
      assignments: [], ...more,
    });
  }

  classicBeat(group: string, memberId: string, generationId: number, groupInstanceId: string | null = null) {
    return this.send('two', Heartbeat, 4, { groupId: this.in(group), memberId, generationId, groupInstanceId });
  }
}

type OwnedPartitions = { topic: string; partitions: number[] }[];

function subscription(topics: string[], ownedPartitions: OwnedPartitions): Buffer {
  const writer = new Writer();
  writer.int16(3);
  messageCodec(ConsumerProtocolSubscription, 3).encode(writer, { topics, ownedPartitions, generationId: -1 });
  return writer.finish();
}

function isBuffer(part: unknown): part is { data: number[] } {
  return typeof part === 'object' && part !== null && 'type' in part && part.type === 'Buffer';
}

/** `settle` waits until what was sent without waiting has arrived. */
export async function converseAsConsumers(
  send: Send, topics: Topics, run: string, settle: () => Promise<void>,
): Promise<string[]> {
  const talk = new Talk(send, topics, run);
  const t1 = await talk.topic('t1', 2);
  const t2 = await talk.topic('t2', 3);
  await badRequests(talk, t1);
  await oneMember(talk, t1);
  await twoMembers(talk, t1);
  await commits(talk);
  await staticMembers(talk, t1);
  await limitsAndAssignors(talk, t1, t2);
  await changingTopics(talk, settle);
  await expressions(talk, settle);
  await joinOfClassic(talk, t1);
  await upgrade(talk, t1, settle);
  await downgrade(talk, t1, settle);
  return talk.lines;
}

async function badRequests(talk: Talk, t1: string): Promise<void> {
  talk.title('requests that are refused');
  const joins: [string, Partial<HeartbeatDraft>][] = [
    ['an empty group', { groupId: '' }],
    ['an empty instance', { instanceId: '' }],
    ['an empty rack', { rackId: '' }],
    ['no rebalance timeout', { rebalanceTimeoutMs: -1 }],
    ['no partitions', { topicPartitions: null }],
    ['partitions', { topicPartitions: [{ topicId: t1, partitions: [0] }] }],
    ['no subscription', { subscribedTopicNames: null }],
    ['an assignor that is none', { serverAssignor: 'none' }],
    ['an epoch below all', { memberEpoch: -3 }],
    ['leaving for a while without an instance', { memberEpoch: -2 }],
    ['leaving a group that is none', { memberEpoch: -1 }],
    ['leaving it for a while', { memberEpoch: -2, instanceId: 'i' }],
    ['beating in it', { memberEpoch: 1 }],
    ['a wrong expression', { subscribedTopicNames: null, subscribedTopicRegex: 'a(' }],
    ['one with a back reference', { subscribedTopicNames: null, subscribedTopicRegex: '(a)\\1' }],
    ['one that looks ahead', { subscribedTopicNames: null, subscribedTopicRegex: 'a(?=b)' }],
  ];
  for (const [what, change] of joins) await talk.note(what, talk.join('none', 'm', ['t1'], change));
  await talk.note('no member id', talk.join('none', '', ['t1']));
  await talk.note('no member id and an epoch, v0', talk.beat('none', '', 1, {}, 0));
  await talk.note('describe nothing', talk.describe('none'));
  await talk.note('describe an empty name', talk.send('one', ConsumerGroupDescribe, 1, {
    groupIds: [''], includeAuthorizedOperations: true,
  }));
}

async function oneMember(talk: Talk, t1: string): Promise<void> {
  talk.title('one member');
  const g = 'one';
  await talk.note('a member without topics', talk.join(g, 'a', []));
  await talk.state('state', g);
  await talk.note('it subscribes', talk.beat(g, 'a', 1, { subscribedTopicNames: [talk.in('t1')] }));
  await talk.state('state', g);
  await talk.note('beat', talk.beat(g, 'a', 2));
  await talk.note('beat of the last epoch', talk.beat(g, 'a', 1));
  await talk.note('of the last epoch, with what it owns', talk.beat(g, 'a', 1, { topicPartitions: [] }));
  await talk.note('of the last epoch, with more than it has', talk.beat(g, 'a', 1, {
    topicPartitions: [{ topicId: t1, partitions: [7] }],
  }));
  await talk.note('of the next epoch', talk.beat(g, 'a', 3));
  await talk.note('all told again', talk.beat(g, 'a', 2, {
    rebalanceTimeoutMs: 30_000, subscribedTopicNames: [talk.in('t1')],
    topicPartitions: [{ topicId: t1, partitions: [0, 1] }],
  }));
  await talk.note('as another', talk.beat(g, 'b', 2));
  await talk.note('it joins again', talk.join(g, 'a', ['t1']));
  await talk.state('state', g);
  await talk.note('as no instance', talk.beat(g, 'a', 2, { instanceId: 'i' }));
  await talk.note('with a new rack', talk.beat(g, 'a', 2, { rackId: 'r' }));
  await talk.note('subscribes to what is not', talk.beat(g, 'a', 2, {
    subscribedTopicNames: [talk.in('t1'), talk.in('none')],
  }));
  await talk.note('the same in another order', talk.beat(g, 'a', 3, {
    subscribedTopicNames: [talk.in('none'), talk.in('t1')],
  }));
  await talk.note('describe', talk.describe(g));
  await talk.note('as a classic group', talk.send('one', DescribeGroups, 6, { groups: [talk.in(g)] }));
  await talk.note('in the list', talk.send('one', ListGroups, 5, { typesFilter: ['Consumer'], statesFilter: ['stable'] })
    .then(({ groups }) => groups.filter(({ groupId }) => groupId === talk.in(g))));
  await talk.note('delete it', talk.deleteGroup(g));
  await talk.note('delete offsets of its topic', talk.deleteOffsets(g, 't1'));
  await talk.note('and of another', talk.deleteOffsets(g, 't2'));
  await talk.note('another leaves', talk.beat(g, 'b', -1));
  await talk.note('leaves', talk.beat(g, 'a', -1));
  await talk.note('describe', talk.describe(g));
  await talk.note('leaves again', talk.beat(g, 'a', -1));
  await talk.note('beat', talk.beat(g, 'a', 4));
  await talk.note('delete it', talk.deleteGroup(g));
  await talk.note('describe', talk.describe(g));
  const { memberId } = await talk.join('v0', '', ['t1'], {}, 0);
  talk.name(String(memberId), 'MADE');
  await talk.note('v0 makes the id', talk.beat('v0', String(memberId), 1, {}, 0));
  await talk.note('leaves', talk.beat('v0', String(memberId), -1, {}, 0));
}

async function twoMembers(talk: Talk, t1: string): Promise<void> {
  talk.title('two members: revoked first, assigned then');
  const g = 'two';
  const both = [{ topicId: t1, partitions: [0, 1] }];
  await talk.note('a joins', talk.join(g, 'a', ['t1']));
  await talk.note('b joins', talk.join(g, 'b', ['t1']));
  await talk.state('state', g);
  const asked = await talk.note('a is asked to give up one', talk.beat(g, 'a', 2, { topicPartitions: both }));
  const kept = asked.assignment?.topicPartitions ?? [];
  await talk.note('describe', talk.describe(g));
  await talk.note('b waits', talk.beat(g, 'b', 3));
  await talk.note('a still has both', talk.beat(g, 'a', 2, { topicPartitions: both }));
  await talk.note('a says nothing', talk.beat(g, 'a', 2));
  await talk.note('a has given it up', talk.beat(g, 'a', 2, { topicPartitions: kept }));
  await talk.note('a repeats it', talk.beat(g, 'a', 2, { topicPartitions: kept }));
  await talk.note('b gets it', talk.beat(g, 'b', 3, { topicPartitions: [] }));
  await talk.state('state', g);
  await talk.note('a commits', talk.commit(g, 'a', 3, kept[0].partitions as number[]));
  await talk.note('a commits with its last epoch what it kept', talk.commit(g, 'a', 2, kept[0].partitions as number[]));
  await talk.note('and what it gave up', talk.commit(g, 'a', 2, [1 - kept[0].partitions![0]]));
  await talk.note('and both', talk.commit(g, 'a', 2, [0, 1]));
  await talk.note('b commits with its last epoch', talk.commit(g, 'b', 2, [0, 1]));
  await talk.note('b leaves', talk.beat(g, 'b', -1));
  await talk.state('state', g);
  await talk.note('a has all again', talk.beat(g, 'a', 3, { topicPartitions: kept }));
  await talk.state('state', g);
  await talk.note('a leaves', talk.beat(g, 'a', -1));
}

async function commits(talk: Talk): Promise<void> {
  talk.title('offsets');
  const g = 'commits';
  await talk.join(g, 'a', ['t1']);
  await talk.note('commit', talk.commit(g, 'a', 2));
  await talk.note('of an older epoch', talk.commit(g, 'a', 1));
  await talk.note('of a newer epoch', talk.commit(g, 'a', 3));
  await talk.note('of no epoch', talk.commit(g, 'a', -1));
  await talk.note('of another member', talk.commit(g, 'b', 2));
  await talk.note('as no member', talk.commit(g, '', -1));
  await talk.note('with an instance', talk.commit(g, 'a', 2, [0], 9, 'i'));
  await talk.note('v8', talk.commit(g, 'a', 2, [0], 8));
  await talk.note('fetch', talk.fetch(g, 'a', 2));
  await talk.note('fetch with an older epoch', talk.fetch(g, 'a', 1));
  await talk.note('fetch with a newer epoch', talk.fetch(g, 'a', 3));
  await talk.note('fetch as another', talk.fetch(g, 'b', 2));
  await talk.note('fetch as no member', talk.fetch(g, null, -1));
  await talk.note('fetch as an empty member', talk.fetch(g, '', -1));
  await talk.beat(g, 'a', -1);
  await talk.note('commit to the empty group', talk.commit(g, '', -1));
  await talk.note('as the member that was', talk.commit(g, 'a', 2));
  await talk.note('delete its offsets', talk.deleteOffsets(g, 't1'));
  await talk.note('what is left', talk.fetch(g, null, -1));
}

async function staticMembers(talk: Talk, t1: string): Promise<void> {
  talk.title('static members');
  const g = 'static';
  const i = { instanceId: 'i' };
  await talk.note('joins', talk.join(g, 'a', ['t1'], i));
  await talk.note('another under its name', talk.join(g, 'b', ['t1'], i));
  await talk.note('the same again', talk.join(g, 'a', ['t1'], i));
  await talk.note('another beats', talk.beat(g, 'b', 2, i));
  await talk.note('beats without its name', talk.beat(g, 'a', 2));
  await talk.note('another leaves', talk.beat(g, 'b', -1, i));
  await talk.note('goes for a while', talk.beat(g, 'a', -2, i));
  await talk.note('describe', talk.describe(g));
  await talk.note('beats', talk.beat(g, 'a', 2, i));
  await talk.note('comes back', talk.join(g, 'b', ['t1'], i));
  await talk.state('state', g);
  await talk.note('the old one beats', talk.beat(g, 'a', 2, i));
  await talk.note('the old one beats without a name', talk.beat(g, 'a', 2));
  await talk.note('the new one beats', talk.beat(g, 'b', 2, i));
  await talk.note('goes for a while', talk.beat(g, 'b', -2, i));
  await talk.note('a second member', talk.join(g, 'c', ['t1'], { instanceId: 'k' }));
  await talk.note('the first comes back as it was', talk.join(g, 'b', ['t1'], i));
  await talk.state('state', g);
  await talk.note('beats', talk.beat(g, 'b', 2, { ...i, topicPartitions: [{ topicId: t1, partitions: [0] }] }));
  await talk.note('removed by an administrator', talk.send('one', LeaveGroup, 5, {
    groupId: talk.in(g), members: [{ memberId: '', groupInstanceId: 'i' }, { memberId: 'c' }, { memberId: 'x' }],
  }));
  await talk.state('state', g);
  await talk.note('goes for good', talk.beat(g, 'c', -1, { instanceId: 'k' }));
}

async function limitsAndAssignors(talk: Talk, t1: string, t2: string): Promise<void> {
  talk.title('range, and a group that is full');
  const g = 'range';
  const owned = (partitions: number[]) => [{ topicId: t1, partitions }, { topicId: t2, partitions }];
  await talk.note('a joins', talk.join(g, 'a', ['t1', 't2'], { serverAssignor: 'range' }));
  await talk.note('b joins', talk.join(g, 'b', ['t1', 't2'], { serverAssignor: 'range' }));
  await talk.note('a', talk.beat(g, 'a', 2, { topicPartitions: owned([0, 1]) }));
  await talk.note('a has given up', talk.beat(g, 'a', 2, {
    topicPartitions: [{ topicId: t1, partitions: [0] }, { topicId: t2, partitions: [0, 1] }],
  }));
  await talk.note('b', talk.beat(g, 'b', 3));
  await talk.note('c joins', talk.join(g, 'c', ['t1'], { serverAssignor: 'uniform' }));
  await talk.note('d finds no room', talk.join(g, 'd', ['t1']));
  await talk.note('describe', talk.describe(g));
  for (const id of ['a', 'b', 'c']) await talk.beat(g, id, -1);
}

async function changingTopics(talk: Talk, settle: () => Promise<void>): Promise<void> {
  talk.title('topics that change');
  const g = 'topics';
  await talk.note('joins', talk.join(g, 'a', ['late']));
  await talk.topic('late', 1);
  await settle();
  await talk.note('the topic is there', talk.beat(g, 'a', 2));
  await talk.topics.grow(talk.in('late'), 2);
  await settle();
  await talk.note('it has grown', talk.beat(g, 'a', 3));
  await talk.topics.delete(talk.in('late'));
  await settle();
  await talk.note('it is gone', talk.beat(g, 'a', 4));
  await talk.note('given up', talk.beat(g, 'a', 4, { topicPartitions: [] }));
  await talk.state('state', g);
  await talk.beat(g, 'a', -1);
}

async function expressions(talk: Talk, settle: () => Promise<void>): Promise<void> {
  talk.title('regular expressions');
  const g = 'regex';
  await talk.topic('rx-1', 1);
  await settle();
  const subscribedTopicRegex = `${talk.run}-rx.*`;
  await talk.join(g, 'a', null, { subscribedTopicRegex });
  await settle();
  // Kafka looks for topics beside the heartbeat, and answers with them later: the epochs are its own.
  const { memberEpoch } = await talk.join(g, 'b', null, { subscribedTopicRegex: `${talk.run}-none` });
  await talk.beat(g, 'b', -1);
  const owned = async () => {
    const [{ members }] = await talk.describe(g);
    return members.map((member) => ({
      memberId: member.memberId, subscribedTopicNames: member.subscribedTopicNames,
      subscribedTopicRegex: member.subscribedTopicRegex, target: member.targetAssignment,
    }));
  };
  void memberEpoch;
  const [before] = await talk.describe(g);
  await talk.beat(g, 'a', before.members[0].memberEpoch);
  await talk.note('what the expression finds', owned());
  const [{ members: [{ memberEpoch: epoch }] }] = await talk.describe(g);
  await talk.note('to a wrong one', talk.beat(g, 'a', epoch, { subscribedTopicRegex: '[' }));
  await talk.note('names and none', talk.beat(g, 'a', epoch, {
    subscribedTopicRegex: '', subscribedTopicNames: [talk.in('t1')],
  }).then(({ errorCode }) => errorCode));
  await talk.note('what it has then', owned());
  await talk.beat(g, 'a', -1);
}

async function joinOfClassic(talk: Talk, t1: string): Promise<void> {
  talk.title('a classic member in a consumer group');
  const g = 'mixed';
  await talk.note('a joins', talk.join(g, 'a', ['t1']));
  await talk.note('classic, of another type', talk.classicJoin(g, '', { protocolType: 'connect' }));
  await talk.note('classic, without protocols', talk.classicJoin(g, '', { protocols: [] }));
  const given = await talk.classicJoin(g, '');
  const c = talk.name(given.memberId, 'CLASSIC');
  await talk.note('classic, must come with an id', Promise.resolve(given));
  await talk.note('classic joins', talk.classicJoin(g, c));
  await talk.note('describe', talk.describe(g));
  await talk.note('classic syncs', talk.classicSync(g, c, 3));
  await talk.note('classic beats', talk.classicBeat(g, c, 3));
  await talk.note('beats with another generation', talk.classicBeat(g, c, 2));
  await talk.note('syncs with another generation', talk.classicSync(g, c, 2));
  await talk.note('syncs with another protocol', talk.classicSync(g, c, 3, { protocolName: 'x' }));
  await talk.note('syncs as the other', talk.classicSync(g, 'a', 2));
  await talk.note('beats as the other', talk.classicBeat(g, 'a', 2));
  await talk.note('beats as no one', talk.classicBeat(g, 'x', 2));
  await talk.note('a is asked to give up one', talk.beat(g, 'a', 2, {
    topicPartitions: [{ topicId: t1, partitions: [0, 1] }],
  }));
  await talk.note('classic beats', talk.classicBeat(g, c, 3));
  await talk.note('a has given it up', talk.beat(g, 'a', 2, { topicPartitions: [{ topicId: t1, partitions: [0] }] }));
  await talk.note('classic shall join', talk.classicBeat(g, c, 3));
  await talk.note('classic joins again', talk.classicJoin(g, c));
  await talk.note('classic syncs', talk.classicSync(g, c, 3));
  await talk.note('classic commits', talk.send('two', OffsetCommit, 8, {
    groupId: talk.in(g), memberId: c, generationIdOrMemberEpoch: 3,
    topics: [{ name: talk.in('t1'), partitions: [{ partitionIndex: 1, committedOffset: 1, committedMetadata: '' }] }],
  }));
  await talk.note('classic commits another generation', talk.commit(g, c, 2, [0]));
  await talk.note('classic joins with other topics', talk.classicJoin(g, c, {
    protocols: [{ name: 'range', metadata: subscription([talk.in('t2')], []) }],
  }));
  await talk.state('state', g);
  await talk.note('classic beats as the others do', talk.beat(g, c, 4));
  await talk.note('and as classic members do', talk.classicBeat(g, c, 4));
  await talk.note('describe', talk.describe(g));
  await talk.note('classic leaves', talk.send('two', LeaveGroup, 5, { groupId: talk.in(g), members: [{ memberId: c }] }));
  await talk.state('state', g);
  await talk.note('classic, static', talk.classicJoin(g, '', { groupInstanceId: 'i' }).then((answer) => {
    talk.name(answer.memberId, 'STATIC');
    return answer;
  }));
  await talk.state('state', g);
  await talk.note('a leaves', talk.beat(g, 'a', -1));
  await talk.note('now classic', talk.send('one', DescribeGroups, 6, { groups: [talk.in(g)] }));
}

/** A classic group of one stable member. */
async function classicGroup(talk: Talk, g: string, name: string, assigned: string): Promise<string> {
  const given = await talk.classicJoin(g, '');
  const c = talk.name(given.memberId, name);
  const { generationId } = await talk.classicJoin(g, c);
  const writer = new Writer();
  writer.int16(0);
  writer.int32(1);
  writer.int16(Buffer.byteLength(talk.in('t1')));
  writer.bytes(Buffer.from(talk.in('t1')));
  for (const each of [2, 0, 1]) writer.int32(each);
  writer.int32(-1);
  await talk.note(assigned, talk.classicSync(g, c, generationId, {
    assignments: [{ memberId: c, assignment: writer.finish() }],
  }));
  return c;
}

async function upgrade(talk: Talk, t1: string, settle: () => Promise<void>): Promise<void> {
  talk.title('a classic group that is upgraded');
  const g = 'upgrade';
  const c = await classicGroup(talk, g, 'OLD', 'classic has all');
  await talk.note('commits', talk.commit(g, c, 1));
  await talk.note('a joins', talk.join(g, 'a', ['t1']));
  await talk.note('describe', talk.describe(g));
  await talk.note('the offset is there', talk.fetch(g, null, -1));
  await talk.note('classic shall join', talk.classicBeat(g, c, 1));
  const owned = [{ topic: talk.in('t1'), partitions: [0, 1] }];
  await talk.note('classic joins', talk.classicJoin(g, c, {}, owned));
  await talk.note('classic syncs', talk.classicSync(g, c, 1));
  await talk.note('classic shall join again', talk.classicBeat(g, c, 1));
  const kept = [0];
  await talk.note('classic joins', talk.classicJoin(g, c, {}, [{ topic: talk.in('t1'), partitions: [...kept] }]));
  await talk.note('classic syncs', talk.classicSync(g, c, 2));
  await talk.note('a gets its part', talk.beat(g, 'a', 2));
  await talk.note('classic is upgraded too', talk.beat(g, c, 2, { topicPartitions: [{ topicId: t1, partitions: [...kept] }] }));
  await talk.note('a leaves', talk.beat(g, 'a', -1));
  await settle();
  const joining = await talk.classicJoin('empty', '', {}, [], 3);
  await talk.note('last leaves', talk.send('two', LeaveGroup, 3, {
    groupId: talk.in('empty'), members: [{ memberId: joining.memberId }],
  }));
  await talk.note('an empty classic group is taken over', talk.join('empty', 'n', ['t1']));
  await talk.beat('empty', 'n', -1);
  await talk.note('an empty consumer group is taken over', talk.classicJoin('empty', '', {}, [], 3)
    .then(({ errorCode, generationId }) => ({ errorCode, generationId })));
  await talk.note('a strange classic group', talk.classicJoin('strange', '', {
    protocolType: 'connect', protocols: [{ name: 'x', metadata: Buffer.from('m') }],
  }, [], 3).then(({ errorCode, generationId }) => ({ errorCode, generationId })));
  await talk.note('is not upgraded', talk.join('strange', 'n', ['t1']));
}

async function downgrade(talk: Talk, t1: string, settle: () => Promise<void>): Promise<void> {
  talk.title('a consumer group that is downgraded');
  const g = 'down';
  await talk.note('a joins', talk.join(g, 'a', ['t1']));
  const given = await talk.classicJoin(g, '');
  const c = talk.name(given.memberId, 'LEFT');
  await talk.note('classic joins', talk.classicJoin(g, c));
  await talk.classicSync(g, c, 3);
  await talk.beat(g, 'a', 2, { topicPartitions: [{ topicId: t1, partitions: [0, 1] }] });
  await talk.note('a leaves', talk.beat(g, 'a', -1));
  await talk.note('describe', talk.send('one', DescribeGroups, 6, { groups: [talk.in(g)] }));
  await talk.note('classic shall join', talk.classicBeat(g, c, 4));
  await talk.note('with its old generation', talk.classicBeat(g, c, 3));
  const joined = await talk.note('classic joins', talk.classicJoin(g, c));
  await settle();
  await talk.note('classic syncs', talk.classicSync(g, c, joined.generationId));
}
