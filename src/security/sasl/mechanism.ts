/** What the server's side of each SASL mechanism is to the exchange. */

/** Refuses a client with a sentence that it is told. */
export class SaslRefused extends Error {
  override readonly name = 'SaslRefused';
  /** For the log alone. */
  readonly detail: string | null;

  constructor(message: string, detail: string | null = null) {
    super(message);
    this.detail = detail;
  }
}

/** Refuses a client that is told only that its credentials are not good; the message is for the log. */
export class SaslFault extends Error {
  override readonly name = 'SaslFault';
}

/** Who the client has proved to be. */
export interface Authenticated {
  readonly user: string;
  /** By a delegation token. */
  readonly tokenAuthenticated: boolean;
  /** When what it has signed in with ends, in ms since 1970; null: never. */
  readonly endsAtMs: number | null;
}

export interface SaslStep {
  readonly challenge: Buffer;
  /** Null: a further token of the client is expected. */
  readonly done: Authenticated | null;
}

/** One exchange. */
export interface SaslServer {
  /** Whom the client claims to be, as far as it has said so; for the log. */
  readonly user: string | null;
  /** @throws {SaslRefused} {SaslFault} and rejects with them */
  next(token: Buffer): SaslStep | Promise<SaslStep>;
}

/** A mechanism that a listener offers. */
export interface SaslMechanism {
  readonly name: string;
  begin(): SaslServer;
}

export const NO_CHALLENGE = Buffer.alloc(0);
