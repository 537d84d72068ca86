/** Who may ask the page for anything, and what every answer says of what may run in it. */
import { isForeign, isLoopback, isOwnName } from '../platform/host-names.ts';

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

/** Of every answer. */
export const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** What of a request says where it comes from. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  header(name: string): string | undefined;
}

export interface Guarded {
  /** On this machine's own addresses alone. */
  readonly isLocal: boolean;
  /** Whether people sign in: then a stranger's name for the page knows nobody. */
  readonly asks: () => boolean;
  /** The names that clients are told. */
  readonly names: () => readonly string[];
}

/** Pages of other origins have no business here, under whatever name they reach it: a sentence for them, null for the page itself. */
export function refusalOf(asked: Asked, { isLocal, asks, names }: Guarded): string | null {
  const host = asked.header('host') ?? '';
  const site = asked.header('sec-fetch-site') ?? 'none';
  const isEmbedded = site !== 'same-origin' && site !== 'none' && !isVisit(asked);
  if (isForeign(asked.header('origin'), host) || isEmbedded || (isLocal && !isLoopback(host))) {
    return `Requests for '${host}' from other pages are not answered. Open the page itself.\n`;
  }
  if (isLocal || asks() || isOwnName(host, names)) return null;
  return `The page does not go by the name '${host}'. Open it by its address, or by a name that advertised.listeners has.\n`;
}

/** Somebody has followed a link to the page; nothing else of it is opened like that. */
function isVisit(asked: Asked): boolean {
  return asked.method === 'GET' && asked.path === '/' && asked.header('sec-fetch-dest') === 'document';
}
