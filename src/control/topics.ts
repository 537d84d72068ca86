/** Topics and what is in them, over HTTP. */
import { createRoute, z } from '@hono/zod-openapi';
import { messageFromJson, messageToJson, topicFromJson } from './message-json.ts';
import { Problem } from './problem.ts';
import { body, done, json, notFound, problems, router } from './router.ts';
import { isolation, message, messageToProduce, topic, topicSpec } from './schemas.ts';
import type { Session } from './session.ts';

const tags = ['topics'];
const params = z.object({ topic: z.string().openapi({ param: { name: 'topic', in: 'path' }, example: 'orders' }) });
const oneOrMany = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.array(schema)]);

const list = createRoute({
  method: 'get',
  path: '/topics',
  tags,
  summary: 'All topics, but for the broker’s own',
  responses: { 200: json(z.array(topic)), ...problems },
});

const create = createRoute({
  method: 'post',
  path: '/topics',
  tags,
  summary: 'Creates a topic or several, with what is in them from the beginning',
  request: body(oneOrMany(topicSpec)),
  responses: { 201: json(z.array(topic)), ...problems },
});

const show = createRoute({
  method: 'get',
  path: '/topics/{topic}',
  tags,
  summary: 'One topic',
  request: { params },
  responses: { 200: json(topic), ...problems, ...notFound },
});

const remove = createRoute({
  method: 'delete',
  path: '/topics/{topic}',
  tags,
  summary: 'Deletes a topic and all that is in it',
  request: { params },
  responses: { ...done, ...problems, ...notFound },
});

const produce = createRoute({
  method: 'post',
  path: '/topics/{topic}/messages',
  tags,
  summary: 'Appends a message or several; answers them with their offsets',
  request: { params, ...body(oneOrMany(messageToProduce)) },
  responses: { 201: json(z.array(message)), ...problems },
});

const read = createRoute({
  method: 'get',
  path: '/topics/{topic}/messages',
  tags,
  summary: 'What is in a topic now, partition after partition',
  request: {
    params,
    query: z.object({
      partition: z.coerce.number().int().min(0).optional(),
      isolation: isolation.optional(),
      from: z.coerce.number().int().min(0).optional().openapi({ description: 'The first offset; 0 unless given.' }),
      limit: z.coerce.number().int().min(1).optional().openapi({ description: 'The first so many.' }),
      newest: z.coerce
        .number()
        .int()
        .min(1)
        .optional()
        .openapi({ description: 'The last so many instead, by their timestamps.' }),
    }),
  },
  responses: { 200: json(z.array(message)), ...problems, ...notFound },
});

export function topicRoutes(session: () => Session) {
  return router()
    .openapi(list, (context) =>
      context.json(
        session()
          .test.topics()
          .map((name) => viewOf(session(), name)),
        200,
      ),
    )
    .openapi(create, async (context) => {
      const specs = [context.req.valid('json')].flat().map(topicFromJson);
      for (const spec of specs) await session().test.createTopic(spec);
      return context.json(
        specs.map(({ name }) => viewOf(session(), name)),
        201,
      );
    })
    .openapi(show, (context) => context.json(viewOf(session(), context.req.valid('param').topic), 200))
    .openapi(remove, async (context) => {
      const { topic: name } = context.req.valid('param');
      viewOf(session(), name);
      await session().test.deleteTopic(name);
      return context.body(null, 204);
    })
    .openapi(produce, async (context) => {
      const messages = [context.req.valid('json')].flat().map(messageFromJson);
      const produced = await session().test.produce(context.req.valid('param').topic, messages);
      return context.json(produced.map(messageToJson), 201);
    })
    .openapi(read, (context) => {
      const { topic: name } = context.req.valid('param');
      viewOf(session(), name);
      const found = session().test.messages(name, context.req.valid('query'));
      return context.json(found.map(messageToJson), 200);
    });
}

/** @throws {Problem} 404 */
function viewOf({ test }: Session, name: string): z.infer<typeof topic> {
  const { metadata, partitions } = test.view.parts;
  const image = metadata.image.topicsByName.get(name);
  if (image === undefined) {
    const there = test.topics().join(', ') || 'none yet';
    throw new Problem(404, 'no-such-thing', `There is no topic '${name}'. Topics: ${there}. POST /topics creates one.`);
  }
  return {
    name,
    topicId: image.id,
    partitions: image.partitions.map((_, partition) => {
      const { topic: _topic, isr, replicas, ...state } = test.partition(name, partition);
      const open = partitions.get(name, partition);
      const offsets = { startOffset: open?.logStartOffset ?? 0, endOffset: open?.endOffset ?? 0 };
      return { ...state, isr: [...isr], replicas: [...replicas], ...offsets };
    }),
  };
}
