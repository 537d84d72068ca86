/** `--control-port`: a broker that tests drive over HTTP. Everything in this folder is loaded only when it is asked for. */
import { getRequestListener } from '@hono/node-server';
import { isWildcard } from '../config/listeners.ts';
import { listenRequests, type HttpListener } from '../platform/http.ts';
import { backgroundClock } from '../platform/clock.ts';
import type { LocalBroker } from '../testing/local-broker.ts';
import { isTestRun } from '../testing/test-runner.ts';
import { controlApp } from './app.ts';
import { Problem } from './problem.ts';
import { ServerSession, TestSession, type Session, type SessionOptions } from './session.ts';

export interface ControlOptions extends SessionOptions {
  readonly controlHost: string;
  readonly controlPort: number;
}

export interface Controlled {
  readonly session: ServerSession;
  /** http://host:port */
  readonly url: string;
  /** Ends the broker and the port. */
  stop(): Promise<void>;
}

/** A control port of a broker that a test has started. */
export interface ServedBroker {
  /** http://host:port, for connectBroker */
  readonly url: string;
  /** Ends the port; the broker goes on. */
  close(): Promise<void>;
}

/** @throws {Error} when the port is taken, and for all that keeps a broker from starting */
export async function startControlled(options: ControlOptions): Promise<Controlled> {
  const { controlHost: host, controlPort: port } = options;
  let session: ServerSession | null = null;
  const opened = await open(host, port, () => session);
  try {
    session = await ServerSession.start(options);
  } catch (error) {
    await opened.close();
    throw error;
  }
  const started = session;
  return {
    session: started,
    url: opened.url,
    stop: async () => {
      await opened.close();
      await started.stop();
    },
  };
}

export interface ServeOptions {
  /** '127.0.0.1' unless given. */
  readonly host?: string;
  readonly port: number;
  /** Whether a client may stop the broker, which ends the port too. */
  readonly mayStop?: boolean;
}

/** Opens a control port for a broker of this process; it ends with it. @throws {Error} when the port is taken */
export async function serveBroker(
  test: LocalBroker,
  { host = '127.0.0.1', port, mayStop = false }: ServeOptions,
): Promise<ServedBroker> {
  const session = new TestSession(test, mayStop);
  const served = await open(host, port, () => session, isTestRun());
  test.onStopped(() => {
    // The client that has stopped it is told over this port what was left behind.
    if (mayStop) backgroundClock.after(LAST_ANSWER_MS, () => void served.close());
    else return served.close();
  });
  return served;
}

/** So long a client may take to read the answer to its stop. */
const LAST_ANSWER_MS = 200;

/** Forks have ports of their own on the same host, which end with theirs, and with this one. */
async function open(
  host: string,
  port: number,
  session: () => Session | null,
  inBackground = false,
): Promise<ServedBroker> {
  const isLocal = ['127.0.0.1', '::1', 'localhost'].includes(host);
  const forks = new Set<LocalBroker>();
  const app = controlApp({
    isLocal,
    session: () => {
      const now = session();
      if (now !== null) return now;
      throw new Problem(503, 'not-ready', 'The broker is being started. Ask again.');
    },
    serveFork: async (test, controlPort) => {
      const { url } = await serveBroker(test, { host, port: controlPort, mayStop: true });
      forks.add(test);
      test.onStopped(() => void forks.delete(test));
      return url;
    },
  });
  const take = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const listener = await listen(host, port, (request, response) => void take(request, response), {
    inBackground,
  });
  return {
    url: `http://${shown(host)}:${listener.port}`,
    close: async () => {
      await Promise.all(Array.from(forks, (test) => test.stop()));
      await listener.close();
    },
  };
}

async function listen(...[host, port, take, how]: Parameters<typeof listenRequests>): Promise<HttpListener> {
  try {
    return await listenRequests(host, port, take, how);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'it is taken' : message;
    throw new Error(`the control port cannot be ${host}:${port} (${why}): choose another with --control-port`, {
      cause: error,
    });
  }
}

function shown(host: string): string {
  if (isWildcard(host)) return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
