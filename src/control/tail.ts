/** The messages of a topic as they come, over HTTP. */
import { createRoute, z } from '@hono/zod-openapi';
import type { LocalBroker } from '../testing/local-broker.ts';
import type { TestMessage } from '../testing/message.ts';
import { TopicReader } from '../testing/topic-reader.ts';
import { messageToJson } from './message-json.ts';
import { problems, router } from './router.ts';
import { isolation, message } from './schemas.ts';
import type { Session } from './session.ts';

/** So many are read at once; the next when the client has taken them. */
const READ_AT_ONCE = 1000;

const tail = createRoute({
  method: 'get',
  path: '/topics/{topic}/tail',
  tags: ['topics'],
  summary:
    'Every Message that is in a topic and that comes, one JSON object a line (or server-sent events where those are accepted); the topic may come later, too',
  request: {
    params: z.object({ topic: z.string().openapi({ param: { name: 'topic', in: 'path' }, example: 'orders' }) }),
    query: z.object({ isolation: isolation.optional() }),
  },
  responses: {
    200: {
      description: 'Without end.',
      content: { 'application/x-ndjson': { schema: message }, 'text/event-stream': { schema: z.string() } },
    },
    ...problems,
  },
});

export function tailRoutes(session: () => Session) {
  return router().openapi(tail, (context) => {
    const { topic } = context.req.valid('param');
    const isEvents = context.req.header('accept')?.includes('text/event-stream') ?? false;
    const write = (one: TestMessage): string => {
      const text = JSON.stringify(messageToJson(one));
      return isEvents ? `data: ${text}\n\n` : `${text}\n`;
    };
    const headers = {
      'content-type': isEvents ? 'text/event-stream' : 'application/x-ndjson',
      'cache-control': 'no-store',
    };
    const { test } = session();
    const reader = new TopicReader(test.view, topic, context.req.valid('query').isolation);
    return new Response(follow(test, reader, write), { headers });
  });
}

function follow(
  test: LocalBroker,
  reader: TopicReader,
  line: (one: TestMessage) => string,
): ReadableStream<Uint8Array> {
  let ends: readonly (() => void)[] = [];
  const end = (): void => ends.forEach((each) => each());
  const write = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    if ((controller.desiredSize ?? 0) <= 0) return; // it asks again
    const lines = reader.read(READ_AT_ONCE).map(line);
    if (lines.length > 0) controller.enqueue(Buffer.from(lines.join('')));
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const stopped = (): void => {
        end();
        controller.close();
      };
      ends = [test.onActivity(() => write(controller)), test.onStopped(stopped)];
    },
    pull: write,
    cancel: end,
  });
}
