/**
 * One conversation about groups, held with Apache Kafka and with Ottla: what each request was answered, a line each.
 * Ids that a broker makes up are shown as names.
 */
import type { Api, Draft, Fields, Values } from '../../protocol/schema.ts';
import {
  DeleteGroups,
  DescribeGroups,
  FindCoordinator,
  Heartbeat,
  JoinGroup,
  LeaveGroup,
  ListGroups,
  OffsetCommit,
  OffsetDelete,
  OffsetFetch,
  SyncGroup,
} from '../../protocol/apis/index.ts';

/** Sends as one of two clients, each with a connection of its own. */
export type Send = <Req extends Fields, Res extends Fields>(
  client: 'one' | 'two',
  api: Api<Req, Res>,
  version: number,
  draft: Draft<Req>,
) => Promise<Values<Res>>;

const UNKNOWN_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';
const COMMIT = [{ name: 't1', partitions: [{ partitionIndex: 0, committedOffset: 5, committedMetadata: 'x' }] }];

class Conversation {
  readonly lines: string[] = [];
  readonly send: Send;
  /** Sets this conversation's groups apart from those of the last on the same broker. */
  readonly #run: string;
  readonly #names = new Map<string, string>();

  constructor(send: Send, run: string) {
    this.send = send;
    this.#run = run;
  }

  group(name: string): string {
    return `${this.#run}-${name}`;
  }

  name(id: string, name: string): void {
    this.#names.set(id, name);
  }

  async note<T>(what: string, answer: Promise<T>): Promise<T> {
    const value = await answer;
    const text = JSON.stringify(value, (key, part: unknown) => {
      if (key === 'throttleTimeMs' || key === 'errorMessage') return undefined; // the words are each broker's own
      return isBuffer(part) ? Buffer.from(part.data).toString() : part;
    });
    this.lines.push(`${what}: ${this.#plain(text)}`);
    return value;
  }

  #plain(text: string): string {
    let plain = text.replaceAll(`${this.#run}-`, '').replace(/"port":\d{2,}/g, '"port":9092');
    for (const [id, name] of this.#names) plain = plain.replaceAll(id, name);
    return plain.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'uuid');
  }

  join(group: string, more: Partial<Draft<(typeof JoinGroup)['request']['fields']>> = {}, version = 9) {
    return this.send('one', JoinGroup, version, joinDraft(this.group(group), more));
  }

  sync(group: string, memberId: string, more: Partial<Draft<(typeof SyncGroup)['request']['fields']>> = {}) {
    return this.send('one', SyncGroup, 5, {
      groupId: this.group(group),
      generationId: 1,
      memberId,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [],
      ...more,
    });
  }

  heartbeat(group: string, memberId: string, generationId = 1, groupInstanceId: string | null = null) {
    return this.send('one', Heartbeat, 4, { groupId: this.group(group), generationId, memberId, groupInstanceId });
  }

  leave(group: string, ...members: Draft<(typeof LeaveGroup)['request']['fields']>['members'] & {}) {
    return this.send('one', LeaveGroup, 5, { groupId: this.group(group), members });
  }

  describe(group: string, version = 6, includeAuthorizedOperations = false) {
    return this.send('one', DescribeGroups, version, { groups: [this.group(group)], includeAuthorizedOperations }).then(
      ({ groups }) => groups.map((each) => ({ ...each, members: sorted(each.members, 'clientId') })),
    );
  }

  commit(
    group: string,
    memberId = '',
    generationIdOrMemberEpoch = -1,
    topics: Draft<(typeof OffsetCommit)['request']['fields']>['topics'] = COMMIT,
    version = 9,
    groupInstanceId: string | null = null,
  ) {
    return this.send('one', OffsetCommit, version, {
      groupId: this.group(group),
      memberId,
      generationIdOrMemberEpoch,
      groupInstanceId,
      topics,
    });
  }

  fetch(group: string, names: string[] | null = ['t1']) {
    const topics = names === null ? null : names.map((name) => ({ name, partitionIndexes: [0, 1, 9] }));
    return this.send('one', OffsetFetch, 9, { groups: [{ groupId: this.group(group), topics }] });
  }

  deleteOffsets(group: string, name = 't1', indexes = [0]) {
    const partitions = indexes.map((partitionIndex) => ({ partitionIndex }));
    return this.send('one', OffsetDelete, 0, { groupId: this.group(group), topics: [{ name, partitions }] });
  }

  deleteGroups(...groups: string[]) {
    return this.send('one', DeleteGroups, 2, { groupsNames: groups.map((group) => this.group(group)) }).then(
      ({ results }) => sorted(results, 'groupId'),
    );
  }
}

function joinDraft(
  groupId: string,
  more: Partial<Draft<(typeof JoinGroup)['request']['fields']>>,
): Draft<(typeof JoinGroup)['request']['fields']> {
  return {
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: '',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('m') }],
    ...more,
  };
}

/** Kafka answers some lists in the order of a hash map. */
function sorted<K extends string, T extends Record<K, string>>(rows: readonly T[], by: K): T[] {
  return rows.toSorted((a, b) => (a[by] < b[by] ? -1 : 1));
}

function isBuffer(part: unknown): part is { data: number[] } {
  return typeof part === 'object' && part !== null && 'type' in part && part.type === 'Buffer';
}

/** `settle` waits until what was sent without waiting has arrived. */
export async function converse(send: Send, run: string, settle: () => Promise<void>): Promise<string[]> {
  const talk = new Conversation(send, run);
  await coordinators(talk);
  await strangers(talk);
  await simpleGroup(talk);
  await dynamicMembers(talk, settle);
  await staticMembers(talk);
  await votes(talk, settle);
  return talk.lines;
}

async function coordinators(talk: Conversation): Promise<void> {
  const find = (version: number, keyType: number, ...coordinatorKeys: string[]) =>
    talk.send('one', FindCoordinator, version, { keyType, coordinatorKeys });
  await talk.note('one key, v0', talk.send('one', FindCoordinator, 0, { key: 'g' }));
  await talk.note('one key, v3', talk.send('one', FindCoordinator, 3, { key: 'g' }));
  await talk.note('key type 9, v3', talk.send('one', FindCoordinator, 3, { key: 'g', keyType: 9 }));
  await talk.note('many keys', find(6, 0, 'a', 'b', ''));
  await talk.note('key type 9', find(6, 9, 'a'));
  await talk.note('a share key that is none', find(6, 2, 'a'));
  await talk.note('a share key before v6', find(5, 2, `g:${UNKNOWN_ID}:0`));
}

async function strangers(talk: Conversation): Promise<void> {
  const nameless = { groupId: '', generationId: 1, memberId: 'm' };
  await talk.note('join no group', talk.send('one', JoinGroup, 9, joinDraft('', {})));
  await talk.note('join, session too short', talk.join('none', { sessionTimeoutMs: 10 }));
  await talk.note('join, session too short, v6', talk.join('none', { sessionTimeoutMs: 10 }, 6));
  await talk.note('join an unknown group with an id', talk.join('none', { memberId: 'm' }));
  await talk.note('join without protocols', talk.join('created', { protocols: [] }));
  await talk.note('join without a type', talk.join('created', { protocolType: '' }));
  await talk.note('the group is there all the same', talk.describe('created'));
  await talk.note('with what is allowed on it', talk.describe('created', 6, true));
  await talk.note('describe an unknown group', talk.describe('none'));
  await talk.note('with what is allowed on it', talk.describe('none', 6, true));
  await talk.note('describe an unknown group, v5', talk.describe('none', 5));
  await talk.note('describe no group, v5', talk.send('one', DescribeGroups, 5, { groups: [''] }));
  await talk.note('heartbeat to no group', talk.send('one', Heartbeat, 4, nameless));
  await talk.note('heartbeat to an unknown group', talk.heartbeat('none', 'm'));
  await talk.note('sync with no group', talk.send('one', SyncGroup, 4, { ...nameless, assignments: [] }));
  await talk.note('sync with an unknown group', talk.sync('none', 'm'));
  await talk.note('sync without a protocol', talk.sync('none', 'm', { protocolType: null }));
  await talk.note('leave no group', talk.send('one', LeaveGroup, 5, { groupId: '', members: [{ memberId: 'm' }] }));
  await talk.note('leave an unknown group', talk.leave('none', { memberId: 'm' }));
  await talk.note(
    'leave an unknown group, v2',
    talk.send('one', LeaveGroup, 2, {
      groupId: talk.group('none'),
      memberId: 'm',
    }),
  );
  await talk.note('commit as a member of an unknown group', talk.commit('none', 'm', 3));
  await talk.note('commit as a member of an unknown group, v8', talk.commit('none', 'm', 3, COMMIT, 8));
  await talk.note('offsets of an unknown group', talk.fetch('none'));
  await talk.note('all offsets of an unknown group', talk.fetch('none', null));
  await talk.note('delete offsets of an unknown group', talk.deleteOffsets('none'));
  await talk.note('delete unknown offsets of an unknown group', talk.deleteOffsets('none', 'unknown'));
  await talk.note(
    'delete offsets of no group',
    talk.send('one', OffsetDelete, 0, {
      groupId: '',
      topics: [{ name: 't1', partitions: [{ partitionIndex: 0 }] }],
    }),
  );
  await talk.note('delete groups', talk.deleteGroups('none', 'created', 'created'));
}

async function simpleGroup(talk: Conversation): Promise<void> {
  const partition = { partitionIndex: 0, committedOffset: 5, committedMetadata: 'x' };
  await talk.note(
    'commit to topics that are and are not',
    talk.commit('simple', '', -1, [
      { name: 'unknown', partitions: [partition] },
      { name: 't1', partitions: [partition, { ...partition, partitionIndex: 7 }] },
    ]),
  );
  await talk.note(
    'commit to an unknown id',
    talk.commit('simple', '', -1, [{ topicId: UNKNOWN_ID, partitions: [partition] }], 10),
  );
  await talk.note(
    'commit much metadata and a negative offset',
    talk.commit('simple', '', -1, [
      {
        name: 't1',
        partitions: [
          { ...partition, committedMetadata: 'x'.repeat(4097) },
          { partitionIndex: 1, committedOffset: -7, committedLeaderEpoch: 3, committedMetadata: null },
        ],
      },
    ]),
  );
  await talk.note('offsets', talk.fetch('simple', ['t1', 'unknown']));
  await talk.note('all offsets', talk.fetch('simple', null));
  await talk.note(
    'an unknown id',
    talk.send('one', OffsetFetch, 10, {
      groups: [{ groupId: talk.group('simple'), topics: [{ topicId: UNKNOWN_ID, partitionIndexes: [0] }] }],
    }),
  );
  await talk.note(
    'as a member of an epoch',
    talk.send('one', OffsetFetch, 9, {
      groups: [{ groupId: talk.group('simple'), memberId: 'm', memberEpoch: 3, topics: [] }],
    }),
  );
  await talk.note(
    'offsets, v1',
    talk.send('one', OffsetFetch, 1, {
      groupId: talk.group('simple'),
      topics: [{ name: 't1', partitionIndexes: [0, 1] }],
    }),
  );
  await talk.note('all offsets, v7', talk.send('one', OffsetFetch, 7, { groupId: talk.group('simple'), topics: null }));
  await talk.note('describe', talk.describe('simple'));
  await talk.note('commit with a generation', talk.commit('simple', 'm', 0));
  await talk.note('delete an offset, and one that is none', talk.deleteOffsets('simple', 't1', [1, 9]));
  await talk.note('delete the group', talk.deleteGroups('simple'));
  await talk.note('its offsets', talk.fetch('simple', null));
}

async function dynamicMembers(talk: Conversation, settle: () => Promise<void>): Promise<void> {
  const first = await talk.note(
    'join',
    talk.join('main').then((answer) => {
      talk.name(answer.memberId, 'FIRST');
      return answer;
    }),
  );
  const id = first.memberId;
  await talk.note('heartbeat before joining', talk.heartbeat('main', id, 0));
  await talk.note('join with the id', talk.join('main', { memberId: id }));
  await talk.note('CompletingRebalance', talk.describe('main'));
  await talk.note('commit now', talk.commit('main', id, 1));
  await talk.note('commit as a stranger', talk.commit('main'));
  await talk.note('commit without a generation', talk.commit('main', id));
  await talk.note('sync with another protocol', talk.sync('main', id, { protocolName: 'x' }));
  await talk.note(
    'sync',
    talk.sync('main', id, {
      assignments: [id, 'ghost'].map((memberId) => ({ memberId, assignment: Buffer.from('all') })),
    }),
  );
  await talk.note('Stable', talk.describe('main'));
  await talk.note('join again with another type', talk.join('main', { memberId: id, protocolType: 'connect' }));
  await talk.note('commit', talk.commit('main', id, 1));
  await talk.note('commit of another generation', talk.commit('main', id, 7));
  await talk.note('commit of another member', talk.commit('main', 'm', 1));
  await talk.note('commit of an unknown instance', talk.commit('main', id, 1, COMMIT, 9, 'i'));
  await talk.note('heartbeat', talk.heartbeat('main', id));
  await talk.note('heartbeat of another generation', talk.heartbeat('main', id, 2));
  await talk.note('delete offsets of topics no one can tell', talk.deleteOffsets('main'));
  await talk.note('delete the group', talk.deleteGroups('main'));
  const list = (statesFilter: string[], typesFilter: string[]) =>
    talk
      .send('one', ListGroups, 5, { statesFilter, typesFilter })
      .then(({ groups }) => groups.filter(({ groupId }) => groupId === talk.group('main')));
  await talk.note('list', list(['STABLE'], ['Classic']));
  await talk.note('list empty groups', list(['Empty'], []));
  await talk.note('list strange states', list(['nonsense'], []));
  await talk.note('list strange types', list([], ['nonsense']));
  await secondMember(talk, id, settle);
}

async function secondMember(talk: Conversation, id: string, settle: () => Promise<void>): Promise<void> {
  const given = await talk.join('main');
  talk.name(given.memberId, 'GIVEN');
  await talk.note('give an unused id back', talk.leave('main', { memberId: given.memberId }));
  await talk.note('which disturbs', talk.heartbeat('main', id));
  const joining = talk.send('two', JoinGroup, 3, joinDraft(talk.group('main'), {}));
  await settle();
  await talk.note('PreparingRebalance', talk.describe('main'));
  await talk.note('commit while the group rebalances', talk.commit('main', id, 1));
  await talk.note('sync while the group rebalances', talk.sync('main', id));
  await talk.note(
    'leave, twice, and as no one',
    talk.leave('main', { memberId: id }, { memberId: id }, { memberId: '', groupInstanceId: 'none' }, { memberId: '' }),
  );
  const second = (await joining).memberId;
  talk.name(second, 'SECOND');
  await talk.note('the second has joined', joining);
  await talk.note('it leaves, v1', talk.send('one', LeaveGroup, 1, { groupId: talk.group('main'), memberId: second }));
  await talk.note('Empty', talk.describe('main'));
  await talk.note('heartbeat to an empty group', talk.heartbeat('main', second, 2));
  await talk.note('join an empty group with an old id', talk.join('main', { memberId: second }));
  await talk.note('sync with an empty group', talk.sync('main', second, { generationId: 3 }));
  await talk.note('commit to an empty group', talk.commit('main', 'm'));
  await talk.note('commit to its generation', talk.commit('main', 'm', 3));
  await talk.note('delete its offsets', talk.deleteOffsets('main'));
  await talk.note('what is left', talk.fetch('main', null));
}

async function staticMembers(talk: Conversation): Promise<void> {
  const join = async (what: string, name: string, version: number): Promise<string> => {
    const joined = await talk.join('static', { groupInstanceId: 'one' }, version);
    talk.name(joined.memberId, name);
    await talk.note(what, Promise.resolve(joined));
    return joined.memberId;
  };
  const old = await join('a static member joins', 'S1', 9);
  await talk.note(
    'sync',
    talk.sync('static', old, {
      groupInstanceId: 'one',
      assignments: [{ memberId: old, assignment: Buffer.from('all') }],
    }),
  );
  await join('it has restarted', 'S2', 9);
  await join('it has restarted, v8', 'S3', 8);
  await join('it has restarted, v5', 'S4', 5);
  await talk.note('describe', talk.describe('static'));
  await talk.note('the old one beats', talk.heartbeat('static', old, 1, 'one'));
  await talk.note('the old one commits', talk.commit('static', old, 1, COMMIT, 9, 'one'));
  await talk.note('the old one syncs', talk.sync('static', old, { groupInstanceId: 'one' }));
  await talk.note('the old one joins', talk.join('static', { memberId: old, groupInstanceId: 'one' }));
  await talk.note('the old one leaves', talk.leave('static', { memberId: old, groupInstanceId: 'one' }));
  await talk.note('removed by its instance', talk.leave('static', { memberId: '', groupInstanceId: 'one' }));
}

/** Two members, each with the other's first choice as its second. */
async function votes(talk: Conversation, settle: () => Promise<void>): Promise<void> {
  const pairs = [
    ['range', 'roundrobin'],
    ['roundrobin', 'range'],
    ['sticky', 'range'],
    ['cooperative-sticky', 'range'],
    ['b', 'a'],
  ];
  for (const pair of pairs) {
    const group = talk.group(`tie-${pair.join('-')}`);
    const protocols = pair.map((name) => ({ name, metadata: Buffer.alloc(0) }));
    const first = await talk.send('one', JoinGroup, 3, joinDraft(group, { protocols }));
    const second = talk.send('two', JoinGroup, 3, joinDraft(group, { protocols: protocols.toReversed() }));
    await settle();
    const { memberId } = first;
    const both = talk.send('one', JoinGroup, 3, joinDraft(group, { memberId, protocols }));
    await second;
    await talk.note(
      `a tie of ${pair.join(' and ')}`,
      both.then(({ protocolName }) => protocolName),
    );
  }
}
