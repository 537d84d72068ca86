/** What a process tells that is a controller and no broker: of the cluster, and of those that ask it. */
import type { Registry } from 'prom-client';
import type { MetadataFeed } from '../cluster/metadata-feed.ts';
import type { ConnectionCounts } from '../net/connection-counts.ts';
import { clusterMetrics } from './cluster-metrics.ts';
import { one, register } from './metric.ts';
import { ofOpenConnections, ofRequests } from './network-metrics.ts';
import type { RequestTimes } from './request-times.ts';
import { ofAcceptedConnections } from './security-metrics.ts';

export interface WatchedController {
  /** As far as the process knows it; told of every change while it is the active controller. */
  readonly metadata: MetadataFeed;
  readonly isActiveController: () => boolean;
  /** By listener: how many are open. */
  readonly connections: () => ReadonlyMap<string, number>;
  /** Since the start. */
  readonly counts: ConnectionCounts;
}

export function registerControllerMetrics(
  registry: Registry,
  { metadata, isActiveController, connections, counts }: WatchedController,
  requests: RequestTimes,
): void {
  register(registry, [
    ...clusterMetrics({ metadata }, isActiveController),
    one(
      'kafka_controller_kafkacontroller_lastappliedrecordoffset',
      'The last change of the cluster that this controller knows',
      () => metadata.image.revision,
    ),
    ...ofRequests(requests),
    ...ofOpenConnections(connections),
    ...ofAcceptedConnections(counts),
  ]);
}
