/**
 * Who may connect to a test's broker: its users, certificates and tokens. All of it lies on one port, whose protocol follows from what
 * the test asks for; nothing is written to a disk, and nothing asks the network.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { ResourceType } from '../cluster/image.ts';
import type { MetadataDraft } from '../cluster/metadata-records.ts';
import { isScram } from '../../protocol/sasl/scram.ts';
import type { RunningBroker } from '../broker/broker.ts';
import { systemClock } from '../platform/clock.ts';
import type { CertificateAuthority, IssuedCertificate } from '../credentials/certificate-authority.ts';
import { jaasText, plainUsers, plainUsersKey } from '../credentials/plain-users.ts';
import { milliseconds } from './duration.ts';
import { checkWord } from './known-keys.ts';
import type { BadCertificates } from './handshake-faults.ts';
import { firstCertificate, scramRecord, theAuthority, unknownAuthority } from './made-once.ts';
import { PeerLogins } from './peer-logins.ts';
import {
  MECHANISMS,
  type ClientChoice,
  type ClientOptions,
  type Mechanism,
  type SecurityOptions,
  type TestCertificates,
  type TestOAuth,
  type TestUsers,
  type TokenOptions,
  type UserSpec,
} from './security-options.ts';
import { AUDIENCE, ISSUER, KEY_ID, signedToken } from './signed-token.ts';
import type { TestMetadata } from './test-metadata.ts';

const LOOPBACK = ['localhost', '127.0.0.1', '::1'];
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Clients' certificates are named simply: `User:alice` for CN=alice. */
const SIMPLE_NAMES = 'RULE:^CN=([^,]*)$/$1/,DEFAULT';

const KAFKAJS_NAMES = {
  PLAIN: 'plain',
  'SCRAM-SHA-256': 'scram-sha-256',
  'SCRAM-SHA-512': 'scram-sha-512',
} as const;

/** The listener that it is about, where that is not the only one. */
export interface SecuredListener {
  /** The name of its protocol unless given. */
  readonly listener?: string;
  /** By which clients reach it; this machine's own names unless given. */
  readonly hosts?: readonly string[];
}

/** Null where the test asks for nothing of it. */
export async function securityOf(
  options: SecurityOptions,
  now: () => number,
  secured: SecuredListener = {},
): Promise<TestSecurity | null> {
  const { tls = false, users, oauth = false, mechanisms } = options;
  const hasSasl = users !== undefined || oauth || mechanisms !== undefined;
  if (tls === false && !hasSasl) return null;
  const offered = mechanisms ?? [
    ...(users === undefined ? [] : (['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)),
    ...(oauth ? (['OAUTHBEARER'] as const) : []),
  ];
  const { clientAuth = 'none', authority: own } = typeof tls === 'object' ? tls : {};
  const issuer = tls === false ? null : await theAuthority(own);
  const security = new TestSecurity({ mechanisms: hasSasl ? offered : [], clientAuth, issuer, now, secured });
  await security.begin(users ?? {});
  return security;
}

interface Said {
  /** None: the broker asks for no SASL. */
  readonly mechanisms: readonly Mechanism[];
  readonly clientAuth: 'none' | 'requested' | 'required';
  readonly issuer: CertificateAuthority | null;
  /** The broker's clock. */
  readonly now: () => number;
  readonly secured: SecuredListener;
}

export class TestSecurity {
  readonly protocol: 'SSL' | 'SASL_SSL' | 'SASL_PLAINTEXT';
  readonly users: TestUsers;
  readonly certificates: TestCertificates;
  readonly oauth: TestOAuth;
  readonly #said: Said;
  readonly #passwords = new Map<string, string>();
  /** Of the start. */
  #users: Readonly<Record<string, UserSpec>> = {};
  readonly #superUsers: string[] = [];
  readonly peers = new PeerLogins();
  readonly #shown = new Map<string, IssuedCertificate>();
  readonly #tokenKey: KeyObject | null;
  readonly #keySet: string;
  #server: IssuedCertificate | null = null;
  #running: { readonly broker: RunningBroker; readonly metadata: TestMetadata } | null = null;

  constructor(said: Said) {
    this.#said = said;
    const hasSasl = said.mechanisms.length > 0;
    this.protocol = said.issuer === null ? 'SASL_PLAINTEXT' : hasSasl ? 'SASL_SSL' : 'SSL';
    const keys = said.mechanisms.includes('OAUTHBEARER') ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : null;
    this.#tokenKey = keys === null ? null : keys.privateKey;
    const jwk =
      keys === null ? null : { ...keys.publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'ES256', use: 'sig' };
    this.#keySet = JSON.stringify({ keys: jwk === null ? [] : [jwk] });
    this.users = this.#makeUsers();
    this.certificates = this.#makeCertificates();
    this.oauth = { token: (user, options) => this.#token(user, options) };
  }

  async begin(users: Readonly<Record<string, UserSpec>>): Promise<void> {
    this.#users = users;
    this.#takeUsers();
    for (const [name, spec] of Object.entries(users)) {
      if (typeof spec === 'object' && spec.superUser === true) this.#superUsers.push(`User:${name}`);
    }
    if (this.#said.issuer === null) return;
    const { issuer, secured } = this.#said;
    this.#server = await firstCertificate(issuer, secured.hosts ?? [], () => this.#issueForServer(DAY_MS));
    if (this.#said.clientAuth !== 'none')
      for (const name of this.#passwords.keys()) await this.certificates.issue(name);
  }

  /** Null: the broker speaks no TLS. */
  get badCertificates(): BadCertificates | null {
    const { issuer } = this.#said;
    if (issuer === null) return null;
    return {
      expired: () => this.#issueForServer(-MINUTE_MS),
      ofUnknownAuthority: async () => {
        return this.#issueForServer(DAY_MS, await unknownAuthority());
      },
    };
  }

  /** Of several brokers: how they connect to one another. */
  peerSettings(): Record<string, string> {
    return this.peers.settings(this.protocol, this.#superUsers);
  }

  /** Of the listener, by the names that Kafka has for them. */
  settings(): Record<string, string> {
    const { mechanisms, issuer, clientAuth } = this.#said;
    const prefix = `listener.name.${this.#listener}.`;
    return {
      ...(this.#superUsers.length === 0 ? {} : { 'super.users': this.#superUsers.join(';') }),
      // A clock that stands still would never let a client know that it was refused.
      ...(mechanisms.length === 0
        ? {}
        : { 'sasl.enabled.mechanisms': mechanisms.join(','), 'connection.failed.authentication.delay.ms': '0' }),
      ...(mechanisms.includes('PLAIN') ? { [this.#jaasKey]: plainUsers(this.#passwords) } : {}),
      ...(mechanisms.includes('OAUTHBEARER')
        ? {
            'sasl.oauthbearer.jwks.endpoint.url': `data:application/json,${encodeURIComponent(this.#keySet)}`,
            'sasl.oauthbearer.expected.issuer': ISSUER,
            'sasl.oauthbearer.expected.audience': AUDIENCE,
          }
        : {}),
      ...(issuer === null
        ? {}
        : {
            ...this.#keyStore(),
            [`${prefix}ssl.truststore.type`]: 'PEM',
            [`${prefix}ssl.truststore.certificates`]: issuer.certificate,
            [`${prefix}ssl.client.auth`]: clientAuth,
            'ssl.principal.mapping.rules': SIMPLE_NAMES,
          }),
    };
  }

  /** Once the broker runs: users are part of the cluster's metadata. */
  async provide(broker: RunningBroker, metadata: TestMetadata): Promise<void> {
    this.#running = { broker, metadata };
    const records = [...this.#passwords].flatMap(([name, password]) => this.#credentials(name, password));
    if (records.length > 0) await metadata.change(() => records);
  }

  /** After a reset: the users are those of the start. For PLAIN they are, by the settings of the broker. */
  async reset(broker: RunningBroker, metadata: TestMetadata): Promise<void> {
    this.#takeUsers();
    const gone = Array.from(metadata.image.scramCredentials.values(), ({ name, mechanism }): MetadataDraft => {
      return { type: 'RemoveUserScramCredentialRecord', name, mechanism };
    });
    if (gone.length > 0) await metadata.change(() => gone);
    await this.provide(broker, metadata);
  }

  #takeUsers(): void {
    this.#passwords.clear();
    for (const [name, spec] of Object.entries(this.#users)) {
      this.#passwords.set(name, typeof spec === 'string' ? spec : spec.password);
    }
  }

  clientOptions(brokers: string[], user: string | undefined, { mechanism }: ClientChoice): ClientOptions {
    const { issuer, mechanisms } = this.#said;
    const own = user === undefined ? undefined : this.#shown.get(user);
    const ssl = issuer === null ? {} : { ssl: { ca: [issuer.certificate], ...(own === undefined ? {} : pemOf(own)) } };
    if (mechanisms.length === 0 || user === undefined) return { brokers, ...ssl };
    const chosen = this.#choose(user, mechanism);
    if (chosen === 'OAUTHBEARER') {
      const oauthBearerProvider = (): Promise<{ value: string }> => Promise.resolve({ value: this.#token(user) });
      return { brokers, ...ssl, sasl: { mechanism: 'oauthbearer', oauthBearerProvider } };
    }
    const login = { username: user, password: this.#passwordOf(user) };
    return { brokers, ...ssl, sasl: { mechanism: KAFKAJS_NAMES[chosen], ...login } };
  }

  properties(bootstrapServers: string, user: string | undefined, { mechanism }: ClientChoice): Record<string, string> {
    const { issuer, mechanisms } = this.#said;
    const own = user === undefined ? undefined : this.#shown.get(user);
    return {
      'bootstrap.servers': bootstrapServers,
      'security.protocol': this.protocol,
      ...(issuer === null ? {} : { 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': issuer.certificate }),
      ...(own === undefined
        ? {}
        : {
            'ssl.keystore.type': 'PEM',
            'ssl.keystore.key': own.key,
            'ssl.keystore.certificate.chain': own.certificate,
          }),
      ...(mechanisms.length === 0 || user === undefined
        ? {}
        : this.#saslProperties(user, this.#choose(user, mechanism))),
    };
  }

  #saslProperties(user: string, mechanism: Mechanism): Record<string, string> {
    const security = 'org.apache.kafka.common.security';
    if (mechanism === 'OAUTHBEARER') {
      const url = `data:,${this.#token(user)}`;
      return {
        'sasl.mechanism': mechanism,
        'sasl.jaas.config': `${security}.oauthbearer.OAuthBearerLoginModule required;`,
        'sasl.oauthbearer.token.endpoint.url': url,
      };
    }
    const module = mechanism === 'PLAIN' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule';
    const login = `username="${jaasText(user)}" password="${jaasText(this.#passwordOf(user))}"`;
    return { 'sasl.mechanism': mechanism, 'sasl.jaas.config': `${security}.${module} required ${login};` };
  }

  #choose(user: string, wanted: Mechanism | undefined): Mechanism {
    const { mechanisms } = this.#said;
    checkWord('mechanism', wanted, MECHANISMS);
    if (wanted !== undefined && !mechanisms.includes(wanted)) {
      throw new TypeError(`the broker offers ${mechanisms.join(', ')}, not ${wanted}: add it to mechanisms`);
    }
    const known = this.#passwords.has(user);
    return wanted ?? mechanisms.find((each) => known || each === 'OAUTHBEARER') ?? mechanisms[0];
  }

  #passwordOf(user: string): string {
    const password = this.#passwords.get(user);
    if (password !== undefined) return password;
    const names = [...this.#passwords.keys()].join(', ') || 'none';
    throw new TypeError(`there is no user '${user}' (there are: ${names}): write users: { ${user}: 'a password' }`);
  }

  #makeUsers(): TestUsers {
    const passwords = this.#passwords;
    const change = async (name: string, password: string | null): Promise<void> => {
      const { metadata } = this.#begun();
      if (password === null) passwords.delete(name);
      else passwords.set(name, password);
      const gone = [1, 2].flatMap((mechanism) =>
        metadata.image.scramCredentials.has(`${mechanism}:${name}`)
          ? [{ type: 'RemoveUserScramCredentialRecord' as const, name, mechanism }]
          : [],
      );
      const records = password === null ? gone : this.#credentials(name, password);
      const jaas = this.#said.mechanisms.includes('PLAIN')
        ? [...metadata.image.brokers.keys()].map((id) => dynamic(id, this.#jaasKey, plainUsers(this.#passwords)))
        : [];
      await metadata.change(() => [...records, ...jaas]);
    };
    const known = (name: string): string => {
      this.#passwordOf(name);
      return name;
    };
    return {
      add: (name, password) => change(name, password),
      setPassword: async (name, password) => change(known(name), password),
      remove: async (name) => change(known(name), null),
      get names() {
        return [...passwords.keys()];
      },
    };
  }

  #makeCertificates(): TestCertificates {
    const issuer = (): CertificateAuthority => {
      if (this.#said.issuer !== null) return this.#said.issuer;
      throw new TypeError('the broker speaks no TLS: start it with tls: true');
    };
    return {
      get authority() {
        return issuer().certificate;
      },
      issue: async (name, { expiresIn, subject } = {}) => {
        const now = this.#said.now();
        const notAfterMs = now + (expiresIn === undefined ? DAY_MS : milliseconds(expiresIn));
        const issued = await issuer().issue(name, {
          notBeforeMs: Math.min(now, systemClock.now()) - MINUTE_MS,
          notAfterMs,
          ...(subject === undefined ? {} : { subject }),
        });
        this.#shown.set(name, issued);
        return issued;
      },
      rotate: () => this.#present(DAY_MS),
      expire: () => this.#present(-MINUTE_MS),
    };
  }

  /** By the wall clock: that is the one clients judge it by. */
  #issueForServer(lifetimeMs: number, issuer = this.#said.issuer!): Promise<IssuedCertificate> {
    const now = systemClock.now();
    return issuer.issue('localhost', {
      hosts: [...new Set([...LOOPBACK, ...(this.#said.secured.hosts ?? [])])],
      notBeforeMs: now - DAY_MS,
      notAfterMs: now + lifetimeMs,
    });
  }

  async #present(lifetimeMs: number): Promise<void> {
    const { broker, metadata } = this.#begun();
    this.#server = await this.#issueForServer(lifetimeMs);
    await metadata.change(({ brokers }) =>
      [...brokers.keys()].flatMap((id) =>
        Object.entries(this.#keyStore()).map(([key, value]) => dynamic(id, key, value)),
      ),
    );
    await broker.listeners.reloadStores();
  }

  #keyStore(): Record<string, string> {
    const prefix = `listener.name.${this.#listener}.ssl.keystore.`;
    const { key, certificate } = this.#server!;
    return { [`${prefix}type`]: 'PEM', [`${prefix}key`]: key, [`${prefix}certificate.chain`]: certificate };
  }

  get #listener(): string {
    return (this.#said.secured.listener ?? this.protocol).toLowerCase();
  }

  get #jaasKey(): string {
    return plainUsersKey(this.#listener);
  }

  #credentials(name: string, password: string): MetadataDraft[] {
    return this.#said.mechanisms.filter(isScram).map((mechanism) => scramRecord(mechanism, name, password));
  }

  #token(user: string, options: TokenOptions = {}): string {
    if (this.#tokenKey === null) throw new TypeError('the broker takes no tokens: start it with oauth: true');
    return signedToken(user, options, { key: this.#tokenKey, now: this.#said.now() });
  }

  #begun() {
    if (this.#running !== null) return this.#running;
    throw new TypeError('the broker has not started yet');
  }
}

function dynamic(nodeId: number, name: string, value: string): MetadataDraft {
  return { type: 'ConfigRecord', resourceType: ResourceType.broker, resourceName: String(nodeId), name, value };
}

function pemOf({ certificate, key }: IssuedCertificate): { cert: string; key: string } {
  return { cert: certificate, key };
}
