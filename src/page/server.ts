/**
 * Serves the page of one broker. This is loaded when a browser first connects, and answers with the page's own files at once; what
 * answers everything else is loaded when it is first asked, or when a browser has the page.
 */
import { advertisedHosts } from '../platform/host-names.ts';
import { listenRequests, unboundServer, type HttpServer, type TakeRequest } from '../platform/http.ts';
import type { BrokerShow, ShownTest } from '../testing/test-page.ts';
import type { PageAnswers, Served } from './answers.ts';
import { takeFile } from './assets.ts';
import { HEADERS, type Guarded } from './origin.ts';
import type { PageBroker } from './page-broker.ts';

export { pageBrokerOf } from './page-broker.ts';

const LOCAL = new Set(['127.0.0.1', '::1', 'localhost']);

export interface ServedPage extends Served {
  readonly isLocal: boolean;
}

/** Of a test's broker: its page, and its reports. */
export function showOf(shown: ShownTest, inBackground: boolean): BrokerShow {
  const nodeId = shown.view.parts.metadata.image.brokers.keys().next().value ?? 0;
  const version = process.env.OTTLA_VERSION ?? 'from source';
  const broker = { ...shown, nodeId, version };
  const answers = answersOf({ broker, access: 'test' });
  return {
    serve: async (port, host) => {
      const take = listenerOf(answers, guardedOf(broker, LOCAL.has(host)));
      const listener = await listenRequests(host, port, take, { inBackground });
      return { url: `http://localhost:${listener.port}`, close: () => listener.close() };
    },
    report: async (wishes) => (await answers()).report(wishes),
  };
}

/** A server that listens nowhere: connections are given to it. */
export function pageServer(served: ServedPage): HttpServer {
  return unboundServer(listenerOf(answersOf(served), guardedOf(served.broker, served.isLocal)));
}

function guardedOf({ door, view }: PageBroker, isLocal: boolean): Guarded {
  return {
    isLocal,
    asks: () => door.people.kind !== 'anybody',
    names: () => advertisedHosts(view.parts.metadata.image.brokers.values()),
  };
}

type LoadAnswers = () => Promise<PageAnswers>;

function answersOf(served: Served): LoadAnswers {
  return once(async () => {
    const { PageAnswers } = await import('./answers.ts');
    return new PageAnswers(served);
  });
}

function listenerOf(answers: LoadAnswers, guarded: Guarded): TakeRequest {
  const rest = once(async () => (await answers()).listener(guarded));
  return (request, response) => {
    if (takeFile(request, response, guarded, () => void rest())) return;
    rest().then(
      (take) => take(request, response),
      ({ message }: Error) => {
        response.writeHead(500, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' });
        response.end(`The page cannot be shown: ${message}\n`);
      },
    );
  };
}

function once<Made>(make: () => Promise<Made>): () => Promise<Made> {
  let made: Promise<Made> | null = null;
  return () => (made ??= make());
}
