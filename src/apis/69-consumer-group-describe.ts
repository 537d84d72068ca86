/** Shows groups of the consumer protocol with their members (KIP-848). */
import { ConsumerGroupDescribe } from '../../protocol/apis/69-consumer-group-describe.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { GROUP_OPERATIONS, NOT_ASKED } from './authorized-operations.ts';
import { undescribedConsumerGroup } from '../groups/consumer/describe.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

export const consumerGroupDescribe = handler(ConsumerGroupDescribe, {
  handle: ({ groupIds, includeAuthorizedOperations }, _context, broker: Parts<'groups'>) => ({
    groups: groupIds.map((groupId) => {
      const described = broker.groups.describeConsumerGroup(groupId);
      const isTold = includeAuthorizedOperations && described.errorCode === ErrorCode.NONE;
      return { ...described, authorizedOperations: isTold ? GROUP_OPERATIONS : NOT_ASKED };
    }),
  }),
  refuse: ({ groupIds }, errorCode) => ({
    groups: groupIds.map((groupId) => undescribedConsumerGroup(groupId, errorCode, null)),
  }),
});
