/** Stores how far a group has read, as part of a transaction. */
import { TxnOffsetCommit } from '../../protocol/apis/28-txn-offset-commit.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { andThen } from '../coordination/answers.ts';
import { refuseCommit } from '../groups/offsets/requests.ts';
import { EPOCH_BUMP_VERSION } from '../transactions/transaction-state.ts';
import type { Parts } from './broker-parts.ts';
import { whenDone } from '../platform/pieces.ts';
import { handler } from './handler.ts';
import { commitAdmitted } from './transaction-errors.ts';
import { inParts, mergeTopics, readRefusal, sortTopics } from './topic-partitions.ts';
import { read, write } from '../security/needs.ts';

/** KIP-890: a commit takes the group's offsets into the transaction. */
const IMPLICIT_ADD_SINCE = 5;
/** KIP-1319: topic ids in place of names, and errors of their own for groups and member epochs. */
const TOPIC_IDS_SINCE = 6;

export const txnOffsetCommit = handler(TxnOffsetCommit, {
  needs: ({ transactionalId, groupId }) => [write.transactionalId(transactionalId), read.group(groupId)],
  byHand: [read.topic('topics[].name')],
  *handle(request, { apiVersion, access }, broker: Parts<'metadata' | 'groups' | 'transactionAdmission'>) {
    const { transactionalId, producerId, producerEpoch, generationIdOrMemberEpoch: generationId, topics } = request;
    const byId = apiVersion >= TOPIC_IDS_SINCE;
    const { known, unknown } = yield* sortTopics(
      broker.metadata.image,
      topics,
      byId,
      readRefusal(access, TxnOffsetCommit.name),
    );
    if (known.length === 0) return { topics: unknown };
    const clientVersion = apiVersion >= IMPLICIT_ADD_SINCE ? EPOCH_BUMP_VERSION : 0;
    const commit = { ...request, generationId, retentionTimeMs: -1, knowsEpochs: true };
    const producer = { producerId, producerEpoch };
    const admit = (index: number, askedAgain: () => void) => {
      const partition = { topic: '__consumer_offsets', partition: index };
      const asked = broker.transactionAdmission.admit(transactionalId, producer, partition, clientVersion, askedAgain);
      return andThen(asked, (errorCode) => commitAdmitted(errorCode, apiVersion));
    };
    const committed = yield* inParts(known, (part) =>
      broker.groups.commitTransactionalOffsets({ ...commit, topics: part }, admit),
    );
    return andThen(committed, (all) =>
      whenDone(mergeTopics(unknown, byId ? all : all.map(asBeforeV6)), (merged) => ({ topics: merged })),
    );
  },
  refuse: ({ topics }, errorCode) => ({ topics: refuseCommit(topics, errorCode) }),
});

type Committed = ReturnType<typeof refuseCommit>[number];

const BEFORE_V6: ReadonlySet<number> = new Set([ErrorCode.GROUP_ID_NOT_FOUND, ErrorCode.STALE_MEMBER_EPOCH]);

/** Before v6 an unknown group, or an old member epoch, was an unknown generation. */
function asBeforeV6(topic: Committed): Committed {
  return {
    ...topic,
    partitions: topic.partitions.map(({ partitionIndex, errorCode }) => ({
      partitionIndex,
      errorCode: BEFORE_V6.has(errorCode) ? ErrorCode.ILLEGAL_GENERATION : errorCode,
    })),
  };
}
