/** Lets a share group without members forget topics, with all it has acknowledged of them (KIP-932). */
import { DeleteShareGroupOffsets } from '../../protocol/apis/92-delete-share-group-offsets.ts';
import { ErrorCode, errorMessage, errorMessageOrNull } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { SHARE_GROUPS_OFF, speaksShareProtocol } from './group-protocols.ts';
import { read, remove } from '../security/needs.ts';

export const deleteShareGroupOffsets = handler(DeleteShareGroupOffsets, {
  needs: ({ groupId }, _context, broker: Parts<'groups' | 'metadata'>) =>
    speaksShareProtocol(broker) ? remove.group(groupId) : null,
  parts: {
    list: 'topics',
    needs: (_request, _context, broker: Parts<'groups' | 'metadata'>) => {
      const isOn = speaksShareProtocol(broker);
      return ({ topicName }) => (isOn ? read.topic(topicName) : null);
    },
    refused: ({ topicName }, errorCode) => ({
      topicName,
      topicId: ZERO_UUID,
      errorCode,
      errorMessage: errorMessage(errorCode),
    }),
    answers: 'responses',
    place: 'first',
  },
  handle: ({ groupId, topics }, _context, broker: Parts<'groups' | 'metadata'>) => {
    if (!speaksShareProtocol(broker)) return refusal(ErrorCode.UNSUPPORTED_VERSION, SHARE_GROUPS_OFF);
    const names = topics.map(({ topicName }) => topicName);
    return broker.groups.share.deleteOffsets(groupId, names);
  },
  refuse: (_request, errorCode) => refusal(errorCode, errorMessageOrNull(errorCode)),
});

function refusal(errorCode: number, errorMessage: string | null) {
  return { errorCode, errorMessage, responses: [] };
}
