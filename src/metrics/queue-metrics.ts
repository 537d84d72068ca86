/** Share groups on /metrics: what Kafka counts of them, and the queue of each group by topic. */
import { Counter, Gauge } from 'prom-client';
import { AckType } from '../../protocol/acknowledge-type.ts';
import type { BrokerParts } from '../apis/broker-parts.ts';
import type { Partition } from '../partitions/partition.ts';
import type { Metric, Sample } from './metric.ts';
import type { RequestTimes } from './request-times.ts';

type Parts = Pick<BrokerParts, 'clock' | 'groups' | 'metadata' | 'share'>;

type Loaded = NonNullable<Parts['share']['loaded']>;
type SharePartition = Loaded['partitions']['all'] extends Iterable<infer Each> ? Each : never;
type DeadLetterCounts = Loaded['counts']['deadLetters'] extends Map<string, infer Counts> ? Counts : never;

/** DeliveryState in src/share/runs.ts. */
const ACQUIRED = 1;

/** Before share groups are loaded their metrics have no samples, or 0 where they have no labels. */
export function queueMetrics(parts: Parts, requests: RequestTimes): Metric[] {
  return [
    ...ofGroups(parts),
    ...ofRequests(parts, requests),
    ...ofPartitions(parts),
    ...ofState(parts),
    ...ofDeadLetters(parts),
    ...ofQueues(parts),
  ];
}

function gauge(name: string, help: string, labelNames: readonly string[], samples: () => Iterable<Sample>): Metric {
  return { kind: Gauge, name, help, labelNames, samples };
}

function counter(...told: Parameters<typeof gauge>): Metric {
  return { ...gauge(...told), kind: Counter };
}

function ofGroups({ groups, share }: Parts): Metric[] {
  const kafka = 'kafka_server_group_coordinator_metrics';
  const sessions = 'kafka_server_sharesessioncache';
  return [
    gauge(`${kafka}_group_count`, 'Groups by their protocol', ['protocol'], () =>
      (['classic', 'consumer', 'share', 'streams'] as const).map((protocol): Sample => [
        groups.listGroups([], [protocol]).groups.length,
        { protocol },
      ]),
    ),
    gauge(`${kafka}_share_group_count`, 'Share groups by their state', ['state'], () => {
      const listed = groups.listGroups([], ['share']).groups;
      const count = (state: string): number => listed.filter(({ groupState }) => groupState === state).length;
      return ['Empty', 'Stable'].map((state): Sample => [count(state), { state: state.toLowerCase() }]);
    }),
    gauge(`${sessions}_sharesessionscount`, 'Share sessions', [], () => [[share.loaded?.sessions.size ?? 0]]),
    gauge(`${sessions}_sharepartitionscount`, 'Partitions of share sessions', [], () => [
      [share.loaded?.sessions.partitionCount ?? 0],
    ]),
  ];
}

function ofRequests({ share }: Parts, requests: RequestTimes): Metric[] {
  const topics = 'kafka_server_brokertopicmetrics';
  return [
    counter(`${topics}_totalsharefetchrequests_total`, 'ShareFetch requests', [], () => [
      [requests.countOf('ShareFetch')],
    ]),
    counter(`${topics}_totalshareacknowledgementrequests_total`, 'ShareAcknowledge requests', [], () => [
      [requests.countOf('ShareAcknowledge')],
    ]),
    counter(`${topics}_failedsharefetchrequests_total`, 'Partitions of share fetches that failed', [], () => [
      [share.loaded?.counts.failedFetches ?? 0],
    ]),
    counter(
      `${topics}_failedshareacknowledgementrequests_total`,
      'Partitions whose acknowledgements failed',
      [],
      () => [[share.loaded?.counts.failedAcknowledgements ?? 0]],
    ),
    counter(
      'kafka_server_sharegroupmetrics_recordacknowledgements_total',
      'Records that share consumers have acknowledged',
      ['acktype'],
      () => {
        const { acknowledged } = share.loaded?.counts ?? { acknowledged: null };
        return Object.entries(AckType).map(([acktype, type]): Sample => [acknowledged?.[type] ?? 0, { acktype }]);
      },
    ),
  ];
}

function ofPartitions({ share, metadata }: Parts): Metric[] {
  const kafka = 'kafka_server_sharepartitionmetrics';
  const labels = ['group', 'topic', 'partition'];
  const samples = (valueOf: (partition: SharePartition) => number) =>
    function* (): Iterable<Sample> {
      for (const each of share.loaded?.partitions.all ?? []) {
        const topic = metadata.image.topicsById.get(each.id.topicId)?.name;
        if (topic !== undefined) yield [valueOf(each), { group: each.groupId, topic, partition: each.id.partition }];
      }
    };
  const spread = ({ inFlight }: SharePartition): number => inFlight.endOffset - inFlight.startOffset;
  return [
    gauge(
      `${kafka}_inflightmessagecount`,
      'Offsets between start and end of a share partition',
      labels,
      samples(spread),
    ),
    gauge(
      `${kafka}_inflightbatchcount`,
      'Runs of offsets in one state, between start and end of a share partition',
      labels,
      samples(({ inFlight }) => inFlight.runs.length),
    ),
    counter(
      `${kafka}_acquisitionlocktimeout_total`,
      'Records whose locks ran out, since the share partition was loaded',
      labels,
      samples(({ lockTimeouts }) => lockTimeouts),
    ),
  ];
}

function ofState({ share }: Parts): Metric[] {
  const kafka = 'kafka_server_share_coordinator_metrics';
  return [
    gauge(`${kafka}_num_partitions`, 'Partitions of __share_group_state that this broker leads', ['state'], () => {
      const { active = 0, loading = 0 } = share.loaded?.state.partitionCounts ?? {};
      return [
        [active, { state: 'active' }],
        [loading, { state: 'loading' }],
      ];
    }),
    counter(`${kafka}_write_total`, 'Writes of the state of share partitions', [], () => [
      [share.loaded?.state.writes.count ?? 0],
    ]),
    gauge(`${kafka}_write_latency_avg`, 'Milliseconds that such a write took, on average since the start', [], () => {
      const { count = 0, totalMs = 0 } = share.loaded?.state.writes ?? {};
      return [[count === 0 ? 0 : totalMs / count]];
    }),
    gauge(`${kafka}_write_latency_max`, 'Milliseconds that the longest such write took since the start', [], () => [
      [share.loaded?.state.writes.longestMs ?? 0],
    ]),
  ];
}

function ofDeadLetters({ share }: Parts): Metric[] {
  const kafka = 'kafka_server_sharegroupmetrics_deadletterqueue';
  const samples = (valueOf: (counts: DeadLetterCounts) => number) => () =>
    Array.from(share.loaded?.counts.deadLetters ?? [], ([group, counts]): Sample => [valueOf(counts), { group }]);
  return [
    counter(
      `${kafka}recordcount_total`,
      'Dead letters written',
      ['group'],
      samples(({ records }) => records),
    ),
    counter(
      `${kafka}totalproducerequests_total`,
      'Batches of dead letters that were to be written',
      ['group'],
      samples(({ requests }) => requests),
    ),
    counter(
      `${kafka}failedproducerequests_total`,
      'Batches of dead letters that could not be written at once',
      ['group'],
      samples(({ failures }) => failures),
    ),
  ];
}

/** Of the partitions that the group fetches here. */
function ofQueues({ share, metadata, clock }: Parts): Metric[] {
  const byTopic = (what: string, help: string, valueOf: (partition: SharePartition) => number, join = add) =>
    gauge(`ottla_queue_${what}`, help, ['group', 'topic'], () => {
      const values = new Map<string, { readonly labels: { group: string; topic: string }; value: number }>();
      for (const each of share.loaded?.partitions.all ?? []) {
        const topic = metadata.image.topicsById.get(each.id.topicId)?.name;
        if (topic === undefined) continue;
        const key = `${topic}\n${each.groupId}`;
        const known = values.get(key);
        if (known === undefined) values.set(key, { labels: { group: each.groupId, topic }, value: valueOf(each) });
        else known.value = join(known.value, valueOf(each));
      }
      return Array.from(values.values(), ({ labels, value }): Sample => [value, labels]);
    });
  const behind = ({ partition, inFlight }: SharePartition): number =>
    Math.max(partition.highWatermark - inFlight.startOffset, 0);
  return [
    byTopic('depth', 'Records that a share group has not finished', (each) =>
      Math.max(behind(each) - each.inFlight.finishedCount, 0),
    ),
    byTopic('in_flight', 'Records that members of a share group hold', ({ inFlight }) => inFlight.countOf(ACQUIRED)),
    byTopic(
      'furthest_behind',
      'Records between the first that a share group has not finished and the end, of the partition that is furthest behind',
      behind,
      Math.max,
    ),
    byTopic(
      'oldest_unacknowledged_seconds',
      'Age of the batch with the first record that a share group has not finished; 0 where it has finished all',
      ({ partition, inFlight }) => ageOf(partition, inFlight.startOffset, clock.now()) / 1000,
      Math.max,
    ),
  ];
}

function add(a: number, b: number): number {
  return a + b;
}

/** Milliseconds since the batch began that holds the offset; 0 where there is none, or the disk does not give it. */
function ageOf(partition: Partition, offset: number, nowMs: number): number {
  try {
    for (const { baseTimestamp } of partition.batches(offset, partition.highWatermark)) {
      return Math.max(0, nowMs - baseTimestamp);
    }
  } catch {
    return 0; // a fetch says what it is
  }
  return 0;
}
