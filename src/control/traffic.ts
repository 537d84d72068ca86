/** What clients asked and were told, over HTTP: as a list, and as it happens. */
import { createRoute, z } from '@hono/zod-openapi';
import type { ApiName } from '../testing/api-names.ts';
import { checkApiName } from '../testing/api-names.ts';
import type { Exchange } from '../testing/exchange.ts';
import type { RecordedExchange } from '../testing/recorded-exchange.ts';
import { passes, type Traffic, type TrafficFilter } from '../testing/traffic.ts';
import { done, json, problems, router } from './router.ts';
import type { Session } from './session.ts';

const tags = ['traffic'];

const exchange = z
  .object({
    number: z.int().openapi({ description: 'Counts the broker’s requests, from 1.' }),
    api: z.string(),
    version: z.int(),
    clientId: z.string().nullable(),
    principal: z.string().openapi({ description: 'Who sent it, as User:alice.' }),
    connection: z.int(),
    correlationId: z.int(),
    at: z.number().openapi({ description: 'When it came, milliseconds since 1970.' }),
    outcome: z.enum(['waiting', 'answered', 'silent', 'lost', 'disconnected']),
    durationMs: z.number().nullable(),
    errors: z
      .array(z.object({ error: z.string(), about: z.string() }))
      .openapi({ description: 'What the client was told.' }),
    faults: z.array(z.string()),
    line: z.string().openapi({ description: 'All of it in one line, for people.' }),
    request: z.unknown().optional().openapi({ description: 'With bodies=true; bytes are base64.' }),
    response: z.unknown().optional(),
    broker: z.int().openapi({ description: 'Node id of the broker that was asked.' }),
    requestBase64: z.string().optional().openapi({ description: 'With raw=true; as it came, behind its header.' }),
    responseBase64: z.string().nullable().optional(),
  })
  .openapi('Exchange');

const flag = z.enum(['true', 'false']).optional();

const filter = z.object({
  api: z
    .string()
    .optional()
    .openapi({ description: 'Requests named as in Kafka, several with commas.', example: 'Produce' }),
  clientId: z.string().optional(),
  topic: z.string().optional(),
  partition: z.coerce.number().int().min(0).optional(),
  group: z.string().optional(),
  transactionalId: z.string().optional(),
  failed: flag.openapi({ description: 'Only those that told the client of an error.' }),
  bodies: flag,
  raw: flag,
});

type Query = z.infer<typeof filter>;

const list = createRoute({
  method: 'get',
  path: '/traffic',
  tags,
  summary: 'The last exchanges: 10,000 at most',
  request: {
    query: filter.extend({
      limit: z.coerce.number().int().min(1).optional().openapi({ description: 'The last so many.' }),
    }),
  },
  responses: { 200: json(z.array(exchange)), ...problems },
});

const tail = createRoute({
  method: 'get',
  path: '/traffic/tail',
  tags,
  summary: 'Exchanges as they end, one JSON object a line (or server-sent events where those are accepted)',
  request: {
    query: filter.extend({
      since: z.coerce.number().int().min(0).optional().openapi({
        description: 'Begins with those behind this number, as far as they are kept; with the next one unless given.',
      }),
    }),
  },
  responses: {
    200: {
      description: 'Without end.',
      content: { 'application/x-ndjson': { schema: exchange }, 'text/event-stream': { schema: z.string() } },
    },
    ...problems,
  },
});

const clear = createRoute({
  method: 'delete',
  path: '/traffic',
  tags,
  summary: 'Forgets what there was',
  responses: { ...done, ...problems },
});

export function trafficRoutes(session: () => Session) {
  const lines = new SharedLines();
  return router()
    .openapi(list, (context) => {
      const { limit = Infinity, ...query } = context.req.valid('query');
      const found = session().traffic.filter(filterOf(query));
      return context.json(
        found.slice(-Math.min(limit, found.length)).map((one) => viewOf(one, query)),
        200,
      );
    })
    .openapi(tail, (context) => {
      const { since, ...query } = context.req.valid('query');
      const isEvents = context.req.header('accept')?.includes('text/event-stream') ?? false;
      const write = (one: Exchange): Buffer =>
        lines.of(one, `${isEvents} ${query.bodies === 'true'}`, () => {
          const text = JSON.stringify(viewOf(one, query));
          return isEvents ? `data: ${text}\n\n` : `${text}\n`;
        });
      const wanted = filterOf(query);
      [wanted.api ?? []].flat().forEach(checkApiName);
      const type = isEvents ? 'text/event-stream' : 'application/x-ndjson';
      const headers = { 'content-type': type, 'cache-control': 'no-store' };
      return new Response(follow(session().traffic, wanted, write, since), { headers });
    })
    .openapi(clear, (context) => {
      session().traffic.clear();
      return context.body(null, 204);
    });
}

/** What waits for a client that does not read, beside the line that it takes next. */
const MAX_UNREAD_BYTES = 1 << 16;
/** And so many exchanges by their numbers; it loses those between, and those that the log has forgotten meanwhile. */
const AHEAD = 10_000;

function follow(
  traffic: Traffic,
  wanted: TrafficFilter,
  write: (one: Exchange) => Buffer,
  since = traffic.count,
): ReadableStream<Uint8Array> {
  const apis = [wanted.api ?? []].flat();
  const unread: number[] = [];
  let end = (): void => {};
  const note = (one: Exchange): void => {
    if (unread.length < AHEAD && passes(one, wanted, apis)) unread.push(one.number);
  };
  const tell = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    while (unread.length > 0 && (controller.desiredSize ?? 0) > 0) {
      const one = numbered(traffic.all, unread.shift()!);
      if (one !== undefined) controller.enqueue(write(one)); // which may ask for more before it returns
    }
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        for (const one of traffic.all) if (one.number > since && one.outcome !== 'waiting') note(one);
        end = traffic.onExchange((one) => {
          note(one);
          tell(controller);
        });
      },
      pull: tell,
      cancel: () => end(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD_BYTES }),
  );
}

/** The exchange of this number, if the log has it still: it has them in their order. */
function numbered(all: readonly Exchange[], number: number): Exchange | undefined {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (all[middle].number < number) low = middle + 1;
    else high = middle;
  }
  return all[low]?.number === number ? all[low] : undefined;
}

/** The last line in each form: all streams are told of an exchange one after the other, and a line may be large. */
class SharedLines {
  #exchange: Exchange | null = null;
  readonly #lines = new Map<string, Buffer>();

  of(exchange: Exchange, form: string, write: () => string): Buffer {
    if (this.#exchange !== exchange) this.#lines.clear();
    this.#exchange = exchange;
    let line = this.#lines.get(form);
    if (line === undefined) this.#lines.set(form, (line = Buffer.from(write())));
    return line;
  }
}

function filterOf({ api, failed, clientId, topic, partition, group, transactionalId }: Query): TrafficFilter {
  const rest = { clientId, topic, partition, group, transactionalId };
  return {
    ...(api === undefined ? {} : { api: api.split(',').map((name) => name.trim()) as ApiName[] }),
    ...(failed === undefined ? {} : { failed: failed === 'true' }),
    ...Object.fromEntries(Object.entries(rest).filter(([, said]) => said !== undefined)),
  };
}

function viewOf(one: Exchange, { bodies, raw }: Query): z.infer<typeof exchange> {
  const {
    broker,
    number,
    api,
    version,
    clientId,
    principal,
    connection,
    correlationId,
    at,
    outcome,
    durationMs,
    errors,
    faults,
  } = one;
  return {
    number,
    api,
    version,
    clientId,
    principal,
    connection,
    correlationId,
    at,
    outcome,
    durationMs,
    errors: [...errors],
    faults: [...faults],
    line: String(one).trim(),
    broker,
    ...(raw === 'true' ? rawOf(one) : {}),
    ...(bodies === 'true' ? { request: plain(one.request), response: plain(one.response) } : {}),
  };
}

function rawOf(one: Exchange) {
  if (!('bytes' in one)) return {};
  const { request, response } = (one as RecordedExchange).bytes;
  return { requestBase64: request.toString('base64'), responseBase64: response?.toString('base64') ?? null };
}

/** What JSON can say: bytes as base64, int64 that may be large as text. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}
