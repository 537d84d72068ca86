/**
 * Handles a request of an API through its table, between the header and the frame of its response:
 *
 *     decode ──▶ authorised? ──▶ handle ──▶ account, throttle ──▶ encode
 *       │           └─ refused ─────┴─ a bug, a disk error ─────────┴─ larger than MAX_RESPONSE_BYTES
 *       │                           └──▶ the same, with the error of the whole request
 *       └── malformed ──▶ connection closed
 */
import { ErrorCode } from '../../protocol/errors.ts';
import { InvalidRequest, type Reader } from '../../protocol/reader.ts';
import { MessageTooLarge, type Writer } from '../../protocol/writer.ts';
import type { Parts } from '../apis/broker-parts.ts';
import { reportBug, type Reply, type TableHandler } from '../apis/handler.ts';
import type { RequestContext } from '../apis/request-context.ts';
import { isDiskError } from '../platform/disk-error.ts';
import type { SecurityStages } from '../security/stages.ts';

/** The response stands in `output` when this returns, or comes by the promise, which never rejects. */
export function handleTableRequest<Uses extends Parts<'logger'>>(
  handler: TableHandler<Uses>,
  reader: Reader,
  context: RequestContext,
  output: Writer,
  parts: Uses,
  security: SecurityStages,
): void | Promise<Reply> {
  const request = handler.decode(reader, context.apiVersion);
  const start = output.position;
  try {
    const refused = authorize(handler, request, context, security);
    const response =
      refused === ErrorCode.NONE ? handler.handle(request as never, context, parts) : handler.refuse(request, refused);
    if (!(response instanceof Promise)) return respond(handler, response, context, output, security);
    const refuse = (error: unknown, to: Writer): void =>
      respond(handler, refusal(handler, request, error, context, parts), context, to, security);
    return response.then(
      (later: unknown) => (to: Writer) => {
        const at = to.position;
        try {
          respond(handler, later, context, to, security);
        } catch (error) {
          to.position = at;
          refuse(error, to);
        }
      },
      (error: unknown) => (to: Writer) => refuse(error, to),
    );
  } catch (error) {
    if (error instanceof InvalidRequest) throw error;
    output.position = start;
    respond(handler, refusal(handler, request, error, context, parts), context, output, security);
  }
}

function authorize(
  { api }: TableHandler<never>,
  request: unknown,
  { session }: RequestContext,
  { authorizer }: SecurityStages,
): number {
  return authorizer === null ? ErrorCode.NONE : authorizer.errorOf(session, api, request);
}

/** Accounts for the request, and encodes its response. */
function respond(
  { api, encode }: TableHandler<never>,
  response: unknown,
  { session, clientId, apiVersion }: RequestContext,
  output: Writer,
  { quotas }: SecurityStages,
): void {
  const throttleTimeMs = quotas === null ? 0 : quotas.account(session, clientId, api);
  encode(output, apiVersion, response, throttleTimeMs);
}

/**
 * What a request is answered that asks for too much, or that a bug or the disk has failed. The disk's own line says what to do
 * (DirectoryHealth).
 */
function refusal(
  handler: TableHandler<never>,
  request: unknown,
  error: unknown,
  context: RequestContext,
  { logger }: Parts<'logger'>,
): unknown {
  const { name } = handler.api;
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
