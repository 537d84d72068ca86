/** Moves a share group without members to other offsets (KIP-932). */
import { AlterShareGroupOffsets } from '../../protocol/apis/91-alter-share-group-offsets.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { SHARE_GROUPS_OFF, speaksShareProtocol } from './share-version.ts';

export const alterShareGroupOffsets = handler(AlterShareGroupOffsets, {
  handle: ({ groupId, topics }, _context, broker: Parts<'groups' | 'metadata'>) =>
    speaksShareProtocol(broker)
      ? broker.groups.share.alterOffsets(groupId, topics)
      : refusal(ErrorCode.UNSUPPORTED_VERSION, SHARE_GROUPS_OFF),
  refuse: (_request, errorCode) => refusal(errorCode, null),
});

function refusal(errorCode: number, errorMessage: string | null) {
  return { errorCode, errorMessage, responses: [] };
}
