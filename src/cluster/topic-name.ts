/** Which topic names are allowed, as in Kafka. */

const LONGEST = 249;

/** Why a name is not allowed, or null. */
export function topicNameFault(name: string): string | null {
  if (name === '') return 'Topic name is invalid: it is empty';
  if (name === '.' || name === '..') return `Topic name is invalid: '${name}' means a directory`;
  if (name.length > LONGEST)
    return `Topic name is invalid: it has ${name.length} characters, at most ${LONGEST} are allowed`;
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `Topic name is invalid: '${name}' has characters other than ASCII letters, digits, '.', '_' and '-'`;
  }
  return null;
}

/** The topic whose name differs only by '.' and '_', if there is one: the two would share the names of their metrics. */
export function collidingTopic(name: string, names: Iterable<string>): string | undefined {
  if (!/[._]/.test(name)) return undefined;
  const key = name.replaceAll('.', '_');
  for (const other of names) {
    if (other.length === name.length && other.replaceAll('.', '_') === key) return other;
  }
  return undefined;
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
