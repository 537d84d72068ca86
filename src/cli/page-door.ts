/** The page of `ottla start`: where it is, and why there is none. */
import type { RunningBroker } from '../broker/broker.ts';
import { isWildcard } from '../config/listeners.ts';
import { whyNoPage } from '../insight/page-refusal.ts';
import type { Controlled } from '../control/server.ts';
import { openHttpDoor, type HttpServer } from '../platform/http-door.ts';
import { portOf } from './option-values.ts';
import type { StartFlags } from './start-command.ts';
import { UsageError } from './usage.ts';

const PORT = 24_092;
/** Brokers on one machine take the next ports. */
const TRIES = 50;
const HOST = '127.0.0.1';
/** In a container, where its user decides which ports others reach. */
const EVERYWHERE = '0.0.0.0';
const LOCAL = new Set(['127.0.0.1', '::1', 'localhost']);

export type PageAccess = 'read' | 'write' | 'test';
const ACCESS: readonly string[] = ['read', 'write', 'test'] satisfies PageAccess[];

export interface PagePlace {
  readonly host: string;
  readonly port: number;
  /** Null: as the broker is. */
  readonly access: PageAccess | null;
  /** How many ports are tried: one where a port was asked for. */
  readonly tries: number;
}

export interface OpenPage {
  readonly url: string;
  close(): Promise<void>;
}

/** What flags and OTTLA_PAGE… ask for; null for no page. In a container, or driven by tests, there is one when it is asked for. */
export function pagePlace(flags: StartFlags, isDriven: boolean): PagePlace | null {
  const { OTTLA_PAGE = '', OTTLA_PAGE_PORT, OTTLA_PAGE_HOST } = process.env;
  const port = flags.pagePort ?? (OTTLA_PAGE_PORT || undefined);
  const host = flags.pageHost ?? (OTTLA_PAGE_HOST || undefined);
  const access = accessOf(flags, isDriven);
  const isAsked = port !== undefined || host !== undefined || access !== null;
  if (flags.page === false && flagOf(flags) !== null) {
    throw new UsageError(`--no-page and ${flagOf(flags)} contradict each other: leave one out`);
  }
  if (!['', 'on', 'off'].includes(OTTLA_PAGE)) throw new UsageError(`OTTLA_PAGE ${OTTLA_PAGE}: write on or off`);
  if (flags.page === false || OTTLA_PAGE === 'off') return null;
  if (!isAsked && OTTLA_PAGE !== 'on' && (flags.container === true || isDriven)) return null;
  const where = host ?? (flags.container === true ? EVERYWHERE : HOST);
  if (port === undefined) return { host: where, port: PORT, tries: TRIES, access };
  const number = portOf(flags.pagePort === undefined ? 'OTTLA_PAGE_PORT' : '--page-port', port);
  return { host: where, port: number, tries: 1, access };
}

/** The first of its flags that is there. */
function flagOf({ pagePort, pageHost, pageAccess }: StartFlags): string | null {
  if (pagePort !== undefined) return '--page-port';
  if (pageHost !== undefined) return '--page-host';
  return pageAccess === undefined ? null : '--page-access';
}

/** Null where nothing is said. @throws {UsageError} */
function accessOf({ pageAccess }: StartFlags, isDriven: boolean): PageAccess | null {
  const said = pageAccess ?? (process.env.OTTLA_PAGE_ACCESS || undefined);
  if (said === undefined) return null;
  const name = pageAccess === undefined ? 'OTTLA_PAGE_ACCESS' : '--page-access';
  if (!ACCESS.includes(said)) throw new UsageError(`${name} ${said}: write read, write or test`);
  if (said === 'test' && !isDriven)
    throw new UsageError(`${name} test needs a broker that tests drive: add --control-port N`);
  return said as PageAccess;
}

/** Where there is no broker to show, asking for a page is a mistake. @throws {UsageError} */
export function refusePage(flags: StartFlags, whose: string): void {
  const flag = flagOf(flags);
  if (flag !== null) throw new UsageError(`${whose} no page: take ${flag} away`);
}

type BrokerShown = Controlled['session']['test']['shown'];

export interface ShownBroker {
  /** As it runs now. */
  readonly broker: () => RunningBroker;
  /** Where tests drive it: what is shown of that. */
  readonly shown: (() => BrokerShown) | null;
  readonly isMemory: boolean;
}

/** Null, and a sentence, where there can be none. */
export async function openPage(
  { broker, shown, isMemory }: ShownBroker,
  { host, port, tries, access }: PagePlace,
  warn: (sentence: string) => void,
): Promise<OpenPage | null> {
  const refusal = whyNoPage(broker().listeners.people);
  if (refusal !== null) {
    warn(`no page: ${refusal}; --no-page ends this warning`);
    return null;
  }
  try {
    const isLocal = LOCAL.has(host);
    const load = async (): Promise<HttpServer> => {
      const { pageServer, pageBrokerOf } = await import('../page/server.ts');
      const usual = shown !== null ? 'test' : isMemory ? 'write' : 'read';
      return pageServer({ broker: pageBrokerOf(broker, shown), isLocal, access: access ?? usual });
    };
    const failed = ({ message }: Error): void => warn(`the page cannot be shown: ${message}`);
    const door = await openHttpDoor(host, port, tries, load, failed);
    const name = isLocal || isWildcard(host) ? 'localhost' : host;
    return { url: `http://${name.includes(':') ? `[${name}]` : name}:${door.port}`, close: () => door.close() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'the port is taken' : message;
    warn(`no page on ${host}:${port} (${why}): choose another with --page-port, or say --no-page`);
    return null;
  }
}
