/** One request of a client and what came of it. */
import type { ErrorName } from '../../protocol/errors.ts';
import type { ApiName, RequestBody, ResponseBody } from './api-names.ts';
import type { Spoken } from './request-parts.ts';

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

export interface Exchange<Name extends ApiName = ApiName> {
  /** Counts the broker's requests, from 1. */
  readonly number: number;
  readonly api: Name;
  readonly version: number;
  readonly clientId: string | null;
  /** Who sent it: 'User:alice'. */
  readonly principal: string;
  /** The broker (node id) that was asked. */
  readonly broker: number;
  /** Tells connections apart. */
  readonly connection: number;
  readonly correlationId: number;
  /** When it came, milliseconds since 1970 by the broker's clock. */
  readonly at: number;
  readonly outcome: Outcome;
  /** How long the answer took. */
  readonly durationMs: number | null;
  /** The faults that struck, in words. */
  readonly faults: readonly string[];
  /** Fields as in Kafka's message definitions; none where the bytes were no such request, which ended the connection. */
  readonly request: RequestBody<Name>;
  /** What the client was told, faults included; null while it waits, and where it was told nothing. */
  readonly response: ResponseBody<Name> | null;
  /** The errors that the response tells; [] for none. */
  readonly errors: readonly ToldError[];
  /** The topics and partitions that the request names. */
  readonly topics: readonly Spoken[];
  readonly groups: readonly string[];
  readonly transactionalIds: readonly string[];
  /** One line: who asked what, and what came of it. */
  toString(): string;
  /** The same with everything that was said, over many lines. */
  describe(): string;
}
