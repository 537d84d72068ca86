/** Serves the page of one broker. Everything in this folder is loaded when a browser first asks for it. */
import { getRequestListener } from '@hono/node-server';
import { listenRequests, unboundServer, type HttpServer, type TakeRequest } from '../platform/http.ts';
import type { BrokerShow, ShownTest } from '../testing/test-page.ts';
import type { PageAccess } from './frames.ts';
import { Journal } from './journal.ts';
import type { LookSources } from './looks.ts';
import type { PageBroker } from './page-broker.ts';
import { Rates } from './rates.ts';
import { reportFile } from './report-file.ts';
import { pageRoutes, type PageSources } from './routes.ts';
import { TrafficDigest } from './traffic-digest.ts';
import type { SettingsLayers } from './broker-views.ts';

export { pageBrokerOf } from './page-broker.ts';

const LOCAL = new Set(['127.0.0.1', '::1', 'localhost']);

export interface ServedPage {
  readonly broker: PageBroker;
  readonly layers: () => SettingsLayers | null;
  readonly isLocal: boolean;
  readonly access: PageAccess;
}

/** Of a test's broker: its page, and its reports. */
export function showOf(shown: ShownTest, inBackground: boolean): BrokerShow {
  const nodeId = shown.view.parts.metadata.image.brokers.keys().next().value ?? 0;
  const version = process.env.OTTLA_VERSION ?? 'from source';
  const sources = sourcesOf({ broker: { ...shown, nodeId, version }, layers: () => null, access: 'test' as const });
  return {
    serve: async (port, host) => {
      const take = listenerOf({ ...sources, isLocal: LOCAL.has(host) });
      const listener = await listenRequests(host, port, take, { inBackground });
      return { url: `http://localhost:${listener.port}`, close: () => listener.close() };
    },
    report: (wishes) => reportFile(sources, wishes),
  };
}

/** A server that listens nowhere: connections are given to it. */
export function pageServer(served: ServedPage): HttpServer {
  return unboundServer(listenerOf(sourcesOf(served)));
}

function sourcesOf<Served extends Omit<ServedPage, 'isLocal'>>(served: Served): Served & LookSources {
  const { view, traffic } = served.broker;
  const digest = traffic === null ? null : new TrafficDigest(() => served.broker.traffic);
  return { ...served, rates: new Rates(view), journal: new Journal(view, digest), digest };
}

function listenerOf(sources: PageSources): TakeRequest {
  const app = pageRoutes(sources);
  const take = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  return (request, response) => void take(request, response);
}
