/** The page of `ottla start`: where it is, and why there is none. */
import type { RunningBroker } from '../broker/broker.ts';
import { openHttpDoor, type HttpServer } from '../platform/http-door.ts';
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
  const { OTTLA_PAGE, OTTLA_PAGE_PORT, OTTLA_PAGE_HOST } = process.env;
  const port = flags.pagePort ?? (OTTLA_PAGE_PORT || undefined);
  const host = flags.pageHost ?? (OTTLA_PAGE_HOST || undefined);
  const isAsked = port !== undefined || host !== undefined;
  if (flags.page === false && (flags.pagePort ?? flags.pageHost) !== undefined) {
    throw new UsageError('--no-page and --page-port or --page-host contradict each other: leave one out');
  }
  if (flags.page === false || OTTLA_PAGE === 'off') return null;
  if (!isAsked && (flags.container === true || isDriven)) return null;
  if (port === undefined) return { host: host ?? HOST, port: PORT, tries: TRIES };
  if (!/^\d+$/.test(port) || Number(port) > 65_535) {
    const name = flags.pagePort === undefined ? 'OTTLA_PAGE_PORT' : '--page-port';
    throw new UsageError(`${name} ${port}: a port is a number from 0 to 65535`);
  }
  return { host: host ?? HOST, port: Number(port), tries: 1 };
}

/** Null, and a sentence, where there can be none. */
export async function openPage(
  broker: RunningBroker,
  { host, port, tries }: PagePlace,
  warn: (sentence: string) => void,
): Promise<OpenPage | null> {
  const secured = securedBy(broker);
  if (secured !== null) {
    warn(`no page: ${secured}, and the page cannot ask who you are yet; --no-page ends this warning`);
    return null;
  }
  try {
    const isLocal = LOCAL.has(host);
    const load = async (): Promise<HttpServer> => {
      const { pageServer, pageBrokerOf } = await import('../page/server.ts');
      return pageServer({ broker: pageBrokerOf(broker), layers: broker.parts.layers, isLocal });
    };
    const failed = ({ message }: Error): void => warn(`the page cannot be shown: ${message}`);
    const door = await openHttpDoor(host, port, tries, load, failed);
    const shown = isLocal || host === '0.0.0.0' || host === '::' ? 'localhost' : host;
    return { url: `http://${shown.includes(':') ? `[${shown}]` : shown}:${door.port}`, close: () => door.close() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'the port is taken' : message;
    warn(`no page on ${host}:${port} (${why}): choose another with --page-port, or say --no-page`);
    return null;
  }
}

/** What asks clients who they are, or what they may do; null where nothing does. */
function securedBy({ parts }: RunningBroker): string | null {
  if (parts.authorizer !== null) return 'authorizer.class.name asks what clients may do';
  const listeners = parts.metadata.image.brokers.get(parts.nodeId)?.listeners ?? [];
  const secured = listeners.find(({ securityProtocol }) => securityProtocol !== 0);
  return secured === undefined ? null : `listener ${secured.name} asks clients who they are`;
}
