/** Opens the listener for Prometheus. The metrics are loaded here, so that a process without them never loads them. */
import type { BrokerParts } from '../apis/broker-parts.ts';
import { isWildcard } from '../config/listeners.ts';
import type { WatchedController } from '../metrics/controller-metrics.ts';
import type { MetricsPlace, MetricsServer } from '../metrics/server.ts';
import type { Clock } from '../platform/clock.ts';
import { ListenError, type Listeners } from './listeners.ts';

/** @throws {ListenError} when the port is taken */
export async function openMetricsListener(
  host: string,
  parts: BrokerParts,
  listeners: Listeners,
  isActiveController: (() => boolean) | null,
): Promise<MetricsServer> {
  const { serveMetrics } = await import('../metrics/server.ts');
  const connections = () => listeners.connectionsByListener();
  const watched = { connections, counts: listeners.counts, isActiveController };
  return listening({ host, port: parts.config['ottla.metrics.port'] }, (place) => serveMetrics(place, parts, watched));
}

/** The same of a process that is a controller and no broker. @throws {ListenError} when the port is taken */
export async function openControllerMetrics(
  place: MetricsPlace,
  clock: Clock,
  watched: WatchedController,
): Promise<MetricsServer> {
  const { serveControllerMetrics } = await import('../metrics/server.ts');
  return listening(place, (at) => serveControllerMetrics(at, clock, watched));
}

async function listening(
  { host, port }: MetricsPlace,
  serve: (place: MetricsPlace) => Promise<MetricsServer>,
): Promise<MetricsServer> {
  try {
    return await serve({ host: isWildcard(host) ? '' : host, port });
  } catch (error) {
    const { message } = error as Error;
    throw new ListenError(`/metrics cannot listen on ${port} (${message}): set another --metrics-port`);
  }
}
