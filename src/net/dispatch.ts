/** From one frame to its handler and back: reads the header, finds the handler, writes the response's header. */
import { InvalidRequest, Reader } from '../../protocol/reader.ts';
import { readRequestHeader } from '../../protocol/header.ts';
import { includes } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import { NO_REPLY, reportBug } from '../apis/handler.ts';
import type { BrokerParts } from '../apis/broker-parts.ts';
import type { DirectHandler, Handler, Reply, Served, StagedAnswer, StagingHandler, Streamed } from '../apis/handler.ts';
import type { RequestContext } from '../apis/request-context.ts';
import type { Interceptor } from './interceptor.ts';
import type { RequestContexts } from './request-contexts.ts';
import type { RequestMeter } from './request-meter.ts';
import { beginResponse, endResponse } from './response-header.ts';
import type { StagedResponses } from './staged-responses.ts';

const API_VERSIONS = 18;
const API_KEY_BYTES = 2;

/** A whole response for a request that had to wait, size and header included. */
export type Answer = (output: Writer) => Streamed | void;

export class Dispatcher {
  readonly #handlers: (Handler | undefined)[] = [];
  readonly #parts: BrokerParts;
  readonly #settle: () => void;
  readonly #interceptor: Interceptor | null;
  readonly meter: RequestMeter | null;

  /** `settle` writes what was appended so far; see ConnectionShared. */
  constructor(
    handlers: readonly Handler[],
    parts: BrokerParts,
    settle: () => void,
    interceptor: Interceptor | null = null,
    meter: RequestMeter | null = null,
  ) {
    this.#parts = parts;
    this.#settle = settle;
    this.meter = meter;
    this.#interceptor = interceptor;
    for (const handler of handlers) this.#handlers[handler.api.key] = handler;
  }

  /**
   * Handles the one request in `reader`. Its response stands in `output` afterwards (undefined), or stands there but for
   * its tail (Streamed), or is staged behind others (undefined), or comes later (a promise). Throws InvalidRequest where the
   * connection cannot go on, and leaves an unfinished response behind what stood in `output` then.
   */
  dispatch(
    reader: Reader,
    contexts: RequestContexts,
    output: Writer,
    staged: StagedResponses,
  ): Streamed | Promise<Answer> | undefined {
    const header = readRequestHeader(reader);
    const { correlationId } = header;
    const handler = this.#handlers[header.apiKey];
    if (handler === undefined) {
      throw new InvalidRequest(`API key ${header.apiKey} is not one this broker answers: ask ApiVersions which are`);
    }
    // ApiVersions alone is answered in any version: its handler tells a client that is too new what it may use.
    if (!includes(handler.versions, header.apiVersion) && header.apiKey !== API_VERSIONS) {
      throw new InvalidRequest(
        `${handler.api.name} v${header.apiVersion} is not served: v${handler.versions.first} to v${handler.versions.last} are`,
      );
    }
    const context = contexts.of(header.apiVersion, header.clientId);
    if (this.#interceptor !== null) return this.#intercept(this.#interceptor, handler, correlationId, reader, context);
    const { meter } = this;
    const begun = meter === null ? 0 : meter.begin();
    const { apiVersion } = header;
    if (handler.joinsWrites) {
      const answer = this.#stage(handler, reader, context);
      staged.add({ handler, apiVersion, correlationId, begun, answer, waits: null, next: null });
      return undefined;
    }
    const start = beginResponse(output, handler.api, apiVersion, correlationId);
    const result = this.#serve(handler, reader, context, output);
    if (!(result instanceof Promise)) {
      meter?.end(handler.api, apiVersion, begun);
      if (result === NO_REPLY) {
        output.position = start;
        return undefined;
      }
      endResponse(output, start, result?.remaining ?? 0);
      return result ?? undefined;
    }
    output.position = start;
    return result.then((reply: Reply) => (later: Writer) => {
      meter?.end(handler.api, apiVersion, begun);
      const at = beginResponse(later, handler.api, apiVersion, correlationId);
      const tail = reply(later) ?? undefined;
      endResponse(later, at, tail?.remaining ?? 0);
      return tail;
    });
  }

  /**
   * Whether the request of `size` bytes at `at` may be handled before those that are staged are answered, and share their
   * write. An interceptor gets even these one by one.
   */
  joinsWrites(buffer: Buffer, at: number, size: number): boolean {
    if (this.#interceptor !== null || size < API_KEY_BYTES) return false;
    return this.#handlers[buffer.readInt16BE(at)]?.joinsWrites ?? false;
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
    const output = new Writer();
    if (handler.joinsWrites) return this.#servedStaged(handler, context, reader, output);
    const result = this.#serve(handler, reader, context, output);
    this.#settle();
    if (result === NO_REPLY) return null;
    const tail = result instanceof Promise ? (await result)(output) : result;
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
    const answer = this.#stage(handler, reader, context);
    this.#settle();
    await answer.settled();
    return answer.encode(output) === NO_REPLY ? null : output.finish();
  }

  #serve(handler: DirectHandler, reader: Reader, context: RequestContext, output: Writer): Served {
    try {
      return handler.serve(reader, context, output, this.#parts);
    } catch (error) {
      throw reported(this.#parts, error, handler, context);
    }
  }

  #stage(handler: StagingHandler, reader: Reader, context: RequestContext): StagedAnswer {
    try {
      return handler.stage(reader, context, this.#parts);
    } catch (error) {
      throw reported(this.#parts, error, handler, context);
    }
  }
}

/** A bug that a handler has not caught itself ends the connection. */
function reported({ logger }: BrokerParts, error: unknown, handler: Handler, context: RequestContext): unknown {
  if (!(error instanceof InvalidRequest)) reportBug(logger, context, handler.api.name, error);
  return error;
}
