/** The exchanges of a broker as they happen. */
import { SaslAuthenticate } from '../../protocol/apis/36-sasl-authenticate.ts';
import { requestCodec } from '../../protocol/compile.ts';
import { InvalidRequest, Reader } from '../../protocol/reader.ts';
import { includes } from '../../protocol/schema.ts';
import type { Call } from '../net/interceptor.ts';
import { claimedUser } from './claimed-users.ts';
import type { Exchange } from './exchange.ts';
import { RecordedExchange } from './recorded-exchange.ts';
import type { TopicNames } from './request-parts.ts';
import { Traffic } from './traffic.ts';

type Session = Call['context']['session'];

const SASL_AUTHENTICATE = 36;
/** What is kept of a SaslAuthenticate, for passwords and tokens are not shown: no bytes, as each version writes that. */
const NO_TOKEN = Buffer.alloc(4);
const NO_TOKEN_FLEXIBLE = Buffer.from([1, 0]); // and no tagged fields
/** Older ones are forgotten beyond this many, or this many bytes. */
const KEPT = 10_000;
const KEPT_BYTES = 64 << 20;

export class TrafficLog extends Traffic {
  readonly #exchanges: RecordedExchange[] = [];
  readonly #listeners = new Set<(exchange: Exchange) => void>();
  /** Of connections that are signing in. */
  readonly #claims = new WeakMap<Session, string>();
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
    const isSignIn = handler.api.key === SASL_AUTHENTICATE;
    const principal = isSignIn ? this.#claimed(session, apiVersion, body) : nameOf(session);
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
      { api: handler.api, request: isSignIn ? withoutToken(apiVersion) : body },
      names,
    );
    this.#exchanges.push(exchange);
    this.#bytes += exchange.size;
    return exchange;
  }

  /** While a client signs in, who it says it is. */
  #claimed(session: Session, apiVersion: number, body: Buffer): string {
    try {
      const { authBytes } = requestCodec(SaslAuthenticate, apiVersion).decode(new Reader(body));
      const user = claimedUser(authBytes);
      if (user !== null) this.#claims.set(session, `User:${user}`);
    } catch (error) {
      if (!(error instanceof InvalidRequest)) throw error;
    }
    return this.#claims.get(session) ?? nameOf(session);
  }

  ended(exchange: RecordedExchange, responseBytes: number): void {
    this.#bytes += responseBytes;
    while (this.#exchanges.length > KEPT || (this.#bytes > KEPT_BYTES && this.#exchanges.length > 1)) {
      this.#bytes -= this.#exchanges.shift()!.size;
    }
    for (const listener of this.#listeners) listener(exchange);
  }
}

function withoutToken(apiVersion: number): Buffer {
  return includes(SaslAuthenticate.flexible, apiVersion) ? NO_TOKEN_FLEXIBLE : NO_TOKEN;
}

function nameOf({ principal: { type, name } }: Session): string {
  return `${type}:${name}`;
}
