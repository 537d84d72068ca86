/** Brokers that begin where another stands, and what is left behind when one ends, over HTTP. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Duration } from '../testing/duration.ts';
import type { LocalBroker } from '../testing/local-broker.ts';
import type { ForkOptions } from '../testing/test-broker.ts';
import { topicFromJson } from './message-json.ts';
import { Problem } from './problem.ts';
import { json, problems, router } from './router.ts';
import { duration, topicSpec } from './schemas.ts';
import type { Session } from './session.ts';

const tags = ['forks'];

/** Opens a control port for a fork; answers its URL. */
export type ServeFork = (test: LocalBroker, controlPort: number) => Promise<string>;

const forkOptions = z
  .strictObject({
    port: z.int().min(0).max(65_535).optional().openapi({ description: 'For clients; any free one unless given.' }),
    controlPort: z.int().min(0).max(65_535).optional().openapi({ description: 'Any free one unless given.' }),
    topics: z.array(z.union([z.string(), topicSpec])).optional(),
    settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    groups: z
      .record(z.string(), z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])))
      .optional()
      .openapi({ description: 'Configurations of groups, by their ids.' }),
    maxFetchWait: duration.optional(),
    clock: z.enum(['real', 'virtual']).optional().openapi({ description: 'That of its original unless given.' }),
    now: z.number().optional().openapi({ description: 'When a virtual clock begins, milliseconds since 1970.' }),
  })
  .openapi('ForkOptions');

const fork = createRoute({
  method: 'post',
  path: '/fork',
  tags,
  summary: 'Another broker with the same topics, records and offsets, on ports of its own; takes a broker in memory',
  request: { body: { content: { 'application/json': { schema: forkOptions } } } },
  responses: {
    201: json(
      z
        .object({ url: z.string().openapi({ description: 'Its control port.' }), bootstrapServers: z.string() })
        .openapi('Fork'),
    ),
    ...problems,
  },
});

const report = z
  .object({
    leaks: z.array(z.string()),
    unusedFaults: z.array(z.string()),
    forgottenWaits: z.array(z.string()),
  })
  .openapi('Leftovers', { description: 'What a test left behind, a sentence each.' });

const leftovers = createRoute({
  method: 'get',
  path: '/leftovers',
  tags,
  summary: 'Clients that are still connected, members that never left, open transactions, faults that never struck',
  responses: { 200: json(report), ...problems },
});

const stop = createRoute({
  method: 'post',
  path: '/stop',
  tags,
  summary: 'Ends a fork and its control port; answers what was left behind. Others end with their process',
  responses: { 200: json(report), ...problems },
});

export function forkRoutes(session: () => Session, serveFork: ServeFork) {
  return router()
    .openapi(fork, async (context) => {
      session().refuseOnDisk('It cannot be forked');
      const { controlPort = 0, topics, settings, maxFetchWait, ...said } = context.req.valid('json');
      const options: ForkOptions = {
        leftovers: 'ignore',
        ...said,
        ...(settings === undefined ? {} : { settings }),
        ...(maxFetchWait === undefined ? {} : { maxFetchWait: maxFetchWait as Duration }),
        ...(topics === undefined
          ? {}
          : { topics: topics.map((topic) => (typeof topic === 'string' ? topic : topicFromJson(topic))) }),
      };
      const forked = await session().test.fork(options);
      const url = await serveFork(forked as LocalBroker, controlPort);
      return context.json({ url, bootstrapServers: forked.bootstrapServers }, 201);
    })
    .openapi(leftovers, (context) => context.json(copied(session().test.leftovers()), 200))
    .openapi(stop, async (context) => {
      const { test, mayStop } = session();
      if (!mayStop) {
        throw new Problem(409, 'refused', 'This broker is no fork: it ends with the process that has started it.');
      }
      return context.json(copied(await test.stop()), 200);
    });
}

function copied(said: ReturnType<LocalBroker['leftovers']>): z.infer<typeof report> {
  return {
    leaks: [...said.leaks],
    unusedFaults: [...said.unusedFaults],
    forgottenWaits: [...said.forgottenWaits],
  };
}
