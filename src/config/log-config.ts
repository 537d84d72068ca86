/** The settings of one log, resolved once per change so that appends and fetches read plain fields. */
import type { ServerConfig } from './server.ts';
import { serverConfig } from './server.ts';
import { topicKeys } from './topic.ts';
import { parseValue } from './definition.ts';

export type CompressionType = 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
export type TimestampType = 'CreateTime' | 'LogAppendTime';

/** "No limit" is Number.MAX_SAFE_INTEGER, or -1 where Kafka spells it so (retention). All times in milliseconds. */
export interface LogConfig {
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly segmentJitterMs: number;
  readonly segmentIndexBytes: number;
  readonly indexIntervalBytes: number;
  readonly preallocate: boolean;
  /** -1: however large. */
  readonly retentionBytes: number;
  /** -1: however old. */
  readonly retentionMs: number;
  readonly fileDeleteDelayMs: number;
  /** Largest record batch an append takes, as it arrives (compressed). */
  readonly maxMessageBytes: number;
  /** Largest record of a compressed batch that an append takes, once decompressed. */
  readonly maxDecompressedMessageBytes: number;
  readonly cleanupCompact: boolean;
  readonly cleanupDelete: boolean;
  /** How long a compacted log keeps a tombstone. */
  readonly deleteRetentionMs: number;
  readonly minCompactionLagMs: number;
  readonly maxCompactionLagMs: number;
  readonly minCleanableDirtyRatio: number;
  readonly compressionType: CompressionType;
  readonly compressionGzipLevel: number;
  readonly compressionLz4Level: number;
  readonly compressionZstdLevel: number;
  readonly messageTimestampType: TimestampType;
  /** How far before now a record's time stamp may lie. */
  readonly timestampBeforeMaxMs: number;
  readonly timestampAfterMaxMs: number;
  /** fsync after so many messages. */
  readonly flushMessages: number;
  /** fsync at the latest so long after an append. */
  readonly flushMs: number;
  readonly minInsyncReplicas: number;
  readonly uncleanLeaderElection: boolean;
  /** `partition:broker`, or `*` (KIP-73): whose followers, and which followers, are slowed down. */
  readonly throttledLeaders: ReadonlySet<string>;
  readonly throttledFollowers: ReadonlySet<string>;
  /** Every batch is checked before a consumer gets it. */
  readonly checkCrcsOnFetch: boolean;
  /** Readers pass over what is damaged instead of being told. */
  readonly skipCorruptBatches: boolean;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/**
 * A topic's own settings over the broker's. `overrides` must have passed validation (see alter.ts); a text that
 * its key does not allow throws ConfigError.
 */
export function resolveLogConfig(overrides: ReadonlyMap<string, string>, broker: ServerConfig): LogConfig {
  const key = <K extends keyof typeof topicKeys>(name: K, fallback: (typeof topicKeys)[K]['defaultValue']) => {
    const text = overrides.get(name);
    if (text === undefined) return fallback;
    return parseValue<(typeof topicKeys)[K]['defaultValue']>(name, topicKeys[name], text);
  };
  const cleanup = key('cleanup.policy', broker['log.cleanup.policy']);
  return Object.freeze({
    // Tests make tiny segments with the internal key: the public one starts at a megabyte.
    segmentBytes: key('internal.segment.bytes', null) ?? key('segment.bytes', broker['log.segment.bytes']),
    segmentMs: key('segment.ms', rollMs(broker)),
    segmentJitterMs: key('segment.jitter.ms', rollJitterMs(broker)),
    segmentIndexBytes: key('segment.index.bytes', broker['log.index.size.max.bytes']),
    indexIntervalBytes: key('index.interval.bytes', broker['log.index.interval.bytes']),
    preallocate: key('preallocate', broker['log.preallocate']),
    retentionBytes: key('retention.bytes', broker['log.retention.bytes']),
    retentionMs: key('retention.ms', retentionMs(broker)),
    fileDeleteDelayMs: key('file.delete.delay.ms', broker['log.segment.delete.delay.ms']),
    maxMessageBytes: key('max.message.bytes', broker['message.max.bytes']),
    maxDecompressedMessageBytes: key('max.decompressed.message.bytes', broker['max.decompressed.message.bytes']),
    cleanupCompact: cleanup.includes('compact'),
    cleanupDelete: cleanup.includes('delete'),
    deleteRetentionMs: key('delete.retention.ms', broker['log.cleaner.delete.retention.ms']),
    minCompactionLagMs: key('min.compaction.lag.ms', broker['log.cleaner.min.compaction.lag.ms']),
    maxCompactionLagMs: key('max.compaction.lag.ms', broker['log.cleaner.max.compaction.lag.ms']),
    minCleanableDirtyRatio: key('min.cleanable.dirty.ratio', broker['log.cleaner.min.cleanable.ratio']),
    compressionType: key('compression.type', broker['compression.type']) as CompressionType,
    compressionGzipLevel: key('compression.gzip.level', broker['compression.gzip.level']),
    compressionLz4Level: key('compression.lz4.level', broker['compression.lz4.level']),
    compressionZstdLevel: key('compression.zstd.level', broker['compression.zstd.level']),
    messageTimestampType: key('message.timestamp.type', broker['log.message.timestamp.type']) as TimestampType,
    timestampBeforeMaxMs: key('message.timestamp.before.max.ms', broker['log.message.timestamp.before.max.ms']),
    timestampAfterMaxMs: key('message.timestamp.after.max.ms', broker['log.message.timestamp.after.max.ms']),
    flushMessages: key('flush.messages', broker['log.flush.interval.messages']),
    flushMs: key('flush.ms', flushMs(broker)),
    minInsyncReplicas: key('min.insync.replicas', broker['min.insync.replicas']),
    uncleanLeaderElection: key('unclean.leader.election.enable', broker['unclean.leader.election.enable']),
    throttledLeaders: setOf(key('leader.replication.throttled.replicas', [])),
    throttledFollowers: setOf(key('follower.replication.throttled.replicas', [])),
    checkCrcsOnFetch: broker['ottla.check.crcs.on.fetch'],
    skipCorruptBatches: broker['ottla.skip.corrupt.batches'],
  });
}

const NONE: ReadonlySet<string> = new Set();

function setOf(list: readonly string[]): ReadonlySet<string> {
  return list.length === 0 ? NONE : new Set(list);
}

/** Milliseconds before minutes before hours; anything negative means for ever, which is -1. */
export function retentionMs(broker: ServerConfig): number {
  const minutes = broker['log.retention.minutes'];
  const ms =
    broker['log.retention.ms'] ?? (minutes === null ? broker['log.retention.hours'] * HOUR_MS : minutes * MINUTE_MS);
  return ms < 0 ? -1 : ms;
}

export function rollMs(broker: ServerConfig): number {
  return broker['log.roll.ms'] ?? broker['log.roll.hours'] * HOUR_MS;
}

export function rollJitterMs(broker: ServerConfig): number {
  return broker['log.roll.jitter.ms'] ?? broker['log.roll.jitter.hours'] * HOUR_MS;
}

/** Without an interval of its own a log is flushed as often as the scheduler looks, by default never. */
export function flushMs(broker: ServerConfig): number {
  return broker['log.flush.interval.ms'] ?? broker['log.flush.scheduler.interval.ms'];
}

/** What a topic without settings gets from a broker without settings. */
export const defaultLogConfig: LogConfig = resolveLogConfig(new Map(), serverConfig());
