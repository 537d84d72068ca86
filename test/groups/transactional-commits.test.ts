import { expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { GroupBroker, TOPIC_ID } from './group-broker.ts';

/** A first commit in a transaction, whose coordinator answers when the test says so, and is asked once more before, or is not. */
async function commitInTransaction(broker: GroupBroker, isAskedAgain: boolean): Promise<number> {
  const partition = { partitionIndex: 0, committedOffset: 5, committedLeaderEpoch: -1, committedMetadata: null };
  const member = { memberId: '', groupInstanceId: null, generationId: -1, retentionTimeMs: -1, knowsEpochs: true };
  const topics = [{ name: 't1', topicId: TOPIC_ID, partitions: [partition] }];
  const request = { groupId: 'g', ...member, producerId: 7, producerEpoch: 0, topics };
  const committing = broker.groups.commitTransactionalOffsets(request, async (_index, askedAgain) => {
    await Promise.resolve();
    broker.logOf('g').markers++;
    if (isAskedAgain) askedAgain();
    return ErrorCode.NONE;
  });
  const [topic] = await committing;
  return topic.partitions[0].errorCode;
}

test('offsets whose transaction has ended while it was asked for are refused', async () => {
  const broker = new GroupBroker().start();
  expect(await commitInTransaction(broker, false)).toBe(ErrorCode.INVALID_TXN_STATE);
  broker.groups.stop();
});

test('offsets that wait for the marker of the transaction before are part of the next one', async () => {
  const broker = new GroupBroker().start();
  expect(await commitInTransaction(broker, true)).toBe(ErrorCode.NONE);
  broker.groups.stop();
});
