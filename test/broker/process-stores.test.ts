/** The stores of a process that is a broker and a controller, each with a listener of its own over TLS. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startBroker } from '../../src/broker/broker.ts';
import { CertificateAuthority } from '../../src/credentials/certificate-authority.ts';
import { backgroundClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { serialNumberAt } from '../cli/shown-certificate.ts';
import { freePort } from '../crash/free-port.ts';
import { SimulatedEtcd } from '../simulation/etcd/simulated-etcd.ts';

const DAY_MS = 86_400_000;

test('are all read again at once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ottla-stores-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const [ca, own] = [join(directory, 'ca.pem'), join(directory, 'broker.pem')];
  const authority = await CertificateAuthority.create(Date.now());
  writeFileSync(ca, authority.certificate);
  const renew = async (): Promise<void> => {
    const now = Date.now();
    const lifetime = { notBeforeMs: now - DAY_MS, notAfterMs: now + DAY_MS };
    const { key, certificate } = await authority.issue('node', { hosts: ['127.0.0.1'], ...lifetime });
    writeFileSync(own, `${key}${certificate}`);
  };
  await renew();
  const etcd = new SimulatedEtcd({ clock: backgroundClock, random: systemRandom, members: 1 });
  const controller = `127.0.0.1:${await freePort()}`;
  const broker = await startBroker({
    memory: true,
    openEtcd: () => etcd.channel(etcd.endpoints[0]),
    settings: {
      'process.roles': 'broker,controller',
      'node.id': '1',
      'ottla.etcd.endpoints': '127.0.0.1:2379',
      listeners: `SSL://127.0.0.1:0,CONTROLLER://${controller}`,
      'listener.security.protocol.map': 'SSL:SSL,CONTROLLER:SSL',
      'security.inter.broker.protocol': 'SSL',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': own,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': ca,
    },
  });
  onTestFinished(() => broker.stop());
  const shown = () => Promise.all([broker.bootstrap, controller].map((address) => serialNumberAt(address, ca)));
  const before = await shown();
  await renew();
  expect(await shown()).toEqual(before);
  expect(broker.stores.hasStores).toBe(true);
  await broker.stores.reloadStores();
  const [ofBroker, ofController] = await shown();
  expect(ofController).toBe(ofBroker);
  expect(ofBroker).not.toBe(before[0]);
});
