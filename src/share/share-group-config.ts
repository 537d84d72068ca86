/** The configurations of a share group that decide on delivery: its own within the broker's bounds, or else the broker's. */
import type { groupKeys } from '../config/group.ts';
import type { ServerConfig } from '../config/server.ts';

export interface ShareGroupConfig {
  /** Milliseconds for which an acquired record belongs to its member. */
  readonly lockDurationMs: number;
  readonly deliveryLimit: number;
  /** How many offsets may lie between a share partition's start and its end. */
  readonly maxLocks: number;
  /** latest, earliest, or by_duration: and an ISO 8601 duration. */
  readonly offsetReset: string;
  readonly readCommitted: boolean;
  readonly renewsLocks: boolean;
  /** Milliseconds before a record is handed out for the second time; doubled for each time after. */
  readonly backoffMs: number;
  /** 0: as long as it comes to. */
  readonly backoffMaxMs: number;
  /** Empty: there is none. */
  readonly deadLetterTopic: string;
  readonly copiesRecords: boolean;
}

type Own = ReadonlyMap<string, string>;
type Bounded = 'record.lock.duration.ms' | 'delivery.count.limit' | 'partition.max.record.locks';

export function shareGroupConfig(own: Own, config: ServerConfig): ShareGroupConfig {
  const text = (key: keyof typeof groupKeys, fallback: string): string => own.get(key) ?? fallback;
  return {
    lockDurationMs: bounded(own, config, 'record.lock.duration.ms'),
    deliveryLimit: bounded(own, config, 'delivery.count.limit'),
    maxLocks: bounded(own, config, 'partition.max.record.locks'),
    offsetReset: text('share.auto.offset.reset', 'latest'),
    readCommitted: text('share.isolation.level', 'read_uncommitted') === 'read_committed',
    renewsLocks: text('share.renew.acknowledge.enable', 'true') === 'true',
    backoffMs: Number(text('ottla.share.retry.backoff.ms', '0')),
    backoffMaxMs: Number(text('ottla.share.retry.backoff.max.ms', '0')),
    deadLetterTopic: text('errors.deadletterqueue.topic.name', ''),
    copiesRecords: text('errors.deadletterqueue.copy.record.enable', 'false') === 'true',
  };
}

/** The broker's bounds may have changed since the value was set. */
function bounded(own: Own, config: ServerConfig, name: Bounded): number {
  const text = own.get(`share.${name}`);
  if (text === undefined) return config[`group.share.${name}`];
  return Math.min(Math.max(Number(text), config[`group.share.min.${name}`]), config[`group.share.max.${name}`]);
}

/** Milliseconds before a record that has been handed out so often is offered again. */
export function backoffOf({ backoffMs, backoffMaxMs }: ShareGroupConfig, deliveryCount: number): number {
  if (backoffMs === 0) return 0;
  const pauseMs = backoffMs * 2 ** (deliveryCount - 1);
  return backoffMaxMs === 0 ? pauseMs : Math.min(pauseMs, backoffMaxMs);
}
