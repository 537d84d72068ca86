/** What every request to the page has to be: from the page itself, or from somebody's own program on the right name. */
import type { Context, MiddlewareHandler, Next } from 'hono';
import { bodyLimit } from 'hono/body-limit';

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

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

/** Pages of other origins have no business here, under whatever name they reach it. */
export async function guard(context: Context, next: Next, isLocal: boolean): Promise<Response | void> {
  const { req } = context;
  const host = req.header('host') ?? '';
  const origin = req.header('origin');
  const site = req.header('sec-fetch-site') ?? 'none';
  const isForeign = origin !== undefined && origin.replace(/^https?:\/\//, '') !== host;
  const isEmbedded = site !== 'same-origin' && site !== 'none' && !isVisit(context);
  if (isForeign || isEmbedded || (isLocal && !LOOPBACK.test(host))) {
    return context.text(`Requests for '${host}' from other pages are not answered. Open the page itself.\n`, 403);
  }
  context.header('content-security-policy', POLICY);
  context.header('x-content-type-options', 'nosniff');
  context.header('referrer-policy', 'no-referrer');
  context.header('cache-control', 'no-store');
  return next();
}

/** Somebody has followed a link to the page; nothing else of it is opened like that. */
function isVisit({ req }: Context): boolean {
  return req.method === 'GET' && req.path === '/' && req.header('sec-fetch-dest') === 'document';
}

/** Null for what may change something: no form can send that. */
export function refuseForm(context: Context): Response | null {
  const isJson = context.req.header('content-type')?.startsWith('application/json') ?? false;
  return isJson ? null : context.json({ detail: 'A change is asked for in JSON.', at: null }, 415);
}

/** Refuses more than so many bytes before they are read: all that is sent is held in memory. */
export function atMost(maxSize: number): MiddlewareHandler {
  const detail = `You sent more than ${maxSize} bytes, and the page takes no more here.`;
  // The rest is not read, so nothing else can come over this connection.
  return bodyLimit({ maxSize, onError: (context) => context.json({ detail, at: null }, 413, { connection: 'close' }) });
}
