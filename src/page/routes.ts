/** The page's routes: its files, one stream for each view, searches, and the safety that all of them share. */
import { Hono, type Context, type Next } from 'hono';
import { QueryError, parseMessageQuery, type MessageMatch } from '../insight/message-query.ts';
import { offsetForTimestamp } from '../partitions/offset-lookup.ts';
import { committedOffsets } from '../testing/group-view.ts';
import type { Partition } from '../testing/visible-batches.ts';
import { pageFile } from './assets.ts';
import { clientsFrame, settingsFrame, storageFrame, transactionsFrame, type SettingsLayers } from './broker-views.ts';
import type { RecordsFrame } from './frames.ts';
import { groupFrame, groupSummaries } from './groups-view.ts';
import type { Journal } from './journal.ts';
import { overview } from './overview.ts';
import type { PageBroker, PageTest } from './page-broker.ts';
import type { Rates } from './rates.ts';
import { searchRecords } from './record-search.ts';
import { ViewStream } from './stream.ts';
import { testFrame, trafficFrame } from './test-views.ts';
import { topicFrame, topicsFrame, type TopicsAsked } from './topics-view.ts';

export interface PageSources {
  readonly broker: PageBroker;
  readonly rates: Rates;
  readonly journal: Journal;
  readonly layers: () => SettingsLayers | null;
  /** A host of this machine alone: nothing but its names reaches it. */
  readonly isLocal: boolean;
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;
/** Streams that may be open at once; browsers open six to one host. */
const MOST_STREAMS = 24;
const PAGE_OF_RECORDS = 100;
const PAGE_OF_TOPICS = 100;
const JOURNAL_ENTRIES = 500;

/** No code but the page's own file, no content from anywhere else, and in nobody's frame. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

export function pageRoutes(sources: PageSources): Hono {
  const app = new Hono();
  app.use('*', (context, next) => guard(context, next, sources.isLocal));
  app.get('/', (context) => file(context, 'index.html'));
  app.get('/page/:name', (context) => file(context, context.req.param('name')));
  app.get('/view/:view', viewRoute(sources));
  app.get('/records', (context) => records(context, sources));
  app.post('/continue', (context) => goOn(context, sources));
  app.notFound((context) => context.text('There is no such page.\n', 404));
  app.onError((error, context) => {
    if (error instanceof QueryError) return context.json({ detail: error.message, at: error.at }, 400);
    return context.json({ detail: error.message, at: null }, 500);
  });
  return app;
}

/** Pages of other origins have no business here, under whatever name they reach it. */
async function guard(context: Context, next: Next, isLocal: boolean): Promise<Response | void> {
  const { req } = context;
  const host = req.header('host') ?? '';
  const origin = req.header('origin');
  const site = req.header('sec-fetch-site') ?? 'none';
  const isForeign = origin !== undefined && origin.replace(/^https?:\/\//, '') !== host;
  const isEmbedded = site !== 'same-origin' && site !== 'none' && req.header('sec-fetch-dest') !== 'document';
  if (isForeign || isEmbedded || (isLocal && !LOOPBACK.test(host))) {
    return context.text(`Requests for '${host}' from other pages are not answered. Open the page itself.\n`, 403);
  }
  context.header('content-security-policy', POLICY);
  context.header('x-content-type-options', 'nosniff');
  context.header('referrer-policy', 'no-referrer');
  context.header('cache-control', 'no-store');
  return next();
}

async function file(context: Context, name: string): Promise<Response> {
  const found = await pageFile(name);
  if (found === null) return context.text('There is no such file.\n', 404);
  return context.body(new Uint8Array(found.bytes), 200, { 'content-type': found.type });
}

function viewRoute(sources: PageSources): (context: Context) => Response {
  const streams = new Set<ViewStream>();
  return (context) => {
    const look = lookOf(context, sources);
    if (look === null)
      return context.json({ detail: `There is no view '${context.req.param('view')}'.`, at: null }, 404);
    if (context.req.query('once') !== undefined) return context.json(look(), 200);
    if (streams.size >= MOST_STREAMS) {
      const detail = `${MOST_STREAMS} pages look at this broker already: close one, and load this again.`;
      return context.json({ detail, at: null }, 503);
    }
    const unwatch = sources.rates.watch();
    const stream = new ViewStream({
      look: look as () => Readonly<Record<string, unknown>>,
      ended: () => {
        streams.delete(stream);
        unwatch();
      },
    });
    streams.add(stream);
    return new Response(stream.body, { headers: { 'content-type': 'text/event-stream', ...headersOf(context) } });
  };
}

function headersOf(context: Context): Record<string, string> {
  return Object.fromEntries(context.res.headers.entries());
}

type Look = () => object;

/** What a view shows; each is asked again with every frame. Null for a view that there is not. */
function lookOf(context: Context, sources: PageSources): Look | null {
  const { broker, rates, journal, layers } = sources;
  const { view } = broker;
  const name = context.req.query('name') ?? '';
  const views: Readonly<Record<string, Look>> = {
    overview: () => overview(broker, rates, journal),
    topics: () => topicsFrame(view, rates, topicsAsked(context)),
    topic: () => ({ topic: topicFrame(view, name) }),
    groups: () => ({ rows: groupSummaries(view) }),
    group: () => groupFrame(broker, name),
    clients: () => clientsFrame(view),
    transactions: () => transactionsFrame(view),
    storage: () => storageFrame(view),
    settings: () => settingsFrame(view, layers()),
    journal: () => ({ sinceMs: journal.sinceMs, entries: journal.newest(JOURNAL_ENTRIES) }),
    ...(broker.test === null ? {} : testViews(context, broker, broker.test)),
  };
  return views[context.req.param('view') ?? ''] ?? null;
}

function testViews(context: Context, broker: PageBroker, test: PageTest): Readonly<Record<string, Look>> {
  const { filter = '', failed } = context.req.query();
  return {
    traffic: () => trafficFrame(broker, { filter, failed: failed !== undefined }),
    test: () => testFrame(broker, test),
  };
}

/** The test goes on; only the page itself may say so. */
function goOn(context: Context, { broker: { test } }: PageSources): Response {
  if (test === null) return context.text("This broker is no test's.\n", 404);
  const isJson = context.req.header('content-type')?.startsWith('application/json') ?? false;
  if (!isJson) return context.text('A change is asked for in JSON.\n', 415);
  test.goOn();
  return context.body(null, 204);
}

const SORTS = new Set(['name', 'partitions', 'records', 'bytes', 'rate']);

function topicsAsked(context: Context): TopicsAsked {
  const { filter = '', sort = 'name', from = '0', internal } = context.req.query();
  return {
    filter,
    sort: (SORTS.has(sort) ? sort : 'name') as TopicsAsked['sort'],
    from: Math.max(0, Math.trunc(Number(from)) || 0),
    limit: PAGE_OF_TOPICS,
    internal: internal !== undefined,
  };
}

/** One page of a topic's records; a search that takes long tells how far it came, and is asked again from there. */
async function records(context: Context, { broker: { view } }: PageSources): Promise<Response> {
  const { topic = '', search = '', partition, next } = context.req.query();
  const found = view.parts.partitions.topicByName(topic);
  if (found === undefined) return context.json({ detail: `There is no topic '${topic}'.`, at: null }, 404);
  const all = found.partitions.filter((one) => one !== undefined);
  const partitions = partition === undefined ? all : all.filter(({ index }) => String(index) === partition);
  const match: MessageMatch | null = search.trim() === '' ? null : parseMessageQuery(search);
  const begin = next === undefined ? beginningOf(context, view, partitions) : parsePlace(next);
  if (begin === null) return context.json({ detail: 'The place to go on from cannot be understood.', at: null }, 400);
  const result = await searchRecords({
    ...begin,
    partitions,
    match,
    limit: PAGE_OF_RECORDS,
    isCancelled: () => context.req.raw.signal.aborted,
  });
  const frame: RecordsFrame = {
    topic,
    rows: result.rows,
    next: result.positions === null ? null : placeText(begin.direction, result.positions),
    searched: result.searched,
  };
  return context.json(frame, 200);
}

interface Place {
  readonly direction: 'newest' | 'onwards';
  readonly positions: ReadonlyMap<number, number>;
}

/** `offset=N`, `time=MS` and `unread=GROUP` begin there and go on; else the newest come first. */
function beginningOf(context: Context, view: PageBroker['view'], partitions: readonly Partition[]): Place | null {
  const { offset, time, unread } = context.req.query();
  const from = (of: (partition: Partition) => number): Place => ({
    direction: 'onwards',
    positions: new Map(partitions.map((partition) => [partition.index, of(partition)])),
  });
  if (unread !== undefined) {
    const { topic = '' } = context.req.query();
    const committed = new Map(
      committedOffsets(view, unread)
        .filter((place) => place.topic === topic)
        .map((place) => [place.partition, place.offset]),
    );
    return from(({ index, logStartOffset }) => committed.get(index) ?? logStartOffset);
  }
  if (offset === undefined && time === undefined) return { direction: 'newest', positions: new Map() };
  const wanted = Number(offset ?? time);
  if (!Number.isSafeInteger(wanted) || wanted < 0) return null;
  return offset === undefined
    ? from((partition) => offsetForTimestamp(partition, wanted)?.offset ?? partition.endOffset)
    : from(() => wanted);
}

function placeText(direction: Place['direction'], positions: ReadonlyMap<number, number>): string {
  return `${direction}:${Array.from(positions, ([index, offset]) => `${index}-${offset}`).join('.')}`;
}

function parsePlace(text: string): Place | null {
  const found = /^(newest|onwards):((?:\d{1,9}-\d{1,15}(?:\.|$))*)$/.exec(text);
  if (found === null) return null;
  const positions = found[2]
    .split('.')
    .filter((part) => part !== '')
    .map((part) => part.split('-').map(Number) as [number, number]);
  return { direction: found[1] as Place['direction'], positions: new Map(positions) };
}
