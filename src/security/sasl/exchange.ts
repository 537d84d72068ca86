/**
 * Authenticates one connection, as Kafka's SaslServerAuthenticator does, and again where its session ends (KIP-368):
 *
 *     begun ──ApiVersions (once)──▶ asked ──SaslHandshake v1──▶ tokens ──SaslAuthenticate…──▶ authenticated
 *       └─────────────SaslHandshake v0──▶ bare tokens ──frames without a header…──┘             │  └─ past its end: closed
 *                                                                 ▲                             │
 *                          the same mechanism and principal ──────┴────────SaslHandshake────────┘
 *
 * What is refused for its credentials is answered, and closed, after connection.failed.authentication.delay.ms; until then nothing
 * is read. What breaks the protocol closes at once.
 */
import { ApiVersions } from '../../../protocol/apis/18-api-versions.ts';
import { SaslAuthenticate } from '../../../protocol/apis/36-sasl-authenticate.ts';
import { SaslHandshake } from '../../../protocol/apis/17-sasl-handshake.ts';
import { requestCodec, responseCodec } from '../../../protocol/compile.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { readRequestHeader, writeResponseHeader, type RequestHeader } from '../../../protocol/header.ts';
import { InvalidRequest, Reader } from '../../../protocol/reader.ts';
import { includes, type Api, type Draft, type Fields } from '../../../protocol/schema.ts';
import { Writer } from '../../../protocol/writer.ts';
import type { Clock } from '../../platform/clock.ts';
import type { AuthenticationFailures } from '../authentication-failures.ts';
import type { Gate, GateAnswer } from '../gate.ts';
import { isSamePrincipal, USER, type Principal } from '../principal.ts';
import { sessionOf, type Session } from '../session.ts';
import { SaslFault, SaslRefused, type Authenticated, type SaslMechanism, type SaslServer } from './mechanism.ts';

/** What all connections of a listener share. */
export interface SaslListener {
  readonly clock: Clock;
  readonly failures: AuthenticationFailures;
  /** Those on offer, in the order of sasl.enabled.mechanisms. */
  mechanisms(): ReadonlyMap<string, SaslMechanism>;
  /** connections.max.reauth.ms, for a mechanism; 0: sessions do not end. */
  maxReauthMs(mechanism: string): number;
  readonly maxReceiveBytes: number;
  readonly failureDelayMs: number;
  /** The contents of the answer to a request that comes when none may; null where it cannot be read. */
  refusal(header: RequestHeader, body: Reader, errorCode: number): Uint8Array | null;
}

/** What the exchange tells its connection. */
export interface AuthenticatedConnection {
  /** `isOver`: the gate is not asked again. */
  authenticated(session: Session, isOver: boolean): void;
  /** Its session has ended, and its client asks for more: it is closed. */
  expired(): void;
}

type State = 'begun' | 'asked' | 'tokens' | 'bare tokens' | 'other mechanism' | 'authenticated' | 'failed';

/** Kafka's least time between two re-authentications. */
const REAUTHENTICATION_MS = 1000;

/** 31 years. Java's clients count a session in nanoseconds of 64 bits, and refuse one of more than 292 years: a longer one does not end. */
const LONGEST_SESSION_MS = 1e12;

/** Closes after the delay: with these contents, or none. */
class Refused extends Error {
  readonly contents: Uint8Array | null;

  constructor(reason: string, contents: Uint8Array | null = null) {
    super(reason);
    this.contents = contents;
  }
}

export class SaslGate implements Gate {
  readonly #listener: SaslListener;
  readonly #connection: AuthenticatedConnection;
  #session: Session;
  #state: State = 'begun';
  #server: SaslServer | null = null;
  #mechanism = '';
  /** Set while it authenticates again: who it was before. */
  #before: Session | null = null;
  #lastReauthenticationMs = Number.NEGATIVE_INFINITY;
  #software: string | null = null;

  constructor(listener: SaslListener, session: Session, connection: AuthenticatedConnection) {
    this.#listener = listener;
    this.#session = session;
    this.#connection = connection;
  }

  get isAuthenticated(): boolean {
    return this.#state === 'authenticated';
  }

  get maxFrameBytes(): number | null {
    return this.#state === 'authenticated' ? null : this.#listener.maxReceiveBytes;
  }

  get takesRequests(): boolean {
    return this.#state !== 'bare tokens';
  }

  take(reader: Reader): Promise<GateAnswer> | null {
    if (this.#state === 'authenticated' && !this.#beginsAgain(reader)) return null;
    if (this.#state === 'begun' && isApiVersions(reader)) {
      this.#noteApiVersions(reader);
      return null; // its handler answers it
    }
    const frame = Buffer.from(reader.buffer.subarray(reader.position, reader.end));
    return this.#answer(() => this.#step(frame));
  }

  refuseSize(bytes: number): Promise<GateAnswer> {
    return this.#answer(() => {
      throw new Refused(
        `a frame of ${bytes} bytes is announced, up to ${this.#listener.maxReceiveBytes} (sasl.server.max.receive.size) are allowed`,
      );
    });
  }

  /** Whether the frame begins re-authentication. @throws {InvalidRequest} where the session is over */
  #beginsAgain({ buffer, position, end }: Reader): boolean {
    const { expiresAtMs, mechanism } = this.#session;
    if (expiresAtMs === null) return false;
    const { clock } = this.#listener;
    const isHandshake = end - position >= 2 && buffer.readInt16BE(position) === SaslHandshake.key;
    const monotonic = clock.monotonic();
    if (isHandshake && monotonic - this.#lastReauthenticationMs >= REAUTHENTICATION_MS) {
      this.#lastReauthenticationMs = monotonic;
      this.#before = this.#session;
      this.#mechanism = mechanism ?? '';
      this.#state = 'asked';
      return true;
    }
    if (clock.now() <= expiresAtMs) return false;
    this.#connection.expired();
    throw new InvalidRequest(
      'its session has ended (connections.max.reauth.ms, or its token): it has to sign in again',
    );
  }

  /** One that is answered with an error may be sent again. */
  #noteApiVersions(reader: Reader): void {
    const own = new Reader(reader.buffer, reader.position, reader.end, reader.elementsLeft);
    const { apiVersion } = readRequestHeader(own);
    if (!includes(ApiVersions.versions, apiVersion)) return;
    const { clientSoftwareName, clientSoftwareVersion } = requestCodec(ApiVersions, apiVersion).decode(own);
    const isNamed = SOFTWARE.test(clientSoftwareName) && SOFTWARE.test(clientSoftwareVersion);
    if (apiVersion >= NAMED_SINCE && !isNamed) return;
    if (isNamed) this.#software = `${clientSoftwareName} ${clientSoftwareVersion}`;
    this.#state = 'asked';
  }

  async #answer(step: () => Uint8Array | null | Promise<Uint8Array | null>): Promise<GateAnswer> {
    try {
      return { contents: await step(), closes: null };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#state = 'failed';
      this.#failed(error.message);
      await this.#delay();
      return { contents: error.contents, closes: `authentication failed: ${error.message}` };
    }
  }

  #delay(): Promise<void> {
    const { clock, failureDelayMs } = this.#listener;
    if (failureDelayMs <= 0) return Promise.resolve();
    return new Promise((resolve) => void clock.after(failureDelayMs, resolve));
  }

  #failed(reason: string): void {
    const { clientHost, listenerName } = this.#session;
    this.#listener.failures.failed({
      from: clientHost,
      listener: listenerName,
      mechanism: this.#mechanism || null,
      user: this.#server?.user ?? null,
      software: this.#software,
      reason,
    });
  }

  #step(frame: Buffer): Uint8Array | null | Promise<Uint8Array | null> {
    switch (this.#state) {
      case 'begun':
      case 'asked':
        return this.#handshake(frame);
      case 'tokens':
        return this.#token(frame);
      case 'bare tokens':
        return this.#bareToken(frame);
      case 'other mechanism':
        throw new Refused(
          `SASL mechanism '${this.#mechanism}' requested by client is not supported for re-authentication of mechanism ` +
            `'${this.#before?.mechanism}'`,
        );
      default:
        throw new InvalidRequest('it has been refused');
    }
  }

  #handshake(frame: Buffer): Uint8Array {
    const { header, body } = this.#request(frame);
    if (header.apiKey !== SaslHandshake.key) {
      throw new InvalidRequest(`API key ${header.apiKey} is asked for before the client has authenticated`);
    }
    const { apiVersion } = header;
    if (!includes(SaslHandshake.versions, apiVersion))
      throw new InvalidRequest(`SaslHandshake v${apiVersion} is not served`);
    const { mechanism } = requestCodec(SaslHandshake, apiVersion).decode(body);
    const offered = this.#listener.mechanisms();
    const found = offered.get(mechanism);
    const errorCode = found === undefined ? ErrorCode.UNSUPPORTED_SASL_MECHANISM : ErrorCode.NONE;
    const contents = contentsOf(SaslHandshake, header, { errorCode, mechanisms: [...offered.keys()] });
    if (found === undefined) throw new Refused(`Unsupported SASL mechanism ${shown(mechanism)}`, contents);
    this.#mechanism = mechanism;
    if (this.#before !== null && this.#before.mechanism !== mechanism) {
      this.#state = 'other mechanism';
      return contents;
    }
    this.#server = found.begin();
    this.#state = apiVersion === 0 ? 'bare tokens' : 'tokens';
    return contents;
  }

  /** What comes first and is no request of Kafka's may be a token of a client from before SaslHandshake (GSSAPI alone). */
  #request(frame: Buffer): { readonly header: RequestHeader; readonly body: Reader } {
    const body = new Reader(frame);
    try {
      return { header: readRequestHeader(body), body };
    } catch (error) {
      if (this.#state !== 'begun' || !(error instanceof InvalidRequest)) throw error;
      throw new InvalidRequest('the first frame is no request of Kafka’s, and GSSAPI is not served');
    }
  }

  async #token(frame: Buffer): Promise<Uint8Array> {
    const body = new Reader(frame);
    const header = readRequestHeader(body);
    if (header.apiKey !== SaslAuthenticate.key) {
      const refusal = this.#listener.refusal(header, body, ErrorCode.ILLEGAL_SASL_STATE);
      if (refusal === null) throw new InvalidRequest(`API key ${header.apiKey} is asked for during authentication`);
      throw new Refused(`API key ${header.apiKey} is asked for during authentication`, refusal);
    }
    const { apiVersion } = header;
    if (!includes(SaslAuthenticate.versions, apiVersion)) {
      throw new InvalidRequest(`SaslAuthenticate v${apiVersion} is not served`);
    }
    const { authBytes } = requestCodec(SaslAuthenticate, apiVersion).decode(body);
    const answer = (errorCode: number, errorMessage: string, token: Uint8Array, sessionLifetimeMs = 0) =>
      contentsOf(SaslAuthenticate, header, { errorCode, errorMessage, authBytes: token, sessionLifetimeMs });
    try {
      const { challenge, done } = await this.#server!.next(Buffer.from(authBytes));
      const lifetimeMs = done === null ? 0 : this.#authenticated(done);
      return answer(ErrorCode.NONE, '', challenge, lifetimeMs);
    } catch (error) {
      const told = this.#sentenceOf(error);
      throw new Refused(logged(error, told), answer(ErrorCode.SASL_AUTHENTICATION_FAILED, told, NOTHING));
    }
  }

  async #bareToken(frame: Buffer): Promise<Uint8Array> {
    try {
      const { challenge, done } = await this.#server!.next(frame);
      if (done !== null) this.#authenticated(done);
      return challenge;
    } catch (error) {
      throw new Refused(logged(error, this.#sentenceOf(error)));
    }
  }

  #sentenceOf(error: unknown): string {
    if (error instanceof SaslRefused) return error.message;
    if (!(error instanceof SaslFault)) throw error;
    const what = this.#before === null ? 'authentication' : 're-authentication';
    return `Authentication failed during ${what} due to invalid credentials with SASL mechanism ${this.#mechanism}`;
  }

  /** Answers for how long the session lasts; 0: it does not end. */
  #authenticated({ user, tokenAuthenticated, endsAtMs }: Authenticated): number {
    const principal: Principal = { type: USER, name: user, tokenAuthenticated };
    this.#refuseOther(principal);
    const { clock } = this.#listener;
    const now = clock.now();
    const mostMs = this.#listener.maxReauthMs(this.#mechanism);
    const ends = Math.min(endsAtMs ?? Infinity, mostMs > 0 ? now + mostMs : Infinity);
    const isUnending = ends - now > LONGEST_SESSION_MS;
    const lifetimeMs = isUnending ? 0 : Math.max(0, ends - now);
    const expiresAtMs = isUnending ? null : now + lifetimeMs;
    this.#session = sessionOf({ ...this.#session, principal, mechanism: this.#mechanism, expiresAtMs });
    this.#before = null;
    this.#server = null;
    this.#state = 'authenticated';
    this.#connection.authenticated(this.#session, expiresAtMs === null);
    return lifetimeMs;
  }

  #refuseOther(principal: Principal): void {
    const before = this.#before?.principal;
    if (before === undefined || isSamePrincipal(before, principal)) return;
    throw new SaslRefused(
      `Cannot change principals during re-authentication from ${before.type}.${before.name}: ` +
        `${principal.type}.${principal.name}`,
    );
  }
}

const NOTHING = Buffer.alloc(0);
/** As KIP-511 has names of clients' software. */
const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;
const NAMED_SINCE = 3;
const SHOWN = 100;

function isApiVersions({ buffer, position, end }: Reader): boolean {
  return end - position >= 2 && buffer.readInt16BE(position) === ApiVersions.key;
}

function contentsOf<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  { apiVersion, correlationId }: RequestHeader,
  response: Draft<Res>,
): Buffer {
  const writer = new Writer();
  writeResponseHeader(writer, api, apiVersion, correlationId);
  responseCodec(api, apiVersion).encode(writer, response);
  return writer.finish();
}

/** For the log: what the client is told, and what it is not. */
function logged(error: unknown, told: string): string {
  if (error instanceof SaslFault) return `${told} (${error.message})`;
  return error instanceof SaslRefused && error.detail !== null ? `${told} (${error.detail})` : told;
}

/** What a client sends stands in the log as a word of bounded length. */
function shown(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
