/** What a dead letter says of the record that could not be delivered (KIP-1191), and which record that is. PURE. */

/** Before the names of the headers that a dead letter has. */
export const DEAD_LETTER = '__dlq.errors.';

export interface LetterFacts {
  /** The share group that could not deliver the record. */
  readonly group: string;
  readonly cause: string;
  readonly deliveries: number;
  /** Where the record is. */
  readonly source: { readonly topic: string; readonly partition: number; readonly offset: number };
}

interface Content {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** Null where the headers are of no dead letter: anybody may produce to the topic. */
export function letterFacts(header: (name: string) => string | undefined): LetterFacts | null {
  const text = (name: string): string => header(`${DEAD_LETTER}${name}`) ?? '';
  const number = (name: string): number => (/^\d{1,15}$/.test(text(name)) ? Number(text(name)) : -1);
  const source = { topic: text('topic'), partition: number('partition'), offset: number('offset') };
  if (source.topic === '' || source.partition < 0 || source.offset < 0) return null;
  return { group: text('group'), cause: text('message'), deliveries: Math.max(0, number('delivery.count')), source };
}

/**
 * Whether the record at the source is the one that the letter is about. A topic that was deleted and made again has another one
 * there, which only a letter with a copy can tell.
 */
export function isOriginal(found: Content, letter: Content): boolean {
  const hasCopy = letter.key !== null || letter.value !== null;
  return !hasCopy || (isSame(found.key, letter.key) && isSame(found.value, letter.value));
}

function isSame(one: Uint8Array | null, other: Uint8Array | null): boolean {
  if (one === null || other === null) return one === other;
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
