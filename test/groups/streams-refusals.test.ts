/** What a streams group (KIP-1071) does not take. */
import { expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { GroupBroker } from './group-broker.ts';
import { active, beat, info, ONE, subtopology } from './streams-talk.ts';

test.each<[string, object, number, string]>([
  ['no member id', { memberId: '' }, 42, "MemberId can't be empty."],
  ['no group id', { groupId: '' }, 42, "GroupId can't be empty."],
  ['no topology', { topology: null }, 42, 'Topology must be non-null when (re-)joining.'],
  ['no rebalance time-out', { rebalanceTimeoutMs: -1 }, 42, 'RebalanceTimeoutMs must be provided in first request.'],
  ['tasks', active(0), 42, 'ActiveTasks must be empty when (re-)joining.'],
  ['one role of tasks', { standbyTasks: null }, 42, 'If one task-type is non-null, all must be non-null.'],
  ['an epoch below -2', { memberEpoch: -3 }, 42, 'MemberEpoch is -3, but must be greater than or equal to -2.'],
  [
    'an expression',
    { topology: { epoch: 0, subtopologies: [subtopology('0', { sourceTopicRegex: ['.*'] })] } },
    42,
    'Regular expressions for source topics are not supported yet.',
  ],
  [
    'partitions of a changelog',
    { topology: { epoch: 0, subtopologies: [subtopology('0', { stateChangelogTopics: [info('log', 3)] })] } },
    130,
    'Changelog topic log must have an undefined partition count, but it is set to 3.',
  ],
  [
    'an internal topic',
    { topology: { epoch: 0, subtopologies: [subtopology('0', { sourceTopics: ['__consumer_offsets'] })] } },
    130,
    'Use of Kafka internal topics __consumer_offsets in a Kafka Streams topology is prohibited.',
  ],
  [
    'a name that no topic has',
    { topology: { epoch: 0, subtopologies: [subtopology('0', { sourceTopics: ['a b'] })] } },
    130,
    'Topic names a b are not valid topic names.',
  ],
])('a member that joins with %s is refused', async (_what, differing, errorCode, errorMessage) => {
  const broker = new GroupBroker().start();
  expect(await beat(broker, 'a', 0, differing)).toMatchObject({ errorCode, errorMessage });
});

test('a member that has a task which is not there is refused', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0);
  expect(await beat(broker, 'a', 2, active(2))).toMatchObject({
    errorCode: ErrorCode.INVALID_REQUEST,
    errorMessage: 'Task 2 for subtopology 0 is invalid. Number of tasks for this subtopology: 2',
  });
});

test('another topology is refused, and an older one told that it is', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0, { topology: { ...ONE, epoch: 1 } });
  const other = { epoch: 1, subtopologies: [subtopology('9', { sourceTopics: ['t1'] })] };
  expect(await beat(broker, 'b', 0, { topology: other })).toMatchObject({
    errorCode: ErrorCode.INVALID_REQUEST,
    errorMessage: 'Topology updates are not supported yet.',
  });
  expect((await beat(broker, 'b', 0, { topology: ONE })).status).toMatchObject([{ statusCode: 0 }]);
});
