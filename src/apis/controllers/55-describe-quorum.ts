/**
 * Shows who leads the metadata log of a cluster, and who reads it (KIP-595). Its voters are the controllers that are registered; one
 * that has not been heard of in this term has -1.
 */
import { DescribeQuorum } from '../../../protocol/apis/55-describe-quorum.ts';
import { errorMessage } from '../../../protocol/errors.ts';
import { ZERO_UUID } from '../../../protocol/schema.ts';
import type { Follower } from '../../controllers/followers.ts';
import type { ActiveParts } from './controller-parts.ts';
import { handler } from '../handler.ts';
import { quorumAnswer, type Quorum } from '../quorum-answer.ts';
import { describe } from '../../security/needs.ts';

type Controller = Pick<ActiveParts, 'nodeId' | 'active' | 'clock'>;
type ReplicaState = Quorum['partition']['currentVoters'][number];

export const describeQuorum = handler(DescribeQuorum, {
  needs: () => describe.cluster(),
  handle: (request, _context, parts: Controller) => quorumAnswer(request, () => quorumOf(parts)),
  refuse: (_request, errorCode) => ({ errorCode, errorMessage: errorMessage(errorCode), topics: [] }),
});

function quorumOf({ nodeId, active, clock }: Controller): Quorum {
  const { controller, epoch, store, followers } = active;
  const { controllers, brokers } = controller.image;
  const logEndOffset = store.copy.endOffset;
  const nowMs = clock.now();
  const known = new Map(followers.all().map((each) => [each.nodeId, each]));
  const voters = [...controllers.keys()].map((id): ReplicaState => {
    const follower = known.get(id);
    if (id !== nodeId && follower !== undefined) return stateOf(follower);
    const replicaDirectoryId = brokers.get(id)?.logDirectoryIds[0] ?? ZERO_UUID;
    return id === nodeId
      ? { replicaId: id, replicaDirectoryId, logEndOffset, lastFetchTimestamp: nowMs, lastCaughtUpTimestamp: nowMs }
      : { replicaId: id, replicaDirectoryId, logEndOffset: -1, lastFetchTimestamp: -1, lastCaughtUpTimestamp: -1 };
  });
  const observers = [...known.values()].filter((each) => !controllers.has(each.nodeId)).map(stateOf);
  const log = { leaderId: nodeId, leaderEpoch: epoch, highWatermark: logEndOffset };
  return {
    partition: { ...log, currentVoters: voters, observers },
    nodes: [...controllers.values()].map(({ id, listeners }) => ({ nodeId: id, listeners: [...listeners] })),
  };
}

function stateOf({ nodeId, directoryId, endOffset, fetchedAtMs, caughtUpAtMs }: Follower): ReplicaState {
  return {
    replicaId: nodeId,
    replicaDirectoryId: directoryId,
    logEndOffset: endOffset,
    lastFetchTimestamp: fetchedAtMs,
    lastCaughtUpTimestamp: caughtUpAtMs,
  };
}
