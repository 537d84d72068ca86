/** What each request to a coordinator is told where this broker is not it: every API, in its first and its last version. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OffsetCommit } from '../../protocol/apis/08-offset-commit.ts';
import { OffsetFetch } from '../../protocol/apis/09-offset-fetch.ts';
import { FindCoordinator } from '../../protocol/apis/10-find-coordinator.ts';
import { JoinGroup } from '../../protocol/apis/11-join-group.ts';
import { Heartbeat } from '../../protocol/apis/12-heartbeat.ts';
import { LeaveGroup } from '../../protocol/apis/13-leave-group.ts';
import { SyncGroup } from '../../protocol/apis/14-sync-group.ts';
import { DescribeGroups } from '../../protocol/apis/15-describe-groups.ts';
import { ListGroups } from '../../protocol/apis/16-list-groups.ts';
import { InitProducerId } from '../../protocol/apis/22-init-producer-id.ts';
import { AddPartitionsToTxn } from '../../protocol/apis/24-add-partitions-to-txn.ts';
import { AddOffsetsToTxn } from '../../protocol/apis/25-add-offsets-to-txn.ts';
import { EndTxn } from '../../protocol/apis/26-end-txn.ts';
import { TxnOffsetCommit } from '../../protocol/apis/28-txn-offset-commit.ts';
import { DeleteGroups } from '../../protocol/apis/42-delete-groups.ts';
import { OffsetDelete } from '../../protocol/apis/47-offset-delete.ts';
import { DescribeTransactions } from '../../protocol/apis/65-describe-transactions.ts';
import { ListTransactions } from '../../protocol/apis/66-list-transactions.ts';
import { ConsumerGroupHeartbeat } from '../../protocol/apis/68-consumer-group-heartbeat.ts';
import { ConsumerGroupDescribe } from '../../protocol/apis/69-consumer-group-describe.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { AnyApi, Draft, Fields } from '../../protocol/schema.ts';
import { idFor, LED, LedBroker, type Led } from './led-broker.ts';

let broker: LedBroker;
beforeAll(async () => void (broker = await LedBroker.start()));
afterAll(() => broker.stop());

/** A request for a group or transactional id, in a version. */
type Ask = (id: string, version: number) => Draft<Fields>;

const offsets = (version: number, idsSince: number) => {
  const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }];
  return version >= idsSince ? [{ topicId: broker.topicId('t'), partitions }] : [{ name: 't', partitions }];
};
const producer = { producerId: 7, producerEpoch: 0 };

const APIS = [
  [OffsetCommit, (groupId, version) => ({ groupId, memberId: '', topics: offsets(version, 10) })],
  [
    OffsetFetch,
    (groupId, version) =>
      version >= 8
        ? { groups: [{ groupId, topics: null }] }
        : { groupId, topics: [{ name: 't', partitionIndexes: [0] }] },
  ],
  [
    JoinGroup,
    (groupId) => ({
      groupId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
    }),
  ],
  [Heartbeat, (groupId) => ({ groupId, generationId: 1, memberId: 'm' })],
  [
    LeaveGroup,
    (groupId, version) => (version >= 3 ? { groupId, members: [{ memberId: 'm' }] } : { groupId, memberId: 'm' }),
  ],
  [
    SyncGroup,
    (groupId, version) => ({
      groupId,
      generationId: 1,
      memberId: 'm',
      ...(version >= 5 ? { protocolType: 'consumer', protocolName: 'range' } : {}),
      assignments: [],
    }),
  ],
  [DescribeGroups, (groupId) => ({ groups: [groupId] })],
  [InitProducerId, (transactionalId) => ({ transactionalId, transactionTimeoutMs: 1000 })],
  [
    AddPartitionsToTxn,
    (transactionalId, version) =>
      version >= 4
        ? { transactions: [{ transactionalId, ...producer, topics: [{ name: 't', partitions: [0] }] }] }
        : {
            v3AndBelowTransactionalId: transactionalId,
            v3AndBelowProducerId: 7,
            v3AndBelowTopics: [{ name: 't', partitions: [0] }],
          },
  ],
  [AddOffsetsToTxn, (transactionalId) => ({ transactionalId, ...producer, groupId: 'g' })],
  [EndTxn, (transactionalId) => ({ transactionalId, ...producer, committed: true })],
  [
    TxnOffsetCommit,
    (groupId, version) => ({ transactionalId: 'x', groupId, ...producer, topics: offsets(version, 6) }),
  ],
  [DeleteGroups, (groupId) => ({ groupsNames: [groupId] })],
  [OffsetDelete, (groupId) => ({ groupId, topics: [{ name: 't', partitions: [{ partitionIndex: 0 }] }] })],
  [DescribeTransactions, (transactionalId) => ({ transactionalIds: [transactionalId] })],
  [
    ConsumerGroupHeartbeat,
    (groupId) => ({
      groupId,
      memberId: 'AAAAAAAAAAAAAAAAAAAAAw',
      memberEpoch: 0,
      rebalanceTimeoutMs: 10_000,
      subscribedTopicNames: ['t'],
      topicPartitions: [],
    }),
  ],
  [ConsumerGroupDescribe, (groupId) => ({ groupIds: [groupId], includeAuthorizedOperations: false })],
] as [AnyApi, Ask][];

/** All error codes of an answer, wherever they stand. */
function errorCodes(value: unknown): number[] {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    /errorCode$/i.test(key) ? [each as number] : errorCodes(each),
  );
}

describe.each(APIS.map(([api, ask]) => [api.name, api, ask] as const))('%s', (_name, api, ask) => {
  test.each(Object.keys(LED) as Led[])('to a coordinator %s', async (led) => {
    for (const version of new Set([api.versions.first, api.versions.last])) {
      const codes = errorCodes(await broker.send(api, version, ask(idFor(led), version)));
      expect(codes.length, `${api.name} v${version}`).toBeGreaterThan(0);
      expect({ version, isElsewhere: codes.includes(ErrorCode.NOT_COORDINATOR) }).toEqual({
        version,
        isElsewhere: led !== 'led here',
      });
    }
  });
});

describe('FindCoordinator', () => {
  const ask = (led: Led, keyType: number) =>
    broker.send(FindCoordinator, FindCoordinator.versions.last, { keyType, coordinatorKeys: [idFor(led)] });
  test.each([0, 1])('names the leader of its partition, by key type %d', async (keyType) => {
    const found = async (led: Led) => (await ask(led, keyType)).coordinators[0];
    expect(await found('led here')).toMatchObject({ errorCode: 0, nodeId: 1 });
    expect(await found('led elsewhere, with a replica here')).toMatchObject({
      errorCode: 0,
      nodeId: 2,
      host: 'broker-2',
      port: 9092,
    });
    expect(await found('led elsewhere, without a replica here')).toMatchObject({ errorCode: 0, nodeId: 2 });
    expect(await found('led by nobody')).toMatchObject({ errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE, nodeId: -1 });
  });
});

test('groups and transactions are listed by those who coordinate them', async () => {
  const offsetCommit = OffsetCommit.versions.first;
  const groupId = idFor('led here');
  await broker.send(OffsetCommit, offsetCommit, { groupId, memberId: '', topics: offsets(offsetCommit, 10) });
  const { groups } = await broker.send(ListGroups, ListGroups.versions.last, {});
  expect(groups.map((each) => each.groupId)).toContain(groupId);
  const { errorCode } = await broker.send(ListTransactions, ListTransactions.versions.last, {
    stateFilters: [],
    producerIdFilters: [],
  });
  expect(errorCode).toBe(ErrorCode.NONE);
});
