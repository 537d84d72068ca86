/**
 * Brokers and other controllers read the metadata log from the active controller, as followers of its one partition do (KIP-595).
 * What they do not have is whole batches, a snapshot (KIP-630), or a cut of their own log first (divergingEpoch).
 */
import { Fetch } from '../../../protocol/apis/01-fetch.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { ZERO_UUID, type RequestOf, type ResponseDraft } from '../../../protocol/schema.ts';
import type { ActiveController, ControllerNode } from '../../controllers/controller-node.ts';
import type { ControllerParts } from './controller-parts.ts';
import { clusterAction } from '../../security/needs.ts';
import { handler } from '../handler.ts';
import { METADATA_TOPIC } from '../quorum-answer.ts';
import { currentLeader, leaderEndpoints, leadershipFault, METADATA_TOPIC_ID } from './metadata-log.ts';
import type { RequestContext } from '../request-context.ts';

type Request = RequestOf<typeof Fetch>;
type Response = ResponseDraft<typeof Fetch>;
type Asked = Request['topics'][number]['partitions'][number];
type Told = Response['responses'][number]['partitions'][number];

const REPLICA_STATE_SINCE = 15;
const ENDPOINTS_SINCE = 17;
const NOTHING = Buffer.alloc(0);

export const fetch = handler(Fetch, {
  needs: () => clusterAction,
  handle: (request, context, { node }: ControllerParts) => {
    const { clusterId } = request;
    if (clusterId !== null && clusterId !== node.clusterId) return failed(ErrorCode.INCONSISTENT_CLUSTER_ID);
    const asked = partitionOf(request);
    if (asked === null) return failed(ErrorCode.INVALID_REQUEST);
    const answer = (): Response => respond(request, context, node, tell(request, asked, node));
    if (!hasToWait(request, asked, node)) {
      noteFollower(request, context, asked, node);
      return answer();
    }
    noteFollower(request, context, asked, node);
    const active = node.active!;
    const isOver = (): boolean => !hasToWait(request, asked, node);
    return active.followers.waitFor(isOver, request.maxWaitMs, (cancel) => context.waits.add(cancel)).then(answer);
  },
  refuse: (_request, errorCode) => failed(errorCode),
});

function failed(errorCode: number): Response {
  return { errorCode, responses: [] };
}

/** The one partition that there is; null where the request is for another one, or for more. */
function partitionOf({ topics }: Request): Asked | null {
  if (topics.length !== 1 || topics[0].partitions.length !== 1) return null;
  const [{ topic, topicId, partitions }] = topics;
  const isNamed = topicId === ZERO_UUID ? topic === METADATA_TOPIC : topicId === METADATA_TOPIC_ID;
  return isNamed && partitions[0].partition === 0 ? partitions[0] : null;
}

function faultOf(request: Request, asked: Asked, node: ControllerNode): number {
  const { fetchOffset, lastFetchedEpoch, currentLeaderEpoch } = asked;
  const isSenseless =
    request.maxWaitMs < 0 || fetchOffset < 0 || lastFetchedEpoch < 0 || lastFetchedEpoch > currentLeaderEpoch;
  return isSenseless ? ErrorCode.INVALID_REQUEST : leadershipFault(node, currentLeaderEpoch);
}

/** There is nothing to tell a follower that has all. */
function hasToWait(request: Request, asked: Asked, node: ControllerNode): boolean {
  if (request.maxWaitMs <= 0 || faultOf(request, asked, node) !== ErrorCode.NONE) return false;
  const { copy } = node.active!.store;
  return copy.stateOf(asked.fetchOffset, asked.lastFetchedEpoch) === 'valid' && asked.fetchOffset >= copy.endOffset;
}

function noteFollower(request: Request, { apiVersion }: RequestContext, asked: Asked, node: ControllerNode): void {
  const replicaId = apiVersion >= REPLICA_STATE_SINCE ? request.replicaState.replicaId : request.replicaId;
  if (replicaId < 0 || faultOf(request, asked, node) !== ErrorCode.NONE) return;
  const { followers, store } = node.active!;
  if (store.copy.stateOf(asked.fetchOffset, asked.lastFetchedEpoch) !== 'valid') return;
  followers.fetched(replicaId, asked.replicaDirectoryId, asked.fetchOffset, store.copy.endOffset);
}

function tell(request: Request, asked: Asked, node: ControllerNode): Told {
  const fault = faultOf(request, asked, node);
  const common = { partitionIndex: 0, currentLeader: currentLeader(node), abortedTransactions: [] };
  if (fault !== ErrorCode.NONE)
    return { ...common, errorCode: fault, highWatermark: -1, logStartOffset: 0, records: NOTHING };
  return { ...common, ...found(request, asked, node.active!) };
}

type Found = Pick<Told, 'errorCode' | 'highWatermark' | 'logStartOffset' | 'divergingEpoch' | 'snapshotId' | 'records'>;

/** All that stands in etcd is committed: the log's end is its high watermark. */
function found({ maxBytes }: Request, asked: Asked, { store: { copy, snapshot } }: ActiveController): Found {
  const rest = { errorCode: ErrorCode.NONE, highWatermark: copy.endOffset, logStartOffset: copy.start.endOffset };
  const state = copy.stateOf(asked.fetchOffset, asked.lastFetchedEpoch);
  if (state === 'behind') {
    const { endOffset, epoch } = snapshot!;
    return { ...rest, snapshotId: { endOffset, epoch }, records: NOTHING };
  }
  if (state !== 'valid') return { ...rest, divergingEpoch: state, records: NOTHING };
  return { ...rest, records: joined(copy.read(asked.fetchOffset, Math.min(maxBytes, asked.partitionMaxBytes))) };
}

/** A lost broker is one batch, which every other broker is sent: without a copy for each. */
function joined(batches: readonly Buffer[]): Buffer {
  return batches.length === 1 ? batches[0] : Buffer.concat(batches);
}

function respond({ topics }: Request, { apiVersion }: RequestContext, node: ControllerNode, told: Told): Response {
  const [{ topic, topicId }] = topics;
  return {
    errorCode: ErrorCode.NONE,
    responses: [{ topic, topicId, partitions: [told] }],
    nodeEndpoints: apiVersion >= ENDPOINTS_SINCE ? leaderEndpoints(node) : [],
  };
}
