/**
 * Who looks at the page: the same users that the broker's listeners ask for, signed in by name and password. What a person is told
 * and may change is what Kafka's requests would tell and let them.
 */
import { createHash } from 'node:crypto';
import { systemClock } from '../platform/clock.ts';
import { systemRandom } from '../platform/random.ts';
import type { BrokerDoor, PersonSession } from '../testing/broker-door.ts';
import { SignInQueue } from './sign-in-queue.ts';

/** What of a request says who sends it. */
export interface Sender {
  readonly host: string;
  readonly cookie: string | undefined;
  readonly authorization: string | undefined;
  /** Tells the pages of several brokers on one machine apart: browsers do not. */
  readonly port: string;
}

/** Signed in, or somebody who need not. */
export interface Visitor {
  readonly session: PersonSession;
  /** Null where nobody is asked. */
  readonly name: string | null;
  readonly isOver: () => boolean;
}

interface Known {
  readonly visitor: Visitor;
  readonly untilMs: number;
}

/** So long a person stays signed in, whatever the listener's own sessions take. */
const LONGEST_MS = 12 * 60 * 60 * 1000;
/** So long a password that came with a request is not asked for again. */
const BASIC_MS = 60 * 1000;
const MOST_KNOWN = 1000;
const SECRET_BYTES = 32;

export class Visitors {
  readonly #door: BrokerDoor;
  /** Milliseconds since 1970, by the broker's clock: its sessions end by that. */
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  readonly #queue = new SignInQueue();

  constructor(door: BrokerDoor, now: () => number) {
    this.#door = door;
    this.#now = now;
  }

  /** Whether people have to sign in. */
  get areAsked(): boolean {
    return this.#door.people.kind !== 'anybody';
  }

  /** Null where who sends this has to sign in first. */
  async of(sender: Sender): Promise<Visitor | null> {
    const { people } = this.#door;
    if (people.kind === 'anybody') return { session: people.session(sender.host), name: null, isOver: () => false };
    const { [cookieName(sender.port)]: secret } = cookiesIn(sender.cookie);
    const known = secret === undefined ? null : this.#recalled(secret, sender.host);
    return known ?? (await this.#byBasic(sender));
  }

  /** The value of a cookie; null for a wrong name or password. @throws {ChangeRefused} where too many try at once */
  async signIn(user: string, password: string, sender: Sender): Promise<string | null> {
    const visitor = await this.#visitor(user, password, sender.host);
    if (visitor === null) return null;
    const bytes = Buffer.alloc(SECRET_BYTES);
    systemRandom.fill(bytes);
    const secret = bytes.toString('base64url');
    const isOver = (): boolean => visitor.isOver() || !this.#isKept(secret); // a view that is open ends with it
    this.#keep(secret, { ...visitor, isOver }, LONGEST_MS);
    return secret;
  }

  signOut({ cookie, port }: Sender): void {
    const { [cookieName(port)]: secret } = cookiesIn(cookie);
    if (secret !== undefined) this.#known.delete(digest(secret));
  }

  async #byBasic({ authorization, host }: Sender): Promise<Visitor | null> {
    const login = authorization === undefined ? null : basicLogin(authorization);
    if (login === null) return null;
    const secret = `${host} ${authorization}`;
    const known = this.#recalled(secret, host);
    if (known !== null) return known;
    const visitor = await this.#visitor(login.user, login.password, host);
    if (visitor !== null) this.#keep(secret, visitor, BASIC_MS);
    return visitor;
  }

  async #visitor(user: string, password: string, host: string): Promise<Visitor | null> {
    const { people } = this.#door;
    if (people.kind !== 'users') return null;
    const session = await this.#queue.take(host, () => people.signIn({ user, password }, host));
    if (session === null) return null;
    const { expiresAtMs } = session;
    return { session, name: session.principal.name, isOver: () => expiresAtMs !== null && this.#now() > expiresAtMs };
  }

  /** From the address that signed in alone: ACLs may be about it. */
  #recalled(secret: string, host: string): Visitor | null {
    const key = digest(secret);
    const known = this.#known.get(key);
    if (known === undefined) return null;
    const isOver = known.visitor.isOver() || !this.#isKept(secret);
    if (isOver) this.#known.delete(key);
    return isOver || known.visitor.session.clientHost !== host ? null : known.visitor;
  }

  /** Neither signed out, nor too long ago. */
  #isKept(secret: string): boolean {
    const known = this.#known.get(digest(secret));
    return known !== undefined && systemClock.monotonic() <= known.untilMs;
  }

  #keep(secret: string, visitor: Visitor, forMs: number): void {
    if (this.#known.size >= MOST_KNOWN) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(digest(secret), { visitor, untilMs: systemClock.monotonic() + forMs });
  }
}

export function cookieName(port: string): string {
  return `ottla-page-${port}`;
}

/** Not readable for any code, and sent to this page alone. */
export function cookieOf(port: string, secret: string): string {
  return `${cookieName(port)}=${secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${LONGEST_MS / 1000}`;
}

function cookiesIn(header: string | undefined): Record<string, string> {
  const cookies: Record<string, string> = {};
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0) cookies[part.slice(0, at).trim()] = part.slice(at + 1).trim();
  }
  return cookies;
}

function basicLogin(authorization: string): { user: string; password: string } | null {
  const found = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization);
  if (found === null) return null;
  const text = Buffer.from(found[1], 'base64').toString();
  const at = text.indexOf(':');
  return at < 0 ? null : { user: text.slice(0, at), password: text.slice(at + 1) };
}

/** What is kept signs nobody in. */
function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}
