/** What Fetch and FetchSnapshot of the metadata log have in common: who leads it, and who may ask for it. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { ControllerNode } from '../../controllers/controller-node.ts';

/** Kafka's id of the topic that the metadata log is. */
export const METADATA_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';

/** -1 and -1 where no leader is known. */
export function currentLeader(node: ControllerNode): { readonly leaderId: number; readonly leaderEpoch: number } {
  return { leaderId: node.leader?.nodeId ?? -1, leaderEpoch: node.leader?.epoch ?? node.epoch };
}

/** Where the leader is to be found; empty where none is known. */
export function leaderEndpoints(node: ControllerNode): { nodeId: number; host: string; port: number }[] {
  const { leader } = node;
  return leader === null ? [] : [{ nodeId: leader.nodeId, host: leader.host, port: leader.port }];
}

/** Why a request to the leader of the metadata log is refused; NONE where it is not. */
export function leadershipFault(node: ControllerNode, currentLeaderEpoch: number): number {
  if (node.active === null) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
  if (currentLeaderEpoch < node.active.epoch) return ErrorCode.FENCED_LEADER_EPOCH;
  return currentLeaderEpoch > node.active.epoch ? ErrorCode.UNKNOWN_LEADER_EPOCH : ErrorCode.NONE;
}
