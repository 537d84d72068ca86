/** What every request to the page has to be: from the page itself, or from somebody's own program on the right name. */
import type { Context, MiddlewareHandler, Next } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { isOwnName } from '../platform/host-names.ts';
import { foreignRefusal, HEADERS } from './origin.ts';

export interface Guarded {
  /** On this machine's own addresses alone. */
  readonly isLocal: boolean;
  /** Whether people sign in: then a stranger's name for the page knows nobody. */
  readonly asks: boolean;
  /** The names that clients are told. */
  readonly names: () => readonly string[];
}

export async function guard(context: Context, next: Next, { isLocal, asks, names }: Guarded): Promise<Response | void> {
  const { req } = context;
  const { method, path } = req;
  for (const [name, value] of Object.entries(HEADERS)) context.header(name, value);
  const refusal = foreignRefusal({ method, path, header: (name) => req.header(name) }, isLocal);
  if (refusal !== null) return context.text(refusal, 403);
  const host = req.header('host') ?? '';
  if (!isLocal && !asks && !isOwnName(host, names)) {
    const how = 'Open it by its address, or by a name that advertised.listeners has.';
    return context.text(`The page does not go by the name '${host}'. ${how}\n`, 403);
  }
  return next();
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
