/** Group keys, as IncrementalAlterConfigs takes them for one group. */
import { boolean, int, list, long, string } from './definition.ts';

export const groupKeys = {
  'consumer.assignment.interval.ms': int(
    1000,
    { min: 0 },
    'Milliseconds that at least lie between two assignments of a consumer group.',
  ),
  'consumer.assignor.offload.enable': boolean(
    true,
    { internal: true },
    'Whether Kafka computes assignments of a consumer group in a thread of their own.',
  ),
  'consumer.heartbeat.interval.ms': int(
    5000,
    { min: 1 },
    'Milliseconds between the heartbeats that members of a consumer group are told to send.',
  ),
  'consumer.session.timeout.ms': int(
    45_000,
    { min: 1 },
    'Milliseconds without a heartbeat after which a member is removed from a consumer group.',
  ),
  'errors.deadletterqueue.copy.record.enable': boolean(
    false,
    {},
    'Whether a dead letter of the share group holds the record itself, beside the headers that say where it was.',
  ),
  'errors.deadletterqueue.topic.name': string(
    '',
    {},
    'The topic that gets the records which the share group could not deliver; none when empty (KIP-1191).',
  ),
  'ottla.share.retry.backoff.max.ms': int(
    0,
    { min: 0, internal: true },
    'Most milliseconds by which the next delivery of a released record is put off; 0 sets no bound.',
  ),
  'ottla.share.retry.backoff.ms': int(
    0,
    { min: 0, internal: true },
    'Milliseconds before a record that was released, or whose lock ran out, is delivered again, doubled with every delivery.',
  ),
  'share.assignment.interval.ms': int(
    1000,
    { min: 0 },
    'Milliseconds that at least lie between two assignments of a share group.',
  ),
  'share.assignor.offload.enable': boolean(
    true,
    { internal: true },
    'Whether Kafka computes assignments of a share group in a thread of their own.',
  ),
  'share.auto.offset.reset': string(
    'latest',
    { offsetReset: true },
    'Where a share group begins in a partition it has not read yet: latest, earliest, or by_duration: and how ' +
      'far back in time.',
  ),
  'share.delivery.count.limit': int(
    5,
    { min: 2 },
    'How often a record is handed out to a share group before it counts as undeliverable.',
  ),
  'share.heartbeat.interval.ms': int(
    5000,
    { min: 1 },
    'Milliseconds between the heartbeats that members of a share group are told to send.',
  ),
  'share.isolation.level': string(
    'read_uncommitted',
    { oneOf: ['read_committed', 'read_uncommitted'] },
    'Whether a share group is given records of open and aborted transactions (read_uncommitted) or only of ' +
      'committed ones.',
  ),
  'share.partition.max.record.locks': int(
    2000,
    { min: 100 },
    'How many records of one partition a share group may have handed out and not yet acknowledged.',
  ),
  'share.record.lock.duration.ms': int(
    30_000,
    { min: 1000 },
    'Milliseconds for which a record handed out belongs to its consumer before it is offered again.',
  ),
  'share.renew.acknowledge.enable': boolean(
    true,
    {},
    'Whether consumers of the share group may prolong their hold on a record.',
  ),
  'share.session.timeout.ms': int(
    45_000,
    { min: 1 },
    'Milliseconds without a heartbeat after which a member is removed from a share group.',
  ),
  'streams.acceptable.recovery.lag': long(
    10_000,
    { min: 0, internal: true },
    'How many offsets a client of the streams group may be behind and still be given an active task.',
  ),
  'streams.assignment.interval.ms': int(
    1000,
    { min: 0 },
    'Milliseconds that at least lie between two assignments of a streams group.',
  ),
  'streams.assignor.name': string(
    null,
    {},
    "The assignor of the streams group, one of the broker's group.streams.assignors; the first of them when absent.",
  ),
  'streams.assignor.offload.enable': boolean(
    true,
    { internal: true },
    'Whether Kafka computes assignments of a streams group in a thread of their own.',
  ),
  'streams.heartbeat.interval.ms': int(
    5000,
    { min: 1 },
    'Milliseconds between the heartbeats that members of a streams group are told to send.',
  ),
  'streams.initial.rebalance.delay.ms': int(
    3000,
    { min: 0 },
    'Milliseconds for which a new streams group waits for more members before its first assignment.',
  ),
  'streams.num.standby.replicas': int(
    0,
    { min: 0 },
    'How many warm copies of each stateful task a streams group keeps on other members.',
  ),
  'streams.num.warmup.replicas': int(
    2,
    { min: 0, internal: true },
    'How many tasks of a streams group are warmed up on other members at once, at most.',
  ),
  'streams.rack.aware.assignment.tags': list(
    [],
    { importance: 'low' },
    'Client tags that standby tasks of a streams group are spread over.',
  ),
  'streams.session.timeout.ms': int(
    45_000,
    { min: 1 },
    'Milliseconds without a heartbeat after which a member is removed from a streams group.',
  ),
  'streams.task.offset.interval.ms': int(
    60_000,
    { min: 1, internal: true },
    'Milliseconds between reports of how far the warm-up tasks of a streams group are.',
  ),
} as const;

export type GroupKey = keyof typeof groupKeys;
