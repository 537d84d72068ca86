/** What pages of strangers, and programs that mean no good, send to the page of a broker. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isOwnName } from '../../src/platform/host-names.ts';
import { startBroker, type TestBroker } from '../../src/testing/index.ts';

let kafka: TestBroker;
let url: URL;
/** Reached from elsewhere. */
let open: TestBroker;
let openUrl: URL;

beforeAll(async () => {
  kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
  url = new URL(await kafka.openPage());
  open = await startBroker({
    topics: ['orders'],
    settings: { 'advertised.listeners': 'PLAINTEXT://kafka.example.com:9092' },
    leftovers: 'ignore',
  });
  openUrl = new URL(await open.openPage({ host: '0.0.0.0' }));
});
afterAll(async () => {
  await kafka.stop();
  await open.stop();
});

const socketTo = async (port: number): Promise<Socket> => {
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  return socket;
};

/** All that is answered to these very bytes, until the connection ends. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = await socketTo(port);
  let said = '';
  socket.on('data', (text: Buffer) => (said += text.toString()));
  socket.on('error', () => {});
  socket.write(bytes);
  await new Promise((resolve) => socket.once('close', resolve));
  return said;
}

const get = (host: string, path: string, more: readonly string[] = []): string =>
  [`GET ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...more, '', ''].join('\r\n');
const statusOf = (said: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(said)?.[1]);

describe('a name that a stranger has lead here', () => {
  test('is none of the page, wherever it listens', async () => {
    for (const at of [url, openUrl]) {
      const port = Number(at.port);
      const said = await raw(port, get(`rebound.example:${port}`, '/view/overview?once'));
      expect(statusOf(said)).toBe(403);
      expect(said).not.toContain('orders');
      const own = await raw(port, get(`localhost:${port}`, '/view/topics?once'));
      expect(statusOf(own)).toBe(200);
    }
  });

  test('differs from addresses, names without a dot, and what clients are told', async () => {
    const port = Number(openUrl.port);
    for (const host of ['127.0.0.1', `10.1.2.3:${port}`, '[::1]', 'ottla', 'kafka.example.com']) {
      expect({ host, status: statusOf(await raw(port, get(host, '/view/topics?once'))) }).toEqual({
        host,
        status: 200,
      });
    }
    for (const path of ['/session', '/', '/page/page.js']) {
      const refused = await raw(port, get('kafka.example.com.rebound.example', path));
      expect(statusOf(refused)).toBe(403);
      expect(refused).toContain("The page does not go by the name 'kafka.example.com.rebound.example'.");
    }
  });

  test('is told from own names', () => {
    const known = (): string[] => ['Kafka.Example.com'];
    for (const own of [
      'localhost:1',
      '[::1]:1',
      '192.168.0.7',
      'kafka',
      `${hostname()}:80`,
      'kafka.example.COM:2',
      '',
    ]) {
      expect({ own, is: isOwnName(own, known) }).toEqual({ own, is: true });
    }
    for (const other of ['evil.example', '127.0.0.1.evil.example', 'evil.example.', '1.2.3', 'x@localhost.evil']) {
      expect({ other, is: isOwnName(other, known) }).toEqual({ other, is: false });
    }
  });
});

describe('requests that mean no good', () => {
  test('are refused with the policy that lets nothing run, too', async () => {
    for (const path of ['/<script>alert(1)</script>', '/', '/page/page.js']) {
      const said = await raw(Number(url.port), get('evil.example', path));
      expect(statusOf(said)).toBe(403);
      expect(said).toMatch(/x-content-type-options: nosniff/i);
      expect(said).toMatch(/content-security-policy: default-src 'none'/i);
      expect(said).toMatch(/content-type: text\/plain/i);
    }
  });

  test('find no file but the three of the page', async () => {
    const host = url.host;
    for (const path of [
      '/page/../../package.json',
      '/page/..%2f..%2fpackage.json',
      '/page/%2e%2e/%2e%2e/package.json',
      '/page/..\\..\\package.json',
      '/page/constructor',
      '/page/__proto__',
      '/page/page.js%00.html',
      '//etc/passwd',
      '/page//etc/passwd',
    ]) {
      const said = await raw(Number(url.port), get(host, path));
      expect({ path, isRefused: [400, 404].includes(statusOf(said)) }).toEqual({ path, isRefused: true });
      expect(said).not.toMatch(/devDependencies|root:/);
    }
  });

  test('get no socket of their own, and no second request into one', async () => {
    const port = Number(url.port);
    const upgraded = await raw(
      port,
      get(url.host, '/view/overview?once', [
        'Connection: close, Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version: 13',
      ]),
    );
    expect(statusOf(upgraded)).not.toBe(101);
    const smuggled = await raw(
      port,
      [
        'POST /change/create-topic HTTP/1.1',
        `Host: ${url.host}`,
        'Content-Type: application/json',
        'Content-Length: 4',
        'Transfer-Encoding: chunked',
        '',
        '0',
        '',
        'GET /session HTTP/1.1',
        `Host: ${url.host}`,
        '',
        '',
      ].join('\r\n'),
    );
    expect(statusOf(smuggled)).toBe(400);
    expect(smuggled.match(/HTTP\/1\.1/g)).toHaveLength(1);
    const long = await raw(port, get(url.host, '/session', [`X-Long: ${'x'.repeat(200_000)}`]));
    expect(statusOf(long)).toBe(431);
    expect(statusOf(await raw(port, get(url.host, '/session')))).toBe(200);
  });

  test('on the port of Kafka clients get one answer that is always the same, and no more', async () => {
    const [, port] = kafka.bootstrapBrokers[0].split(':');
    const said = await raw(
      Number(port),
      `GET /\r\nLocation: http://evil.example HTTP/1.1\r\nHost: evil.example\r\n\r\nGET /again HTTP/1.1\r\n\r\n`,
    );
    expect(said.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(said).not.toContain('evil.example');
    expect(said).toMatch(/Connection: close/);
    expect(kafka.topics()).toEqual(['orders']);
  });

  test('are counted: a thousand connections that say nothing keep nobody out for long, and the next ones are closed', async () => {
    const port = Number(url.port);
    const sockets = await Promise.all(Array.from({ length: 1000 }, () => socketTo(port)));
    const late = await socketTo(port);
    late.on('error', () => {});
    await new Promise((resolve) => late.once('close', resolve));
    for (const socket of sockets) socket.destroy();
    await expect.poll(async () => (await fetch(`${url.origin}/session`).catch(() => null))?.status).toBe(200);
  });
});

describe('what is kept as a file', () => {
  test('is no document of this origin, whatever it says', async () => {
    await kafka.produce('orders', {
      key: '=HYPERLINK("http://evil.example")',
      value: '<html><script>alert(1)</script>',
    });
    const place = 'topic=orders&partition=0&offset=0';
    for (const path of [`/message/value?${place}`, `/message/key?${place}`, '/traffic.txt', '/report', '/snapshot']) {
      const { headers } = await fetch(`${url.origin}${path}`);
      expect({ path, as: headers.get('content-disposition') }).toEqual({
        path,
        as: expect.stringMatching(/^attachment; filename="[a-z-]+\.(bin|txt|html|snapshot)"$/),
      });
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    }
    const { headers } = await fetch(`${url.origin}/message?${place}`);
    expect(headers.get('content-type')).toContain('application/json');
  });
});
