/** What applies to one streams group: its own configurations within the broker's bounds, or the broker's. */
import type { ServerConfig } from '../../config/server.ts';
import { limitOf } from '../modern/limits.ts';
import type { StreamsLimits } from './decision.ts';

export type StreamsConfig = Pick<
  ServerConfig,
  | 'group.streams.acceptable.recovery.lag'
  | 'group.streams.assignment.interval.ms'
  | 'group.streams.heartbeat.interval.ms'
  | 'group.streams.initial.rebalance.delay.ms'
  | 'group.streams.max.assignment.interval.ms'
  | 'group.streams.max.heartbeat.interval.ms'
  | 'group.streams.max.session.timeout.ms'
  | 'group.streams.max.size'
  | 'group.streams.max.standby.replicas'
  | 'group.streams.min.assignment.interval.ms'
  | 'group.streams.min.heartbeat.interval.ms'
  | 'group.streams.min.session.timeout.ms'
  | 'group.streams.min.task.offset.interval.ms'
  | 'group.streams.num.standby.replicas'
  | 'group.streams.session.timeout.ms'
  | 'group.streams.task.offset.interval.ms'
>;

export function streamsLimitsOf(config: StreamsConfig, own: ReadonlyMap<string, string>): StreamsLimits {
  const ownOr = (key: string, fallback: number): number => Number(own.get(key) ?? fallback);
  return {
    heartbeatIntervalMs: limitOf(config, own, 'streams', 'heartbeat.interval.ms'),
    sessionTimeoutMs: limitOf(config, own, 'streams', 'session.timeout.ms'),
    assignmentIntervalMs: limitOf(config, own, 'streams', 'assignment.interval.ms'),
    maxSize: config['group.streams.max.size'],
    initialRebalanceDelayMs: ownOr(
      'streams.initial.rebalance.delay.ms',
      config['group.streams.initial.rebalance.delay.ms'],
    ),
    // The broker's bounds may have changed since the values were set.
    standbyReplicas: Math.min(
      ownOr('streams.num.standby.replicas', config['group.streams.num.standby.replicas']),
      config['group.streams.max.standby.replicas'],
    ),
    taskOffsetIntervalMs: Math.max(
      ownOr('streams.task.offset.interval.ms', config['group.streams.task.offset.interval.ms']),
      config['group.streams.min.task.offset.interval.ms'],
    ),
    acceptableRecoveryLag: ownOr('streams.acceptable.recovery.lag', config['group.streams.acceptable.recovery.lag']),
  };
}
