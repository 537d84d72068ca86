/** The exchanges of a broker as they happen. */
import type { Call } from '../net/interceptor.ts';
import type { Exchange } from './exchange.ts';
import { RecordedExchange } from './recorded-exchange.ts';
import type { TopicNames } from './request-parts.ts';
import { Traffic } from './traffic.ts';

/** Older ones are forgotten beyond this many, or this many bytes. */
const KEPT = 10_000;
const KEPT_BYTES = 64 << 20;

export class TrafficLog extends Traffic {
  readonly #exchanges: RecordedExchange[] = [];
  readonly #listeners = new Set<(exchange: Exchange) => void>();
  #bytes = 0;
  #count = 0;

  override get all(): readonly RecordedExchange[] {
    return this.#exchanges;
  }

  override get count(): number {
    return this.#count;
  }

  override onExchange(listener: (exchange: Exchange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  override clear(): void {
    this.#exchanges.length = 0;
    this.#bytes = 0;
  }

  begin(
    { handler, nodeId, apiVersion, context, correlationId, body }: Call,
    at: number,
    names: TopicNames,
  ): RecordedExchange {
    const { clientId, connectionId: connection, session } = context;
    const principal = `${session.principal.type}:${session.principal.name}`;
    const exchange = new RecordedExchange(
      {
        number: ++this.#count,
        version: apiVersion,
        clientId,
        principal,
        broker: nodeId,
        connection,
        correlationId,
        at,
      },
      { api: handler.api, request: body },
      names,
    );
    this.#exchanges.push(exchange);
    this.#bytes += exchange.size;
    return exchange;
  }

  ended(exchange: RecordedExchange, responseBytes: number): void {
    this.#bytes += responseBytes;
    while (this.#exchanges.length > KEPT || (this.#bytes > KEPT_BYTES && this.#exchanges.length > 1)) {
      this.#bytes -= this.#exchanges.shift()!.size;
    }
    for (const listener of this.#listeners) listener(exchange);
  }
}
