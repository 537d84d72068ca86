/** Stores how far a group has read. */
import { OffsetCommit } from '../../protocol/apis/08-offset-commit.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Parts } from './broker-parts.ts';
import { andThen } from '../coordination/answers.ts';
import { handler } from './handler.ts';
import { refuseCommit } from '../groups/offsets/requests.ts';
import { inParts, mergeTopics, sortTopics } from './topic-partitions.ts';

export const offsetCommit = handler(OffsetCommit, {
  *handle(request, { apiVersion }, broker: Parts<'metadata' | 'groups'>) {
    const { groupId, memberId, groupInstanceId, retentionTimeMs, generationIdOrMemberEpoch: generationId } = request;
    const { known, unknown } = yield* sortTopics(broker.metadata.image, request.topics, apiVersion >= 10);
    if (known.length === 0) return { topics: unknown };
    const committer = { groupId, memberId, groupInstanceId, generationId, retentionTimeMs };
    const committed = yield* inParts(known, (topics) =>
      broker.groups.commitOffsets({ ...committer, topics, knowsEpochs: apiVersion >= 9 }),
    );
    return andThen(committed, function* (topics) {
      return { topics: yield* mergeTopics(unknown, apiVersion >= 9 ? topics : topics.map(asBeforeV9)) };
    });
  },
  refuse: ({ topics }, errorCode) => ({ topics: refuseCommit(topics, errorCode) }),
});

type Committed = ReturnType<typeof refuseCommit>[number];

/** Before v9 an unknown group was an unknown generation. */
function asBeforeV9(topic: Committed): Committed {
  return {
    ...topic,
    partitions: topic.partitions.map(({ partitionIndex, errorCode }) => ({
      partitionIndex,
      errorCode: errorCode === ErrorCode.GROUP_ID_NOT_FOUND ? ErrorCode.ILLEGAL_GENERATION : errorCode,
    })),
  };
}
