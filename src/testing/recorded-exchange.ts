/** An exchange as the broker wrote it down: bytes, decoded when somebody looks. */
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { errorName } from '../../protocol/errors.ts';
import { InvalidRequest, Reader } from '../../protocol/reader.ts';
import { includes, type AnyApi } from '../../protocol/schema.ts';
import type { ApiName, RequestBody, ResponseBody } from './api-names.ts';
import type { Exchange, Outcome, ToldError } from './exchange.ts';
import { pretty } from './pretty.ts';
import {
  errorsOf,
  groupsOf,
  spokenOf,
  transactionalIdsOf,
  type Body,
  type Spoken,
  type TopicNames,
} from './request-parts.ts';
import { acknowledges } from './share-refusals.ts';

export type ExchangeFacts = Pick<
  Exchange,
  'number' | 'version' | 'clientId' | 'principal' | 'broker' | 'connection' | 'correlationId' | 'at'
>;

export class RecordedExchange<Name extends ApiName = ApiName> implements Exchange<Name> {
  readonly number: number;
  readonly api: Name;
  readonly version: number;
  readonly clientId: string | null;
  readonly principal: string;
  readonly broker: number;
  readonly connection: number;
  readonly correlationId: number;
  readonly at: number;
  outcome: Outcome = 'waiting';
  durationMs: number | null = null;
  readonly faults: string[] = [];
  readonly #api: AnyApi;
  readonly #body: Buffer;
  readonly #names: TopicNames;
  #response: Buffer | null = null;
  #request: RequestBody<Name> | undefined;
  #unreadable: string | null = null;
  #decodedResponse: ResponseBody<Name> | null | undefined;
  #groups: readonly string[] | undefined;

  constructor(facts: ExchangeFacts, { api, request }: { api: AnyApi; request: Buffer }, names: TopicNames) {
    this.number = facts.number;
    this.api = api.name as Name;
    this.version = facts.version;
    this.clientId = facts.clientId;
    this.principal = facts.principal;
    this.broker = facts.broker;
    this.connection = facts.connection;
    this.correlationId = facts.correlationId;
    this.at = facts.at;
    this.#api = api;
    this.#body = request;
    this.#names = names;
  }

  get request(): RequestBody<Name> {
    return (this.#request ??= this.#decoded() as RequestBody<Name>);
  }

  /** Why the request could not be decoded, which ended its connection; null where it could: only then it says anything. */
  get unreadable(): string | null {
    void this.request;
    return this.#unreadable;
  }

  #decoded(): object {
    const { version } = this;
    // ApiVersions may come in a version from the future.
    if (!includes(this.#api.versions, version)) return {};
    try {
      return requestCodec(this.#api, version).decode(readerOf(this.#body));
    } catch (error) {
      if (!(error instanceof InvalidRequest)) throw error;
      this.#unreadable = error.message;
      return {};
    }
  }

  get response(): ResponseBody<Name> | null {
    if (this.#decodedResponse === undefined && this.#response !== null) {
      const version = includes(this.#api.versions, this.version) ? this.version : 0;
      this.#decodedResponse = responseCodec(this.#api, version).decode(readerOf(this.#response)) as ResponseBody<Name>;
    }
    return this.#decodedResponse ?? null;
  }

  get errors(): ToldError[] {
    if (this.response === null) return [];
    return errorsOf(this.response as Body, this.#names).map(({ about, code }) => ({ about, error: errorName(code) }));
  }

  get topics(): Spoken[] {
    return spokenOf(this.request, this.#names);
  }

  /** Whether a share consumer acknowledges the offset with it, in one of the partitions that are meant. */
  acknowledges(offset: number, isMeant: (spoken: Spoken) => boolean): boolean {
    return acknowledges(this.api, this.request, offset, this.#names, isMeant);
  }

  get groups(): readonly string[] {
    return (this.#groups ??= groupsOf(this.request));
  }

  get transactionalIds(): string[] {
    return transactionalIdsOf(this.request);
  }

  /** As it came and went, for those who decode it elsewhere. */
  get bytes(): { readonly request: Buffer; readonly response: Buffer | null } {
    return { request: this.#body, response: this.#response };
  }

  /** Bytes it holds. */
  get size(): number {
    return this.#body.length + (this.#response?.length ?? 0);
  }

  /** Only the broker's own: notes how it ended. */
  end(outcome: Outcome, response: Buffer | null, durationMs: number): void {
    this.outcome = outcome;
    this.#response = response;
    this.durationMs = durationMs;
  }

  toString(): string {
    const errors = this.errors.map(({ error, about }) => ` ${about === '' ? '' : `${about} `}${error}`);
    const told =
      this.outcome === 'answered' ? (errors.length > 0 ? `→${errors.join(',')}` : '→ ok') : `→ ${this.outcome}`;
    const who = `${this.clientId ?? 'no client id'}#${this.connection}`;
    const took = this.durationMs === null ? '' : ` in ${Math.round(this.durationMs)} ms`;
    const faults = this.faults.map((fault) => ` [${fault}]`).join('');
    const unreadable = this.unreadable === null ? '' : ` [unreadable: ${this.unreadable}]`;
    return `${String(this.number).padStart(4)} ${who} ${this.api} v${this.version}${this.#about()} ${told}${took}${faults}${unreadable}`;
  }

  describe(): string {
    const lines = [this.toString(), '  request  ' + pretty(this.request, '  ')];
    if (this.response !== null) lines.push('  response ' + pretty(this.response, '  '));
    return lines.join('\n');
  }

  #about(): string {
    const topics = this.topics.map(({ topic, partition }) => (partition < 0 ? topic : `${topic}[${partition}]`));
    const words = [...new Set([...this.groups, ...this.transactionalIds, ...topics])];
    if (words.length === 0) return '';
    return ` ${words.slice(0, 4).join(' ')}${words.length > 4 ? ` and ${words.length - 4} more` : ''}`;
  }
}

function readerOf(bytes: Buffer): Reader {
  const reader = new Reader();
  reader.reset(bytes, 0, bytes.length);
  return reader;
}
