/** Shows classic groups with their members. */
import { DescribeGroups } from '../../protocol/apis/15-describe-groups.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { undescribedGroup } from '../groups/describe.ts';
import { handler } from './handler.ts';

/** READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS and ALTER_CONFIGS, a bit each: all that can be allowed on a group. */
const GROUP_OPERATIONS = (1 << 3) | (1 << 6) | (1 << 8) | (1 << 10) | (1 << 11);
const NOT_ASKED_FOR = -0x8000_0000;

export const describeGroups = handler(DescribeGroups, {
  handle: ({ groups, includeAuthorizedOperations }, { broker, apiVersion }) => ({
    groups: groups.map((groupId) => {
      const described = broker.groups.describeGroup(groupId);
      // Before v6 (KIP-1043) a group that is not there was no error, only dead.
      const quiet = apiVersion < 6 && described.errorCode === ErrorCode.GROUP_ID_NOT_FOUND;
      const errorCode = quiet ? ErrorCode.NONE : described.errorCode;
      const shown = includeAuthorizedOperations && errorCode === ErrorCode.NONE;
      return { ...described, errorCode, authorizedOperations: shown ? GROUP_OPERATIONS : NOT_ASKED_FOR };
    }),
  }),
  refuse: ({ groups }, errorCode) => ({ groups: groups.map((id) => undescribedGroup(id, errorCode, null)) }),
});
