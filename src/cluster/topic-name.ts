/** Which topic names are allowed, as in Kafka. */

const LONGEST = 249;

/** Why a name is not allowed, in Kafka's words, or null. */
export function topicNameFault(name: string): string | null {
  if (name === '') return 'Topic name is invalid: the empty string is not allowed';
  if (name === '.' || name === '..') return `Topic name is invalid: '${name}' is not allowed`;
  if (name.length > LONGEST) {
    return `Topic name is invalid: the length of '${name}' is longer than the max allowed length ${LONGEST}`;
  }
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    const others = "one or more characters other than ASCII alphanumerics, '.', '_' and '-'";
    return `Topic name is invalid: '${name}' contains ${others}`;
  }
  return null;
}

/** Topics whose names differ only by '.' and '_': the two would share the names of their metrics. */
export class NameCollisions {
  readonly #names: () => Iterable<string>;
  /** The names that have any of both, by what they have in common; made when it is asked for. */
  #byKey: Map<string, string> | null = null;

  constructor(names: () => Iterable<string>) {
    this.#names = names;
  }

  /** The topic that `name` collides with, if there is one. */
  of(name: string): string | undefined {
    if (!hasEither(name)) return undefined;
    this.#byKey ??= new Map(
      Array.from(this.#names())
        .filter(hasEither)
        .map((each) => [keyOf(each), each]),
    );
    return this.#byKey.get(keyOf(name));
  }
}

function hasEither(name: string): boolean {
  return name.includes('.') || name.includes('_');
}

function keyOf(name: string): string {
  return name.replaceAll('.', '_');
}

/** Topics in which the broker keeps its own state. */
export type InternalTopic = '__consumer_offsets' | '__transaction_state' | '__share_group_state';
const INTERNAL: ReadonlySet<string> = new Set<InternalTopic>([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
]);

export function isInternalTopic(name: string): name is InternalTopic {
  return INTERNAL.has(name);
}
