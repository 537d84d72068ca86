/** Elects leaders anew where a partition is not led by its preferred replica, or by none at all (KIP-460). */
import { ElectLeaders } from '../../protocol/apis/43-elect-leaders.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

const PREFERRED = 0;
const UNCLEAN = 1;

export const electLeaders = handler(ElectLeaders, {
  handle: async (request, _context, { controller }: Parts<'controller'>) => {
    const { electionType, topicPartitions } = request;
    if (electionType !== PREFERRED && electionType !== UNCLEAN) {
      return refuse(request, ErrorCode.INVALID_REQUEST, `There is no election type ${electionType}: use 0 or 1`);
    }
    const results = await controller.electLeaders(electionType === UNCLEAN, topicPartitions);
    return { replicaElectionResults: results };
  },
  refuse: (request, errorCode) => refuse(request, errorCode, null),
});

function refuse(
  { topicPartitions }: RequestOf<typeof ElectLeaders>,
  errorCode: number,
  errorMessage: string | null,
): ResponseDraft<typeof ElectLeaders> {
  return {
    errorCode,
    replicaElectionResults: (topicPartitions ?? []).map(({ topic, partitions }) => ({
      topic,
      partitionResult: partitions.map((partitionId) => ({ partitionId, errorCode, errorMessage })),
    })),
  };
}
