/** Shows the quorum of the metadata log: this broker is its only voter and leader (KIP-595). */
import { DescribeQuorum } from '../../protocol/apis/55-describe-quorum.ts';
import { errorMessage } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { quorumAnswer, type Quorum } from './quorum-answer.ts';
import { describe } from '../security/needs.ts';

type Broker = Parts<'nodeId' | 'metadata' | 'clock'>;

/** The leader epoch in the batches of the metadata log: there has been no election. */
const LEADER_EPOCH = 1;

export const describeQuorum = handler(DescribeQuorum, {
  needs: () => describe.cluster(),
  forwarded: true,
  handle: (request, _context, broker: Broker) => quorumAnswer(request, () => quorumOf(broker)),
  refuse: (_request, errorCode) => ({ errorCode, errorMessage: errorMessage(errorCode), topics: [] }),
});

function quorumOf({ nodeId, metadata, clock }: Broker): Quorum {
  const { image } = metadata;
  const broker = image.brokers.get(nodeId);
  const logEndOffset = image.revision + 1;
  const now = clock.now();
  const voter = {
    replicaId: nodeId,
    replicaDirectoryId: broker?.logDirectoryIds[0] ?? ZERO_UUID,
    logEndOffset,
    lastFetchTimestamp: now,
    lastCaughtUpTimestamp: now,
  };
  const log = { leaderId: nodeId, leaderEpoch: LEADER_EPOCH, highWatermark: logEndOffset };
  return {
    partition: { ...log, currentVoters: [voter], observers: [] },
    nodes: [{ nodeId, listeners: broker?.listeners ?? [] }],
  };
}
