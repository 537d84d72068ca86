/** What a handler knows of a request besides its body. */
import type { Access } from '../security/access.ts';
import type { Session } from '../security/session.ts';
import type { ConnectionThrottle } from './connection-throttle.ts';
import type { PendingWaits } from './pending-waits.ts';

/** Immutable: a handler that waits may keep it. Requests of one connection that differ in nothing of it share one. */
export interface RequestContext {
  readonly session: Session;
  /** What the client may do; null where there is no authorizer: everything. */
  readonly access: Access | null;
  /** Unique among this broker's connections, from its first to its last. */
  readonly connectionId: number;
  readonly apiVersion: number;
  readonly clientId: string | null;
  /** Of the connection: a handler that waits adds how its wait is cancelled. */
  readonly waits: PendingWaits;
  /** Of the connection: what a handler adds, it is throttled for. */
  readonly throttle: ConnectionThrottle;
}
