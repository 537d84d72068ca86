/** Which broker keys give a group key its default and its bounds. */
import type { groupKeys } from './group.ts';
import type { ServerKey } from './server.ts';

interface BrokerKeys {
  readonly fallback: ServerKey;
  readonly min?: ServerKey;
  readonly max?: ServerKey;
}

/** Group keys that are absent here have no counterpart on the broker. */
export const groupKeysBroker: Readonly<Partial<Record<keyof typeof groupKeys, BrokerKeys>>> = {
  'consumer.session.timeout.ms': {
    fallback: 'group.consumer.session.timeout.ms',
    min: 'group.consumer.min.session.timeout.ms',
    max: 'group.consumer.max.session.timeout.ms',
  },
  'consumer.heartbeat.interval.ms': {
    fallback: 'group.consumer.heartbeat.interval.ms',
    min: 'group.consumer.min.heartbeat.interval.ms',
    max: 'group.consumer.max.heartbeat.interval.ms',
  },
  'consumer.assignment.interval.ms': {
    fallback: 'group.consumer.assignment.interval.ms',
    min: 'group.consumer.min.assignment.interval.ms',
    max: 'group.consumer.max.assignment.interval.ms',
  },
  'consumer.assignor.offload.enable': { fallback: 'group.consumer.assignor.offload.enable' },
  'share.session.timeout.ms': {
    fallback: 'group.share.session.timeout.ms',
    min: 'group.share.min.session.timeout.ms',
    max: 'group.share.max.session.timeout.ms',
  },
  'share.heartbeat.interval.ms': {
    fallback: 'group.share.heartbeat.interval.ms',
    min: 'group.share.min.heartbeat.interval.ms',
    max: 'group.share.max.heartbeat.interval.ms',
  },
  'share.assignment.interval.ms': {
    fallback: 'group.share.assignment.interval.ms',
    min: 'group.share.min.assignment.interval.ms',
    max: 'group.share.max.assignment.interval.ms',
  },
  'share.record.lock.duration.ms': {
    fallback: 'group.share.record.lock.duration.ms',
    min: 'group.share.min.record.lock.duration.ms',
    max: 'group.share.max.record.lock.duration.ms',
  },
  'share.delivery.count.limit': {
    fallback: 'group.share.delivery.count.limit',
    min: 'group.share.min.delivery.count.limit',
    max: 'group.share.max.delivery.count.limit',
  },
  'share.partition.max.record.locks': {
    fallback: 'group.share.partition.max.record.locks',
    min: 'group.share.min.partition.max.record.locks',
    max: 'group.share.max.partition.max.record.locks',
  },
  'share.assignor.offload.enable': { fallback: 'group.share.assignor.offload.enable' },
  'streams.session.timeout.ms': {
    fallback: 'group.streams.session.timeout.ms',
    min: 'group.streams.min.session.timeout.ms',
    max: 'group.streams.max.session.timeout.ms',
  },
  'streams.heartbeat.interval.ms': {
    fallback: 'group.streams.heartbeat.interval.ms',
    min: 'group.streams.min.heartbeat.interval.ms',
    max: 'group.streams.max.heartbeat.interval.ms',
  },
  'streams.assignment.interval.ms': {
    fallback: 'group.streams.assignment.interval.ms',
    min: 'group.streams.min.assignment.interval.ms',
    max: 'group.streams.max.assignment.interval.ms',
  },
  'streams.num.standby.replicas': {
    fallback: 'group.streams.num.standby.replicas',
    max: 'group.streams.max.standby.replicas',
  },
  'streams.initial.rebalance.delay.ms': { fallback: 'group.streams.initial.rebalance.delay.ms' },
  'streams.assignor.offload.enable': { fallback: 'group.streams.assignor.offload.enable' },
  'streams.task.offset.interval.ms': {
    fallback: 'group.streams.task.offset.interval.ms',
    min: 'group.streams.min.task.offset.interval.ms',
  },
  'streams.num.warmup.replicas': {
    fallback: 'group.streams.num.warmup.replicas',
    max: 'group.streams.max.warmup.replicas',
  },
  'streams.rack.aware.assignment.tags': { fallback: 'group.streams.rack.aware.assignment.tags' },
  'streams.acceptable.recovery.lag': { fallback: 'group.streams.acceptable.recovery.lag' },
  'streams.assignor.name': { fallback: 'group.streams.assignors' },
};
