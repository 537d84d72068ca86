/** What only the broker of a test can show: its traffic, its faults, its clock, what the test waits for. */
import type { Exchange } from '../testing/exchange.ts';
import type { PageBroker, PageTest } from './page-broker.ts';
import type { TestFrame, TrafficFrame, TrafficRow } from './frames.ts';

const SHOWN_EXCHANGES = 200;
/** So many are looked through for those that fit; what is older is not shown. */
const SEARCHED_EXCHANGES = 5000;
const SHOWN_PLACES = 3;

export interface TrafficAsked {
  /** Part of an API's name or a client id; '' for all. */
  readonly filter: string;
  readonly failed: boolean;
  /** How many are shown; 200 unless given. */
  readonly most?: number;
}

export function trafficFrame(
  { traffic }: PageBroker,
  { filter, failed, most = SHOWN_EXCHANGES }: TrafficAsked,
): TrafficFrame {
  if (traffic === null) return { count: 0, rows: [] };
  const wanted = filter.toLowerCase();
  const { all } = traffic;
  const rows: TrafficRow[] = [];
  for (let i = all.length - 1; i >= Math.max(0, all.length - SEARCHED_EXCHANGES); i--) {
    if (rows.length >= most) break;
    const exchange = all[i];
    const fits = `${exchange.api} ${exchange.clientId ?? ''}`.toLowerCase().includes(wanted);
    if (fits && (!failed || exchange.errors.length > 0 || exchange.faults.length > 0)) rows.push(rowOf(exchange));
  }
  return { count: traffic.count, rows };
}

function rowOf(exchange: Exchange): TrafficRow {
  const { number, at, clientId, api, outcome, durationMs, errors, faults, topics, groups, transactionalIds } = exchange;
  const places = topics.map(({ topic, partition }) => (partition < 0 ? topic : `${topic}[${partition}]`));
  const about = [...groups, ...transactionalIds, ...places];
  const more = about.length > SHOWN_PLACES ? ` and ${about.length - SHOWN_PLACES} more` : '';
  return {
    number,
    atMs: at,
    clientId: clientId ?? '',
    api,
    about: `${about.slice(0, SHOWN_PLACES).join(', ')}${more}`,
    outcome,
    durationMs,
    errors: errors.slice(0, SHOWN_PLACES).map((told) => `${told.error}${told.about === '' ? '' : ` of ${told.about}`}`),
    faults: [...faults],
  };
}

export function testFrame({ view, faults, clockIsVirtual }: PageBroker, test: PageTest): TestFrame {
  return {
    clockMs: view.parts.clock.now(),
    clockIsVirtual,
    faults: (faults?.list() ?? []).map(({ id, description, fired }) => ({ id, description, fired })),
    waiting: test.waiting(),
    isPaused: test.isPaused(),
  };
}
