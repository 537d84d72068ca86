/** The messages of a topic that a test waits for: so many of them, or those that match; as they come. */
import { count } from '../insight/words.ts';
import type { TestMessage } from './message.ts';
import type { MessagePredicate, MessageWaitOptions } from './wait-options.ts';

export class SoughtMessages {
  readonly #wanted: number | MessagePredicate;
  readonly #where: MessageWaitOptions['where'];
  readonly #messages: TestMessage[] = [];

  constructor(wanted: number | MessagePredicate, where: MessageWaitOptions['where']) {
    this.#wanted = wanted;
    this.#where = where;
  }

  /** "2 messages in 'orders' that match" */
  describe(topic: string): string {
    if (typeof this.#wanted !== 'number') return `a message in '${topic}' that matches`;
    const fitting = this.#where === undefined ? '' : ` that match${this.#wanted === 1 ? 'es' : ''}`;
    return `${count(this.#wanted, 'message')} in '${topic}'${fitting}`;
  }

  add(messages: readonly TestMessage[]): void {
    for (const message of this.#where === undefined ? messages : messages.filter(this.#where)) {
      this.#messages.push(message);
    }
  }

  /** What the test gets; undefined as long as it is not there. */
  get result(): TestMessage[] | undefined {
    const wanted = this.#wanted;
    if (typeof wanted === 'number') return this.#messages.length >= wanted ? this.#messages : undefined;
    const found = this.#messages.filter((message, index) => wanted(message, index, this.#messages));
    return found.length > 0 ? found : undefined;
  }

  /** What there is instead. */
  get found(): string {
    const { length } = this.#messages;
    return typeof this.#wanted === 'number' ? String(length) : `none among ${length}`;
  }
}
