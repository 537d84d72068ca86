/**
 * Asks a transaction's coordinator, wherever it is, before the first batch of that transaction is appended to a partition: clients of
 * version 2 take the partition in by that, those before must have done so (KIP-890).
 */
import { ErrorCode } from '../../protocol/errors.ts';
import type { ServerConfig } from '../config/server.ts';
import { andThen, type Answer } from '../coordination/answers.ts';
import type { TopicPartition } from '../coordination/topic-partition.ts';
import type { Clock } from '../platform/clock.ts';
import type { ProducerIdAndEpoch } from './transaction.ts';
import { EPOCH_BUMP_VERSION } from './transaction-state.ts';

/** Who writes to a partition, as the coordinator is told of it. */
export interface AdmittedProducer extends ProducerIdAndEpoch {
  readonly transactionalId: string;
  /** The partition is not taken in: it must be in the transaction. */
  readonly verifyOnly: boolean;
}

export interface TransactionAdmissionOptions {
  readonly clock: Clock;
  /** Read at each use. */
  config(): Pick<
    ServerConfig,
    | 'add.partitions.to.txn.retry.backoff.ms'
    | 'add.partitions.to.txn.retry.backoff.max.ms'
    | 'transaction.partition.verification.enable'
  >;
  /** What the coordinator says; COORDINATOR_NOT_AVAILABLE where there is none, NETWORK_EXCEPTION where it cannot be reached. */
  ask(producer: AdmittedProducer, partition: TopicPartition): Answer<number>;
}

export class TransactionAdmission {
  readonly #options: TransactionAdmissionOptions;

  constructor(options: TransactionAdmissionOptions) {
    this.#options = options;
  }

  /** NONE where the producer may write to the partition, in a transaction that goes on. `askedAgain`: before each time but the first. */
  admit(
    transactionalId: string,
    { producerId, producerEpoch }: ProducerIdAndEpoch,
    partition: TopicPartition,
    clientVersion: number,
    askedAgain: () => void,
  ): Answer<number> {
    const config = this.#options.config();
    const producer = { transactionalId, producerId, producerEpoch, verifyOnly: clientVersion < EPOCH_BUMP_VERSION };
    if (producer.verifyOnly) {
      if (!config['transaction.partition.verification.enable']) return ErrorCode.NONE;
      return this.#options.ask(producer, partition);
    }
    const lastMs = this.#options.clock.monotonic() + config['add.partitions.to.txn.retry.backoff.max.ms'];
    return this.#add(producer, partition, lastMs, askedAgain);
  }

  /** The markers of the transaction before may be on their way yet: the client need not know. */
  #add(producer: AdmittedProducer, partition: TopicPartition, lastMs: number, askedAgain: () => void): Answer<number> {
    const { clock } = this.#options;
    return andThen(this.#options.ask(producer, partition), (errorCode) => {
      if (errorCode !== ErrorCode.CONCURRENT_TRANSACTIONS || clock.monotonic() >= lastMs) return errorCode;
      const pauseMs = this.#options.config()['add.partitions.to.txn.retry.backoff.ms'];
      const paused = new Promise<void>((resolve) => void clock.after(pauseMs, resolve));
      return paused.then(() => {
        askedAgain();
        return this.#add(producer, partition, lastMs, askedAgain);
      });
    });
  }
}
