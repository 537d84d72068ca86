/** Shows classic groups with their members. */
import { DescribeGroups } from '../../protocol/apis/15-describe-groups.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { undescribedGroup } from '../groups/describe.ts';
import { GROUP_OPERATIONS, NOT_ASKED } from './authorized-operations.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

export const describeGroups = handler(DescribeGroups, {
  handle: ({ groups, includeAuthorizedOperations }, { apiVersion }, broker: Parts<'groups'>) => ({
    groups: groups.map((groupId) => {
      const described = broker.groups.describeGroup(groupId);
      // Before v6 (KIP-1043) a group that is not there was no error, only dead.
      const quiet = apiVersion < 6 && described.errorCode === ErrorCode.GROUP_ID_NOT_FOUND;
      const errorCode = quiet ? ErrorCode.NONE : described.errorCode;
      const shown = includeAuthorizedOperations && errorCode === ErrorCode.NONE;
      return { ...described, errorCode, authorizedOperations: shown ? GROUP_OPERATIONS : NOT_ASKED };
    }),
  }),
  refuse: ({ groups }, errorCode) => ({ groups: groups.map((id) => undescribedGroup(id, errorCode, null)) }),
});
