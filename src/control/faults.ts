/** Rules by which the broker misbehaves, over HTTP. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Duration } from '../testing/duration.ts';
import type { FaultSpec, RequestFault } from '../testing/fault-spec.ts';
import { Problem } from './problem.ts';
import { body, done, json, notFound, problems, router } from './router.ts';
import { duration } from './schemas.ts';
import type { Session } from './session.ts';

const tags = ['faults'];
const apiName = z.string().openapi({ description: 'A request, named as in Kafka.', example: 'Produce' });
const pattern = z
  .union([z.string(), z.strictObject({ matches: z.string().openapi({ description: 'A regular expression.' }) })])
  .openapi({ example: 'orders' });
const yes = z.literal(true);

const effects = {
  reply: z.string().openapi({ description: 'An error of Kafka, by name.', example: 'NOT_LEADER_OR_FOLLOWER' }),
  delay: duration,
  hold: yes.openapi({ description: 'Serves the request when the rule is removed.' }),
  pause: yes.openapi({ description: 'Of Produce and Fetch: the partition stands still.' }),
  dropResponse: yes.openapi({ description: 'Serves the request and keeps the answer back.' }),
  disconnect: z.enum(['before', 'after']).openapi({ description: 'Ends the connection, before or after serving.' }),
  throttle: duration,
  corruptCrc: yes.openapi({ description: 'Damages record batches.' }),
};

const faultSpec = z
  .strictObject({
    on: z.union([apiName, z.array(apiName).min(1)]),
    topic: pattern.optional(),
    partition: z.int().min(0).optional(),
    offset: z.int().min(0).optional().openapi({ description: 'An offset that a share consumer acknowledges.' }),
    group: z.string().optional(),
    transactionalId: z.string().optional(),
    clientId: pattern.optional(),
    user: z.string().optional().openapi({ description: 'Who has signed in, or is about to.' }),
    request: z
      .record(z.string(), z.unknown())
      .optional()
      .openapi({ description: 'What it must say, as far as written here.' }),
    nth: z.int().min(1).optional().openapi({ description: 'Strikes the nth request that matches, the first being 1.' }),
    times: z.int().min(1).optional().openapi({ description: 'Strikes so many times at most.' }),
    perMember: z.boolean().optional().openapi({ description: 'Strikes each member of a group once.' }),
    broker: z.int().optional().openapi({ description: 'Node id of the broker that is asked.' }),
    probability: z.number().min(0).max(1).optional(),
    seed: z.int().optional().openapi({ description: 'Of the probability: the same requests for the same seed.' }),
    ...z.object(effects).partial().shape,
  })
  .openapi('FaultSpec', {
    description: 'Which requests, and exactly one effect: ' + Object.keys(effects).join(', ') + '.',
    example: { on: 'Produce', topic: 'orders', reply: 'NOT_LEADER_OR_FOLLOWER', times: 2 },
  });

const fault = z
  .object({
    id: z.int(),
    description: z.string(),
    effect: z.string(),
    fired: z.int().openapi({ description: 'How often it has struck.' }),
    seen: z.int().openapi({ description: 'Requests that matched, struck or not.' }),
    spec: z.record(z.string(), z.unknown()).openapi({ description: 'What it was begun with.' }),
  })
  .openapi('Fault');

const diskFault = z.object({ description: z.string(), fired: z.int() }).openapi('DiskFault');

const list = createRoute({
  method: 'get',
  path: '/faults',
  tags,
  summary: 'The rules in force, and those that never struck',
  responses: {
    200: json(
      z
        .object({
          faults: z.array(fault),
          disk: z.array(diskFault),
          handshakes: z.array(diskFault),
          unused: z.array(z.string()).openapi({ description: 'Never struck, removed ones included.' }),
        })
        .openapi('Faults'),
    ),
    ...problems,
  },
});

const add = createRoute({
  method: 'post',
  path: '/faults',
  tags,
  summary: 'Begins a rule',
  request: body(faultSpec),
  responses: { 201: json(fault, 'In force from now on.'), ...problems },
});

const idParams = z.object({
  id: z.coerce
    .number()
    .int()
    .openapi({ param: { name: 'id', in: 'path' } }),
});

const show = createRoute({
  method: 'get',
  path: '/faults/{id}',
  tags,
  summary: 'One rule, with how often it struck',
  request: { params: idParams },
  responses: { 200: json(fault), ...problems, ...notFound },
});

const remove = createRoute({
  method: 'delete',
  path: '/faults/{id}',
  tags,
  summary: 'Ends a rule; requests that it holds go on',
  request: { params: idParams },
  responses: { 200: json(fault, 'As it was at its end.'), ...problems, ...notFound },
});

const limit = createRoute({
  method: 'patch',
  path: '/faults/{id}',
  tags,
  summary: 'Says anew how often a rule strikes',
  request: {
    params: idParams,
    ...body(z.strictObject({ times: z.int().min(1).optional(), nth: z.int().min(1).optional() })),
  },
  responses: { 200: json(fault), ...problems, ...notFound },
});

const rebalance = createRoute({
  method: 'post',
  path: '/faults/rebalance',
  tags,
  summary: 'Has every member of a group join again, at its next heartbeat or commit',
  request: body(z.strictObject({ group: z.string() })),
  responses: { 201: json(fault), ...problems },
});

const clear = createRoute({
  method: 'delete',
  path: '/faults',
  tags,
  summary: 'Ends all rules, and mends the disk',
  responses: { ...done, ...problems },
});

const damage = createRoute({
  method: 'post',
  path: '/faults/disk',
  tags,
  summary: 'A disk that is full, fails or is slow; takes a broker in memory',
  request: body(
    z.union([
      z.strictObject({ full: yes }),
      z.strictObject({ fail: z.enum(['EIO', 'EROFS', 'EDQUOT', 'ENOSPC']) }),
      z.strictObject({ slow: duration }),
    ]),
  ),
  responses: { 201: json(diskFault), ...problems },
});

const mend = createRoute({
  method: 'delete',
  path: '/faults/disk',
  tags,
  summary: 'Mends the disk: all of it, or the damage so described',
  request: { query: z.object({ description: z.string().optional() }) },
  responses: { ...done, ...problems },
});

const shake = createRoute({
  method: 'post',
  path: '/faults/handshake',
  tags,
  summary: 'The next handshakes of TLS end, wait, or show a certificate that clients refuse',
  request: body(
    z.strictObject({
      effect: z.enum(['close', 'hold', 'expired', 'unknownAuthority']),
      times: z.int().min(1).optional().openapi({ description: 'Strikes so many times at most.' }),
    }),
  ),
  responses: { 201: json(diskFault), ...problems },
});

const steady = createRoute({
  method: 'delete',
  path: '/faults/handshake',
  tags,
  summary: 'Ends the rules about handshakes: all of them, or the one so described; those that are held go on',
  request: { query: z.object({ description: z.string().optional() }) },
  responses: { ...done, ...problems },
});

export function faultRoutes(session: () => Session) {
  return router()
    .openapi(list, (context) => {
      const { faults } = session().test;
      return context.json(
        {
          faults: faults.list().map(viewOf),
          disk: faults.disk.list().map(({ description, fired }) => ({ description, fired })),
          handshakes: faults.handshakes.list().map(({ description, fired }) => ({ description, fired })),
          unused: faults.unused.map(({ description }) => description),
        },
        200,
      );
    })
    .openapi(add, (context) => context.json(viewOf(begin(session(), context.req.valid('json'))), 201))
    .openapi(damage, (context) => {
      session().refuseOnDisk('Its disk cannot be damaged');
      const said = context.req.valid('json');
      const { disk } = session().test.faults;
      const made =
        'full' in said ? disk.full() : 'fail' in said ? disk.fail(said.fail) : disk.slow(said.slow as Duration);
      return context.json({ description: made.description, fired: made.fired }, 201);
    })
    .openapi(mend, (context) => {
      const { description } = context.req.valid('query');
      for (const damaged of session().test.faults.disk.list()) {
        if (description === undefined || damaged.description === description) damaged.remove();
      }
      return context.body(null, 204);
    })
    .openapi(shake, (context) => {
      const { effect, times } = context.req.valid('json');
      const next = session().test.faults.handshake(times === undefined ? {} : { times });
      const made = next[effect]();
      return context.json({ description: made.description, fired: made.fired }, 201);
    })
    .openapi(steady, (context) => {
      const { description } = context.req.valid('query');
      for (const rule of session().test.faults.handshakes.list()) {
        if (description === undefined || rule.description === description) rule.remove();
      }
      return context.body(null, 204);
    })
    .openapi(rebalance, (context) =>
      context.json(viewOf(session().test.faults.rebalance(context.req.valid('json').group)), 201),
    )
    .openapi(limit, (context) => {
      const rule = ruleOf(session(), context.req.valid('param').id);
      const { times, nth } = context.req.valid('json');
      if (times !== undefined) rule.times(times);
      if (nth !== undefined) rule.nth(nth);
      return context.json(viewOf(rule), 200);
    })
    .openapi(show, (context) => context.json(viewOf(ruleOf(session(), context.req.valid('param').id)), 200))
    .openapi(remove, (context) => {
      const rule = ruleOf(session(), context.req.valid('param').id);
      rule.remove();
      return context.json(viewOf(rule), 200);
    })
    .openapi(clear, (context) => {
      session().test.faults.clear();
      return context.body(null, 204);
    });
}

/** @throws {TypeError} for an error, a request or an effect that there is not */
function begin({ test }: Session, { on, topic, clientId, ...said }: z.infer<typeof faultSpec>): RequestFault {
  return test.faults.add({ on, ...said, ...regular('topic', topic), ...regular('clientId', clientId) } as FaultSpec);
}

function regular(name: string, said: z.infer<typeof pattern> | undefined): object {
  if (said === undefined) return {};
  return { [name]: typeof said === 'string' ? said : new RegExp(said.matches) };
}

function ruleOf({ test }: Session, id: number): RequestFault {
  const rule = test.faults.list().find((each) => each.id === id);
  if (rule !== undefined) return rule;
  const there = test.faults.list().map((each) => each.id);
  throw new Problem(404, 'no-such-thing', `There is no fault ${id} in force. In force: ${there.join(', ') || 'none'}.`);
}

function viewOf({ id, description, effect, fired, seen, spec }: RequestFault): z.infer<typeof fault> {
  return { id, description, effect, fired, seen, spec: plain(spec) };
}

/** As JSON has it. */
function plain(spec: object): Record<string, unknown> {
  const text = JSON.stringify(spec, (_, value: unknown) =>
    value instanceof RegExp ? { matches: value.source } : value,
  );
  return JSON.parse(text) as Record<string, unknown>;
}
