/** What every fetch goes through, however many partitions it is about. */
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { type RequestOf, type ResponseDraft } from '../../protocol/schema.ts';
import { hasNews, noteTold, type FetchPlan, type SessionRequest } from '../partitions/fetch-sessions.ts';
import { sentToFollower } from '../partitions/follower-service.ts';
import { Partition } from '../partitions/partition.ts';
import type { Partitions } from '../partitions/partitions.ts';
import {
  findPartition,
  isFollower,
  type FetchPartition,
  type FetchedRange,
  type ReadLimits,
} from '../partitions/read.ts';
import type { Racks } from '../partitions/preferred-replica.ts';
import type { Waiters } from '../partitions/waiters.ts';
import { eachInPieces, flatMapInPieces, mapInPieces, type Pieces } from '../platform/pieces.ts';
import type { Access } from '../security/access.ts';
import { clusterAction, orElse, read } from '../security/needs.ts';
import type { Parts } from './broker-parts.ts';
import { isErroneous, type FetchAnswer } from './fetch-response.ts';
import type { RequestContext } from './request-context.ts';

const TOPIC_IDS_SINCE = 13;
const REPLICA_STATE_SINCE = 15;
const RACKS_SINCE = 11;
const RACK_AWARE = 'org.apache.kafka.common.replica.RackAwareReplicaSelector';
/** What a partition takes in an answer besides its records. */
const PARTITION_BYTES = 40;
const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;

export type FetchParts = Parts<
  'nodeId' | 'clock' | 'config' | 'metadata' | 'logger' | 'fetchSessions' | 'partitions' | 'quotas'
>;
export type FetchRequest = RequestOf<typeof Fetch>;

/** What bounds the answer, and how long it may wait for how much. */
export interface FetchTerms {
  readonly limits: ReadLimits;
  readonly minBytes: number;
  readonly maxWaitMs: number;
}

/** Who fetches: -1 for consumers. */
function replicaOf(request: FetchRequest, version: number): FetchRequest['replicaState'] {
  return version >= REPLICA_STATE_SINCE ? request.replicaState : { replicaId: request.replicaId, replicaEpoch: -1 };
}

export function termsOf(
  request: FetchRequest,
  { session: watched }: FetchPlan,
  context: RequestContext,
  broker: FetchParts,
): FetchTerms {
  const { apiVersion: version, access, session, clientId } = context;
  const { config } = broker;
  const { replicaId, replicaEpoch } = replicaOf(request, version);
  const mostBytes = broker.quotas.mostFetchedBytes(session, clientId);
  const limits: ReadLimits = {
    followerId: replicaId,
    followerEpoch: replicaEpoch,
    // fetch.max.bytes is for clients; followers have replica.fetch.response.max.bytes.
    maxBytes: replicaId >= 0 ? request.maxBytes : Math.min(request.maxBytes, config['fetch.max.bytes'], mostBytes),
    readCommitted: request.isolationLevel === READ_COMMITTED,
    refusalOf: access === null ? null : refusalsOf(access, replicaId >= 0, broker),
    readsFollowers: replicaId < 0 && version >= RACKS_SINCE,
    racks: replicaId < 0 ? racksOf(request.rackId, context, broker) : null,
    watch: watched?.watch ?? null,
  };
  // Followers have nothing to end, and ask for as long as replica.fetch.wait.max.ms says.
  const most = replicaId >= 0 ? 0 : config['ottla.fetch.max.wait.ms'];
  const maxWaitMs = most > 0 ? Math.min(most, request.maxWaitMs) : request.maxWaitMs;
  return { limits, minBytes: Math.min(request.minBytes, limits.maxBytes), maxWaitMs };
}

/** Each topic is asked for once in a request; an id that no topic has is told to everybody. */
function refusalsOf(access: Access, isFollower: boolean, { metadata }: FetchParts): ReadLimits['refusalOf'] {
  if (isFollower) {
    const refused = access.errorOf(orElse(ErrorCode.TOPIC_AUTHORIZATION_FAILED, clusterAction), Fetch.name);
    return refused === ErrorCode.NONE ? null : () => refused;
  }
  const known = new Map<string, number>();
  return ({ topic, topicId }) => {
    const name = topicId === null ? topic : metadata.image.topicsById.get(topicId)?.name;
    if (name === undefined) return ErrorCode.NONE;
    let refused = known.get(name);
    if (refused === undefined) known.set(name, (refused = access.errorOf(read.topic(name), Fetch.name)));
    return refused;
  };
}

/** Null where a consumer is sent nowhere else. */
function racksOf(
  consumer: string,
  { session }: RequestContext,
  { config, nodeId, metadata }: FetchParts,
): Racks | null {
  if (consumer === '' || config['replica.selector.class'] !== RACK_AWARE) return null;
  const { brokers } = metadata.image;
  const of = (brokerId: number): string | null => {
    const broker = brokers.get(brokerId);
    if (broker === undefined || broker.fenced) return null;
    return broker.listeners.some(({ name }) => name === session.listenerName) ? broker.rack : null;
  };
  return { consumer, leader: brokers.get(nodeId)?.rack ?? null, of };
}

/** There is no code for an isolation level that is none: Kafka trips over it once there is something to read. */
export function isSenseless({ isolationLevel }: FetchRequest, { asked }: FetchPlan, partitions: Partitions): boolean {
  if (isolationLevel === READ_UNCOMMITTED || isolationLevel === READ_COMMITTED) return false;
  return asked.some((each) => findPartition(partitions, each) instanceof Partition);
}

/** A client that asks by topic id is told once, as by Kafka; an older one for each partition. */
export function refuse({ topics }: FetchRequest, errorCode: number): ResponseDraft<typeof Fetch> {
  const byId = topics.some(({ topic }) => topic === '');
  const responses = topics.map(({ partitions, ...topic }) => ({
    ...topic,
    partitions: partitions.map(({ partition: partitionIndex }) => ({
      partitionIndex,
      errorCode,
      highWatermark: -1,
      abortedTransactions: null,
      records: Buffer.alloc(0),
    })),
  }));
  return { errorCode, responses: byId ? [] : responses };
}

/** Where a fetch waits. What a follower gets grows with the log, what a consumer gets with the high watermark. */
export function placesOf(partitions: Partitions, { asked, session }: FetchPlan, limits: ReadLimits): Waiters[] {
  const watch = session?.watch ?? null;
  if (watch !== null) return [watch.waiters];
  return asked
    .map((each) => findPartition(partitions, each))
    .filter((partition) => partition instanceof Partition)
    .map(({ followers, consumers }) => (isFollower(limits) ? followers : consumers));
}

/** What a fetch is about that has waited: of a follower's session what has changed meanwhile. */
export function planAfterWait(plan: FetchPlan): FetchPlan {
  const watch = plan.session?.watch ?? null;
  return watch === null ? plan : { ...plan, asked: watch.grown() };
}

/** Whether what was found is told at once. */
export function isTold(
  { maxWaitMs, minBytes, limits: { watch = null } }: FetchTerms,
  { asked }: FetchPlan,
  found: readonly FetchedRange[],
): boolean {
  return maxWaitMs <= 0 || (asked.length === 0 && watch === null) || isEnough(found, minBytes);
}

/** Errors are told at once: the client has to do something about them. */
export function isEnough(found: readonly FetchedRange[], minBytes: number): boolean {
  let total = 0;
  for (const { length, errorCode, divergingEpoch, isOfOlderSegment, preferredReplica } of found) {
    if (errorCode !== ErrorCode.NONE || divergingEpoch !== null || isOfOlderSegment) return true;
    if (preferredReplica !== undefined) return true;
    total += length;
  }
  return total >= minBytes;
}

export function countTold(partitions: Partitions, found: readonly FetchedRange[], limits: ReadLimits): void {
  const toFollower = isFollower(limits);
  for (const { partition, length, errorCode } of found) {
    if (errorCode !== ErrorCode.NONE) partitions.failures.fetch++;
    if (partition === null || length === 0) continue;
    if (toFollower) sentToFollower(partition, length);
    else partition.stats.bytesOut += length;
  }
}

/** What is told of what was found: all of it, or in an incremental session what is new. */
export function answerOf(
  context: RequestContext,
  broker: FetchParts,
  plan: FetchPlan,
  found: readonly FetchedRange[],
  limits: ReadLimits,
): FetchAnswer {
  const answer = emptyAnswer(context, broker, plan, limits, throttleOf(context, broker, found, limits));
  if (answer.throttleTimeMs > 0) return answer;
  if (plan.session === null && !found.some(isErroneous)) return { ...answer, asked: plan.asked, found };
  for (const i of inKafkasOrder(found)) tell(answer, plan, plan.asked[i], found[i]);
  return answer;
}

/** The same with pauses. */
export function* answerInPieces(
  context: RequestContext,
  broker: FetchParts,
  plan: FetchPlan,
  found: readonly FetchedRange[],
  limits: ReadLimits,
): Pieces<FetchAnswer> {
  const answer = emptyAnswer(context, broker, plan, limits, throttleOf(context, broker, found, limits));
  if (answer.throttleTimeMs > 0) return answer;
  if (plan.session === null && !found.some(isErroneous)) return { ...answer, asked: plan.asked, found };
  yield* eachInPieces(inKafkasOrder(found), (i) => tell(answer, plan, plan.asked[i], found[i]));
  return answer;
}

/** The places of what was read, of unknown ids, and of what else was not read. */
function inKafkasOrder(found: readonly FetchedRange[]): Iterable<number> {
  if (!found.some(isErroneous)) return found.keys();
  const [read, unknown, others]: number[][] = [[], [], []];
  for (const [i, one] of found.entries()) {
    if (!isErroneous(one)) read.push(i);
    else (one.errorCode === ErrorCode.UNKNOWN_TOPIC_ID ? unknown : others).push(i);
  }
  return read.concat(unknown, others);
}

/** The answer of a client above its quota has no partitions, and is not counted. */
function throttleOf(
  { session, clientId, throttle }: RequestContext,
  { quotas }: FetchParts,
  found: readonly FetchedRange[],
  limits: ReadLimits,
): number {
  if (quotas.isOff || isFollower(limits)) return 0;
  let bytes = 0;
  for (const { length } of found) bytes += length + PARTITION_BYTES;
  const throttleTimeMs = quotas.accountFetched(session, clientId, bytes, throttle.begun);
  throttle.add(throttleTimeMs);
  return throttleTimeMs;
}

function emptyAnswer(
  { session }: RequestContext,
  { metadata }: FetchParts,
  plan: FetchPlan,
  limits: ReadLimits,
  throttleTimeMs: number,
) {
  const { errorCode, sessionId } = plan;
  const told: { asked: FetchPartition[]; found: FetchedRange[] } = { asked: [], found: [] };
  const { readCommitted } = limits;
  return {
    errorCode,
    sessionId,
    throttleTimeMs,
    readCommitted,
    cluster: metadata,
    listener: session.listenerName,
    ...told,
  };
}

function tell(
  told: { readonly asked: FetchPartition[]; readonly found: FetchedRange[] },
  { session, incremental }: FetchPlan,
  asked: FetchPartition,
  found: FetchedRange,
): void {
  if (incremental && !hasNews(asked, found)) return;
  told.asked.push(asked);
  told.found.push(found);
  if (session !== null) noteTold(session, asked, found);
}

export function sessionRequestOf(request: FetchRequest, version: number): SessionRequest {
  const { sessionId, sessionEpoch, topics, forgottenTopicsData } = request;
  const usesTopicIds = version >= TOPIC_IDS_SINCE;
  const asked = topics.flatMap((topic) => topic.partitions.map((one) => askedOf(topic, one, usesTopicIds)));
  const forgotten = forgottenTopicsData.flatMap(({ topic, topicId, partitions }) =>
    partitions.map((partition) => ({ topic, topicId: usesTopicIds ? topicId : null, partition })),
  );
  const isFollower = replicaOf(request, version).replicaId >= 0;
  return { sessionId, sessionEpoch, usesTopicIds, isFollower, asked, forgotten };
}

/** The same with pauses. */
export function* sessionRequestInPieces(request: FetchRequest, version: number): Pieces<SessionRequest> {
  const { sessionId, sessionEpoch, topics, forgottenTopicsData } = request;
  const usesTopicIds = version >= TOPIC_IDS_SINCE;
  const asked = yield* flatMapInPieces(topics, (topic) =>
    mapInPieces(topic.partitions, (one) => askedOf(topic, one, usesTopicIds)),
  );
  const forgotten = yield* flatMapInPieces(forgottenTopicsData, ({ topic, topicId, partitions }) =>
    mapInPieces(partitions, (partition) => ({ topic, topicId: usesTopicIds ? topicId : null, partition })),
  );
  const isFollower = replicaOf(request, version).replicaId >= 0;
  return { sessionId, sessionEpoch, usesTopicIds, isFollower, asked, forgotten };
}

function askedOf(
  { topic, topicId }: FetchRequest['topics'][number],
  {
    partition,
    fetchOffset,
    partitionMaxBytes,
    currentLeaderEpoch,
    lastFetchedEpoch,
    logStartOffset,
  }: FetchRequest['topics'][number]['partitions'][number],
  usesTopicIds: boolean,
): FetchPartition {
  return {
    topic,
    topicId: usesTopicIds ? topicId : null,
    partition,
    fetchOffset,
    // Anything negative says nothing, in Kafka too.
    maxBytes: partitionMaxBytes,
    currentLeaderEpoch: Math.max(-1, currentLeaderEpoch),
    lastFetchedEpoch: Math.max(-1, lastFetchedEpoch),
    logStartOffset,
  };
}
