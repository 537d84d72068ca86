/** Opens the listener for Prometheus. The metrics are loaded here, so that a broker without them never loads them. */
import type { BrokerParts } from '../apis/broker-parts.ts';
import { isWildcard } from '../config/listeners.ts';
import { ListenError, type Listeners } from './listeners.ts';
import type { MetricsServer } from '../metrics/server.ts';

/** @throws {ListenError} when the port is taken */
export async function openMetricsListener(
  host: string,
  parts: BrokerParts,
  listeners: Listeners,
  isActiveController: (() => boolean) | null,
): Promise<MetricsServer> {
  const { serveMetrics } = await import('../metrics/server.ts');
  const port = parts.config['ottla.metrics.port'];
  try {
    const connections = () => listeners.connectionsByListener();
    return await serveMetrics(isWildcard(host) ? '' : host, port, parts, {
      connections,
      counts: listeners.counts,
      isActiveController,
    });
  } catch (error) {
    const { message } = error as Error;
    throw new ListenError(`/metrics cannot listen on ${port} (${message}): set another --metrics-port`);
  }
}
