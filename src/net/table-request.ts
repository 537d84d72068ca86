/**
 * Handles requests of APIs with a table, between the header and the frame of their responses:
 *
 *     decode ──▶ handle, as far as it is allowed ──▶ account, throttle ──▶ encode
 *       │          └─ refused, a bug, a disk error ─────────┴─ larger than MAX_RESPONSE_BYTES
 *       │                           └──▶ the same, with the error of the whole request
 *       └── malformed ──▶ connection closed
 *
 * A large request, and one whose handling takes long, goes its way in pieces between those of others, one such request after the
 * other (platform/lane.ts). A small one is answered before `handle` returns, unless it waits for something.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import { InvalidRequest, Reader } from '../../protocol/reader.ts';
import { MessageTooLarge, Writer } from '../../protocol/writer.ts';
import type { Parts } from '../apis/broker-parts.ts';
import { reportBug, type Reply, type TableHandler } from '../apis/handler.ts';
import type { RequestContext } from '../apis/request-context.ts';
import { isDiskError } from '../platform/disk-error.ts';
import type { Lane } from '../platform/lane.ts';
import { finish, isPieces, type Pieces } from '../platform/pieces.ts';
import { NOT_TIMED, type SecurityStages } from '../security/stages.ts';
import { LARGE_REQUEST_BYTES, MAX_RESPONSE_BYTES } from '../apis/size-limits.ts';
import { replyOf } from '../apis/written-response.ts';

/** One request, while it is handled. */
interface Call<Uses> {
  readonly handler: TableHandler<Uses>;
  readonly context: RequestContext;
  /** See RequestQuotas.begin; later by what it has waited. */
  begun: number;
}

export class TableRequests<Uses extends Parts<'logger'>> {
  readonly #parts: Uses;
  readonly #security: SecurityStages;
  readonly #lane: Lane | null;

  /** Without a lane everything is done at once. */
  constructor(parts: Uses, security: SecurityStages, lane: Lane | null) {
    this.#parts = parts;
    this.#security = security;
    this.#lane = lane;
  }

  /**
   * The response stands in `output` when this returns, or comes by the promise, which rejects with InvalidRequest alone. Until then
   * what is in `reader` stays as it is, where it is more than LARGE_REQUEST_BYTES.
   */
  handle(handler: TableHandler<Uses>, reader: Reader, context: RequestContext, output: Writer): void | Promise<Reply> {
    const call = { handler, context, begun: this.#security.quotas?.begin() ?? NOT_TIMED };
    if (reader.remaining() > LARGE_REQUEST_BYTES) return this.#handleLarge(call, reader);
    return this.#answer(call, handler.decode(reader, context.apiVersion), output);
  }

  /** Its response is likely to be as large. */
  async #handleLarge(call: Call<Uses>, reader: Reader): Promise<Reply> {
    const { handler, context } = call;
    const own = new Reader(reader.buffer, reader.position, reader.end, reader.elementsLeft);
    const request = await this.#run(handler.decodeInPieces(own, context.apiVersion), context);
    const response = new Promise((resolve) => resolve(this.#inPieces(call, this.#handled(call, request))));
    return this.#answerLater(call, request, response, true);
  }

  #answer(call: Call<Uses>, request: unknown, output: Writer): void | Promise<Reply> {
    const start = output.position;
    try {
      const handled = this.#handled(call, request);
      const response = this.#inPieces(call, handled);
      if (response instanceof Promise) return this.#answerLater(call, request, response, isPieces(handled));
      this.#encode(call, response, output);
    } catch (error) {
      if (error instanceof InvalidRequest) throw error;
      output.position = start;
      this.#encode(call, this.#refusal(call, request, error), output);
    }
  }

  /** What the handler makes of the request: its response, or a promise of it, or pieces. */
  #handled({ handler, context }: Call<Uses>, request: unknown): unknown {
    return handler.handle(request as never, context, this.#parts);
  }

  #inPieces({ context }: Call<Uses>, handled: unknown): unknown {
    let made = handled;
    while (isPieces(made)) made = this.#run(made, context);
    return made;
  }

  /** `isLong`: it is handled in pieces, and its response may be as long. */
  async #answerLater(call: Call<Uses>, request: unknown, handled: Promise<unknown>, isLong: boolean): Promise<Reply> {
    try {
      const later = await this.#waited(call, handled);
      const response = await this.#inPieces(call, later);
      if (isLong || isPieces(later)) return await this.#encodeInPieces(call, response);
      return (output) => this.#encodeOrRefuse(call, request, response, output);
    } catch (error) {
      if (error instanceof InvalidRequest) throw error;
      return this.#encodeInPieces(call, this.#refusal(call, request, error));
    }
  }

  /** The time that it waits for does not count. */
  async #waited<T>(call: Call<Uses>, handled: Promise<T>): Promise<T> {
    const { quotas } = this.#security;
    if (quotas === null || call.begun === NOT_TIMED) return handled;
    const spentMs = quotas.begin() - call.begun;
    const later = await handled;
    call.begun = quotas.begin() - spentMs;
    return later;
  }

  #encodeOrRefuse(call: Call<Uses>, request: unknown, response: unknown, output: Writer): void {
    const start = output.position;
    try {
      this.#encode(call, response, output);
    } catch (error) {
      output.position = start;
      this.#encode(call, this.#refusal(call, request, error), output);
    }
  }

  #encode(call: Call<Uses>, response: unknown, output: Writer): void {
    const { handler, context } = call;
    handler.encode(output, context.apiVersion, response, this.#account(call));
  }

  async #encodeInPieces(call: Call<Uses>, response: unknown): Promise<Reply> {
    const { handler, context } = call;
    const written = new Writer(1024, MAX_RESPONSE_BYTES);
    const throttleTimeMs = this.#account(call);
    await this.#run(handler.encodeInPieces(written, context.apiVersion, response, throttleTimeMs), context);
    return replyOf(written);
  }

  #account({ handler, context, begun }: Call<Uses>): number {
    const { quotas } = this.#security;
    if (quotas === null) return 0;
    const { session, clientId, throttle } = context;
    const throttleTimeMs = quotas.account(session, clientId, handler.api, 0, begun);
    throttle.add(throttleTimeMs);
    return throttleTimeMs;
  }

  #run<T>(pieces: Pieces<T>, { waits }: RequestContext): T | Promise<T> {
    return this.#lane === null ? finish(pieces) : this.#lane.run(pieces, waits);
  }

  /**
   * What a request is answered that asks for too much, or that a bug or the disk has failed. The disk's own line says what to do
   * (DirectoryHealth).
   */
  #refusal({ handler, context }: Call<Uses>, request: unknown, error: unknown): unknown {
    const { name } = handler.api;
    const { logger } = this.#parts;
    if (error instanceof MessageTooLarge) {
      const { clientId } = context;
      const next = 'the client has to ask for less at once';
      logger.warn('response-too-large', { api: name, client: clientId, error: error.message, next });
      return handler.refuse(request, ErrorCode.INVALID_REQUEST);
    }
    if (!isDiskError(error)) {
      reportBug(logger, context, name, error);
      return handler.refuse(request, ErrorCode.UNKNOWN_SERVER_ERROR);
    }
    logger.warn('request-refused-by-disk', { api: name, error: (error as Error).message });
    return handler.refuse(request, ErrorCode.KAFKA_STORAGE_ERROR);
  }
}
