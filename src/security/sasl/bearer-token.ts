/**
 * Where who signs in by OAUTHBEARER has a token from: a file, an authority that gives tokens for client credentials (RFC 6749, 4.4), or,
 * for development, its own word without a signature. As Kafka's OAuthBearerLoginCallbackHandler and its unsecured one have it.
 */
import { ConfigError } from '../../config/definition.ts';
import type { Clock } from '../../platform/clock.ts';
import { postForm, readDocument } from '../../platform/document.ts';
import { documentUrl } from './document-url.ts';

export type TokenKey =
  | 'sasl.oauthbearer.token.endpoint.url'
  | 'sasl.oauthbearer.client.credentials.client.id'
  | 'sasl.oauthbearer.client.credentials.client.secret'
  | 'sasl.oauthbearer.scope';

/** Where its settings stand: a listener of a broker, or the properties of a client. */
export interface TokenSettings {
  /** Null: not set. */
  text(key: TokenKey): string | null;
  /** As it is told in messages. */
  nameOf(key: TokenKey | 'sasl.jaas.config'): string;
  /** Of the login module. */
  readonly options: ReadonlyMap<string, string>;
}

const ENDPOINT = 'sasl.oauthbearer.token.endpoint.url';
const DOCUMENT = { mostBytes: 1 << 20, timeoutMs: 10_000 };
const CLAIM = 'unsecuredLoginStringClaim_';
const AN_HOUR_S = 3600;
const MS = 1000;

/** Asks for one. @throws {ConfigError} and rejects with it, for settings that do not say how; rejects where none is to be had */
export async function bearerToken(settings: TokenSettings, clock: Pick<Clock, 'now'>): Promise<string> {
  const source = sourceOf(settings);
  if (source === null) return unsignedToken(settings, clock.now());
  try {
    return await tokenFrom(source);
  } catch (error) {
    const { protocol, href } = source.url;
    const where = protocol === 'data:' ? 'data:…' : href; // such a one is the token
    throw new Error(`${settings.nameOf(ENDPOINT)}=${where}: ${(error as Error).message}`, { cause: error });
  }
}

async function tokenFrom({ url, credentials }: Source): Promise<string> {
  if (credentials === null) return (await readDocument(url, DOCUMENT)).trim();
  const { id, secret, scope } = credentials;
  const form = { grant_type: 'client_credentials', ...(scope === null ? {} : { scope }) };
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  return accessTokenIn(await postForm(url, form, { authorization }, DOCUMENT));
}

/** @throws {Error} for an answer that gives none, or is no JSON, as the page of a proxy is not */
function accessTokenIn(answer: string): string {
  let token: unknown;
  try {
    token = (JSON.parse(answer) as { access_token?: unknown } | null)?.access_token;
  } catch {
    token = undefined;
  }
  if (typeof token === 'string') return token;
  throw new Error('it answers without an access_token');
}

interface Source {
  readonly url: URL;
  /** Null: the token itself lies there. */
  readonly credentials: { readonly id: string; readonly secret: string; readonly scope: string | null } | null;
}

/** Null: it is made here, without a signature. @throws {ConfigError} for settings that do not say how */
function sourceOf(settings: TokenSettings): Source | null {
  const text = settings.text(ENDPOINT);
  if (text === null || text === '') {
    subjectOf(settings);
    return null;
  }
  const url = documentUrl(settings.nameOf(ENDPOINT), text);
  if (url.protocol === 'file:' || url.protocol === 'data:') return { url, credentials: null };
  const id = credential(settings, 'client.id', 'clientId');
  const secret = credential(settings, 'client.secret', 'clientSecret');
  const scope = settings.text('sasl.oauthbearer.scope') ?? settings.options.get('scope') ?? null;
  return { url, credentials: { id, secret, scope } };
}

function credential(settings: TokenSettings, name: 'client.id' | 'client.secret', option: string): string {
  const key = `sasl.oauthbearer.client.credentials.${name}` as const;
  const value = settings.text(key) ?? settings.options.get(option);
  if (value !== undefined && value !== '') return value;
  throw new ConfigError(
    `${settings.nameOf('sasl.jaas.config')} has no ${option}="…", and ${settings.nameOf(key)} is not set`,
  );
}

function subjectOf(settings: TokenSettings): string {
  const subject = settings.options.get(`${CLAIM}sub`);
  if (subject !== undefined && subject !== '') return subject;
  throw new ConfigError(
    `${settings.nameOf(ENDPOINT)} is not set, and ${settings.nameOf('sasl.jaas.config')} has no ${CLAIM}sub="…"`,
  );
}

function unsignedToken({ options }: TokenSettings, nowMs: number): string {
  const now = Math.floor(nowMs / MS);
  const claims: Record<string, unknown> = { iat: now, exp: now + AN_HOUR_S };
  for (const [name, value] of options) if (name.startsWith(CLAIM)) claims[name.slice(CLAIM.length)] = value;
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims)}.`;
}

/** Of its lifetime; then the next one is asked for, as Kafka's sasl.login.refresh.window.factor has it. */
const USED = 0.8;
/** A token that does not say when it ends. */
const UNKNOWN_MS = 60_000;
const AGAIN_MS = 1000;

/** The token of a process that connects again and again: the same one, until most of its time is over. */
export class BearerTokens {
  readonly #settings: () => TokenSettings;
  readonly #clock: Clock;
  #token: { readonly text: string; readonly endsAtMs: number } | null = null;
  #renewAtMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | null = null;

  /** @throws {ConfigError} for settings that do not say where it is from */
  constructor(settings: () => TokenSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    sourceOf(settings());
  }

  /** Rejects where none is to be had, and the one from before has ended. */
  async current(): Promise<string> {
    if (this.#clock.now() >= this.#renewAtMs) await (this.#asking ??= this.#ask().finally(() => (this.#asking = null)));
    return this.#token!.text; // there is one now
  }

  async #ask(): Promise<void> {
    const now = this.#clock.now();
    try {
      const text = await bearerToken(this.#settings(), this.#clock);
      const endsAtMs = endOf(text) ?? now + UNKNOWN_MS;
      this.#token = { text, endsAtMs };
      this.#renewAtMs = now + Math.max(AGAIN_MS, (endsAtMs - now) * USED);
    } catch (error) {
      this.#renewAtMs = now + AGAIN_MS;
      if (this.#token === null || this.#token.endsAtMs <= now) {
        this.#renewAtMs = Number.NEGATIVE_INFINITY;
        throw error;
      }
    }
  }
}

/** In ms since 1970; null for what is no JWT, or has no end. */
function endOf(token: string): number | null {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split('.', 3)[1], 'base64url').toString()) as { exp?: unknown };
    return typeof exp === 'number' ? exp * MS : null;
  } catch {
    return null;
  }
}
