/**
 * All that a page would show of a broker, in one file: gathered view by view, the most telling first, as long as there is room.
 * What there is no room for is counted.
 */
import type { Record as LogRecord } from '../../protocol/records/decode.ts';
import { finish, inPieces } from '../platform/pieces.ts';
import { listedGroups } from '../testing/group-view.ts';
import type { Partition } from '../testing/visible-batches.ts';
import type { ReportWishes } from '../testing/report.ts';
import type { RecordRow, ReportedFailure, TestFrame } from './frames.ts';
import { looksOf, type Look, type LookSources } from './looks.ts';
import { rowOf, type BatchFacts } from './record-row.ts';
import { searchRecords } from './record-search.ts';
import { Redaction } from './redaction.ts';
import { groupSummaries } from './groups-view.ts';
import { topicsFrame } from './topics-view.ts';
import { exchangeFrameOf, trafficFrame, withoutRecords } from './traffic-view.ts';
import type { Exchange } from '../testing/exchange.ts';
import { unusualErrors } from '../testing/unusual-errors.ts';

/** Of each partition, at its beginning and at its end. */
const RECORDS = 200;
/** Exchanges that are looked at, the newest first. */
const EXCHANGES = 5000;
/** No more than so much of the file for one kind of content, so that the others have room, too. */
const SHARES = { text: 0.1, list: 0.12, each: 0.1, traffic: 0.2 };

/** Views that are one frame, and small: each cuts itself off. */
const WHOLE = ['overview', 'test', 'clients', 'transactions', 'storage'];
/** Lists that are kept as far as there is room, and what they list. */
const LISTS = { settings: 'setting', journal: 'entry of the journal', groups: 'group' } as const;
/** Requests whose details are kept: those of which something is to be told, then the newest. */
const DETAILED = 300;

export interface Report {
  /** JSON of a ReportFrame, without any `<`. */
  readonly json: string;
  /** What the file is called. */
  readonly title: string;
}

/** What of it who asks for the report may see. */
export interface Visible {
  view(name: string): boolean;
  recordsOf(topic: string): boolean;
}

export const EVERYTHING: Visible = { view: () => true, recordsOf: () => true };

/** `mostBytes`: how long the JSON may be at most. */
export async function gatherReport(
  sources: LookSources,
  wishes: ReportWishes,
  visible: Visible,
  mostBytes: number,
): Promise<Report> {
  return new Gathering(sources, wishes, visible, mostBytes).gather();
}

class Gathering {
  readonly #sources: LookSources;
  readonly #wishes: ReportWishes;
  readonly #redaction: Redaction;
  readonly #visible: Visible;
  /** Each at once: what a report shows is of one moment. */
  readonly #looks: ReadonlyMap<string, (query: Parameters<Look>[0]) => object>;
  readonly #mostBytes: number;
  #left: number;
  readonly #views: string[] = [];
  readonly #records: string[] = [];
  readonly #leftOut: string[] = [];

  constructor(sources: LookSources, wishes: ReportWishes, visible: Visible, mostBytes: number) {
    this.#sources = sources;
    this.#wishes = wishes;
    this.#redaction = new Redaction(wishes.headers, wishes.functions);
    this.#visible = visible;
    const looks = [...looksOf(sources)].filter(([name]) => visible.view(name));
    this.#looks = new Map(looks.map(([name, look]) => [name, (query) => finish(inPieces(look(query)))]));
    this.#mostBytes = mostBytes;
    this.#left = mostBytes - FRAME_BYTES;
  }

  async gather(): Promise<Report> {
    const { clock } = this.#sources.broker.view.parts;
    // Texts may quote what records say in headers that are redacted: those are read first, and have what the texts leave.
    const texts = this.#mostBytes * SHARES.text;
    this.#left -= texts;
    for (const name of WHOLE) if (name !== 'test') this.#add(name, {}, this.#looks.get(name)?.({}));
    for (const [view, what] of Object.entries(LISTS)) this.#addList(view, what);
    this.#addTopics();
    this.#addEach('group', 'groups', this.#groups);
    this.#addEach('topic', 'topics', this.#topics);
    this.#addTraffic();
    this.#addExchanges();
    await this.#addRecords();
    this.#left += texts;
    this.#addTest();
    const { test } = this.#wishes;
    const failure = escaped(JSON.stringify(this.#failure()));
    const json =
      `{"madeAtMs":${clock.now()},"failure":${failure},"views":{${this.#views.join(',')}},` +
      `"records":{${this.#records.join(',')}},"leftOut":${escaped(JSON.stringify(this.#leftOut))}}`;
    return { json, title: test === '' ? 'Report of a broker – Ottla' : `${this.#redaction.text(test)} – Ottla` };
  }

  get #topics(): string[] {
    const names = Array.from(this.#sources.broker.view.parts.metadata.image.topicsByName.keys());
    return names.filter((name) => !name.startsWith('__')).sort();
  }

  /** Those that are furthest behind first. */
  get #groups(): string[] {
    const { view } = this.#sources.broker;
    const all = finish(groupSummaries(view, listedGroups(view)));
    return all.sort((a, b) => (b.lag ?? -1) - (a.lag ?? -1)).map(({ id }) => id);
  }

  #failure(): ReportedFailure | null {
    const { errors, test } = this.#wishes;
    if (errors.length === 0 && test === '') return null;
    const most = Math.floor((this.#mostBytes * SHARES.text) / LONGEST_ESCAPE / 4 / Math.max(1, errors.length));
    return {
      test: cut(this.#redaction.text(test), 1000),
      errors: errors.slice(0, MOST_ERRORS).map(({ message, stack }) => ({
        message: cut(this.#redaction.text(message), most),
        stack: cut(this.#redaction.text(stack), most),
      })),
    };
  }

  /** What the test waits for may quote messages. */
  #addTest(): void {
    const frame = this.#looks.get('test')?.({}) as TestFrame | undefined;
    if (frame === undefined) return;
    const elsewhere = this.#wishes.waiting.map((what) => ({ what, at: '', forMs: 0, timeoutMs: 0, seen: '' }));
    const waiting = [...frame.waiting, ...elsewhere].slice(0, 100).map((wait) => ({
      ...wait,
      what: cut(this.#redaction.text(wait.what), 1000),
      seen: cut(this.#redaction.text(wait.seen), 1000),
    }));
    const faults = frame.faults.slice(0, 200).map((fault) => ({
      ...fault,
      description: cut(this.#redaction.text(fault.description), 500),
    }));
    this.#add('test', {}, { ...frame, faults, waiting, isPaused: false });
  }

  /** All of a list, or as many as there is room for. */
  #addList(view: string, what: string): void {
    const look = this.#looks.get(view);
    if (look === undefined) return;
    for (let limit = LONGEST_LIST; limit >= 1; limit = Math.floor(limit / 2)) {
      const frame = look({ limit: String(limit) }) as { found: number; rows?: unknown[]; entries?: unknown[] };
      const { found, rows = [], entries = rows } = frame;
      if (!this.#add(view, {}, frame, SHARES.list)) continue;
      if (entries.length < found) this.#leftOut.push(counted(found - entries.length, what));
      return;
    }
  }

  #addTopics(): void {
    const { broker, rates, digest } = this.#sources;
    const asked = { filter: '', sort: 'name', from: 0, internal: true } as const;
    for (let limit = Infinity; limit >= 1; limit = Math.floor(Math.min(limit, 20_000) / 2)) {
      const frame = finish(topicsFrame(broker.view, rates, digest, { ...asked, limit }));
      if (!this.#add('topics', {}, frame, SHARES.list)) continue;
      if (frame.rows.length < frame.found) this.#leftOut.push(counted(frame.found - frame.rows.length, 'topic'));
      return;
    }
  }

  /** A view for each name, as long as there is room. */
  #addEach(view: string, what: string, names: readonly string[]): void {
    const look = this.#looks.get(view)!;
    const end = this.#left - this.#mostBytes * SHARES.each;
    for (const [index, name] of names.entries()) {
      if (this.#left > end && this.#add(view, { name }, look({ name }))) continue;
      this.#leftOut.push(`the details of ${names.length - index} of ${names.length} ${what}`);
      return;
    }
  }

  #addTraffic(): void {
    const { broker } = this.#sources;
    if (broker.traffic === null || !this.#looks.has('traffic')) return;
    for (let most = EXCHANGES; most >= 1; most = Math.floor(most / 2)) {
      const frame = trafficFrame(broker, { filter: '', most });
      if (!this.#add('traffic', {}, frame, SHARES.traffic)) continue;
      const missing = frame.count - frame.rows.length;
      if (missing > 0) this.#leftOut.push(counted(missing, 'older request'));
      return;
    }
  }

  /** With all that was said, but for what records say: that is told beside them, or hidden there. */
  #addExchanges(): void {
    const { traffic } = this.#sources.broker;
    if (traffic === null || !this.#looks.has('exchange')) return;
    const all = traffic.all.slice(-EXCHANGES).toReversed();
    const isTold = (exchange: Exchange): boolean => exchange.faults.length > 0 || unusualErrors(exchange).length > 0;
    const wanted = [...all.filter(isTold), ...all.filter((exchange) => !isTold(exchange))].slice(0, DETAILED);
    const end = this.#left - this.#mostBytes * SHARES.each;
    for (const exchange of wanted) {
      if (this.#left <= end) return;
      const frame = exchangeFrameOf(exchange, withoutRecords(exchange));
      if (!this.#add('exchange', { number: String(exchange.number) }, frame)) return;
    }
  }

  /** Of each partition the last records and the first, each with the same room. */
  async #addRecords(): Promise<void> {
    const { partitions } = this.#sources.broker.view.parts;
    const topics = this.#topics.filter((topic) => this.#visible.recordsOf(topic));
    const filled = topics.map((topic) => ({
      topic,
      own: (partitions.topicByName(topic)?.partitions ?? []).filter(
        (partition): partition is Partition =>
          partition !== undefined && partition.highWatermark > partition.logStartOffset,
      ),
    }));
    let coming = filled.reduce((sum, { own }) => sum + own.length, 0);
    let leftOut = 0;
    for (const { topic, own } of filled) {
      if (own.length === 0) continue;
      const rows: string[] = [];
      for (const partition of own) {
        const room = Math.max(0, (this.#left - TOPIC_BYTES) / coming--);
        const read = await this.#recordsOf(topic, partition, room).catch((error: unknown) => {
          if (this.#isThere(topic, partition)) throw error;
          return { rows: [], leftOut: 0 }; // it was deleted meanwhile
        });
        leftOut += read.leftOut;
        for (const row of read.rows) rows.push(row);
      }
      if (rows.length > 0) this.#records.push(`${escaped(JSON.stringify(topic))}:[${rows.join(',')}]`);
    }
    if (leftOut > 0) this.#leftOut.push(counted(leftOut, 'message'));
  }

  #isThere(topic: string, partition: Partition): boolean {
    return this.#sources.broker.view.parts.partitions.get(topic, partition.index) === partition;
  }

  async #recordsOf(topic: string, partition: Partition, room: number): Promise<{ rows: string[]; leftOut: number }> {
    const { highWatermark: end, logStartOffset: start } = partition;
    const newest = await this.#search(topic, partition, 'newest', end);
    const oldest = newest.length < RECORDS ? [] : await this.#search(topic, partition, 'onwards', start);
    const before = newest.reduce((first, { offset }) => Math.min(first, offset), end);
    let used = 0;
    const fit = (found: readonly RecordRow[], upTo: number): string[] => {
      const taken: string[] = [];
      for (const row of found) {
        const json = escaped(JSON.stringify(row));
        const bytes = Buffer.byteLength(json) + 1;
        if (used + bytes > upTo) break;
        used += bytes;
        taken.push(json);
      }
      return taken;
    };
    const rows = [
      ...fit(newest, oldest.length === 0 ? room : room / 2),
      ...fit(
        oldest.filter(({ offset }) => offset < before),
        room,
      ),
    ];
    this.#left -= used + TOPIC_BYTES;
    return { rows, leftOut: Math.max(0, end - start - rows.length) };
  }

  async #search(
    topic: string,
    partition: Partition,
    direction: 'newest' | 'onwards',
    from: number,
  ): Promise<readonly RecordRow[]> {
    const { rows } = await searchRecords({
      partitions: [partition],
      direction,
      positions: new Map([[partition.index, from]]),
      match: null,
      limit: RECORDS,
      isCancelled: () => false,
      rowOf: (index: number, record: LogRecord, facts: BatchFacts) =>
        rowOf(index, this.#redaction.record(topic, index, record), facts),
    });
    return rows;
  }

  /** For JSON: what is told in words may quote what is to be hidden. */
  readonly #redacted = (key: string, value: unknown): unknown => {
    if (!WORDS.has(key)) return value;
    if (typeof value === 'string') return this.#redaction.text(value);
    const isList = Array.isArray(value) && value.every((each) => typeof each === 'string');
    return isList ? value.map((each: string) => this.#redaction.text(each)) : value;
  };

  /** False where there is no room for it. */
  #add(view: string, query: Readonly<Record<string, string>>, frame: object | undefined, share = 1): boolean {
    if (frame === undefined) return true;
    const said = new URLSearchParams(query).toString();
    const address = said === '' ? view : `${view}?${said}`;
    const text = `${escaped(JSON.stringify(address))}:${escaped(JSON.stringify(frame, this.#redacted))}`;
    const bytes = Buffer.byteLength(text) + 1;
    const hasRoom = bytes <= this.#left && bytes <= this.#mostBytes * share;
    if (!hasRoom) {
      if (WHOLE.includes(view)) this.#leftOut.push(`the view '${view}'`);
      return false;
    }
    this.#left -= bytes;
    this.#views.push(text);
    return true;
  }
}

/** Parts of frames that are written for people. */
const WORDS: ReadonlySet<string> = new Set([
  'about',
  'description',
  'errors',
  'evidence',
  'faults',
  'next',
  'reason',
  'seen',
  'sentence',
  'text',
  'value',
  'what',
]);
const LONGEST_LIST = 20_000;
/** For what stands around the views. */
const FRAME_BYTES = 4096;
/** For the name of a topic beside its records, and their brackets. */
const TOPIC_BYTES = 300;
const MOST_ERRORS = 20;
/** Of one character, in JSON that has no `<`. */
const LONGEST_ESCAPE = 6;

/** Nothing in it ends a script, whatever a record says. */
function escaped(json: string): string {
  return json.replaceAll('<', '\\u003c');
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} more characters)`;
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
