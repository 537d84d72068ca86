/** Tokens that an authority has signed: whose are believed, whose are not, and how often its keys are asked for. */
import { createHmac, type webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { connect } from '../../protocol/client.ts';
import { oauthBearerClient, signIn } from '../../protocol/sasl/client.ts';
import { startBroker } from '../../src/broker/broker.ts';
import { ListenerSettings } from '../../src/config/listener-settings.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { lineLogger } from '../../src/platform/logger.ts';
import { KeySet } from '../../src/security/sasl/key-set.ts';
import type { TokenValidator } from '../../src/security/sasl/oauthbearer.ts';
import { signedTokens } from '../../src/security/sasl/signed-tokens.ts';

/** Keys of RSA take a second each, on a machine with other work much longer. */
const KEYS_MS = 60_000;
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
const NOW_S = 2_000_000_000;
const ISSUER = 'https://login.example.org';
const GOOD = { sub: 'alice', iss: ISSUER, aud: 'kafka', iat: NOW_S - 10, exp: NOW_S + 60 };
const JWKS = 'sasl.oauthbearer.jwks.endpoint.url';
const EXPECTED = { 'sasl.oauthbearer.expected.issuer': ISSUER, 'sasl.oauthbearer.expected.audience': 'kafka' };

type Key = webcrypto.CryptoKey;
const keys = new Map<string, Key>();
let rsaText = '';
let url = '';
const clock = new VirtualClock(NOW_S * 1000);
const lines: string[] = [];
const logger = lineLogger(
  'info',
  (line) => void lines.push(line),
  () => 0,
);

beforeAll(async () => {
  const published = [];
  for (const alg of ALGORITHMS) {
    const pair = await generateKeyPair(alg, { extractable: true });
    keys.set(alg, pair.privateKey);
    published.push({ ...(await exportJWK(pair.publicKey)), kid: alg, alg, use: 'sig' });
    if (alg === 'RS256') rsaText = await exportSPKI(pair.publicKey);
  }
  url = `data:application/json,${encodeURIComponent(JSON.stringify({ keys: published }))}`;
}, KEYS_MS);

function settingsOf(values: Readonly<Record<string, string>>): ListenerSettings {
  const none = new Map<string, string>();
  return new ListenerSettings(
    () => ({ broker: none, cluster: none, static: new Map(Object.entries(values)) }),
    'SASL_SSL',
  );
}

const tokensOf = (values: Readonly<Record<string, string>> = EXPECTED): Promise<TokenValidator> =>
  signedTokens(settingsOf({ [JWKS]: url, ...values }), clock, logger);

const signed = (claims: JWTPayload, alg: string = 'ES256', kid = alg): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(keys.get(alg)!);

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a token', () => {
  test.each(ALGORITHMS)('signed by %s is believed until it ends', async (alg) => {
    const tokens = await tokensOf();
    expect(await tokens.validate(await signed(GOOD, alg))).toEqual({ user: 'alice', endsAtMs: GOOD.exp * 1000 });
  });

  test.each<[string, JWTPayload]>([
    ['has expired', { exp: NOW_S - 1 }],
    ['has no end', { exp: undefined }],
    ['does not say when it was issued', { iat: undefined }],
    ['is not valid yet', { nbf: NOW_S + 120 }],
    ['is of another issuer', { iss: 'https://other.example.org' }],
    ['is for another audience', { aud: 'mail' }],
    ['has no issuer', { iss: undefined }],
    ['has no audience', { aud: undefined }],
    ['has no subject', { sub: undefined }],
    ['has an empty subject', { sub: '  ' }],
  ])('that %s is not', async (_what, changes) => {
    const tokens = await tokensOf({ ...EXPECTED, 'sasl.oauthbearer.clock.skew.seconds': '0' });
    const claims = Object.fromEntries(
      Object.entries({ ...GOOD, ...changes }).filter(([, value]) => value !== undefined),
    );
    await expect(tokens.validate(await signed(claims))).rejects.toMatchObject({ status: 'invalid_token' });
  });

  test('without a signature, or by a secret that everybody knows, is not', async () => {
    const tokens = await tokensOf();
    const unsigned = `${part({ alg: 'none' })}.${part(GOOD)}.`;
    await expect(tokens.validate(unsigned)).rejects.toMatchObject({ status: 'invalid_token' });
    for (const kid of ['RS256', 'HS256']) {
      const said = `${part({ alg: 'HS256', kid })}.${part(GOOD)}`;
      const forged = `${said}.${createHmac('sha256', rsaText).update(said).digest('base64url')}`;
      await expect(tokens.validate(forged)).rejects.toMatchObject({ status: 'invalid_token' });
    }
  });

  test('whose claims were changed, or that another key has signed, is not', async () => {
    const tokens = await tokensOf();
    const [header, , signature] = (await signed(GOOD)).split('.');
    await expect(tokens.validate(`${header}.${part({ ...GOOD, sub: 'root' })}.${signature}`)).rejects.toThrow(
      'signature',
    );
    const stranger = await generateKeyPair('ES256');
    const forged = await new SignJWT(GOOD).setProtectedHeader({ alg: 'ES256', kid: 'ES256' }).sign(stranger.privateKey);
    await expect(tokens.validate(forged)).rejects.toMatchObject({ status: 'invalid_token' });
  });

  test('may name its user by another claim, and its clock may differ by 30 s', async () => {
    const tokens = await tokensOf({ ...EXPECTED, 'sasl.oauthbearer.sub.claim.name': 'email' });
    const claims = { ...GOOD, email: 'alice@example.org', exp: NOW_S - 20 };
    expect((await tokens.validate(await signed(claims))).user).toBe('alice@example.org');
    await expect(tokens.validate(await signed({ ...claims, exp: NOW_S - 40 }))).rejects.toThrow('exp');
  });

  test('of any issuer is taken only where settings say so, and the log warns', async () => {
    for (const what of ['issuer', 'audience'] as const) {
      const { [`sasl.oauthbearer.expected.${what}` as const]: _gone, ...rest } = EXPECTED;
      await expect(tokensOf(rest)).rejects.toThrow(`set sasl.oauthbearer.expected.${what}`);
      const tokens = await tokensOf({ ...rest, [`sasl.oauthbearer.allow.unverified.${what}`]: 'true' });
      const claim = what === 'issuer' ? { iss: 'anybody' } : { aud: 'anything' };
      expect((await tokens.validate(await signed({ ...GOOD, ...claim }))).user).toBe('alice');
    }
    expect(lines.join('')).toMatch(/allow.unverified.issuer is true.*\n.*allow.unverified.audience is true/);
  });
});

test('a listener that knows keys believes no unsigned token', async () => {
  const broker = await startBroker({
    memory: true,
    settings: {
      listeners: 'SASL_PLAINTEXT://127.0.0.1:0',
      'sasl.enabled.mechanisms': 'OAUTHBEARER',
      'connection.failed.authentication.delay.ms': '0',
      [JWKS]: url,
      ...EXPECTED,
    },
  });
  const client = await connect({ host: '127.0.0.1', port: Number(broker.bootstrap.split(':')[1]) });
  const unsigned = `${part({ alg: 'none' })}.${part({ ...GOOD, iat: 1_000_000_000, exp: 4_000_000_000, scope: 'kafka' })}.`;
  await expect(signIn(client, oauthBearerClient(unsigned), 2)).rejects.toThrow('{"status":"invalid_token"}');
  await client.close();
  await broker.stop();
});

describe('keys', () => {
  const fetches: string[] = [];
  let answer: () => Promise<unknown>;
  afterEach(() => fetches.splice(0));

  function keySet(at = new VirtualClock()): { readonly set: KeySet; readonly clock: VirtualClock } {
    const set = new KeySet({
      clock: at,
      fetch: () => {
        fetches.push('asked');
        return answer();
      },
      refreshMs: 3_600_000,
      backoffMs: 100,
      maxBackoffMs: 10_000,
      failed: () => {},
    });
    return { set, clock: at };
  }

  test('are fetched each hour, and the last good set serves while they cannot be', async () => {
    answer = () => Promise.resolve('first');
    const { set, clock: at } = keySet();
    expect([await set.current(), await set.current()]).toEqual(['first', 'first']);
    expect(fetches).toHaveLength(1);
    answer = () => Promise.reject(new Error('it is down'));
    await at.advance(3_600_000);
    expect(await set.current()).toBe('first');
    for (let tries = 0; tries < 20; tries++) expect(await set.current()).toBe('first');
    expect(fetches).toHaveLength(2); // the next not before 100 ms are over
    answer = () => Promise.resolve('second');
    await at.advance(101);
    await set.current();
    expect(await set.current()).toBe('second');
    expect(fetches).toHaveLength(3);
  });

  test.each(['{"error":"try again later"}', 'null', '{"keys":[7]}', '<html>'])(
    'are not replaced by %s, which is no set of them',
    async (other) => {
      const directory = mkdtempSync(join(tmpdir(), 'ottla-keys-'));
      onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
      const path = join(directory, 'keys.json');
      writeFileSync(path, decodeURIComponent(url.slice(url.indexOf(',') + 1)));
      const at = new VirtualClock(NOW_S * 1000);
      const told: string[] = [];
      const log = lineLogger(
        'warn',
        (line) => void told.push(line),
        () => 0,
      );
      const tokens = await signedTokens(settingsOf({ ...EXPECTED, [JWKS]: pathToFileURL(path).href }), at, log);
      const token = await signed({ ...GOOD, exp: NOW_S + 7200 });
      expect(await tokens.validate(token)).toMatchObject({ user: 'alice' });
      writeFileSync(path, other);
      await at.advance(3_600_000);
      await tokens.validate(token);
      await expect.poll(() => told.join('')).toContain('token-keys-not-fetched');
      expect(await tokens.validate(token)).toMatchObject({ user: 'alice' });
    },
  );

  test('that are not known are looked for once a minute each, and ten of them at most', async () => {
    answer = () => Promise.resolve('first');
    const { set, clock: at } = keySet();
    await set.current();
    for (let again = 0; again < 5; again++) await set.lookFor('new');
    expect(fetches).toHaveLength(2);
    for (let key = 0; key < 100; key++) await set.lookFor(`key ${key}`);
    expect(fetches).toHaveLength(11);
    await at.advance(60_000);
    expect(await set.lookFor('new')).toBe('first');
    expect(fetches).toHaveLength(12);
  });

  test('are waited for ten seconds at most between two tries', async () => {
    answer = () => Promise.reject(new Error('it is down'));
    const { set, clock: at } = keySet();
    for (let second = 0; second < 120; second++) {
      expect(await set.current()).toBeNull();
      await at.advance(1000);
    }
    expect(fetches.length).toBeGreaterThan(12);
    expect(fetches.length).toBeLessThan(20);
  });
});
