/**
 * Ends transactions whose outcome is decided: once the decision is committed, markers go into all partitions, again and again
 * until they are committed there, and then the record that says so.
 *
 *     decided ──committed──▶ markers ──all committed──▶ completed
 *        ▲ timed out            │ refused for now
 *        └──────── retry ◀──────┘
 *
 * A few markers are there when this returns; those of many partitions, or of many transactions that end together, follow in
 * slices between requests.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import { allOf, andThen, type Answer } from '../coordination/answers.ts';
import { SlicedTasks } from '../coordination/sliced-tasks.ts';
import type { TopicPartition } from '../coordination/topic-partition.ts';
import type { Timer } from '../platform/clock.ts';
import type { TransactionCoordinatorOptions } from './coordinator-options.ts';
import type { TransactionShard } from './transaction-partition.ts';
import type { Transaction } from './transaction-state.ts';
import { partitionsOf } from './transaction-state.ts';

interface Ending {
  readonly shard: TransactionShard;
  readonly transaction: Transaction;
  /** The partitions that have no marker yet. */
  left: readonly TopicPartition[];
  /** It waits for the decision, or for markers, to be committed. */
  isWaiting: boolean;
  /** Who waits for its end. */
  readonly onceOver: (() => void)[];
}

/** Markers that a log refused are tried again after this time. */
const RETRY_MS = 100;
/** Written between two looks at the clock: about a millisecond. */
const MARKERS_A_PIECE = 10;
/** Endings that come in quick succession have one slice together before they wait. */
const REST_MS = 10;

export class TransactionEndings {
  readonly #options: Pick<TransactionCoordinatorOptions, 'clock' | 'logger' | 'writeMarker' | 'exists'>;
  readonly #complete: (shard: TransactionShard, transactionalId: string) => number;
  readonly #endings = new Map<Transaction, Ending>();
  readonly #tasks: SlicedTasks;
  #retry: Timer | null = null;

  /** `complete` writes that all markers are there: NONE, or why it could not. */
  constructor(
    options: Pick<TransactionCoordinatorOptions, 'clock' | 'logger' | 'writeMarker' | 'exists'>,
    complete: (shard: TransactionShard, transactionalId: string) => number,
  ) {
    this.#options = options;
    this.#complete = complete;
    this.#tasks = new SlicedTasks(options.clock, REST_MS);
  }

  /** The transaction is in state PrepareCommit or PrepareAbort, and its record appended. */
  begin(shard: TransactionShard, transaction: Transaction): void {
    const ending = {
      shard,
      transaction,
      left: [...partitionsOf(transaction.partitions)],
      isWaiting: false,
      onceOver: [],
    };
    this.#endings.set(transaction, ending);
    this.#goOn(ending);
  }

  /** The next coordinator of the shard ends them. */
  forget(shard: TransactionShard): void {
    for (const ending of this.#endings.values()) if (ending.shard === shard) this.#over(ending);
  }

  stop(): void {
    for (const ending of this.#endings.values()) this.#over(ending);
    this.#tasks.stop();
    this.#retry?.cancel();
    this.#retry = null;
  }

  /**
   * Nothing where the transaction, decided by `begin`, has all its markers by now, or is not ended here any more; else it resolves
   * then, and after `timeoutMs` at the latest.
   */
  over(transaction: Transaction, timeoutMs: number): Promise<void> | null {
    const ending = this.#endings.get(transaction);
    if (ending === undefined) return null;
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(timeoutMs, resolve);
      ending.onceOver.push(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  #over({ transaction, onceOver }: Ending): void {
    this.#endings.delete(transaction);
    for (const tell of onceOver) tell();
  }

  #goOn(ending: Ending): void {
    ending.isWaiting = true;
    const going = andThen(ending.shard.committed(), (errorCode) =>
      errorCode === ErrorCode.NONE ? this.#writeMarkers(ending) : this.#retryLater(ending),
    );
    if (going instanceof Promise) this.#watch(ending, going);
  }

  #watch(ending: Ending, going: Promise<void>): void {
    going.catch((error: unknown) => this.#failed(ending, error));
  }

  #failed(ending: Ending, error: unknown): void {
    const { transactionalId } = ending.transaction;
    this.#options.logger.error('transaction.ending-failed', { transactionalId, error: String(error) });
    this.#retryLater(ending);
  }

  #writeMarkers(ending: Ending): void {
    const outcomes: Answer<boolean>[] = [];
    this.#tasks.start({
      pieces: this.#markersOf(ending, outcomes),
      done: () => {
        if (!this.#isOpen(ending)) return;
        const going = andThen(allOf(outcomes), (done) => this.#marked(ending, done));
        if (going instanceof Promise) this.#watch(ending, going);
      },
      failed: (error) => this.#failed(ending, error),
    });
  }

  *#markersOf(ending: Ending, outcomes: Answer<boolean>[]): Generator<void> {
    for (const partition of ending.left) {
      if (!this.#isOpen(ending)) return;
      outcomes.push(this.#mark(ending, partition));
      if (outcomes.length % MARKERS_A_PIECE === 0) yield;
    }
  }

  #marked(ending: Ending, done: readonly boolean[]): void {
    if (!this.#isOpen(ending)) return;
    ending.left = ending.left.filter((_partition, i) => !done[i]);
    if (ending.left.length > 0) return this.#retryLater(ending);
    const errorCode = this.#complete(ending.shard, ending.transaction.transactionalId);
    if (errorCode === ErrorCode.NONE) this.#over(ending);
    else this.#retryLater(ending);
  }

  #isOpen(ending: Ending): boolean {
    return this.#endings.get(ending.transaction) === ending && ending.shard.isActive;
  }

  /** True where nothing is left to do for the partition. */
  #mark({ shard, transaction }: Ending, partition: TopicPartition): Answer<boolean> {
    const { producerId, producerEpoch, state, transactionalId, clientVersion: transactionVersion } = transaction;
    const outcome = this.#options.writeMarker(partition, {
      producerId,
      producerEpoch,
      committed: state === 'PrepareCommit',
      coordinatorEpoch: shard.leaderEpoch,
      transactionVersion,
      timestamp: this.#options.clock.now(),
    });
    return andThen(outcome, (errorCode) => this.#isDone(errorCode, transactionalId, partition));
  }

  #isDone(errorCode: number, transactionalId: string, partition: TopicPartition): boolean {
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

  #retryLater(ending: Ending): void {
    ending.isWaiting = false;
    this.#retry ??= this.#options.clock.after(RETRY_MS, () => {
      this.#retry = null;
      for (const each of this.#endings.values()) if (!each.isWaiting) this.#goOn(each);
    });
  }
}
