/** Names under which an HTTP server answers that other machines reach. */
import { hostname } from 'node:os';

const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.%]+\])$/i;

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
