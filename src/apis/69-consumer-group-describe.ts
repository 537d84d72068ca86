/** Shows groups of the consumer protocol with their members (KIP-848). */
import { ConsumerGroupDescribe } from '../../protocol/apis/69-consumer-group-describe.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { GROUP_OPERATIONS, NOT_ASKED } from './authorized-operations.ts';
import { andThen } from '../coordination/answers.ts';
import { mapInPieces } from '../platform/pieces.ts';
import { undescribedConsumerGroup } from '../groups/consumer/describe.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { answerEach, responseBytes } from './repeated-names.ts';

export const consumerGroupDescribe = handler(ConsumerGroupDescribe, {
  *handle({ groupIds, includeAuthorizedOperations }, { apiVersion }, broker: Parts<'groups'>) {
    const describe = (groupId: string) =>
      broker.groups.whenCommitted(groupId, broker.groups.describeConsumerGroup(groupId), (errorCode) =>
        undescribedConsumerGroup(groupId, errorCode, null),
      );
    const bytesOf = (group: Awaited<ReturnType<typeof describe>>) =>
      responseBytes(ConsumerGroupDescribe, apiVersion, { groups: [group] });
    return andThen(yield* answerEach(groupIds, describe, bytesOf), function* (all) {
      const groups = yield* mapInPieces(all, (each) => {
        const isTold = includeAuthorizedOperations && each.errorCode === ErrorCode.NONE;
        return { ...each, authorizedOperations: isTold ? GROUP_OPERATIONS : NOT_ASKED };
      });
      return { groups };
    });
  },
  refuse: ({ groupIds }, errorCode) => ({
    groups: groupIds.map((groupId) => undescribedConsumerGroup(groupId, errorCode, null)),
  }),
});
