/**
 * The language of searches: data, never code. `refund`, `key:42`, `header.trace:abc`, `partition:0`, `offset>100`, `time>2026-01-31`,
 * `json.total > 10`, and "quoted words"; all that is said must hold. Pure.
 */
import { findNodeAtLocation, parseTree, type Node } from 'jsonc-parser';

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

type Operator = ':' | '=' | '>' | '>=' | '<' | '<=';

interface Term {
  readonly at: number;
  /** '' for a word that stands alone. */
  readonly field: string;
  readonly operator: Operator;
  readonly text: string;
}

const FIELDS = 'key, value, header.NAME, partition, offset, time, json.PATH';
/** One term: a field with its operator, where there is one, and a word or a text in quotes. */
const TERM = /(?:([A-Za-z][\w.\-[\]]*)(?:\s*(>=|<=|>|<|=)\s*|(:)))?(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))/y;

/** @throws {QueryError} */
export function parseMessageQuery(query: string): MessageMatch {
  const matches = termsOf(query).map(matchOf);
  return (message) => matches.every((match) => match(message));
}

function termsOf(query: string): Term[] {
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

function matchOf(term: Term): MessageMatch {
  const { field, text, at } = term;
  if (field === '') return anywhere(text);
  if (field === 'key' || field === 'value') return textMatch(term, (message) => message[field]);
  if (field === 'partition' || field === 'offset') return numberMatch(term, (message) => message[field]);
  if (field === 'time') return timeMatch(term);
  if (field.startsWith('header.')) {
    const name = field.slice('header.'.length);
    return (message) => message.headers.some(({ key, value }) => key === name && holds(value, term));
  }
  if (field === 'json' || field.startsWith('json.')) return jsonMatch(term);
  throw new QueryError(`there is no field '${field}': use ${FIELDS}, or put the text in quotes`, at);
}

function anywhere(text: string): MessageMatch {
  const wanted = text.toLowerCase();
  const has = (found: string | null): boolean => found !== null && found.toLowerCase().includes(wanted);
  return ({ key, value, headers }) => has(value) || has(key) || headers.some((header) => has(header.value));
}

function textMatch(term: Term, of: (message: SearchedMessage) => string | null): MessageMatch {
  if (term.operator !== ':' && term.operator !== '=') {
    throw new QueryError(`${term.field} is text: use ${term.field}:word or ${term.field}=word`, term.at);
  }
  return (message) => holds(of(message), term);
}

/** `:` asks whether the text is in there, in any case; `=` whether it is all. */
function holds(found: string | null, { operator, text }: Term): boolean {
  if (found === null) return false;
  return operator === ':' ? found.toLowerCase().includes(text.toLowerCase()) : found === text;
}

function numberMatch(term: Term, of: (message: SearchedMessage) => number): MessageMatch {
  if (!/^\d+$/.test(term.text)) {
    throw new QueryError(`${term.field} is a number, '${term.text}' is none`, term.at);
  }
  const wanted = Number(term.text);
  return (message) => compares(of(message) - wanted, term.operator);
}

function timeMatch(term: Term): MessageMatch {
  const wanted = /^\d{11,}$/.test(term.text) ? Number(term.text) : Date.parse(term.text);
  if (Number.isNaN(wanted)) {
    throw new QueryError(
      `'${term.text}' is no time: write 2026-01-31, 2026-01-31T10:00:00Z or milliseconds since 1970`,
      term.at,
    );
  }
  if (term.operator === ':') throw new QueryError('compare a time with < or >: time>2026-01-31', term.at);
  return ({ timestamp }) => compares(timestamp - wanted, term.operator);
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

/** Values larger than this are no JSON to search in: parsing them would hold up the broker. */
const LARGEST_JSON = 1 << 20;

function jsonMatch(term: Term): MessageMatch {
  const path = term.field
    .slice('json.'.length)
    .split(/[.[\]]/)
    .filter((step) => step !== '')
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
  if (path.length === 0) throw new QueryError('name a field of the JSON: json.total>10', term.at);
  return ({ value }) => {
    if (value === null || value.length > LARGEST_JSON) return false;
    const root = parseTree(value);
    const node = root === undefined ? undefined : findNodeAtLocation(root, path);
    return node !== undefined && nodeFits(node, value, term);
  };
}

function nodeFits(node: Node, json: string, term: Term): boolean {
  const raw = json.slice(node.offset, node.offset + node.length);
  const text = node.type === 'string' ? String(node.value) : raw;
  if (term.operator === ':' || term.operator === '=') return holds(text, term);
  const difference = node.type === 'number' ? numberOrder(raw, term.text) : text.localeCompare(term.text);
  return !Number.isNaN(difference) && compares(difference, term.operator);
}

/** Compares numbers as they are written, so that integers beyond 2^53 are not rounded; NaN where one is none. */
function numberOrder(a: string, b: string): number {
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
