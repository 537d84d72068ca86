/** Consumer groups and waiting for what shall come about, over HTTP. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Duration } from '../testing/duration.ts';
import type { Group } from '../testing/group.ts';
import type { TestMessage } from '../testing/message.ts';
import type { WaitOptions } from '../testing/wait-options.ts';
import { messageToJson } from './message-json.ts';
import { Problem } from './problem.ts';
import { body, done, json, notFound, problems, router, timedOut } from './router.ts';
import { committed, duration, finding, group, groupState, isolation, message } from './schemas.ts';
import type { Session } from './session.ts';

const timeout = { timeout: duration.optional().openapi({ description: 'How long at most; 4 s unless given.' }) };
const responses = { ...problems, ...timedOut };

const list = createRoute({
  method: 'get',
  path: '/groups',
  tags: ['groups'],
  summary: 'All groups: state, members with what is theirs, committed offsets, lag',
  responses: { 200: json(z.array(group)), ...problems },
});

const show = createRoute({
  method: 'get',
  path: '/groups/{group}',
  tags: ['groups'],
  summary: 'One group',
  request: { params: z.object({ group: z.string().openapi({ param: { name: 'group', in: 'path' } }) }) },
  responses: { 200: json(group), ...problems, ...notFound },
});

const where = z
  .strictObject({
    key: z.string().nullable().optional(),
    value: z.string().nullable().optional(),
    valueContains: z.string().optional(),
    valueMatches: z.string().optional().openapi({ description: 'A regular expression.' }),
    partition: z.int().min(0).optional(),
    headers: z.record(z.string(), z.string()).optional().openapi({ description: 'These, and perhaps others.' }),
  })
  .openapi('MessageFilter');

const forMessages = createRoute({
  method: 'post',
  path: '/wait/messages',
  tags: ['waiters'],
  summary: 'Answers when a topic has so many messages, or so many that match',
  request: body(
    z.strictObject({
      topic: z.string(),
      count: z.int().min(1).optional().openapi({ description: '1 unless given.' }),
      where: where.optional(),
      isolation: isolation.optional(),
      ...timeout,
    }),
  ),
  responses: { 200: json(z.array(message), 'Those that match.'), ...responses },
});

const forNone = createRoute({
  method: 'post',
  path: '/wait/none',
  tags: ['waiters'],
  summary: 'Answers when no message has come to a topic for so long, and none was there',
  request: body(
    z.strictObject({
      topic: z.string(),
      where: where.optional(),
      isolation: isolation.optional(),
      within: duration.optional().openapi({ description: 'How long; 500 ms unless given.' }),
    }),
  ),
  responses: { ...done, ...problems },
});

const forGroup = createRoute({
  method: 'post',
  path: '/wait/group',
  tags: ['waiters'],
  summary: 'Answers when a group is as expected; Stable unless something is said',
  request: body(
    z.strictObject({
      group: z.string(),
      state: groupState.optional(),
      members: z.int().min(0).optional(),
      assigned: z.int().min(0).optional().openapi({ description: 'Partitions of all members together.' }),
      ...timeout,
    }),
  ),
  responses: { 200: json(group), ...responses },
});

const forCommit = createRoute({
  method: 'post',
  path: '/wait/commit',
  tags: ['waiters'],
  summary: 'Answers when a group has committed such an offset, or a later one',
  request: body(
    z.strictObject({
      group: z.string(),
      topic: z.string().optional(),
      partition: z.int().min(0).optional(),
      offset: z.int().min(0).optional(),
      ...timeout,
    }),
  ),
  responses: { 200: json(committed), ...responses },
});

const forLag = createRoute({
  method: 'post',
  path: '/wait/lag',
  tags: ['waiters'],
  summary: 'Answers when a group has no more than so many records left to read; 0 unless given',
  request: body(z.strictObject({ group: z.string(), lag: z.int().min(0).optional(), ...timeout })),
  responses: { 200: json(group), ...responses },
});

const forIdle = createRoute({
  method: 'post',
  path: '/wait/idle',
  tags: ['waiters'],
  summary: 'Answers when nothing goes on: no request but to keep in touch, no rebalance, groups have caught up',
  request: body(
    z.strictObject({
      quiet: duration.optional().openapi({ description: 'For how long; 100 ms unless given.' }),
      ...timeout,
    }),
  ),
  responses: { ...done, ...responses },
});

const explain = createRoute({
  method: 'get',
  path: '/groups/{group}/why',
  tags: ['groups'],
  summary: 'Why a group does not get what it waits for: findings, the most certain first',
  request: { params: z.object({ group: z.string().openapi({ param: { name: 'group', in: 'path' } }) }) },
  responses: { 200: json(z.array(finding)), ...problems },
});

export function groupRoutes(session: () => Session) {
  return router()
    .openapi(list, (context) => context.json(session().test.groups().map(viewOf), 200))
    .openapi(show, (context) => {
      const found = session().test.group(context.req.valid('param').group);
      if (found.state !== 'Dead') return context.json(viewOf(found), 200);
      const there = session()
        .test.groups()
        .map(({ id }) => id);
      const detail = `There is no group '${found.id}'. Groups: ${there.join(', ') || 'none yet'}.`;
      throw new Problem(404, 'no-such-thing', detail);
    })
    .openapi(explain, (context) => {
      const findings = session().test.why(context.req.valid('param').group);
      return context.json(
        findings.map(({ evidence, ...rest }) => ({ ...rest, evidence: [...evidence] })),
        200,
      );
    })
    .openapi(forMessages, async (context) => {
      const { topic, count = 1, where: filter, isolation: level, ...wait } = context.req.valid('json');
      const options = {
        ...waitOf(wait),
        ...(filter === undefined ? {} : { where: fits(filter) }),
        ...(level === undefined ? {} : { isolation: level }),
      };
      const found = await session().test.waitForMessages(topic, count, options);
      return context.json(found.map(messageToJson), 200);
    })
    .openapi(forNone, async (context) => {
      const { topic, where: filter = {}, within, isolation: level } = context.req.valid('json');
      await session().test.expectNoMessages(topic, {
        where: fits(filter),
        ...(within === undefined ? {} : { within: within as Duration }),
        ...(level === undefined ? {} : { isolation: level }),
      });
      return context.body(null, 204);
    })
    .openapi(forGroup, async (context) => {
      const { group: id, timeout: limit, ...said } = context.req.valid('json');
      const expected = Object.keys(said).length === 0 ? undefined : said;
      return context.json(
        viewOf(await session().test.waitForGroup(id, expected as object, waitOf({ timeout: limit }))),
        200,
      );
    })
    .openapi(forCommit, async (context) => {
      const { group: id, timeout: limit, ...said } = context.req.valid('json');
      return context.json(await session().test.waitForCommit(id, said as object, waitOf({ timeout: limit })), 200);
    })
    .openapi(forLag, async (context) => {
      const { group: id, lag, ...wait } = context.req.valid('json');
      return context.json(viewOf(await session().test.waitForLag(id, lag, waitOf(wait))), 200);
    })
    .openapi(forIdle, async (context) => {
      const { quiet, ...wait } = context.req.valid('json');
      await session().test.waitForIdle({ ...waitOf(wait), ...(quiet === undefined ? {} : { quiet: quiet as number }) });
      return context.body(null, 204);
    });
}

function waitOf({ timeout: limit }: { timeout?: number | string | undefined }): WaitOptions {
  return limit === undefined ? {} : { timeout: limit as number };
}

function viewOf({ members, offsets, ...rest }: Group): z.infer<typeof group> {
  return {
    ...rest,
    members: members.map((member) => ({ ...member, assignment: [...member.assignment] })),
    offsets: [...offsets],
  };
}

/** @throws {SyntaxError} for a pattern that is none */
function fits(filter: z.infer<typeof where>): (message: TestMessage) => boolean {
  const { key, value, valueContains, valueMatches, partition, headers = {} } = filter;
  const pattern = valueMatches === undefined ? undefined : new RegExp(valueMatches);
  return (found) =>
    (key === undefined || found.key === key) &&
    (value === undefined || found.value === value) &&
    (valueContains === undefined || (found.value?.includes(valueContains) ?? false)) &&
    (pattern === undefined || (found.value !== null && pattern.test(found.value))) &&
    (partition === undefined || found.partition === partition) &&
    Object.entries(headers).every(([name, text]) => found.headers[name] === text);
}
