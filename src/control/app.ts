/** The control port's routes together, with their description at /openapi.json. */
import type { Context, Next } from 'hono';
import { advertisedHosts, isForeign, isLoopback, isOwnName } from '../platform/host-names.ts';
import { brokerRoutes } from './brokers.ts';
import { faultRoutes } from './faults.ts';
import { forkRoutes, type ServeFork } from './forks.ts';
import { groupRoutes } from './groups.ts';
import { Problem, problemOf, sendProblem } from './problem.ts';
import { queueRoutes } from './queues.ts';
import { router } from './router.ts';
import type { Session } from './session.ts';
import { securityRoutes } from './security.ts';
import { stateRoutes } from './state.ts';
import { tailRoutes } from './tail.ts';
import { topicRoutes } from './topics.ts';
import { trafficRoutes } from './traffic.ts';

export interface ControlAppOptions {
  readonly session: () => Session;
  /** Bound to this machine alone, so that nothing but it is a name for it. */
  readonly isLocal: boolean;
  readonly serveFork: ServeFork;
}

export function controlApp({ session, isLocal, serveFork }: ControlAppOptions) {
  const app = router();
  app.use('*', (context, next) => keepPagesOut(context, next, isLocal ? null : () => namesOf(session())));
  app.onError((error, context) => sendProblem(context, problemOf(error)));
  app.notFound((context) =>
    sendProblem(
      context,
      new Problem(
        404,
        'no-such-thing',
        `There is no ${context.req.method} ${context.req.path}: /openapi.json says what there is.`,
      ),
    ),
  );
  app.get('/openapi.json', (context) => context.json(descriptionOf(app)));
  return app
    .route('/', stateRoutes(session))
    .route('/', topicRoutes(session))
    .route('/', tailRoutes(session))
    .route('/', groupRoutes(session))
    .route('/', queueRoutes(session))
    .route('/', brokerRoutes(session))
    .route('/', securityRoutes(session))
    .route('/', forkRoutes(session, serveFork))
    .route('/', faultRoutes(session))
    .route('/', trafficRoutes(session));
}

/** Web pages that a browser on this machine shows have no business here, under whatever name they reach it. */
async function keepPagesOut(
  context: Context,
  next: Next,
  names: (() => readonly string[]) | null,
): Promise<Response | void> {
  const origin = context.req.header('origin');
  const host = context.req.header('host') ?? '';
  const how =
    names === null
      ? 'Ask localhost, or start with --control-host.'
      : 'Ask by an address, or by a name that advertised.listeners has.';
  if (isForeign(origin, host) || !(names === null ? isLoopback(host) : isOwnName(host, names))) {
    const detail = `Requests for '${host}'${origin === undefined ? '' : ` from ${origin}`} are not answered. ${how}`;
    return sendProblem(context, new Problem(403, 'forbidden', detail));
  }
  return next();
}

/** Hosts that clients are told of. */
function namesOf({ test }: Session): string[] {
  return advertisedHosts(test.view.parts.metadata.image.brokers.values());
}

function descriptionOf(app: ReturnType<typeof router>) {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Ottla’s control port',
      version: '1',
      description:
        'Drives a broker from tests in any language: faults, waiters, topics and messages, groups, traffic, reset, snapshots. ' +
        'Errors are RFC 9457 problems.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: 'http://localhost:24092' }],
  });
}

/** The description alone, for docs/. */
export function openApiDocument(): unknown {
  const none = (): never => {
    throw new Error('there is no broker behind a description');
  };
  const app = controlApp({ session: none, isLocal: true, serveFork: none });
  return descriptionOf(app);
}
