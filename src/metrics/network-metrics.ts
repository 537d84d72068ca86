/** What listeners have to do: requests, and the connections by which they come. */
import { Counter, Gauge } from 'prom-client';
import type { Metric, Sample } from './metric.ts';
import type { RequestTimes } from './request-times.ts';

export function ofRequests(requests: RequestTimes): Metric[] {
  return [
    {
      kind: Counter,
      name: 'kafka_network_requestmetrics_requests_total',
      help: 'Requests answered',
      labelNames: ['request', 'version'],
      samples: () =>
        requests
          .asked()
          .flatMap(({ name, counts }) =>
            counts.map(({ version, count: value }): Sample => [value, { request: name, version }]),
          ),
    },
    {
      kind: Counter,
      name: 'kafka_network_requestmetrics_totaltimems',
      help: 'Milliseconds that requests took, in sum; ottla_request_duration_seconds has their distribution',
      labelNames: ['request'],
      samples: () => requests.asked().map(({ name, totalMs }): Sample => [totalMs, { request: name }]),
    },
  ];
}

/** By listener: how many are open. */
export function ofOpenConnections(connections: () => ReadonlyMap<string, number>): Metric[] {
  return [
    {
      kind: Gauge,
      name: 'kafka_server_socket_server_metrics_connection_count',
      help: 'Open connections',
      labelNames: ['listener'],
      samples: () => [...connections()].map(([listener, value]): Sample => [value, { listener }]),
    },
  ];
}
