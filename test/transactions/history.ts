/**
 * What clients were told and what readers saw, and what must never be: the checker of exactly once. It knows nothing of
 * brokers: a history may come from a simulation or from real clients.
 */

export interface Read {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

type Fate = 'open' | 'committing' | 'committed' | 'aborting' | 'aborted' | 'unknown';

export class History {
  /** Values of the input whose write was acknowledged. */
  readonly #acknowledged = new Set<string>();
  readonly #transactions = new Map<string, Fate>();
  readonly #seen = new Map<string, string>();
  readonly #violations = new Set<string>();

  /** The producer was told that this value of the input stands. */
  acknowledged(value: string): void {
    this.#acknowledged.add(value);
  }

  /** A transaction begins; each of its records carries its tag, and it writes to every partition of the output. */
  began(tag: string): void {
    this.#transactions.set(tag, 'open');
  }

  /** The client is about to ask for its end for the first time. */
  asked(tag: string, committed: boolean): void {
    this.#transactions.set(tag, committed ? 'committing' : 'aborting');
  }

  /** The client was told that it has ended. */
  ended(tag: string, committed: boolean): void {
    this.#transactions.set(tag, committed ? 'committed' : 'aborted');
  }

  /** The client gave up on it. One whose commit was never asked for can only be aborted. */
  abandoned(tag: string): void {
    const fate = this.#transactions.get(tag);
    this.#transactions.set(tag, fate === 'committing' ? 'unknown' : 'aborted');
  }

  /** A reader of committed records was given this one. */
  read({ topic, partition, offset, value }: Read): void {
    const place = `${topic}-${partition}@${offset}`;
    const before = this.#seen.get(place);
    if (before !== undefined && before !== value) this.#violate(`${place} was ${before} and is ${value} now`);
    this.#seen.set(place, value);
    const tag = tagOf(value);
    if (tag === null) return;
    const fate = this.#transactions.get(tag);
    if (fate === 'open' || fate === 'aborting')
      this.#violate(`intermediate read: ${value} before ${tag} was to be committed`);
    if (fate === 'aborted') this.#violate(`aborted read: ${value} of ${tag}`);
  }

  /** Something hangs, or a broker did what it must not. */
  complain(what: string): void {
    this.#violate(what);
  }

  /** What was wrong, with all that readers of committed records find in the end: `input` and each partition of `output`. */
  violations(input: readonly string[], output: readonly (readonly string[])[]): string[] {
    for (const value of this.#acknowledged)
      if (!input.includes(value)) this.#violate(`lost: ${value} was acknowledged`);
    for (const value of repeated(input)) this.#violate(`duplicate: ${value}`);
    for (const [tag, fate] of this.#transactions) {
      const holding = output.filter((values) => values.some((value) => tagOf(value) === tag)).length;
      if (fate === 'committed' && holding === 0) this.#violate(`lost: ${tag} was committed`);
      if (holding > 0 && holding < output.length)
        this.#violate(`torn: ${tag} is in ${holding} of ${output.length} partitions`);
      if (fate === 'aborted' && holding > 0) this.#violate(`aborted read: ${tag}`);
    }
    const made = output
      .flat()
      .map(sourceOf)
      .filter((value) => value !== null);
    if (made.toSorted().join() !== input.toSorted().join()) {
      const missing = input.filter((value) => !made.includes(value));
      this.#violate(
        `the chain is broken: missing ${missing.join() || 'none'}, twice ${repeated(made).join() || 'none'}`,
      );
    }
    return [...this.#violations];
  }

  #violate(what: string): void {
    this.#violations.add(what);
  }
}

/** A record of the output says which transaction wrote it, and of which value of the input it was made, '' for none. */
export function outputValue(tag: string, source: string): string {
  return `${tag}:${source}`;
}

function tagOf(value: string): string | null {
  const at = value.indexOf(':');
  return at < 0 ? null : value.slice(0, at);
}

function sourceOf(value: string): string | null {
  return value.slice(value.indexOf(':') + 1) || null;
}

function repeated(values: readonly string[]): string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}
