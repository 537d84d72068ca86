/** One request and what came of it, decoded when somebody looks. */
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { errorName, type ErrorName } from '../../protocol/errors.ts';
import { Reader } from '../../protocol/reader.ts';
import { includes } from '../../protocol/schema.ts';
import type { Call } from '../net/interceptor.ts';
import type { ApiName, RequestBody, ResponseBody } from './api-names.ts';
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

/**
 * waiting: the broker has not answered yet (a long poll, a join). answered: the client got the response. silent: a request
 * without a response (acks=0). lost: a fault kept the response back. disconnected: the connection ended instead.
 */
export type Outcome = 'waiting' | 'answered' | 'silent' | 'lost' | 'disconnected';

/** An error that a client was told, and what about. */
export interface ToldError {
  readonly error: ErrorName;
  /** 'orders[0]', a group, or '' for the request as a whole. */
  readonly about: string;
}

export class Exchange<Name extends ApiName = ApiName> {
  /** Counts the broker's requests, from 1. */
  readonly number: number;
  readonly api: Name;
  readonly version: number;
  readonly clientId: string | null;
  /** The broker (node id) that was asked. */
  readonly broker: number;
  /** Tells connections apart. */
  readonly connection: number;
  readonly correlationId: number;
  /** When it came, milliseconds since 1970 by the broker's clock. */
  readonly at: number;
  outcome: Outcome = 'waiting';
  /** How long the answer took. */
  durationMs: number | null = null;
  /** The faults that struck, in words. */
  readonly faults: string[] = [];
  readonly #call: Call;
  readonly #names: TopicNames;
  #response: Buffer | null = null;
  #request: RequestBody<Name> | undefined;
  #decodedResponse: ResponseBody<Name> | null | undefined;

  constructor(number: number, call: Call, at: number, names: TopicNames) {
    const { handler, nodeId, apiVersion, context, correlationId } = call;
    this.number = number;
    this.api = handler.api.name as Name;
    this.version = apiVersion;
    this.clientId = context.clientId;
    this.broker = nodeId;
    this.connection = context.connectionId;
    this.correlationId = correlationId;
    this.at = at;
    this.#call = call;
    this.#names = names;
  }

  /** Fields as in Kafka's message definitions. @throws {InvalidRequest} where the bytes were no such request */
  get request(): RequestBody<Name> {
    if (this.#request === undefined) {
      const { handler, apiVersion, body } = this.#call;
      // ApiVersions may come in a version from the future.
      const isKnown = includes(handler.api.versions, apiVersion);
      this.#request = (
        isKnown ? requestCodec(handler.api, apiVersion).decode(readerOf(body)) : {}
      ) as RequestBody<Name>;
    }
    return this.#request;
  }

  /** What the client was told, faults included; null while it waits, and where it was told nothing. */
  get response(): ResponseBody<Name> | null {
    if (this.#decodedResponse === undefined && this.#response !== null) {
      const { handler, apiVersion } = this.#call;
      const version = includes(handler.api.versions, apiVersion) ? apiVersion : 0;
      this.#decodedResponse = responseCodec(handler.api, version).decode(
        readerOf(this.#response),
      ) as ResponseBody<Name>;
    }
    return this.#decodedResponse ?? null;
  }

  /** The errors that the response tells; [] for none. */
  get errors(): ToldError[] {
    if (this.response === null) return [];
    return errorsOf(this.response as Body, this.#names).map(({ about, code }) => ({ about, error: errorName(code) }));
  }

  /** The topics and partitions that the request names. */
  get topics(): Spoken[] {
    return spokenOf(this.request, this.#names);
  }

  get groups(): string[] {
    return groupsOf(this.request);
  }

  get transactionalIds(): string[] {
    return transactionalIdsOf(this.request);
  }

  /** Bytes it holds. */
  get size(): number {
    return this.#call.body.length + (this.#response?.length ?? 0);
  }

  /** Only the broker's own: notes how it ended. */
  end(outcome: Outcome, response: Buffer | null, durationMs: number): void {
    this.outcome = outcome;
    this.#response = response;
    this.durationMs = durationMs;
  }

  /** One line: who asked what, and what came of it. */
  toString(): string {
    const errors = this.errors.map(({ error, about }) => ` ${about === '' ? '' : `${about} `}${error}`);
    const told =
      this.outcome === 'answered' ? (errors.length > 0 ? `→${errors.join(',')}` : '→ ok') : `→ ${this.outcome}`;
    const who = `${this.clientId ?? 'no client id'}#${this.connection}`;
    const took = this.durationMs === null ? '' : ` in ${Math.round(this.durationMs)} ms`;
    const faults = this.faults.map((fault) => ` [${fault}]`).join('');
    return `${String(this.number).padStart(4)} ${who} ${this.api} v${this.version}${this.#about()} ${told}${took}${faults}`;
  }

  /** The same with everything that was said, over many lines. */
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
