/** Who may connect and what they may do, over HTTP: users, ACLs, certificates, tokens, and who was refused. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Duration } from '../testing/duration.ts';
import type { ExpectedDenial, ExpectedThrottle } from '../testing/refusals.ts';
import type { ClientOptions, Mechanism } from '../testing/security-options.ts';
import type { WaitOptions } from '../testing/wait-options.ts';
import { Problem } from './problem.ts';
import { body, done, json, notFound, problems, router, timedOut } from './router.ts';
import { duration } from './schemas.ts';
import type { Session } from './session.ts';

const tags = ['security'];
const timeout = { timeout: duration.optional().openapi({ description: 'How long at most; 4 s unless given.' }) };
const mechanism = z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER']);
const password = z.string().min(1);

const listUsers = createRoute({
  method: 'get',
  path: '/users',
  tags,
  summary: 'The names of users',
  responses: { 200: json(z.array(z.string())), ...problems },
});

const addUser = createRoute({
  method: 'post',
  path: '/users',
  tags,
  summary: 'A user, who can sign in from now on; or another password of one',
  request: body(z.strictObject({ name: z.string().min(1), password })),
  responses: { ...done, ...problems },
});

const userParams = z.object({ name: z.string().openapi({ param: { name: 'name', in: 'path' }, example: 'alice' }) });

const removeUser = createRoute({
  method: 'delete',
  path: '/users/{name}',
  tags,
  summary: 'Takes a user away; connections that have signed in stay until they have to do so again',
  request: { params: userParams },
  responses: { ...done, ...problems, ...notFound },
});

const lines = z.array(z.string()).openapi({ example: ['read topic orders', 'deny write topic audit'] });
const ofUser = z.strictObject({ user: z.string().min(1), lines });

const listAcls = createRoute({
  method: 'get',
  path: '/acls',
  tags,
  summary: 'The ACLs, as lines by user',
  responses: { 200: json(z.record(z.string(), lines)), ...problems },
});

const addAcls = createRoute({
  method: 'post',
  path: '/acls',
  tags,
  summary: 'ACLs of a user; they count for the next request',
  request: body(ofUser),
  responses: { ...done, ...problems },
});

const removeAcls = createRoute({
  method: 'post',
  path: '/acls/remove',
  tags,
  summary: 'Takes ACLs of a user away',
  request: body(ofUser),
  responses: { ...done, ...problems },
});

const explainAcls = createRoute({
  method: 'post',
  path: '/acls/explain',
  tags,
  summary: 'Whether a user may do something, and why',
  request: body(
    z.strictObject({
      user: z.string(),
      operation: z.string(),
      topic: z.string().optional(),
      group: z.string().optional(),
      transactionalId: z.string().optional(),
      cluster: z.boolean().optional(),
      host: z.string().optional(),
    }),
  ),
  responses: { 200: json(z.object({ allowed: z.boolean(), reason: z.string() })), ...problems },
});

const pem = z.object({ certificate: z.string(), key: z.string() }).openapi('Certificate', { description: 'PEM.' });

const authority = createRoute({
  method: 'get',
  path: '/certificates',
  tags,
  summary: 'The authority that clients have to trust',
  responses: { 200: json(z.object({ authority: z.string() })), ...problems },
});

const issue = createRoute({
  method: 'post',
  path: '/certificates',
  tags,
  summary: 'A certificate of a client, and its key',
  request: body(
    z.strictObject({
      name: z.string().min(1),
      expiresIn: duration.optional().openapi({ description: 'A day unless given.' }),
      subject: z.string().optional().openapi({ description: 'CN=name unless given.' }),
    }),
  ),
  responses: { 200: json(pem), ...problems },
});

const rotate = createRoute({
  method: 'post',
  path: '/certificates/rotate',
  tags,
  summary: 'The broker shows another certificate; connections that are open stay',
  responses: { ...done, ...problems },
});

const expire = createRoute({
  method: 'post',
  path: '/certificates/expire',
  tags,
  summary: 'The broker shows one that has expired; /certificates/rotate mends that',
  responses: { ...done, ...problems },
});

const token = createRoute({
  method: 'post',
  path: '/tokens',
  tags,
  summary: 'A token for OAUTHBEARER, signed by keys that the broker knows',
  request: body(
    z.strictObject({ user: z.string().min(1), scope: z.string().optional(), expiresIn: duration.optional() }),
  ),
  responses: { 200: json(z.object({ token: z.string() })), ...problems },
});

const asUser = { query: z.object({ user: z.string().optional(), mechanism: mechanism.optional() }) };

const clientOptions = createRoute({
  method: 'get',
  path: '/client-options',
  tags,
  summary: 'How a client in JavaScript connects as this user, in the words of kafkajs',
  request: asUser,
  responses: {
    200: json(
      z.object({
        ssl: z.object({ ca: z.array(z.string()), cert: z.string().optional(), key: z.string().optional() }).optional(),
        sasl: z
          .object({ mechanism: z.string(), username: z.string().optional(), password: z.string().optional() })
          .optional()
          .openapi({ description: 'Tokens of oauthbearer come from /tokens.' }),
      }),
    ),
    ...problems,
  },
});

const properties = createRoute({
  method: 'get',
  path: '/client-properties',
  tags,
  summary: 'The same as properties of the Java client, which librdkafka’s are like',
  request: asUser,
  responses: { 200: json(z.record(z.string(), z.string())), ...problems },
});

const denial = z
  .object({
    user: z.string(),
    api: z.string(),
    operation: z.string(),
    resource: z.string(),
    name: z.string(),
    host: z.string(),
    reason: z.string(),
    allow: z.string().openapi({ description: 'The ACL that would allow it.' }),
  })
  .openapi('Denial');

const throttle = z
  .object({
    user: z.string(),
    clientId: z.string().nullable(),
    api: z.string(),
    quota: z.string().openapi({ example: 'producer_byte_rate' }),
    throttleTimeMs: z.number(),
  })
  .openapi('Throttle');

const refusals = createRoute({
  method: 'get',
  path: '/refusals',
  tags,
  summary: 'What clients were not allowed, and for what they were throttled',
  responses: { 200: json(z.object({ denials: z.array(denial), throttles: z.array(throttle) })), ...problems },
});

const word = z.string().optional();

const forDenied = createRoute({
  method: 'post',
  path: '/wait/denied',
  tags: ['waiters'],
  summary: 'Answers when a client is denied this',
  request: body(
    z.strictObject({
      user: word,
      api: word,
      operation: word,
      topic: word,
      group: word,
      transactionalId: word,
      ...timeout,
    }),
  ),
  responses: { 200: json(denial), ...problems, ...timedOut },
});

const forThrottled = createRoute({
  method: 'post',
  path: '/wait/throttled',
  tags: ['waiters'],
  summary: 'Answers when a client is throttled',
  request: body(z.strictObject({ user: word, clientId: word, api: word, quota: word, ...timeout })),
  responses: { 200: json(throttle), ...problems, ...timedOut },
});

export function securityRoutes(session: () => Session) {
  return router()
    .route('/', userRoutes(session))
    .route('/', certificateRoutes(session))
    .route('/', refusalRoutes(session));
}

function userRoutes(session: () => Session) {
  return router()
    .openapi(listUsers, (context) => context.json([...session().test.users.names], 200))
    .openapi(addUser, async (context) => {
      const { name, password: secret } = context.req.valid('json');
      await session().test.users.add(name, secret);
      return context.body(null, 204);
    })
    .openapi(removeUser, async (context) => {
      const { users } = session().test;
      const { name } = context.req.valid('param');
      if (!users.names.includes(name)) {
        const there = users.names.join(', ') || 'none';
        throw new Problem(404, 'no-such-thing', `There is no user '${name}'. Users: ${there}.`);
      }
      await users.remove(name);
      return context.body(null, 204);
    })
    .openapi(listAcls, (context) => context.json(session().test.acls.list(), 200))
    .openapi(addAcls, async (context) => {
      const { user, lines: added } = context.req.valid('json');
      await session().test.acls.add(user, ...added);
      return context.body(null, 204);
    })
    .openapi(removeAcls, async (context) => {
      const { user, lines: removed } = context.req.valid('json');
      await session().test.acls.remove(user, ...removed);
      return context.body(null, 204);
    })
    .openapi(explainAcls, (context) => {
      const { user, operation, host, ...resource } = context.req.valid('json');
      return context.json(session().test.acls.explain(user, operation, resource as object, host), 200);
    });
}

function certificateRoutes(session: () => Session) {
  return router()
    .openapi(authority, (context) => context.json({ authority: session().test.certificates.authority }, 200))
    .openapi(issue, async (context) => {
      const { name, ...options } = context.req.valid('json');
      return context.json(await session().test.certificates.issue(name, options as object), 200);
    })
    .openapi(rotate, async (context) => {
      await session().test.certificates.rotate();
      return context.body(null, 204);
    })
    .openapi(expire, async (context) => {
      await session().test.certificates.expire();
      return context.body(null, 204);
    })
    .openapi(token, (context) => {
      const { user, ...options } = context.req.valid('json');
      return context.json({ token: session().test.oauth.token(user, options as object) }, 200);
    })
    .openapi(clientOptions, (context) => {
      const { user, mechanism: wanted } = context.req.valid('query');
      return context.json(optionsOf(session().test.clientOptions(user, choice(wanted))), 200);
    })
    .openapi(properties, (context) => {
      const { user, mechanism: wanted } = context.req.valid('query');
      return context.json(session().test.properties(user, choice(wanted)), 200);
    });
}

function refusalRoutes(session: () => Session) {
  return router()
    .openapi(refusals, (context) => {
      const { denials, throttles } = session().test.refusals;
      return context.json({ denials: [...denials], throttles: [...throttles] }, 200);
    })
    .openapi(forDenied, async (context) => {
      const { timeout: limit, ...expected } = context.req.valid('json');
      return context.json(await session().test.waitForDenied(expected as ExpectedDenial, waitOf(limit)), 200);
    })
    .openapi(forThrottled, async (context) => {
      const { timeout: limit, ...expected } = context.req.valid('json');
      return context.json(await session().test.waitForThrottled(expected as ExpectedThrottle, waitOf(limit)), 200);
    });
}

function choice(wanted: Mechanism | undefined) {
  return wanted === undefined ? {} : { mechanism: wanted };
}

/** As JSON has them: a client elsewhere fetches its tokens itself. */
function optionsOf({ ssl, sasl }: ClientOptions) {
  const login = sasl === undefined || 'username' in sasl ? sasl : { mechanism: sasl.mechanism };
  return { ...(ssl === undefined ? {} : { ssl }), ...(login === undefined ? {} : { sasl: login }) };
}

function waitOf(limit: number | string | undefined): WaitOptions {
  return limit === undefined ? {} : { timeout: limit as Duration };
}
