/** The page's routes besides its files: who looks, one stream for each view, searches, changes. */
import { Hono, type Context } from 'hono';
import { QueryError } from '../insight/message-query.ts';
import { inPieces, whenDone } from '../platform/pieces.ts';
import { contentRoutes } from './content-routes.ts';
import type { PageAccess, SessionFrame } from './frames.ts';
import { ChangeRefused } from './hands.ts';
import type { LookSources } from './looks.ts';
import type { Guarded } from './origin.ts';
import { Person, reaches, type PageEnv } from './person.ts';
import { records } from './records-route.ts';
import { reportFile } from './report-file.ts';
import { atMost, guard, refuseForm } from './safety.ts';
import { inSlices } from './slice.ts';
import { ViewStream } from './stream.ts';
import { trafficText } from './traffic-view.ts';
import { cookieOf, Visitors, type Sender } from './visitors.ts';

export interface PageSources extends LookSources {
  readonly guarded: Guarded;
  readonly access: PageAccess;
}

/** Streams that may be open at once; browsers open six to one host. */
const MOST_STREAMS = 24;
/** Of a name and a password, from anybody; and of a change, which may be a message, by those who may be here. */
const MOST_SIGN_IN_BYTES = 16 << 10;
const MOST_PLACE_BYTES = 8 << 20;
const MOST_CHANGE_BYTES = 256 << 20;

export function pageRoutes(sources: PageSources): Hono<PageEnv> {
  const { clock } = sources.broker.view.parts;
  const visitors = new Visitors(sources.broker.door, () => clock.now());
  const app = new Hono<PageEnv>();
  app.use('*', (context, next) => guard(context, next, sources.guarded));
  app.use('*', async (context, next) => (context.req.method === 'POST' ? refuseForm(context) : null) ?? next());
  app.get('/session', (context) => whoLooks(context, sources, visitors));
  app.post('/sign-in', atMost(MOST_SIGN_IN_BYTES), (context) => signIn(context, visitors));
  app.post('/sign-out', (context) => {
    visitors.signOut(senderOf(context));
    return context.body(null, 204);
  });
  app.use('*', async (context, next) => {
    const visitor = await visitors.of(senderOf(context));
    if (visitor === null) return unknown(context);
    context.set('person', new Person(visitor, sources));
    return next();
  });
  app.get('/view/:view', viewRoute(sources));
  app.get('/report', (context) => report(context));
  app.get('/records', (context) => recordsOf(context, context.req.query('next')));
  app.post('/records', atMost(MOST_PLACE_BYTES), async (context) => {
    const { next } = (await jsonOf(context)) as { next?: unknown };
    if (typeof next !== 'string') throw new ChangeRefused(400, 'Say {"next": …}, as the page before told it.');
    return recordsOf(context, next);
  });
  app.get('/traffic.txt', (context) => {
    const person = context.get('person');
    const refusal = person.refusalOf('traffic');
    if (refusal !== null) return context.json({ detail: refusal, at: null }, 403);
    const text = trafficText(person.sources.broker, context.req.query('filter') ?? '');
    return context.text(text, 200, { 'content-disposition': 'attachment; filename="traffic.txt"' });
  });
  app.route('/', contentRoutes());
  app.post('/continue', (context) => goOn(context, sources));
  app.post('/change/:name', atMost(MOST_CHANGE_BYTES), (context) => change(context, sources));
  app.get('/snapshot', (context) => snapshot(context, sources));
  app.notFound((context) => context.text('There is no such page.\n', 404));
  app.onError((error, context) => {
    if (error instanceof QueryError) return context.json({ detail: error.message, at: error.at }, 400);
    const status = error instanceof ChangeRefused ? error.status : 500;
    return context.json({ detail: error.message, at: null }, status);
  });
  return app;
}

function senderOf({ req, env }: Context<PageEnv>): Sender {
  const { remoteAddress = '' } = env.incoming?.socket ?? {};
  return {
    host: remoteAddress.replace(/^::ffff:/, '').replace(/%.*$/, ''),
    cookie: req.header('cookie'),
    authorization: req.header('authorization'),
    port: /:(\d+)$/.exec(req.header('host') ?? '')?.[1] ?? '80',
  };
}

/** Programs are told how; in a browser the page itself asks. */
function unknown(context: Context<PageEnv>): Response {
  if (context.req.header('sec-fetch-site') === undefined) {
    context.header('www-authenticate', 'Basic realm="Ottla", charset="UTF-8"');
  }
  return context.json({ detail: 'Sign in first, as a user of the broker.', at: null }, 401);
}

async function whoLooks(context: Context<PageEnv>, sources: PageSources, visitors: Visitors): Promise<Response> {
  const visitor = await visitors.of(senderOf(context));
  const frame: SessionFrame = {
    access: sources.access,
    isTest: sources.broker.test !== null,
    asks: visitors.areAsked,
    user: visitor?.name ?? null,
  };
  return context.json(frame, 200);
}

async function signIn(context: Context<PageEnv>, visitors: Visitors): Promise<Response> {
  const said = await jsonOf(context);
  const { user, password } = said as { user?: unknown; password?: unknown };
  if (typeof user !== 'string' || typeof password !== 'string') {
    throw new ChangeRefused(400, 'Say {"user": …, "password": …}.');
  }
  const sender = senderOf(context);
  const secret = await visitors.signIn(user, password, sender);
  if (secret === null)
    return context.json({ detail: 'The broker does not know this user by this password.', at: null }, 401);
  context.header('set-cookie', cookieOf(sender.port, secret));
  return context.body(null, 204);
}

async function jsonOf(context: Context<PageEnv>): Promise<unknown> {
  const said: unknown = await context.req.json().catch(() => null);
  if (typeof said === 'object' && said !== null && !Array.isArray(said)) return said;
  throw new ChangeRefused(400, 'What was sent is no JSON object.');
}

function viewRoute(sources: PageSources): (context: Context<PageEnv>) => Promise<Response> {
  const streams = new Set<ViewStream>();
  return async (context) => {
    const person = context.get('person');
    const name = context.req.param('view') ?? '';
    const asked = person.looks.get(name);
    if (asked === undefined) return context.json({ detail: `There is no view '${name}'.`, at: null }, 404);
    const query = shownOf(context.req.query());
    const refusal = person.refusalOf(name);
    if (context.req.query('once') !== undefined) {
      if (refusal !== null) return context.json({ detail: refusal, at: null }, 403);
      return context.json((await inSlices(inPieces(asked(query)))).value, 200);
    }
    if (streams.size >= MOST_STREAMS) {
      const detail = `${MOST_STREAMS} pages look at this broker already: close one, and load this again.`;
      return context.json({ detail, at: null }, 503);
    }
    const unwatch = sources.rates.watch();
    const stream = new ViewStream({
      look: () => {
        if (person.visitor.isOver()) return null;
        const refused = person.refusalOf(name);
        if (refused !== null) return { refused };
        // What was refused before may be shown now: the page is told that, too.
        const told = person.permissions.areAsked ? { refused: '' } : {};
        return whenDone(inPieces(asked(query)), (frame) => ({ ...frame, ...told }));
      },
      ended: () => {
        streams.delete(stream);
        unwatch();
      },
    });
    streams.add(stream);
    return new Response(stream.body, { headers: { 'content-type': 'text/event-stream', ...headersOf(context) } });
  };
}

/** A page is shown lists page by page, whatever it asks for. */
function shownOf({ limit: _all, ...query }: Record<string, string>): Record<string, string> {
  return query;
}

/** `next`: where the page of records before has ended; one of a topic of thousands of partitions is no part of an address. */
function recordsOf(context: Context<PageEnv>, next: string | undefined): Promise<Response> {
  const { topic = '' } = context.req.query();
  const { hands, sources } = context.get('person');
  const { view } = sources.broker;
  if (view.parts.metadata.image.topicsByName.has(topic)) hands.checkReads(topic);
  return records(context, view, next);
}

function headersOf(context: Context<PageEnv>): Record<string, string> {
  return Object.fromEntries(context.res.headers.entries());
}

/** A file to keep, or to hand to somebody else; `redact` names headers, and may be repeated. */
async function report(context: Context<PageEnv>): Promise<Response> {
  const headers = context.req.queries('redact') ?? [];
  const person = context.get('person');
  const wishes = { headers, functions: [], errors: [], test: '', waiting: [] };
  const html = await reportFile(person.sources, wishes, person.visible);
  return context.body(html, 200, {
    'content-type': 'text/html; charset=utf-8',
    'content-disposition': 'attachment; filename="ottla-report.html"',
  });
}

/** The test goes on; only the page itself may say so. */
function goOn(context: Context<PageEnv>, { broker: { test } }: PageSources): Response {
  if (test === null) return context.text("This broker is no test's.\n", 404);
  context.get('person').hands.checkAltersCluster('to go on');
  test.goOn();
  return context.body(null, 204);
}

async function change(context: Context<PageEnv>, { access, broker }: PageSources): Promise<Response> {
  const name = context.req.param('name') ?? '';
  const { changes } = await import('./changes/index.ts'); // zod comes with it
  const found = changes.get(name);
  if (found === undefined) throw new ChangeRefused(404, `There is no change '${name}'.`);
  if (!reaches(access, found.access)) {
    const how = found.access === 'test' ? 'a broker that a test has started' : '--page-access write';
    throw new ChangeRefused(
      403,
      `This page only ${access === 'read' ? 'looks' : 'reads and writes'}: it takes ${how}.`,
    );
  }
  const { hands } = context.get('person');
  if (found.access === 'test') hands.checkAltersCluster('what a test does');
  const answer = await found.run(hands, await jsonOf(context));
  broker.changed();
  return context.json(answer, 200);
}

/** All that is in the broker of a test, for startBroker({ from }). */
function snapshot(context: Context<PageEnv>, { access, broker: { test } }: PageSources): Response {
  if (test === null || !reaches(access, 'test'))
    throw new ChangeRefused(403, 'Only the broker of a test gives snapshots.');
  context.get('person').hands.checkAltersCluster('a snapshot');
  return context.body(new Uint8Array(test.snapshot()), 200, {
    'content-type': 'application/octet-stream',
    'content-disposition': 'attachment; filename="ottla.snapshot"',
  });
}
