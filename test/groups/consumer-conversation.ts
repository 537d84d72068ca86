/**
 * A conversation about groups of the consumer protocol (KIP-848), held with Apache Kafka and with Ottla: what each
 * request was answered, a line each.
 */
import { ConsumerGroupDescribe, DescribeGroups, LeaveGroup, ListGroups } from '../../protocol/apis/index.ts';
import { downgrade, joinOfClassic, upgrade } from './consumer-migrations.ts';
import { Talk } from './consumer-talk.ts';
import type { HeartbeatDraft, Topics } from './consumer-talk.ts';
import type { Send } from './conversation.ts';

/** `settle` waits until what was sent without waiting has arrived. */
export async function converseAsConsumers(
  send: Send,
  topics: Topics,
  run: string,
  settle: () => Promise<void>,
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
  await talk.note(
    'describe an empty name',
    talk.send('one', ConsumerGroupDescribe, 1, {
      groupIds: [''],
      includeAuthorizedOperations: true,
    }),
  );
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
  await talk.note(
    'of the last epoch, with more than it has',
    talk.beat(g, 'a', 1, {
      topicPartitions: [{ topicId: t1, partitions: [7] }],
    }),
  );
  await talk.note('of the next epoch', talk.beat(g, 'a', 3));
  await talk.note(
    'all told again',
    talk.beat(g, 'a', 2, {
      rebalanceTimeoutMs: 30_000,
      subscribedTopicNames: [talk.in('t1')],
      topicPartitions: [{ topicId: t1, partitions: [0, 1] }],
    }),
  );
  await talk.note('as another', talk.beat(g, 'b', 2));
  await talk.note('it joins again', talk.join(g, 'a', ['t1']));
  await talk.state('state', g);
  await talk.note('as no instance', talk.beat(g, 'a', 2, { instanceId: 'i' }));
  await talk.note('with a new rack', talk.beat(g, 'a', 2, { rackId: 'r' }));
  await talk.note(
    'subscribes to what is not',
    talk.beat(g, 'a', 2, {
      subscribedTopicNames: [talk.in('t1'), talk.in('none')],
    }),
  );
  await talk.note(
    'the same in another order',
    talk.beat(g, 'a', 3, {
      subscribedTopicNames: [talk.in('none'), talk.in('t1')],
    }),
  );
  await talk.note('describe', talk.describe(g));
  await talk.note('as a classic group', talk.send('one', DescribeGroups, 6, { groups: [talk.in(g)] }));
  await talk.note(
    'in the list',
    talk
      .send('one', ListGroups, 5, { typesFilter: ['Consumer'], statesFilter: ['stable'] })
      .then(({ groups }) => groups.filter(({ groupId }) => groupId === talk.in(g))),
  );
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
  await talk.note('a commits', talk.commit(g, 'a', 3, kept[0].partitions));
  await talk.note('a commits with its last epoch what it kept', talk.commit(g, 'a', 2, kept[0].partitions));
  await talk.note('and what it gave up', talk.commit(g, 'a', 2, [1 - kept[0].partitions[0]]));
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
  await talk.note(
    'removed by an administrator',
    talk.send('one', LeaveGroup, 5, {
      groupId: talk.in(g),
      members: [{ memberId: '', groupInstanceId: 'i' }, { memberId: 'c' }, { memberId: 'x' }],
    }),
  );
  await talk.state('state', g);
  await talk.note('goes for good', talk.beat(g, 'c', -1, { instanceId: 'k' }));
}

async function limitsAndAssignors(talk: Talk, t1: string, t2: string): Promise<void> {
  talk.title('range, and a group that is full');
  const g = 'range';
  const owned = (partitions: number[]) => [
    { topicId: t1, partitions },
    { topicId: t2, partitions },
  ];
  await talk.note('a joins', talk.join(g, 'a', ['t1', 't2'], { serverAssignor: 'range' }));
  await talk.note('b joins', talk.join(g, 'b', ['t1', 't2'], { serverAssignor: 'range' }));
  await talk.note('a', talk.beat(g, 'a', 2, { topicPartitions: owned([0, 1]) }));
  await talk.note(
    'a has given up',
    talk.beat(g, 'a', 2, {
      topicPartitions: [
        { topicId: t1, partitions: [0] },
        { topicId: t2, partitions: [0, 1] },
      ],
    }),
  );
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
  // Kafka looks for topics beside the heartbeat, and answers with them later: its epochs are others.
  await talk.join(g, 'b', null, { subscribedTopicRegex: `${talk.run}-none` });
  await talk.beat(g, 'b', -1);
  const owned = async () => {
    const [{ members }] = await talk.describe(g);
    return members.map((member) => ({
      memberId: member.memberId,
      subscribedTopicNames: member.subscribedTopicNames,
      subscribedTopicRegex: member.subscribedTopicRegex,
      target: member.targetAssignment,
    }));
  };
  const [before] = await talk.describe(g);
  await talk.beat(g, 'a', before.members[0].memberEpoch);
  await talk.note('what the expression finds', owned());
  const [
    {
      members: [{ memberEpoch: epoch }],
    },
  ] = await talk.describe(g);
  await talk.note('to a wrong one', talk.beat(g, 'a', epoch, { subscribedTopicRegex: '[' }));
  await talk.note(
    'names and none',
    talk
      .beat(g, 'a', epoch, {
        subscribedTopicRegex: '',
        subscribedTopicNames: [talk.in('t1')],
      })
      .then(({ errorCode }) => errorCode),
  );
  await talk.note('what it has then', owned());
  await talk.beat(g, 'a', -1);
}
