/**
 * One partition of an internal topic, with the state that its records tell, while this broker leads it.
 *
 *     onLeader ──▶ loading ──the log is read──▶ active ──▶ closed ◀── resigned, deleted, stopped, or an append was lost
 *                     └───────────────────────────────────────▲
 *
 * A write is appended first and takes effect at once. What clients are told waits until all that the shard has written is
 * committed, for the answer may tell of any of it: a read, too, tells nothing that a change of the leader could take back.
 * With one replica and without flush.messages the log answers in the same tick, and nothing here becomes a promise.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import { appendError } from './append-error.ts';
import type { AppendReceipt, StatePartition } from './state-partition.ts';

/** The last append of a shard, until it is known to be committed. */
interface Uncommitted {
  readonly receipt: AppendReceipt;
  readonly timeoutMs: number;
  /** What waits for it; null while no answer does. */
  wait: Promise<number> | null;
}

/** The append counts, or may yet count: later readers of the log find it, and the state keeps it. */
const STANDS: ReadonlySet<number> = new Set([
  ErrorCode.NONE,
  ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ErrorCode.REQUEST_TIMED_OUT,
]);

export class CoordinatorShard<State> {
  readonly index: number;
  /** Of this broker's leadership of the partition. */
  readonly leaderEpoch: number;
  readonly state: State;
  readonly partition: StatePartition;
  #phase: 'loading' | 'active' | 'closed' = 'loading';
  #uncommitted: Uncommitted | null = null;
  /** Ends the waits of all answers that are parked. */
  readonly #parked = new Set<(errorCode: number) => void>();
  readonly #onceActive: (() => void)[] = [];
  readonly #lost: (errorCode: number) => void;

  /** `lost` is called, not before the next microtask, when an append is gone that has taken effect in the state. */
  constructor(
    place: { readonly index: number; readonly leaderEpoch: number },
    state: State,
    partition: StatePartition,
    lost: (shard: CoordinatorShard<State>, errorCode: number) => void,
  ) {
    this.index = place.index;
    this.leaderEpoch = place.leaderEpoch;
    this.state = state;
    this.partition = partition;
    this.#lost = (errorCode) => lost(this, errorCode);
  }

  get isLoading(): boolean {
    return this.#phase === 'loading';
  }

  get isActive(): boolean {
    return this.#phase === 'active';
  }

  /** The log is read: from now on the shard answers. */
  activate(): void {
    if (this.#phase !== 'loading') throw new Error(`Shard ${this.index} is activated while it is ${this.#phase}`);
    this.#phase = 'active';
    for (const run of this.#onceActive.splice(0)) run();
  }

  /** Runs at once, or as soon as the log is read; never where the shard is closed before. */
  onceActive(run: () => void): void {
    if (this.#phase === 'active') run();
    else if (this.#phase === 'loading') this.#onceActive.push(run);
  }

  /** Answers that are parked, and all that come, are NOT_COORDINATOR. */
  close(): void {
    this.#phase = 'closed';
    this.#uncommitted = null;
    this.#onceActive.length = 0;
    for (const end of this.#parked) end(ErrorCode.NOT_COORDINATOR);
    this.#parked.clear();
  }

  /** An append to the partition that the state tells of now, the own one or a marker: answers wait for it. */
  note(receipt: AppendReceipt, timeoutMs: number): void {
    this.#uncommitted = { receipt, timeoutMs, wait: null };
  }

  /** NONE once all that was appended so far is committed, else what clients are told. */
  committed(): number | Promise<number> {
    if (this.#phase === 'closed') return ErrorCode.NOT_COORDINATOR;
    const last = this.#uncommitted;
    if (last === null) return ErrorCode.NONE;
    if (last.wait !== null) return last.wait;
    const outcome = this.partition.committed(last.receipt, last.timeoutMs);
    return typeof outcome === 'number' ? this.#ended(last, outcome) : (last.wait = this.#park(last, outcome));
  }

  /** The response once it is true; `refuse` makes the one that tells why it never will be. */
  answer<T>(response: T, refuse: (errorCode: number) => T): T | Promise<T> {
    const committed = this.committed();
    if (committed === ErrorCode.NONE) return response;
    if (typeof committed === 'number') return refuse(committed);
    return committed.then((errorCode) => (errorCode === ErrorCode.NONE ? response : refuse(errorCode)));
  }

  #park(last: Uncommitted, outcome: Promise<number>): Promise<number> {
    return new Promise((resolve) => {
      const end = (errorCode: number): void => {
        this.#parked.delete(end);
        resolve(errorCode);
      };
      this.#parked.add(end);
      outcome.then(
        (errorCode) => end(this.#ended(last, errorCode)),
        () => end(this.#ended(last, ErrorCode.UNKNOWN_SERVER_ERROR)),
      );
    });
  }

  #ended(last: Uncommitted, outcome: number): number {
    last.wait = null;
    if (this.#phase === 'closed') return ErrorCode.NOT_COORDINATOR;
    // What has timed out stays uncommitted: the next answer waits for it anew.
    if (this.#uncommitted === last && outcome !== ErrorCode.REQUEST_TIMED_OUT) this.#uncommitted = null;
    if (STANDS.has(outcome)) return outcome === ErrorCode.NONE ? outcome : appendError(outcome);
    this.#phase = 'closed';
    // Not within the call that asks: it may be in the midst of what it does with the state.
    void Promise.resolve().then(() => this.#lost(outcome));
    return appendError(outcome);
  }
}
