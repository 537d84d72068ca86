/** Moves a share group without members to other offsets (KIP-932). */
import { AlterShareGroupOffsets } from '../../protocol/apis/91-alter-share-group-offsets.ts';
import { ErrorCode, errorMessage, errorMessageOrNull } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { SHARE_GROUPS_OFF, speaksShareProtocol } from './group-protocols.ts';
import { read } from '../security/needs.ts';

export const alterShareGroupOffsets = handler(AlterShareGroupOffsets, {
  needs: ({ groupId }, _context, broker: Parts<'groups' | 'metadata'>) =>
    speaksShareProtocol(broker) ? read.group(groupId) : null,
  parts: {
    list: 'topics',
    needs: (_request, _context, broker: Parts<'groups' | 'metadata'>) => {
      const isOn = speaksShareProtocol(broker);
      return ({ topicName }) => (isOn ? read.topic(topicName) : null);
    },
    refused: ({ topicName, partitions }, errorCode) => ({
      topicName,
      topicId: ZERO_UUID,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode,
        errorMessage: errorMessage(errorCode),
      })),
    }),
    answers: 'responses',
    place: 'first',
  },
  handle: ({ groupId, topics }, _context, broker: Parts<'groups' | 'metadata'>) =>
    speaksShareProtocol(broker)
      ? broker.groups.share.alterOffsets(groupId, topics)
      : refusal(ErrorCode.UNSUPPORTED_VERSION, SHARE_GROUPS_OFF),
  refuse: (_request, errorCode) => refusal(errorCode, errorMessageOrNull(errorCode)),
});

function refusal(errorCode: number, errorMessage: string | null) {
  return { errorCode, errorMessage, responses: [] };
}
