/** Fetches of hundreds of partitions, or of none that exist: what a fetch goes through, in pieces between those of other requests. */
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Reader } from '../../protocol/reader.ts';
import { Writer } from '../../protocol/writer.ts';
import type { FetchPlan } from '../partitions/fetch-sessions.ts';
import { waitForMore } from '../partitions/fetch-wait.ts';
import { CorruptBatchError, failed, isFollower, readAll, readInPieces, type FetchedRange } from '../partitions/read.ts';
import type { Waiter, WaitingPlace } from '../partitions/waiters.ts';
import type { Timer } from '../platform/clock.ts';
import type { Lane } from '../platform/lane.ts';
import { eachInPieces, type Pieces } from '../platform/pieces.ts';
import { fetchResponseInPieces, type FetchAnswer } from './fetch-response.ts';
import {
  answerInPieces,
  countTold,
  isEnough,
  isSenseless,
  isTold,
  placesOf,
  planAfterWait,
  refuse,
  sessionRequestInPieces,
  termsOf,
  type FetchParts,
  type FetchRequest,
  type FetchTerms,
} from './fetch-steps.ts';
import { reportBug, type Reply } from './handler.ts';
import type { RequestContext } from './request-context.ts';
import { MAX_RESPONSE_BYTES } from './size-limits.ts';
import { replyOf } from './written-response.ts';

/** While a fetch waits, its partitions are looked at again as often at most; a follower's that waits for any record is answered at once. */
const LOOK_AGAIN_MS = 20;

export interface PlannedFetch {
  readonly request: FetchRequest;
  readonly terms: FetchTerms;
  readonly plan: FetchPlan;
}

/** Of a request whose bytes stay as they are until then. Rejects with InvalidRequest. */
export async function planInPieces(reader: Reader, context: RequestContext, broker: FetchParts): Promise<PlannedFetch> {
  const { apiVersion: version, waits } = context;
  return broker.partitions.turn.requests.run(
    (function* (): Pieces<PlannedFetch> {
      const request = yield* requestCodec(Fetch, version).decodeInPieces(reader);
      const plan = yield* broker.fetchSessions.planInPieces(yield* sessionRequestInPieces(request, version));
      return { request, terms: termsOf(request, plan, context, broker), plan };
    })(),
    waits,
  );
}

export async function fetchInPieces(fetch: PlannedFetch, context: RequestContext, broker: FetchParts): Promise<Reply> {
  const { partitions } = broker;
  const { request, terms, plan } = fetch;
  const run = <T>(pieces: Pieces<T>) => partitions.turn.requests.run(pieces, context.waits);
  if (isSenseless(request, plan, partitions)) return run(refusalInPieces(request, context));
  const again = { ...terms.limits, isCounted: true as const };
  const read = (asked: FetchPlan['asked']) => run(readInPieces(partitions, asked, again));
  let told = plan;
  let found = await run(readInPieces(partitions, plan.asked, terms.limits));
  if (!isTold(terms, plan, found)) {
    if ((terms.limits.watch ?? null) !== null) await waitForGrowth(fetch, context, broker);
    else await waitInPieces(fetch, context, broker, () => read(plan.asked));
    told = planAfterWait(plan);
    found = await read(told.asked);
  }
  countTold(partitions, found, terms.limits);
  const answer = await run(answerInPieces(context, broker, told, found, terms.limits));
  const readAgain = () => read(answer.asked);
  return respond(answer, context, broker, run, readAgain);
}

function* refusalInPieces(request: FetchRequest, { apiVersion }: RequestContext): Pieces<Reply> {
  const written = new Writer(1024, MAX_RESPONSE_BYTES);
  const refused = refuse(request, ErrorCode.UNKNOWN_SERVER_ERROR);
  yield* responseCodec(Fetch, apiVersion).encodeInPieces(written, refused);
  return replyOf(written);
}

/** Hundreds of places, which a fetch leaves in pieces: many fetches may have come to the end of their time together. */
class ManyPlaces implements WaitingPlace {
  readonly #places: readonly WaitingPlace[];
  readonly #lane: Lane;

  constructor(places: readonly WaitingPlace[], lane: Lane) {
    this.#places = places;
    this.#lane = lane;
  }

  add(waiter: Waiter): void {
    for (const place of this.#places) place.add(waiter);
  }

  /** A waiter that is woken although it has ended does nothing. */
  remove(waiter: Waiter): void {
    void this.#lane.run(eachInPieces(this.#places, (place) => place.remove(waiter)));
  }
}

/** Of a follower's session: until enough has grown, or the time is over. */
function waitForGrowth(
  { terms, plan }: PlannedFetch,
  context: RequestContext,
  { clock, partitions }: FetchParts,
): Promise<void> | void {
  const { minBytes, maxWaitMs } = terms;
  const limits = { ...terms.limits, isCounted: true as const };
  const enough = (): boolean => isEnough(readAll(partitions, planAfterWait(plan).asked, limits), minBytes);
  if (enough()) return; // something has come since they were read
  return new Promise((resolve) => {
    const waiter = waitForMore(clock, placesOf(partitions, plan, limits), maxWaitMs, enough, resolve);
    context.waits.add(() => waiter.finish());
  });
}

/** Until enough can be read, or the time is over. */
function waitInPieces(
  { terms, plan }: PlannedFetch,
  context: RequestContext,
  { clock, partitions }: FetchParts,
  read: () => FetchedRange[] | Promise<FetchedRange[]>,
): Promise<void> {
  return new Promise((resolve) => {
    let next: Timer | null = null;
    let lookedMs = clock.monotonic();
    const look = async (): Promise<void> => {
      next = null;
      lookedMs = clock.monotonic();
      if (isEnough(await read(), terms.minBytes)) waiter.finish();
    };
    const lookSoon = (): boolean => {
      next ??= clock.after(Math.max(0, lookedMs + LOOK_AGAIN_MS - clock.monotonic()), () => void look());
      return false;
    };
    // Producers with acks=all wait for followers: what wakes one is a record, as a rule.
    const isAnyEnough = isFollower(terms.limits) && terms.minBytes <= 1;
    const place = new ManyPlaces(placesOf(partitions, plan, terms.limits), partitions.turn.requests);
    const waiter = waitForMore(
      clock,
      [place],
      terms.maxWaitMs,
      () => isAnyEnough || lookSoon(),
      () => {
        next?.cancel();
        resolve();
      },
    );
    context.waits.add(() => waiter.finish());
    lookSoon(); // something may have come since they were read
  });
}

/** What the disk does not give costs the partitions with records, not the connection. */
async function respond(
  answer: FetchAnswer,
  context: RequestContext,
  broker: FetchParts,
  run: <T>(pieces: Pieces<T>) => T | Promise<T>,
  readAgain: () => FetchedRange[] | Promise<FetchedRange[]>,
): Promise<Reply> {
  try {
    return await run(fetchResponseInPieces(context.apiVersion, answer));
  } catch (error) {
    if (error instanceof CorruptBatchError) {
      // The log remembers it now: what is read again ends before it, or is an error.
      return respond({ ...answer, found: await readAgain() }, context, broker, run, readAgain);
    }
    reportBug(broker.logger, context, 'Fetch', error);
    const told = answer.found.map((one) => (one.length === 0 ? one : failed(ErrorCode.KAFKA_STORAGE_ERROR)));
    return run(fetchResponseInPieces(context.apiVersion, { ...answer, found: told }));
  }
}
