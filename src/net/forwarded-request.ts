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
import { responseCodec } from '../../protocol/compile.ts';
import { Reader } from '../../protocol/reader.ts';
import type { Parts } from '../apis/broker-parts.ts';
import { reportBug, type DividedParts, type Reply, type TableHandler } from '../apis/handler.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestContext } from '../apis/request-context.ts';
import { LARGE_REQUEST_BYTES } from '../apis/size-limits.ts';
import { runIn, type Lane } from '../platform/lane.ts';
import { finish, inPieces } from '../platform/pieces.ts';
import type { Forwarder } from './forwarder.ts';

/** Rejects for a malformed request alone (InvalidRequest). */
export async function forwardRequest<Uses extends Parts<'logger' | 'config'>>(
  handler: TableHandler<Uses>,
  reader: Reader,
  context: RequestContext,
  parts: Uses,
  forwarder: Forwarder,
  lane: Lane | null,
): Promise<Reply> {
  const { body, request } = await take(handler, reader, context, lane);
  const own = handler.atBroker?.(request as never, context) ?? null;
  if (own !== null) return (output) => handler.encode(output, context.apiVersion, own, 0);
  const timeoutMs = timeoutOf(request, parts.config['request.timeout.ms']);
  const forward = (bytes: Uint8Array) => forwarder.forward(handler.api, context, bytes, timeoutMs);
  const { forwarded } = handler;
  if (typeof forwarded === 'object') {
    const divided = await forwarded.divide(request, context, parts as never);
    if (divided.here !== null) return handleHere(handler, request, divided, context, parts, forward);
  }
  const answer = await forward(body);
  if (typeof answer !== 'number') context.throttle.add(throttleTimeIn(handler, context, answer));
  return typeof answer === 'number'
    ? (output) => handler.encode(output, context.apiVersion, handler.refuse(request, answer), 0)
    : (output) => output.bytes(answer);
}

/** A large one in pieces, from where its bytes lie until it is answered. */
function take(
  handler: TableHandler<never>,
  { buffer, position, end, elementsLeft }: Reader,
  { apiVersion, waits }: RequestContext,
  lane: Lane | null,
): Taken | Promise<Taken> {
  const own = new Reader(buffer, position, end, elementsLeft);
  const body = buffer.subarray(position, end);
  const taken = (request: unknown): Taken => ({ request, body });
  if (body.length > LARGE_REQUEST_BYTES) {
    const decoded = runIn(lane, handler.decodeInPieces(own, apiVersion), waits);
    return decoded instanceof Promise ? decoded.then(taken) : taken(decoded);
  }
  return { request: handler.decode(own, apiVersion), body: Buffer.from(body) }; // the frame's bytes are another request's soon
}

interface Taken {
  readonly request: unknown;
  readonly body: Buffer;
}

/** What the controller has told the client: its connection is here (KIP-599). */
function throttleTimeIn({ api }: TableHandler<never>, { apiVersion }: RequestContext, answer: Buffer): number {
  if (answer.length > LARGE_REQUEST_BYTES) return 0;
  const { throttleTimeMs = 0 } = responseCodec(api, apiVersion).decode(new Reader(answer)) as {
    throttleTimeMs?: number;
  };
  return throttleTimeMs;
}

/** How long a client waits for its answer, as far as its request says; request.timeout.ms at most, as in Kafka. */
function timeoutOf(request: unknown, mostMs: number): number {
  const { timeoutMs } = request as { timeoutMs?: number };
  return timeoutMs === undefined || timeoutMs < 0 ? mostMs : Math.min(timeoutMs, mostMs);
}

async function handleHere<Uses extends Parts<'logger'>>(
  handler: TableHandler<Uses>,
  request: unknown,
  { here, there, join }: DividedParts,
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
    return respond(there === null ? own : join(own, await forward(there)));
  } catch (error) {
    reportBug(parts.logger, context, handler.api.name, error);
    return respond(handler.refuse(request, ErrorCode.UNKNOWN_SERVER_ERROR));
  }
}
