/** One conversation about delegation tokens, held with Apache Kafka and with Ottla: what each request was answered. */
import {
  CreateAcls,
  CreateDelegationToken,
  DescribeDelegationToken,
  ExpireDelegationToken,
  RenewDelegationToken,
} from '../../protocol/apis/index.ts';
import { connect, type Client } from '../../protocol/client.ts';
import { plainClient, signIn, type SaslClient } from '../../protocol/sasl/client.ts';
import { ScramClient } from '../../protocol/sasl/scram-client.ts';
import type { Api, Draft, Fields } from '../../protocol/schema.ts';

/** Beside what SASL_SETTINGS has: who may do everything, and the secret. */
export const TOKEN_SETTINGS: Readonly<Record<string, string>> = {
  'listener.name.sasl_plaintext.plain.sasl.jaas.config':
    'org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="admin" ' +
    'user_admin="admin" user_alice="secret" user_bob="secret";',
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:admin;User:ANONYMOUS',
  'delegation.token.secret.key': 'secret',
  'delegation.token.max.lifetime.ms': '600000',
  'delegation.token.expiry.time.ms': '300000',
};

const USER = 7;
const DELEGATION_TOKEN = 6;
const DESCRIBE = 8;
const CREATE_TOKENS = 13;
const DESCRIBE_TOKENS = 14;

interface Token {
  readonly tokenId: string;
  readonly hmac: Uint8Array;
}

const principals = (...names: readonly string[]) =>
  names.map((name) => ({ principalType: 'User', principalName: name }));
const forOwner = (name: string, type = 'User') => ({ ownerPrincipalType: type, ownerPrincipalName: name });

class Conversation {
  readonly lines: string[] = [];
  readonly #port: number;
  readonly #settle: () => Promise<void>;
  readonly #clients = new Map<string, Client>();
  /** In the order in which they have been seen. */
  readonly #ids: string[] = [];

  constructor(port: number, settle: () => Promise<void>) {
    this.#port = port;
    this.#settle = settle;
  }

  about(title: string): void {
    this.lines.push(`# ${title}`);
  }

  async as(name: string, sasl: SaslClient): Promise<void> {
    const client = await connect({ host: '127.0.0.1', port: this.#port, clientId: name });
    const lifetimeMs = await signIn(client, sasl, 2);
    this.lines.push(`${name} signs in${lifetimeMs === 0 ? '' : ', for a time'}`);
    this.#clients.set(name, client);
  }

  async ask<Req extends Fields, Res extends Fields>(
    who: string,
    api: Api<Req, Res>,
    draft: Draft<Req>,
    version: number = api.versions.last,
  ) {
    const answer = await this.#clients.get(who)!.send(api, version, draft);
    this.lines.push(`${who} ${api.name} v${version}: ${JSON.stringify(this.#shown(answer, ''))}`);
    if (!api.name.startsWith('Describe')) await this.#settle();
    return answer;
  }

  async allow(resourceType: number, resourceName: string, operation: number): Promise<void> {
    const acl = { resourceType, resourceName, resourcePatternType: 3, principal: 'User:alice', host: '*', operation };
    await this.#clients.get('admin')!.send(CreateAcls, 3, { creations: [{ ...acl, permissionType: 3 }] });
    this.lines.push(`alice may ${operation} ${resourceType}`);
    await this.#settle();
  }

  async end(): Promise<string[]> {
    for (const client of this.#clients.values()) await client.close();
    return this.lines;
  }

  #shown(value: unknown, name: string): unknown {
    if (Buffer.isBuffer(value)) return `${value.length} bytes`;
    if (Array.isArray(value)) {
      const shown = value.map((each) => this.#shown(each, name));
      return name === 'tokens' ? shown.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : shown;
    }
    if (name === 'tokenId' && value !== '') return this.#idName(String(value));
    if (/^(issueTimestamp(Ms)?|expiryTimestamp)$/.test(name) && Number(value) > 0) return 'then';
    if (typeof value === 'number' && value > 0 && /timestamp|lifetime/i.test(name)) return this.#timeName(value);
    if (typeof value !== 'object' || value === null) return value;
    const { issueTimestampMs = 0, issueTimestamp = issueTimestampMs } = value as Readonly<Record<string, number>>;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) =>
        issueTimestamp > 0 && /^(expiryTimestampMs|maxTimestamp(Ms)?)$/.test(key)
          ? [key, `${Math.round((Number(each) - issueTimestamp) / 1000)} s`]
          : [key, this.#shown(each, key)],
      ),
    );
  }

  #idName(id: string): string {
    if (!this.#ids.includes(id)) this.#ids.push(id);
    return `token ${this.#ids.indexOf(id)}`;
  }

  /** A moment in some seconds, or so many of them. */
  #timeName(ms: number): string {
    const fromNow = ms > 1e12 ? ms - Date.now() : ms;
    return `${Math.round(fromNow / 5000) * 5} s`;
  }
}

/** alice, bob and admin have the password secret by PLAIN, admin the password admin. `settle` waits until a change is seen. */
export async function converse(port: number, settle: () => Promise<void>): Promise<string[]> {
  const talk = new Conversation(port, settle);
  await talk.as('admin', plainClient('admin', 'admin'));
  await talk.as('alice', plainClient('alice', 'secret'));
  await talk.as('bob', plainClient('bob', 'secret'));
  await aboutCreating(talk);
  await aboutRenewing(talk);
  await aboutExpiring(talk);
  await aboutDescribing(talk);
  await aboutSigningIn(talk);
  return talk.end();
}

const plain = { renewers: [], maxLifetimeMs: -1 };

async function aboutCreating(talk: Conversation): Promise<void> {
  talk.about('creating');
  for (const version of [1, 2, 3]) await talk.ask('alice', CreateDelegationToken, plain, version);
  for (const maxLifetimeMs of [0, -7, 60_000, 900_000]) {
    await talk.ask('alice', CreateDelegationToken, { ...plain, maxLifetimeMs });
  }
  const group = [{ principalType: 'Group', principalName: 'g' }];
  await talk.ask('alice', CreateDelegationToken, { ...plain, renewers: principals('bob', 'bob', '') });
  await talk.ask('alice', CreateDelegationToken, { ...plain, renewers: group });
  await talk.ask('alice', CreateDelegationToken, { ...plain, ...forOwner('bob') });
  await talk.ask('alice', CreateDelegationToken, { ...plain, renewers: group, ...forOwner('bob') });
  await talk.ask('alice', CreateDelegationToken, { ...plain, ...forOwner('alice') });
  await talk.ask('alice', CreateDelegationToken, { ...plain, ...forOwner('', 'Group') });
  await talk.ask('admin', CreateDelegationToken, { ...plain, ...forOwner('g', 'Group') });
}

async function aboutRenewing(talk: Conversation): Promise<void> {
  talk.about('renewing');
  const token = await talk.ask('alice', CreateDelegationToken, { ...plain, renewers: principals('bob') });
  await talk.ask('alice', CreateDelegationToken, { ...plain, maxLifetimeMs: 60_000 });
  const renew = (who: string, { hmac }: Token, renewPeriodMs: number, version = 2) =>
    talk.ask(who, RenewDelegationToken, { hmac: Buffer.from(hmac), renewPeriodMs }, version);
  await renew('alice', { tokenId: '', hmac: Buffer.from('none') }, -1);
  await renew('alice', { tokenId: '', hmac: Buffer.alloc(0) }, -1);
  for (const periodMs of [-1, 0, 30_000, 450_000]) await renew('alice', token, periodMs);
  await renew('bob', token, 60_000, 1);
  await renew('admin', token, 60_000);
}

async function aboutExpiring(talk: Conversation): Promise<void> {
  talk.about('expiring');
  const expire = (who: string, { hmac }: Token, expiryTimePeriodMs: number, version = 2) =>
    talk.ask(who, ExpireDelegationToken, { hmac: Buffer.from(hmac), expiryTimePeriodMs }, version);
  const token = await talk.ask('alice', CreateDelegationToken, { ...plain, renewers: principals('bob') });
  await expire('alice', { tokenId: '', hmac: Buffer.from('none') }, -1);
  await expire('admin', token, -1);
  await expire('alice', token, 60_000, 1);
  await expire('bob', token, -1);
  await expire('bob', token, -1);
  const soon = await talk.ask('alice', CreateDelegationToken, { ...plain, renewers: principals('bob') });
  await expire('alice', soon, 0);
  await new Promise((resolve) => setTimeout(resolve, 10)); // its last millisecond is over
  await expire('admin', soon, 1000);
  await expire('alice', soon, 1000);
  await expire('alice', soon, -1);
  for (const who of ['admin', 'alice']) {
    await talk.ask(who, RenewDelegationToken, { hmac: Buffer.from(soon.hmac), renewPeriodMs: -1 });
  }
}

async function aboutDescribing(talk: Conversation): Promise<void> {
  talk.about('describing');
  const describe = (who: string, owners: readonly string[] | null, version = 3) =>
    talk.ask(who, DescribeDelegationToken, { owners: owners === null ? null : principals(...owners) }, version);
  await describe('bob', []);
  await describe('bob', null);
  await describe('bob', ['alice']);
  await talk.allow(USER, 'User:bob', CREATE_TOKENS);
  const token = await talk.ask('alice', CreateDelegationToken, { ...plain, ...forOwner('bob') });
  for (const owners of [['bob'], ['carol'], ['bob', 'alice']]) await describe('alice', owners);
  await talk.allow(DELEGATION_TOKEN, token.tokenId, DESCRIBE);
  await describe('alice', ['bob']);
  await talk.ask('bob', CreateDelegationToken, plain);
  await talk.allow(USER, 'User:bob', DESCRIBE_TOKENS);
  for (const version of [1, 2, 3]) await describe('alice', ['bob'], version);
  const of = { hmac: Buffer.from(token.hmac) };
  await talk.ask('alice', RenewDelegationToken, { ...of, renewPeriodMs: -1 });
  await talk.ask('alice', ExpireDelegationToken, { ...of, expiryTimePeriodMs: -1 });
}

async function aboutSigningIn(talk: Conversation): Promise<void> {
  talk.about('signing in');
  const token = await talk.ask('alice', CreateDelegationToken, { ...plain, renewers: principals('bob') });
  const login = { user: token.tokenId, password: Buffer.from(token.hmac).toString('base64'), isToken: true };
  for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
    const name = `holder by ${mechanism}`;
    await talk.as(name, new ScramClient(mechanism, login, 'nonce'));
    const hmac = Buffer.from(token.hmac);
    await talk.ask(name, CreateDelegationToken, plain);
    await talk.ask(name, RenewDelegationToken, { hmac, renewPeriodMs: -1 });
    await talk.ask(name, ExpireDelegationToken, { hmac, expiryTimePeriodMs: -1 });
    await talk.ask(name, DescribeDelegationToken, { owners: null });
  }
}
