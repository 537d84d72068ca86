/** How a process connects to the others of its cluster, while its stores change. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { peerNetwork } from '../../src/broker/peer-networks.ts';
import { CertificateAuthority } from '../../src/credentials/certificate-authority.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { lineLogger } from '../../src/platform/logger.ts';
import { nodeNetwork } from '../../src/platform/network.ts';
import { systemRandom } from '../../src/platform/random.ts';

const DAY_MS = 86_400_000;
const AGAIN_MS = 6000;
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function nodeOf(authority: CertificateAuthority, name: string) {
  const now = Date.now();
  const lifetime = { notBeforeMs: now - DAY_MS, notAfterMs: now + DAY_MS };
  return authority.issue(name, { hosts: ['127.0.0.1'], ...lifetime });
}

test('stores that cannot be used leave those from before in use, until they can', async () => {
  const authority = await CertificateAuthority.create(Date.now());
  const [node, renewed] = [await nodeOf(authority, 'node'), await nodeOf(authority, 'renewed')];
  const stranger = await nodeOf(await CertificateAuthority.create(Date.now(), 'another'), 'stranger');
  const directory = mkdtempSync(join(tmpdir(), 'ottla-peers-'));
  ends.push(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'node.pem');
  const write = ({ key, certificate }: typeof node) => writeFileSync(path, `${key}${certificate}`);
  const server = createServer({
    key: node.key,
    cert: node.certificate,
    ca: authority.certificate,
    requestCert: true,
    rejectUnauthorized: false,
  });
  const shown: string[] = [];
  server.on('secureConnection', (socket) => {
    shown.push(socket.getPeerCertificate().subject.CN as string);
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close());
  const { port } = server.address() as AddressInfo;

  write(node);
  const settings = {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': path,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': authority.certificate,
  };
  const layers = { static: new Map(Object.entries(settings)), cluster: new Map(), broker: new Map() };
  const clock = new VirtualClock();
  const lines: string[] = [];
  const logger = lineLogger(
    'info',
    (line) => void lines.push(line),
    () => 0,
  );
  const network = await peerNetwork({ name: 'SSL', protocol: 'SSL' }, 'sasl.mechanism.inter.broker.protocol', {
    network: nodeNetwork(),
    clock,
    random: systemRandom,
    logger,
    layers: () => layers,
    javaOptions: undefined,
  });
  const connectOnce = async (): Promise<void> => {
    await clock.advance(AGAIN_MS);
    const closed = new Promise<void>((resolve, reject) => {
      const receiver = { buffer: () => Buffer.alloc(1), received: () => {}, drained: () => {}, closed: resolve };
      network.connect('127.0.0.1', port, 10_000, () => receiver).catch(reject);
    });
    await closed;
  };

  await connectOnce();
  writeFileSync(path, node.key.slice(0, 100));
  await connectOnce();
  rmSync(path);
  await connectOnce();
  write(stranger);
  await connectOnce();
  expect(shown).toEqual(['node', 'node', 'node', 'node']);
  const said = lines.filter((line) => line.includes('stores-not-reloaded'));
  expect(said).toHaveLength(3);
  expect(said[1]).toContain('there is no such file');
  expect(said[2]).toMatch(/trust store does not trust its own certificate \(CN=stranger\).*those from before serve on/);
  write(renewed);
  await connectOnce();
  expect(shown.at(-1)).toBe('renewed');
});
