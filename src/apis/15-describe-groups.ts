/** Shows classic groups with their members. */
import { DescribeGroups } from '../../protocol/apis/15-describe-groups.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { andThen } from '../coordination/answers.ts';
import { mapInPieces } from '../platform/pieces.ts';
import { undescribedGroup } from '../groups/describe.ts';
import { groupOperations, NOT_ASKED } from './authorized-operations.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { answerEach, responseBytes } from './repeated-names.ts';
import { describe } from '../security/needs.ts';

export const describeGroups = handler(DescribeGroups, {
  parts: {
    list: 'groups',
    needs: () => (groupId) => describe.group(groupId),
    refused: (groupId, errorCode) => undescribedGroup(groupId, errorCode, null),
    answers: 'groups',
    place: 'first',
  },
  *handle({ groups: groupIds, includeAuthorizedOperations }, { apiVersion, access }, { groups }: Parts<'groups'>) {
    const describe = (groupId: string) =>
      groups.whenCommitted(groupId, groups.describeGroup(groupId), (errorCode) =>
        undescribedGroup(groupId, errorCode, null),
      );
    const bytesOf = (group: Awaited<ReturnType<typeof describe>>) =>
      responseBytes(DescribeGroups, apiVersion, { groups: [group] });
    return andThen(yield* answerEach(groupIds, describe, bytesOf), function* (all) {
      const shown = yield* mapInPieces(all, (each) => {
        // Before v6 (KIP-1043) an unknown group is described as dead, without an error.
        const quiet = apiVersion < 6 && each.errorCode === ErrorCode.GROUP_ID_NOT_FOUND;
        const errorCode = quiet ? ErrorCode.NONE : each.errorCode;
        const isShown = includeAuthorizedOperations && errorCode === ErrorCode.NONE;
        return {
          ...each,
          errorCode,
          authorizedOperations: isShown ? groupOperations(access, each.groupId) : NOT_ASKED,
        };
      });
      return { groups: shown };
    });
  },
  refuse: ({ groups }, errorCode) => ({ groups: groups.map((id) => undescribedGroup(id, errorCode, null)) }),
});
