/** Broker keys for share groups and the coordinator that keeps their state (KIP-932). */
import { boolean, int, list, short, string } from './definition.ts';

export const shareGroupKeys = {
  'errors.deadletterqueue.auto.create.topics.enable': boolean(
    false,
    { update: 'cluster-wide' },
    "Whether the broker creates a share group's dead-letter topic where it is missing (KIP-1191).",
  ),
  'errors.deadletterqueue.topic.name.prefix': string(
    'dlq.',
    { update: 'cluster-wide' },
    'How the names of dead-letter topics of share groups must begin; the empty text allows every name.',
  ),
  'group.share.assignment.interval.ms': int(
    1000,
    { update: 'cluster-wide', min: 0 },
    'Default of the group key share.assignment.interval.ms: least milliseconds between two assignments.',
  ),
  'group.share.assignor.offload.enable': boolean(
    true,
    { update: 'cluster-wide', internal: true },
    'Default of the group key share.assignor.offload.enable: whether Kafka computes assignments in a thread of their own.',
  ),
  'group.share.assignors': list(
    ['simple'],
    { nonEmpty: true },
    'Assignors of share groups, by name; the first is the default.',
  ),
  'group.share.delivery.count.limit': int(
    5,
    { min: 2, max: 10 },
    'Default of the group key share.delivery.count.limit: how often a record is handed out at most.',
  ),
  'group.share.dlq.manager.class.name': string(
    'org.apache.kafka.server.share.dlq.DefaultShareGroupDLQManager',
    { internal: true },
    'The Java class that writes dead letters of share groups. No effect in Ottla, which loads no classes.',
  ),
  'group.share.heartbeat.interval.ms': int(
    5000,
    { min: 1 },
    'Default of the group key share.heartbeat.interval.ms: milliseconds between heartbeats.',
  ),
  'group.share.initialize.retry.interval.ms': int(
    30_000,
    { importance: 'low', min: 1, internal: true },
    'Milliseconds before the state of share partitions that could not be initialized is tried again.',
  ),
  'group.share.max.assignment.interval.ms': int(
    15_000,
    { min: 0 },
    'Upper bound of share.assignment.interval.ms for single groups.',
  ),
  'group.share.max.delivery.count.limit': int(
    10,
    { min: 5, max: 25 },
    'Upper bound of share.delivery.count.limit for single groups.',
  ),
  'group.share.max.heartbeat.interval.ms': int(
    15_000,
    { min: 1 },
    'Upper bound of share.heartbeat.interval.ms for single groups.',
  ),
  'group.share.max.partition.max.record.locks': int(
    4000,
    { min: 2000, max: 10_000 },
    'Upper bound of share.partition.max.record.locks for single groups.',
  ),
  'group.share.max.record.lock.duration.ms': int(
    60_000,
    { min: 30_000, max: 3_600_000 },
    'Upper bound of share.record.lock.duration.ms for single groups.',
  ),
  'group.share.max.session.timeout.ms': int(
    60_000,
    { min: 1 },
    'Upper bound of share.session.timeout.ms for single groups.',
  ),
  'group.share.max.share.sessions': int(2000, { min: 1 }, 'Most share sessions the broker keeps at once.'),
  'group.share.max.size': int(200, { min: 1, max: 1000 }, 'Most members a share group may have.'),
  'group.share.min.assignment.interval.ms': int(
    0,
    { min: 0 },
    'Lower bound of share.assignment.interval.ms for single groups.',
  ),
  'group.share.min.delivery.count.limit': int(
    2,
    { min: 2, max: 5 },
    'Lower bound of share.delivery.count.limit for single groups.',
  ),
  'group.share.min.heartbeat.interval.ms': int(
    5000,
    { min: 1 },
    'Lower bound of share.heartbeat.interval.ms for single groups.',
  ),
  'group.share.min.partition.max.record.locks': int(
    100,
    { min: 100, max: 2000 },
    'Lower bound of share.partition.max.record.locks for single groups.',
  ),
  'group.share.min.record.lock.duration.ms': int(
    15_000,
    { min: 1000, max: 30_000 },
    'Lower bound of share.record.lock.duration.ms for single groups.',
  ),
  'group.share.min.session.timeout.ms': int(
    45_000,
    { min: 1 },
    'Lower bound of share.session.timeout.ms for single groups.',
  ),
  'group.share.partition.max.record.locks': int(
    2000,
    { min: 100, max: 10_000 },
    'Default of the group key share.partition.max.record.locks: records out at once in one partition.',
  ),
  'group.share.persister.class.name': string(
    'org.apache.kafka.server.share.persister.DefaultStatePersister',
    { internal: true },
    'The Java class that stores the state of share groups. No effect in Ottla, which loads no classes.',
  ),
  'group.share.record.lock.duration.ms': int(
    30_000,
    { min: 1000, max: 3_600_000 },
    'Default of the group key share.record.lock.duration.ms: milliseconds a record belongs to its consumer.',
  ),
  'group.share.session.timeout.ms': int(
    45_000,
    { min: 1 },
    'Default of the group key share.session.timeout.ms: milliseconds of silence before a member is removed.',
  ),
  'share.coordinator.append.linger.ms': int(
    -1,
    { min: -1 },
    'Milliseconds the share coordinator gathers state changes before writing them; -1 adapts to the load, 0 ' +
      'never waits.',
  ),
  'share.coordinator.cached.buffer.max.bytes': int(
    1_048_588,
    { update: 'cluster-wide', min: 524_288 },
    'Largest write buffer, in bytes, that the share coordinator keeps for reuse. Accepted without effect.',
  ),
  'share.coordinator.cold.partition.snapshot.interval.ms': int(
    300_000,
    { importance: 'low', min: 1, internal: true },
    'Milliseconds between snapshots of share partitions that did not change.',
  ),
  'share.coordinator.load.buffer.size': int(
    5_242_880,
    { importance: 'high', min: 1 },
    'Bytes read at a time when the share coordinator loads its state.',
  ),
  'share.coordinator.snapshot.update.records.per.snapshot': int(
    500,
    { min: 0, max: 500 },
    'How many updates the share coordinator writes between two snapshots of a share partition.',
  ),
  'share.coordinator.state.topic.compression.codec': int(
    0,
    { importance: 'high' },
    'Codec of __share_group_state by its number: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.',
  ),
  'share.coordinator.state.topic.min.isr': short(
    2,
    { importance: 'high', min: 1 },
    'The min.insync.replicas of __share_group_state.',
  ),
  'share.coordinator.state.topic.num.partitions': int(
    50,
    { importance: 'high', min: 1 },
    'How many partitions __share_group_state is created with; not to be changed afterwards.',
  ),
  'share.coordinator.state.topic.prune.interval.ms': int(
    300_000,
    { importance: 'low', min: 1, internal: true },
    'Milliseconds between deletions of records in __share_group_state that snapshots have made useless.',
  ),
  'share.coordinator.state.topic.replication.factor': short(
    3,
    { importance: 'high', min: 1 },
    'How many replicas __share_group_state is created with.',
  ),
  'share.coordinator.state.topic.segment.bytes': int(
    104_857_600,
    { importance: 'high', min: 1 },
    'Segment size of __share_group_state in bytes.',
  ),
  'share.coordinator.threads': int(1, { min: 1 }, "Threads of Kafka's share coordinator. Accepted without effect."),
  'share.coordinator.write.timeout.ms': int(
    5000,
    { importance: 'high', min: 1 },
    'Milliseconds the share coordinator waits for its writes to be replicated.',
  ),
  'share.fetch.purgatory.purge.interval.requests': int(
    1000,
    {},
    'Finished share fetches that pile up before Kafka clears them away. Accepted without effect.',
  ),
} as const;
