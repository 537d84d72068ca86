/** A report that stands in this very file: the views as they were, searched without any broker. */
import { parseExchangeQuery, type SearchedExchange } from '../src/insight/exchange-query.ts';
import { parseMessageQuery, QueryError } from '../src/insight/message-query.ts';
import type {
  Content,
  GroupFrame,
  GroupRow,
  GroupsFrame,
  JournalFrame,
  RecordRow,
  RecordsFrame,
  ReportFrame,
  SettingsFrame,
  TopicRow,
  TopicsFrame,
  TrafficFrame,
  TrafficRow,
} from '../src/page/frames.ts';

/** Null on the page of a broker that runs. */
export const report: ReportFrame | null = read();

const PAGE_OF_TOPICS = 100;
const PAGE_OF_ENTRIES = 200;
const PAGE_OF_RECORDS = 100;

function read(): ReportFrame | null {
  const text = document.getElementById('report')?.textContent;
  return text === null || text === undefined ? null : (JSON.parse(text) as ReportFrame);
}

/** What a view shows; null where there was no room for it. */
export function viewIn({ views }: ReportFrame, view: string, query: Readonly<Record<string, string>>): object | null {
  if (view === 'topics') return topicsIn(views.topics as TopicsFrame | undefined, query);
  if (view === 'groups') return groupsIn(views.groups as GroupsFrame | undefined, query);
  if (view === 'journal') return journalIn(views.journal as JournalFrame | undefined, query);
  if (view === 'settings') return settingsIn(views.settings as SettingsFrame | undefined, query);
  if (view === 'traffic') return trafficIn(views.traffic as TrafficFrame | undefined, query);
  const said = new URLSearchParams(query).toString();
  if (said === '') return views[view] ?? null;
  // A list is kept whole: what it is filtered by is the reader's to look for.
  return views[`${view}?${said}`] ?? ('name' in query ? null : (views[view] ?? null));
}

/** As the broker filters and sorts them. */
function topicsIn(frame: TopicsFrame | undefined, query: Readonly<Record<string, string>>): TopicsFrame | null {
  if (frame === undefined) return null;
  const { filter = '', sort = 'name', from = '', internal } = query;
  const all = frame.rows.filter(({ isInternal }) => !isInternal || internal !== undefined);
  const found = all.filter(({ name }) => name.toLowerCase().includes(filter.toLowerCase()));
  const first = Number(from) || 0;
  const rows = found.sort(orderBy(sort)).slice(first, first + PAGE_OF_TOPICS);
  return { found: found.length, all: all.length, rows };
}

function orderBy(sort: string): (a: TopicRow, b: TopicRow) => number {
  const byName = (a: TopicRow, b: TopicRow): number => (a.name < b.name ? -1 : 1);
  const valueOf = ({ records, bytes, recordsPerSecond, partitions }: TopicRow): number =>
    ({ records, bytes, rate: recordsPerSecond, partitions })[sort] ?? 0;
  return (a, b) => valueOf(b) - valueOf(a) || byName(a, b);
}

type Query = Readonly<Record<string, string>>;

/** One page of a list, of which only those count that say what is looked for. */
function pageOf<Row>(rows: readonly Row[], { filter = '', from }: Query, textOf: (row: Row) => string, size: number) {
  const found = rows.filter((row) => textOf(row).toLowerCase().includes(filter.toLowerCase()));
  const first = Number(from) || 0;
  return { found: found.length, all: rows.length, rows: found.slice(first, first + size) };
}

function groupsIn(frame: GroupsFrame | undefined, query: Query): GroupsFrame | null {
  if (frame === undefined) return null;
  const { sort = 'name' } = query;
  const valueOf = ({ lag, members }: GroupRow): number => ({ lag: lag ?? -1, members })[sort] ?? 0;
  const sorted = frame.rows.toSorted((a, b) => valueOf(b) - valueOf(a) || (a.id < b.id ? -1 : 1));
  return pageOf(sorted, query, ({ id }) => id, PAGE_OF_TOPICS);
}

function journalIn(frame: JournalFrame | undefined, query: Query): JournalFrame | null {
  if (frame === undefined) return null;
  const { kind = '' } = query;
  const fitting = frame.entries.filter((entry) => kind === '' || entry.kind === kind);
  const { found, rows: entries } = pageOf(fitting, query, ({ text }) => text, PAGE_OF_ENTRIES);
  return { found, all: frame.all, entries };
}

function settingsIn(frame: SettingsFrame | undefined, query: Query): SettingsFrame | null {
  if (frame === undefined) return null;
  return pageOf(frame.rows, query, ({ key, value, source }) => `${key} ${value} ${source}`, PAGE_OF_ENTRIES);
}

function trafficIn(frame: TrafficFrame | undefined, query: Readonly<Record<string, string>>): TrafficFrame | null {
  if (frame === undefined) return null;
  try {
    const fits = parseExchangeQuery(query.filter ?? '');
    return { ...frame, rows: frame.rows.filter((row) => fits(seenIn(row))) };
  } catch (error) {
    if (error instanceof QueryError) return { ...frame, rows: [], error: { detail: error.message, at: error.at } };
    throw error;
  }
}

/** A request as far as its row says what it was. */
function seenIn({ atMs: at, about, errors, ...row }: TrafficRow): SearchedExchange {
  return {
    ...row,
    at,
    errors: errors.map((error) => ({ error, about: '' })),
    topics: about.split(', ').map((place) => ({ topic: place.replace(/\[\d+\]$/, ''), partition: partitionIn(place) })),
    groups: about.split(', '),
    transactionalIds: about.split(', '),
    request: {},
  };
}

function partitionIn(place: string): number {
  const found = /\[(\d+)\]$/.exec(place);
  return found === null ? -1 : Number(found[1]);
}

/** One page of a topic's records, or what is wrong with the search. */
export function recordsIn(frame: ReportFrame, asked: URLSearchParams): RecordsFrame | string {
  const topic = asked.get('topic') ?? '';
  const all = Object.hasOwn(frame.records, topic) ? frame.records[topic] : []; // a topic may be called 'constructor'
  let match;
  try {
    match = parseMessageQuery(asked.get('search') ?? '');
  } catch (error) {
    if (error instanceof QueryError) return `At character ${error.at + 1} of the search: ${error.message}.`;
    throw error;
  }
  const isNewestFirst = ['offset', 'time', 'unread'].every((name) => asked.get(name) === null);
  const order = isNewestFirst ? -1 : 1;
  const isAsked = askedFor(frame, topic, asked);
  const found = all
    .filter((row) => isAsked(row) && match(searched(row)))
    .sort((a, b) => order * (a.timestamp - b.timestamp || a.partition - b.partition || a.offset - b.offset));
  const from = Number(asked.get('next') ?? '') || 0;
  const rows = found.slice(from, from + PAGE_OF_RECORDS);
  const isEnd = from + rows.length >= found.length;
  return { topic, rows, next: isEnd ? null : String(from + rows.length), searched: from === 0 ? all.length : 0 };
}

/** Whether a record is one of those that are asked for by their place. */
function askedFor(frame: ReportFrame, topic: string, asked: URLSearchParams): (row: RecordRow) => boolean {
  const [partition, offset, time, unread] = ['partition', 'offset', 'time', 'unread'].map((name) => asked.get(name));
  const inPartition = (row: RecordRow): boolean => partition === null || String(row.partition) === partition;
  if (unread !== null) {
    const committed = committedBy(frame, unread, topic);
    return (row) => inPartition(row) && row.offset >= (committed.get(row.partition) ?? 0);
  }
  if (offset !== null) return (row) => inPartition(row) && row.offset >= Number(offset);
  if (time !== null) return (row) => inPartition(row) && row.timestamp >= Number(time);
  return inPartition;
}

function committedBy({ views }: ReportFrame, group: string, topic: string): Map<number, number> {
  const frame = views[`group?${new URLSearchParams({ name: group }).toString()}`] as GroupFrame | undefined;
  const own = (frame?.partitions ?? []).filter((place) => place.topic === topic);
  return new Map(own.map(({ partition, committed }) => [partition, committed ?? 0]));
}

function searched({ partition, offset, timestamp, key, value, headers }: RecordRow) {
  return {
    partition,
    offset,
    timestamp,
    key: textOf(key),
    value: textOf(value),
    headers: headers.map((header) => ({ key: header.key, value: textOf(header.value) })),
  };
}

function textOf(content: Content | null): string | null {
  return content === null ? null : content.text;
}
