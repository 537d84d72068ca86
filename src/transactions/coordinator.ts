/** The transaction coordinator: gives events to transactions, writes their records first, and has markers written. The shell. */
import { ErrorCode } from '../../protocol/errors.ts';
import { appendError } from '../coordination/append-error.ts';
import { partitionFor } from '../coordination/java-hash.ts';
import { LogError } from '../partitions/partition.ts';
import { ReplayLoader } from '../coordination/replay-loader.ts';
import type { Timer } from '../platform/clock.ts';
import type { TransactionCoordinatorOptions } from './coordinator-options.ts';
import { continuation, step, verify } from './transaction.ts';
import type { TransactionEvent, TransactionOutcome, ProducerIdAndEpoch } from './transaction.ts';
import { TransactionLoad, TransactionPartition } from './transaction-partition.ts';
import { encodeTransaction } from './transaction-records.ts';
import { EPOCH_BUMP_VERSION, isPrepared, partitionsOf } from './transaction-state.ts';
import type { Transaction } from './transaction-state.ts';
import type { TopicPartition } from '../coordination/topic-partition.ts';
import { describeTransaction, transactionFilter, undescribedTransaction, unknownStates } from './transaction-views.ts';
import type { DescribedTransaction, ListedTransaction, TransactionFilter } from './transaction-views.ts';

export interface InitRequest {
  readonly transactionalId: string;
  readonly timeoutMs: number;
  /** Null for a client that is new. */
  readonly expected: ProducerIdAndEpoch | null;
}

export interface EndRequest extends ProducerIdAndEpoch {
  readonly transactionalId: string;
  readonly committed: boolean;
  readonly clientVersion: number;
}

export interface ProducerAnswer extends ProducerIdAndEpoch {
  readonly errorCode: number;
}

/** What came of an event. */
interface Ran {
  readonly answer: ProducerAnswer;
  readonly hasChanged: boolean;
}

/** Markers that a disk refused are tried again after this time. */
const RETRY_MS = 100;

export class TransactionCoordinator {
  readonly #options: TransactionCoordinatorOptions;
  readonly #partitions = new Map<number, TransactionPartition | TransactionLoad>();
  readonly #loader: ReplayLoader<TransactionLoad>;
  /** Prepared transactions, and the partitions that have no marker yet. */
  readonly #unmarked = new Map<Transaction, readonly TopicPartition[]>();
  readonly #timers = new Map<'abort' | 'expire' | 'retry', Timer>();

  constructor(options: TransactionCoordinatorOptions) {
    this.#options = options;
    this.#loader = new ReplayLoader(
      options.clock,
      (load) => this.#loaded(load),
      (load, error) => this.#loadFailed(load, error),
    );
  }

  /** The partition of __transaction_state whose leader coordinates this id. */
  partitionFor(transactionalId: string): number {
    const count = this.#options.partitionCount() ?? this.#options.config()['transaction.state.log.num.partitions'];
    return partitionFor(transactionalId, count);
  }

  ensureTopic(): Promise<void> {
    return this.#options.ensureTopic();
  }

  /**
   * This broker leads the partition now: it reads its transactions from the log and ends those whose end is decided. A small
   * log is read when this returns; while a large one is, clients are told COORDINATOR_LOAD_IN_PROGRESS.
   */
  onLeader(index: number, leaderEpoch: number): void {
    const present = this.#partitions.get(index);
    const presentEpoch = present instanceof TransactionLoad ? present.at.leaderEpoch : present?.leaderEpoch;
    if (presentEpoch !== undefined && presentEpoch >= leaderEpoch) return;
    this.onResign(index);
    const log = this.#options.partitionOf(index);
    if (log === undefined) return;
    const load = new TransactionLoad(new TransactionPartition(index, leaderEpoch), log);
    this.#partitions.set(index, load);
    this.#loader.start(load);
  }

  #loaded({ at }: TransactionLoad): void {
    this.#partitions.set(at.index, at);
    for (const transaction of at.transactions.values()) if (isPrepared(transaction)) this.#finish(at, transaction);
    this.#schedule('abort', this.#options.config()['transaction.abort.timed.out.transaction.cleanup.interval.ms']);
    this.#schedule('expire', this.#options.config()['transaction.remove.expired.transaction.cleanup.interval.ms']);
  }

  /** One damaged partition must not take the broker down: its ids have no coordinator, all others do. */
  #loadFailed({ at }: TransactionLoad, error: unknown): void {
    this.#partitions.delete(at.index);
    this.#options.logger.error('transaction.load-failed', { partition: at.index, error: String(error) });
  }

  /** Another broker leads the partition, or nobody does. */
  onResign(index: number): void {
    const at = this.#partitions.get(index);
    this.#partitions.delete(index);
    if (at instanceof TransactionLoad) return this.#loader.cancel(at);
    for (const transaction of at?.transactions.values() ?? []) this.#unmarked.delete(transaction);
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#loader.stop();
    this.#unmarked.clear();
    this.#partitions.clear();
  }

  /** Gives an instance its producer id and epoch; what an earlier instance has left open is aborted first. */
  async init({ transactionalId, timeoutMs, expected }: InitRequest): Promise<ProducerAnswer> {
    if (timeoutMs <= 0 || timeoutMs > this.#options.config()['transaction.max.timeout.ms']) {
      return refused(ErrorCode.INVALID_TRANSACTION_TIMEOUT);
    }
    const event = (newProducerId: number | null): TransactionEvent => ({
      type: 'init',
      nowMs: this.#now(),
      transactionalId,
      timeoutMs,
      expected,
      newProducerId,
    });
    const { answer, hasChanged } = await this.#run(transactionalId, event);
    const hasFenced = answer.errorCode === ErrorCode.CONCURRENT_TRANSACTIONS && hasChanged;
    return hasFenced ? (await this.#run(transactionalId, event)).answer : answer;
  }

  /** NONE, or the code for each of the partitions. */
  addPartitions(
    transactionalId: string,
    producer: ProducerIdAndEpoch,
    partitions: readonly TopicPartition[],
    clientVersion: number,
  ): number {
    if (transactionalId === '') return ErrorCode.INVALID_REQUEST;
    const { producerId, producerEpoch } = producer;
    return this.#step(transactionalId, {
      type: 'add',
      nowMs: this.#now(),
      producerId,
      producerEpoch,
      partitions,
      clientVersion,
    }).errorCode;
  }

  /** NONE where the partition takes part in the producer's transaction. */
  verifyPartition(transactionalId: string, producer: ProducerIdAndEpoch, partition: TopicPartition): number {
    if (transactionalId === '') return ErrorCode.INVALID_REQUEST;
    const at = this.#at(transactionalId);
    return typeof at === 'number' ? at : verify(at.transactions.get(transactionalId), producer, partition);
  }

  /**
   * Before a transactional batch is written to a partition without an open transaction of its producer: clients of version
   * 2 take the partition into the transaction by that, those before must have done so (KIP-890).
   */
  admit(
    transactionalId: string,
    producer: ProducerIdAndEpoch,
    partition: TopicPartition,
    clientVersion: number,
  ): number {
    if (clientVersion >= EPOCH_BUMP_VERSION)
      return this.addPartitions(transactionalId, producer, [partition], clientVersion);
    if (!this.#options.config()['transaction.partition.verification.enable']) return ErrorCode.NONE;
    return this.verifyPartition(transactionalId, producer, partition);
  }

  /** Commits or aborts. Answered once the decision stands in the log; the markers are written then, if the disks let them. */
  async end({
    transactionalId,
    producerId,
    producerEpoch,
    committed,
    clientVersion,
  }: EndRequest): Promise<ProducerAnswer> {
    if (transactionalId === '') return refused(ErrorCode.INVALID_REQUEST);
    const { answer } = await this.#run(transactionalId, (newProducerId) => ({
      type: 'end',
      nowMs: this.#now(),
      producerId,
      producerEpoch,
      committed,
      clientVersion,
      newProducerId,
    }));
    return answer;
  }

  describe(transactionalId: string): DescribedTransaction {
    if (transactionalId === '') return undescribedTransaction(transactionalId, ErrorCode.INVALID_REQUEST);
    const at = this.#at(transactionalId);
    if (typeof at === 'number') return undescribedTransaction(transactionalId, at);
    const transaction = at.transactions.get(transactionalId);
    if (transaction === undefined) return undescribedTransaction(transactionalId, ErrorCode.TRANSACTIONAL_ID_NOT_FOUND);
    return describeTransaction(transaction);
  }

  list(filter: TransactionFilter): {
    errorCode: number;
    unknownStateFilters: string[];
    transactionStates: ListedTransaction[];
  } {
    const matches = transactionFilter(filter, this.#now());
    if (matches === null) {
      return { errorCode: ErrorCode.INVALID_REGULAR_EXPRESSION, unknownStateFilters: [], transactionStates: [] };
    }
    if ([...this.#partitions.values()].some((at) => at instanceof TransactionLoad)) {
      return { errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, unknownStateFilters: [], transactionStates: [] };
    }
    const transactionStates = this.#loadedPartitions()
      .flatMap(({ transactions }) => [...transactions.values()])
      .filter(matches)
      .map(({ transactionalId, producerId, state }) => ({ transactionalId, producerId, transactionState: state }));
    return { errorCode: ErrorCode.NONE, unknownStateFilters: unknownStates(filter.stateFilters), transactionStates };
  }

  /** Aborts what has been open for longer than its client said it would take. */
  async abortTimedOut(): Promise<void> {
    for (const { transactions } of this.#loadedPartitions()) {
      for (const transactionalId of transactions.keys()) {
        const { hasChanged } = await this.#run(transactionalId, (newProducerId) => ({
          type: 'tick',
          nowMs: this.#now(),
          newProducerId,
        }));
        if (hasChanged) this.#options.logger.info('transaction.timed-out', { transactionalId });
      }
    }
  }

  /** Forgets ids that have been unused for transactional.id.expiration.ms. */
  expire(): void {
    const expirationMs = this.#options.config()['transactional.id.expiration.ms'];
    for (const { transactions } of this.#loadedPartitions()) {
      for (const transactionalId of transactions.keys()) {
        this.#step(transactionalId, { type: 'expire', nowMs: this.#now(), expirationMs });
      }
    }
  }

  /** One event, twice where it needs a producer id. */
  async #run(transactionalId: string, event: (newProducerId: number | null) => TransactionEvent): Promise<Ran> {
    const outcome = this.#step(transactionalId, event(null));
    if (outcome.needsProducerId !== true) return this.#ran(transactionalId, outcome);
    let producerId: number;
    try {
      producerId = await this.#options.nextProducerId();
    } catch (error) {
      this.#options.logger.error('producer-id.not-allocated', { error: String(error) });
      // Every client tries again after this one.
      return { answer: refused(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS), hasChanged: false };
    }
    return this.#ran(transactionalId, this.#step(transactionalId, event(producerId)));
  }

  /** To be asked at once, before another event has its turn. */
  #ran(transactionalId: string, { errorCode, next }: TransactionOutcome): Ran {
    const at = this.#at(transactionalId);
    const transaction = typeof at === 'number' ? undefined : at.transactions.get(transactionalId);
    const isAnswered = errorCode === ErrorCode.NONE && transaction !== undefined;
    return {
      answer: isAnswered ? { errorCode, ...continuation(transaction) } : refused(errorCode),
      hasChanged: next !== undefined,
    };
  }

  /** Appends first, and lets it take effect and be answered then. */
  #step(transactionalId: string, event: TransactionEvent): TransactionOutcome {
    const at = this.#at(transactionalId);
    if (typeof at === 'number') return { errorCode: at };
    const outcome = step(at.transactions.get(transactionalId), event);
    const { next } = outcome;
    if (next === undefined) return outcome;
    const failed = this.#append(at, transactionalId, next);
    if (failed !== ErrorCode.NONE) return { errorCode: failed };
    at.replay(transactionalId, next);
    if (next !== null && isPrepared(next)) this.#finish(at, next);
    return outcome;
  }

  /** Markers into all partitions, then the record that says so; what fails is tried again until it does not. */
  #finish(at: TransactionPartition, transaction: Transaction): void {
    const left = this.#unmarked.get(transaction) ?? [...partitionsOf(transaction.partitions)];
    const failed = left.filter((partition) => !this.#mark(at, transaction, partition));
    this.#unmarked.set(transaction, failed);
    if (failed.length === 0) {
      const { errorCode } = this.#step(transaction.transactionalId, { type: 'markersWritten', nowMs: this.#now() });
      if (errorCode === ErrorCode.NONE) return void this.#unmarked.delete(transaction);
    }
    this.#schedule('retry', RETRY_MS);
  }

  /** True where nothing is left to do for the partition. */
  #mark(at: TransactionPartition, transaction: Transaction, partition: TopicPartition): boolean {
    const { producerId, producerEpoch, state, transactionalId, clientVersion: transactionVersion } = transaction;
    const errorCode = this.#options.writeMarker(partition, {
      producerId,
      producerEpoch,
      committed: state === 'PrepareCommit',
      coordinatorEpoch: at.leaderEpoch,
      transactionVersion,
      timestamp: this.#now(),
    });
    switch (errorCode) {
      case ErrorCode.NONE:
        return true;
      case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
        return !this.#options.exists(partition);
      case ErrorCode.INVALID_PRODUCER_EPOCH:
      case ErrorCode.TRANSACTION_COORDINATOR_FENCED:
        // An operator has ended it there by hand, or a younger coordinator has.
        this.#options.logger.warn('transaction.marker-refused', { transactionalId, ...partition, errorCode });
        return true;
      default:
        return false;
    }
  }

  #retry(): void {
    for (const transaction of this.#unmarked.keys()) {
      const at = this.#at(transaction.transactionalId);
      if (typeof at !== 'number') this.#finish(at, transaction);
    }
  }

  #schedule(what: 'abort' | 'expire' | 'retry', afterMs: number): void {
    if (this.#timers.has(what)) return;
    this.#timers.set(
      what,
      this.#options.clock.after(afterMs, () => {
        this.#timers.delete(what);
        if (what === 'retry') return this.#retry();
        this.#schedule(what, afterMs);
        if (what === 'expire') this.expire();
        else void this.abortTimedOut();
      }),
    );
  }

  #now(): number {
    return this.#options.clock.now();
  }

  /** Where the id lives, or what a client is told when that is not here. */
  #at(transactionalId: string): TransactionPartition | number {
    const at = this.#partitions.get(this.partitionFor(transactionalId));
    if (at === undefined) return ErrorCode.NOT_COORDINATOR;
    return at instanceof TransactionLoad ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : at;
  }

  #loadedPartitions(): TransactionPartition[] {
    return [...this.#partitions.values()].filter((at) => at instanceof TransactionPartition);
  }

  #append(at: TransactionPartition, transactionalId: string, next: Transaction | null): number {
    const log = this.#options.partitionOf(at.index);
    if (log === undefined) return ErrorCode.NOT_COORDINATOR;
    try {
      log.appendRecords([encodeTransaction(transactionalId, next, this.#now(), this.#options.transactionVersion())]);
      return ErrorCode.NONE;
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      this.#options.logger.error('transaction.append-failed', { partition: at.index, error: error.message });
      return appendError(error.errorCode);
    }
  }
}

function refused(errorCode: number): ProducerAnswer {
  return { errorCode, producerId: -1, producerEpoch: -1 };
}
