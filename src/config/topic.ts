/** Topic keys, as CreateTopics and AlterConfigs take them; `broker` names the broker key that each falls back to. */
import { NO_LIMIT, boolean, double, int, list, long, string } from './definition.ts';

export const topicKeys = {
  'cleanup.policy': list(
    ['delete'],
    { oneOf: ['compact', 'delete'], broker: 'log.cleanup.policy' },
    'What happens to old records: delete drops whole segments by age and size, compact keeps the last record of ' +
      'each key; both may be named, and an empty list keeps everything.',
  ),
  'compression.gzip.level': int(
    -1,
    { min: 1, max: 9, or: -1, broker: 'compression.gzip.level' },
    'How hard gzip works, 1 (fast) to 9 (small), or -1 for its own choice; used only when compression.type is ' +
      'gzip and the broker has to compress.',
  ),
  'compression.lz4.level': int(
    9,
    { min: 1, max: 17, broker: 'compression.lz4.level' },
    'How hard lz4 works, 1 to 17; used only when compression.type is lz4 and the broker has to compress.',
  ),
  'compression.type': string(
    'producer',
    { oneOf: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'], broker: 'compression.type' },
    "The codec in which batches are stored: producer keeps what arrives, uncompressed unpacks it, and a codec's " +
      'name makes the broker compress batches that arrive otherwise.',
  ),
  'compression.zstd.level': int(
    3,
    { min: -131_072, max: 22, broker: 'compression.zstd.level' },
    'How hard zstd works, -131072 to 22; used only when compression.type is zstd and the broker has to compress.',
  ),
  'delete.retention.ms': long(
    86_400_000,
    { min: 0, broker: 'log.cleaner.delete.retention.ms' },
    'How long, in milliseconds, a compacted topic keeps tombstones, so that a consumer reading from the start ' +
      'still learns of deletions.',
  ),
  'errors.deadletterqueue.group.enable': boolean(
    false,
    {},
    'Whether share groups may write records here that they could not deliver (KIP-1191).',
  ),
  'file.delete.delay.ms': long(
    60_000,
    { min: 0, broker: 'log.segment.delete.delay.ms' },
    'Milliseconds between taking a segment out of the log and deleting its files.',
  ),
  'flush.messages': long(
    NO_LIMIT,
    { min: 1, broker: 'log.flush.interval.messages' },
    'Number of records after which the log is forced to disk with fsync; by default that is left to the ' +
      'operating system.',
  ),
  'flush.ms': long(
    NO_LIMIT,
    { min: 0, broker: 'log.flush.interval.ms' },
    'Longest time in milliseconds that appended records stay without an fsync; by default that is left to the ' +
      'operating system.',
  ),
  'follower.replication.throttled.replicas': list(
    [],
    { throttledReplicas: true },
    'Follower replicas whose fetching is slowed down to follower.replication.throttled.rate, as partition:broker ' +
      'pairs, or * for all.',
  ),
  'index.interval.bytes': int(
    4096,
    { min: 0, broker: 'log.index.interval.bytes' },
    'How many bytes are appended between two entries of the offset index; fewer means a larger index and ' +
      'shorter scans.',
  ),
  'internal.segment.bytes': int(
    null,
    { internal: true },
    'Segment size in bytes without the lower bound of segment.bytes, so that tests can fill segments quickly; ' +
      'wins over segment.bytes.',
  ),
  'leader.replication.throttled.replicas': list(
    [],
    { throttledReplicas: true },
    'Leader replicas whose followers are slowed down to leader.replication.throttled.rate, as partition:broker ' +
      'pairs, or * for all.',
  ),
  'local.retention.bytes': long(
    -2,
    { min: -2, broker: 'log.local.retention.bytes' },
    'With tiered storage, how many bytes stay on the local disk; -2 means retention.bytes. No effect in Ottla, ' +
      'which has no tiered storage.',
  ),
  'local.retention.ms': long(
    -2,
    { min: -2, broker: 'log.local.retention.ms' },
    'With tiered storage, how many milliseconds records stay on the local disk; -2 means retention.ms. No ' +
      'effect in Ottla, which has no tiered storage.',
  ),
  'max.compaction.lag.ms': long(
    NO_LIMIT,
    { min: 1, broker: 'log.cleaner.max.compaction.lag.ms' },
    'Longest time in milliseconds that a record may stay out of reach of compaction, however little there is to ' +
      'clean.',
  ),
  'max.decompressed.message.bytes': int(
    2_147_483_639,
    { min: 1, max: 2_147_483_639, broker: 'max.decompressed.message.bytes' },
    'Largest record the topic takes, in bytes once decompressed; a batch with a larger one is refused. Bounds the memory that ' +
      'a small batch can cost which unfolds to a large one.',
  ),
  'max.message.bytes': int(
    1_048_588,
    { min: 0, broker: 'message.max.bytes' },
    'Largest record batch the topic takes, in bytes, after compression.',
  ),
  'message.timestamp.after.max.ms': long(
    3_600_000,
    { min: 0, broker: 'log.message.timestamp.after.max.ms' },
    "How many milliseconds a record's time stamp may lie ahead of the broker's clock; later ones are refused. " +
      'Not used with LogAppendTime.',
  ),
  'message.timestamp.before.max.ms': long(
    NO_LIMIT,
    { min: 0, broker: 'log.message.timestamp.before.max.ms' },
    "How many milliseconds a record's time stamp may lie behind the broker's clock; earlier ones are refused. " +
      'Not used with LogAppendTime.',
  ),
  'message.timestamp.type': string(
    'CreateTime',
    { oneOf: ['CreateTime', 'LogAppendTime'], broker: 'log.message.timestamp.type' },
    "Whether records carry the producer's time (CreateTime) or the broker's time of appending (LogAppendTime).",
  ),
  'min.cleanable.dirty.ratio': double(
    0.5,
    { min: 0, max: 1, broker: 'log.cleaner.min.cleanable.ratio' },
    'Share of the log, 0 to 1, that must not have been compacted yet before compaction runs.',
  ),
  'min.compaction.lag.ms': long(
    0,
    { min: 0, broker: 'log.cleaner.min.compaction.lag.ms' },
    'Shortest time in milliseconds that a record stays as it is before compaction may drop it.',
  ),
  'min.insync.replicas': int(
    1,
    { min: 1, broker: 'min.insync.replicas' },
    'How many replicas must have a record before a producer with acks=all is answered; a partition with fewer ' +
      'replicas than that asks for all it has.',
  ),
  preallocate: boolean(
    false,
    { broker: 'log.preallocate' },
    "Whether a new segment's file takes its full size on disk at once.",
  ),
  'remote.log.copy.disable': boolean(
    false,
    {},
    'Stops copying segments to tiered storage. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.delete.on.disable': boolean(
    false,
    {},
    'Deletes tiered data when tiered storage is switched off for the topic. No effect in Ottla, which has no ' +
      'tiered storage.',
  ),
  'remote.copy.lag.bytes': long(
    -1,
    { min: -1, broker: 'log.remote.copy.lag.bytes' },
    'With tiered storage, how many newer bytes a segment waits for before it is copied away; -1 means local.retention.bytes. ' +
      'No effect in Ottla, which has no tiered storage.',
  ),
  'remote.copy.lag.ms': long(
    0,
    { min: -1, broker: 'log.remote.copy.lag.ms' },
    'With tiered storage, how old a segment is before it is copied away; -1 means local.retention.ms. No effect in Ottla, ' +
      'which has no tiered storage.',
  ),
  'remote.storage.enable': boolean(
    false,
    {},
    'Switches tiered storage on for the topic; Ottla has none and refuses true.',
  ),
  'retention.bytes': long(
    -1,
    { broker: 'log.retention.bytes' },
    'Size in bytes above which the oldest segments of a partition are deleted, or -1 for no limit; applies ' +
      'where cleanup.policy has delete.',
  ),
  'retention.ms': long(
    604_800_000,
    { min: -1, broker: 'log.retention.ms' },
    'Age in milliseconds after which segments are deleted, or -1 to keep them; applies where cleanup.policy has ' +
      'delete.',
  ),
  'segment.bytes': int(
    1_073_741_824,
    { min: 1_048_576, broker: 'log.segment.bytes' },
    'Size in bytes at which the log begins a new segment file.',
  ),
  'segment.index.bytes': int(
    10_485_760,
    { min: 4, broker: 'log.index.size.max.bytes' },
    "Largest size in bytes of a segment's index; the log begins a new segment when it is full.",
  ),
  'segment.jitter.ms': long(
    0,
    { min: 0, broker: 'log.roll.jitter.ms' },
    'Upper bound in milliseconds of a random amount taken off segment.ms, so that segments of many partitions ' +
      'do not roll at once.',
  ),
  'segment.ms': long(
    604_800_000,
    { min: 1, broker: 'log.roll.ms' },
    'Age in milliseconds at which the log begins a new segment even if the last one is not full.',
  ),
  'unclean.leader.election.enable': boolean(
    false,
    { broker: 'unclean.leader.election.enable' },
    'Whether a replica that missed records may lead when no other is left; a broker alone never has to choose.',
  ),
} as const;

export type TopicKey = keyof typeof topicKeys;
