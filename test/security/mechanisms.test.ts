/** Each mechanism's server, held against published vectors and against what a client may send. */
import { describe, expect, test } from 'vitest';
import { readClientInitial, writeClientInitial } from '../../protocol/sasl/oauthbearer.ts';
import { ScramClient } from '../../protocol/sasl/scram-client.ts';
import {
  clientProof,
  readClientFinal,
  readClientFirst,
  readServerFirst,
  saltedPassword,
  scramKeys,
  serverSignature,
  storedKeyBehind,
  type ScramMechanism,
} from '../../protocol/sasl/scram.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { plainMechanism } from '../../src/security/sasl/plain.ts';
import { ScramSecret, scramMechanism, type ScramSource } from '../../src/security/sasl/scram.ts';
import { UnsecuredTokens, unsecuredOptions } from '../../src/security/sasl/unsecured-tokens.ts';

describe('SCRAM', () => {
  // RFC 7677, section 3.
  const bare = 'n=user,r=rOprNGfwEbeRWgbNEkqO';
  const challenge = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';
  const withoutProof = 'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
  const said = `${bare},${challenge},${withoutProof}`;

  test('computes what RFC 7677 shows', () => {
    const first = readServerFirst(challenge)!;
    const salted = saltedPassword('SCRAM-SHA-256', 'pencil', first.salt, first.iterations);
    const proof = clientProof('SCRAM-SHA-256', salted, said);
    expect(proof.toString('base64')).toBe('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=');
    const { storedKey, serverKey } = scramKeys('SCRAM-SHA-256', salted);
    expect(storedKeyBehind('SCRAM-SHA-256', proof, storedKey, said)).toEqual(storedKey);
    const signature = serverSignature('SCRAM-SHA-256', serverKey, said);
    expect(signature.toString('base64')).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
  });

  test.each([
    ['n,,n=user,r=abc', { user: 'user', nonce: 'abc', authorizationId: '', bare: 'n=user,r=abc' }],
    ['n,a=other,n=us=2Cer=3D,r=abc,x=y', { user: 'us,er=', authorizationId: 'other' }],
    ['n,,m=reserved,n=user,r=abc', { user: 'user' }],
    ['y,,n=user,r=abc', null],
    ['p=tls-unique,,n=user,r=abc', null],
    ['n,,n=us=2Fer,r=abc', null],
    ['n,,n=user,r=', null],
    ['n,,n=user', null],
    ['n,,n=,r=abc', null],
  ])('reads %s', (message, expected) => {
    expect(readClientFirst(message) ?? {}).toMatchObject(expected ?? {});
    expect(readClientFirst(message) === null).toBe(expected === null);
  });

  test('long messages take no longer than their length', () => {
    const long = 'a'.repeat(400_000);
    const before = performance.now();
    for (const message of [
      `n,,n=${long}`,
      `n,,n=${long},r=${long}`,
      `n,a=${long}`,
      `n,,n=a,r=b,${'a=b,'.repeat(80_000)}`,
    ]) {
      readClientFirst(message);
      readClientFinal(message);
      readClientInitial(message);
    }
    expect(performance.now() - before).toBeLessThan(1000);
  });

  const mechanism: ScramMechanism = 'SCRAM-SHA-512';
  const salt = Buffer.from('salt');
  const source: ScramSource = {
    credentialOf: (_mechanism, user) =>
      user === 'alice'
        ? { salt, iterations: 4096, ...scramKeys(mechanism, saltedPassword(mechanism, 'secret', salt, 4096)) }
        : undefined,
    tokenCredential: () => Promise.resolve(null),
  };
  const random = seededRandom(1);
  const secret = new ScramSecret(random);
  const server = () => scramMechanism(mechanism, source, secret, random).begin();

  test('client and server sign in with one another', async () => {
    const client = new ScramClient(mechanism, { user: 'alice', password: 'secret' }, 'nonce');
    const scram = server();
    const first = await scram.next(client.first());
    expect(first.done).toBeNull();
    const last = await scram.next(client.next(first.challenge)!);
    expect(last.done).toEqual({ user: 'alice', tokenAuthenticated: false, endsAtMs: null });
    expect(client.next(last.challenge)).toBeNull();
  });

  test('a client does not believe a server that does not know the password', async () => {
    const client = new ScramClient(mechanism, { user: 'alice', password: 'secret' }, 'nonce');
    const { challenge: asked } = await server().next(client.first());
    client.next(asked);
    expect(() => client.next(Buffer.from(`v=${Buffer.alloc(64).toString('base64')}`))).toThrow('do not trust it');
    expect(() => client.next(Buffer.from('e=other-error'))).toThrow('do not trust it');
  });

  test('a proof counts for the nonce of its own exchange alone', async () => {
    const scram = server();
    const bareFirst = 'n=alice,r=nonce';
    const { challenge: asked } = await scram.next(Buffer.from(`n,,${bareFirst}`));
    const { salt: told, iterations } = readServerFirst(asked.toString())!;
    const salted = saltedPassword(mechanism, 'secret', told, iterations);
    const replayed = 'c=biws,r=nonceOfAnExchangeBefore';
    const proof = clientProof(mechanism, salted, `${bareFirst},${asked.toString()},${replayed}`);
    expect(() => scram.next(Buffer.from(`${replayed},p=${proof.toString('base64')}`))).toThrow('Invalid client nonce');
  });

  test('nobody is asked as everybody is, alike each time, and fails with the same words', async () => {
    const ask = async (user: string, password: string) => {
      const client = new ScramClient(mechanism, { user, password }, 'nonce');
      const scram = server();
      const { challenge: asked } = await scram.next(client.first());
      const { salt: told, iterations } = readServerFirst(asked.toString())!;
      const failure = await Promise.resolve()
        .then(() => scram.next(client.next(asked)!))
        .then(
          () => null,
          (error: Error) => error.message,
        );
      return { salt: told.toString('base64'), iterations, failure };
    };
    const nobody = await ask('bob', 'secret');
    expect(nobody).toEqual(await ask('bob', 'other'));
    expect(nobody).toMatchObject({ iterations: 4096, failure: 'Invalid client credentials' });
    expect((await ask('alice', 'other')).failure).toBe('Invalid client credentials');
    expect((await ask('carol', 'other')).salt).not.toBe(nobody.salt);
  });
});

describe('PLAIN', () => {
  const plain = plainMechanism((user) => (user === 'alice' ? 'secret' : undefined), seededRandom(1));
  const asked = (text: string | Buffer) => () => plain.begin().next(Buffer.from(text as string));

  test('takes the password, and nothing else', () => {
    expect(asked('\0alice\0secret')()).toMatchObject({ done: { user: 'alice', endsAtMs: null } });
    for (const wrong of ['\0alice\0Secret', '\0alice\0secret ', '\0bob\0secret', '\0alice\0s']) {
      expect(asked(wrong)).toThrow('Authentication failed: Invalid username or password');
    }
    expect(asked(Buffer.from([0, 0xff, 0, 0x61]))).toThrow('Invalid username or password');
  });
});

describe('OAUTHBEARER without signatures', () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const tokenOf = (claims: unknown, header: unknown = { alg: 'none' }) => `${part(header)}.${part(claims)}.`;
  const now = 1_000_000;
  const tokens = new UnsecuredTokens(
    unsecuredOptions(new Map([['unsecuredValidatorRequiredScope', 'read write']])),
    () => now,
  );
  const good = { sub: 'alice', iat: 999, exp: 1001, scope: 'write read' };

  test('reads what the client writes', () => {
    expect(readClientInitial(writeClientInitial('a.b.c', { k: 'v' }, 'us,er').toString())).toEqual({
      authorizationId: 'us,er',
      token: 'a.b.c',
    });
  });

  test('are believed', () => {
    expect(tokens.validate(tokenOf(good))).toEqual({ user: 'alice', endsAtMs: 1_001_000 });
    expect(tokens.validate(tokenOf({ ...good, scope: ['read', 'write'] }))).toMatchObject({ user: 'alice' });
  });

  test.each([
    ['has no scope', { scope: 'read' }, 'lacks the scope write'],
    ['has expired', { exp: 1000 }, 'has expired'],
    ['has no end', { exp: undefined }, 'has no exp'],
    ['is of the future', { iat: 1002, exp: 1003 }, 'issued in the future'],
    ['is nobody’s', { sub: '' }, 'has no sub'],
    ['has times that are none', { exp: 'soon' }, 'exp is no number'],
  ])('one that %s is refused', (_what, changes, complaint) => {
    expect(() => tokens.validate(tokenOf({ ...good, ...changes }))).toThrow(complaint);
  });

  test('what is no such token is refused', () => {
    expect(() => tokens.validate(tokenOf(good, { alg: 'HS256' }))).toThrow('signed');
    expect(() => tokens.validate(`${tokenOf(good)}signature`)).toThrow('not an unsigned JWT');
    expect(() => tokens.validate(`${part(good)}.e30.`)).toThrow('signed');
    const deep = Buffer.from(`${'['.repeat(10_000)}${']'.repeat(10_000)}`).toString('base64url');
    expect(() => tokens.validate(`${deep}.${deep}.`)).toThrow('not made of JSON objects');
  });
});
