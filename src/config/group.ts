/** Group keys, as IncrementalAlterConfigs takes them for one group. */
import { boolean, int, string } from './definition.ts';

export const groupKeys = {
  'consumer.assignment.interval.ms': int(
    1000,
    { min: 0 },
    'Milliseconds that at least lie between two assignments of a consumer group.',
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
  'share.assignment.interval.ms': int(
    1000,
    { min: 0 },
    'Milliseconds that at least lie between two assignments of a share group.',
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
  'streams.assignment.interval.ms': int(
    1000,
    { min: 0 },
    'Milliseconds that at least lie between two assignments of a streams group.',
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
  'streams.session.timeout.ms': int(
    45_000,
    { min: 1 },
    'Milliseconds without a heartbeat after which a member is removed from a streams group.',
  ),
} as const;

export type GroupKey = keyof typeof groupKeys;
