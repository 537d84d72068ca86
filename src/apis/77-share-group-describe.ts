/** Shows share groups with their members (KIP-932). */
import { ShareGroupDescribe } from '../../protocol/apis/77-share-group-describe.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { andThen } from '../coordination/answers.ts';
import { mapInPieces } from '../platform/pieces.ts';
import { undescribedShareGroup } from '../groups/share/describe.ts';
import { groupOperations, NOT_ASKED } from './authorized-operations.ts';
import type { Parts } from './broker-parts.ts';
import { hidesTopics, TOPICS_HIDDEN } from './group-topics-shown.ts';
import { handler } from './handler.ts';
import { answerEach, responseBytes } from './repeated-names.ts';
import { speaksShareProtocol } from './group-protocols.ts';
import { describe } from '../security/needs.ts';

export const shareGroupDescribe = handler(ShareGroupDescribe, {
  parts: {
    list: 'groupIds',
    needs: (_request, _context, broker: Parts<'groups' | 'metadata'>) => {
      const isOn = speaksShareProtocol(broker);
      return (groupId) => (isOn ? describe.group(groupId) : null);
    },
    refused: (groupId, errorCode) => undescribedShareGroup(groupId, errorCode, null),
    answers: 'groups',
    place: 'first',
  },
  byHand: [describe.topic('groups[].members[].assignment of the response')],
  *handle(request, { apiVersion, access }, broker: Parts<'groups' | 'metadata'>) {
    const { groupIds, includeAuthorizedOperations } = request;
    if (!speaksShareProtocol(broker)) return refusal(groupIds, ErrorCode.UNSUPPORTED_VERSION, null);
    const describe = (groupId: string) =>
      broker.groups.whenCommitted(groupId, broker.groups.share.describe(groupId), (errorCode) =>
        undescribedShareGroup(groupId, errorCode, null),
      );
    const bytesOf = (group: Awaited<ReturnType<typeof describe>>) =>
      responseBytes(ShareGroupDescribe, apiVersion, { groups: [group] });
    return andThen(yield* answerEach(groupIds, describe, bytesOf), function* (all) {
      const groups = yield* mapInPieces(all, (described) => {
        const each = hidesTopics(described, access, ShareGroupDescribe.name)
          ? undescribedShareGroup(described.groupId, TOPICS_HIDDEN.errorCode, TOPICS_HIDDEN.errorMessage)
          : described;
        const isTold = includeAuthorizedOperations && each.errorCode === ErrorCode.NONE;
        return { ...each, authorizedOperations: isTold ? groupOperations(access, each.groupId) : NOT_ASKED };
      });
      return { groups };
    });
  },
  refuse: ({ groupIds }, errorCode) => refusal(groupIds, errorCode, null),
});

function refusal(groupIds: readonly string[], errorCode: number, errorMessage: string | null) {
  return { groups: groupIds.map((groupId) => undescribedShareGroup(groupId, errorCode, errorMessage)) };
}
