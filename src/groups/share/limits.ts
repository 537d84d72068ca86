/** What applies to one share group: its own configurations within the broker's bounds, or the broker's. */
import type { ServerConfig } from '../../config/server.ts';
import { limitOf } from '../modern/limits.ts';
import type { ShareLimits } from './decision.ts';

export type ShareConfig = Pick<
  ServerConfig,
  | 'group.share.assignment.interval.ms'
  | 'group.share.heartbeat.interval.ms'
  | 'group.share.initialize.retry.interval.ms'
  | 'group.share.max.assignment.interval.ms'
  | 'group.share.max.heartbeat.interval.ms'
  | 'group.share.max.session.timeout.ms'
  | 'group.share.max.size'
  | 'group.share.min.assignment.interval.ms'
  | 'group.share.min.heartbeat.interval.ms'
  | 'group.share.min.session.timeout.ms'
  | 'group.share.session.timeout.ms'
>;

export function shareLimitsOf(config: ShareConfig, own: ReadonlyMap<string, string>): ShareLimits {
  return {
    heartbeatIntervalMs: limitOf(config, own, 'share', 'heartbeat.interval.ms'),
    sessionTimeoutMs: limitOf(config, own, 'share', 'session.timeout.ms'),
    assignmentIntervalMs: limitOf(config, own, 'share', 'assignment.interval.ms'),
    initializeRetryIntervalMs: config['group.share.initialize.retry.interval.ms'],
    maxSize: config['group.share.max.size'],
  };
}
