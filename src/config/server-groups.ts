/** Broker keys for consumer groups of every protocol, their offsets, and the group coordinator. */
import { boolean, className, int, list, long, short, string } from './definition.ts';

export const groupCoordinatorKeys = {
  'group.consumer.assignment.interval.ms': int(
    1000,
    { update: 'cluster-wide', min: 0 },
    'Default of the group key consumer.assignment.interval.ms: least milliseconds between two assignments.',
  ),
  'group.consumer.assignor.offload.enable': boolean(
    true,
    { update: 'cluster-wide', internal: true },
    'Default of the group key consumer.assignor.offload.enable: whether Kafka computes assignments in a thread of their own. ' +
      'Accepted without effect.',
  ),
  'group.consumer.assignors': list(
    ['uniform', 'range'],
    { nonEmpty: true },
    'Assignors that consumer groups may ask for, by name; the first is used when a group asks for none.',
  ),
  'group.consumer.heartbeat.interval.ms': int(
    5000,
    { min: 1 },
    'Default of the group key consumer.heartbeat.interval.ms: milliseconds between heartbeats.',
  ),
  'group.consumer.max.assignment.interval.ms': int(
    15_000,
    { min: 0 },
    'Upper bound of consumer.assignment.interval.ms for single groups.',
  ),
  'group.consumer.max.heartbeat.interval.ms': int(
    15_000,
    { min: 1 },
    'Upper bound of consumer.heartbeat.interval.ms for single groups.',
  ),
  'group.consumer.max.session.timeout.ms': int(
    60_000,
    { min: 1 },
    'Upper bound of consumer.session.timeout.ms for single groups.',
  ),
  'group.consumer.max.size': int(2_147_483_647, { min: 1 }, 'Most members a group of the consumer protocol may have.'),
  'group.consumer.migration.policy': string(
    'bidirectional',
    { oneOf: ['DISABLED', 'DOWNGRADE', 'UPGRADE', 'BIDIRECTIONAL'], anyCase: true },
    'Whether a group may turn from the classic protocol to the consumer protocol while in use (upgrade), back ' +
      '(downgrade), both ways or not at all.',
  ),
  'group.consumer.min.assignment.interval.ms': int(
    0,
    { min: 0 },
    'Lower bound of consumer.assignment.interval.ms for single groups.',
  ),
  'group.consumer.min.heartbeat.interval.ms': int(
    5000,
    { min: 1 },
    'Lower bound of consumer.heartbeat.interval.ms for single groups.',
  ),
  'group.consumer.min.session.timeout.ms': int(
    45_000,
    { min: 1 },
    'Lower bound of consumer.session.timeout.ms for single groups.',
  ),
  'group.consumer.regex.refresh.interval.ms': int(
    600_000,
    { min: 10_000, internal: true },
    'Milliseconds between new evaluations of subscriptions given as regular expressions. A topic that comes or goes is ' +
      'noticed by the next heartbeat, once a second at most (Apache Kafka: once in ten seconds).',
  ),
  'group.consumer.session.timeout.ms': int(
    45_000,
    { min: 1 },
    'Default of the group key consumer.session.timeout.ms: milliseconds of silence before a member is removed.',
  ),
  'group.coordinator.append.linger.ms': int(
    -1,
    { min: -1 },
    'Milliseconds the group coordinator gathers changes before writing them; -1 adapts to the load, 0 never ' +
      'waits.',
  ),
  'group.coordinator.background.threads': int(
    2,
    { importance: 'high', min: 1 },
    "Threads for the group coordinator's slow work in Kafka. Accepted without effect.",
  ),
  'group.coordinator.cached.buffer.max.bytes': int(
    1_048_588,
    { update: 'cluster-wide', min: 524_288 },
    'Largest write buffer, in bytes, that the group coordinator keeps for reuse. Accepted without effect.',
  ),
  'group.coordinator.rebalance.protocols': list(
    ['classic', 'consumer', 'streams'],
    { oneOf: ['consumer', 'classic', 'share', 'streams'], nonEmpty: true },
    'Group protocols the coordinator speaks; Kafka decides by feature levels today and keeps the key for older ' +
      'files.',
  ),
  'group.coordinator.threads': int(
    4,
    { importance: 'high', min: 1 },
    "Threads of Kafka's group coordinator. Accepted without effect.",
  ),
  'group.initial.rebalance.delay.ms': int(
    3000,
    {},
    'Milliseconds a new classic group waits for more members before its first rebalance; 0 lets the first ' +
      "member start at once. Ottla starts with 0 unless the key is set, as Kafka's quick starts do.",
  ),
  'group.max.session.timeout.ms': int(
    1_800_000,
    {},
    'Longest session time-out, in milliseconds, that a member of a classic group may ask for.',
  ),
  'group.max.size': int(2_147_483_647, { min: 1 }, 'Most members a classic group may have.'),
  'group.min.session.timeout.ms': int(
    6000,
    {},
    'Shortest session time-out, in milliseconds, that a member of a classic group may ask for.',
  ),
  'group.streams.acceptable.recovery.lag': long(
    10_000,
    { min: 0, internal: true },
    'Default of the group key streams.acceptable.recovery.lag: offsets that a caught-up client may be behind.',
  ),
  'group.streams.assignment.interval.ms': int(
    1000,
    { update: 'cluster-wide', min: 0 },
    'Default of the group key streams.assignment.interval.ms: least milliseconds between two assignments.',
  ),
  'group.streams.assignor.offload.enable': boolean(
    true,
    { update: 'cluster-wide', internal: true },
    'Default of the group key streams.assignor.offload.enable: whether Kafka computes assignments in a thread of their own.',
  ),
  'group.streams.assignors': list(
    ['sticky'],
    { nonEmpty: true },
    'Assignors that streams groups may ask for, by name; the first is used when a group asks for none.',
  ),
  'group.streams.heartbeat.interval.ms': int(
    5000,
    { min: 1 },
    'Default of the group key streams.heartbeat.interval.ms: milliseconds between heartbeats.',
  ),
  'group.streams.initial.rebalance.delay.ms': int(
    3000,
    { min: 0 },
    "Default of the group key streams.initial.rebalance.delay.ms: milliseconds before a new group's first " +
      'assignment.',
  ),
  'group.streams.max.assignment.interval.ms': int(
    15_000,
    { min: 0 },
    'Upper bound of streams.assignment.interval.ms for single groups.',
  ),
  'group.streams.max.heartbeat.interval.ms': int(
    15_000,
    { min: 1 },
    'Upper bound of streams.heartbeat.interval.ms for single groups.',
  ),
  'group.streams.max.session.timeout.ms': int(
    60_000,
    { min: 1 },
    'Upper bound of streams.session.timeout.ms for single groups.',
  ),
  'group.streams.max.size': int(2_147_483_647, { min: 1 }, 'Most members a streams group may have.'),
  'group.streams.max.standby.replicas': int(
    2,
    { min: 0 },
    'Upper bound of streams.num.standby.replicas for single groups.',
  ),
  'group.streams.max.warmup.replicas': int(
    20,
    { min: 0, internal: true },
    'Upper bound of streams.num.warmup.replicas for single groups.',
  ),
  'group.streams.min.assignment.interval.ms': int(
    0,
    { min: 0 },
    'Lower bound of streams.assignment.interval.ms for single groups.',
  ),
  'group.streams.min.heartbeat.interval.ms': int(
    5000,
    { min: 1 },
    'Lower bound of streams.heartbeat.interval.ms for single groups.',
  ),
  'group.streams.min.session.timeout.ms': int(
    45_000,
    { min: 1 },
    'Lower bound of streams.session.timeout.ms for single groups.',
  ),
  'group.streams.min.task.offset.interval.ms': int(
    15_000,
    { min: 1, internal: true },
    'Lower bound of streams.task.offset.interval.ms for single groups.',
  ),
  'group.streams.num.standby.replicas': int(
    0,
    { min: 0 },
    'Default of the group key streams.num.standby.replicas: warm copies of each stateful task.',
  ),
  'group.streams.num.warmup.replicas': int(
    2,
    { min: 0, internal: true },
    'Default of the group key streams.num.warmup.replicas: tasks that are warmed up at once, at most.',
  ),
  'group.streams.rack.aware.assignment.tags': list(
    [],
    { importance: 'low' },
    'Default of the group key streams.rack.aware.assignment.tags: client tags that standby tasks are spread over.',
  ),
  'group.streams.session.timeout.ms': int(
    45_000,
    { min: 1 },
    'Default of the group key streams.session.timeout.ms: milliseconds of silence before a member is removed.',
  ),
  'group.streams.task.offset.interval.ms': int(
    60_000,
    { min: 1, internal: true },
    'Default of the group key streams.task.offset.interval.ms: milliseconds between reports of how far warm-up tasks are.',
  ),
  'group.streams.topology.description.plugin.class': className(
    null,
    {},
    'A Java class that keeps the descriptions of topologies (KIP-1331). No effect in Ottla, which loads no classes.',
  ),
  'offset.metadata.max.bytes': int(
    4096,
    { importance: 'high' },
    'Longest text, in bytes, that a consumer may store beside a committed offset.',
  ),
  'offsets.commit.timeout.ms': int(
    5000,
    { importance: 'high', min: 1 },
    'Milliseconds a commit of offsets may wait for its record to be replicated.',
  ),
  'offsets.load.buffer.size': int(
    5_242_880,
    { importance: 'high', min: 1 },
    'Bytes read at a time when the group coordinator loads its state.',
  ),
  'offsets.topic.compression.codec': int(
    0,
    { importance: 'high' },
    'Codec of __consumer_offsets by its number: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.',
  ),
  'offsets.topic.num.partitions': int(
    50,
    { importance: 'high', min: 1 },
    'How many partitions __consumer_offsets is created with; not to be changed afterwards, since it decides ' +
      "where a group's state lies.",
  ),
  'offsets.topic.replication.factor': short(
    3,
    { importance: 'high', min: 1 },
    'How many replicas __consumer_offsets is created with.',
  ),
  'offsets.topic.segment.bytes': int(
    104_857_600,
    { importance: 'high', min: 1 },
    'Segment size of __consumer_offsets in bytes.',
  ),
} as const;
