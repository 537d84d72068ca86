/** Searches of messages; see query.ts. Pure. */
import {
  checkText,
  holds,
  isJsonField,
  jsonTest,
  numberTest,
  parseQuery,
  QueryError,
  timeTest,
  unknownField,
  type Term,
} from './query.ts';

export { QueryError };

/** One record, as far as a search looks at it. Text is what bytes say as UTF-8. */
export interface SearchedMessage {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly { readonly key: string; readonly value: string | null }[];
}

export type MessageMatch = (message: SearchedMessage) => boolean;

const FIELDS = 'key, value, header.NAME, partition, offset, time, json.PATH';
const OF_TRAFFIC: ReadonlySet<string> = new Set(['client', 'api', 'error', 'fault', 'outcome', 'number', 'took']);

/** @throws {QueryError} */
export function parseMessageQuery(query: string): MessageMatch {
  return parseQuery(query, matchOf);
}

/** @throws {QueryError} */
export function matchOf(term: Term): MessageMatch {
  const { field, text, at } = term;
  if (field === '') return anywhere(text);
  if (field === 'key' || field === 'value') {
    checkText(term);
    return (message) => holds(message[field], term);
  }
  if (field === 'partition' || field === 'offset') {
    const test = numberTest(term);
    return (message) => test(message[field]);
  }
  if (field === 'time') {
    const test = timeTest(term);
    return ({ timestamp }) => test(timestamp);
  }
  if (field.startsWith('header.')) {
    checkText(term);
    const name = field.slice('header.'.length);
    return (message) => message.headers.some(({ key, value }) => key === name && holds(value, term));
  }
  if (isJsonField(field)) {
    const test = jsonTest(term);
    return ({ value }) => value !== null && test(value);
  }
  if (OF_TRAFFIC.has(field)) throw new QueryError(`${field} is a field of requests: look for it in Traffic`, at);
  throw unknownField(term, FIELDS);
}

function anywhere(text: string): MessageMatch {
  const wanted = text.toLowerCase();
  const has = (found: string | null): boolean => found !== null && found.toLowerCase().includes(wanted);
  return ({ key, value, headers }) => has(value) || has(key) || headers.some((header) => has(header.value));
}
