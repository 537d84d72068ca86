/** Broker keys for producers and transactions. */
import { boolean, int, short } from './definition.ts';

export const transactionKeys = {
  'add.partitions.to.txn.retry.backoff.max.ms': int(
    100,
    { importance: 'high', min: 0 },
    'Longest time in milliseconds for which the broker itself retries adding a partition while the transaction ' +
      'before is still being ended.',
  ),
  'add.partitions.to.txn.retry.backoff.ms': int(
    20,
    { importance: 'high', min: 1 },
    "Milliseconds between the broker's own retries of adding a partition to a transaction.",
  ),
  'producer.id.expiration.check.interval.ms': int(
    600_000,
    { importance: 'low', min: 1, internal: true },
    'Milliseconds between looks for producer ids that have expired.',
  ),
  'producer.id.expiration.ms': int(
    86_400_000,
    { importance: 'low', update: 'cluster-wide', min: 1 },
    'Milliseconds without a write after which a partition forgets what a producer sent, and can no longer tell ' +
      'its duplicates.',
  ),
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': int(
    10_000,
    { importance: 'low', min: 1 },
    'Milliseconds between looks for transactions that have run out of time and must be aborted.',
  ),
  'transaction.max.timeout.ms': int(
    900_000,
    { importance: 'high', min: 1 },
    'Longest transaction time-out, in milliseconds, that a producer may ask for.',
  ),
  'transaction.partition.verification.enable': boolean(
    true,
    { importance: 'low', update: 'cluster-wide' },
    'Whether a transactional write to a partition that is not part of the transaction is refused.',
  ),
  'transaction.remove.expired.transaction.cleanup.interval.ms': int(
    3_600_000,
    { importance: 'low', min: 1 },
    'Milliseconds between looks for transactional ids that have expired.',
  ),
  'transaction.state.log.load.buffer.size': int(
    5_242_880,
    { importance: 'high', min: 1 },
    'Bytes read at a time when the transaction coordinator loads its state.',
  ),
  'transaction.state.log.min.isr': int(
    2,
    { importance: 'high', min: 1 },
    'The min.insync.replicas of __transaction_state.',
  ),
  'transaction.state.log.num.partitions': int(
    50,
    { importance: 'high', min: 1 },
    'How many partitions __transaction_state is created with; not to be changed afterwards, since it decides ' +
      "where a transaction's state lies.",
  ),
  'transaction.state.log.replication.factor': short(
    3,
    { importance: 'high', min: 1 },
    'How many replicas __transaction_state is created with.',
  ),
  'transaction.state.log.segment.bytes': int(
    104_857_600,
    { importance: 'high', min: 1 },
    'Segment size of __transaction_state in bytes.',
  ),
  'transaction.two.phase.commit.enable': boolean(
    false,
    { importance: 'low' },
    'Whether producers may take part in two-phase commits led by somebody else (KIP-939), whose transactions ' +
      'never time out.',
  ),
  'transactional.id.expiration.ms': int(
    604_800_000,
    { importance: 'high', min: 1 },
    'Milliseconds without a transaction after which a transactional id is forgotten.',
  ),
} as const;
