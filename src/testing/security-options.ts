/** What a test may say of who connects to its broker, and what it is told for its clients. */
import type { IssuedCertificate } from '../credentials/certificate-authority.ts';
import type { Duration } from './duration.ts';

export type Mechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER';

export const MECHANISMS: readonly Mechanism[] = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'];

export interface TlsOptions {
  /** Whether clients show a certificate: 'required', 'requested', or 'none' unless given. */
  readonly clientAuth?: 'none' | 'requested' | 'required';
  /** An authority of your own, in PEM, with a key on the curve P-256; unless given, one that the process makes. */
  readonly authority?: IssuedCertificate;
}

/** A password, or a password and what else the user is. */
export type UserSpec = string | { readonly password: string; readonly superUser?: boolean };

export interface SecurityOptions {
  /** TLS, with a certificate for localhost of an authority that the process makes; `kafka.clientOptions()` trusts it. */
  readonly tls?: boolean | TlsOptions;
  /** Users by name, who sign in by SASL: `{ alice: 'secret' }`. */
  readonly users?: Readonly<Record<string, UserSpec>>;
  /** Takes tokens too (OAUTHBEARER), signed by `kafka.oauth.token('alice')`. */
  readonly oauth?: boolean;
  /** The mechanisms on offer: PLAIN and both SCRAMs unless given, and OAUTHBEARER with `oauth`. */
  readonly mechanisms?: readonly Mechanism[];
}

/** What clients written in JavaScript are told, in the words of kafkajs: `new Kafka({ ...kafka.clientOptions('alice') })`. */
export interface ClientOptions {
  readonly brokers: string[];
  readonly ssl?: { readonly ca: string[]; readonly cert?: string; readonly key?: string };
  readonly sasl?: SaslLogin<'plain'> | SaslLogin<'scram-sha-256'> | SaslLogin<'scram-sha-512'> | SaslToken;
}

export interface SaslLogin<Name extends string> {
  readonly mechanism: Name;
  readonly username: string;
  readonly password: string;
}

export interface SaslToken {
  readonly mechanism: 'oauthbearer';
  readonly oauthBearerProvider: () => Promise<{ readonly value: string }>;
}

export interface ClientChoice {
  /** The first of those on offer that the client has, unless given. */
  readonly mechanism?: Mechanism;
}

export interface IssueOptions {
  /** How long it is valid: '1d' unless given. */
  readonly expiresIn?: Duration;
  /** RFC 4514, such as `CN=carol,OU=Users`; `CN=<name>` unless given. */
  readonly subject?: string;
}

export interface TokenOptions {
  readonly scope?: string;
  /** '1h' unless given. */
  readonly expiresIn?: Duration;
}

export interface TestUsers {
  add(name: string, password: string): Promise<void>;
  /** Connections that have signed in stay until they have to sign in again. */
  remove(name: string): Promise<void>;
  setPassword(name: string, password: string): Promise<void>;
  readonly names: readonly string[];
}

export interface TestCertificates {
  /** PEM: the authority that clients have to trust. */
  readonly authority: string;
  /** A certificate of a client, and its key; `clientOptions(name)` shows it from then on. */
  issue(name: string, options?: IssueOptions): Promise<IssuedCertificate>;
  /** The broker shows another certificate, of the same authority. Connections that are open stay. */
  rotate(): Promise<void>;
  /** The broker shows one that has expired: clients that connect fail with their own error. `rotate` mends that. */
  expire(): Promise<void>;
}

export interface TestOAuth {
  /** A token, signed by the keys that the broker knows. */
  token(user: string, options?: TokenOptions): string;
}
