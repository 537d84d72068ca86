/** Every request that clients sent and what they were told: filtered, counted, printed. */
import { checkApiName, checkRequestPart, type ApiName, type Part, type RequestBody } from './api-names.ts';
import type { Exchange, ToldError } from './exchange.ts';
import { checkKeys, type KeysOf } from './known-keys.ts';
import { isLike } from './likeness.ts';

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

const FILTER: KeysOf<TrafficFilter> = {
  api: true,
  clientId: true,
  topic: true,
  partition: true,
  group: true,
  transactionalId: true,
  broker: true,
  failed: true,
  request: true,
};

export abstract class Traffic {
  /** Every exchange, in the order in which the requests came: the last 10,000 of them, or 64 MiB. */
  abstract get all(): readonly Exchange[];

  /** How many requests came, forgotten ones included. */
  abstract get count(): number;

  /** Called with every exchange once it has ended; answers what ends that. */
  abstract onExchange(listener: (exchange: Exchange) => void): () => void;

  /** Forgets what there was; `number` goes on counting. */
  abstract clear(): void;

  /** Exchanges of one API, typed: `traffic.of('OffsetCommit')[0].request.groupId`. */
  of<Name extends ApiName>(api: Name, filter: Omit<TrafficFilter<Name>, 'api'> = {}): Exchange<Name>[] {
    return this.filter({ ...filter, api });
  }

  filter<Name extends ApiName>(filter: TrafficFilter<Name>): Exchange<Name>[] {
    return this.among(this.all, filter);
  }

  /** Those of `exchanges` that the filter is about. */
  protected among<Name extends ApiName>(exchanges: readonly Exchange[], filter: TrafficFilter<Name>): Exchange<Name>[] {
    checkKeys('a filter of the traffic', filter, FILTER);
    const wanted = [filter.api ?? []].flat() as Name[];
    wanted.forEach(checkApiName);
    if (wanted.length === 1 && filter.request !== undefined) checkRequestPart(wanted[0], filter.request);
    return (exchanges as readonly Exchange<Name>[]).filter((exchange) => passes(exchange, filter, wanted));
  }

  /** What clients were told went wrong, the latest last. */
  errors(filter: TrafficFilter = {}): ToldClient[] {
    return this.filter({ ...filter, failed: true }).flatMap((exchange) =>
      exchange.errors.map((told) => ({ ...told, exchange })),
    );
  }

  /** A line an exchange; with `bodies`, everything that was said. */
  toString(filter: TrafficFilter = {}, options: { bodies?: boolean } = {}): string {
    const exchanges = this.filter(filter);
    if (exchanges.length === 0) return 'no requests';
    return exchanges.map((one) => (options.bodies === true ? one.describe() : String(one))).join('\n');
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
