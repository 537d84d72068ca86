/** Every request that clients sent and what they were told: filtered, counted, printed. */
import type { Call } from '../net/interceptor.ts';
import { checkApiName, type ApiName, type Part, type RequestBody } from './api-names.ts';
import { Exchange, type ToldError } from './exchange.ts';
import { isLike } from './likeness.ts';
import type { TopicNames } from './request-parts.ts';

/** Which exchanges; all that is said must hold. */
export interface TrafficFilter<Name extends ApiName = ApiName> {
  readonly api?: Name | readonly Name[];
  readonly clientId?: string | RegExp;
  readonly topic?: string;
  readonly partition?: number;
  readonly group?: string;
  readonly transactionalId?: string;
  /** Node id of the broker that was asked. */
  readonly broker?: number;
  /** Only those that told the client of an error. */
  readonly failed?: boolean;
  /** What the request must say, as far as it is written here. */
  readonly request?: Part<RequestBody<Name>>;
}

/** An error a client was told, with the exchange that told it. */
export interface ToldClient extends ToldError {
  readonly exchange: Exchange;
}

/** Older ones are forgotten beyond this many, or this many bytes. */
const KEPT = 10_000;
const KEPT_BYTES = 64 << 20;

export class Traffic {
  readonly #exchanges: Exchange[] = [];
  readonly #listeners = new Set<(exchange: Exchange) => void>();
  #bytes = 0;
  #count = 0;

  /** Every exchange, in the order in which the requests came: the last 10,000 of them, or 64 MiB. */
  get all(): readonly Exchange[] {
    return this.#exchanges;
  }

  /** How many requests came, forgotten ones included. */
  get count(): number {
    return this.#count;
  }

  /** Exchanges of one API, typed: `traffic.of('OffsetCommit')[0].request.groupId`. */
  of<Name extends ApiName>(api: Name, filter: Omit<TrafficFilter<Name>, 'api'> = {}): Exchange<Name>[] {
    return this.filter({ ...filter, api });
  }

  filter<Name extends ApiName>(filter: TrafficFilter<Name>): Exchange<Name>[] {
    const wanted = [filter.api ?? []].flat() as Name[];
    wanted.forEach(checkApiName);
    return (this.#exchanges as Exchange<Name>[]).filter((exchange) => passes(exchange, filter, wanted));
  }

  /** What clients were told went wrong, the latest last. */
  errors(filter: TrafficFilter = {}): ToldClient[] {
    return this.filter({ ...filter, failed: true }).flatMap((exchange) =>
      exchange.errors.map((told) => ({ ...told, exchange })),
    );
  }

  /** Called with every exchange once it has ended; answers what ends that. */
  onExchange(listener: (exchange: Exchange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Forgets what there was; `number` goes on counting. */
  clear(): void {
    this.#exchanges.length = 0;
    this.#bytes = 0;
  }

  /** A line an exchange; with `bodies`, everything that was said. */
  toString(filter: TrafficFilter = {}, options: { bodies?: boolean } = {}): string {
    const exchanges = this.filter(filter);
    if (exchanges.length === 0) return 'no requests';
    return exchanges.map((one) => (options.bodies === true ? one.describe() : String(one))).join('\n');
  }

  /** The broker's own. */
  begin(call: Call, nowMs: number, names: TopicNames): Exchange {
    const exchange = new Exchange(++this.#count, call, nowMs, names);
    this.#exchanges.push(exchange);
    this.#bytes += exchange.size;
    return exchange;
  }

  /** The broker's own. */
  ended(exchange: Exchange, responseBytes: number): void {
    this.#bytes += responseBytes;
    while (this.#exchanges.length > KEPT || (this.#bytes > KEPT_BYTES && this.#exchanges.length > 1)) {
      this.#bytes -= this.#exchanges.shift()!.size;
    }
    for (const listener of this.#listeners) listener(exchange);
  }
}

/** Whether the filter is about this exchange. */
export function passes<Name extends ApiName>(
  exchange: Exchange<Name>,
  filter: TrafficFilter<Name>,
  wanted: readonly Name[],
): boolean {
  const { clientId, topic, partition, group, transactionalId, broker, failed, request } = filter;
  if (wanted.length > 0 && !wanted.includes(exchange.api)) return false;
  if (broker !== undefined && exchange.broker !== broker) return false;
  if (clientId !== undefined && !fits(exchange.clientId, clientId)) return false;
  if (topic !== undefined || partition !== undefined) {
    const speaksOf = exchange.topics.some(
      (one) => (topic ?? one.topic) === one.topic && (partition ?? one.partition) === one.partition,
    );
    if (!speaksOf) return false;
  }
  if (group !== undefined && !exchange.groups.includes(group)) return false;
  if (transactionalId !== undefined && !exchange.transactionalIds.includes(transactionalId)) return false;
  if (failed === true && exchange.errors.length === 0) return false;
  return request === undefined || isLike(exchange.request, request);
}

export function fits(text: string | null, pattern: string | RegExp): boolean {
  return typeof pattern === 'string' ? text === pattern : text !== null && pattern.test(text);
}
