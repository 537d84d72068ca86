/** Shows groups of the consumer protocol with their members (KIP-848). */
import { ConsumerGroupDescribe } from '../../protocol/apis/69-consumer-group-describe.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { groupOperations, NOT_ASKED } from './authorized-operations.ts';
import { andThen } from '../coordination/answers.ts';
import { mapInPieces } from '../platform/pieces.ts';
import { undescribedConsumerGroup } from '../groups/consumer/describe.ts';
import type { Parts } from './broker-parts.ts';
import { hidesTopics, TOPICS_HIDDEN } from './group-topics-shown.ts';
import { handler } from './handler.ts';
import { answerEach, responseBytes } from './repeated-names.ts';
import { describe } from '../security/needs.ts';

export const consumerGroupDescribe = handler(ConsumerGroupDescribe, {
  parts: {
    list: 'groupIds',
    needs: () => (groupId) => describe.group(groupId),
    refused: (groupId, errorCode) => undescribedConsumerGroup(groupId, errorCode, null),
    answers: 'groups',
    place: 'first',
  },
  byHand: [describe.topic('groups[].members[].assignment and targetAssignment of the response')],
  *handle({ groupIds, includeAuthorizedOperations }, { apiVersion, access }, broker: Parts<'groups'>) {
    const describe = (groupId: string) =>
      broker.groups.whenCommitted(groupId, broker.groups.describeConsumerGroup(groupId), (errorCode) =>
        undescribedConsumerGroup(groupId, errorCode, null),
      );
    const bytesOf = (group: Awaited<ReturnType<typeof describe>>) =>
      responseBytes(ConsumerGroupDescribe, apiVersion, { groups: [group] });
    return andThen(yield* answerEach(groupIds, describe, bytesOf), function* (all) {
      const groups = yield* mapInPieces(all, (described) => {
        const each = hidesTopics(described, access, ConsumerGroupDescribe.name)
          ? undescribedConsumerGroup(described.groupId, TOPICS_HIDDEN.errorCode, TOPICS_HIDDEN.errorMessage)
          : described;
        const isTold = includeAuthorizedOperations && each.errorCode === ErrorCode.NONE;
        return { ...each, authorizedOperations: isTold ? groupOperations(access, each.groupId) : NOT_ASKED };
      });
      return { groups };
    });
  },
  refuse: ({ groupIds }, errorCode) => ({
    groups: groupIds.map((groupId) => undescribedConsumerGroup(groupId, errorCode, null)),
  }),
});
