/**
 * Has the active controller answer a request of a client, where that is another process (KIP-590):
 *
 *     decode ──▶ divided? ──▶ forwarded as it came ──▶ the body of the controller's response, as it came
 *       │          │  └── there ──▶ forwarded ──┐  └── error ──▶ the error of the whole request
 *       │          └───── here ──▶ handle ──────┴──▶ joined
 *       └── malformed ──▶ connection closed
 *
 * The controller authorises the request, for the client whose principal and address stand in the envelope.
 */
import type { Reader } from '../../protocol/reader.ts';
import type { Parts } from '../apis/broker-parts.ts';
import { reportBug, type DividedRequest, type Reply, type TableHandler } from '../apis/handler.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestContext } from '../apis/request-context.ts';
import { finish, inPieces } from '../platform/pieces.ts';
import type { Forwarder } from './forwarder.ts';

/** Rejects for a malformed request alone (InvalidRequest). */
export async function forwardRequest<Uses extends Parts<'logger' | 'config'>>(
  handler: TableHandler<Uses>,
  reader: Reader,
  context: RequestContext,
  parts: Uses,
  forwarder: Forwarder,
): Promise<Reply> {
  const start = reader.position;
  const request = handler.decode(reader, context.apiVersion);
  const body = Buffer.from(reader.buffer.subarray(start, reader.end)); // the frame's bytes are another request's soon
  const timeoutMs = timeoutOf(request, parts.config['request.timeout.ms']);
  const forward = (bytes: Uint8Array) => forwarder.forward(handler.api, context, bytes, timeoutMs);
  const { forwarded } = handler;
  if (typeof forwarded === 'object') {
    const { here, there } = forwarded.divide(request, context.apiVersion);
    if (here !== null) return handleHere(handler, forwarded, { request, here, there }, context, parts, forward);
  }
  const answer = await forward(body);
  return typeof answer === 'number'
    ? (output) => handler.encode(output, context.apiVersion, handler.refuse(request, answer), 0)
    : (output) => output.bytes(answer);
}

/** How long a client waits for its answer, as far as its request says; request.timeout.ms at most, as in Kafka. */
function timeoutOf(request: unknown, mostMs: number): number {
  const { timeoutMs } = request as { timeoutMs?: number };
  return timeoutMs === undefined || timeoutMs < 0 ? mostMs : Math.min(timeoutMs, mostMs);
}

interface Divided {
  readonly request: unknown;
  readonly here: unknown;
  readonly there: Uint8Array | null;
}

async function handleHere<Uses extends Parts<'logger'>>(
  handler: TableHandler<Uses>,
  division: DividedRequest,
  { request, here, there }: Divided,
  context: RequestContext,
  parts: Uses,
  forward: (bytes: Uint8Array) => Promise<Buffer | number>,
): Promise<Reply> {
  const { apiVersion } = context;
  const respond = (response: unknown) => (output: Parameters<Reply>[0]) =>
    handler.encode(output, apiVersion, response, 0);
  try {
    const handled = await handler.handle(here as never, context, parts);
    const own = await finish(inPieces(handled));
    if (there === null) return respond(own);
    return respond(division.join(request, own, await forward(there), apiVersion));
  } catch (error) {
    reportBug(parts.logger, context, handler.api.name, error);
    return respond(handler.refuse(request, ErrorCode.UNKNOWN_SERVER_ERROR));
  }
}
