/**
 * Finds the topics that match the regular expressions of subscriptions (KIP-848). What is found within a slice is there at once;
 * the rest is looked for between requests, as Kafka does in an executor, and members keep what they have until then.
 */
import { SlicedTasks } from '../coordination/sliced-tasks.ts';
import { NamePattern } from '../patterns/name-pattern.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { GroupTopics } from './group-topics.ts';

/** A group that waits for the topics of an expression. */
export interface PatternWaiter {
  /** Whether one of its members still subscribes by it. */
  isWanted(): boolean;
  /** `topics` is the cluster in which they were looked for. */
  found(names: readonly string[], topics: GroupTopics): void;
}

interface Search {
  readonly regex: string;
  readonly topics: GroupTopics;
  readonly waiters: Map<string, PatternWaiter>;
  pieces: Generator<void, string[]> | null;
}

/** Expressions that come in quick succession have one slice together before they wait. */
const REST_MS = 10;
/** So many are looked for in turn, and have their automata in memory; the others wait for one of these to be done. */
const MOST_AT_ONCE = 8;

export class PatternResolver {
  readonly #tasks: SlicedTasks;
  readonly #logger: Logger;
  /** By expression, in the order they came. */
  readonly #searches = new Map<string, Search>();

  constructor({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#tasks = new SlicedTasks(clock, REST_MS);
    this.#logger = logger;
  }

  /**
   * The names that match, sorted; null: they are looked for, and the waiter is told. A group waits once for an expression.
   * @throws {PatternError} for what is no expression
   */
  resolve(regex: string, topics: GroupTopics, groupId: string, waiter: PatternWaiter): readonly string[] | null {
    const underWay = this.#searches.get(regex);
    if (underWay !== undefined) {
      underWay.waiters.set(groupId, waiter);
      return null;
    }
    const pattern = new NamePattern(regex);
    let found: readonly string[] | null = null;
    const here: PatternWaiter = { isWanted: () => true, found: (names) => void (found = names) };
    const search: Search = { regex, topics, waiters: new Map([[groupId, here]]), pieces: null };
    this.#searches.set(regex, search);
    if (this.#searches.size === 1) {
      search.pieces = pattern.matching(topics.topicsByName.keys());
      this.#tasks.start({
        pieces: this.#pieces(),
        done: () => {},
        failed: (error) => this.#failed(error),
      });
    }
    if (found === null) search.waiters.set(groupId, waiter);
    return found;
  }

  stop(): void {
    this.#tasks.stop();
    this.#searches.clear();
  }

  /** A bug, which ends the searches that were under way: heartbeats begin them again. */
  #failed(error: unknown): void {
    this.#searches.clear();
    this.#logger.error('group.pattern-failed', { error: String(error) });
  }

  /** A piece of each in turn, so that a dear expression does not keep the others waiting. */
  *#pieces(): Generator<void> {
    while (this.#searches.size > 0) {
      for (const search of [...this.#searches.values()].slice(0, MOST_AT_ONCE)) {
        this.#advance(search);
        yield;
      }
    }
  }

  #advance(search: Search): void {
    const { regex, topics, waiters } = search;
    for (const [groupId, waiter] of waiters) if (!waiter.isWanted()) waiters.delete(groupId);
    if (waiters.size === 0) return void this.#searches.delete(regex);
    search.pieces ??= new NamePattern(regex).matching(topics.topicsByName.keys());
    const piece = search.pieces.next();
    if (piece.done !== true) return;
    this.#searches.delete(regex);
    const names = piece.value.sort();
    for (const waiter of waiters.values()) waiter.found(names, topics);
  }
}
