/**
 * What a broker is doing, under the names by which Prometheus knows Kafka: MBeans as the JMX exporter spells them by its usual
 * rules (lower case; `…PerSec` is a `…_total`; what else is in a bean's name is a label). Read when somebody asks.
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { BrokerParts } from '../apis/broker-parts.ts';
import type { Partition } from '../partitions/partition.ts';
import { clusterMetrics } from './cluster-metrics.ts';
import { one, register, type Metric, type Sample } from './metric.ts';
import { ofOpenConnections, ofRequests } from './network-metrics.ts';
import { queueMetrics } from './queue-metrics.ts';
import { replicaMetrics } from './replica-metrics.ts';
import type { ConnectionCounts } from '../net/connection-counts.ts';
import type { RequestTimes } from './request-times.ts';
import { securityMetrics } from './security-metrics.ts';

export interface Watched {
  readonly parts: BrokerParts;
  readonly requests: RequestTimes;
  /** By listener: how many are open. */
  readonly connections: () => ReadonlyMap<string, number>;
  /** Since the start. */
  readonly counts: ConnectionCounts;
  /** Null where this process has no controller. */
  readonly isActiveController: (() => boolean) | null;
}

const PRODUCE = 'Produce';
const FETCH = 'Fetch';

export function registerBrokerMetrics(
  registry: Registry,
  { parts, requests, connections, counts, isActiveController }: Watched,
): void {
  register(registry, [
    ...clusterMetrics(parts, isActiveController),
    lastApplied(parts),
    brokerState(),
    ...replicaMetrics(parts),
    ...ofTopics(parts, requests),
    ...ofLogs(parts),
    ...ofRequests(requests),
    ...ofOpenConnections(connections),
    ...ofSessions(parts),
    ...queueMetrics(parts, requests),
    ...securityMetrics(parts, counts),
  ]);
}

/** As Kafka's BrokerState has it. */
const RUNNING = 3;

function lastApplied({ metadata }: BrokerParts): Metric {
  return one(
    'kafka_server_broker_metadata_metrics_last_applied_record_offset',
    'The last change of the cluster that this broker has followed',
    () => metadata.image.revision,
  );
}

function brokerState(): Metric {
  return one('kafka_server_kafkaserver_brokerstate', '3: it runs', () => RUNNING);
}

/** By topic, and for all topics without a label, as Kafka has it. */
function ofTopics({ partitions }: BrokerParts, requests: RequestTimes): Metric[] {
  const counter = (what: string, help: string, samples: () => Iterable<Sample>): Metric => ({
    kind: Counter,
    name: `kafka_server_brokertopicmetrics_${what}_total`,
    help,
    labelNames: ['topic'],
    samples,
  });
  const records = (what: 'messagesIn' | 'bytesIn' | 'bytesOut', help: string): Metric =>
    counter(what.toLowerCase(), help, () => {
      const byTopic = new Map<string, number>();
      let sum = 0;
      for (const { topic, stats: of } of partitions.all()) {
        byTopic.set(topic, (byTopic.get(topic) ?? 0) + of[what]);
        sum += of[what];
      }
      return [[sum], ...[...byTopic].map(([topic, value]): Sample => [value, { topic }])];
    });
  const replicated = (what: 'replicationBytesIn' | 'replicationBytesOut', help: string): Metric =>
    counter(what.toLowerCase(), help, () => {
      let sum = 0;
      for (const { stats } of partitions.all()) sum += stats[what];
      return [[sum]];
    });
  const asked = (api: string) => () => [[requests.countOf(api)] as const];
  return [
    records('messagesIn', 'Records that producers have appended'),
    records('bytesIn', 'Bytes of records that producers have appended'),
    records('bytesOut', 'Bytes of records that consumers have got'),
    replicated('replicationBytesIn', 'Bytes of records that leaders have sent to replicas here'),
    replicated('replicationBytesOut', 'Bytes of records that followers have got'),
    counter('totalproducerequests', 'Produce requests', asked(PRODUCE)),
    counter('totalfetchrequests', 'Fetch requests', asked(FETCH)),
    counter('failedproducerequests', 'Partitions of produce requests that failed', () => [
      [partitions.failures.produce],
    ]),
    counter('failedfetchrequests', 'Partitions of fetch requests that failed', () => [[partitions.failures.fetch]]),
  ];
}

function ofLogs({ partitions }: BrokerParts): Metric[] {
  const gauge = (what: string, help: string, value: (partition: Partition) => number): Metric => ({
    kind: Gauge,
    name: `kafka_log_log_${what}`,
    help,
    labelNames: ['topic', 'partition'],
    *samples() {
      for (const partition of partitions.all()) {
        yield [value(partition), { topic: partition.topic, partition: partition.index }];
      }
    },
  });
  return [
    gauge('size', 'Bytes of a partition', ({ size }) => size),
    gauge('logstartoffset', 'First offset of a partition', ({ logStartOffset }) => logStartOffset),
    gauge('logendoffset', 'Next offset of a partition', ({ endOffset }) => endOffset),
    gauge('numlogsegments', 'Segments of a partition', ({ segmentCount }) => segmentCount),
  ];
}

function ofSessions({ fetchSessions }: BrokerParts): Metric[] {
  return [
    one(
      'kafka_server_fetchsessioncache_numincrementalfetchsessions',
      'Incremental fetch sessions',
      () => fetchSessions.size,
    ),
  ];
}
