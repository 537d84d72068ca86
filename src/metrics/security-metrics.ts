/** What the authorizer, the quotas and the listeners have to do, by Kafka's names. */
import { Counter, Gauge } from 'prom-client';
import type { BrokerParts } from '../apis/broker-parts.ts';
import type { ConnectionCounts, ListenerCounts } from '../net/connection-counts.ts';
import type { Labels, Metric, Sample } from './metric.ts';

export function securityMetrics(parts: BrokerParts, connections: ConnectionCounts): Metric[] {
  return [...ofAcceptedConnections(connections), ...ofAuthorizer(parts), ...ofQuotas(parts)];
}

export function ofAcceptedConnections({ byListener }: ConnectionCounts): Metric[] {
  const counter = (name: string, help: string, count: keyof ListenerCounts): Metric => ({
    kind: Counter,
    name: `kafka_server_socket_server_metrics_${name}`,
    help,
    labelNames: ['listener'],
    samples: () => [...byListener].map(([listener, counts]): Sample => [counts[count], { listener }]),
  });
  return [
    counter('connection_creation_total', 'Connections that were accepted', 'created'),
    counter('connection_close_total', 'Connections that have ended', 'closed'),
    counter('successful_authentication_total', 'Clients that have proved who they are', 'authenticated'),
    counter('successful_reauthentication_total', 'The same again in open connections', 'reauthenticated'),
    counter('failed_authentication_total', 'Clients that could not', 'failed'),
    counter(
      'expired_connections_killed_count',
      'Connections that were closed for a request after the end of their session',
      'expired',
    ),
  ];
}

/** As the MBean of Kafka's StandardAuthorizer is tagged. */
const AUTHORIZER: Labels = { config: 'authorizer.class.name', class: 'StandardAuthorizer', role: 'broker' };

/** None without an authorizer. */
function ofAuthorizer({ authorizer, metadata }: BrokerParts): Metric[] {
  if (authorizer === null) return [];
  const { audit } = authorizer;
  const metric = (kind: Metric['kind'], name: string, help: string, value: () => number): Metric => ({
    kind,
    name: `kafka_server_plugins_${name}`,
    help,
    labelNames: Object.keys(AUTHORIZER),
    samples: () => [[value(), AUTHORIZER]],
  });
  const decided = (what: string, value: () => number): Metric =>
    metric(Counter, `authorization_${what}_total`, `Decisions of the authorizer: ${what}`, value);
  return [
    metric(Gauge, 'acls_total_count', 'ACLs of the cluster', () => metadata.image.accessControlEntries.size),
    decided('request', () => audit.allowed + audit.denied),
    decided('allowed', () => audit.allowed),
    decided('denied', () => audit.denied),
  ];
}

/** What Kafka calls the metrics of a quota, and what its rate is. */
const OF_QUOTAS = {
  producer_byte_rate: ['produce', 'byte_rate', 'bytes of produce requests a second'],
  consumer_byte_rate: ['fetch', 'byte_rate', 'bytes of answers to fetches a second'],
  request_percentage: ['request', 'request_time', 'per cent of the time of a thread'],
  controller_mutation_rate: ['controllermutation', 'mutation_rate', 'partitions changed a second'],
} as const;

/** Of those who share a quota; others are not measured. */
function ofQuotas({ quotas, clock }: BrokerParts): Metric[] {
  return Object.entries(OF_QUOTAS).flatMap(([quota, [type, rate, what]]) => {
    const gauge = (name: string, help: string, of: 'perSecond' | 'throttleTimeMs'): Metric => ({
      kind: Gauge,
      name: `kafka_server_${type}_${name}`,
      help,
      labelNames: ['user', 'client_id'],
      *samples() {
        for (const metered of quotas.metered(clock.monotonic())) {
          if (metered.quota !== quota) continue;
          const { user, clientId } = metered;
          yield [
            metered[of],
            { ...(user === null ? {} : { user }), ...(clientId === null ? {} : { client_id: clientId }) },
          ];
        }
      },
    });
    return [
      gauge(rate, `Where a quota is set: ${what}`, 'perSecond'),
      gauge('throttle_time', 'Milliseconds of throttles, on average of the last minute', 'throttleTimeMs'),
    ];
  });
}
