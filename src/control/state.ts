/** The broker as a whole, over HTTP: health, reset, snapshot, seed, its connections. */
import { createRoute, z } from '@hono/zod-openapi';
import { BrokerSnapshot } from '../testing/broker-snapshot.ts';
import { messageFromJson, topicFromJson } from './message-json.ts';
import { Problem } from './problem.ts';
import { body, done, json, notFound, problems, router } from './router.ts';
import { messageToProduce, ok, topicSpec } from './schemas.ts';
import type { Session } from './session.ts';

const tags = ['broker'];
const bytes = { 'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) } };

const health = createRoute({
  method: 'get',
  path: '/health',
  tags,
  summary: 'The process lives',
  responses: { 200: json(ok) },
});

const ready = createRoute({
  method: 'get',
  path: '/ready',
  tags,
  summary: 'Clients can connect',
  responses: { 200: json(ok), 503: { ...notFound[404], description: 'Not now.' } },
});

const show = createRoute({
  method: 'get',
  path: '/broker',
  tags,
  summary: 'Addresses, ids, connections',
  responses: {
    200: json(
      z
        .object({
          bootstrapServers: z.string().openapi({ description: 'As seen from the broker’s own machine.' }),
          listeners: z.array(z.object({ name: z.string(), host: z.string(), port: z.int() })).openapi({
            description: 'As told to clients.',
          }),
          clusterId: z.string(),
          nodeId: z.int(),
          nodes: z.int().openapi({ description: 'How many brokers clients see.' }),
          memory: z.boolean(),
          requests: z.int().openapi({ description: 'How many clients have sent.' }),
          connections: z.array(z.object({ clientId: z.string().nullable(), from: z.string(), listener: z.string() })),
        })
        .openapi('Broker'),
    ),
    ...problems,
  },
});

const describe = createRoute({
  method: 'get',
  path: '/describe',
  tags,
  summary: 'What is going on, for people: topics, groups, clients, the last requests and errors',
  request: { query: z.object({ topic: z.string().optional() }) },
  responses: { 200: { description: 'Text.', content: { 'text/plain': { schema: z.string() } } }, ...problems },
});

const reset = createRoute({
  method: 'post',
  path: '/reset',
  tags,
  summary: 'Back to the beginning: no topics but those it was started with, no groups, transactions, faults',
  request: {
    body: {
      content: {
        'application/json': {
          schema: z.strictObject({
            connections: z.enum(['keep', 'close']).optional().openapi({ description: 'keep unless given.' }),
            topics: z.array(topicSpec).optional().openapi({ description: 'Created afterwards.' }),
          }),
        },
      },
    },
  },
  responses: { ...done, ...problems },
});

const seed = createRoute({
  method: 'post',
  path: '/seed',
  tags,
  summary: 'Appends messages to many topics',
  request: body(
    z
      .record(z.string(), z.array(messageToProduce))
      .openapi({ example: { orders: [{ key: '1', value: { total: 9 } }] } }),
  ),
  responses: { 201: json(z.record(z.string(), z.int()), 'How many, by topic.'), ...problems },
});

const save = createRoute({
  method: 'get',
  path: '/snapshot',
  tags,
  summary: 'All that is in the broker, as a file; takes a broker in memory',
  responses: { 200: { description: 'For PUT /snapshot, and for startBroker({ from }).', content: bytes }, ...problems },
});

const load = createRoute({
  method: 'put',
  path: '/snapshot',
  tags,
  summary: 'Begins anew from such a file, on the same ports; clients connect again',
  request: { body: { content: bytes, required: true } },
  responses: { ...done, ...problems },
});

const changes = createRoute({
  method: 'get',
  path: '/changes',
  tags,
  summary: 'Answers when something may have changed since a revision, with the one it is now',
  request: {
    query: z.object({
      since: z.coerce.number().int().optional().openapi({ description: 'At once unless given.' }),
      timeout: z.coerce.number().int().min(0).max(60_000).optional().openapi({
        description: 'Milliseconds, after which it answers though nothing has; 10,000 unless given.',
      }),
    }),
  },
  responses: { 200: json(z.object({ revision: z.int() })), ...problems },
});

const html = { 200: { description: 'A file of HTML.', content: { 'text/html': { schema: z.string() } } } };
const headerNames = z.array(z.string()).openapi({ description: 'Names of headers whose values are hidden.' });

const report = createRoute({
  method: 'get',
  path: '/report',
  tags,
  summary: 'What the page shows, as one file that needs no broker and no network; 5 MB at most',
  request: {
    query: z.object({
      redact: z
        .union([z.string(), headerNames])
        .optional()
        .openapi({ description: 'The name of a header whose values are hidden; may be repeated.' }),
    }),
  },
  responses: { ...html, ...problems },
});

const reportOf = createRoute({
  method: 'post',
  path: '/report',
  tags,
  summary: 'The same, with the test that has failed in it',
  request: body(
    z.strictObject({
      redact: headerNames.optional(),
      test: z.string().optional(),
      errors: z.array(z.strictObject({ message: z.string(), stack: z.string() })).optional(),
      waiting: z.array(z.string()).optional().openapi({ description: 'What the test waits for, a sentence each.' }),
    }),
  ),
  responses: { ...html, ...problems },
});

const disconnect = createRoute({
  method: 'post',
  path: '/disconnect',
  tags,
  summary: 'Ends connections, all or those of a client id; clients may connect again',
  request: {
    body: { content: { 'application/json': { schema: z.strictObject({ clientId: z.string().optional() }) } } },
  },
  responses: { ...done, ...problems },
});

const page = createRoute({
  method: 'post',
  path: '/page',
  tags,
  summary: 'Shows the broker in a browser; answers the address of the page',
  request: {
    body: {
      content: {
        'application/json': { schema: z.strictObject({ port: z.int().optional(), host: z.string().optional() }) },
      },
    },
  },
  responses: { 200: json(z.object({ url: z.string() })), ...problems },
});

export function stateRoutes(session: () => Session) {
  const routes = router()
    .openapi(health, (context) => context.json({ status: 'ok' as const }, 200))
    .openapi(ready, (context) => {
      if (session().isReady) return context.json({ status: 'ok' as const }, 200);
      throw new Problem(503, 'not-ready', 'The broker is being started. Ask again.');
    })
    .openapi(show, (context) => context.json(viewOf(session()), 200))
    .openapi(describe, (context) => context.text(session().test.describe(context.req.valid('query').topic) + '\n', 200))
    .openapi(changes, async (context) => {
      const { since = -1, timeout = 10_000 } = context.req.valid('query');
      return context.json({ revision: await session().test.changedSince(since, timeout) }, 200);
    })
    .openapi(page, async (context) => {
      const { port, host } = context.req.valid('json');
      const place = { ...(port === undefined ? {} : { port }), ...(host === undefined ? {} : { host }) };
      const url = await session().test.openPage(place);
      return context.json({ url }, 200);
    })
    .openapi(report, async (context) => {
      const { redact = [] } = context.req.valid('query');
      const wishes = { headers: [redact].flat(), functions: [], errors: [], test: '', waiting: [] };
      return context.html(await session().test.reportHtml(wishes), 200);
    })
    .openapi(reportOf, async (context) => {
      const { redact = [], test = '', errors = [], waiting = [] } = context.req.valid('json');
      const wishes = { headers: redact, functions: [], errors, test, waiting };
      return context.html(await session().test.reportHtml(wishes), 200);
    })
    .openapi(disconnect, (context) => {
      session().test.disconnectClients(context.req.valid('json').clientId);
      return context.body(null, 204);
    });
  return routes
    .openapi(reset, async (context) => {
      const { connections = 'keep', topics = [] } = context.req.valid('json');
      const { test } = session();
      await test.reset({ connections });
      for (const topic of topics) await test.createTopic(topicFromJson(topic));
      return context.body(null, 204);
    })
    .openapi(seed, async (context) => {
      const counts: Record<string, number> = {};
      for (const [topic, messages] of Object.entries(context.req.valid('json'))) {
        counts[topic] = (await session().test.produce(topic, messages.map(messageFromJson))).length;
      }
      return context.json(counts, 201);
    })
    .openapi(save, (context) => {
      session().refuseOnDisk('A snapshot cannot be taken');
      const taken = new Uint8Array(session().test.snapshot().bytes());
      return context.body(taken, 200, { 'content-type': 'application/octet-stream' });
    })
    .openapi(load, async (context) => {
      session().refuseOnDisk('A snapshot cannot be loaded');
      await session().load(BrokerSnapshot.parse(Buffer.from(await context.req.arrayBuffer())));
      return context.body(null, 204);
    });
}

function viewOf({ test, isMemory }: Session) {
  const { view, bootstrapServers } = test;
  const { clusterId, brokers } = view.parts.metadata.image;
  const [{ nodeId }] = test.brokers;
  return {
    bootstrapServers,
    listeners: (brokers.get(nodeId)?.listeners ?? []).map(({ name, host, port }) => ({ name, host, port })),
    clusterId,
    nodeId,
    nodes: test.brokers.length,
    memory: isMemory,
    requests: test.traffic.count,
    connections: view.listeners
      .connections()
      .map(({ clientId, clientHost, listenerName }) => ({ clientId, from: clientHost, listener: listenerName })),
  };
}
