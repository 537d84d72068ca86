/** What clients have asked a broker elsewhere: bytes travel, and are decoded here as there. */
import * as protocol from '../../protocol/apis/index.ts';
import { followLines } from '../platform/http-client.ts';
import type { ApiName } from '../testing/api-names.ts';
import type { Exchange, Outcome } from '../testing/exchange.ts';
import { RecordedExchange, type ExchangeFacts } from '../testing/recorded-exchange.ts';
import { Traffic, type TrafficFilter } from '../testing/traffic.ts';
import { search, type ControlPort } from './control-port.ts';

interface ExchangeJson extends ExchangeFacts {
  readonly api: ApiName;
  readonly outcome: Outcome;
  readonly durationMs: number | null;
  readonly faults: readonly string[];
  readonly requestBase64: string;
  readonly responseBase64: string | null;
}

const tables = new Map(protocol.apis.map((api) => [api.name, api]));

export class RemoteTraffic extends Traffic {
  readonly #port: ControlPort;
  readonly #follows = new Set<() => void>();

  constructor(port: ControlPort) {
    super();
    this.#port = port;
  }

  override get all(): readonly Exchange[] {
    return this.#exchanges({});
  }

  override get count(): number {
    return this.#port.get<{ requests: number }>('/broker').requests;
  }

  /** What can be said in a query is filtered there, so that the rest need not travel. */
  override filter<Name extends ApiName>(filter: TrafficFilter<Name>): Exchange<Name>[] {
    const { api, clientId, topic, partition, group, transactionalId, failed } = filter;
    const names = [api ?? []].flat().join(',');
    const query = {
      topic,
      partition,
      group,
      transactionalId,
      failed,
      ...(names === '' ? {} : { api: names }),
      ...(typeof clientId === 'string' ? { clientId } : {}),
    };
    return this.among(this.#exchanges(query), filter);
  }

  override onExchange(listener: (exchange: Exchange) => void): () => void {
    const names = this.#names();
    // It begins with what comes from now on, though the answer takes a moment to begin.
    const end = followLines(
      `${this.#port.url}/traffic/tail${search({ raw: true, since: this.count })}`,
      (lines) => lines.forEach((line) => listener(decoded(JSON.parse(line) as ExchangeJson, names))),
      () => this.#follows.delete(end),
    );
    this.#follows.add(end);
    return () => {
      this.#follows.delete(end);
      end();
    };
  }

  override clear(): void {
    this.#port.callNow('DELETE', '/traffic');
  }

  /** Nobody is told any longer. */
  close(): void {
    for (const end of this.#follows) end();
    this.#follows.clear();
  }

  #exchanges(query: Parameters<typeof search>[0]): Exchange[] {
    const names = this.#names();
    return this.#port.get<ExchangeJson[]>('/traffic', { ...query, raw: true }).map((told) => decoded(told, names));
  }

  /** Names of topics by their ids, asked for when the first id has to be told. */
  #names(): (topicId: string) => string | undefined {
    let known: Map<string, string> | null = null;
    return (topicId) => {
      known ??= new Map(
        this.#port.get<readonly { topicId: string; name: string }[]>('/topics').map((one) => [one.topicId, one.name]),
      );
      return known.get(topicId);
    };
  }
}

function decoded(told: ExchangeJson, names: (topicId: string) => string | undefined): Exchange {
  const api = tables.get(told.api)!;
  const exchange = new RecordedExchange(told, { api, request: Buffer.from(told.requestBase64, 'base64') }, names);
  const { responseBase64 } = told;
  for (const fault of told.faults) exchange.faults.push(fault);
  exchange.end(
    told.outcome,
    responseBase64 === null ? null : Buffer.from(responseBase64, 'base64'),
    told.durationMs ?? 0,
  );
  if (told.durationMs === null) exchange.durationMs = null;
  return exchange;
}
