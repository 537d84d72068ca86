/** What a hostile input is to the suite: what it sends, and what the broker may cost meanwhile. */
import type { Client } from '../../protocol/client.ts';

export interface Limits {
  /** The longest turn of the event loop, in processor time. */
  readonly turnMs: number;
  /** The most resident memory. */
  readonly residentMb: number;
  /** The p99 of a well-behaved client, beyond what it is without the input. */
  readonly neighbourMs: number;
  /** The same as a multiple, where that is less. */
  readonly neighbourTimes?: number;
  /** From SIGTERM to the end of the process. */
  readonly stopMs: number;
  /** From the start of the process to `ready`, on what the input left behind. */
  readonly startMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  turnMs: 50,
  residentMb: 400,
  neighbourMs: 250,
  stopMs: 1000,
  startMs: 5000,
};

/** The broker that an input is sent to. */
export interface Target {
  readonly port: number;
  /** Of the listener that asks who connects; 0 where the input asks for none. */
  readonly securedPort: number;
  connect(): Promise<Client>;
}

/** A second listener, SECURED, on which the well-behaved client has signed in. */
export interface Secured {
  readonly protocol: 'SASL_SSL' | 'SASL_PLAINTEXT';
  /** Of the listener; asked once for each broker. */
  settings(): Promise<Readonly<Record<string, string>>>;
  /** How the well-behaved client signs in, by PLAIN. */
  readonly user: string;
  readonly password: string;
  /** PEM: whom it trusts. */
  ca?(): Promise<string>;
}

export interface Input {
  /** As in the table of docs/performance.md, and as `npm run test:hostile -- NAME` asks for it: kebab-case. */
  readonly name: string;
  /** What it sends, in a few words for the table. */
  readonly what: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly secured?: Secured;
  readonly limits?: Partial<Limits>;
  /** Made before anything is measured, once. */
  prepare?(target: Target): Promise<void>;
  /**
   * Sends it; resolves when the broker has dealt with it. Runs twice on the same log directory: once to its end, once until
   * SIGTERM comes in the middle, and then its failure counts for nothing.
   * @throws when an answer is not what it should be
   */
  run(target: Target): Promise<void>;
}
