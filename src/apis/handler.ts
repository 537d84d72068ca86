/** What a handler is: the code that answers the requests of one API key. */
import { Reader } from '../../protocol/reader.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { range } from '../../protocol/schema.ts';
import type { AnyApi, Api, Fields, RangeText, Values, Draft, VersionRange } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import type { Logger } from '../platform/logger.ts';
import type { Pieces } from '../platform/pieces.ts';
import type { BrokerParts } from './broker-parts.ts';
import { permitted, type AnyPermissions, type AnyTable, type Permissions } from './permissions.ts';
import type { RequestContext } from './request-context.ts';

/** Writes a response body behind the header that stands in `output`; for answers that come later. */
export type Reply = (output: Writer) => void | Streamed;

/** A response whose tail is still on the disk: what stands in the output goes first, then these ranges of files. */
export interface Streamed {
  /** How many bytes follow those in the output. */
  readonly remaining: number;
  /** What it keeps in memory until the client has taken it all; nothing where its bytes lie on the disk. */
  readonly heldBytes?: number;
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
  /** Whether requests that come behind it wait until it has settled: it has batches that are not appended yet. */
  readonly isParked: boolean;
  /** Asked once, when what was appended has been written: null, or what has to come before `encode`. Never rejects. */
  settled(): Promise<unknown> | null;
  /** Writes the response body. @throws {InvalidRequest} to end the connection instead of an answer */
  encode(output: Writer, throttleTimeMs: number): void | typeof NO_REPLY;
}

interface HandlerFacts {
  readonly api: AnyApi;
  /** The versions this broker serves. ApiVersions advertises them. */
  readonly versions: VersionRange;
  /** What ApiVersions advertises where that differs: Produce says 0 and refuses 0 to 2. null: it does not list the API. */
  readonly advertised: VersionRange | null;
  /** What its requests need; docs/permissions.md is made of it. */
  readonly permissions: AnyPermissions;
  /** The response, as in the API's table, to a request that fails as a whole with one error code. */
  refuse(request: unknown, errorCode: number, apiVersion?: number): unknown;
}

/** What `serve` answers; nothing: the response stands in the output. */
export type Served = void | typeof NO_REPLY | Streamed | Promise<Reply>;

/** A request of which a broker in a cluster handles one part itself, while the active controller handles the rest. */
export interface DividedRequest {
  divide(request: unknown, context: RequestContext, parts: never): Promise<DividedParts>;
}

/** The part for this broker, as decoded, and that for the controller, encoded again; null where a part is empty. */
export interface DividedParts {
  readonly here: unknown;
  readonly there: Uint8Array | null;
  /** One response of this broker's and the controller's, which is encoded, or an error code. */
  readonly join: (here: unknown, there: Buffer | number) => unknown;
}

/** Handles decoded requests of its API's table; dispatch does the rest (net/table-request.ts). It uses the parts `Uses`. */
export interface TableHandler<Uses = BrokerParts> extends HandlerFacts {
  readonly kind: 'table';
  /**
   * Whether a broker in a cluster passes these requests on to the active controller (KIP-590): they change the cluster, or ask what
   * only the controller knows.
   */
  readonly forwarded: boolean | DividedRequest;
  readonly decode: (reader: Reader, apiVersion: number) => unknown;
  readonly decodeInPieces: (reader: Reader, apiVersion: number) => Pieces<unknown>;
  /** See Handled. */
  readonly handle: (request: never, context: RequestContext, parts: Uses) => unknown;
  /** What a broker in a cluster answers by itself instead of passing the request on; null: nothing. */
  readonly atBroker: ((request: never, context: RequestContext) => unknown) | null;
  /** The same as `handle` for a request that a broker has passed on. */
  readonly handleForwarded: (request: never, context: RequestContext, parts: Uses) => unknown;
  readonly encode: (output: Writer, apiVersion: number, response: unknown, throttleTimeMs: number) => void;
  readonly encodeInPieces: (
    output: Writer,
    apiVersion: number,
    response: unknown,
    throttleTimeMs: number,
  ) => Pieces<void>;
}

/** Reads requests and writes responses by itself: Fetch, whose records stay on the disk, and ApiVersions of any version. */
export interface DirectHandler<Uses = BrokerParts> extends HandlerFacts {
  readonly kind: 'direct';
  /**
   * Reads the request, and either writes the response body into `output` or answers a promise of a reply.
   * Views into the request die when this returns.
   */
  readonly serve: (reader: Reader, context: RequestContext, output: Writer, parts: Uses) => Served;
}

/** A handler whose requests append: those that come together share one write of each log (Produce). */
export interface StagingHandler<Uses = BrokerParts> extends HandlerFacts {
  readonly kind: 'staging';
  /** Reads the request and appends. Views into the request, but for the records appended, die when this returns. */
  readonly stage: (reader: Reader, context: RequestContext, parts: Uses) => StagedAnswer;
}

export type Handler<Uses = BrokerParts> = TableHandler<Uses> | DirectHandler<Uses> | StagingHandler<Uses>;

/**
 * A response, or one that comes later; in pieces where it takes long for what a client can ask (the helpers of platform/pieces.ts):
 * a short one is there at once nevertheless.
 */
export type Handled<Response> = Begun<Response> | Promise<Response | Pieces<Response>>;
type Begun<Response> = Response | Pieces<Response | Pieces<Response> | Promise<Response | Pieces<Response>>>;

export type HandlerTable<Req extends Fields, Res extends Fields, Uses> = Handling<Req, Res, Uses> &
  Permissions<Req, Res, Uses>;

interface Handling<Req extends Fields, Res extends Fields, Uses> {
  /** Narrows the versions that are served and advertised until the behaviour exists. */
  readonly versions?: RangeText;
  /** The parts it uses are the type of `parts`: `{ groups }: Parts<'groups'>`. */
  readonly handle: (request: Values<Req>, context: RequestContext, parts: Uses) => Handled<Draft<Res>>;
  /** See TableHandler; never, unless given. */
  readonly forwarded?: true | Division<Req, Res, Uses>;
  /**
   * The answer to a client whom the broker that it is connected to refuses: only that one knows how it is connected. Null: it goes on.
   */
  readonly atBroker?: (request: Values<Req>, context: RequestContext) => Draft<Res> | null;
  /** The answer when all of the request fails with one code. */
  readonly refuse: (request: Values<Req>, errorCode: number, apiVersion?: number) => Draft<Res>;
}

/** How a request is divided between a broker and the active controller, and their responses are joined. */
export interface Division<Req extends Fields, Res extends Fields, Uses> {
  divide(request: Values<Req>, context: RequestContext, parts: Uses): Divided<Req> | Promise<Divided<Req>>;
  join(request: Values<Req>, here: Draft<Res>, there: Draft<Res>): Draft<Res>;
}

interface Divided<Req extends Fields> {
  readonly here: Values<Req> | null;
  readonly there: Values<Req> | null;
}

/** Makes the handler of an API from its table: decoded request in, response (or a promise of it) out. */
export function handler<Req extends Fields, Res extends Fields, Uses>(
  api: Api<Req, Res>,
  table: HandlerTable<Req, Res, Uses>,
): TableHandler<Uses> {
  const versions = table.versions === undefined ? api.versions : range(table.versions);
  const untyped = table as unknown as AnyTable; // what is in a request is known to its table alone
  const handle = permitted(api, untyped) as TableHandler<Uses>['handle'];
  const atBroker = (table.atBroker ?? null) as TableHandler<Uses>['atBroker'];
  return {
    kind: 'table',
    forwarded:
      typeof table.forwarded === 'object' ? divided(api, table.forwarded, table.refuse) : table.forwarded === true,
    api,
    versions,
    advertised: versions,
    decode: (reader, apiVersion) => requestCodec(api, apiVersion).decode(reader),
    decodeInPieces: (reader, apiVersion) => requestCodec(api, apiVersion).decodeInPieces(reader),
    permissions: untyped,
    handle:
      atBroker === null
        ? handle
        : (request, context, parts) => atBroker(request, context) ?? handle(request, context, parts),
    atBroker,
    handleForwarded: handle,
    encode: (output, apiVersion, response, throttleTimeMs) =>
      responseCodec(api, apiVersion).encode(output, throttled(response as Draft<Res>, throttleTimeMs)),
    encodeInPieces: (output, apiVersion, response, throttleTimeMs) =>
      responseCodec(api, apiVersion).encodeInPieces(output, throttled(response as Draft<Res>, throttleTimeMs)),
    refuse: table.refuse,
  };
}

function throttled<Response>(response: Response, throttleTimeMs: number): Response {
  if (throttleTimeMs === 0) return response;
  const { throttleTimeMs: own = 0 } = response as { readonly throttleTimeMs?: number };
  return { ...response, throttleTimeMs: Math.max(own, throttleTimeMs) };
}

function divided<Req extends Fields, Res extends Fields, Uses>(
  api: Api<Req, Res>,
  division: Division<Req, Res, Uses>,
  refuse: HandlerTable<Req, Res, never>['refuse'],
): DividedRequest {
  return {
    async divide(request, context, parts) {
      const { apiVersion } = context;
      const whole = request as Values<Req>;
      const { here, there } = await division.divide(whole, context, parts);
      if (there === null) return { here, there, join: (own) => own };
      const writer = new Writer();
      requestCodec(api, apiVersion).encode(writer, there);
      const join = (own: unknown, answer: Buffer | number): unknown => {
        const answered =
          typeof answer === 'number'
            ? refuse(there, answer)
            : responseCodec(api, apiVersion).decode(new Reader(answer));
        return division.join(whole, own as Draft<Res>, answered);
      };
      return { here, there: writer.finish(), join };
    },
  };
}

/** A bug fails one request with UNKNOWN_SERVER_ERROR, and is logged with its stack; the broker goes on. */
export function reportBug(logger: Logger, context: RequestContext, api: string, error: unknown): void {
  logger.error('request-failed', {
    api,
    version: context.apiVersion,
    client: context.clientId,
    from: context.session.clientHost,
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
}
