/** From one frame to its handler and back: reads the header, finds the handler, writes the response's header. */
import { InvalidRequest, Reader } from '../../protocol/reader.ts';
import { readRequestHeader, writeResponseHeader } from '../../protocol/header.ts';
import { includes } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import { NO_REPLY, reportBug, type Context, type Handler, type Reply, type Streamed } from '../apis/handler.ts';
import type { Interceptor } from './interceptor.ts';
import type { RequestMeter } from './request-meter.ts';

const PRODUCE = 0;
const API_VERSIONS = 18;
const SIZE_BYTES = 4;
const API_KEY_BYTES = 2;

/** A whole response for a request that had to wait, size and header included. */
export type Answer = (output: Writer) => Streamed | void;

export class Dispatcher {
  readonly #handlers: (Handler | undefined)[] = [];
  readonly #settle: () => void;
  readonly #interceptor: Interceptor | null;
  readonly #meter: RequestMeter | null;

  /** `settle` makes real what was appended so far, or throws; see ConnectionShared. */
  constructor(
    handlers: readonly Handler[],
    settle: () => void,
    interceptor: Interceptor | null = null,
    meter: RequestMeter | null = null,
  ) {
    this.#settle = settle;
    this.#meter = meter;
    this.#interceptor = interceptor;
    for (const handler of handlers) this.#handlers[handler.api.key] = handler;
  }

  /**
   * Handles the one request in `reader`. Its response stands in `output` afterwards (undefined), or stands there but for
   * its tail (Streamed), or comes later (a promise). Throws InvalidRequest where the connection cannot go on, and leaves
   * an unfinished response behind what stood in `output` then.
   */
  dispatch(reader: Reader, context: Context, output: Writer): Streamed | Promise<Answer> | undefined {
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
    // Pipelined appends share one write; any other request must find what those before it have appended.
    if (header.apiKey !== PRODUCE) this.#settle();
    context.apiVersion = header.apiVersion;
    context.clientId = header.clientId;
    if (this.#interceptor !== null) return this.#intercept(this.#interceptor, handler, correlationId, reader, context);
    const meter = this.#meter;
    const begun = meter === null ? 0 : meter.begin();
    const start = begin(output, handler, header.apiVersion, correlationId);
    const result = this.#serve(handler, reader, context, output);
    if (meter !== null && !(result instanceof Promise)) meter.end(handler.api, header.apiVersion, begun);
    if (result === undefined) return end(output, start, undefined);
    if (result === NO_REPLY) {
      output.position = start;
      return undefined;
    }
    if (!(result instanceof Promise)) return end(output, start, result);
    output.position = start;
    const { apiVersion } = header;
    return result.then((reply: Reply) => (later: Writer) => {
      meter?.end(handler.api, apiVersion, begun);
      const at = begin(later, handler, apiVersion, correlationId);
      return end(later, at, reply(later) ?? undefined);
    });
  }

  /**
   * Whether the request of `size` bytes at `at` may be handled while others like it wait for their answers: appends, which
   * wait for the disk and share its sync (flush.messages). An interceptor gets even these one by one.
   */
  mayJoin(buffer: Buffer, at: number, size: number): boolean {
    return this.#interceptor === null && size >= API_KEY_BYTES && buffer.readInt16BE(at) === PRODUCE;
  }

  /** The slow way: each request and response as bytes of its own, which the interceptor may change, hold back or lose. */
  async #intercept(
    interceptor: Interceptor,
    handler: Handler,
    correlationId: number,
    reader: Reader,
    context: Context,
  ): Promise<Answer> {
    const { apiVersion } = context;
    const body = Buffer.from(reader.buffer.subarray(reader.position, reader.end));
    const call = { handler, apiVersion, correlationId, context, body };
    const response = await interceptor.intercept(call, (bytes) => this.#served(handler, context, bytes));
    return (later) => {
      if (response === null) return undefined;
      const at = begin(later, handler, apiVersion, correlationId);
      later.bytes(response);
      return end(later, at, undefined);
    };
  }

  async #served(handler: Handler, context: Context, body: Buffer): Promise<Buffer | null> {
    const reader = new Reader();
    reader.reset(body, 0, body.length);
    const output = new Writer();
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

  #serve(handler: Handler, reader: Reader, context: Context, output: Writer): ReturnType<Handler['serve']> {
    try {
      return handler.serve(reader, context, output);
    } catch (error) {
      if (!(error instanceof InvalidRequest)) reportBug(context, handler.api.name, error);
      throw error;
    }
  }
}

function begin(output: Writer, handler: Handler, apiVersion: number, correlationId: number): number {
  const start = output.position;
  output.int32(0); // the size, known at the end
  writeResponseHeader(output, handler.api, apiVersion, correlationId);
  return start;
}

function end(output: Writer, start: number, tail: Streamed | undefined): Streamed | undefined {
  output.buffer.writeInt32BE(output.position - start - SIZE_BYTES + (tail?.remaining ?? 0), start);
  return tail;
}
