/** What a handler is: the code that answers one API key, and what it is given to do so. */
import { ErrorCode } from '../../protocol/errors.ts';
import { InvalidRequest, type Reader } from '../../protocol/reader.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { range } from '../../protocol/schema.ts';
import type { AnyApi, Api, Fields, RangeText, Values, Draft, VersionRange } from '../../protocol/schema.ts';
import type { Writer } from '../../protocol/writer.ts';
import { isDiskError } from '../platform/disk-error.ts';
import type { Logger } from '../platform/logger.ts';
import type { BrokerParts, Parts } from './broker-parts.ts';
import type { RequestContext } from './request-context.ts';

/** Writes a response body behind the header that stands in `output`; for answers that come later. */
export type Reply = (output: Writer) => void | Streamed;

/** A response whose tail is still on the disk: what stands in the output goes first, then these ranges of files. */
export interface Streamed {
  /** How many bytes follow those in the output. */
  readonly remaining: number;
  /** Puts up to `length` of the bytes that follow at `at`; says how many. */
  fill(into: Buffer, at: number, length: number): number;
}

/** What `serve` answers for a request that has no response (Produce with acks=0). */
export const NO_REPLY = Symbol('no reply');

/**
 * A response that is encoded when what it tells is true: its records have been written, and are committed as far as its request
 * asks. Requests of one connection that came together are staged together, written together, and answered in their order.
 */
export interface StagedAnswer {
  /** Whether its response can leave once its records are written: not where there is none (acks=0), or where it has to wait. */
  readonly leavesAtOnce: boolean;
  /** Asked once, when what was appended has been written: null, or what has to come before `encode`. Never rejects. */
  settled(): Promise<unknown> | null;
  /** Writes the response body. @throws {InvalidRequest} to end the connection instead of an answer */
  encode(output: Writer): void | typeof NO_REPLY;
}

interface HandlerFacts {
  readonly api: AnyApi;
  /** The versions this broker answers; what ApiVersions tells clients. */
  readonly versions: VersionRange;
  /** What ApiVersions tells where that differs: Produce says 0 and refuses 0 to 2. null: nothing, as Kafka of telemetry. */
  readonly advertised: VersionRange | null;
  /** The response, by the API's table, when all of a request (by its table, too) fails with one code. */
  refuse(request: unknown, errorCode: number): unknown;
}

/** What `serve` answers; nothing: the response stands in the output. */
export type Served = void | typeof NO_REPLY | Streamed | Promise<Reply>;

/** A handler whose requests are answered before the next one of their connection is handled. It uses the parts `Uses`. */
export interface DirectHandler<Uses = BrokerParts> extends HandlerFacts {
  readonly joinsWrites: false;
  /**
   * Reads the request, and either writes the response body into `output` or answers a promise of a reply.
   * Views into the request die when this returns.
   */
  readonly serve: (reader: Reader, context: RequestContext, output: Writer, parts: Uses) => Served;
}

/** A handler whose requests append: those that come together share one write of each log. It uses the parts `Uses`. */
export interface StagingHandler<Uses = BrokerParts> extends HandlerFacts {
  readonly joinsWrites: true;
  /** Reads the request and appends. Views into the request, but for the records appended, die when this returns. */
  readonly stage: (reader: Reader, context: RequestContext, parts: Uses) => StagedAnswer;
}

export type Handler<Uses = BrokerParts> = DirectHandler<Uses> | StagingHandler<Uses>;

export interface HandlerTable<Req extends Fields, Res extends Fields, Uses> {
  /** Narrows the versions that are served and advertised until the behaviour exists. */
  readonly versions?: RangeText;
  /** The parts it uses are the type of `parts`: `{ groups }: Parts<'groups'>`. */
  readonly handle: (request: Values<Req>, context: RequestContext, parts: Uses) => Draft<Res> | Promise<Draft<Res>>;
  /** The answer when all of the request fails with one code. */
  readonly refuse: (request: Values<Req>, errorCode: number) => Draft<Res>;
}

/** A handler over the API's table: decoded request in, response (or a promise of it) out. */
export function handler<Req extends Fields, Res extends Fields, Uses>(
  api: Api<Req, Res>,
  table: HandlerTable<Req, Res, Uses>,
): Omit<DirectHandler<Uses & Parts<'logger'>>, 'refuse'> & Omit<HandlerTable<Req, Res, Uses>, 'versions'> {
  const versions = table.versions === undefined ? api.versions : range(table.versions);
  return {
    handle: table.handle,
    refuse: table.refuse,
    api: api,
    versions,
    advertised: versions,
    joinsWrites: false,
    serve(reader, context, output, parts) {
      const version = context.apiVersion;
      const request = requestCodec(api, version).decode(reader);
      const codec = responseCodec(api, version);
      const start = output.position;
      const refuse = (error: unknown, to: Writer, at: number): void => {
        const isDisk = isDiskError(error);
        if (isDisk) reportDisk(parts.logger, api.name, error as Error);
        else reportBug(parts.logger, context, api.name, error);
        to.position = at;
        codec.encode(
          to,
          table.refuse(request, isDisk ? ErrorCode.KAFKA_STORAGE_ERROR : ErrorCode.UNKNOWN_SERVER_ERROR),
        );
      };
      try {
        const response = table.handle(request, context, parts);
        if (!(response instanceof Promise)) return codec.encode(output, response);
        return response.then(
          (later) => (to: Writer) => {
            const at = to.position;
            try {
              codec.encode(to, later);
            } catch (error) {
              refuse(error, to, at);
            }
          },
          (error: unknown) => (to: Writer) => refuse(error, to, to.position),
        );
      } catch (error) {
        if (error instanceof InvalidRequest) throw error;
        refuse(error, output, start);
      }
    },
  };
}

/** The disk's own line says what to do (DirectoryHealth). */
function reportDisk(logger: Logger, api: string, { message }: Error): void {
  logger.warn('request-refused-by-disk', { api, error: message });
}

/** A bug costs one request an UNKNOWN_SERVER_ERROR and the log one line; the broker lives on. */
export function reportBug(logger: Logger, context: RequestContext, api: string, error: unknown): void {
  logger.error('request-failed', {
    api,
    version: context.apiVersion,
    client: context.clientId,
    from: context.session.clientHost,
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
}
