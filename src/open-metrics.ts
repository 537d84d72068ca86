/** Opens the door for Prometheus: loads what measures and shows, which a broker without metrics never does. */
import type { BrokerParts } from './apis/broker-parts.ts';
import { isWildcard } from './config/listeners.ts';
import { ListenError, type Doors } from './doors.ts';
import type { MetricsServer } from './metrics/server.ts';

/** @throws {ListenError} when the port is taken */
export async function openMetrics(host: string, parts: BrokerParts, doors: Doors): Promise<MetricsServer> {
  const { serveMetrics } = await import('./metrics/server.ts');
  const port = parts.config['ottla.metrics.port'];
  try {
    return await serveMetrics(isWildcard(host) ? '' : host, port, parts, () => doors.connectionsByListener());
  } catch (error) {
    const { message } = error as Error;
    throw new ListenError(`/metrics cannot listen on ${port} (${message}): set another --metrics-port`);
  }
}
