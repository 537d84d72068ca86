/**
 * What a broker is doing, under the names by which Prometheus knows Kafka: MBeans as the JMX exporter spells them by its usual
 * rules (lower case; `…PerSec` is a `…_total`; what else is in a bean's name is a label). Read when somebody asks.
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { BrokerParts } from '../apis/broker-parts.ts';
import type { Partition } from '../partitions/partition.ts';
import { queueGauges } from './queue-metrics.ts';
import type { RequestTimes } from './request-times.ts';

type Labels = Readonly<Record<string, string | number>>;
/** A value, and what it is of. */
type Sample = readonly [value: number, labels?: Labels];

interface Metric {
  readonly kind: typeof Gauge | typeof Counter;
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly samples: () => Iterable<Sample>;
}

export interface Watched {
  readonly parts: BrokerParts;
  readonly requests: RequestTimes;
  /** By listener: how many are open. */
  readonly connections: () => ReadonlyMap<string, number>;
}

/** As Kafka's BrokerState has it. */
const RUNNING = 3;
const PRODUCE = 'Produce';
const FETCH = 'Fetch';

export function registerBrokerMetrics(registry: Registry, { parts, requests, connections }: Watched): void {
  const metrics = [
    ...ofCluster(parts),
    ...ofReplicas(parts),
    ...ofTopics(parts, requests),
    ...ofLogs(parts),
    ...ofRequests(requests),
    ...ofConnections(parts, connections),
    ...queueGauges(parts).map((gauge) => ({ ...gauge, kind: Gauge })),
  ];
  for (const { kind: Kind, name, help, labelNames, samples } of metrics) {
    const metric = new Kind({
      name,
      help,
      labelNames,
      registers: [],
      collect(this: Gauge | Counter) {
        this.reset();
        for (const [value, labels = {}] of samples()) this.inc(labels, value);
      },
    });
    registry.registerMetric(metric);
  }
}

/** A gauge without labels. */
function one(name: string, help: string, value: () => number): Metric {
  return { kind: Gauge, name, help, labelNames: [], samples: () => [[value()]] };
}

function* eachPartition({ metadata: { image } }: Pick<BrokerParts, 'metadata'>) {
  for (const topic of image.topicsById.values()) {
    for (const [index, partition] of topic.partitions.entries()) yield { topic, index, partition };
  }
}

function count<T>(all: Iterable<T>, is: (one: T) => boolean): number {
  let total = 0;
  for (const each of all) if (is(each)) total++;
  return total;
}

function ofCluster(parts: BrokerParts): Metric[] {
  const { metadata, partitions } = parts;
  const isAlone = metadata.image.controllers.size === 0;
  const kafka = 'kafka_controller_kafkacontroller';
  const isLeaderless = ({
    topic,
    index,
    partition,
  }: ReturnType<typeof eachPartition> extends Iterable<infer T> ? T : never) =>
    partition.leader < 0 || partitions.isOffline(topic.id, index);
  return [
    ...(isAlone
      ? [one(`${kafka}_activecontrollercount`, 'One: a broker that is alone is its own controller', () => 1)]
      : []),
    one(`${kafka}_activebrokercount`, 'Brokers that may lead', () =>
      count(metadata.image.brokers.values(), ({ fenced }) => !fenced),
    ),
    one(`${kafka}_fencedbrokercount`, 'Brokers that may not lead', () =>
      count(metadata.image.brokers.values(), ({ fenced }) => fenced),
    ),
    one(`${kafka}_globaltopiccount`, 'Topics', () => metadata.image.topicsById.size),
    one(`${kafka}_globalpartitioncount`, 'Partitions', () => count(eachPartition(parts), () => true)),
    one(`${kafka}_offlinepartitionscount`, 'Partitions without a leader', () =>
      count(eachPartition(parts), isLeaderless),
    ),
    one(`${kafka}_preferredreplicaimbalancecount`, 'Partitions led by another than their first replica', () =>
      count(eachPartition(parts), ({ partition: { leader, replicas } }) => leader !== replicas[0]),
    ),
    one('kafka_server_kafkaserver_brokerstate', '3: it runs', () => RUNNING),
  ];
}

function ofReplicas(parts: BrokerParts): Metric[] {
  const { partitions, nodeId } = parts;
  const kafka = 'kafka_server_replicamanager';
  const all = () => partitions.all();
  return [
    one(`${kafka}_partitioncount`, 'Partitions on this broker', () => count(all(), () => true)),
    one(`${kafka}_leadercount`, 'Partitions it leads', () =>
      count(eachPartition(parts), ({ partition: { leader } }) => leader === nodeId),
    ),
    one(`${kafka}_offlinereplicacount`, 'Partitions in log directories that have failed', () =>
      count(all(), ({ isOffline }) => isOffline),
    ),
    one(`${kafka}_underreplicatedpartitions`, 'Partitions it leads whose replicas are not all in sync', () =>
      count(
        eachPartition(parts),
        ({ partition: { leader, isr, replicas } }) => leader === nodeId && isr.length < replicas.length,
      ),
    ),
    one(`${kafka}_underminisrpartitioncount`, 'Partitions with fewer in sync than min.insync.replicas', () =>
      count(all(), ({ isUnderMinIsr }) => isUnderMinIsr),
    ),
    one('kafka_log_logmanager_offlinelogdirectorycount', 'Log directories that have failed', () =>
      count(partitions.directories, ({ health }) => health.isOffline),
    ),
  ];
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
  const asked = (api: string) => () => {
    const counts = requests.asked().find(({ name }) => name === api)?.counts ?? [];
    return [[counts.reduce((sum, { count: more }) => sum + more, 0)] as const];
  };
  return [
    records('messagesIn', 'Records that producers have appended'),
    records('bytesIn', 'Bytes of records that producers have appended'),
    records('bytesOut', 'Bytes of records that consumers have got'),
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

function ofRequests(requests: RequestTimes): Metric[] {
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

function ofConnections({ fetchSessions }: BrokerParts, connections: Watched['connections']): Metric[] {
  return [
    {
      kind: Gauge,
      name: 'kafka_server_socket_server_metrics_connection_count',
      help: 'Open connections',
      labelNames: ['listener'],
      samples: () => [...connections()].map(([listener, value]): Sample => [value, { listener }]),
    },
    one(
      'kafka_server_fetchsessioncache_numincrementalfetchsessions',
      'Incremental fetch sessions',
      () => fetchSessions.size,
    ),
  ];
}
