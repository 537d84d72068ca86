/** Elects the preferred replicas of partitions as leaders, or, uncleanly, any replica of a partition without a leader (KIP-460). */
import { ElectLeaders } from '../../protocol/apis/43-elect-leaders.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { alter } from '../security/needs.ts';

const PREFERRED = 0;
const UNCLEAN = 1;

export const electLeaders = handler(ElectLeaders, {
  needs: () => alter.cluster(),
  forwarded: true,
  handle: async (request, _context, { controller }: Parts<'controller'>) => {
    const { electionType, topicPartitions } = request;
    if (electionType !== PREFERRED && electionType !== UNCLEAN) {
      return refuse(
        request,
        ErrorCode.INVALID_REQUEST,
        `Election type ${electionType} is unknown: use 0 (preferred) or 1 (unclean)`,
      );
    }
    const results = await controller.electLeaders(electionType === UNCLEAN, topicPartitions);
    return { replicaElectionResults: results };
  },
  refuse: (request, errorCode) => refuse(request, errorCode, errorMessage(errorCode)),
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
