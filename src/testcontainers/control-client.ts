/** Drives a broker through its control port, typed as `ottla/testing` is: faults, waiters, messages, groups, reset. */
import type { ErrorName } from '../../protocol/errors.ts';
import type { ApiName } from '../testing/api-names.ts';
import type { Duration } from '../testing/duration.ts';
import type { FaultEffect, FaultFilter, FaultSpec } from '../testing/fault-spec.ts';
import type { CommittedOffset, Group } from '../testing/group.ts';
import type { Content, MessageToProduce, TestMessage } from '../testing/message.ts';
import type { TopicSpec } from '../testing/topic-spec.ts';
import { messageOf } from '../testing/topics.ts';
import type { ExpectedCommit, ExpectedGroup, IdleOptions, WaitOptions } from '../testing/wait-options.ts';

/** One record of a topic. */
export interface Message extends Pick<
  TestMessage,
  'topic' | 'partition' | 'offset' | 'timestamp' | 'key' | 'value' | 'headers'
> {
  /** There where the bytes are no UTF-8. */
  readonly keyBase64?: string;
  readonly valueBase64?: string;
}

/** Which messages count; all that is said must hold. */
export interface MessageFilter {
  readonly key?: string | null;
  readonly value?: string | null;
  readonly valueContains?: string;
  readonly valueMatches?: RegExp;
  readonly partition?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface MessageWait extends WaitOptions {
  readonly where?: MessageFilter;
}

/** A fault in force, as it was when it was asked for; `refresh` asks again. */
export interface RemoteFault {
  readonly id: number;
  readonly description: string;
  readonly effect: string;
  /** How often it has struck. */
  readonly fired: number;
  /** Requests that matched, struck or not. */
  readonly seen: number;
  refresh(): Promise<RemoteFault>;
  remove(): Promise<void>;
}

/** Which exchanges; all that is said must hold. */
export interface TrafficQuery {
  readonly api?: ApiName | readonly ApiName[];
  readonly clientId?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly group?: string;
  readonly transactionalId?: string;
  readonly failed?: boolean;
  /** With what was said, decoded. */
  readonly bodies?: boolean;
  /** The last so many. */
  readonly limit?: number;
}

export interface RemoteExchange {
  readonly number: number;
  readonly api: ApiName;
  readonly version: number;
  readonly clientId: string | null;
  readonly at: number;
  readonly outcome: string;
  readonly durationMs: number | null;
  readonly errors: readonly { readonly error: ErrorName; readonly about: string }[];
  readonly faults: readonly string[];
  readonly line: string;
  readonly request?: unknown;
  readonly response?: unknown;
}

/** The control port said no; the message says why and what to do. */
export class ControlError extends Error {
  override name = 'ControlError';
  readonly status: number;
  /** urn:ottla:problem:wait-timeout, … */
  readonly type: string;

  constructor(status: number, type: string, detail: string) {
    super(detail);
    this.status = status;
    this.type = type;
  }
}

type Json = { readonly [name: string]: unknown };

export class ControlClient {
  readonly url: string;
  readonly faults: RemoteFaults;

  /** `url` as `ottla start --control-port` prints it: http://localhost:24092 */
  constructor(url: string) {
    this.url = url.replace(/\/$/, '');
    this.faults = new RemoteFaults(this);
  }

  async produce(
    topic: string,
    messages: MessageToProduce | Content | readonly (MessageToProduce | Content)[],
  ): Promise<Message[]> {
    const list = (Array.isArray(messages) ? messages : [messages]) as readonly Content[];
    return this.call('POST', `/topics/${encodeURIComponent(topic)}/messages`, list.map(messageToJson));
  }

  messages(topic: string, query: { readonly partition?: number; readonly limit?: number } = {}): Promise<Message[]> {
    return this.call('GET', `/topics/${encodeURIComponent(topic)}/messages${search(query)}`);
  }

  async createTopic(topic: string | TopicSpec): Promise<void> {
    await this.call('POST', '/topics', topicToJson(topic));
  }

  async deleteTopic(topic: string): Promise<void> {
    await this.call('DELETE', `/topics/${encodeURIComponent(topic)}`);
  }

  async topics(): Promise<string[]> {
    return (await this.call<{ name: string }[]>('GET', '/topics')).map(({ name }) => name);
  }

  /** Messages by topic. */
  async seed(topics: Readonly<Record<string, readonly (MessageToProduce | Content)[]>>): Promise<void> {
    const entries = Object.entries(topics).map(([topic, messages]) => [topic, messages.map(messageToJson)] as const);
    await this.call('POST', '/seed', Object.fromEntries(entries));
  }

  groups(): Promise<Group[]> {
    return this.call('GET', '/groups');
  }

  /** @throws {ControlError} 404 where there is none */
  group(id: string): Promise<Group> {
    return this.call('GET', `/groups/${encodeURIComponent(id)}`);
  }

  /** Resolves with the messages when there are so many that match: 1 unless given. */
  waitForMessages(topic: string, count = 1, { where, ...wait }: MessageWait = {}): Promise<Message[]> {
    const { valueMatches, ...rest } = where ?? {};
    const filter = { ...rest, ...(valueMatches === undefined ? {} : { valueMatches: valueMatches.source }) };
    return this.call('POST', '/wait/messages', { topic, count, where: filter, ...wait });
  }

  waitForGroup(group: string, expected: ExpectedGroup = {}, wait: WaitOptions = {}): Promise<Group> {
    return this.call('POST', '/wait/group', { group, ...expected, ...wait });
  }

  waitForCommit(group: string, expected: ExpectedCommit = {}, wait: WaitOptions = {}): Promise<CommittedOffset> {
    return this.call('POST', '/wait/commit', { group, ...expected, ...wait });
  }

  waitForLag(group: string, lag = 0, wait: WaitOptions = {}): Promise<Group> {
    return this.call('POST', '/wait/lag', { group, lag, ...wait });
  }

  async waitForIdle(options: IdleOptions = {}): Promise<void> {
    await this.call('POST', '/wait/idle', options);
  }

  traffic({ api, ...query }: TrafficQuery = {}): Promise<RemoteExchange[]> {
    const names = [api ?? []].flat().join(',');
    return this.call('GET', `/traffic${search({ ...query, ...(names === '' ? {} : { api: names }) })}`);
  }

  async disconnectClients(clientId?: string): Promise<void> {
    await this.call('POST', '/disconnect', clientId === undefined ? {} : { clientId });
  }

  /** Back to the topics it was started with, empty; then those given here. */
  async reset(options: { readonly topics?: readonly (string | TopicSpec)[] } = {}): Promise<void> {
    await this.call('POST', '/reset', { topics: (options.topics ?? []).map(topicToJson) });
  }

  /** All that is in the broker, for `restore` and for `startBroker({ from })`. */
  async snapshot(): Promise<Uint8Array> {
    return new Uint8Array(await (await this.#fetch('GET', '/snapshot')).arrayBuffer());
  }

  /** Begins anew from a snapshot; clients connect again. */
  async restore(snapshot: Uint8Array): Promise<void> {
    await this.#fetch('PUT', '/snapshot', new Uint8Array(snapshot), 'application/octet-stream');
  }

  /** What is going on, for people. */
  async describe(): Promise<string> {
    return (await this.#fetch('GET', '/describe')).text();
  }

  async isReady(): Promise<boolean> {
    return fetch(`${this.url}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** Any request of docs/openapi.json. @throws {ControlError} */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.#fetch(method, path, body === undefined ? undefined : JSON.stringify(body));
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  async #fetch(
    method: string,
    path: string,
    body?: string | Uint8Array<ArrayBuffer>,
    type = 'application/json',
  ): Promise<Response> {
    const sent = body === undefined ? {} : { body, headers: { 'content-type': type } };
    const response = await fetch(`${this.url}${path}`, { method, ...sent });
    if (response.ok) return response;
    const text = await response.text();
    try {
      const { type: kind, detail } = JSON.parse(text) as { type: string; detail: string };
      throw new ControlError(response.status, kind, detail);
    } catch (error) {
      if (error instanceof ControlError) throw error;
      throw new ControlError(response.status, 'about:blank', text);
    }
  }
}

/** What shall happen to the requests named in `faults.on(…)`; each begins when it is awaited. */
export class RemoteFaultBuilder<Name extends ApiName> {
  readonly #make: (effect: FaultEffect<Name>) => Promise<RemoteFault>;

  constructor(make: (effect: FaultEffect<Name>) => Promise<RemoteFault>) {
    this.#make = make;
  }

  reply(error: ErrorName): Promise<RemoteFault> {
    return this.#make({ reply: error });
  }

  delay(duration: Duration): Promise<RemoteFault> {
    return this.#make({ delay: duration });
  }

  hold(): Promise<RemoteFault> {
    return this.#make({ hold: true });
  }

  dropResponse(): Promise<RemoteFault> {
    return this.#make({ dropResponse: true });
  }

  disconnect(when: 'before' | 'after' = 'before'): Promise<RemoteFault> {
    return this.#make({ disconnect: when });
  }

  throttle(duration: Duration): Promise<RemoteFault> {
    return this.#make({ throttle: duration });
  }

  corruptCrc(): Promise<RemoteFault> {
    return this.#make({ corruptCrc: true });
  }
}

type FaultJson = Omit<RemoteFault, 'refresh' | 'remove'>;

export class RemoteFaults {
  readonly #client: ControlClient;

  constructor(client: ControlClient) {
    this.#client = client;
  }

  /** `await faults.on('Produce', { topic: 'orders', times: 2 }).reply('NOT_LEADER_OR_FOLLOWER')` */
  on<Name extends ApiName>(
    api: Name | readonly Name[],
    filter: Omit<FaultFilter<Name>, 'broker'> = {},
  ): RemoteFaultBuilder<Name> {
    return new RemoteFaultBuilder((effect) => this.add({ on: api, ...filter, ...effect }));
  }

  /** The same as one object. `rewrite` cannot travel. */
  async add<Name extends ApiName>(spec: FaultSpec<Name>): Promise<RemoteFault> {
    const { topic, clientId, ...rest } = spec;
    const said = { ...rest, ...pattern('topic', topic), ...pattern('clientId', clientId) };
    return this.#fault(await this.#client.call<FaultJson>('POST', '/faults', said));
  }

  pause(place: { readonly topic: string; readonly partition?: number }): Promise<RemoteFault> {
    return this.add({ on: ['Produce', 'Fetch'], ...place, pause: true });
  }

  async list(): Promise<RemoteFault[]> {
    const { faults } = await this.#client.call<{ faults: FaultJson[] }>('GET', '/faults');
    return faults.map((each) => this.#fault(each));
  }

  /** Descriptions of rules that never struck. */
  async unused(): Promise<string[]> {
    return (await this.#client.call<{ unused: string[] }>('GET', '/faults')).unused;
  }

  async clear(): Promise<void> {
    await this.#client.call('DELETE', '/faults');
  }

  /** Of a broker in memory: a disk that is full, fails or is slow, until `clear()`. */
  async disk(damage: { full: true } | { fail: 'EIO' | 'EROFS' | 'ENOSPC' } | { slow: Duration }): Promise<void> {
    await this.#client.call('POST', '/faults/disk', damage);
  }

  #fault(told: FaultJson): RemoteFault {
    const path = `/faults/${told.id}`;
    return {
      ...told,
      refresh: async () => this.#fault(await this.#client.call('GET', path)),
      remove: async () => void (await this.#client.call('DELETE', path)),
    };
  }
}

function pattern(name: string, said: string | RegExp | undefined): Json {
  if (said === undefined) return {};
  return { [name]: typeof said === 'string' ? said : { matches: said.source } };
}

function messageToJson(said: MessageToProduce | Content): Json {
  const { value, key, headers, partition, timestamp } = messageOf(said);
  return {
    ...contentToJson('value', value),
    ...(key === undefined ? {} : contentToJson('key', key)),
    ...(headers === undefined ? {} : { headers }),
    ...(partition === undefined ? {} : { partition }),
    ...(timestamp === undefined ? {} : { timestamp: Number(timestamp) }),
  };
}

function contentToJson(name: string, content: Content): Json {
  if (!ArrayBuffer.isView(content)) return { [name]: content };
  const { buffer, byteOffset, byteLength } = content;
  return { [`${name}Base64`]: Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('base64') };
}

function topicToJson(topic: string | TopicSpec): Json {
  if (typeof topic === 'string') return { name: topic };
  const { messages, ...spec } = topic;
  if (messages === undefined) return spec;
  if (typeof messages === 'string' || 'href' in messages) {
    throw new TypeError(`topic '${topic.name}': give its messages as a list; a file is read by withSeed`);
  }
  return { ...spec, messages: messages.map(messageToJson) };
}

function search(query: object): string {
  const said = Object.entries(query).filter(([, value]) => value !== undefined);
  return said.length === 0
    ? ''
    : `?${new URLSearchParams(said.map(([name, value]) => [name, String(value)])).toString()}`;
}
