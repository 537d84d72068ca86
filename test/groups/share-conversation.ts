/** A conversation about share groups (KIP-932), held with Apache Kafka and with Ottla: what each request was answered, a line each. */
import {
  AlterShareGroupOffsets,
  DeleteShareGroupOffsets,
  DescribeGroups,
  DescribeShareGroupOffsets,
  Heartbeat,
  LeaveGroup,
  ShareGroupDescribe,
} from '../../protocol/apis/index.ts';
import type { Topics } from './consumer-talk.ts';
import type { Send } from './conversation.ts';
import { ShareTalk } from './share-talk.ts';
import type { ShareHeartbeatDraft } from './share-talk.ts';

/** `settle` waits until what goes on between requests has come to its end. */
export async function converseAsShareConsumers(
  send: Send,
  topics: Topics,
  run: string,
  settle: () => Promise<void>,
): Promise<string[]> {
  const talk = new ShareTalk(send, topics, run);
  await talk.topic('t1', 2);
  await talk.topic('t2', 3);
  await settle();
  await badRequests(talk);
  await oneMember(talk, settle);
  await severalMembers(talk, settle);
  await changingTopics(talk, settle);
  await otherKinds(talk, settle);
  await offsets(talk, settle);
  await ends(talk, settle);
  return talk.lines;
}

async function badRequests(talk: ShareTalk): Promise<void> {
  talk.title('requests that are refused');
  const joins: [string, Partial<ShareHeartbeatDraft>][] = [
    ['an empty group', { groupId: '' }],
    ['a group of blanks', { groupId: ' ' }],
    ['no member id', { memberId: '' }],
    ['a member id of blanks', { memberId: ' ' }],
    ['a long member id', { memberId: 'm'.repeat(37) }],
    ['an empty rack', { rackId: '' }],
    ['no subscription', { subscribedTopicNames: null }],
    ['an empty subscription', { subscribedTopicNames: [] }],
    ['an epoch below all', { memberEpoch: -2 }],
    ['leaving a group that is none', { memberEpoch: -1 }],
    ['beating in it', { memberEpoch: 1 }],
    ['beating in it without topics', { memberEpoch: 1, subscribedTopicNames: null }],
  ];
  for (const [what, change] of joins) await talk.note(what, talk.shareJoin('none', 'm', ['t1'], change));
  await talk.note('describe nothing', talk.shareDescribe('none'));
  await talk.note(
    'describe an empty name',
    talk.send('one', ShareGroupDescribe, 1, { groupIds: [''], includeAuthorizedOperations: true }),
  );
}

async function oneMember(talk: ShareTalk, settle: () => Promise<void>): Promise<void> {
  talk.title('one member');
  const g = 'one';
  await talk.note('a member joins', talk.shareJoin(g, 'a', ['t1']));
  await settle();
  await talk.shareState('state', g);
  await talk.note('beat', talk.shareBeat(g, 'a', 2));
  await talk.shareState('state', g);
  await talk.note('beat of the epoch before', talk.shareBeat(g, 'a', 2));
  await talk.note('beat', talk.shareBeat(g, 'a', 3));
  await talk.note('of the first epoch', talk.shareBeat(g, 'a', 1));
  await talk.note('of the next epoch', talk.shareBeat(g, 'a', 4));
  await talk.note('of no epoch at all', talk.shareBeat(g, 'a', 9));
  await talk.note('all told again', talk.shareBeat(g, 'a', 3, { subscribedTopicNames: [talk.in('t1')], rackId: 'r' }));
  await talk.note('it joins again', talk.shareJoin(g, 'a', ['t1']));
  await talk.shareState('state', g);
  await talk.note('with a new rack', talk.shareBeat(g, 'a', 3, { rackId: 'r2' }));
  await talk.note('as another', talk.shareBeat(g, 'b', 3));
  await talk.note('another leaves', talk.shareBeat(g, 'b', -1));
  await talk.note(
    'subscribes to what is not',
    talk.shareBeat(g, 'a', 3, { subscribedTopicNames: [talk.in('none'), talk.in('t1')] }),
  );
  await settle();
  await talk.shareState('state', g);
  await talk.note(
    'the same in another order',
    talk.shareBeat(g, 'a', 4, { subscribedTopicNames: [talk.in('t1'), talk.in('none')] }),
  );
  await talk.note('describe', talk.shareDescribe(g));
  await talk.note('subscribes to nothing', talk.shareBeat(g, 'a', 4, { subscribedTopicNames: [] }));
  await settle();
  await talk.shareState('state', g);
  await talk.note('beat', talk.shareBeat(g, 'a', 5));
  await talk.note('subscribes to another', talk.shareBeat(g, 'a', 5, { subscribedTopicNames: [talk.in('t2')] }));
  await settle();
  await talk.note('beat', talk.shareBeat(g, 'a', 6));
  await talk.note('beat', talk.shareBeat(g, 'a', 7));
  await talk.shareState('state', g);
  await talk.note('it leaves', talk.shareBeat(g, 'a', -1));
  await talk.shareState('state', g);
  await talk.note('it leaves again', talk.shareBeat(g, 'a', -1));
  await talk.note('it beats', talk.shareBeat(g, 'a', 7));
  await talk.note('list', talk.list());
  await talk.note('list share', talk.list(['share']));
  await talk.note('list empty', talk.list([], ['empty']));
  await talk.note('it comes back', talk.shareJoin(g, 'a', ['t1', 't2']));
  await settle();
  await talk.note('beat', talk.shareBeat(g, 'a', 9));
  await talk.shareState('state', g);
  await talk.note('it leaves', talk.shareBeat(g, 'a', -1));
}

async function severalMembers(talk: ShareTalk, settle: () => Promise<void>): Promise<void> {
  talk.title('several members');
  const g = 'many';
  const epochs = new Map<string, number>();
  const note = async (what: string, memberId: string, topics: readonly string[] | null): Promise<void> => {
    const epoch = epochs.get(memberId) ?? 0;
    const sent = topics === null ? talk.shareBeat(g, memberId, epoch) : talk.shareJoin(g, memberId, topics);
    const { errorCode, memberEpoch } = await talk.note(`${memberId} ${what}`, sent.then(counted));
    if (errorCode === 0) epochs.set(memberId, memberEpoch);
    await settle();
  };
  await note('joins', 'a', ['t2']);
  await note('beats', 'a', null);
  await note('joins', 'b', ['t2']);
  await talk.shareState('state', g);
  await note('beats', 'a', null);
  await note('joins', 'c', ['t1']);
  await note('beats', 'c', null);
  await talk.shareState('state', g);
  await note('finds no room', 'd', ['t1']);
  await note('beats', 'a', null);
  await note('beats', 'b', null);
  await note('joins again', 'b', ['t1', 't2']);
  await talk.shareState('state', g);
  await note('beats', 'a', null);
  await note('beats', 'c', null);
  await talk.note('a leaves', talk.shareBeat(g, 'a', -1));
  await talk.shareState('state', g);
  await note('beats', 'b', null);
  await note('beats', 'c', null);
  await talk.note('describe', talk.shareDescribe(g).then(counted));
  await talk.note('delete', talk.deleteGroup(g));
  for (const memberId of ['b', 'c']) await talk.note(`${memberId} leaves`, talk.shareBeat(g, memberId, -1));
}

/** Which partition goes to whom depends on hashes of ids in Kafka: how many is what counts. */
function counted<T>(answer: T): T {
  const text = JSON.stringify(answer, (key, part: unknown) =>
    key === 'partitions' ? (part as unknown[]).length : part,
  );
  return JSON.parse(text) as T;
}

async function changingTopics(talk: ShareTalk, settle: () => Promise<void>): Promise<void> {
  talk.title('topics that come, grow and go');
  const g = 'topics';
  let epoch = 0;
  const beat = async (): Promise<void> => {
    const answer = await talk.note('a beats', talk.shareBeat(g, 'a', epoch));
    epoch = answer.memberEpoch;
    await talk.shareState('state', g);
    await settle();
  };
  epoch = (await talk.note('a joins', talk.shareJoin(g, 'a', ['t3']))).memberEpoch;
  await beat();
  await talk.topic('t3', 1);
  await settle();
  for (let i = 0; i < 3; i++) await beat();
  await talk.topics.grow(talk.in('t3'), 2);
  await settle();
  for (let i = 0; i < 3; i++) await beat();
  await talk.note('offsets', talk.describeOffsets(g, null));
  await talk.topics.delete(talk.in('t3'));
  await settle();
  for (let i = 0; i < 2; i++) await beat();
  await talk.note('offsets', talk.describeOffsets(g, null));
}

async function otherKinds(talk: ShareTalk, settle: () => Promise<void>): Promise<void> {
  talk.title('groups of other kinds');
  await talk.note('a share group', talk.shareJoin('share', 'a', ['t1']));
  await settle();
  await talk.note('consumer heartbeat on it', talk.join('share', 'c', ['t1']));
  await talk.note('of a member that is there', talk.beat('share', 'a', 1));
  await talk.note('JoinGroup on it', talk.classicJoin('share', ''));
  await talk.note('of a member that is there', talk.classicJoin('share', 'a'));
  const groupId = talk.in('share');
  await talk.note('SyncGroup', talk.classicSync('share', 'a', 1));
  await talk.note('Heartbeat', talk.send('one', Heartbeat, 4, { groupId, generationId: 1, memberId: 'a' }));
  await talk.note('LeaveGroup', talk.send('one', LeaveGroup, 5, { groupId, members: [{ memberId: 'a' }] }));
  await talk.note('OffsetCommit', talk.commit('share', 'a', 1));
  await talk.note('OffsetCommit of nobody', talk.commit('share', '', -1));
  await talk.note('OffsetFetch', talk.fetch('share', 'a', 1));
  await talk.note('OffsetFetch of nobody', talk.fetch('share', null, -1));
  await talk.note('OffsetDelete', talk.deleteOffsets('share', 't1'));
  await talk.note('DescribeGroups', talk.send('one', DescribeGroups, 6, { groups: [groupId] }));
  await talk.note('DescribeGroups v5', talk.send('one', DescribeGroups, 5, { groups: [groupId] }));
  await talk.note('ConsumerGroupDescribe', talk.describe('share'));
  await talk.note('DeleteGroups', talk.deleteGroup('share'));
  await talk.note('a leaves', talk.shareBeat('share', 'a', -1));
  await talk.note('JoinGroup on the empty group', talk.classicJoin('share', ''));
  await talk.note('consumer heartbeat on it', talk.join('share', 'c', ['t1']));
  await talk.note('OffsetCommit of nobody', talk.commit('share', '', -1));
  await talk.note('OffsetFetch of nobody', talk.fetch('share', null, -1));
  await talk.note('OffsetDelete', talk.deleteOffsets('share', 't1'));
  await talk.note('a consumer group', talk.join('consumer', 'c', ['t1']));
  await talk.note('share heartbeat on it', talk.shareJoin('consumer', 'a', ['t1']));
  await talk.note('of a member that is there', talk.shareBeat('consumer', 'c', 1));
  await talk.note('share describe of it', talk.shareDescribe('consumer'));
  await talk.note('offsets of it', talk.describeOffsets('consumer', null));
  await talk.note('alter them', talk.alterOffsets('consumer', { t1: { 0: 0 } }));
  await talk.note('delete them', talk.deleteShareOffsets('consumer', ['t1']));
  await talk.note('c leaves', talk.beat('consumer', 'c', -1));
  await talk.note('share heartbeat on the empty group', talk.shareJoin('consumer', 'a', ['t1']));
  await talk.note('alter its offsets', talk.alterOffsets('consumer', { t1: { 0: 0 } }));
  await talk.note('offsets without members', talk.commit('classic', '', -1));
  await talk.note('share heartbeat on that classic group', talk.shareJoin('classic', 'a', ['t1']));
  await talk.note('alter its offsets', talk.alterOffsets('classic', { t1: { 0: 0 } }));
}

async function offsets(talk: ShareTalk, settle: () => Promise<void>): Promise<void> {
  talk.title('offsets');
  const g = 'offsets';
  await talk.note('of no group', talk.describeOffsets('none', null));
  await talk.note('of no group, by topic', talk.describeOffsets('none', { t1: [0] }));
  await talk.note(
    'of no name',
    talk.send('one', DescribeShareGroupOffsets, 1, { groups: [{ groupId: '', topics: null }] }),
  );
  await talk.note('of no groups', talk.send('one', DescribeShareGroupOffsets, 1, { groups: [] }));
  await talk.note('delete those of no group', talk.deleteShareOffsets('none', ['t1']));
  await talk.note('alter makes the group', talk.alterOffsets(g, { t1: { 0: 5 } }));
  await talk.shareState('state', g);
  await talk.note('list', talk.list(['share'], ['empty']));
  await talk.note('describe all', talk.describeOffsets(g, null));
  await talk.note('describe all, v0', talk.describeOffsets(g, null, 0));
  await talk.note('describe some', talk.describeOffsets(g, { t1: [0, 1], t2: [0], none: [0] }));
  await talk.note('describe one twice', talk.describeOffsets(g, { t1: [0, 0] }));
  await talk.note('alter more', talk.alterOffsets(g, { t1: { 0: 7, 1: 8 }, t2: { 0: 9 } }));
  await talk.note('describe all', talk.describeOffsets(g, null));
  await talk.note('alter what is not', talk.alterOffsets(g, { none: { 0: 1 }, t1: { 7: 1, 0: 2 } }));
  await talk.note('alter to less than nothing', talk.alterOffsets(g, { t1: { 0: -1 } }));
  await talk.note('describe all', talk.describeOffsets(g, null));
  await talk.note('alter nothing', talk.alterOffsets(g, {}));
  await talk.note('alter a topic without partitions', talk.alterOffsets(g, { t1: {} }));
  await talk.shareState('state', g);
  await talk.note('a joins', talk.shareJoin(g, 'a', ['t1']));
  await settle();
  await talk.note('a beats', talk.shareBeat(g, 'a', 2));
  await talk.shareState('state', g);
  await talk.note('alter while it is there', talk.alterOffsets(g, { t1: { 0: 1 } }));
  await talk.note('delete while it is there', talk.deleteShareOffsets(g, ['t1']));
  await talk.note('describe all', talk.describeOffsets(g, null));
  await talk.note('a leaves', talk.shareBeat(g, 'a', -1));
  await talk.note('delete those of one topic', talk.deleteShareOffsets(g, ['t1']));
  await talk.note('delete them again', talk.deleteShareOffsets(g, ['t1']));
  await talk.note('delete those of no topic', talk.deleteShareOffsets(g, ['none']));
  await talk.note('delete nothing', talk.deleteShareOffsets(g, []));
  await talk.note('describe all', talk.describeOffsets(g, null));
  await talk.shareState('state', g);
  await talk.note(
    'alter with an empty group name',
    talk.send('one', AlterShareGroupOffsets, 0, { groupId: '', topics: [] }),
  );
  await talk.note(
    'delete with an empty group name',
    talk.send('one', DeleteShareGroupOffsets, 0, { groupId: '', topics: [] }),
  );
}

async function ends(talk: ShareTalk, settle: () => Promise<void>): Promise<void> {
  talk.title('groups that are deleted');
  await talk.note('that had members', talk.deleteGroup('one'));
  await talk.note('again', talk.deleteGroup('one'));
  await talk.note('describe', talk.shareDescribe('one'));
  await talk.note('offsets', talk.describeOffsets('one', null));
  await talk.note('altered in two topics', talk.alterOffsets('two', { t1: { 0: 5 }, t2: { 0: 6 } }));
  await talk.note('forgets one', talk.deleteShareOffsets('two', ['t1']));
  await talk.note('whose state was deleted in part', talk.deleteGroup('two'));
  await talk.note('altered', talk.alterOffsets('altered', { t1: { 0: 5 } }));
  await talk.note('deleted', talk.deleteGroup('altered'));
  await talk.note('altered', talk.alterOffsets('altered', { t1: { 1: 5 } }));
  await talk.note('its offsets', talk.describeOffsets('altered', null));
  await talk.note('its offsets deleted', talk.deleteShareOffsets('altered', ['t1']));
  await talk.note('deleted', talk.deleteGroup('altered'));
  await talk.note('list', talk.list());
  await talk.note('made anew', talk.shareJoin('one', 'a', ['t1']));
  await settle();
  await talk.note('a beats', talk.shareBeat('one', 'a', 2));
  await talk.note('offsets', talk.describeOffsets('one', null));
  await talk.note('a leaves', talk.shareBeat('one', 'a', -1));
  await talk.note('its group is altered', talk.alterOffsets('one', { t2: { 1: 5 } }));
  await talk.shareState('state', 'one');
  await talk.topic('t4', 1);
  await settle();
  await talk.note('altered for a topic', talk.alterOffsets('gone', { t4: { 0: 5 } }));
  await talk.topics.delete(talk.in('t4'));
  await settle();
  await talk.note('that is gone', talk.describeOffsets('gone', null));
  await talk.note('that is gone, by name', talk.describeOffsets('gone', { t4: [0] }));
  await talk.note('delete those of the topic', talk.deleteShareOffsets('gone', ['t4']));
  await talk.topic('t4', 1);
  await settle();
  await talk.note('of a new one of its name', talk.describeOffsets('gone', { t4: [0] }));
  await talk.note('all', talk.describeOffsets('gone', null));
  await talk.note('a joins', talk.shareJoin('gone', 'a', ['t4']));
  await settle();
  await talk.note('a beats', talk.shareBeat('gone', 'a', 2));
  await talk.note('all', talk.describeOffsets('gone', null));
}
