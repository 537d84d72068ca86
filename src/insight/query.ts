/**
 * The language of searches: data, never code. `refund`, `key:42`, `header.trace:abc`, `partition:0`, `offset>100`, `time>2026-01-31`,
 * `client:app`, `json.total > 10`, and "quoted words"; all that is said must hold. Pure. What fields there are is for those to say
 * who look for something: messages (message-query.ts) or requests (exchange-query.ts).
 */
import { jsonField, unescaped } from './json-field.ts';

/** What cannot be understood, and where it stands. */
export class QueryError extends Error {
  override name = 'QueryError';
  /** From 0. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

export type Operator = ':' | '=' | '>' | '>=' | '<' | '<=';

export interface Term {
  readonly at: number;
  /** '' for a word that stands alone. */
  readonly field: string;
  readonly operator: Operator;
  readonly text: string;
}

/** One term: a field with its operator, where there is one, and a word or a text in quotes. */
const TERM = /(?:([A-Za-z][\w.\-[\]]*)(?:\s*(>=|<=|>|<|=)\s*|(:)))?(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))/y;

/** What all terms of a query ask for. @throws {QueryError} where one cannot be understood */
export function parseQuery<Searched>(
  query: string,
  matchOf: (term: Term) => (searched: Searched) => boolean,
): (searched: Searched) => boolean {
  const matches = termsOf(query).map(matchOf);
  return (searched) => matches.every((match) => match(searched));
}

/** @throws {QueryError} */
export function termsOf(query: string): Term[] {
  const terms: Term[] = [];
  for (let at = skipSpace(query, 0); at < query.length; at = skipSpace(query, TERM.lastIndex)) {
    TERM.lastIndex = at;
    const found = TERM.exec(query);
    if (found === null) throw new QueryError('a text in quotes has no end: close it with "', at);
    const [, field = '', comparison, colon, quoted, bare] = found;
    const text = quoted === undefined ? bare : quoted.replace(/\\(.)/g, '$1');
    terms.push({ at, field, operator: (comparison ?? colon ?? ':') as Operator, text });
  }
  return terms;
}

function skipSpace(query: string, from: number): number {
  let at = from;
  while (at < query.length && /\s/.test(query[at])) at++;
  return at;
}

/** For a field that nothing here has. */
export function unknownField({ field, at }: Term, fields: string): QueryError {
  return new QueryError(`there is no field '${field}': use ${fields}, or put the text in quotes`, at);
}

/** `:` asks whether the text is in there, in any case; `=` whether it is all. */
export function holds(found: string | null, { operator, text }: Term): boolean {
  if (found === null) return false;
  return operator === ':' ? found.toLowerCase().includes(text.toLowerCase()) : found === text;
}

/** @throws {QueryError} where the term asks for a number's order */
export function checkText({ field, operator, at }: Term): void {
  if (operator === ':' || operator === '=') return;
  throw new QueryError(`${field} is text: use ${field}:word or ${field}=word`, at);
}

/** Whether a number is as the term says. @throws {QueryError} where it names none */
export function numberTest(term: Term): (value: number) => boolean {
  if (!/^\d+$/.test(term.text)) throw new QueryError(`${term.field} is a number, '${term.text}' is none`, term.at);
  const wanted = Number(term.text);
  return (value) => compares(value - wanted, term.operator);
}

/** The same of a time in milliseconds since 1970. */
export function timeTest(term: Term): (ms: number) => boolean {
  const wanted = /^\d{11,}$/.test(term.text) ? Number(term.text) : Date.parse(term.text);
  if (Number.isNaN(wanted)) {
    throw new QueryError(
      `'${term.text}' is no time: write 2026-01-31, 2026-01-31T10:00:00Z or milliseconds since 1970`,
      term.at,
    );
  }
  if (term.operator === ':') throw new QueryError('compare a time with < or >: time>2026-01-31', term.at);
  return (ms) => compares(ms - wanted, term.operator);
}

function compares(difference: number, operator: Operator): boolean {
  switch (operator) {
    case '>':
      return difference > 0;
    case '>=':
      return difference >= 0;
    case '<':
      return difference < 0;
    case '<=':
      return difference <= 0;
    default:
      return difference === 0;
  }
}

/** Values of more characters are no JSON to search in: parsing them would hold up the broker. */
export const LARGEST_JSON = 1 << 20;

/** Whether a field of a JSON text is as the term says. @throws {QueryError} where it names none */
export function jsonTest(term: Term): (json: string) => boolean {
  const path = term.field
    .slice('json.'.length)
    .split(/[.[\]]/)
    .filter((step) => step !== '')
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
  if (path.length === 0) throw new QueryError('name a field of the JSON: json.total>10', term.at);
  return (json) => {
    if (json.length > LARGEST_JSON) return false;
    const field = jsonField(json, path);
    return field !== null && valueFits(json.slice(field.start, field.end), term);
  };
}

export function isJsonField(field: string): boolean {
  return field === 'json' || field.startsWith('json.');
}

/** `raw`: the value as it is written. */
function valueFits(raw: string, term: Term): boolean {
  const text = raw.startsWith('"') ? unescaped(raw) : raw;
  if (term.operator === ':' || term.operator === '=') return holds(text, term);
  const isNumber = /^[-\d]/.test(raw);
  const difference = isNumber ? numberOrder(raw, term.text) : text.localeCompare(term.text);
  return !Number.isNaN(difference) && compares(difference, term.operator);
}

/** Fewer than so many fit into a number as they are. */
const LONG_DIGITS = 16;

/** Compares numbers as they are written, so that integers beyond 2^53 are not rounded; NaN where one is none. */
function numberOrder(a: string, b: string): number {
  if (a.length < LONG_DIGITS && b.length < LONG_DIGITS) return Number(a) - Number(b);
  const areLong = /^-?\d{16,}$/.test(a) || /^-?\d{16,}$/.test(b);
  const areIntegers = /^-?\d+$/.test(a) && /^-?\d+$/.test(b);
  if (!areLong || !areIntegers) return Number(a) - Number(b);
  if (a.startsWith('-') !== b.startsWith('-')) return a.startsWith('-') ? -1 : 1;
  const sign = a.startsWith('-') ? -1 : 1;
  const [x, y] = [digitsOf(a), digitsOf(b)];
  if (x.length !== y.length) return sign * (x.length - y.length);
  return x === y ? 0 : sign * (x < y ? -1 : 1);
}

function digitsOf(integer: string): string {
  return integer.replace(/^-?0*/, '');
}
