/** Broker keys for logs: where they live, when they roll, how long they stay, when they are cleaned and flushed. */
import { NO_LIMIT, boolean, className, double, int, list, long, string } from './definition.ts';

export const logKeys = {
  'alter.config.policy.class.name': className(
    null,
    { importance: 'low' },
    'A Java class that may veto changes of configuration. No effect in Ottla, which loads no classes.',
  ),
  'auto.create.topics.enable': boolean(
    true,
    { importance: 'high' },
    "Whether a client's question for a topic that does not exist, or a write to it, creates it.",
  ),
  'compression.gzip.level': int(
    -1,
    { update: 'cluster-wide', min: 1, max: 9, or: -1 },
    'Default of the topic key of this name: how hard gzip works, 1 to 9, or -1 for its own choice.',
  ),
  'compression.lz4.level': int(
    9,
    { update: 'cluster-wide', min: 1, max: 17 },
    'Default of the topic key of this name: how hard lz4 works, 1 to 17.',
  ),
  'compression.type': string(
    'producer',
    {
      importance: 'high',
      update: 'cluster-wide',
      oneOf: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    },
    'Default of the topic key of this name: the codec in which batches are stored, or producer to keep what ' +
      'arrives.',
  ),
  'compression.zstd.level': int(
    3,
    { update: 'cluster-wide', min: -131_072, max: 22 },
    'Default of the topic key of this name: how hard zstd works, -131072 to 22.',
  ),
  'cordoned.log.dirs': list(
    [],
    { update: 'per-broker' },
    'Log directories that get no new partitions; those already there stay.',
  ),
  'create.topic.policy.class.name': className(
    null,
    { importance: 'low' },
    'A Java class that may veto the creation of topics. No effect in Ottla, which loads no classes.',
  ),
  'delete.topic.enable': boolean(
    true,
    { importance: 'high' },
    'Whether topics can be deleted; when false, DeleteTopics is refused.',
  ),
  'log.cleaner.backoff.ms': long(
    15_000,
    { update: 'cluster-wide', min: 0 },
    'Milliseconds the cleaner rests when it found nothing to compact.',
  ),
  'log.cleaner.dedupe.buffer.size': long(
    134_217_728,
    { update: 'cluster-wide' },
    'Largest memory in bytes for the keys of one compaction, 24 bytes a key; small logs take less.',
  ),
  'log.cleaner.delete.retention.ms': long(
    86_400_000,
    { update: 'cluster-wide', min: 0 },
    'Default of the topic key delete.retention.ms: milliseconds for which compacted topics keep tombstones.',
  ),
  'log.cleaner.enable': boolean(
    true,
    {},
    'Whether topics with cleanup.policy=compact are compacted at all; __consumer_offsets is one of them.',
  ),
  'log.cleaner.io.buffer.load.factor': double(
    0.9,
    { update: 'cluster-wide' },
    'How full, 0 to 1, compaction fills the memory for keys.',
  ),
  'log.cleaner.io.buffer.size': int(
    524_288,
    { update: 'cluster-wide', min: 0 },
    "Bytes of I/O buffer that Kafka's cleaner threads share. Accepted without effect.",
  ),
  'log.cleaner.io.max.bytes.per.second': double(
    Number.MAX_VALUE,
    { update: 'cluster-wide' },
    'Most bytes that compaction may read and write a second, averaged.',
  ),
  'log.cleaner.max.compaction.lag.ms': long(
    NO_LIMIT,
    { update: 'cluster-wide', min: 1 },
    'Default of the topic key max.compaction.lag.ms: longest time in milliseconds a record may escape compaction.',
  ),
  'log.cleaner.min.cleanable.ratio': double(
    0.5,
    { update: 'cluster-wide', min: 0, max: 1 },
    'Default of the topic key min.cleanable.dirty.ratio: share of a log that must be uncompacted before ' +
      'compaction runs.',
  ),
  'log.cleaner.min.compaction.lag.ms': long(
    0,
    { update: 'cluster-wide', min: 0 },
    'Default of the topic key min.compaction.lag.ms: shortest time in milliseconds before compaction may drop a ' +
      'record.',
  ),
  'log.cleaner.threads': int(
    1,
    { update: 'cluster-wide', min: 0 },
    'How many threads compact in Kafka. Accepted without effect.',
  ),
  'log.cleanup.policy': list(
    ['delete'],
    { update: 'cluster-wide', oneOf: ['compact', 'delete'] },
    'Default of the topic key cleanup.policy: delete, compact, both or neither.',
  ),
  'log.dir': list(
    ['/tmp/kafka-logs'],
    { importance: 'high', nonEmpty: true },
    'Where partitions are stored, when log.dirs is not given.',
  ),
  'log.dir.failure.timeout.ms': long(
    30_000,
    { importance: 'low', min: 1 },
    'Milliseconds a broker waits to report a failed log directory to the controller before it stops.',
  ),
  'log.dirs': list(
    null,
    { importance: 'high', nonEmpty: true },
    'The directories in which partitions are stored, separated by commas; log.dir when absent.',
  ),
  'log.flush.interval.messages': long(
    NO_LIMIT,
    { importance: 'high', update: 'cluster-wide', min: 1 },
    'Default of the topic key flush.messages: number of records after which a log is forced to disk.',
  ),
  'log.flush.interval.ms': long(
    null,
    { importance: 'high', update: 'cluster-wide' },
    'Default of the topic key flush.ms: longest time in milliseconds without an fsync; ' +
      'log.flush.scheduler.interval.ms when absent.',
  ),
  'log.flush.offset.checkpoint.interval.ms': int(
    60_000,
    { importance: 'high', min: 0 },
    'Milliseconds between writings of the file that says up to which offset logs are known to be on disk.',
  ),
  'log.flush.scheduler.interval.ms': long(
    NO_LIMIT,
    { importance: 'high' },
    'Milliseconds between looks at which logs are due to be forced to disk.',
  ),
  'log.flush.start.offset.checkpoint.interval.ms': int(
    60_000,
    { importance: 'high', min: 0 },
    "Milliseconds between writings of the file that holds the logs' start offsets.",
  ),
  'log.index.interval.bytes': int(
    4096,
    { update: 'cluster-wide', min: 0 },
    'Default of the topic key index.interval.bytes: bytes between two entries of the offset index.',
  ),
  'log.index.size.max.bytes': int(
    10_485_760,
    { update: 'cluster-wide', min: 4 },
    'Default of the topic key segment.index.bytes: largest size of an index in bytes.',
  ),
  'log.initial.task.delay.ms': long(
    30_000,
    { importance: 'low', min: 0, internal: true },
    'Milliseconds after start before retention, flushing and the other periodic work on logs begins.',
  ),
  'log.local.retention.bytes': long(
    -2,
    { update: 'cluster-wide', min: -2 },
    'Default of the topic key local.retention.bytes. No effect in Ottla, which has no tiered storage.',
  ),
  'log.local.retention.ms': long(
    -2,
    { update: 'cluster-wide', min: -2 },
    'Default of the topic key local.retention.ms. No effect in Ottla, which has no tiered storage.',
  ),
  'log.message.timestamp.after.max.ms': long(
    3_600_000,
    { update: 'cluster-wide', min: 0 },
    'Default of the topic key message.timestamp.after.max.ms: how far ahead of now time stamps may lie, in ' +
      'milliseconds.',
  ),
  'log.message.timestamp.before.max.ms': long(
    NO_LIMIT,
    { update: 'cluster-wide', min: 0 },
    'Default of the topic key message.timestamp.before.max.ms: how far before now time stamps may lie, in ' +
      'milliseconds.',
  ),
  'log.message.timestamp.type': string(
    'CreateTime',
    { update: 'cluster-wide', oneOf: ['CreateTime', 'LogAppendTime'] },
    'Default of the topic key message.timestamp.type: CreateTime or LogAppendTime.',
  ),
  'log.preallocate': boolean(
    false,
    { update: 'cluster-wide' },
    'Default of the topic key preallocate: whether new segment files take their full size at once.',
  ),
  'log.retention.bytes': long(
    -1,
    { importance: 'high', update: 'cluster-wide' },
    'Default of the topic key retention.bytes: largest size of a partition in bytes, or -1 for no limit.',
  ),
  'log.retention.check.interval.ms': long(
    300_000,
    { min: 1 },
    'Milliseconds between looks for segments that retention lets go.',
  ),
  'log.retention.hours': int(
    168,
    { importance: 'high' },
    'Age in hours after which segments are deleted; log.retention.minutes and log.retention.ms come first.',
  ),
  'log.retention.minutes': int(
    null,
    { importance: 'high' },
    'Age in minutes after which segments are deleted; comes before the hours and after log.retention.ms.',
  ),
  'log.retention.ms': long(
    null,
    { importance: 'high', update: 'cluster-wide' },
    'Default of the topic key retention.ms: age in milliseconds after which segments are deleted, -1 to keep ' +
      'them; comes before minutes and hours.',
  ),
  'log.roll.hours': int(
    168,
    { importance: 'high', min: 1 },
    'Age in hours at which a log begins a new segment; log.roll.ms comes first.',
  ),
  'log.roll.jitter.hours': int(
    0,
    { importance: 'high', min: 0 },
    'Random amount, at most so many hours, taken off the age at which segments roll; log.roll.jitter.ms comes ' +
      'first.',
  ),
  'log.roll.jitter.ms': long(
    null,
    { importance: 'high', update: 'cluster-wide' },
    'Default of the topic key segment.jitter.ms: upper bound of the random amount taken off the rolling age, in ' +
      'milliseconds.',
  ),
  'log.roll.ms': long(
    null,
    { importance: 'high', update: 'cluster-wide' },
    'Default of the topic key segment.ms: age in milliseconds at which a log begins a new segment; comes before ' +
      'log.roll.hours.',
  ),
  'log.segment.bytes': int(
    1_073_741_824,
    { importance: 'high', update: 'cluster-wide', min: 1_048_576 },
    'Default of the topic key segment.bytes: size in bytes at which a log begins a new segment.',
  ),
  'log.segment.delete.delay.ms': long(
    60_000,
    { importance: 'high', update: 'cluster-wide', min: 0 },
    'Default of the topic key file.delete.delay.ms: milliseconds before the files of a dropped segment are ' +
      'deleted.',
  ),
  'max.request.partition.size.limit': int(
    2000,
    { min: 1 },
    'Most partitions one DescribeTopicPartitions answer holds; the client asks again for the rest.',
  ),
  'max.decompressed.message.bytes': int(
    2_147_483_639,
    { update: 'cluster-wide', min: 1, max: 2_147_483_639 },
    'Default of the topic key max.decompressed.message.bytes: largest record in bytes, once decompressed.',
  ),
  'message.max.bytes': int(
    1_048_588,
    { importance: 'high', update: 'cluster-wide', min: 0 },
    'Default of the topic key max.message.bytes: largest record batch in bytes, after compression.',
  ),
  'num.partitions': int(1, { min: 1 }, 'How many partitions a topic gets that is created without saying.'),
  'num.recovery.threads.per.data.dir': int(
    2,
    { importance: 'high', update: 'cluster-wide', min: 1 },
    'Threads that check logs at start and flush them at stop in Kafka. Accepted without effect.',
  ),
  'offsets.retention.check.interval.ms': long(
    600_000,
    { importance: 'high', min: 1 },
    'Milliseconds between looks for committed offsets that have expired.',
  ),
  'offsets.retention.minutes': int(
    10_080,
    { importance: 'high', min: 1 },
    'Minutes after which the committed offsets of an empty group expire.',
  ),
} as const;
