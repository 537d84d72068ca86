/** The brokers that clients see, who leads what, and their clock, over HTTP. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Duration } from '../testing/duration.ts';
import type { Coordinated } from '../testing/test-cluster.ts';
import type { TestNode } from '../testing/test-node.ts';
import type { WaitOptions } from '../testing/wait-options.ts';
import { Problem } from './problem.ts';
import { body, done, json, notFound, optionalBody, problems, router, timedOut } from './router.ts';
import { duration, replica } from './schemas.ts';
import type { Session } from './session.ts';

const tags = ['brokers'];

const node = z
  .object({ nodeId: z.int(), port: z.int(), address: z.string(), isRunning: z.boolean() })
  .openapi('Node', { description: 'One of the brokers that clients see; startBroker({ brokers: 3 }) has three.' });

const list = createRoute({
  method: 'get',
  path: '/brokers',
  tags,
  summary: 'The brokers that clients see',
  responses: { 200: json(z.array(node)), ...problems },
});

const nodeParams = z.object({
  nodeId: z.coerce
    .number()
    .int()
    .openapi({ param: { name: 'nodeId', in: 'path' } }),
});

const stop = createRoute({
  method: 'post',
  path: '/brokers/{nodeId}/stop',
  tags,
  summary: 'As if its process had died: its connections end, in-sync replicas lead what it led',
  request: {
    params: nodeParams,
    ...optionalBody(
      z.strictObject({
        controlled: z.boolean().optional().openapi({ description: 'As by SIGTERM: others lead first.' }),
      }),
    ),
  },
  responses: { 200: json(node), ...problems, ...notFound },
});

const isolate = createRoute({
  method: 'post',
  path: '/brokers/{nodeId}/isolate',
  tags,
  summary: 'Cuts a broker off from these; from all others and from the metadata of its cluster unless some are named',
  request: { params: nodeParams, ...body(z.strictObject({ from: z.array(z.int()).optional() })) },
  responses: { ...done, ...problems, ...notFound },
});

const heal = createRoute({
  method: 'post',
  path: '/brokers/{nodeId}/heal',
  tags,
  summary: 'Mends all that a broker was cut off from',
  request: { params: nodeParams },
  responses: { ...done, ...problems, ...notFound },
});

const start = createRoute({
  method: 'post',
  path: '/brokers/{nodeId}/start',
  tags,
  summary: 'Back again, on the same port',
  request: { params: nodeParams },
  responses: { 200: json(node), ...problems, ...notFound },
});

const lead = createRoute({
  method: 'post',
  path: '/leaders',
  tags,
  summary: 'Makes a broker the leader of a partition',
  request: body(z.strictObject({ topic: z.string(), partition: z.int().min(0), leader: z.int() })),
  responses: { ...done, ...problems },
});

const coordinated = z.strictObject({ group: z.string().optional(), transactionalId: z.string().optional() });

const coordinate = createRoute({
  method: 'post',
  path: '/coordinators',
  tags,
  summary: 'Moves the coordinator of a group or of a transactional id',
  request: body(coordinated.extend({ coordinator: z.int() })),
  responses: { ...done, ...problems },
});

const coordinator = createRoute({
  method: 'get',
  path: '/coordinators',
  tags,
  summary: 'The broker that coordinates a group or a transactional id; null before one has been used',
  request: { query: coordinated },
  responses: { 200: json(z.object({ coordinator: z.int().nullable() })), ...problems },
});

const place = { topic: z.string(), partition: z.int().min(0).optional() };
const timeout = { timeout: duration.optional().openapi({ description: 'How long at most; 4 s unless given.' }) };
const state = z.object({
  topic: z.string(),
  partition: z.int(),
  leader: z.int(),
  leaderEpoch: z.int(),
  highWatermark: z.int(),
  isr: z.array(z.int()),
  replicas: z.array(replica),
});

const forLeader = createRoute({
  method: 'post',
  path: '/wait/leader',
  tags: ['waiters'],
  summary: 'Answers when a partition has a leader, or this one',
  request: body(z.strictObject({ ...place, leader: z.int().optional(), ...timeout })),
  responses: { 200: json(state), ...problems, ...timedOut },
});

const forIsr = createRoute({
  method: 'post',
  path: '/wait/isr',
  tags: ['waiters'],
  summary: 'Answers when these replicas are in sync, or so many; all of them unless given',
  request: body(z.strictObject({ ...place, isr: z.union([z.int(), z.array(z.int())]).optional(), ...timeout })),
  responses: { 200: json(state), ...problems, ...timedOut },
});

const clock = z.object({ now: z.number(), isVirtual: z.boolean() }).openapi('Clock');

const time = createRoute({
  method: 'get',
  path: '/clock',
  tags,
  summary: 'The broker’s time, milliseconds since 1970',
  responses: { 200: json(clock), ...problems },
});

const advance = createRoute({
  method: 'post',
  path: '/clock/advance',
  tags,
  summary: 'Lets so much time pass: retention, compaction, sessions, expiry. Sockets, and clients, keep real time',
  request: body(z.strictObject({ duration })),
  responses: { 200: json(clock), ...problems },
});

export function brokerRoutes(session: () => Session) {
  return router()
    .openapi(list, (context) => context.json(session().test.brokers.map(viewOf), 200))
    .openapi(stop, async (context) => {
      const found = nodeOf(session(), context.req.valid('param').nodeId);
      const { controlled = false } = context.req.valid('json') ?? {};
      await found.stop({ controlled });
      return context.json(viewOf(found), 200);
    })
    .openapi(start, async (context) => {
      const found = nodeOf(session(), context.req.valid('param').nodeId);
      await found.start();
      return context.json(viewOf(found), 200);
    })
    .openapi(isolate, async (context) => {
      const { nodeId } = nodeOf(session(), context.req.valid('param').nodeId);
      await session().test.isolate(nodeId, context.req.valid('json').from);
      return context.body(null, 204);
    })
    .openapi(heal, async (context) => {
      await session().test.heal(nodeOf(session(), context.req.valid('param').nodeId).nodeId);
      return context.body(null, 204);
    })
    .openapi(forLeader, async (context) => {
      const { topic, partition = 0, leader, timeout: limit } = context.req.valid('json');
      await session().test.waitForLeader(topic, partition, leader, waitOf(limit));
      return context.json(stateOf(session(), topic, partition), 200);
    })
    .openapi(forIsr, async (context) => {
      const { topic, partition = 0, isr, timeout: limit } = context.req.valid('json');
      await session().test.waitForIsr(topic, partition, isr, waitOf(limit));
      return context.json(stateOf(session(), topic, partition), 200);
    })
    .openapi(lead, async (context) => {
      const { topic, partition, leader } = context.req.valid('json');
      await session().test.moveLeader(topic, partition, leader);
      return context.body(null, 204);
    })
    .openapi(coordinate, async (context) => {
      const { coordinator: nodeId, ...of } = context.req.valid('json');
      await session().test.moveCoordinator(coordinatedOf(of), nodeId);
      return context.body(null, 204);
    })
    .openapi(coordinator, (context) => {
      const of = coordinatedOf(context.req.valid('query'));
      return context.json({ coordinator: session().test.coordinatorOf(of) ?? null }, 200);
    })
    .openapi(time, (context) => context.json(clockOf(session()), 200))
    .openapi(advance, async (context) => {
      await session().test.clock.advance(context.req.valid('json').duration as Duration);
      return context.json(clockOf(session()), 200);
    });
}

function viewOf({ nodeId, port, address, isRunning }: TestNode): z.infer<typeof node> {
  return { nodeId, port, address, isRunning };
}

function stateOf({ test }: Session, topic: string, partition: number): z.infer<typeof state> {
  const { isr, replicas, ...rest } = test.partition(topic, partition);
  return { ...rest, isr: [...isr], replicas: [...replicas] };
}

function waitOf(limit: number | string | undefined): WaitOptions {
  return limit === undefined ? {} : { timeout: limit as number };
}

/** @throws {Problem} 404 */
function nodeOf({ test }: Session, nodeId: number): TestNode {
  const found = test.brokers.find((each) => each.nodeId === nodeId);
  if (found !== undefined) return found;
  throw new Problem(404, 'no-such-thing', `There is no broker ${nodeId}: there are ${test.brokers.length}, from 0.`);
}

/** @throws {Problem} 400 unless one of the two is said */
function coordinatedOf({ group, transactionalId }: z.infer<typeof coordinated>): Coordinated {
  if (group !== undefined && transactionalId === undefined) return { group };
  if (transactionalId !== undefined && group === undefined) return { transactionalId };
  throw new Problem(400, 'invalid-request', 'say either group or transactionalId');
}

function clockOf({ test }: Session): z.infer<typeof clock> {
  return { now: test.clock.now(), isVirtual: test.clock.isVirtual };
}
