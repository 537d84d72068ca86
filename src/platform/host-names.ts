/** Names under which an HTTP server answers, and what requests say of where they come from. */
import { hostname } from 'node:os';

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.%]+\])$/i;

/** Whether a Host header names a server that this machine alone reaches. */
export function isLoopback(header: string): boolean {
  return LOOPBACK.test(header);
}

/** Whether the page that asks came from another host than the one that its Host header names. */
export function isForeign(origin: string | undefined, host: string): boolean {
  return origin !== undefined && origin.replace(/^https?:\/\//, '') !== host;
}

/** The hosts that clients of these brokers are told. */
export function advertisedHosts(
  brokers: Iterable<{ readonly listeners: readonly { readonly host: string }[] }>,
): string[] {
  return Array.from(brokers).flatMap(({ listeners }) => listeners.map(({ host }) => host));
}

/**
 * Whether a Host header names this server by something that no stranger can have lead here: an address, a name without a dot, the
 * machine's own name, or one of `known`. A page of another origin may let its own name lead here (DNS rebinding): to a browser
 * this server is then a part of that page.
 */
export function isOwnName(header: string, known: () => readonly string[]): boolean {
  const name = header.replace(/:\d*$/, '').toLowerCase();
  const isAlone = !name.includes('.') && !name.includes(':');
  if (isAlone || ADDRESS.test(name) || name.endsWith('.localhost')) return true;
  return name === hostname().toLowerCase() || known().some((each) => each.toLowerCase() === name);
}
