/** Where a broker or a tool has its token from, and when it asks for the next. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../src/platform/clock.ts';
import { bearerToken, BearerTokens, type TokenSettings } from '../../src/security/sasl/bearer-token.ts';

const directory = mkdtempSync(join(tmpdir(), 'ottla-tokens-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const ENDPOINT = 'sasl.oauthbearer.token.endpoint.url';
const START_S = 2_000_000_000;

function settings(
  values: Readonly<Record<string, string>>,
  options: Readonly<Record<string, string>> = {},
): TokenSettings {
  return { text: (key) => values[key] ?? null, nameOf: (key) => key, options: new Map(Object.entries(options)) };
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenUntil = (exp: number, name = 'a'): string => `${part({ alg: 'none' })}.${part({ sub: name, exp })}.`;

describe('a token', () => {
  const clock = new VirtualClock(START_S * 1000);

  test('is read from a file', async () => {
    const path = join(directory, 'token.jwt');
    writeFileSync(path, ` ${tokenUntil(1)}\n`);
    expect(await bearerToken(settings({ [ENDPOINT]: pathToFileURL(path).href }), clock)).toBe(tokenUntil(1));
    const { href } = pathToFileURL(join(directory, 'none'));
    const none = settings({ [ENDPOINT]: href });
    await expect(bearerToken(none, clock)).rejects.toThrow(`${ENDPOINT}=${href}: there is no such file`);
  });

  test('is given by a provider for an id and a secret, with a scope', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      request.on('data', (form: Buffer) => asked.push(`${request.headers.authorization} ${form.toString()}`));
      request.on('end', () => response.end(asked.length > 2 ? '{}' : '{"access_token":"given"}'));
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const values = { [ENDPOINT]: `http://127.0.0.1:${port}/token`, 'sasl.oauthbearer.scope': 'kafka' };
    const ofModule = settings(values, { clientId: 'id', clientSecret: 'secret' });
    expect(await bearerToken(ofModule, clock)).toBe('given');
    const ofSettings = settings({
      ...values,
      'sasl.oauthbearer.client.credentials.client.id': 'id',
      'sasl.oauthbearer.client.credentials.client.secret': 'secret',
    });
    expect(await bearerToken(ofSettings, clock)).toBe('given');
    const basic = `Basic ${Buffer.from('id:secret').toString('base64')}`;
    expect(asked).toEqual(Array.from({ length: 2 }, () => `${basic} grant_type=client_credentials&scope=kafka`));
    await expect(bearerToken(ofModule, clock)).rejects.toThrow('answers without an access_token');
    server.close();
  });

  test.each(['null', '{"access_token":1}', '<html>Sign in first</html>', ''])(
    'is not in an answer such as %s, and the message says whose it is',
    async (answer) => {
      const server = createServer((_request, response) => void response.end(answer));
      await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(server.address() as { port: number }).port}/token`;
      const said = settings({ [ENDPOINT]: url }, { clientId: 'id', clientSecret: 'secret' });
      await expect(bearerToken(said, clock)).rejects.toThrow(`${ENDPOINT}=${url}: it answers without an access_token`);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await expect(bearerToken(said, clock)).rejects.toThrow(`${ENDPOINT}=${url}: it cannot be reached (ECONNREFUSED)`);
    },
  );

  test.each([
    [settings({}), 'token.endpoint.url is not set, and sasl.jaas.config has no unsecuredLoginStringClaim_sub="…"'],
    [settings({ [ENDPOINT]: 'ftp://host/token' }), 'write a URL that begins with https, http or file'],
    [settings({ [ENDPOINT]: 'https://host/token' }), 'has no clientId="…", and sasl.oauthbearer.client.credentials'],
  ])('is not to be had by settings that do not say how', async (said, words) => {
    await expect(bearerToken(said, clock)).rejects.toThrow(words);
    expect(() => new BearerTokens(() => said, clock)).toThrow(words);
  });
});

test('a token serves until four fifths of its time are over, and longer where the next is not to be had', async () => {
  const clock = new VirtualClock(START_S * 1000);
  const path = join(directory, 'renewed.jwt');
  const tokens = new BearerTokens(() => settings({ [ENDPOINT]: pathToFileURL(path).href }), clock);
  await expect(tokens.current()).rejects.toThrow('there is no such file');
  const [first, second] = [tokenUntil(START_S + 100, 'first'), tokenUntil(START_S + 1000, 'second')];
  writeFileSync(path, first);
  expect(await tokens.current()).toBe(first);
  writeFileSync(path, second);
  await clock.advance(79_000);
  expect(await tokens.current()).toBe(first);
  rmSync(path);
  await clock.advance(2000);
  expect(await tokens.current()).toBe(first);
  writeFileSync(path, second);
  await clock.advance(1001);
  expect(await Promise.all([tokens.current(), tokens.current()])).toEqual([second, second]);
  rmSync(path);
  await clock.advance(1_000_000);
  await expect(tokens.current()).rejects.toThrow('there is no such file');
});
