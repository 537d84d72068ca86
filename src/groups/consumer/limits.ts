/** What applies to one consumer group: its own configurations within the broker's bounds, or the broker's. */
import type { ServerConfig } from '../../config/server.ts';
import { limitOf } from '../modern/limits.ts';
import type { ConsumerLimits } from './decision.ts';

export type ConsumerConfig = Pick<
  ServerConfig,
  | 'group.consumer.assignment.interval.ms'
  | 'group.consumer.assignors'
  | 'group.consumer.heartbeat.interval.ms'
  | 'group.consumer.max.assignment.interval.ms'
  | 'group.consumer.max.heartbeat.interval.ms'
  | 'group.consumer.max.session.timeout.ms'
  | 'group.consumer.max.size'
  | 'group.consumer.migration.policy'
  | 'group.consumer.min.assignment.interval.ms'
  | 'group.consumer.min.heartbeat.interval.ms'
  | 'group.consumer.min.session.timeout.ms'
  | 'group.consumer.regex.refresh.interval.ms'
  | 'group.consumer.session.timeout.ms'
  | 'group.max.size'
>;

export function limitsOf(config: ConsumerConfig, own: ReadonlyMap<string, string>): ConsumerLimits {
  const policy = config['group.consumer.migration.policy'].toLowerCase();
  return {
    heartbeatIntervalMs: limitOf(config, own, 'consumer', 'heartbeat.interval.ms'),
    sessionTimeoutMs: limitOf(config, own, 'consumer', 'session.timeout.ms'),
    assignmentIntervalMs: limitOf(config, own, 'consumer', 'assignment.interval.ms'),
    regexRefreshIntervalMs: config['group.consumer.regex.refresh.interval.ms'],
    maxSize: config['group.consumer.max.size'],
    classicMaxSize: config['group.max.size'],
    assignors: config['group.consumer.assignors'],
    upgrade: policy === 'upgrade' || policy === 'bidirectional',
    downgrade: policy === 'downgrade' || policy === 'bidirectional',
  };
}
