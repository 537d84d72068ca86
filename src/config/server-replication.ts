/** Broker keys for replicas: how followers fetch, who is in sync, who may lead. */
import { boolean, int, long, string } from './definition.ts';

export const replicationKeys = {
  'alter.log.dirs.replication.quota.window.num': int(11, { importance: 'low', min: 1 }, ''),
  'alter.log.dirs.replication.quota.window.size.seconds': int(1, { importance: 'low', min: 1 }, ''),
  'auto.leader.rebalance.enable': boolean(true, { importance: 'high' }, ''),
  'default.replication.factor': int(1, {}, ''),
  'leader.imbalance.check.interval.seconds': long(300, { importance: 'high', min: 1 }, ''),
  'min.insync.replicas': int(1, { importance: 'high', update: 'cluster-wide', min: 1 }, ''),
  'num.replica.alter.log.dirs.threads': int(null, { importance: 'high' }, ''),
  'num.replica.fetchers': int(1, { importance: 'high', update: 'cluster-wide', min: 1 }, ''),
  'replica.fetch.backoff.ms': int(1000, { min: 0 }, ''),
  'replica.fetch.max.bytes': int(1_048_576, { min: 0 }, ''),
  'replica.fetch.min.bytes': int(1, { importance: 'high' }, ''),
  'replica.fetch.response.max.bytes': int(10_485_760, { min: 0 }, ''),
  'replica.fetch.wait.max.ms': int(500, { importance: 'high' }, ''),
  'replica.high.watermark.checkpoint.interval.ms': long(5000, { importance: 'high' }, ''),
  'replica.lag.time.max.ms': long(30_000, { importance: 'high' }, ''),
  'replica.selector.class': string(null, {}, ''),
  'replica.socket.receive.buffer.bytes': int(65_536, { importance: 'high' }, ''),
  'replica.socket.timeout.ms': int(30_000, { importance: 'high' }, ''),
  'replication.quota.window.num': int(11, { importance: 'low', min: 1 }, ''),
  'replication.quota.window.size.seconds': int(1, { importance: 'low', min: 1 }, ''),
  'unclean.leader.election.enable': boolean(false, { importance: 'high', update: 'cluster-wide' }, ''),
  'unclean.leader.election.interval.ms': long(300_000, { min: 1, internal: true }, ''),
} as const;
