/** What every request to the page has to be: from the page itself, or from somebody's own program on the right name. */
import type { Context, MiddlewareHandler, Next } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HEADERS, refusalOf, type Guarded } from './origin.ts';

export async function guard(context: Context, next: Next, guarded: Guarded): Promise<Response | void> {
  const { req } = context;
  const { method, path } = req;
  for (const [name, value] of Object.entries(HEADERS)) context.header(name, value);
  const refusal = refusalOf({ method, path, header: (name) => req.header(name) }, guarded);
  return refusal === null ? next() : context.text(refusal, 403);
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
