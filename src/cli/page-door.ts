/** The page of `ottla start`: where it is, and why there is none. */
import type { RunningBroker } from '../broker/broker.ts';
import { isWildcard } from '../config/listeners.ts';
import { whyNoPage } from '../insight/page-refusal.ts';
import { openHttpDoor, type HttpServer } from '../platform/http-door.ts';
import { portOf } from './option-values.ts';
import type { StartFlags } from './start-command.ts';
import { UsageError } from './usage.ts';

const PORT = 24_092;
/** Brokers on one machine take the next ports. */
const TRIES = 50;
const HOST = '127.0.0.1';
const LOCAL = new Set(['127.0.0.1', '::1', 'localhost']);

export interface PagePlace {
  readonly host: string;
  readonly port: number;
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
  const isAsked = port !== undefined || host !== undefined;
  if (flags.page === false && (flags.pagePort ?? flags.pageHost) !== undefined) {
    throw new UsageError('--no-page and --page-port or --page-host contradict each other: leave one out');
  }
  if (!['', 'on', 'off'].includes(OTTLA_PAGE)) throw new UsageError(`OTTLA_PAGE ${OTTLA_PAGE}: write on or off`);
  if (flags.page === false || OTTLA_PAGE === 'off') return null;
  if (!isAsked && OTTLA_PAGE !== 'on' && (flags.container === true || isDriven)) return null;
  if (port === undefined) return { host: host ?? HOST, port: PORT, tries: TRIES };
  const number = portOf(flags.pagePort === undefined ? 'OTTLA_PAGE_PORT' : '--page-port', port);
  return { host: host ?? HOST, port: number, tries: 1 };
}

/** Where there is no broker to show, asking for a page is a mistake. @throws {UsageError} */
export function refusePage({ pagePort, pageHost }: StartFlags, whose: string): void {
  if ((pagePort ?? pageHost) === undefined) return;
  throw new UsageError(`${whose} no page: take ${pagePort === undefined ? '--page-host' : '--page-port'} away`);
}

/** Null, and a sentence, where there can be none. */
export async function openPage(
  broker: () => RunningBroker,
  { host, port, tries }: PagePlace,
  warn: (sentence: string) => void,
): Promise<OpenPage | null> {
  const refusal = whyNoPage(broker().parts);
  if (refusal !== null) {
    warn(`no page: ${refusal}; --no-page ends this warning`);
    return null;
  }
  try {
    const isLocal = LOCAL.has(host);
    const load = async (): Promise<HttpServer> => {
      const { pageServer, pageBrokerOf } = await import('../page/server.ts');
      return pageServer({ broker: pageBrokerOf(broker), layers: () => broker().parts.layers, isLocal });
    };
    const failed = ({ message }: Error): void => warn(`the page cannot be shown: ${message}`);
    const door = await openHttpDoor(host, port, tries, load, failed);
    const shown = isLocal || isWildcard(host) ? 'localhost' : host;
    return { url: `http://${shown.includes(':') ? `[${shown}]` : shown}:${door.port}`, close: () => door.close() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'the port is taken' : message;
    warn(`no page on ${host}:${port} (${why}): choose another with --page-port, or say --no-page`);
    return null;
  }
}
