/** Reads batches from where the client is; where there is too little yet, the answer waits for more (long poll). */
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { Reader } from '../../protocol/reader.ts';
import type { Writer } from '../../protocol/writer.ts';
import type { FetchPlan } from '../partitions/fetch-sessions.ts';
import { waitForMore } from '../partitions/fetch-wait.ts';
import { CorruptBatchError, failed, readAll, type ReadLimits } from '../partitions/read.ts';
import { writeFetchResponse, type FetchAnswer } from './fetch-response.ts';
import {
  answerOf,
  countTold,
  isEnough,
  isSenseless,
  isTold,
  placesOf,
  planAfterWait,
  refuse,
  sessionRequestOf,
  termsOf,
  type FetchParts,
  type FetchTerms,
} from './fetch-steps.ts';
import { clusterAction, read } from '../security/needs.ts';
import { reportBug, type DirectHandler, type Reply, type Streamed } from './handler.ts';
import { fetchInPieces, planInPieces } from './large-fetch.ts';
import type { RequestContext } from './request-context.ts';
import { LARGE_REQUEST_BYTES } from './size-limits.ts';

/** A fetch of more is handled in pieces: each of its partitions is looked at, and again when any of them has more. */
const MANY_PARTITIONS = 200;

export const fetch: DirectHandler<FetchParts> = {
  api: Fetch,
  versions: Fetch.versions,
  advertised: Fetch.versions,
  kind: 'direct',
  permissions: { byHand: [clusterAction, read.topic('topics[].topic')] },

  serve(reader, context, output, broker) {
    const version = context.apiVersion;
    if (reader.remaining() > LARGE_REQUEST_BYTES) {
      const own = new Reader(reader.buffer, reader.position, reader.end, reader.elementsLeft);
      return planInPieces(own, context, broker).then((planned) => fetchInPieces(planned, context, broker));
    }
    const request = requestCodec(Fetch, version).decode(reader);
    const plan = broker.fetchSessions.plan(sessionRequestOf(request, version));
    const terms = termsOf(request, plan, context, broker);
    if (plan.asked.length > MANY_PARTITIONS) return fetchInPieces({ request, terms, plan }, context, broker);
    if (isSenseless(request, plan, broker.partitions)) {
      responseCodec(Fetch, version).encode(output, refuse(request, ErrorCode.UNKNOWN_SERVER_ERROR));
      return undefined;
    }
    const { limits } = terms;
    const found = readAll(broker.partitions, plan.asked, limits);
    if (!isTold(terms, plan, found)) return wait(context, broker, plan, terms);
    countTold(broker.partitions, found, limits);
    return write(output, context, broker, answerOf(context, broker, plan, found, limits), limits);
  },

  refuse,
};

/** Parks until enough can be read; the partitions are read again then, for they may have changed in any way. */
function wait(
  context: RequestContext,
  broker: FetchParts,
  plan: FetchPlan,
  { limits: asked, minBytes, maxWaitMs }: FetchTerms,
): Promise<Reply> {
  const { clock, partitions } = broker;
  const limits: ReadLimits = { ...asked, isCounted: true };
  return new Promise((resolve) => {
    const enough = (): boolean => isEnough(readAll(partitions, planAfterWait(plan).asked, limits), minBytes);
    const waiter = waitForMore(clock, placesOf(partitions, plan, limits), maxWaitMs, enough, () => {
      resolve((output) => {
        context.throttle.begun = broker.quotas.begin(); // what it has waited does not count
        const after = planAfterWait(plan);
        const found = readAll(partitions, after.asked, limits);
        countTold(partitions, found, limits);
        return write(output, context, broker, answerOf(context, broker, after, found, limits), limits);
      });
    });
    context.waits.add(() => waiter.finish());
  });
}

/** A disk that does not give what the log says is there costs the partitions with records, not the connection. */
function write(
  output: Writer,
  context: RequestContext,
  broker: FetchParts,
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
      const found = readAll(broker.partitions, told.asked, { ...limits, isCounted: true });
      return write(output, context, broker, { ...told, found }, limits);
    }
    reportBug(broker.logger, context, 'Fetch', error);
    output.position = start;
    const found = told.found.map((one) => (one.length === 0 ? one : failed(ErrorCode.KAFKA_STORAGE_ERROR)));
    return writeFetchResponse(output, context.apiVersion, { ...told, found });
  }
}
