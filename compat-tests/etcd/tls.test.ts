/** `npm run test:etcd`: etcd that speaks TLS, that asks for a certificate, that asks for a password; and what a process says that has none. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { startEtcd, type EtcdOptions, type RunningEtcd } from '../../scripts/etcd/cluster.ts';
import { etcds } from '../../scripts/etcd/install.ts';
import { OttlaProcesses } from './processes.ts';

const found = etcds();
const directory = mkdtempSync(join(tmpdir(), 'ottla-tls-'));
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** Signed by itself: it is its own authority, for servers and for clients. */
const certificate = file('../../test/cli/tls/localhost.pem');
const key = file('../../test/cli/tls/localhost-key.pem');
const otherCa = file('tls/other-ca.pem');

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.each(found)('etcd $version with TLS', ({ version, path }) => {
  let etcd: RunningEtcd;
  let cluster: OttlaProcesses;
  let stories = 0;

  afterEach(async () => {
    await cluster?.stopAll();
    await etcd?.stop();
  });

  async function begin(clientCa?: string): Promise<void> {
    const tls: EtcdOptions['tls'] = { certificate, key, ...(clientCa === undefined ? {} : { clientCa }) };
    etcd = await startEtcd({ program: path, directory: join(directory, `${version}-${stories++}`), tls });
  }

  /** 'ready', or what the process has said when it ended. */
  async function start(settings: Readonly<Record<string, string>>): Promise<string> {
    const all = { 'initial.broker.registration.timeout.ms': '2000', ...settings };
    cluster = new OttlaProcesses(etcd.endpoints, directory, `tls-${version}-${stories++}`, all);
    const { ready } = await cluster.start(1);
    return ready.then(
      () => 'ready',
      (error: Error) => error.message,
    );
  }

  async function canChange(): Promise<boolean> {
    return (await cluster.untilChanged(0, 'made')).changedMs < Infinity;
  }

  test('is found by whoever trusts its certificate, and told to others as what it is', async () => {
    await begin();
    expect(await start({ 'ottla.etcd.ssl.ca': certificate })).toBe('ready');
    expect(await canChange()).toBe(true);
    await cluster.stopAll();
    for (const settings of [new Map([['ottla.etcd.ssl.ca', otherCa]]), new Map<string, string>()]) {
      const said = await start(Object.fromEntries(settings));
      expect(said).toContain('it has ended with 1');
      expect(said).toContain('ottla.etcd.ssl.ca');
    }
    expect(await start({ 'ottla.etcd.ssl.ca': otherCa })).toContain('certificate');
  });

  test('that wants a certificate lets in who has one', async () => {
    await begin(certificate);
    const ca = { 'ottla.etcd.ssl.ca': certificate };
    const own = { 'ottla.etcd.ssl.certificate': certificate, 'ottla.etcd.ssl.key': key };
    expect(await start(ca)).toContain('ottla.etcd.ssl.ca, .certificate and .key');
    expect(await start({ ...ca, 'ottla.etcd.ssl.certificate': certificate })).toContain('belong together');
    expect(await start({ ...ca, ...own })).toBe('ready');
    expect(await canChange()).toBe(true);
  });

  test('that wants a password lets in who knows it, and the connection of a watch and a lease goes on', async () => {
    await begin();
    for (const [what, body] of [
      ['auth/user/add', { name: 'root', password: 'root' }],
      ['auth/role/add', { name: 'root' }],
      ['auth/user/grant', { user: 'root', role: 'root' }],
      ['auth/enable', {}],
    ] as const)
      expect(await ask(etcd.endpoints[0], what, body)).toBe(200);
    const [right, wrong] = [join(directory, 'right'), join(directory, 'wrong')];
    writeFileSync(right, 'root\n');
    writeFileSync(wrong, 'guess\n');
    const user = { 'ottla.etcd.ssl.ca': certificate, 'ottla.etcd.user': 'root' };
    expect(await start({ ...user, 'ottla.etcd.password.file': wrong })).toContain('correct ottla.etcd.user');
    expect(await start({ ...user, 'ottla.etcd.password.file': right })).toBe('ready');
    expect(await canChange()).toBe(true);
  });
});

/** Through etcd's JSON gateway. */
function ask(endpoint: string, what: string, body: object): Promise<number | undefined> {
  const [host, port] = endpoint.split(':');
  const ca = readFileSync(certificate);
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, ca, method: 'POST', path: `/v3/${what}` }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    asked.on('error', reject).end(JSON.stringify(body));
  });
}
