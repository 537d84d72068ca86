/**
 * Answers a client's request that a broker has forwarded (KIP-590), for the client whose principal and address stand beside it.
 * The answer leaves when that broker has read of the change, and a second later at the latest: so that the client finds it there.
 */
import { addressText } from '../../../protocol/address.ts';
import { Envelope } from '../../../protocol/apis/58-envelope.ts';
import { messageCodec } from '../../../protocol/compile.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { readRequestHeader, writeResponseHeader, type RequestHeader } from '../../../protocol/header.ts';
import { DefaultPrincipalData } from '../../../protocol/principal.ts';
import { Reader } from '../../../protocol/reader.ts';
import { includes, type RequestOf, type ResponseDraft } from '../../../protocol/schema.ts';
import { Writer } from '../../../protocol/writer.ts';
import type { ActiveController } from '../../controllers/controller-node.ts';
import { finish, isPieces } from '../../platform/pieces.ts';
import type { Principal } from '../../security/principal.ts';
import { sessionOf } from '../../security/session.ts';
import type { Authorizer } from '../../security/stages.ts';
import type { ActiveParts, ControllerParts } from './controller-parts.ts';
import { ConnectionThrottle } from '../connection-throttle.ts';
import { handler, reportBug, type TableHandler } from '../handler.ts';
import { handleAt } from './on-active-controller.ts';
import type { RequestContext } from '../request-context.ts';
import { clusterAction } from '../../security/needs.ts';

type Request = RequestOf<typeof Envelope>;
type Response = ResponseDraft<typeof Envelope>;

/** Longer a change is not held back for a broker that does not read. */
const MOST_MS = 1000;

/** A request in an envelope, as far as it is read. */
interface Enclosed {
  readonly inner: TableHandler<ActiveParts>;
  readonly header: RequestHeader;
  readonly request: never;
  readonly context: RequestContext;
}

/** For requests of these handlers. */
export function envelope(forwardable: readonly TableHandler<ActiveParts>[]): TableHandler<ControllerParts> {
  const inners = new Map(forwardable.map((inner) => [inner.api.key, inner]));
  return handler(Envelope, {
    needs: () => clusterAction,
    handle: async (request, context, parts: ControllerParts): Promise<Response> => {
      const { active } = parts.node;
      if (active === null) return failed(ErrorCode.NOT_CONTROLLER);
      const enclosed = open(request, context, inners, parts.authorizer);
      if (typeof enclosed === 'number') return failed(enclosed);
      const response = await respond(active, enclosed, parts);
      if (!active.isInOffice()) return failed(ErrorCode.NOT_CONTROLLER);
      await read(active, context);
      return { responseData: encode(enclosed, response), errorCode: ErrorCode.NONE };
    },
    refuse: (_request, errorCode) => failed(errorCode),
  });
}

function failed(errorCode: number): Response {
  return { responseData: null, errorCode };
}

/** An error code where it cannot be read, or is not one to forward. */
function open(
  { requestData, requestPrincipal, clientHostAddress }: Request,
  context: RequestContext,
  inners: ReadonlyMap<number, TableHandler<ActiveParts>>,
  authorizer: Authorizer | null,
): Enclosed | number {
  const principal = requestPrincipal === null ? null : principalOf(requestPrincipal);
  if (principal === null) return ErrorCode.PRINCIPAL_DESERIALIZATION_FAILURE;
  try {
    const reader = new Reader(Buffer.from(requestData));
    const header = readRequestHeader(reader);
    const inner = inners.get(header.apiKey);
    if (inner === undefined) return ErrorCode.INVALID_REQUEST;
    const { apiVersion, clientId } = header;
    if (!includes(inner.versions, apiVersion)) return ErrorCode.UNSUPPORTED_VERSION;
    const clientHost = addressText(clientHostAddress);
    const session = sessionOf({ ...context.session, principal, clientHost, mechanism: null, expiresAtMs: null });
    const request = inner.decode(reader, apiVersion) as never;
    const access = authorizer === null ? null : authorizer.accessOf(session);
    // The client's connection is at the broker, which throttles it as the response says: not this one, which is many clients'.
    const throttle = new ConnectionThrottle();
    return { inner, header, request, context: { ...context, session, access, apiVersion, clientId, throttle } };
  } catch {
    return ErrorCode.INVALID_REQUEST;
  }
}

function principalOf(bytes: Uint8Array): Principal | null {
  try {
    const reader = new Reader(Buffer.from(bytes));
    const version = reader.int16();
    if (!includes(DefaultPrincipalData.versions, version)) return null;
    return messageCodec(DefaultPrincipalData, version).decode(reader);
  } catch {
    return null;
  }
}

async function respond(active: ActiveController, enclosed: Enclosed, parts: ControllerParts): Promise<unknown> {
  const { inner, request, context } = enclosed;
  try {
    let made = await handleAt(active, inner, request, context, parts);
    while (isPieces(made)) made = await finish(made);
    return made;
  } catch (error) {
    reportBug(parts.logger, context, inner.api.name, error);
    return inner.refuse(request, ErrorCode.UNKNOWN_SERVER_ERROR);
  }
}

/** Brokers call themselves by their id, as Kafka's do. */
async function read({ followers, controller }: ActiveController, { clientId }: RequestContext): Promise<void> {
  const brokerId = clientId !== null && /^\d+$/.test(clientId) ? Number(clientId) : -1;
  if (!controller.image.brokers.has(brokerId)) return;
  await followers.reached(brokerId, controller.image.revision + 1, MOST_MS);
}

function encode({ inner, header }: Enclosed, response: unknown): Buffer {
  const writer = new Writer();
  writeResponseHeader(writer, inner.api, header.apiVersion, header.correlationId);
  inner.encode(writer, header.apiVersion, response, 0);
  return writer.finish();
}
