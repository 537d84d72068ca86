/** Who reads the metadata log of the active controller, and how far: brokers, other controllers, tools. */
import type { Clock } from '../platform/clock.ts';

export interface Follower {
  readonly nodeId: number;
  readonly directoryId: string;
  /** It has all before this. */
  readonly endOffset: number;
  /** Milliseconds since 1970. */
  readonly fetchedAtMs: number;
  /** When it last had all that there was; -1: never. */
  readonly caughtUpAtMs: number;
}

/** One that was not heard of for so long is none, as in Kafka. */
const FORGET_MS = 300_000;

interface Wait {
  readonly isOver: () => boolean;
  readonly finish: () => void;
}

export class Followers {
  readonly #clock: Clock;
  readonly #followers = new Map<number, Follower>();
  readonly #waits = new Set<Wait>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A follower has asked for what lies behind `endOffset`; the log ends at `logEndOffset` now. */
  fetched(nodeId: number, directoryId: string, endOffset: number, logEndOffset: number): void {
    const nowMs = this.#clock.now();
    const caughtUpAtMs = endOffset >= logEndOffset ? nowMs : (this.#followers.get(nodeId)?.caughtUpAtMs ?? -1);
    this.#followers.set(nodeId, { nodeId, directoryId, endOffset, fetchedAtMs: nowMs, caughtUpAtMs });
    this.#look();
  }

  /** It has all before; 0 where it has not asked. */
  endOffsetOf(nodeId: number): number {
    return this.#followers.get(nodeId)?.endOffset ?? 0;
  }

  all(): Follower[] {
    const oldestMs = this.#clock.now() - FORGET_MS;
    for (const { nodeId, fetchedAtMs } of this.#followers.values())
      if (fetchedAtMs < oldestMs) this.#followers.delete(nodeId);
    return [...this.#followers.values()];
  }

  /** Resolves when a node has all before `endOffset`, or after `timeoutMs`. One that has not asked yet, in a new term, will. */
  reached(nodeId: number, endOffset: number, timeoutMs: number): Promise<void> {
    return this.waitFor(() => this.endOffsetOf(nodeId) >= endOffset, timeoutMs);
  }

  /** Resolves when `isOver` says so; it is asked whenever the log has grown or has been read. Or after `timeoutMs`. */
  waitFor(
    isOver: () => boolean,
    timeoutMs: number,
    cancellable: (cancel: () => void) => void = () => {},
  ): Promise<void> {
    if (isOver()) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        timer.cancel();
        this.#waits.delete(wait);
        resolve();
      };
      const wait = { isOver, finish };
      const timer = this.#clock.after(timeoutMs, finish);
      this.#waits.add(wait);
      cancellable(finish);
    });
  }

  /** The log has grown. */
  appended(): void {
    this.#look();
  }

  /** The term is over: nobody waits any longer. */
  close(): void {
    for (const { finish } of this.#waits) finish();
    this.#followers.clear();
  }

  #look(): void {
    for (const { isOver, finish } of this.#waits) if (isOver()) finish();
  }
}
