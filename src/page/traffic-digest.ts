/**
 * What the traffic of a test says in sum: errors that clients were told, who writes to which topic, what each client does. It reads on
 * where the look before has ended, a part at each look, for every exchange has to be decoded.
 */
import type { Exchange } from '../testing/exchange.ts';
import type { Traffic } from '../testing/traffic.ts';
import { unusualErrors } from '../testing/unusual-errors.ts';
import type { JournalEntry } from './frames.ts';

const READ_AT_ONCE = 1000;
const KEPT_ERRORS = 500;
const KEPT_CLIENTS = 1000;
const KEPT_TOPICS = 10_000;
const KEPT_WRITERS = 20;
const KEPT_GROUPS = 1000;
/** With these consumers begin. */
const OF_CONSUMERS: ReadonlySet<string> = new Set([
  'FindCoordinator',
  'JoinGroup',
  'ConsumerGroupHeartbeat',
  'ShareGroupHeartbeat',
]);

export interface ClientDigest {
  readonly requests: number;
  readonly errors: number;
  readonly lastAtMs: number;
  /** As it says by ApiVersions: 'kafka-nodejs 2.2.4'; '' where it does not. */
  readonly software: string;
}

export class TrafficDigest {
  readonly #traffic: () => Traffic | null;
  readonly #errors = new Map<string, JournalEntry>();
  readonly #writers = new Map<string, Set<string>>();
  readonly #clients = new Map<string, ClientDigest>();
  readonly #groups = new Map<string, true>();
  #readUpTo = 0;
  /** Passed before they were answered. */
  #waiting: Exchange[] = [];

  /** `traffic`: the newest, for the broker may begin anew. */
  constructor(traffic: () => Traffic | null) {
    this.#traffic = traffic;
  }

  /** The same error, told to the same client, is one entry. */
  errors(): Iterable<JournalEntry> {
    this.#read();
    return this.#errors.values();
  }

  /** Client ids that have produced to the topic. */
  writersOf(topic: string): string[] {
    this.#read();
    return [...(this.#writers.get(topic) ?? [])];
  }

  /** Topics that the client has produced to. */
  topicsOf(clientId: string): string[] {
    this.#read();
    return Array.from(this.#writers).flatMap(([topic, writers]) => (writers.has(clientId) ? [topic] : []));
  }

  /** Groups that consumers have asked for, whether they are there or not. */
  get groupsAskedFor(): string[] {
    this.#read();
    return [...this.#groups.keys()];
  }

  client(clientId: string): ClientDigest | undefined {
    this.#read();
    return this.#clients.get(clientId);
  }

  #read(): void {
    const all = this.#traffic()?.all ?? [];
    const waited = this.#waiting;
    this.#waiting = [];
    for (const exchange of waited) this.#take(exchange);
    let read = 0;
    for (let i = firstAfter(all, this.#readUpTo); i < all.length && read < READ_AT_ONCE; i++) {
      this.#readUpTo = all[i].number;
      read++;
      this.#noteRequest(all[i]);
      this.#take(all[i]);
    }
  }

  #take(exchange: Exchange): void {
    if (exchange.outcome !== 'waiting') this.#noteErrors(exchange);
    else if (this.#waiting.length < READ_AT_ONCE) this.#waiting.push(exchange);
  }

  #noteRequest({ api, clientId, at: lastAtMs, topics, groups, request }: Exchange): void {
    const name = clientId ?? '';
    const before = this.#clients.get(name) ?? { requests: 0, errors: 0, lastAtMs, software: '' };
    const said = api === 'ApiVersions' ? softwareIn(request) : '';
    const software = said === '' ? before.software : said;
    keep(this.#clients, name, { ...before, requests: before.requests + 1, lastAtMs, software }, KEPT_CLIENTS);
    if (OF_CONSUMERS.has(api)) for (const group of groups) keep(this.#groups, group, true, KEPT_GROUPS);
    if (api !== 'Produce') return;
    for (const { topic } of topics) {
      const writers = this.#writers.get(topic) ?? new Set();
      if (writers.size < KEPT_WRITERS) writers.add(name);
      keep(this.#writers, topic, writers, KEPT_TOPICS);
    }
  }

  #noteErrors(exchange: Exchange): void {
    const told = unusualErrors(exchange);
    const { clientId, api, at: atMs } = exchange;
    const name = clientId ?? '';
    const client = this.#clients.get(name);
    if (client !== undefined && told.length > 0) this.#clients.set(name, { ...client, errors: client.errors + 1 });
    for (const { error, about } of told) {
      const id = `error ${JSON.stringify([clientId, api, error, about])}`;
      const times = (this.#errors.get(id)?.times ?? 0) + 1;
      const text = `${clientId ?? 'a client without an id'} was told ${error} by ${api}${about === '' ? '' : ` of ${about}`}`;
      const query = new URLSearchParams({ filter: `client=${JSON.stringify(name)} error:${error}` });
      const link = `#/traffic?${query.toString()}`;
      keep(this.#errors, id, { id, atMs, times, level: 'warn', kind: 'error', text, link }, KEPT_ERRORS);
    }
  }
}

/** As the newest; the oldest beyond `most` goes. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value!);
}

function softwareIn(request: object): string {
  const { clientSoftwareName = '', clientSoftwareVersion = '' } = request as {
    clientSoftwareName?: string;
    clientSoftwareVersion?: string;
  };
  return `${clientSoftwareName} ${clientSoftwareVersion}`.trim();
}

/** Numbers ascend. */
function firstAfter(exchanges: readonly Exchange[], number: number): number {
  let [low, high] = [0, exchanges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (exchanges[middle].number <= number) low = middle + 1;
    else high = middle;
  }
  return low;
}
