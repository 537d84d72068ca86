/** The views by their names: what each shows of a broker now, for the page and for a report. */
import { clientsFrame, settingsFrame, storageFrame, transactionsFrame, type SettingsLayers } from './broker-views.ts';
import { groupFrame, groupSummaries } from './groups-view.ts';
import type { Journal } from './journal.ts';
import { overview } from './overview.ts';
import type { PageBroker, PageTest } from './page-broker.ts';
import type { Rates } from './rates.ts';
import { testFrame, trafficFrame } from './test-views.ts';
import { topicFrame, topicsFrame, type TopicsAsked } from './topics-view.ts';

export interface LookSources {
  readonly broker: PageBroker;
  readonly rates: Rates;
  readonly journal: Pick<Journal, 'newest' | 'sinceMs'>;
  readonly layers: () => SettingsLayers | null;
}

type Query = Readonly<Record<string, string>>;
/** Asked again with every frame. */
export type Look = (query: Query) => object;

const PAGE_OF_TOPICS = 100;
const JOURNAL_ENTRIES = 500;

export function looksOf({ broker, rates, journal, layers }: LookSources): ReadonlyMap<string, Look> {
  const { view, test } = broker;
  const looks: Readonly<Record<string, Look>> = {
    overview: () => overview(broker, rates, journal),
    topics: (query) => topicsFrame(view, rates, topicsAsked(query)),
    topic: ({ name = '' }) => ({ topic: topicFrame(view, name) }),
    groups: () => ({ rows: groupSummaries(view) }),
    group: ({ name = '' }) => groupFrame(broker, name),
    clients: () => clientsFrame(view),
    transactions: () => transactionsFrame(view),
    storage: () => storageFrame(view),
    settings: () => settingsFrame(view, layers()),
    journal: () => ({ sinceMs: journal.sinceMs, entries: journal.newest(JOURNAL_ENTRIES) }),
    ...(test === null ? {} : testLooks(broker, test)),
  };
  return new Map(Object.entries(looks));
}

function testLooks(broker: PageBroker, test: PageTest): Readonly<Record<string, Look>> {
  return {
    traffic: ({ filter = '', failed }) => trafficFrame(broker, { filter, failed: failed !== undefined }),
    test: () => testFrame(broker, test),
  };
}

const SORTS = new Set(['name', 'partitions', 'records', 'bytes', 'rate']);

function topicsAsked({ filter = '', sort = 'name', from = '0', internal }: Query): TopicsAsked {
  return {
    filter,
    sort: (SORTS.has(sort) ? sort : 'name') as TopicsAsked['sort'],
    from: Math.max(0, Math.trunc(Number(from)) || 0),
    limit: PAGE_OF_TOPICS,
    internal: internal !== undefined,
  };
}
