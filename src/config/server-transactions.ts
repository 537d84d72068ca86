/** Broker keys for producers and transactions. */
import { boolean, int, short } from './definition.ts';

export const transactionKeys = {
  'add.partitions.to.txn.retry.backoff.max.ms': int(100, { importance: 'high', min: 0 }, ''),
  'add.partitions.to.txn.retry.backoff.ms': int(20, { importance: 'high', min: 1 }, ''),
  'producer.id.expiration.check.interval.ms': int(600_000, { importance: 'low', min: 1, internal: true }, ''),
  'producer.id.expiration.ms': int(86_400_000, { importance: 'low', update: 'cluster-wide', min: 1 }, ''),
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': int(10_000, { importance: 'low', min: 1 }, ''),
  'transaction.max.timeout.ms': int(900_000, { importance: 'high', min: 1 }, ''),
  'transaction.partition.verification.enable': boolean(true, { importance: 'low', update: 'cluster-wide' }, ''),
  'transaction.remove.expired.transaction.cleanup.interval.ms': int(3_600_000, { importance: 'low', min: 1 }, ''),
  'transaction.state.log.load.buffer.size': int(5_242_880, { importance: 'high', min: 1 }, ''),
  'transaction.state.log.min.isr': int(2, { importance: 'high', min: 1 }, ''),
  'transaction.state.log.num.partitions': int(50, { importance: 'high', min: 1 }, ''),
  'transaction.state.log.replication.factor': short(3, { importance: 'high', min: 1 }, ''),
  'transaction.state.log.segment.bytes': int(104_857_600, { importance: 'high', min: 1 }, ''),
  'transaction.two.phase.commit.enable': boolean(false, { importance: 'low' }, ''),
  'transactional.id.expiration.ms': int(604_800_000, { importance: 'high', min: 1 }, ''),
} as const;
