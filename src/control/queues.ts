/** Queues of share groups and dead letters, over HTTP. */
import { createRoute, z } from '@hono/zod-openapi';
import { originalOf } from '../testing/queue-actions.ts';
import type { Queue } from '../testing/queue.ts';
import { messageToJson } from './message-json.ts';
import { body, json, problems, router, timedOut } from './router.ts';
import { deadLetter, delivered, duration, inFlightFilter, message, queue } from './schemas.ts';
import type { Session } from './session.ts';

const tags = ['queues'];
const timeout = { timeout: duration.optional().openapi({ description: 'How long at most; 4 s unless given.' }) };
const params = z.object({ group: z.string().openapi({ param: { name: 'group', in: 'path' }, example: 'mailer' }) });
const counted = json(z.object({ records: z.int() }), 'How many.');
const responses = { ...problems, ...timedOut };

const list = createRoute({
  method: 'get',
  path: '/queues',
  tags,
  summary: 'The queues of all share groups',
  responses: { 200: json(z.array(queue)), ...problems },
});

const show = createRoute({
  method: 'get',
  path: '/queues/{group}',
  tags,
  summary: 'The queue of a share group: members, offsets, records in flight and who holds them',
  request: { params },
  responses: { 200: json(queue), ...problems },
});

const accepted = createRoute({
  method: 'get',
  path: '/queues/{group}/acknowledged',
  tags,
  summary: 'The records that its members have accepted since the broker was started or reset',
  request: { params },
  responses: { 200: json(z.array(message)), ...problems },
});

const expire = createRoute({
  method: 'post',
  path: '/queues/{group}/expire-locks',
  tags,
  summary: 'Ends the locks of records in flight now, as if their time were up',
  request: { params, ...body(inFlightFilter) },
  responses: { 200: counted, ...problems },
});

const release = createRoute({
  method: 'post',
  path: '/queues/{group}/release',
  tags,
  summary: 'Takes records in flight back from their members, as if these had released them',
  request: { params, ...body(inFlightFilter) },
  responses: { 200: counted, ...problems },
});

const redrive = createRoute({
  method: 'post',
  path: '/queues/{group}/redrive',
  tags,
  summary: 'Produces the dead letters of the group in a topic again to where they came from',
  request: { params, ...body(z.strictObject({ topic: z.string() })) },
  responses: { 200: counted, ...problems },
});

const letters = createRoute({
  method: 'get',
  path: '/dead-letters/{of}',
  tags,
  summary:
    'The dead letters in a topic, or those of a share group: causes, sources, and the records where they still exist',
  request: {
    params: z.object({ of: z.string().openapi({ param: { name: 'of', in: 'path' }, example: 'dlq.orders' }) }),
  },
  responses: { 200: json(z.array(deadLetter)), ...problems },
});

const forQueue = createRoute({
  method: 'post',
  path: '/wait/queue',
  tags: ['waiters'],
  summary: 'Answers when the queue of a share group is as expected; empty unless something is said',
  request: body(
    z.strictObject({
      group: z.string(),
      backlog: z.int().min(0).optional(),
      inFlight: z.int().min(0).optional(),
      members: z.int().min(0).optional(),
      ...timeout,
    }),
  ),
  responses: { 200: json(queue), ...responses },
});

const forDelivery = createRoute({
  method: 'post',
  path: '/wait/delivery',
  tags: ['waiters'],
  summary: 'Answers when such a record has been handed out to a share group, so often or more often',
  request: body(
    z.strictObject({
      group: z.string(),
      topic: z.string().optional(),
      partition: z.int().min(0).optional(),
      offset: z.int().min(0).optional(),
      deliveries: z.int().min(1).optional().openapi({ description: '1 unless given.' }),
      ...timeout,
    }),
  ),
  responses: { 200: json(delivered), ...responses },
});

export function queueRoutes(session: () => Session) {
  const waitOf = (limit: number | string | undefined) => (limit === undefined ? {} : { timeout: limit as number });
  return router()
    .openapi(list, (context) => {
      const { test } = session();
      const groups = test.groups().filter(({ type }) => type === 'share');
      return context.json(
        groups.map(({ id }) => viewOf(test.queue(id))),
        200,
      );
    })
    .openapi(show, (context) => context.json(viewOf(session().test.queue(context.req.valid('param').group)), 200))
    .openapi(accepted, (context) => {
      const messages = session().test.acknowledgedMessages(context.req.valid('param').group);
      return context.json(messages.map(messageToJson), 200);
    })
    .openapi(expire, (context) => {
      const { group } = context.req.valid('param');
      const filter = context.req.valid('json') as object;
      return context.json({ records: session().test.queue(group).expireLocks(filter) }, 200);
    })
    .openapi(release, (context) => {
      const { group } = context.req.valid('param');
      const filter = context.req.valid('json') as object;
      return context.json({ records: session().test.queue(group).release(filter) }, 200);
    })
    .openapi(redrive, async (context) => {
      const { group } = context.req.valid('param');
      return context.json({ records: await session().test.queue(group).redrive(context.req.valid('json').topic) }, 200);
    })
    .openapi(letters, (context) => context.json(deadLettersIn(session().test, context.req.valid('param').of), 200))
    .openapi(forQueue, async (context) => {
      const { group, timeout: limit, ...expected } = context.req.valid('json');
      return context.json(viewOf(await session().test.waitForQueue(group, expected as object, waitOf(limit))), 200);
    })
    .openapi(forDelivery, async (context) => {
      const { group, timeout: limit, ...expected } = context.req.valid('json');
      return context.json(await session().test.waitForDelivery(group, expected as object, waitOf(limit)), 200);
    });
}

function viewOf({ id, state, members, partitions, backlog, inFlight, acknowledged, delivered: all }: Queue) {
  return {
    id,
    state,
    members: members.map((member) => ({ ...member, assignment: [...member.assignment] })),
    partitions: partitions.map((partition) => ({ ...partition, inFlight: [...partition.inFlight] })),
    backlog,
    inFlight,
    acknowledged: [...acknowledged],
    delivered: [...all],
  };
}

function deadLettersIn(test: Session['test'], of: string): z.infer<typeof deadLetter>[] {
  return test.deadLetters(of).flatMap((letter) => {
    const facts = originalOf(test, letter);
    if (facts === null) return [];
    const original = facts.original === null ? null : messageToJson(facts.original);
    return [{ ...messageToJson(letter), ...facts, source: { ...facts.source }, original }];
  });
}
