/** Searches of requests; see query.ts. Pure. */
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

/** One request and what came of it, as far as a search looks at it; what has to be decoded for that is asked for by need. */
export interface SearchedExchange {
  readonly number: number;
  readonly at: number;
  readonly api: string;
  readonly clientId: string | null;
  readonly outcome: string;
  readonly durationMs: number | null;
  readonly faults: readonly string[];
  readonly errors: readonly { readonly error: string; readonly about: string }[];
  readonly topics: readonly { readonly topic: string; readonly partition: number }[];
  readonly groups: readonly string[];
  readonly transactionalIds: readonly string[];
  readonly request: object;
}

export type ExchangeMatch = (exchange: SearchedExchange) => boolean;

const FIELDS =
  'api, client, topic, partition, group, transactional, error, fault, outcome, number, time, took (ms), json.PATH of the request';
const OF_MESSAGES = /^(key|value|offset|header\..*)$/;

/** Where a field's texts are found. */
const TEXTS: Readonly<Record<string, (exchange: SearchedExchange) => readonly (string | null)[]>> = {
  api: ({ api }) => [api],
  client: ({ clientId }) => [clientId ?? ''],
  topic: ({ topics }) => topics.map(({ topic }) => topic),
  group: ({ groups }) => groups,
  transactional: ({ transactionalIds }) => transactionalIds,
  error: ({ errors }) => errors.map(({ error }) => error),
  fault: ({ faults }) => faults,
  outcome: ({ outcome }) => [outcome],
};

/** @throws {QueryError} */
export function parseExchangeQuery(query: string): ExchangeMatch {
  return parseQuery(query, matchOf);
}

function matchOf(term: Term): ExchangeMatch {
  const { field, text, at } = term;
  if (field === '') {
    const anywhere: Term = { ...term, operator: ':' };
    return (exchange) => Object.values(TEXTS).some((of) => of(exchange).some((found) => holds(found, anywhere)));
  }
  if (Object.hasOwn(TEXTS, field)) {
    checkText(term);
    // error:any and fault:any ask for any at all
    if (text === 'any') return (exchange) => TEXTS[field](exchange).length > 0;
    return (exchange) => TEXTS[field](exchange).some((found) => holds(found, term));
  }
  if (field === 'partition') {
    const test = numberTest(term);
    return ({ topics }) => topics.some(({ partition }) => test(partition));
  }
  if (field === 'number') {
    const test = numberTest(term);
    return ({ number }) => test(number);
  }
  if (field === 'took') {
    const test = numberTest(term);
    return ({ durationMs }) => durationMs !== null && test(Math.round(durationMs));
  }
  if (field === 'time') {
    const test = timeTest(term);
    return ({ at: atMs }) => test(atMs);
  }
  if (isJsonField(field)) {
    const test = jsonTest(term);
    return ({ request }) => test(JSON.stringify(request, shown));
  }
  if (OF_MESSAGES.test(field)) throw new QueryError(`${field} is a field of messages: look for it in a topic`, at);
  throw unknownField(term, FIELDS);
}

const decoder = new TextDecoder();

/** Bytes as text, for people look for what they see. A Buffer has become a list of numbers in `value` already. */
function shown(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  const said = this[key];
  return said instanceof Uint8Array ? decoder.decode(said) : value;
}
