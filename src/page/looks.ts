/** The views by their names: what each shows of a broker now, for the page and for a report. */
import { whenDone, type Pieces } from '../platform/pieces.ts';
import { clientsFrame, settingsFrame, storageFrame, transactionsFrame } from './broker-views.ts';
import { clientFrame } from './client-view.ts';
import { groupFrame, groupsFrame, type GroupsAsked } from './groups-view.ts';
import type { Journal } from './journal.ts';
import { overview } from './overview.ts';
import type { PageBroker, PageTest } from './page-broker.ts';
import type { Rates } from './rates.ts';
import { testFrame } from './test-views.ts';
import { topicFrame, topicsFrame, type TopicsAsked } from './topics-view.ts';
import type { TrafficDigest } from './traffic-digest.ts';
import { exchangeFrame, trafficFrame } from './traffic-view.ts';

export interface LookSources {
  readonly broker: PageBroker;
  readonly rates: Rates;
  readonly journal: Pick<Journal, 'newest' | 'frame'>;
  /** Null where no traffic is recorded, or it is not shown. */
  readonly digest: TrafficDigest | null;
}

type Query = Readonly<Record<string, string>>;
/** Asked again with every frame. What goes through thousands of groups does so in pieces. */
export type Look = (query: Query) => object | Pieces<object>;

const PAGE_OF_TOPICS = 100;
const PAGE_OF_GROUPS = 100;
const PAGE_OF_SETTINGS = 200;
const PAGE_OF_ENTRIES = 200;

export function looksOf({ broker, rates, journal, digest }: LookSources): ReadonlyMap<string, Look> {
  const { view, test } = broker;
  const looks: Readonly<Record<string, Look>> = {
    overview: () => overview(broker, rates, journal),
    topics: (query) => topicsFrame(view, rates, digest, topicsAsked(query)),
    topic: ({ name = '' }) => whenDone(topicFrame(view, digest, name), (topic) => ({ topic })),
    groups: (query) => groupsFrame(view, digest, groupsAsked(query)),
    group: ({ name = '' }) => groupFrame(broker, name),
    clients: ({ filter = '' }) => clientsFrame(view, digest, filter),
    client: ({ name = '' }) => clientFrame(broker, digest, name),
    transactions: () => transactionsFrame(view),
    storage: () => storageFrame(view),
    settings: ({ filter = '', from, limit }) =>
      settingsFrame(view, { filter, from: placeOf(from), limit: limitOf(limit, PAGE_OF_SETTINGS) }),
    journal: ({ kind = '', filter = '', from, limit }) =>
      journal.frame({ kind, filter, from: placeOf(from), limit: limitOf(limit, PAGE_OF_ENTRIES) }),
    ...(test === null ? {} : testLooks(broker, test)),
  };
  return new Map(Object.entries(looks));
}

function testLooks(broker: PageBroker, test: PageTest): Readonly<Record<string, Look>> {
  return {
    traffic: ({ filter = '' }) => trafficFrame(broker, { filter }),
    exchange: ({ number = '' }) => exchangeFrame(broker, Number(number)),
    test: () => testFrame(broker, test),
  };
}

const SORTS = new Set(['name', 'partitions', 'records', 'bytes', 'rate']);

function topicsAsked({ filter = '', sort = 'name', from, internal }: Query): TopicsAsked {
  return {
    filter,
    sort: (SORTS.has(sort) ? sort : 'name') as TopicsAsked['sort'],
    from: placeOf(from),
    limit: PAGE_OF_TOPICS,
    internal: internal !== undefined,
  };
}

const GROUP_SORTS = new Set(['name', 'lag', 'members']);

function groupsAsked({ filter = '', sort = 'name', from, limit }: Query): GroupsAsked {
  return {
    filter,
    sort: (GROUP_SORTS.has(sort) ? sort : 'name') as GroupsAsked['sort'],
    from: placeOf(from),
    limit: limitOf(limit, PAGE_OF_GROUPS),
  };
}

/** Where a page of a list begins. */
function placeOf(from = '0'): number {
  return Math.max(0, Math.trunc(Number(from)) || 0);
}

/** Reports ask for more of a list than a page shows. */
function limitOf(said: string | undefined, usual: number): number {
  return said === undefined ? usual : Math.max(1, placeOf(said));
}
