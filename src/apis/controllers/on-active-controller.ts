/**
 * Has a handler's requests handled where this process is the active controller, and refused where it is not:
 *
 *     active? ──no──▶ NOT_CONTROLLER                    ┌─ deposed meanwhile ──▶ NOT_CONTROLLER: asked again elsewhere
 *       └─yes──▶ handle ──▶ answered, when its change is in etcd
 *                   │                                   ├─ etcd has said no ──▶ its words, and what to do
 *                   └───────────────────────────────────┴─ no answer in the time that the client has ──▶ REQUEST_TIMED_OUT
 */
import { ErrorCode } from '../../../protocol/errors.ts';
import { ChangeRefusedError, NotControllerError } from '../../cluster/controller-errors.ts';
import type { ActiveController } from '../../controllers/controller-node.ts';
import type { Clock } from '../../platform/clock.ts';
import { isPieces, type Pieces } from '../../platform/pieces.ts';
import type { ActiveParts, ControllerParts } from './controller-parts.ts';
import type { TableHandler } from '../handler.ts';
import type { RequestContext } from '../request-context.ts';

const LATE =
  'The active controller has had no answer of etcd in time; whether the change comes true is not known. Ask again when etcd answers.';

/** `inner` as a handler of the controller's process. */
export function onActive(inner: TableHandler<ActiveParts>): TableHandler<ControllerParts> {
  const handle: TableHandler<ControllerParts>['handle'] = (request: never, context, parts) => {
    const { active } = parts.node;
    const own = inner.atBroker?.(request, context) ?? null;
    if (own !== null) return own;
    return active === null
      ? inner.refuse(request, ErrorCode.NOT_CONTROLLER)
      : handleAt(active, inner, request, context, parts);
  };
  return { ...inner, forwarded: false, handle, handleForwarded: handle };
}

/** What `inner` makes of a request: as it does, but that only a bug is thrown. */
export function handleAt(
  active: ActiveController,
  inner: TableHandler<ActiveParts>,
  request: never,
  context: RequestContext,
  parts: ControllerParts,
): unknown {
  const refuse = (error: unknown): unknown => {
    if (error instanceof ChangeRefusedError) {
      parts.logger.warn('change-refused', { api: inner.api.name, client: context.clientId, error: error.message });
    }
    return refusal(active, inner, request, error);
  };
  const timeoutMs = timeoutOf(request, parts.config['request.timeout.ms']);
  const guarded = (made: unknown): unknown => {
    if (isPieces(made)) return guardedPieces(made);
    return made instanceof Promise ? within(timeoutMs, parts.clock, made).then(guarded).catch(refuse) : made;
  };
  const guardedPieces = function* (pieces: Pieces<unknown>): Pieces<unknown> {
    try {
      return guarded(yield* pieces);
    } catch (error) {
      return refuse(error);
    }
  };
  try {
    return guarded(inner.handleForwarded(request, context, activeParts(parts, active)));
  } catch (error) {
    return refuse(error);
  }
}

function activeParts(parts: ControllerParts, active: ActiveController): ActiveParts {
  const { nodeId, clock, random, logger, node, authorizer, quotas, delegationTokens } = parts;
  const { controller } = active;
  return {
    nodeId,
    clock,
    random,
    logger,
    node,
    authorizer,
    quotas,
    delegationTokens,
    active,
    controller,
    metadata: controller,
    get config() {
      return parts.config;
    },
    get layers() {
      return parts.layers;
    },
  };
}

class LateError extends Error {}

function within(timeoutMs: number, clock: Clock, response: Promise<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(timeoutMs, () => reject(new LateError(LATE)));
    response.then(resolve, reject).finally(() => timer.cancel());
  });
}

/** How long the client waits, as far as its request says. */
function timeoutOf(request: unknown, mostMs: number): number {
  const { timeoutMs } = request as { readonly timeoutMs?: number };
  return timeoutMs === undefined || timeoutMs < 0 ? mostMs : Math.min(timeoutMs, mostMs);
}

function refusal(active: ActiveController, inner: TableHandler<ActiveParts>, request: never, error: unknown): unknown {
  if (error instanceof ChangeRefusedError) return refuse(inner, request, ErrorCode.UNKNOWN_SERVER_ERROR, error.message);
  if (error instanceof LateError) return refuse(inner, request, ErrorCode.REQUEST_TIMED_OUT, error.message);
  if (error instanceof NotControllerError || !active.isInOffice())
    return inner.refuse(request, ErrorCode.NOT_CONTROLLER);
  throw error;
}

/** The whole request refused, with a sentence in the place of the code's own. */
function refuse(inner: TableHandler<ActiveParts>, request: never, errorCode: number, message: string): unknown {
  const response = inner.refuse(request, errorCode);
  return withMessage(response, errorCode, message);
}

function withMessage(value: unknown, errorCode: number, message: string): unknown {
  if (Array.isArray(value)) return value.map((each) => withMessage(each, errorCode, message));
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  const fields = Object.entries(value).map(([name, each]) => [name, withMessage(each, errorCode, message)]);
  const copy = Object.fromEntries(fields) as Record<string, unknown>;
  if (copy.errorCode === errorCode && 'errorMessage' in copy) copy.errorMessage = message;
  return copy;
}
