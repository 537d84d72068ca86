/** Moves partitions to other brokers, or stops that (KIP-455). */
import { AlterPartitionReassignments } from '../../protocol/apis/45-alter-partition-reassignments.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { handler } from './handler.ts';

export const alterPartitionReassignments = handler(AlterPartitionReassignments, {
  handle: async ({ topics, allowReplicationFactorChange }, { broker }) => ({
    // Where nothing is asked, Kafka answers without having looked at it.
    allowReplicationFactorChange: topics.length === 0 || allowReplicationFactorChange,
    errorCode: ErrorCode.NONE,
    errorMessage: topics.length === 0 ? '' : null,
    responses: await broker.controller.alterReassignments(topics, allowReplicationFactorChange),
  }),
  refuse: ({ allowReplicationFactorChange }, errorCode) => ({
    allowReplicationFactorChange,
    errorCode,
    errorMessage: null,
    responses: [],
  }),
});
