/** Broker keys for tiered storage (KIP-405): accepted without effect, since Ottla keeps all data on local disks. */
import { NO_LIMIT, boolean, double, int, long, string } from './definition.ts';

export const remoteStorageKeys = {
  'follower.fetch.last.tiered.offset.enable': boolean(
    false,
    { update: 'cluster-wide' },
    'Lets new followers begin behind the tiered data. No effect in Ottla, which has no tiered storage.',
  ),
  'log.remote.copy.lag.bytes': long(
    -1,
    { update: 'cluster-wide', min: -1 },
    'Default of the topic key remote.copy.lag.bytes: bytes behind a segment before it is copied away. No effect in Ottla, ' +
      'which has no tiered storage.',
  ),
  'log.remote.copy.lag.ms': long(
    0,
    { update: 'cluster-wide', min: -1 },
    'Default of the topic key remote.copy.lag.ms: age of a segment before it is copied away. No effect in Ottla, which has ' +
      'no tiered storage.',
  ),
  'remote.fetch.max.wait.ms': int(
    500,
    { update: 'cluster-wide', min: 1 },
    'Milliseconds a fetch waits for tiered data. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.list.offsets.request.timeout.ms': long(
    30_000,
    { update: 'cluster-wide', min: 1 },
    'Milliseconds ListOffsets waits for tiered data. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.index.file.cache.total.size.bytes': long(
    1_073_741_824,
    { importance: 'low', update: 'cluster-wide', min: 1 },
    'Disk space for indexes of tiered segments, in bytes. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.index.file.cache.ttl.ms': long(
    900_000,
    { importance: 'low', min: -1, internal: true },
    'Milliseconds for which indexes of tiered segments are kept. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.manager.copier.thread.pool.size': int(
    10,
    { update: 'cluster-wide', min: 1 },
    'Threads that copy segments to tiered storage. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.manager.copy.max.bytes.per.second': long(
    NO_LIMIT,
    { update: 'cluster-wide', min: 1 },
    'Most bytes a second copied to tiered storage. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.manager.copy.quota.window.num': int(
    11,
    { min: 1 },
    'Samples over which the copy rate is averaged. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.manager.copy.quota.window.size.seconds': int(
    1,
    { min: 1 },
    'Length in seconds of a sample of the copy rate. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.manager.expiration.thread.pool.size': int(
    10,
    { update: 'cluster-wide', min: 1 },
    'Threads that delete expired tiered segments. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.manager.fetch.max.bytes.per.second': long(
    NO_LIMIT,
    { update: 'cluster-wide', min: 1 },
    'Most bytes a second read from tiered storage. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.manager.fetch.quota.window.num': int(
    11,
    { min: 1 },
    'Samples over which the tiered read rate is averaged. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.manager.fetch.quota.window.size.seconds': int(
    1,
    { min: 1 },
    'Length in seconds of a sample of the tiered read rate. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.manager.follower.thread.pool.size': int(
    2,
    { update: 'cluster-wide', min: 1 },
    'Threads that read tiered metadata for followers. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.manager.task.interval.ms': long(
    30_000,
    { importance: 'low', min: 1 },
    'Milliseconds between looks for segments to copy or delete. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.manager.task.retry.backoff.max.ms': long(
    30_000,
    { importance: 'low', min: 1, internal: true },
    'Longest pause in milliseconds after a failed tiered task. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.manager.task.retry.backoff.ms': long(
    500,
    { importance: 'low', min: 1, internal: true },
    'First pause in milliseconds after a failed tiered task. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.manager.task.retry.jitter': double(
    0.2,
    { importance: 'low', min: 0, max: 0.5, internal: true },
    'Random share added to pauses after failed tiered tasks. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.manager.thread.pool.size': int(
    2,
    { min: 1 },
    'Threads that plan tiered work. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.metadata.custom.metadata.max.bytes': int(
    128,
    { importance: 'low', min: 0 },
    'Most bytes a storage plugin may keep per segment. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.metadata.manager.class.name': string(
    'org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager',
    { nonEmpty: true },
    'The Java class that keeps track of tiered segments. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.metadata.manager.class.path': string(
    null,
    {},
    'Class path of the tiered metadata plugin. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.metadata.manager.impl.prefix': string(
    'rlmm.config.',
    { nonEmpty: true },
    'Prefix of keys handed to the tiered metadata plugin. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.metadata.manager.listener.name': string(
    null,
    { nonEmpty: true },
    'Listener that the tiered metadata plugin connects to. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.reader.max.pending.tasks': int(
    100,
    { min: 1 },
    'Most reads that wait for tiered storage. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.reader.threads': int(
    10,
    { update: 'cluster-wide', min: 1 },
    'Threads that read from tiered storage. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.storage.manager.class.name': string(
    null,
    { nonEmpty: true },
    'The Java class that stores tiered segments. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.storage.manager.class.path': string(
    null,
    {},
    'Class path of the tiered storage plugin. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.storage.manager.impl.prefix': string(
    'rsm.config.',
    { nonEmpty: true },
    'Prefix of keys handed to the tiered storage plugin. No effect in Ottla, which has no tiered storage.',
  ),
  'remote.log.storage.system.enable': boolean(
    false,
    {},
    'Switches tiered storage on for the broker. No effect in Ottla, which has no tiered storage.',
  ),
} as const;
