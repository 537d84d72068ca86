/** The transaction coordinator: gives events to transactions, writes their records first, and has markers written. The shell. */
import { ErrorCode } from '../../protocol/errors.ts';
import { andThen, type Answer } from '../coordination/answers.ts';
import { CoordinatorRuntime } from '../coordination/coordinator-runtime.ts';
import { partitionFor } from '../coordination/java-hash.ts';
import { SlicedTasks } from '../coordination/sliced-tasks.ts';
import type { TopicPartition } from '../coordination/topic-partition.ts';
import type { Timer } from '../platform/clock.ts';
import type { AdmittedProducer } from './admission.ts';
import type { TransactionConfig, TransactionCoordinatorOptions } from './coordinator-options.ts';
import { TransactionEndings } from './endings.ts';
import { continuation, step, verify } from './transaction.ts';
import type { ProducerIdAndEpoch, TransactionEvent, TransactionOutcome } from './transaction.ts';
import { TransactionPartition, type TransactionShard } from './transaction-partition.ts';
import { encodeTransaction } from './transaction-records.ts';
import { EPOCH_BUMP_VERSION, isPrepared } from './transaction-state.ts';
import type { Transaction } from './transaction-state.ts';
import { describeTransaction, listTransactions, undescribedTransaction } from './transaction-views.ts';
import type { DescribedTransaction, ListedTransactions, TransactionFilter } from './transaction-views.ts';

type IntervalKey = keyof TransactionConfig & `transaction.${string}.cleanup.interval.ms`;

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

interface TransactionRecord {
  readonly transactionalId: string;
  /** Null: a tombstone. */
  readonly transaction: Transaction | null;
}

/** How long the answer to a decision waits for its markers. */
const MARKERS_WAIT_MS = 100;
/** Ids that one piece of a sweep looks at: well below a millisecond. */
const IDS_A_PIECE = 500;
/** How long answers wait for what the coordinator before has written: request.timeout.ms of clients, by default. */
const LOAD_TIMEOUT_MS = 30_000;
/** Lists that are asked for in quick succession have one slice together before they wait. */
const LIST_REST_MS = 10;
/** How long an answer waits for the tombstone of an id that was written before it. */
const EXPIRY_TIMEOUT_MS = 30_000;

export class TransactionCoordinator {
  readonly #options: TransactionCoordinatorOptions;
  readonly #runtime: CoordinatorRuntime<TransactionPartition, TransactionRecord>;
  readonly #endings: TransactionEndings;
  readonly #lists: SlicedTasks;
  readonly #timers = new Map<'abort' | 'expire', Timer>();
  /** Of what was found in partitions of __transaction_state that are coordinated here, or were; -1: nothing. */
  #largestProducerId = -1;

  constructor(options: TransactionCoordinatorOptions) {
    this.#options = options;
    this.#lists = new SlicedTasks(options.clock, LIST_REST_MS);
    this.#endings = new TransactionEndings(
      options,
      (shard, transactionalId) =>
        this.#stepIn(shard, transactionalId, { type: 'markersWritten', nowMs: this.#now() }).errorCode,
    );
    this.#runtime = new CoordinatorRuntime<TransactionPartition, TransactionRecord>({
      name: 'transaction',
      clock: options.clock,
      logger: options.logger,
      partitionOf: (index) => options.partitionOf(index),
      newState: () => new TransactionPartition(),
      load: (log, partition, _index, onUnreadable) =>
        log.recordPieces((record) => partition.replayRecord(record), onUnreadable),
      loadedTimeoutMs: LOAD_TIMEOUT_MS,
      encode: ({ transactionalId, transaction }, nowMs) =>
        encodeTransaction(transactionalId, transaction, nowMs, options.transactionVersion()),
      replay: (partition, { transactionalId, transaction }) => partition.replay(transactionalId, transaction),
      loaded: (shard) => this.#loaded(shard),
      unloaded: (shard) => this.#endings.forget(shard),
    });
  }

  /** The partition of __transaction_state whose leader coordinates this id. */
  partitionFor(transactionalId: string): number {
    const count = this.#options.partitionCount() ?? this.#options.config()['transaction.state.log.num.partitions'];
    return partitionFor(transactionalId, count);
  }

  /** -1 where none was found, or one that is not below `end`. */
  largestProducerIdBelow(end: number): number {
    return this.#largestProducerId < end ? this.#largestProducerId : -1;
  }

  ensureTopic(): Promise<void> {
    return this.#options.ensureTopic();
  }

  /** See CoordinatorRuntime. */
  onLeader(index: number, leaderEpoch: number): void {
    this.#runtime.onLeader(index, leaderEpoch);
  }

  onResign(index: number): void {
    this.#runtime.onResign(index);
  }

  /** Ends those transactions whose outcome is decided. */
  #loaded(shard: TransactionShard): void {
    for (const transaction of shard.state.transactions.values()) {
      this.#largestProducerId = Math.max(this.#largestProducerId, transaction.producerId);
      if (isPrepared(transaction)) this.#endings.begin(shard, transaction);
    }
    // The coordinator before may have been about to look: none stays open for longer than its time and one interval.
    this.#runtime.sweep((loaded) => this.#abortTimedOutIn(loaded), { shards: [shard] });
    this.#schedule('abort', 'transaction.abort.timed.out.transaction.cleanup.interval.ms');
    this.#schedule('expire', 'transaction.remove.expired.transaction.cleanup.interval.ms');
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#endings.stop();
    this.#lists.stop();
    this.#runtime.stop();
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
    if (!hasFenced) return answer;
    this.#options.logger.info('transaction.fenced', { transactionalId });
    return (await this.#run(transactionalId, event)).answer;
  }

  /** NONE, or the code for each of the partitions. */
  addPartitions(
    transactionalId: string,
    producer: ProducerIdAndEpoch,
    partitions: readonly TopicPartition[],
    clientVersion: number,
  ): Answer<number> {
    if (transactionalId === '') return ErrorCode.INVALID_REQUEST;
    const { producerId, producerEpoch } = producer;
    const nowMs = this.#now();
    const event: TransactionEvent = { type: 'add', nowMs, producerId, producerEpoch, partitions, clientVersion };
    const { errorCode } = this.#step(transactionalId, event);
    return this.whenCommitted(transactionalId, errorCode, (failed) => failed);
  }

  /** NONE where the partition takes part in the producer's transaction. */
  verifyPartition(transactionalId: string, producer: ProducerIdAndEpoch, partition: TopicPartition): Answer<number> {
    if (transactionalId === '') return ErrorCode.INVALID_REQUEST;
    const shard = this.#shardOf(transactionalId);
    if (typeof shard === 'number') return shard;
    const errorCode = verify(shard.state.transactions.get(transactionalId), producer, partition);
    return shard.answer(errorCode, (failed) => failed);
  }

  /** Takes the partition into the transaction, or verifies that it is in it, before a batch is appended there; see TransactionAdmission. */
  admit(producer: AdmittedProducer, partition: TopicPartition): Answer<number> {
    const { transactionalId, verifyOnly } = producer;
    return verifyOnly
      ? this.verifyPartition(transactionalId, producer, partition)
      : this.addPartitions(transactionalId, producer, [partition], EPOCH_BUMP_VERSION);
  }

  /** Commits or aborts. Answered once the decision is committed; the markers are written then, if the disks let them. */
  async end({
    transactionalId,
    producerId,
    producerEpoch,
    committed,
    clientVersion,
  }: EndRequest): Promise<ProducerAnswer> {
    if (transactionalId === '') return refused(ErrorCode.INVALID_REQUEST);
    const { answer, hasChanged } = await this.#run(transactionalId, (newProducerId) => ({
      type: 'end',
      nowMs: this.#now(),
      producerId,
      producerEpoch,
      committed,
      clientVersion,
      newProducerId,
    }));
    if (hasChanged) {
      this.#options.logger.debug(committed ? 'transaction.committed' : 'transaction.aborted', { transactionalId });
    }
    return answer;
  }

  /** As this coordinator knows it now: pass it through `whenCommitted` before a client is told. */
  describe(transactionalId: string): DescribedTransaction {
    if (transactionalId === '') return undescribedTransaction(transactionalId, ErrorCode.INVALID_REQUEST);
    const shard = this.#shardOf(transactionalId);
    if (typeof shard === 'number') return undescribedTransaction(transactionalId, shard);
    const transaction = shard.state.transactions.get(transactionalId);
    if (transaction === undefined) return undescribedTransaction(transactionalId, ErrorCode.TRANSACTIONAL_ID_NOT_FOUND);
    return describeTransaction(transaction);
  }

  /** As this coordinator knows them now: pass it through `whenAllCommitted` before a client is told. */
  list(filter: TransactionFilter): ListedTransactions {
    const pieces = this.#list(filter);
    for (;;) {
      const piece = pieces.next();
      if (piece.done === true) return piece.value;
    }
  }

  /** The same for a client, in slices: its pattern may be a dear one. */
  listInSlices(filter: TransactionFilter): Answer<ListedTransactions> {
    return this.#lists.run(this.#list(filter));
  }

  #list(filter: TransactionFilter): Generator<void, ListedTransactions> {
    const all = this.#runtime.active().map(({ state }) => state.transactions.values());
    return listTransactions(all, filter, this.#now(), this.#runtime.isLoading);
  }

  /** An answer that tells of the transaction as it is now, once that is committed. */
  whenCommitted<T>(transactionalId: string, answer: T, refuse: (errorCode: number) => T): Answer<T> {
    const shard = this.#shardOf(transactionalId);
    return typeof shard === 'number' ? answer : shard.answer(answer, refuse);
  }

  /** The same of all transactions. */
  whenAllCommitted<T>(answer: T, refuse: (errorCode: number) => T): Answer<T> {
    return this.#runtime.whenAllCommitted(answer, refuse);
  }

  /** Aborts what has been open for longer than its client said it would take. */
  abortTimedOut(done?: () => void): void {
    this.#runtime.sweep((shard) => this.#abortTimedOutIn(shard), { done });
  }

  *#abortTimedOutIn({ state }: TransactionShard): Generator<void> {
    let looked = 0;
    for (const { transactionalId } of state.transactions.values()) {
      const event = (newProducerId: number | null): TransactionEvent => ({
        type: 'tick',
        nowMs: this.#now(),
        newProducerId,
      });
      const outcome = step(state.transactions.get(transactionalId), event(null));
      const isDue = outcome.needsProducerId === true || outcome.next !== undefined;
      if (isDue) void this.#abort(transactionalId, event);
      if (isDue || ++looked % IDS_A_PIECE === 0) yield;
    }
  }

  async #abort(transactionalId: string, event: (newProducerId: number | null) => TransactionEvent): Promise<void> {
    const { hasChanged } = await this.#run(transactionalId, event);
    if (hasChanged) this.#options.logger.info('transaction.timed-out', { transactionalId });
  }

  /** Forgets ids that have been unused for transactional.id.expiration.ms. */
  expire(done?: () => void): void {
    const expirationMs = this.#options.config()['transactional.id.expiration.ms'];
    this.#runtime.sweep((shard) => this.#expireIn(shard, expirationMs), { done });
  }

  *#expireIn(shard: TransactionShard, expirationMs: number): Generator<void> {
    let looked = 0;
    let unused: TransactionRecord[] = [];
    for (const [transactionalId, transaction] of shard.state.transactions) {
      if (step(transaction, { type: 'expire', nowMs: this.#now(), expirationMs }).next === null) {
        unused.push({ transactionalId, transaction: null });
      }
      if (++looked % IDS_A_PIECE !== 0) continue;
      // Before a request has its turn, which may use the id again.
      this.#write(shard, unused, EXPIRY_TIMEOUT_MS);
      unused = [];
      yield;
    }
    this.#write(shard, unused, EXPIRY_TIMEOUT_MS);
  }

  /** One event, twice where it needs a producer id. Done once what has come of it is committed. */
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

  /** To be asked at once, before another event changes the transaction. */
  #ran(transactionalId: string, { errorCode, next }: TransactionOutcome): Answer<Ran> {
    const shard = this.#shardOf(transactionalId);
    const transaction = typeof shard === 'number' ? undefined : shard.state.transactions.get(transactionalId);
    const isAnswered = errorCode === ErrorCode.NONE && transaction !== undefined;
    const answer = isAnswered ? { errorCode, ...continuation(transaction) } : refused(errorCode);
    const ran: Ran = { answer, hasChanged: next !== undefined };
    const committed = this.whenCommitted<Ran>(transactionalId, ran, (failed) => {
      return { answer: refused(failed), hasChanged: false };
    });
    return andThen(committed, (told) => this.#whenOver(told, next));
  }

  /**
   * Where a transaction has been decided, its markers are waited for, but not for long: a client that is told so begins the next one
   * at once, and readers shall see the one before. What is answered is true without them.
   */
  #whenOver(told: Ran, decided: Transaction | null | undefined): Answer<Ran> {
    if (!told.hasChanged || !decided || !isPrepared(decided)) return told;
    const over = this.#endings.over(decided, MARKERS_WAIT_MS);
    return over === null ? told : over.then(() => told);
  }

  #step(transactionalId: string, event: TransactionEvent): TransactionOutcome {
    const shard = this.#shardOf(transactionalId);
    return typeof shard === 'number' ? { errorCode: shard } : this.#stepIn(shard, transactionalId, event);
  }

  /** Appends first, and lets it take effect then. The caller waits for the commit before it answers a client. */
  #stepIn(shard: TransactionShard, transactionalId: string, event: TransactionEvent): TransactionOutcome {
    const known = shard.state.transactions.get(transactionalId);
    const outcome = step(known, event);
    const { next } = outcome;
    if (next === undefined) return outcome;
    const timeoutMs = (next ?? known)?.timeoutMs ?? EXPIRY_TIMEOUT_MS;
    const failed = this.#write(shard, [{ transactionalId, transaction: next }], timeoutMs);
    if (failed !== ErrorCode.NONE) return { errorCode: failed };
    if (next !== null && isPrepared(next)) this.#endings.begin(shard, next);
    return outcome;
  }

  #write(shard: TransactionShard, records: readonly TransactionRecord[], timeoutMs: number): number {
    return this.#runtime.write(shard, records, { timeoutMs });
  }

  #schedule(what: 'abort' | 'expire', key: IntervalKey): void {
    if (this.#timers.has(what)) return;
    const timer = this.#options.clock.after(this.#options.config()[key], () => {
      const again = (): void => {
        this.#timers.delete(what);
        this.#schedule(what, key);
      };
      if (what === 'expire') this.expire(again);
      else this.abortTimedOut(again);
    });
    this.#timers.set(what, timer);
  }

  #now(): number {
    return this.#options.clock.now();
  }

  /** Where the id lives, or what a client is told when that is not here. */
  #shardOf(transactionalId: string): TransactionShard | number {
    return this.#runtime.find(this.partitionFor(transactionalId));
  }
}

function refused(errorCode: number): ProducerAnswer {
  return { errorCode, producerId: -1, producerEpoch: -1 };
}
