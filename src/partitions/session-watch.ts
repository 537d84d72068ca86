/**
 * What of a follower's fetch session is to be read. A follower of thousands of partitions fetches whenever one of them has grown; all
 * others are as they were when they were read last, and are not looked at:
 *
 *     named by the follower · log has grown · high watermark has moved ──▶ ready ──read──▶ at rest
 *                                                                           ▲                │
 *                                                                           └── not all told ┘
 *
 * Now and then all are read, for what nobody tells of: that time passes, and that the log begins later.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Partition } from './partition.ts';
import type { FetchPartition, FetchedRange, ReadWatch } from './read.ts';
import { Waiters, type Waiter } from './waiters.ts';

/** A partition of a session, with what the client was told of it last. */
export interface Remembered extends FetchPartition {
  toldHighWatermark: number;
  toldLogStartOffset: number;
}

interface Place {
  readonly partition: Partition;
  readonly grown: Waiter;
  readonly committed: Waiter;
}

/** As often as Kafka's followers ask for all when nothing happens: replica.fetch.wait.max.ms. */
const READ_ALL_MS = 500;
/** Read at once when one has grown; the others have their turn with the next fetch. */
const MOST_AT_ONCE = 100;

export class SessionWatch implements ReadWatch {
  /** Woken when the log of one of them has grown. */
  readonly waiters = new Waiters();
  /** Those that wait longest first. */
  readonly #ready = new Set<FetchPartition>();
  readonly #places = new Map<FetchPartition, Place>();
  #readAllMs = -Infinity;
  #isOver = false;

  /** The follower has named it: it asks for it from now on, or from another place on. */
  named(asked: FetchPartition): void {
    this.#ready.add(asked);
  }

  forgotten(asked: FetchPartition): void {
    this.#ready.delete(asked);
    this.#leave(asked);
  }

  /** The session is no more. A fetch of it may go on, and leaves nothing behind at the partitions that it reads. */
  end(): void {
    this.#isOver = true;
    for (const asked of this.#places.keys()) this.#leave(asked);
    this.#ready.clear();
  }

  /** What a fetch that has come reads of all that the session has. */
  toRead(all: Iterable<FetchPartition>, nowMs: number): readonly FetchPartition[] {
    if (nowMs - this.#readAllMs < READ_ALL_MS) return [...this.#ready];
    this.#readAllMs = nowMs;
    return [...all];
  }

  /** What a fetch reads that has waited. */
  grown(): readonly FetchPartition[] {
    const grown: FetchPartition[] = [];
    for (const asked of this.#ready) if (grown.push(asked) >= MOST_AT_ONCE) break;
    return grown;
  }

  /** To be called before it is read: what happens from then on is not missed. `partition` is null where there is none. */
  reads(asked: FetchPartition, partition: Partition | null): void {
    this.#ready.delete(asked);
    if (this.#places.get(asked)?.partition === partition) return;
    this.#leave(asked);
    if (partition === null || this.#isOver) return;
    const ready = (): void => void this.#ready.add(asked);
    const grown = (): void => {
      ready();
      this.waiters.wake();
    };
    const place = { partition, grown: { wake: grown }, committed: { wake: ready } };
    partition.followers.add(place.grown);
    partition.consumers.add(place.committed);
    this.#places.set(asked, place);
  }

  /** What was found of it; where there is more to tell it is read again. */
  hasRead(asked: FetchPartition, found: FetchedRange): void {
    const { partition } = found;
    if (hasNews(asked, found) || (partition !== null && asked.fetchOffset < partition.endOffset))
      this.#ready.add(asked);
  }

  #leave(asked: FetchPartition): void {
    const place = this.#places.get(asked);
    if (place === undefined) return;
    this.#places.delete(asked);
    place.partition.followers.remove(place.grown);
    place.partition.consumers.remove(place.committed);
  }
}

/** Whether an incremental answer tells of this partition. */
export function hasNews(asked: FetchPartition, found: FetchedRange): boolean {
  const told = asked as Remembered;
  return (
    found.length > 0 ||
    found.errorCode !== ErrorCode.NONE ||
    found.divergingEpoch !== null ||
    found.preferredReplica !== undefined ||
    found.highWatermark !== told.toldHighWatermark ||
    found.logStartOffset !== told.toldLogStartOffset
  );
}
