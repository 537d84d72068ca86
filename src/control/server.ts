/** `--control-port`: a broker that tests drive over HTTP. Everything in this folder is loaded only when it is asked for. */
import { getRequestListener } from '@hono/node-server';
import { isWildcard } from '../config/listeners.ts';
import { listenRequests, type HttpListener } from '../platform/http.ts';
import { controlApp } from './app.ts';
import { Problem } from './problem.ts';
import { Session, type SessionOptions } from './session.ts';

export interface ControlOptions extends SessionOptions {
  readonly controlHost: string;
  readonly controlPort: number;
}

export interface Controlled {
  readonly session: Session;
  /** http://host:port */
  readonly url: string;
  /** Ends the broker and the port. */
  stop(): Promise<void>;
}

/** @throws {Error} when the port is taken, and for all that keeps a broker from starting */
export async function startControlled(options: ControlOptions): Promise<Controlled> {
  const { controlHost: host, controlPort: port } = options;
  const isLocal = ['127.0.0.1', '::1', 'localhost'].includes(host);
  let session: Session | null = null;
  const app = controlApp(() => {
    if (session !== null) return session;
    throw new Problem(503, 'not-ready', 'The broker is being started. Ask again.');
  }, isLocal);
  const take = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const listener = await listen(host, port, (request, response) => void take(request, response));
  try {
    session = await Session.start(options);
  } catch (error) {
    await listener.close();
    throw error;
  }
  const started = session;
  return {
    session: started,
    url: `http://${shown(host)}:${listener.port}`,
    stop: async () => {
      await listener.close();
      await started.stop();
    },
  };
}

async function listen(host: string, port: number, take: Parameters<typeof listenRequests>[2]): Promise<HttpListener> {
  try {
    return await listenRequests(host, port, take);
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
