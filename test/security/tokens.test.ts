/** Delegation tokens: what requests make of them, who may ask, and signing in with one (KIP-48, KIP-373). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CreateDelegationToken,
  DescribeDelegationToken,
  ExpireDelegationToken,
  Metadata,
  RenewDelegationToken,
} from '../../protocol/apis/index.ts';
import { ConnectionClosed, type Client } from '../../protocol/client.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { signIn } from '../../protocol/sasl/client.ts';
import { ScramClient } from '../../protocol/sasl/scram-client.ts';
import type { ScramMechanism } from '../../protocol/sasl/scram.ts';
import { emptyImage, type DelegationToken } from '../../src/cluster/image.ts';
import { expiredTokens } from '../../src/cluster/expired-tokens.ts';
import { serverConfig } from '../../src/config/server.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { ANONYMOUS, user } from '../../src/security/principal.ts';
import { createToken, creationError, expireToken, renewToken } from '../../src/security/tokens/alteration.ts';
import { tokenRequestError } from '../../src/security/tokens/requester.ts';
import { sessionOf } from '../apis/request-context.ts';
import { dial } from '../running-broker.ts';
import { SecuredBroker } from './secured-broker.ts';

const NOT_ALLOWED = ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

test.each([
  ['PLAINTEXT', ANONYMOUS, NOT_ALLOWED],
  ['SSL', ANONYMOUS, NOT_ALLOWED],
  ['SSL', user('alice'), ErrorCode.NONE],
  ['SASL_PLAINTEXT', user('alice'), ErrorCode.NONE],
  ['SASL_SSL', { ...user('alice'), tokenAuthenticated: true }, NOT_ALLOWED],
] as const)('over %s, %o is told %d', (securityProtocol, principal, error) => {
  expect(tokenRequestError(sessionOf({ securityProtocol, principal }))).toBe(error);
});

describe('what requests make of tokens', () => {
  const rules = { nowMs: 1000, config: serverConfig() };
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map(user);
  const made = (maxLifetimeMs: number): DelegationToken =>
    createToken({ owner: alice, requester: bob, renewers: [carol], maxLifetimeMs }, 'id', rules).results;
  const token = made(-1);
  const outcome = ({ results: { errorCode, expiryTimestampMs }, records }: ReturnType<typeof renewToken>) =>
    errorCode === ErrorCode.NONE ? [expiryTimestampMs, ...records.map(({ type }) => type)] : errorCode;

  test('a token ends when the configuration says, or the client', () => {
    expect(token).toEqual({
      tokenId: 'id',
      owner: 'User:alice',
      requester: 'User:bob',
      renewers: ['User:carol'],
      issueTimestamp: 1000,
      maxTimestamp: 1000 + 7 * DAY,
      expirationTimestamp: 1000 + DAY,
    });
    expect(made(MINUTE)).toMatchObject({ maxTimestamp: 1000 + MINUTE, expirationTimestamp: 1000 + MINUTE });
    expect(made(30 * DAY)).toMatchObject({ maxTimestamp: 1000 + 7 * DAY });
  });

  test('a token that is never to expire ends with the longest time that a record can tell', () => {
    const end = Number.MAX_SAFE_INTEGER;
    const always = { 'delegation.token.max.lifetime.ms': end, 'delegation.token.expiry.time.ms': end };
    const unending = { nowMs: 1000, config: { ...rules.config, ...always } };
    const { results } = createToken({ owner: alice, requester: bob, renewers: [], maxLifetimeMs: end }, 'id', unending);
    expect(results).toMatchObject({ maxTimestamp: end, expirationTimestamp: end });
    expect(outcome(renewToken(results, end, alice, unending))).toEqual([end, 'DelegationTokenRecord']);
    expect(outcome(expireToken(results, end, alice, unending))).toEqual([end, 'DelegationTokenRecord']);
  });

  test.each([
    ['as long as the configuration says', token, -1, carol, 1000 + DAY],
    ['as long as asked', token, MINUTE, alice, 1000 + MINUTE],
    ['no longer than its life', made(MINUTE), DAY, alice, 1000 + MINUTE],
    ['not by who has asked for it', token, -1, bob, ErrorCode.DELEGATION_TOKEN_OWNER_MISMATCH],
    ['not where there is none', undefined, -1, alice, ErrorCode.DELEGATION_TOKEN_NOT_FOUND],
    ['not once it has expired', { ...token, expirationTimestamp: 999 }, -1, bob, ErrorCode.DELEGATION_TOKEN_EXPIRED],
    ['in its last millisecond', { ...token, expirationTimestamp: 1000 }, -1, alice, 1000 + DAY],
  ] as const)('renewed %s', (_how, of, periodMs, by, expected) => {
    const renewed = outcome(renewToken(of, periodMs, by, rules));
    expect(renewed).toEqual(expected > 200 ? [expected, 'DelegationTokenRecord'] : expected);
  });

  test.each([
    ['at once', token, -1, carol, [1000, 'RemoveDelegationTokenRecord']],
    ['later', token, MINUTE, alice, [1000 + MINUTE, 'DelegationTokenRecord']],
    ['no later than its life', made(MINUTE), DAY, alice, [1000 + MINUTE, 'DelegationTokenRecord']],
    ['not by others', token, -1, bob, ErrorCode.DELEGATION_TOKEN_OWNER_MISMATCH],
    ['not where there is none', undefined, -1, alice, ErrorCode.DELEGATION_TOKEN_NOT_FOUND],
    ['not later once it has', { ...token, expirationTimestamp: 999 }, 5, alice, ErrorCode.DELEGATION_TOKEN_EXPIRED],
    ['at once though it has', { ...token, expirationTimestamp: 999 }, -1, alice, [1000, 'RemoveDelegationTokenRecord']],
  ] as const)('expired %s', (_how, of, periodMs, by, expected) => {
    expect(outcome(expireToken(of, periodMs, by, rules))).toEqual(expected);
  });

  test('there are none before metadata.version 3.6-IV2, nor renewers that are no users', () => {
    const at = (level: number) => ({ ...emptyImage('c'), features: new Map([['metadata.version', level]]) });
    expect(creationError({ renewers: [bob] }, at(14))).toBe(ErrorCode.NONE);
    expect(creationError({ renewers: [bob] }, at(13))).toBe(ErrorCode.UNSUPPORTED_VERSION);
    expect(creationError({ renewers: [{ type: 'Group', name: 'g' }] }, at(14))).toBe(ErrorCode.INVALID_PRINCIPAL_TYPE);
  });

  test('the sweep takes those that have expired', () => {
    const delegationTokens = new Map(
      [999, 1000, 5].map((expirationTimestamp, at) => [`${at}`, { ...token, tokenId: `${at}`, expirationTimestamp }]),
    );
    expect(expiredTokens({ delegationTokens }, 1000).map(({ tokenId }) => tokenId)).toEqual(['0', '2']);
  });
});

describe('at a broker', () => {
  const clock = new VirtualClock();
  let broker: SecuredBroker;
  let alice: Client;

  beforeAll(async () => {
    const settings = {
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      'delegation.token.secret.key': 'secret',
      'connection.failed.authentication.delay.ms': '0',
      'connections.max.idle.ms': '-1',
    };
    broker = await SecuredBroker.start(settings, { clock });
    alice = await broker.as('alice');
  });
  afterAll(() => broker.stop());

  const create = async (client: Client, more: object = {}) =>
    client.send(CreateDelegationToken, 3, { renewers: [], maxLifetimeMs: -1, ...more });
  const described = async (client: Client, owners: readonly string[] | null = null) => {
    const asked = owners === null ? null : owners.map((name) => ({ principalType: 'User', principalName: name }));
    const { errorCode, tokens } = await client.send(DescribeDelegationToken, 3, { owners: asked });
    expect(errorCode).toBe(ErrorCode.NONE);
    return tokens.map(({ tokenId }) => tokenId);
  };

  /** A connection that has signed in with a token, and for how long. */
  async function withToken(
    mechanism: ScramMechanism,
    { tokenId, hmac }: { readonly tokenId: string; readonly hmac: Uint8Array },
  ): Promise<readonly [Client, number]> {
    const client = await dial(broker.bootstrap);
    const login = { user: tokenId, password: Buffer.from(hmac).toString('base64'), isToken: true };
    const lifetimeMs = await signIn(client, new ScramClient(mechanism, login, 'nonce'), 2);
    return [client, lifetimeMs];
  }

  test.each(['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)(
    'its holder signs in as its owner by %s',
    async (mechanism) => {
      await broker.allow({ principal: 'User:alice', resourceName: 'orders', operation: 8 });
      const token = await create(alice);
      expect(token).toMatchObject({ errorCode: 0, principalName: 'alice', tokenRequesterPrincipalName: 'alice' });
      const [client, lifetimeMs] = await withToken(mechanism, token);
      expect(lifetimeMs).toBe(DAY);
      const { topics } = await client.send(Metadata, 9, {
        topics: [{ name: 'orders' }],
        allowAutoTopicCreation: false,
      });
      expect(topics[0].errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION); // alice may know
      expect((await create(client)).errorCode).toBe(NOT_ALLOWED);
      expect(await client.send(DescribeDelegationToken, 3, { owners: null })).toMatchObject({ errorCode: NOT_ALLOWED });
      await client.close();
      await broker.allowNothing();
    },
  );

  test('another password, another id, and a token as a user are refused', async () => {
    const token = await create(alice);
    const other = Buffer.alloc(64, 1);
    await expect(withToken('SCRAM-SHA-256', { ...token, hmac: other })).rejects.toThrow('invalid credentials');
    await expect(withToken('SCRAM-SHA-256', { ...token, tokenId: 'other' })).rejects.toThrow('invalid credentials');
    const client = await dial(broker.bootstrap);
    const login = { user: token.tokenId, password: Buffer.from(token.hmac).toString('base64') };
    await expect(signIn(client, new ScramClient('SCRAM-SHA-256', login, 'nonce'), 2)).rejects.toThrow(
      'invalid credentials',
    );
    await client.close();
  });

  test('a token ends with its time: sessions by it, and signing in', async () => {
    const token = await create(alice, { maxLifetimeMs: MINUTE });
    const [client, lifetimeMs] = await withToken('SCRAM-SHA-512', token);
    expect(lifetimeMs).toBe(MINUTE);
    await clock.advance(MINUTE);
    await client.send(Metadata, 9, { topics: [] });
    await clock.advance(1);
    await expect(client.send(Metadata, 9, { topics: [] })).rejects.toThrow(ConnectionClosed);
    await expect(withToken('SCRAM-SHA-512', token)).rejects.toThrow('invalid credentials');
    expect(await alice.send(RenewDelegationToken, 2, { hmac: token.hmac, renewPeriodMs: -1 })).toMatchObject({
      errorCode: ErrorCode.DELEGATION_TOKEN_EXPIRED,
    });
    expect(await described(alice)).toContain(token.tokenId);
    await clock.advance(60 * MINUTE); // delegation.token.expiry.check.interval.ms
    expect(await described(alice)).not.toContain(token.tokenId);
    await client.close();
  });

  test('an expired token is gone at once where it is to be', async () => {
    const { tokenId, hmac } = await create(alice);
    const later = { errorCode: 0, expiryTimestampMs: clock.now() + MINUTE };
    expect(await alice.send(ExpireDelegationToken, 2, { hmac, expiryTimePeriodMs: MINUTE })).toMatchObject(later);
    expect(await alice.send(ExpireDelegationToken, 2, { hmac, expiryTimePeriodMs: -1 })).toMatchObject({
      errorCode: 0,
    });
    expect(await described(alice)).not.toContain(tokenId);
    expect(await alice.send(RenewDelegationToken, 2, { hmac, renewPeriodMs: -1 })).toMatchObject({
      errorCode: ErrorCode.DELEGATION_TOKEN_NOT_FOUND,
    });
  });

  test('for another owner it takes CREATE_TOKENS, to see it DESCRIBE_TOKENS or DESCRIBE', async () => {
    const forBob = { ownerPrincipalType: 'User', ownerPrincipalName: 'bob' };
    const told = { principalName: 'bob', tokenRequesterPrincipalName: 'alice' };
    expect(await create(alice, forBob)).toMatchObject({
      errorCode: ErrorCode.DELEGATION_TOKEN_AUTHORIZATION_FAILED,
      ...told,
    });
    const onBob = { principal: 'User:alice', resourceType: 7, resourceName: 'User:bob', operation: 13 };
    await broker.allow(onBob);
    const token = await create(alice, forBob);
    expect(token).toMatchObject({ errorCode: 0, ...told });
    expect(await described(alice, ['bob'])).toEqual([token.tokenId]); // she has asked for it
    const bob = await broker.as('bob');
    const own = await create(bob);
    expect(await described(alice, ['bob'])).toEqual([token.tokenId]);
    await broker.allow({ ...onBob, operation: 14 });
    expect(await described(alice, ['bob'])).toEqual([token.tokenId, own.tokenId]);
    await broker.allowNothing();
    await broker.allow({ principal: 'User:alice', resourceType: 6, resourceName: own.tokenId, operation: 8 });
    expect(await described(alice, ['bob'])).toEqual([token.tokenId, own.tokenId]);
    expect(await described(bob)).toEqual([token.tokenId, own.tokenId]);
    expect(await described(alice, [])).toEqual([]);
    await broker.allowNothing();
  });
});

test('without delegation.token.secret.key they are off', async () => {
  const broker = await SecuredBroker.start();
  const client = await broker.as('alice');
  const off = { errorCode: ErrorCode.DELEGATION_TOKEN_AUTH_DISABLED };
  const hmac = Buffer.alloc(1);
  expect(await client.send(CreateDelegationToken, 3, { renewers: [], maxLifetimeMs: -1 })).toMatchObject(off);
  expect(await client.send(RenewDelegationToken, 2, { hmac, renewPeriodMs: 1 })).toMatchObject(off);
  expect(await client.send(ExpireDelegationToken, 2, { hmac, expiryTimePeriodMs: 1 })).toMatchObject(off);
  expect(await client.send(DescribeDelegationToken, 3, { owners: null })).toMatchObject({ ...off, tokens: [] });
  await broker.stop();
});
