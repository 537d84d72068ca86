/** `/metrics` on a port of its own. Everything in this folder is loaded only when it is asked for. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { BrokerParts } from '../apis/broker-parts.ts';
import { listenHttp, text } from '../platform/http.ts';
import { registerBrokerMetrics, type Watched } from './broker-metrics.ts';
import { RequestTimes } from './request-times.ts';

export interface MetricsServer {
  readonly meter: RequestTimes;
  /** As bound. */
  readonly port: number;
  close(): Promise<void>;
}

/** Rejects with node's error where the port is taken. */
export async function serveMetrics(
  host: string,
  port: number,
  parts: BrokerParts,
  watched: Pick<Watched, 'connections' | 'counts' | 'isActiveController'>,
): Promise<MetricsServer> {
  const registry = new Registry();
  const meter = new RequestTimes(parts.clock, [registry]);
  registerBrokerMetrics(registry, { ...watched, parts, requests: meter });
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
