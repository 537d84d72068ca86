/** The requests of a test as a page shows them: those that fit a search, one with all its fields, and all of them as text. */
import { parseExchangeQuery, type ExchangeMatch } from '../insight/exchange-query.ts';
import { faultCodeOf } from '../insight/fault-code.ts';
import { QueryError } from '../insight/query.ts';
import type { Exchange } from '../testing/exchange.ts';
import { pretty } from '../testing/pretty.ts';
import type { ExchangeFrame, TrafficFrame, TrafficRow } from './frames.ts';
import type { PageBroker } from './page-broker.ts';

const SHOWN_EXCHANGES = 200;
/** So many are looked through for those that fit; what is older is not shown. */
const SEARCHED_EXCHANGES = 5000;
const SHOWN_PLACES = 3;
/** Of one exchange, and of a record of many. */
const LONGEST_TEXT = 60_000;
const LONGEST_RECORD = 5_000_000;

const LONG_POLLS: ReadonlySet<string> = new Set(['Fetch', 'ShareFetch']);

export interface TrafficAsked {
  readonly filter: string;
  /** How many are shown; 200 unless given. */
  readonly most?: number;
}

export function trafficFrame(
  { traffic, view }: PageBroker,
  { filter, most = SHOWN_EXCHANGES }: TrafficAsked,
): TrafficFrame {
  const nowMs = view.parts.clock.now();
  if (traffic === null) return { count: 0, rows: [], nowMs, error: null };
  const match = matchOf(filter);
  if ('error' in match) return { count: traffic.count, rows: [], nowMs, error: match.error };
  return {
    count: traffic.count,
    rows: fitting(traffic.all, match.fits, most).map(trafficRow),
    nowMs,
    error: null,
  };
}

/** The newest first. */
function fitting(all: readonly Exchange[], fits: ExchangeMatch, most: number): Exchange[] {
  const found: Exchange[] = [];
  for (let i = all.length - 1; i >= Math.max(0, all.length - SEARCHED_EXCHANGES); i--) {
    if (found.length === most) break;
    if (fits(all[i])) found.push(all[i]);
  }
  return found;
}

function matchOf(filter: string): { readonly fits: ExchangeMatch } | { readonly error: TrafficFrame['error'] } {
  try {
    return { fits: parseExchangeQuery(filter) };
  } catch (error) {
    if (error instanceof QueryError) return { error: { detail: error.message, at: error.at } };
    throw error;
  }
}

export function trafficRow(exchange: Exchange): TrafficRow {
  const { number, at, clientId, api, outcome, durationMs, errors, faults, topics, groups, transactionalIds } = exchange;
  const places = topics.map(({ topic, partition }) => (partition < 0 ? topic : `${topic}[${partition}]`));
  const about = [...new Set([...groups, ...transactionalIds, ...places])];
  const more = about.length > SHOWN_PLACES ? ` and ${about.length - SHOWN_PLACES} more` : '';
  return {
    number,
    atMs: at,
    clientId: clientId ?? '',
    api,
    about: `${about.slice(0, SHOWN_PLACES).join(', ')}${more}`,
    outcome,
    durationMs,
    isLongPoll: LONG_POLLS.has(api),
    errors: errors.slice(0, SHOWN_PLACES).map((told) => `${told.error}${told.about === '' ? '' : ` of ${told.about}`}`),
    faults: [...faults],
  };
}

/** Null where there is no such request, or it has been forgotten. */
export function exchangeFrame({ traffic }: PageBroker, number: number): ExchangeFrame {
  const exchange = traffic?.all.find((one) => one.number === number);
  return exchange === undefined ? { exchange: null } : exchangeFrameOf(exchange, exchange.describe());
}

/** `text`: all that was said. */
export function exchangeFrameOf(exchange: Exchange, text: string): ExchangeFrame {
  return {
    exchange: {
      ...trafficRow(exchange),
      version: exchange.version,
      connection: exchange.connection,
      correlationId: exchange.correlationId,
      broker: exchange.broker,
      principal: exchange.principal,
      text: text.slice(0, LONGEST_TEXT),
      isCut: text.length > LONGEST_TEXT,
      fault: faultCodeOf(exchange),
    },
  };
}

/** All that was said, but for bytes: records are such. */
export function withoutRecords(exchange: Exchange): string {
  const { request, response } = exchange;
  const answer = response === null ? [] : [`  response ${pretty(withoutBytes(response), '  ')}`];
  return [String(exchange), `  request  ${pretty(withoutBytes(request), '  ')}`, ...answer].join('\n');
}

function withoutBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.length === 0 ? '' : `${value.length} bytes`;
  if (Array.isArray(value)) return value.map(withoutBytes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutBytes(each)]));
}

/** Those that fit, the oldest first, with everything that was said. @throws {QueryError} */
export function trafficText({ traffic }: PageBroker, filter: string): string {
  const parts: string[] = [];
  let length = 0;
  for (const exchange of fitting(traffic?.all ?? [], parseExchangeQuery(filter), SEARCHED_EXCHANGES)) {
    const text = exchange.describe();
    length += text.length;
    if (length > LONGEST_RECORD) break;
    parts.push(text);
  }
  return `${parts.toReversed().join('\n')}\n`;
}
