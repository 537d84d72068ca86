/** Writes down who could not authenticate, and why; never a password or a token. Of one address ten a second, the rest are counted. */
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';

export interface AuthenticationFailure {
  /** The client's address. */
  readonly from: string;
  readonly listener: string;
  readonly mechanism: string | null;
  /** Whom it claims to be; null where it has not said. */
  readonly user: string | null;
  /** What it calls itself, as `name version` (KIP-511). */
  readonly software: string | null;
  readonly reason: string;
}

const EACH_MS = 1000;
const MOST_LINES = 10;
/** More addresses than this a second are counted together. */
const MOST_ADDRESSES = 1000;
const MOST_CHARACTERS = 200;

export class AuthenticationFailures {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #counted: (listener: string) => void;
  readonly #lines = new Map<string, number>();
  #sinceMs = Number.NEGATIVE_INFINITY;
  #unwritten = 0;

  /** `counted` is told the listener of each failure. */
  constructor(clock: Clock, logger: Logger, counted: (listener: string) => void = () => {}) {
    this.#clock = clock;
    this.#logger = logger;
    this.#counted = counted;
  }

  failed(failure: AuthenticationFailure): void {
    this.#counted(failure.listener);
    const now = this.#clock.monotonic();
    if (now - this.#sinceMs >= EACH_MS) this.#begin(now);
    const { from } = failure;
    const address = this.#lines.size < MOST_ADDRESSES || this.#lines.has(from) ? from : '';
    const lines = (this.#lines.get(address) ?? 0) + 1;
    this.#lines.set(address, lines);
    if (lines > MOST_LINES) this.#unwritten++;
    else this.#logger.warn('authentication-failed', fieldsOf(failure));
  }

  /** How many of the last second are not in the log is told with the next one that is. */
  #begin(now: number): void {
    if (this.#unwritten > 0) this.#logger.warn('authentication-failed', { others: this.#unwritten });
    this.#sinceMs = now;
    this.#unwritten = 0;
    this.#lines.clear();
  }
}

function fieldsOf(failure: AuthenticationFailure): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(failure)) {
    if (typeof value === 'string')
      fields[name] = value.length > MOST_CHARACTERS ? `${value.slice(0, MOST_CHARACTERS)}…` : value;
  }
  return fields;
}
