/** Shows groups of the consumer protocol with their members (KIP-848). */
import { ConsumerGroupDescribe } from '../../protocol/apis/69-consumer-group-describe.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { groupOperations, NOT_ASKED } from './authorized-operations.ts';
import { andThen } from '../coordination/answers.ts';
import { mapInPieces } from '../platform/pieces.ts';
import { undescribedConsumerGroup } from '../groups/consumer/describe.ts';
import type { Parts } from './broker-parts.ts';
import { speaksConsumerProtocol } from './group-protocols.ts';
import { hidesTopics, TOPICS_HIDDEN } from './group-topics-shown.ts';
import { handler } from './handler.ts';
import { answerEach, responseBytes } from './repeated-names.ts';
import { describe } from '../security/needs.ts';

type Broker = Parts<'config' | 'metadata' | 'groups'>;

export const consumerGroupDescribe = handler(ConsumerGroupDescribe, {
  parts: {
    list: 'groupIds',
    needs: (_request, _context, broker: Broker) => {
      const isOn = speaksConsumerProtocol(broker);
      return (groupId) => (isOn ? describe.group(groupId) : null);
    },
    refused: (groupId, errorCode) => undescribedConsumerGroup(groupId, errorCode, null),
    answers: 'groups',
    place: 'first',
  },
  byHand: [describe.topic('groups[].members[].assignment and targetAssignment of the response')],
  *handle({ groupIds, includeAuthorizedOperations }, { apiVersion, access }, broker: Broker) {
    if (!speaksConsumerProtocol(broker)) return refusal(groupIds, ErrorCode.UNSUPPORTED_VERSION);
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
  refuse: ({ groupIds }, errorCode) => refusal(groupIds, errorCode),
});

function refusal(groupIds: readonly string[], errorCode: number) {
  return { groups: groupIds.map((groupId) => undescribedConsumerGroup(groupId, errorCode, null)) };
}
