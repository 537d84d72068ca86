/** Reads batches from where the client is; where there is too little yet, the answer waits for more (long poll). */
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ZERO_UUID, type RequestOf, type ResponseDraft } from '../../protocol/schema.ts';
import type { Writer } from '../../protocol/writer.ts';
import type { Partitions } from '../partitions/partitions.ts';
import { hasNews, noteTold, type FetchPlan } from '../partitions/fetch-sessions.ts';
import { waitForMore } from '../partitions/fetch-wait.ts';
import { Partition } from '../partitions/partition.ts';
import {
  CorruptBatchError,
  failed,
  findPartition,
  isFollower,
  readAll,
  type FetchPartition,
  type FetchedRange,
  type ReadLimits,
} from '../partitions/read.ts';
import type { Parts } from './broker-parts.ts';
import { writeFetchResponse, type FetchAnswer } from './fetch-response.ts';
import { reportBug, type DirectHandler, type Reply, type Streamed } from './handler.ts';
import type { RequestContext } from './request-context.ts';

const TOPIC_IDS_SINCE = 13;
const REPLICA_STATE_SINCE = 15;
const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;

type Broker = Parts<'clock' | 'config' | 'metadata' | 'logger' | 'fetchSessions' | 'partitions'>;
type FetchRequest = RequestOf<typeof Fetch>;

export const fetch: DirectHandler<Broker> = {
  api: Fetch,
  versions: Fetch.versions,
  advertised: Fetch.versions,
  kind: 'direct',

  serve(reader, context, output, broker) {
    const version = context.apiVersion;
    const request = requestCodec(Fetch, version).decode(reader);
    const limits: ReadLimits = {
      followerId: version >= REPLICA_STATE_SINCE ? request.replicaState.replicaId : request.replicaId,
      maxBytes: Math.min(request.maxBytes, broker.config['fetch.max.bytes']),
      readCommitted: request.isolationLevel === READ_COMMITTED,
    };
    const plan = broker.fetchSessions.plan(sessionRequest(request, version));
    if (isSenseless(request, plan, broker.partitions)) {
      responseCodec(Fetch, version).encode(output, refuse(request, ErrorCode.UNKNOWN_SERVER_ERROR));
      return undefined;
    }
    const found = read(broker, plan, limits);
    const minBytes = Math.min(request.minBytes, limits.maxBytes);
    if (request.maxWaitMs <= 0 || plan.asked.length === 0 || isEnough(found, minBytes)) {
      countTold(broker.partitions, found);
      return write(output, context, broker, answer(context, broker, plan, found, limits), limits);
    }
    const most = broker.config['ottla.fetch.max.wait.ms'];
    const maxWaitMs = most > 0 ? Math.min(most, request.maxWaitMs) : request.maxWaitMs;
    return wait(context, broker, plan, maxWaitMs, minBytes, limits);
  },

  refuse,
};

/** There is no code for an isolation level that is none: Kafka trips over it once there is something to read. */
function isSenseless({ isolationLevel }: FetchRequest, { asked }: FetchPlan, partitions: Partitions): boolean {
  if (isolationLevel === READ_UNCOMMITTED || isolationLevel === READ_COMMITTED) return false;
  return asked.some((each) => findPartition(partitions, each) instanceof Partition);
}

/** A client that asks by topic id is told once, as by Kafka; an older one for each partition. */
function refuse({ topics }: FetchRequest, errorCode: number): ResponseDraft<typeof Fetch> {
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

/** Parks until enough can be read; the partitions are read again then, for they may have changed in any way. */
function wait(
  context: RequestContext,
  broker: Broker,
  plan: FetchPlan,
  maxWaitMs: number,
  minBytes: number,
  limits: ReadLimits,
): Promise<Reply> {
  // What a follower gets grows with the log, what a consumer gets with the high watermark.
  const places = plan.asked
    .map((asked) => findPartition(broker.partitions, asked))
    .filter((partition) => partition instanceof Partition)
    .map(({ followers, consumers }) => (isFollower(limits) ? followers : consumers));
  return new Promise((resolve) => {
    const enough = (): boolean => isEnough(read(broker, plan, limits), minBytes);
    const waiter = waitForMore(broker.clock, places, maxWaitMs, enough, () => {
      resolve((output) => {
        const found = read(broker, plan, limits);
        countTold(broker.partitions, found);
        return write(output, context, broker, answer(context, broker, plan, found, limits), limits);
      });
    });
    context.waits.add(() => waiter.finish());
  });
}

/** A disk that does not give what the log says is there costs the partitions with records, not the connection. */
function write(
  output: Writer,
  context: RequestContext,
  broker: Broker,
  told: FetchAnswer,
  limits: ReadLimits,
): Streamed | undefined {
  const start = output.position;
  try {
    return writeFetchResponse(output, context.apiVersion, told);
  } catch (error) {
    if (error instanceof CorruptBatchError) {
      // The log remembers it now: what is read again ends before it, or is an error.
      output.position = start;
      return write(output, context, broker, { ...told, found: readAll(broker.partitions, told.asked, limits) }, limits);
    }
    reportBug(broker.logger, context, 'Fetch', error);
    output.position = start;
    const found = told.found.map((one) => (one.length === 0 ? one : failed(ErrorCode.KAFKA_STORAGE_ERROR)));
    return writeFetchResponse(output, context.apiVersion, { ...told, found });
  }
}

function read({ partitions }: Broker, plan: FetchPlan, limits: ReadLimits): FetchedRange[] {
  return readAll(partitions, plan.asked, limits);
}

/** Errors are told at once: the client has to do something about them. */
function isEnough(found: readonly FetchedRange[], minBytes: number): boolean {
  let total = 0;
  for (const { length, errorCode, divergingEpoch, isOfOlderSegment } of found) {
    if (errorCode !== ErrorCode.NONE || divergingEpoch !== null || isOfOlderSegment) return true;
    total += length;
  }
  return total >= minBytes;
}

function countTold(partitions: Partitions, found: readonly FetchedRange[]): void {
  for (const { partition, length, errorCode } of found) {
    if (errorCode !== ErrorCode.NONE) partitions.failures.fetch++;
    if (partition !== null) partition.stats.bytesOut += length;
  }
}

/** What is told of what was found: all of it, or in an incremental session what is new. */
function answer(
  context: RequestContext,
  broker: Broker,
  plan: FetchPlan,
  found: readonly FetchedRange[],
  limits: ReadLimits,
): FetchAnswer {
  const { session, errorCode, sessionId } = plan;
  const listener = context.session.listenerName;
  const common = { errorCode, sessionId, readCommitted: limits.readCommitted, cluster: broker.metadata, listener };
  if (session === null) return { ...common, asked: plan.asked, found };
  const told: { asked: FetchPartition[]; found: FetchedRange[] } = { asked: [], found: [] };
  for (let i = 0; i < found.length; i++) {
    if (plan.incremental && !hasNews(plan.asked[i], found[i])) continue;
    told.asked.push(plan.asked[i]);
    told.found.push(found[i]);
    noteTold(session, plan.asked[i], found[i]);
  }
  return { ...common, ...told };
}

function sessionRequest(request: FetchRequest, version: number) {
  const usesTopicIds = version >= TOPIC_IDS_SINCE;
  const asked = request.topics.flatMap(({ topic, topicId, partitions }) =>
    partitions.map(
      ({ partition, fetchOffset, partitionMaxBytes, currentLeaderEpoch, lastFetchedEpoch }): FetchPartition => ({
        topic,
        topicId: usesTopicIds ? topicId : ZERO_UUID,
        partition,
        fetchOffset,
        // Anything negative says nothing, in Kafka too.
        maxBytes: partitionMaxBytes,
        currentLeaderEpoch: Math.max(-1, currentLeaderEpoch),
        lastFetchedEpoch: Math.max(-1, lastFetchedEpoch),
      }),
    ),
  );
  const forgotten = request.forgottenTopicsData.flatMap(({ topic, topicId, partitions }) =>
    partitions.map((partition) => ({ topic, topicId: usesTopicIds ? topicId : ZERO_UUID, partition })),
  );
  return { sessionId: request.sessionId, sessionEpoch: request.sessionEpoch, usesTopicIds, asked, forgotten };
}
