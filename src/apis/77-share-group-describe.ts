/** Shows share groups with their members (KIP-932). */
import { ShareGroupDescribe } from '../../protocol/apis/77-share-group-describe.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { andThen } from '../coordination/answers.ts';
import { mapInPieces } from '../platform/pieces.ts';
import { undescribedShareGroup } from '../groups/share/describe.ts';
import { GROUP_OPERATIONS, NOT_ASKED } from './authorized-operations.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { answerEach, responseBytes } from './repeated-names.ts';
import { SHARE_GROUPS_OFF, speaksShareProtocol } from './share-version.ts';

export const shareGroupDescribe = handler(ShareGroupDescribe, {
  *handle(request, { apiVersion }, broker: Parts<'groups' | 'metadata'>) {
    const { groupIds, includeAuthorizedOperations } = request;
    if (!speaksShareProtocol(broker)) return refusal(groupIds, ErrorCode.UNSUPPORTED_VERSION, SHARE_GROUPS_OFF);
    const describe = (groupId: string) =>
      broker.groups.whenCommitted(groupId, broker.groups.share.describe(groupId), (errorCode) =>
        undescribedShareGroup(groupId, errorCode, null),
      );
    const bytesOf = (group: Awaited<ReturnType<typeof describe>>) =>
      responseBytes(ShareGroupDescribe, apiVersion, { groups: [group] });
    return andThen(yield* answerEach(groupIds, describe, bytesOf), function* (all) {
      const groups = yield* mapInPieces(all, (each) => {
        const isTold = includeAuthorizedOperations && each.errorCode === ErrorCode.NONE;
        return { ...each, authorizedOperations: isTold ? GROUP_OPERATIONS : NOT_ASKED };
      });
      return { groups };
    });
  },
  refuse: ({ groupIds }, errorCode) => refusal(groupIds, errorCode, null),
});

function refusal(groupIds: readonly string[], errorCode: number, errorMessage: string | null) {
  return { groups: groupIds.map((groupId) => undescribedShareGroup(groupId, errorCode, errorMessage)) };
}
