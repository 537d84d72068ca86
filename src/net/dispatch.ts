/**
 * The way of a request from its frame to its response. Stages with a star are security's (src/security/stages.ts): where they
 * are off, a check for null is all they cost.
 *
 *     frame ──▶ gate* ──▶ header ──▶ handler, by its kind ──▶ account, throttle* ──▶ response
 *                │          │            table:   decode ──▶ authorised?* ──▶ handle (table-request.ts)
 *                │          │                     or in a cluster: forwarded to the controller (forwarded-request.ts)
 *                │          │            direct:  reads and writes by itself
 *                │          │            staging: appends now; its response waits until that is true
 *                │          └── malformed ──▶ connection closed
 *                └── not authenticated, or no longer ──▶ its answer (security/gate.ts), or connection closed
 */
import { InvalidRequest, Reader } from '../../protocol/reader.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { readRequestHeader, readResponseHeader, type RequestHeader } from '../../protocol/header.ts';
import { includes } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import type { BrokerParts, Parts } from '../apis/broker-parts.ts';
import { NO_REPLY, reportBug } from '../apis/handler.ts';
import type {
  DirectHandler,
  Handler,
  Reply,
  Served,
  StagedAnswer,
  StagingHandler,
  Streamed,
  TableHandler,
} from '../apis/handler.ts';
import type { RequestContext } from '../apis/request-context.ts';
import type { LoopTurn } from '../platform/loop-turn.ts';
import type { Gate, GateAnswer } from '../security/gate.ts';
import { NO_SECURITY, NOT_TIMED, type SecurityStages } from '../security/stages.ts';
import { MAX_RESPONSE_BYTES } from '../apis/size-limits.ts';
import { forwardRequest } from './forwarded-request.ts';
import type { Forwarder } from './forwarder.ts';
import type { Interceptor } from './interceptor.ts';
import type { RequestContexts } from './request-contexts.ts';
import type { RequestMeter } from './request-meter.ts';
import { beginResponse, endResponse } from './response-header.ts';
import type { StagedResponses } from './staged-responses.ts';
import { TableRequests } from './table-request.ts';

const SASL_HANDSHAKE = 17;
const API_VERSIONS = 18;
const SASL_AUTHENTICATE = 36;
const API_KEY_BYTES = 2;

/** A whole response for a request that had to wait, size and header included; or why the connection ends after it. */
export type Answer = (output: Writer) => Streamed | LastAnswer | void;

/** The connection ends once what stands in the output has left. */
export class LastAnswer {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** What a dispatcher uses itself of the parts that it hands on. */
type Own = Parts<'nodeId' | 'logger'>;

export interface DispatcherOptions<Uses extends Own = BrokerParts> {
  readonly handlers: readonly Handler<Uses>[];
  /** What handlers are given of the broker, or of the controller. */
  readonly parts: Uses;
  /** Writes what was appended so far; see ConnectionShared. */
  readonly settle: () => void;
  readonly interceptor?: Interceptor | null;
  readonly meter?: RequestMeter | null;
  readonly security?: SecurityStages;
  /** Where the active controller is another process; a broker alone has none. */
  readonly forwarder?: Forwarder | null;
  /** Told of each request that is not staged: it may have taken long. */
  readonly turn?: LoopTurn;
}

export class Dispatcher {
  readonly meter: RequestMeter | null;
  readonly #handlers: (Handler | undefined)[] = [];
  readonly #parts: BrokerParts;
  readonly #settle: () => void;
  readonly #interceptor: Interceptor | null;
  readonly #security: SecurityStages;
  readonly #forwarder: Forwarder | null;
  readonly #turn: LoopTurn | null;
  readonly #tableRequests: TableRequests<BrokerParts>;

  /** For handlers that use other parts than a broker's: a controller's. */
  static over<Uses extends Own>(options: DispatcherOptions<Uses>): Dispatcher {
    return new Dispatcher(options as unknown as DispatcherOptions); // its parts go to its handlers alone
  }

  constructor(options: DispatcherOptions) {
    const { handlers, parts, settle, interceptor = null, meter = null, security = NO_SECURITY } = options;
    for (const handler of handlers) this.#handlers[handler.api.key] = handler;
    this.#parts = parts;
    this.#settle = settle;
    this.#interceptor = interceptor;
    this.meter = meter;
    this.#security = security;
    this.#forwarder = options.forwarder ?? null;
    this.#turn = options.turn ?? null;
    this.#tableRequests = new TableRequests(parts, security, this.#turn?.requests ?? null);
  }

  /**
   * Handles the one request in `reader`, whose bytes stay as they are until its response is there where they are more than
   * LARGE_REQUEST_BYTES (but for requests that join writes). Its response stands in `output` afterwards (undefined), or stands
   * there but for its tail (Streamed), or is staged behind others (undefined), or comes later (a promise). Throws InvalidRequest
   * where the connection cannot go on, and leaves an unfinished response behind what stood in `output` then.
   */
  dispatch(
    reader: Reader,
    contexts: RequestContexts,
    output: Writer,
    staged: StagedResponses,
  ): Streamed | Promise<Answer> | undefined {
    if (contexts.gate !== null) {
      const gated = this.#gated(contexts.gate, reader, contexts);
      if (gated !== null) return gated;
    }
    const header = readRequestHeader(reader, contexts.clientId);
    const handler = this.#handlerOf(header);
    const context = contexts.of(header.apiVersion, header.clientId);
    const { correlationId } = header;
    if (this.#interceptor !== null) return this.#intercept(this.#interceptor, handler, correlationId, reader, context);
    if (handler.kind === 'staging') return this.#stageBehind(staged, handler, correlationId, reader, context);
    return this.#respond(handler, correlationId, reader, context, output);
  }

  /**
   * Whether the request of `size` bytes at `at` may be handled before those that are staged are answered, and share their
   * write. An interceptor gets even these one by one.
   */
  joinsWrites(buffer: Buffer, at: number, size: number): boolean {
    if (this.#interceptor !== null || size < API_KEY_BYTES) return false;
    return this.#handlers[buffer.readInt16BE(at)]?.kind === 'staging';
  }

  #gated(gate: Gate, reader: Reader, contexts: RequestContexts): Promise<Answer> | null {
    if (this.#interceptor !== null && gate.takesRequests && isSignIn(reader)) {
      const frame = Buffer.from(reader.buffer.subarray(reader.position, reader.end));
      return this.#interceptSignIn(this.#interceptor, gate, frame, contexts);
    }
    const gated = gate.take(reader);
    return gated === null ? null : gated.then(answerOfGate);
  }

  /** What a client says to sign in, as the interceptor sees any request; the gate answers it. */
  async #interceptSignIn(
    interceptor: Interceptor,
    gate: Gate,
    frame: Buffer,
    contexts: RequestContexts,
  ): Promise<Answer> {
    const reader = new Reader(frame);
    const header = readRequestHeader(reader, contexts.clientId);
    const handler = this.#handlerOf(header);
    const { apiVersion, correlationId } = header;
    const context = contexts.of(apiVersion, header.clientId);
    const body = frame.subarray(reader.position);
    const { nodeId } = this.#parts;
    let closes: string | null = null;
    const call = { handler, nodeId, apiVersion, correlationId, context, body };
    const response = await interceptor.intercept(call, async (bytes) => {
      const gated = gate.take(new Reader(frame));
      if (gated === null) return this.#served(handler, context, bytes); // it has signed in already
      const answer = await gated;
      closes = answer.closes;
      return answer.contents === null ? null : bodyOf(answer.contents, handler, apiVersion);
    });
    if (response !== null && handler.api.key === SASL_AUTHENTICATE && response.readInt16BE(0) !== ErrorCode.NONE) {
      closes ??= 'a fault has refused it';
    }
    return (later) => {
      if (response !== null) {
        const at = beginResponse(later, handler.api, apiVersion, correlationId);
        later.bytes(response);
        endResponse(later, at, 0);
      }
      return closes === null ? undefined : new LastAnswer(closes);
    };
  }

  #handlerOf({ apiKey, apiVersion }: RequestHeader): Handler {
    const handler = this.#handlers[apiKey];
    if (handler === undefined) {
      throw new InvalidRequest(`API key ${apiKey} is not one this broker answers: ask ApiVersions which are`);
    }
    // ApiVersions alone is answered in any version: its handler tells a client that is too new what it may use.
    if (!includes(handler.versions, apiVersion) && apiKey !== API_VERSIONS) {
      throw new InvalidRequest(
        `${handler.api.name} v${apiVersion} is not served: v${handler.versions.first} to v${handler.versions.last} are`,
      );
    }
    return handler;
  }

  #stageBehind(
    staged: StagedResponses,
    handler: StagingHandler,
    correlationId: number,
    reader: Reader,
    context: RequestContext,
  ): undefined {
    const begun = this.meter === null ? 0 : this.meter.begin();
    const bytes = reader.end - reader.position;
    const since = this.#security.quotas?.begin() ?? NOT_TIMED;
    const answer = this.#stage(handler, reader, context);
    const throttleTimeMs = this.#account(handler, context, bytes, since);
    staged.add({ handler, context, correlationId, begun, answer, throttleTimeMs, waits: null, next: null });
    return undefined;
  }

  #account({ api }: Handler, { session, clientId, throttle }: RequestContext, bytes: number, begun: number): number {
    const { quotas } = this.#security;
    if (quotas === null) return 0;
    const throttleTimeMs = quotas.account(session, clientId, api, bytes, begun);
    throttle.add(throttleTimeMs);
    return throttleTimeMs;
  }

  #respond(
    handler: TableHandler | DirectHandler,
    correlationId: number,
    reader: Reader,
    context: RequestContext,
    output: Writer,
  ): Streamed | Promise<Answer> | undefined {
    const { meter } = this;
    const { apiVersion } = context;
    const begun = meter === null ? 0 : meter.begin();
    const start = beginResponse(output, handler.api, apiVersion, correlationId);
    context.throttle.begun = this.#security.quotas?.begin() ?? NOT_TIMED;
    const served = this.#serve(handler, reader, context, output);
    this.#turn?.look();
    if (!(served instanceof Promise)) {
      meter?.end(handler.api, apiVersion, begun);
      if (served === NO_REPLY) {
        output.position = start;
        return undefined;
      }
      endResponse(output, start, served?.remaining ?? 0);
      return served ?? undefined;
    }
    output.position = start;
    return served.then((reply: Reply) => (later: Writer) => {
      meter?.end(handler.api, apiVersion, begun);
      const at = beginResponse(later, handler.api, apiVersion, correlationId);
      const tail = reply(later) ?? undefined;
      endResponse(later, at, tail?.remaining ?? 0);
      return tail;
    });
  }

  /** The slow way: each request and response as bytes of its own, which the interceptor may change, hold back or lose. */
  async #intercept(
    interceptor: Interceptor,
    handler: Handler,
    correlationId: number,
    reader: Reader,
    context: RequestContext,
  ): Promise<Answer> {
    const { apiVersion } = context;
    const body = Buffer.from(reader.buffer.subarray(reader.position, reader.end));
    const { nodeId } = this.#parts;
    const call = { handler, nodeId, apiVersion, correlationId, context, body };
    const response = await interceptor.intercept(call, (bytes) => this.#served(handler, context, bytes));
    return (later) => {
      if (response === null) return undefined;
      const at = beginResponse(later, handler.api, apiVersion, correlationId);
      later.bytes(response);
      endResponse(later, at, 0);
      return undefined;
    };
  }

  async #served(handler: Handler, context: RequestContext, body: Buffer): Promise<Buffer | null> {
    const reader = new Reader();
    reader.reset(body, 0, body.length);
    const output = new Writer(1024, MAX_RESPONSE_BYTES);
    if (handler.kind === 'staging') return this.#servedStaged(handler, context, reader, output);
    const served = this.#serve(handler, reader, context, output);
    this.#settle();
    if (served === NO_REPLY) return null;
    const tail = served instanceof Promise ? (await served)(output) : served;
    if (tail !== undefined) {
      for (const end = output.position + tail.remaining; output.position < end;) {
        output.ensure(tail.remaining);
        output.position += tail.fill(output.buffer, output.position, tail.remaining);
      }
    }
    return output.finish();
  }

  async #servedStaged(
    handler: StagingHandler,
    context: RequestContext,
    reader: Reader,
    output: Writer,
  ): Promise<Buffer | null> {
    const bytes = reader.end - reader.position;
    const since = this.#security.quotas?.begin() ?? NOT_TIMED;
    const answer = this.#stage(handler, reader, context);
    const throttleTimeMs = this.#account(handler, context, bytes, since);
    this.#settle();
    await answer.settled();
    return answer.encode(output, throttleTimeMs) === NO_REPLY ? null : output.finish();
  }

  #serve(handler: TableHandler | DirectHandler, reader: Reader, context: RequestContext, output: Writer): Served {
    try {
      if (handler.kind === 'direct') return handler.serve(reader, context, output, this.#parts);
      return this.#forwarder !== null && handler.forwarded !== false
        ? forwardRequest(handler, reader, context, this.#parts, this.#forwarder, this.#turn?.requests ?? null)
        : this.#tableRequests.handle(handler, reader, context, output);
    } catch (error) {
      throw this.reported(error, handler, context);
    }
  }

  #stage(handler: StagingHandler, reader: Reader, context: RequestContext): StagedAnswer {
    try {
      return handler.stage(reader, context, this.#parts);
    } catch (error) {
      throw this.reported(error, handler, context);
    }
  }

  /** A bug that a handler has not caught itself ends the connection. */
  reported(error: unknown, { api }: Handler, context: RequestContext): unknown {
    if (!(error instanceof InvalidRequest)) reportBug(this.#parts.logger, context, api.name, error);
    return error;
  }
}

function isSignIn({ buffer, position, end }: Reader): boolean {
  if (end - position < API_KEY_BYTES) return false;
  const apiKey = buffer.readInt16BE(position);
  return apiKey === SASL_HANDSHAKE || apiKey === SASL_AUTHENTICATE;
}

/** What follows the header of a response. */
function bodyOf(contents: Uint8Array, { api }: Handler, apiVersion: number): Buffer {
  const reader = new Reader(Buffer.from(contents));
  readResponseHeader(reader, api, apiVersion);
  return reader.buffer.subarray(reader.position, reader.end);
}

/** Its contents have a header already, where they have one. */
function answerOfGate({ contents, closes }: GateAnswer): Answer {
  return (output) => {
    if (contents !== null) {
      output.int32(contents.length);
      output.bytes(contents);
    }
    return closes === null ? undefined : new LastAnswer(closes);
  };
}
