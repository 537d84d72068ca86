/** The chapters of the conversation in which members of both protocols share a group. */
import { DescribeGroups, LeaveGroup, OffsetCommit } from '../../protocol/apis/index.ts';
import { Writer } from '../../protocol/writer.ts';
import type { Talk } from './consumer-talk.ts';
import { subscription } from './consumer-talk.ts';

export async function joinOfClassic(talk: Talk, t1: string): Promise<void> {
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
  await talk.note(
    'a is asked to give up one',
    talk.beat(g, 'a', 2, {
      topicPartitions: [{ topicId: t1, partitions: [0, 1] }],
    }),
  );
  await talk.note('classic beats', talk.classicBeat(g, c, 3));
  await talk.note('a has given it up', talk.beat(g, 'a', 2, { topicPartitions: [{ topicId: t1, partitions: [0] }] }));
  await talk.note('classic shall join', talk.classicBeat(g, c, 3));
  await talk.note('classic joins again', talk.classicJoin(g, c));
  await talk.note('classic syncs', talk.classicSync(g, c, 3));
  await talk.note(
    'classic commits',
    talk.send('two', OffsetCommit, 8, {
      groupId: talk.in(g),
      memberId: c,
      generationIdOrMemberEpoch: 3,
      topics: [{ name: talk.in('t1'), partitions: [{ partitionIndex: 1, committedOffset: 1, committedMetadata: '' }] }],
    }),
  );
  await talk.note('classic commits another generation', talk.commit(g, c, 2, [0]));
  await talk.note(
    'classic joins with other topics',
    talk.classicJoin(g, c, {
      protocols: [{ name: 'range', metadata: subscription([talk.in('t2')], []) }],
    }),
  );
  await talk.state('state', g);
  await talk.note('classic beats as the others do', talk.beat(g, c, 4));
  await talk.note('and as classic members do', talk.classicBeat(g, c, 4));
  await talk.note('describe', talk.describe(g));
  await talk.note(
    'classic leaves',
    talk.send('two', LeaveGroup, 5, { groupId: talk.in(g), members: [{ memberId: c }] }),
  );
  await talk.state('state', g);
  await talk.note(
    'classic, static',
    talk.classicJoin(g, '', { groupInstanceId: 'i' }).then((answer) => {
      talk.name(answer.memberId, 'STATIC');
      return answer;
    }),
  );
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
  await talk.note(
    assigned,
    talk.classicSync(g, c, generationId, {
      assignments: [{ memberId: c, assignment: writer.finish() }],
    }),
  );
  return c;
}

export async function upgrade(talk: Talk, t1: string, settle: () => Promise<void>): Promise<void> {
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
  await talk.note(
    'classic is upgraded too',
    talk.beat(g, c, 2, { topicPartitions: [{ topicId: t1, partitions: [...kept] }] }),
  );
  await talk.note('a leaves', talk.beat(g, 'a', -1));
  await settle();
  const joining = await talk.classicJoin('empty', '', {}, [], 3);
  await talk.note(
    'last leaves',
    talk.send('two', LeaveGroup, 3, {
      groupId: talk.in('empty'),
      members: [{ memberId: joining.memberId }],
    }),
  );
  await talk.note('an empty classic group is taken over', talk.join('empty', 'n', ['t1']));
  await talk.beat('empty', 'n', -1);
  await talk.note(
    'an empty consumer group is taken over',
    talk.classicJoin('empty', '', {}, [], 3).then(({ errorCode, generationId }) => ({ errorCode, generationId })),
  );
  await talk.note(
    'a strange classic group',
    talk
      .classicJoin(
        'strange',
        '',
        {
          protocolType: 'connect',
          protocols: [{ name: 'x', metadata: Buffer.from('m') }],
        },
        [],
        3,
      )
      .then(({ errorCode, generationId }) => ({ errorCode, generationId })),
  );
  await talk.note('is not upgraded', talk.join('strange', 'n', ['t1']));
}

export async function downgrade(talk: Talk, t1: string, settle: () => Promise<void>): Promise<void> {
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
