/** Makes the contexts of one connection's requests. */
import { ConnectionThrottle } from '../apis/connection-throttle.ts';
import { PendingWaits } from '../apis/pending-waits.ts';
import type { RequestContext } from '../apis/request-context.ts';
import type { Access } from '../security/access.ts';
import type { Gate } from '../security/gate.ts';
import type { Session } from '../security/session.ts';
import type { Authorizer } from '../security/stages.ts';

export class RequestContexts {
  readonly connectionId: number;
  readonly waits = new PendingWaits();
  readonly throttle = new ConnectionThrottle();
  /** Asked before every request; null: the client may ask what it wants, for as long as it is connected. */
  gate: Gate | null = null;
  #session: Session;
  readonly #authorizer: Authorizer | null;
  #latest: RequestContext | null = null;

  constructor(connectionId: number, session: Session, authorizer: Authorizer | null = null) {
    this.connectionId = connectionId;
    this.#session = session;
    this.#authorizer = authorizer;
  }

  get session(): Session {
    return this.#session;
  }

  /** The client has authenticated: what it asks from now on, it asks in this session. Requests that wait keep theirs. */
  authenticated(session: Session): void {
    this.#session = session;
    const latest = this.#latest;
    if (latest !== null) this.#latest = { ...latest, session, access: this.#accessOf(session) };
  }

  /** What the latest request said; null before the first. */
  get clientId(): string | null {
    return this.#latest?.clientId ?? null;
  }

  /** The context of a request; the same object while nothing in it changes, so that a stream of appends allocates none. */
  of(apiVersion: number, clientId: string | null): RequestContext {
    const latest = this.#latest;
    if (latest !== null && latest.apiVersion === apiVersion && latest.clientId === clientId) return latest;
    const { connectionId, waits, throttle } = this;
    const session = this.#session;
    const access = this.#accessOf(session);
    return (this.#latest = { session, access, connectionId, apiVersion, clientId, waits, throttle });
  }

  #accessOf(session: Session): Access | null {
    return this.#authorizer === null ? null : this.#authorizer.accessOf(session);
  }
}
