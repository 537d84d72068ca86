import { expect, test } from 'vitest';
import { ConsumerGroupDescribe, ConsumerGroupHeartbeat, JoinGroup } from '../../protocol/apis/index.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { GroupBroker } from './group-broker.ts';

/** By the consumer protocol. */
function join(broker: GroupBroker) {
  const member = { groupId: 'g', memberId: 'a', memberEpoch: 0 };
  const wanted = { rebalanceTimeoutMs: 10_000, subscribedTopicNames: ['t1'], topicPartitions: [] };
  return broker.send(ConsumerGroupHeartbeat, 1, { ...member, ...wanted }, 'probe', 1);
}

test('at level 0 of group.version the consumer protocol is unsupported, and no more is said', async () => {
  const broker = new GroupBroker().start();
  broker.features.set('group.version', 0);
  const { errorCode, errorMessage } = await join(broker);
  expect([errorCode, errorMessage]).toEqual([ErrorCode.UNSUPPORTED_VERSION, null]);
  const {
    groups: [described],
  } = await broker.send(ConsumerGroupDescribe, 1, { groupIds: ['g'], includeAuthorizedOperations: false });
  expect(described.errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION);
});

test('a classic member has its id before the broker reads what it subscribes to', async () => {
  const broker = new GroupBroker().start();
  await join(broker);
  const protocols = [{ name: 'range', metadata: Buffer.alloc(0) }];
  const timeouts = { sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 10_000 };
  const joinClassic = (memberId: string) =>
    broker.send(
      JoinGroup,
      9,
      { groupId: 'g', ...timeouts, memberId, protocolType: 'consumer', protocols },
      'classic',
      2,
    );
  const first = await joinClassic('');
  expect(first.errorCode).toBe(ErrorCode.MEMBER_ID_REQUIRED);
  expect((await joinClassic(first.memberId)).errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
});
