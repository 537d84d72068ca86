/** Share groups on /metrics: Kafka's counts of groups and sessions, and the queue of each group by topic. */
import type { BrokerParts } from '../apis/broker-parts.ts';

type Sample = readonly [value: number, labels?: Readonly<Record<string, string | number>>];
type Parts = Pick<BrokerParts, 'groups' | 'metadata' | 'share'>;

/** DeliveryState in src/share/runs.ts. */
const ACQUIRED = 1;

export interface QueueGauge {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly samples: () => Iterable<Sample>;
}

export function queueGauges({ groups, metadata, share }: Parts): QueueGauge[] {
  const byTopic = (what: string, help: string, valueOf: (queue: QueueSums) => number): QueueGauge => ({
    name: `ottla_queue_${what}`,
    help,
    labelNames: ['group', 'topic'],
    *samples() {
      for (const queue of queuesOf(share, metadata)) {
        yield [valueOf(queue), { group: queue.group, topic: queue.topic }];
      }
    },
  });
  return [
    {
      name: 'kafka_server_group_coordinator_metrics_share_group_count',
      help: 'Share groups by their state',
      labelNames: ['state'],
      samples: () => {
        const listed = groups.listGroups([], ['share']).groups;
        const count = (state: string): number => listed.filter(({ groupState }) => groupState === state).length;
        return ['Empty', 'Stable'].map((state): Sample => [count(state), { state: state.toLowerCase() }]);
      },
    },
    {
      name: 'kafka_server_sharesessioncache_sharesessionscount',
      help: 'Share sessions',
      labelNames: [],
      samples: () => [[share.loaded?.sessions.size ?? 0]],
    },
    byTopic(
      'depth',
      'Records that a share group has not finished, of partitions it fetches here',
      ({ depth }) => depth,
    ),
    byTopic('in_flight', 'Records that members of a share group hold', ({ inFlight }) => inFlight),
    byTopic(
      'furthest_behind',
      'Records between the first that a share group has not finished and the end, of the partition that is furthest behind',
      ({ furthest }) => furthest,
    ),
  ];
}

interface QueueSums {
  readonly group: string;
  readonly topic: string;
  depth: number;
  inFlight: number;
  furthest: number;
}

function queuesOf(share: Parts['share'], { image }: Parts['metadata']): Iterable<QueueSums> {
  const queues = new Map<string, QueueSums>();
  for (const { groupId: group, id, inFlight, partition } of share.loaded?.partitions.all ?? []) {
    const topic = image.topicsById.get(id.topicId)?.name;
    if (topic === undefined) continue;
    const key = `${topic}\n${group}`;
    let queue = queues.get(key);
    if (queue === undefined) queues.set(key, (queue = { group, topic, depth: 0, inFlight: 0, furthest: 0 }));
    const behind = Math.max(partition.highWatermark - inFlight.startOffset, 0);
    queue.depth += Math.max(behind - inFlight.finishedCount, 0);
    queue.inFlight += inFlight.countOf(ACQUIRED);
    queue.furthest = Math.max(queue.furthest, behind);
  }
  return queues.values();
}
