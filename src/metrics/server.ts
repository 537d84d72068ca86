/** `/metrics` on a port of its own. Everything in this folder is loaded only when it is asked for. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { BrokerParts } from '../apis/broker-parts.ts';
import type { Clock } from '../platform/clock.ts';
import { listenHttp, text } from '../platform/http.ts';
import { registerBrokerMetrics, type Watched } from './broker-metrics.ts';
import { registerControllerMetrics, type WatchedController } from './controller-metrics.ts';
import { RequestTimes } from './request-times.ts';

export interface MetricsServer {
  readonly meter: RequestTimes;
  /** As bound. */
  readonly port: number;
  close(): Promise<void>;
}

/** Where `/metrics` is. */
export interface MetricsPlace {
  readonly host: string;
  readonly port: number;
}

/** Of a broker. Rejects with node's error where the port is taken. */
export function serveMetrics(
  place: MetricsPlace,
  parts: BrokerParts,
  watched: Pick<Watched, 'connections' | 'counts' | 'isActiveController'>,
): Promise<MetricsServer> {
  return serve(place, parts.clock, (registry, requests) =>
    registerBrokerMetrics(registry, { ...watched, parts, requests }),
  );
}

/** Of a process that is a controller and no broker. Rejects as that. */
export function serveControllerMetrics(
  place: MetricsPlace,
  clock: Clock,
  watched: WatchedController,
): Promise<MetricsServer> {
  return serve(place, clock, (registry, requests) => registerControllerMetrics(registry, watched, requests));
}

async function serve(
  { host, port }: MetricsPlace,
  clock: Clock,
  describe: (registry: Registry, requests: RequestTimes) => void,
): Promise<MetricsServer> {
  const registry = new Registry();
  const meter = new RequestTimes(clock, [registry]);
  describe(registry, meter);
  // Of the process: CPU, memory, garbage collection, and how late the event loop runs.
  collectDefaultMetrics({ register: registry });
  const listener = await listenHttp(host, port, async (path) => {
    if (path !== '/metrics') return text(404, 'Prometheus finds its metrics at /metrics');
    return { status: 200, contentType: registry.contentType, body: await registry.metrics() };
  });
  return {
    meter,
    port: listener.port,
    close: async () => {
      registry.clear();
      await listener.close();
    },
  };
}
