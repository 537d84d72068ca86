import { expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { handlers, GroupBroker, tables } from '../groups/group-broker.ts';
import type { BrokerParts } from '../../src/apis/broker-parts.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { Reader } from '../../protocol/reader.ts';
import { Writer } from '../../protocol/writer.ts';
import { serve } from './serve.ts';
import { contextOf } from './request-context.ts';

const { DescribeGroups, JoinGroup, OffsetCommit, OffsetFetch } = tables;

/** A request that every version can say. */
const REQUESTS: Record<string, Record<string, unknown>> = {
  OffsetCommit: {
    groupId: 'g',
    memberId: '',
    topics: [{ name: 't1', partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }] }],
  },
  OffsetFetch: {
    groupId: 'g',
    topics: [{ name: 't1', partitionIndexes: [0] }],
    groups: [{ groupId: 'g', topics: null }],
  },
  FindCoordinator: { key: 'g', coordinatorKeys: ['g'] },
  JoinGroup: { groupId: 'g', sessionTimeoutMs: 1, memberId: '', protocolType: 'consumer', protocols: [] },
  Heartbeat: { groupId: 'g', generationId: 1, memberId: 'm' },
  LeaveGroup: { groupId: 'g', memberId: 'm', members: [{ memberId: 'm' }] },
  SyncGroup: {
    groupId: 'g',
    generationId: 1,
    memberId: 'm',
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [],
  },
  DescribeGroups: { groups: ['g'] },
  ListGroups: {},
  DeleteGroups: { groupsNames: ['g'] },
  OffsetDelete: { groupId: 'g', topics: [] },
  ConsumerGroupHeartbeat: {
    groupId: 'g',
    memberId: 'm',
    memberEpoch: 0,
    rebalanceTimeoutMs: 1000,
    subscribedTopicNames: ['t1'],
    topicPartitions: [],
  },
  ConsumerGroupDescribe: { groupIds: ['g'], includeAuthorizedOperations: true },
  ShareGroupHeartbeat: { groupId: 'g', memberId: 'm', memberEpoch: 0, subscribedTopicNames: ['t1'] },
  ShareGroupDescribe: { groupIds: ['g'], includeAuthorizedOperations: true },
  StreamsGroupHeartbeat: { groupId: 'g', memberId: 'm', memberEpoch: -1, endpointInformationEpoch: 0 },
  StreamsGroupDescribe: { groupIds: ['g'], includeAuthorizedOperations: true },
  DescribeShareGroupOffsets: { groups: [{ groupId: 'g', topics: null }] },
  AlterShareGroupOffsets: { groupId: 'g', topics: [] },
  DeleteShareGroupOffsets: { groupId: 'g', topics: [] },
};

for (const { api, versions } of handlers) {
  test(`${api.name} answers in each of its versions`, async () => {
    const broker = new GroupBroker().start();
    for (let version = versions.first; version <= versions.last; version++) {
      expect(await broker.send(api, version, REQUESTS[api.name])).toBeTypeOf('object');
    }
    broker.groups.stop();
  });

  test(`a bug in ${api.name} costs an answer of UNKNOWN_SERVER_ERROR, in each of its versions`, async () => {
    const handler = handlers.find((each) => each.api === api);
    for (let version = versions.first; version <= versions.last; version++) {
      const request = new Writer();
      requestCodec(api, version).encode(request, REQUESTS[api.name]);
      const output = new Writer();
      const parts = { logger: silentLogger } as BrokerParts;
      expect(
        serve(handler!, new Reader(request.finish()), contextOf({ apiVersion: version }), output, parts),
      ).toBeUndefined();
      const text = JSON.stringify(responseCodec(api, version).decode(new Reader(output.finish())));
      expect(text).toContain('"errorCode":-1');
    }
  });
}

const T1 = 'EOxdhpWe4k1rqk_XteAX2w';

test('from v10 on topics go by their ids, also where all are asked for', async () => {
  const broker = new GroupBroker().start();
  const partitions = [{ partitionIndex: 1, committedOffset: 7, committedMetadata: null }];
  const answer = await broker.send(OffsetCommit, 10, {
    groupId: 'g',
    memberId: '',
    topics: [{ topicId: T1, partitions }],
  });
  expect(answer.topics).toEqual([{ name: '', topicId: T1, partitions: [{ partitionIndex: 1, errorCode: 0 }] }]);
  const fetched = await broker.send(OffsetFetch, 10, {
    groups: [
      { groupId: 'g', topics: [{ topicId: T1, partitionIndexes: [1] }] },
      { groupId: 'g', topics: null },
      { groupId: 'other', topics: null },
    ],
  });
  const offset = {
    partitionIndex: 1,
    committedOffset: 7,
    committedLeaderEpoch: -1,
    metadata: '',
    errorCode: ErrorCode.NONE,
  };
  const topics = [{ name: '', topicId: T1, partitions: [offset] }];
  expect(fetched.groups).toEqual([
    { groupId: 'g', errorCode: 0, topics },
    { groupId: 'g', errorCode: 0, topics },
    { groupId: 'other', errorCode: 0, topics: [] },
  ]);
  broker.groups.stop();
});

test('an error of the whole group stands with every partition in OffsetFetch v1, which has no other place', async () => {
  const broker = new GroupBroker();
  const request = { groupId: 'g', topics: [{ name: 't1', partitionIndexes: [0, 1] }] };
  const old = await broker.send(OffsetFetch, 1, request);
  expect(old.topics[0].partitions.map(({ errorCode }) => errorCode)).toEqual([
    ErrorCode.NOT_COORDINATOR,
    ErrorCode.NOT_COORDINATOR,
  ]);
  const newer = await broker.send(OffsetFetch, 2, request);
  expect(newer).toMatchObject({ topics: [], errorCode: ErrorCode.NOT_COORDINATOR });
});

test('JoinGroup v0 has one timeout for both', async () => {
  const broker = new GroupBroker().start();
  const joining = broker.send(JoinGroup, 0, {
    groupId: 'g',
    sessionTimeoutMs: 20_000,
    memberId: '',
    protocolType: 'x',
    protocols: [{ name: 'p', metadata: Buffer.alloc(0) }],
  });
  await broker.clock.advance(0);
  expect(await joining).toMatchObject({ errorCode: 0, generationId: 1 });
  // Nobody syncs: after the rebalance timeout, which is the session's, the member is out.
  await broker.clock.advance(19_999);
  expect(await state(broker)).toBe('CompletingRebalance');
  await broker.clock.advance(1);
  expect(await state(broker)).toBe('Empty');
  broker.groups.stop();
});

async function state(broker: GroupBroker): Promise<string> {
  return (await broker.send(DescribeGroups, 6, { groups: ['g'] })).groups[0].groupState;
}
