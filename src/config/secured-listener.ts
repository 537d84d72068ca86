/** Makes the first of `listeners` speak another security protocol. PURE. */
import { SECURITY_PROTOCOLS, type SecurityProtocol } from './listeners.ts';
import { serverKeys } from './server.ts';

export interface SecuredListener {
  /** By which settings of its own are named, in capitals. */
  readonly name: string;
  readonly settings: ReadonlyMap<string, string>;
}

const MAP = 'listener.security.protocol.map';
const LISTS = ['listeners', 'advertised.listeners'] as const;

/** A listener that is named after its protocol gets the name of the new one; for any other the map says it. */
export function withSecuredListener(given: ReadonlyMap<string, string>, protocol: SecurityProtocol): SecuredListener {
  const lists = LISTS.flatMap((key) => {
    const text = given.get(key);
    return text === undefined ? [] : [[key, entriesOf(text)] as const];
  });
  if (lists.length === 0) lists.push(['listeners', entriesOf(serverKeys.listeners.defaultText!)]);
  const name = nameOf(lists[0][1][0]);
  const map = entriesOf(given.get(MAP) ?? serverKeys[MAP].defaultText!);
  const names = lists[0][1].map(nameOf);
  const isNamedAfterIt = (SECURITY_PROTOCOLS as readonly string[]).includes(name);
  if (isNamedAfterIt && (name === protocol || !names.includes(protocol))) {
    const renamed = lists.map(([key, entries]) => {
      return [key, entries.map((entry) => rename(entry, name, protocol)).join()] as const;
    });
    return { name: protocol, settings: new Map([...given, ...renamed, [MAP, withEntry(map, protocol, protocol)]]) };
  }
  return { name, settings: new Map([...given, [MAP, withEntry(map, name, protocol)]]) };
}

function withEntry(map: readonly string[], name: string, protocol: SecurityProtocol): string {
  return [...map.filter((entry) => nameOf(entry) !== name), `${name}:${protocol}`].join();
}

/** The hosts that clients are told, as far as settings name any. */
export function advertisedHosts(given: ReadonlyMap<string, string>): string[] {
  return LISTS.flatMap((key) => entriesOf(given.get(key) ?? '')).flatMap((entry) => {
    const [, six, host] = /^[^:]+:\/\/(?:\[([^\]]+)\]|([^:]*)):\d+$/.exec(entry) ?? [];
    const named = six ?? host ?? '';
    return ['', '0.0.0.0', '::'].includes(named) ? [] : [named];
  });
}

function entriesOf(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function nameOf(entry: string): string {
  return entry.slice(0, entry.indexOf(':')).toUpperCase();
}

function rename(entry: string, from: string, to: string): string {
  return nameOf(entry) === from ? `${to}${entry.slice(entry.indexOf(':'))}` : entry;
}
