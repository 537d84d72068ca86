/** Serves the page of one broker. Everything in this folder is loaded when a browser first asks for it. */
import { getRequestListener } from '@hono/node-server';
import { listenRequests, unboundServer, type HttpServer, type TakeRequest } from '../platform/http.ts';
import type { ShownTest } from '../testing/test-page.ts';
import { Journal } from './journal.ts';
import type { PageBroker } from './page-broker.ts';

import { Rates } from './rates.ts';
import { pageRoutes } from './routes.ts';
import type { SettingsLayers } from './broker-views.ts';

export { pageBrokerOf } from './page-broker.ts';

export interface ServedPage {
  readonly broker: PageBroker;
  readonly layers: () => SettingsLayers | null;
  readonly isLocal: boolean;
}

/** The page of a test's broker, on this machine alone. @throws {Error} when the port is taken */
export async function servePage(
  shown: ShownTest,
  port: number,
  inBackground: boolean,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const nodeId = shown.view.parts.metadata.image.brokers.keys().next().value ?? 0;
  const version = process.env.OTTLA_VERSION ?? 'from source';
  const take = pageListener({ broker: { ...shown, nodeId, version }, layers: () => null, isLocal: true });
  const listener = await listenRequests('127.0.0.1', port, take, { inBackground });
  return { url: `http://localhost:${listener.port}`, close: () => listener.close() };
}

/** A server that listens nowhere: connections are given to it. */
export function pageServer(served: ServedPage): HttpServer {
  return unboundServer(pageListener(served));
}

function pageListener({ broker, layers, isLocal }: ServedPage): TakeRequest {
  const rates = new Rates(broker.view);
  const journal = new Journal(broker.view);
  const app = pageRoutes({ broker, layers, isLocal, rates, journal });
  const take = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  return (request, response) => void take(request, response);
}
