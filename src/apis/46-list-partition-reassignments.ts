/** Lists the reassignments that are in progress (KIP-455). */
import { ListPartitionReassignments } from '../../protocol/apis/46-list-partition-reassignments.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import { reassignmentsUnderWay } from '../cluster/reassignments.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { describe } from '../security/needs.ts';

const NO_REPLICAS = { replicas: [], addingReplicas: [], removingReplicas: [] };

export const listPartitionReassignments = handler(ListPartitionReassignments, {
  needs: () => describe.cluster(),
  forwarded: true,
  *handle({ topics }, _context, { metadata }: Parts<'metadata'>) {
    const underWay = yield* reassignmentsUnderWay(topics, metadata.image);
    return { errorCode: ErrorCode.NONE, errorMessage: null, topics: underWay };
  },
  refuse: ({ topics }, errorCode) => ({
    errorCode,
    errorMessage: errorMessage(errorCode),
    topics: (topics ?? []).map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, ...NO_REPLICAS })),
    })),
  }),
});
