/** Lets a share group without members forget topics, with all it has acknowledged of them (KIP-932). */
import { DeleteShareGroupOffsets } from '../../protocol/apis/92-delete-share-group-offsets.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { SHARE_GROUPS_OFF, speaksShareProtocol } from './share-version.ts';

export const deleteShareGroupOffsets = handler(DeleteShareGroupOffsets, {
  handle: ({ groupId, topics }, _context, broker: Parts<'groups' | 'metadata'>) => {
    if (!speaksShareProtocol(broker)) return refusal(ErrorCode.UNSUPPORTED_VERSION, SHARE_GROUPS_OFF);
    const names = topics.map(({ topicName }) => topicName);
    return broker.groups.share.deleteOffsets(groupId, names);
  },
  refuse: (_request, errorCode) => refusal(errorCode, null),
});

function refusal(errorCode: number, errorMessage: string | null) {
  return { errorCode, errorMessage, responses: [] };
}
