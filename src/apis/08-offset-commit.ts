/** Stores how far a group has read. */
import { OffsetCommit } from '../../protocol/apis/08-offset-commit.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { ResponseDraft } from '../../protocol/schema.ts';
import type { Parts } from './broker-parts.ts';
import { andThen, type Answer } from '../coordination/answers.ts';
import { inPieces, whenDone, type Pieces } from '../platform/pieces.ts';
import { handler } from './handler.ts';
import { refuseCommit } from '../groups/offsets/requests.ts';
import { inParts, mergeTopics, readRefusal, sortTopics } from './topic-partitions.ts';
import { read } from '../security/needs.ts';

type Response = ResponseDraft<typeof OffsetCommit>;
type Broker = Parts<'metadata' | 'groups'>;

export const offsetCommit = handler(OffsetCommit, {
  needs: ({ groupId }) => read.group(groupId),
  byHand: [read.topic('topics[].name')],
  handle: (request, { apiVersion, access }, broker: Broker) => {
    const { groupId, memberId, groupInstanceId, retentionTimeMs, generationIdOrMemberEpoch: generationId } = request;
    const committer = { groupId, memberId, groupInstanceId, generationId, retentionTimeMs };
    const commit = (topics: Parameters<Broker['groups']['commitOffsets']>[0]['topics']) =>
      broker.groups.commitOffsets({ ...committer, topics, knowsEpochs: apiVersion >= 9 });
    const sorted = sortTopics(
      broker.metadata.image,
      request.topics,
      apiVersion >= 10,
      readRefusal(access, OffsetCommit.name),
    );
    return whenDone(sorted, ({ known, unknown }): Pieces<Answer<Response | Pieces<Response>>> => {
      if (known.length === 0) return inPieces({ topics: unknown });
      return whenDone<Answer<Committed[]>, Answer<Response | Pieces<Response>>>(inParts(known, commit), (committed) =>
        andThen(committed, (answered) =>
          whenDone(mergeTopics(unknown, apiVersion >= 9 ? answered : answered.map(asBeforeV9)), (topics) => ({
            topics,
          })),
        ),
      );
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
