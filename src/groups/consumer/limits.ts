/** What applies to one consumer group: its own configurations within the broker's bounds, or the broker's. */
import type { ServerConfig } from '../../config/server.ts';
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

/** Groups without configurations of their own share one object: heartbeats are many. */
export function sharedLimits(): (config: ConsumerConfig, own: ReadonlyMap<string, string>) => ConsumerLimits {
  let last: { config: ConsumerConfig; limits: ConsumerLimits } | null = null;
  return (config, own) => {
    if (own.size > 0) return limitsOf(config, own);
    if (last?.config !== config) last = { config, limits: limitsOf(config, own) };
    return last.limits;
  };
}

export function limitsOf(config: ConsumerConfig, own: ReadonlyMap<string, string>): ConsumerLimits {
  const policy = config['group.consumer.migration.policy'].toLowerCase();
  const limit = (name: 'assignment.interval.ms' | 'heartbeat.interval.ms' | 'session.timeout.ms'): number => {
    const text = own.size === 0 ? undefined : own.get(`consumer.${name}`);
    if (text === undefined) return config[`group.consumer.${name}`];
    // The broker's bounds may have changed since the value was set.
    return Math.min(Math.max(Number(text), config[`group.consumer.min.${name}`]), config[`group.consumer.max.${name}`]);
  };
  return {
    heartbeatIntervalMs: limit('heartbeat.interval.ms'),
    sessionTimeoutMs: limit('session.timeout.ms'),
    assignmentIntervalMs: limit('assignment.interval.ms'),
    regexRefreshIntervalMs: config['group.consumer.regex.refresh.interval.ms'],
    maxSize: config['group.consumer.max.size'],
    classicMaxSize: config['group.max.size'],
    assignors: config['group.consumer.assignors'],
    upgrade: policy === 'upgrade' || policy === 'bidirectional',
    downgrade: policy === 'downgrade' || policy === 'bidirectional',
  };
}
