/** Starts and cancels reassignments of partitions to other brokers (KIP-455). */
import { AlterPartitionReassignments } from '../../protocol/apis/45-alter-partition-reassignments.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { alter } from '../security/needs.ts';

export const alterPartitionReassignments = handler(AlterPartitionReassignments, {
  needs: () => alter.cluster(),
  forwarded: true,
  handle: async ({ topics, allowReplicationFactorChange }, _context, { controller }: Parts<'controller'>) => ({
    // Without topics Kafka answers true, whatever the request says.
    allowReplicationFactorChange: topics.length === 0 || allowReplicationFactorChange,
    errorCode: ErrorCode.NONE,
    errorMessage: topics.length === 0 ? '' : null,
    responses: await controller.alterReassignments(topics, allowReplicationFactorChange),
  }),
  refuse: ({ allowReplicationFactorChange, topics }, errorCode) => {
    const refused = { errorCode, errorMessage: errorMessage(errorCode) };
    const responses = topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, ...refused })),
    }));
    return { allowReplicationFactorChange, ...refused, responses };
  },
});
