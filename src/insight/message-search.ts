/**
 * Searches of messages of any size. One that is long is looked at a piece after the other, with pauses: turning all of it into text
 * would hold up whoever else waits for the processor. Pure.
 */
import { characterStart } from './utf8.ts';
import { matchOf, parseMessageQuery, type MessageMatch, type SearchedMessage } from './message-query.ts';
import { holds, isJsonField, jsonTest, LARGEST_JSON, termsOf, type Term } from './query.ts';

/** A message whose texts are bytes, which are UTF-8 where they are text. */
export interface LongMessage extends Pick<SearchedMessage, 'partition' | 'offset' | 'timestamp'> {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
}

export interface MessageSearch {
  readonly fits: MessageMatch;
  /** The same of a long message, with a pause behind each piece. */
  readonly fitsLong: (message: LongMessage) => Generator<void, boolean, void>;
}

/** Texts of more bytes are looked at in pieces of so many. */
export const PIECE_BYTES = 256 << 10;
/** So many bytes at most become one UTF-16 unit of a text. */
const BYTES_A_UNIT = 3;
/** What a letter is in lower case may depend on those beside it. */
const BESIDE_BYTES = 16;

/** @throws {QueryError} */
export function parseMessageSearch(query: string): MessageSearch {
  const terms = termsOf(query).map((term) => ({ term, fits: matchOf(term) }));
  return {
    fits: parseMessageQuery(query),
    *fitsLong(message) {
      for (const { term, fits } of terms) if (!(yield* holdsIn(message, term, fits))) return false;
      return true;
    },
  };
}

function* holdsIn(message: LongMessage, term: Term, fits: MessageMatch): Generator<void, boolean, void> {
  const texts = textsOf(message, term.field);
  if (texts === null) return fits({ ...message, key: null, value: null, headers: [] });
  for (const text of texts) if (text !== null && (yield* isAsSaid(text, term))) return true;
  return false;
}

/** Where a term looks; null where it asks for the place. */
function textsOf({ key, value, headers }: LongMessage, field: string): (Uint8Array | null)[] | null {
  if (field === '') return [key, value, ...headers.map((header) => header.value)];
  if (field === 'key') return [key];
  if (field === 'value' || isJsonField(field)) return [value];
  if (!field.startsWith('header.')) return null;
  const name = field.slice('header.'.length);
  return headers.filter((header) => header.key === name).map((header) => header.value);
}

function* isAsSaid(text: Uint8Array, term: Term): Generator<void, boolean, void> {
  if (isJsonField(term.field)) {
    return text.length <= BYTES_A_UNIT * LARGEST_JSON && jsonTest(term)(decoder.decode(text));
  }
  if (text.length <= PIECE_BYTES) return holds(decoder.decode(text), term);
  // No text in a search is that long.
  return term.operator === ':' && (yield* includes(text, term.text.toLowerCase()));
}

/** Pieces overlap, so that each place where `wanted` may stand is within one. */
function* includes(text: Uint8Array, wanted: string): Generator<void, boolean, void> {
  const overlap = BYTES_A_UNIT * wanted.length + 2 * BESIDE_BYTES;
  for (let at = 0; ; at += PIECE_BYTES) {
    const end = at + PIECE_BYTES + overlap;
    const piece = decoder.decode(text.subarray(characterStart(text, at), characterStart(text, end)));
    if (piece.toLowerCase().includes(wanted)) return true;
    if (end >= text.length) return false;
    yield;
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
