/** Broker keys for replicas: how followers fetch, who is in sync, who may lead. */
import { NO_LIMIT, boolean, int, long, string } from './definition.ts';

export const replicationKeys = {
  'alter.log.dirs.replication.quota.window.num': int(
    11,
    { importance: 'low', min: 1 },
    'Samples over which the rate of moving replicas between directories is averaged.',
  ),
  'alter.log.dirs.replication.quota.window.size.seconds': int(
    1,
    { importance: 'low', min: 1 },
    'Length in seconds of a sample of the rate of moving replicas between directories.',
  ),
  'auto.leader.rebalance.enable': boolean(
    true,
    { importance: 'high' },
    'Whether the active controller of a cluster gives partitions back to their preferred replicas, where those are in sync.',
  ),
  'default.replication.factor': int(1, {}, 'How many replicas a topic gets that is created without saying.'),
  'follower.replication.throttled.rate': long(
    NO_LIMIT,
    { update: 'per-broker', min: 0, internal: true },
    'Bytes a second that this broker fetches at most of the replicas in follower.replication.throttled.replicas.',
  ),
  'leader.imbalance.check.interval.seconds': long(
    300,
    { importance: 'high', min: 1 },
    'Seconds between the looks of the active controller at whether preferred replicas lead, in a cluster.',
  ),
  'leader.replication.throttled.rate': long(
    NO_LIMIT,
    { update: 'per-broker', min: 0, internal: true },
    'Bytes a second that this broker sends at most to followers of the replicas in leader.replication.throttled.replicas.',
  ),
  'min.insync.replicas': int(
    1,
    { importance: 'high', update: 'cluster-wide', min: 1 },
    'Default of the topic key min.insync.replicas: replicas that must have a record before acks=all is answered.',
  ),
  'num.replica.alter.log.dirs.threads': int(
    null,
    { importance: 'high' },
    'Threads that move replicas between directories. Accepted without effect.',
  ),
  'num.replica.fetchers': int(
    1,
    { importance: 'high', update: 'cluster-wide', min: 1 },
    'Connections over which followers fetch from each leader.',
  ),
  'replica.fetch.backoff.ms': int(
    1000,
    { min: 0 },
    'Milliseconds a follower rests after a failed fetch, at most: it begins with 10 and doubles them.',
  ),
  'replica.fetch.max.bytes': int(1_048_576, { min: 0 }, 'Bytes a follower asks for in one partition.'),
  'replica.fetch.min.bytes': int(1, { importance: 'high' }, "Bytes a follower's fetch waits for."),
  'replica.fetch.response.max.bytes': int(10_485_760, { min: 0 }, 'Bytes a follower asks for in all.'),
  'replica.fetch.wait.max.ms': int(500, { importance: 'high' }, "Milliseconds a follower's fetch waits for data."),
  'replica.high.watermark.checkpoint.interval.ms': long(
    5000,
    { importance: 'high' },
    'Milliseconds between writings of the file that holds the high watermarks.',
  ),
  'replica.lag.time.max.ms': long(
    30_000,
    { importance: 'high' },
    'Milliseconds a follower may lag before it counts as out of sync.',
  ),
  'replica.selector.class': string(
    null,
    {},
    'The way to choose which replica a consumer reads from: org.apache.kafka.common.replica.RackAwareReplicaSelector sends it to one ' +
      'in its own rack, any other name has no effect.',
  ),
  'replica.socket.receive.buffer.bytes': int(
    65_536,
    { importance: 'high' },
    "Receive buffer in bytes of followers' connections. A single broker has no followers.",
  ),
  'replica.socket.timeout.ms': int(
    30_000,
    { importance: 'high' },
    "Milliseconds a follower waits for its leader's answer.",
  ),
  'replication.quota.window.num': int(
    11,
    { importance: 'low', min: 1 },
    'Samples over which the rate of throttled replication is averaged.',
  ),
  'replication.quota.window.size.seconds': int(
    1,
    { importance: 'low', min: 1 },
    'Length in seconds of a sample of the rate of throttled replication.',
  ),
  'unclean.leader.election.enable': boolean(
    false,
    { importance: 'high', update: 'cluster-wide' },
    'Default of the topic key of this name: whether a replica that missed records may lead.',
  ),
  'unclean.leader.election.interval.ms': long(
    300_000,
    { min: 1, internal: true },
    'Milliseconds between looks for partitions that an unclean election would help. A single broker leads ' +
      'everything.',
  ),
} as const;
