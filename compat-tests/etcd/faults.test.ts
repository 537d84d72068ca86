/** `npm run test:etcd`: what a cluster says and does when etcd is full, or does not let it in. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { startEtcd, type RunningEtcd } from '../../scripts/etcd/cluster.ts';
import { etcds } from '../../scripts/etcd/install.ts';
import { consume, produce } from '../../test/running-broker.ts';
import { OttlaProcesses } from './processes.ts';

const found = etcds();
const directory = mkdtempSync(join(tmpdir(), 'ottla-faults-'));
const QUOTA_BYTES = 4_000_000;
const PIECE_BYTES = 700_000;
/** What `docker stop` gives a process. */
const SUPERVISOR_MS = 10_000;

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.each(found)('on etcd $version', ({ version, path }) => {
  let etcd: RunningEtcd;
  let cluster: OttlaProcesses;
  let stories = 0;

  beforeEach(async () => {
    const flags = ['--quota-backend-bytes', String(QUOTA_BYTES)];
    etcd = await startEtcd({ program: path, directory: join(directory, `${version}-${stories++}`), flags });
  });
  afterEach(async () => {
    await cluster?.stopAll();
    await etcd?.stop();
  });

  function started(settings: Readonly<Record<string, string>> = {}): OttlaProcesses {
    return (cluster = new OttlaProcesses(etcd.endpoints, directory, `faults-${version}-${stories}`, settings));
  }

  /** Through etcd's JSON gateway. */
  async function ask(what: string, body: object): Promise<number> {
    const response = await fetch(`http://${etcd.endpoints[0]}/v3/${what}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    await response.text();
    return response.status;
  }

  const base64 = (text: string): string => Buffer.from(text).toString('base64');

  async function create(name: string): Promise<{ errorCode: number; errorMessage: string | null }> {
    const client = await cluster.connect(1);
    const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
    const { topics } = await client.send(CreateTopics, 7, { topics: [topic], timeoutMs: 5000, validateOnly: false });
    await client.close();
    return topics[0];
  }

  /** The code that the broker ends with on SIGTERM. */
  async function endsWithin(mostMs: number): Promise<number | null> {
    const beganMs = performance.now();
    const code = await cluster.stop(1);
    expect(performance.now() - beganMs).toBeLessThan(mostMs);
    return code;
  }

  test('changes are refused in words while etcd is full, and records go on', async () => {
    await started().startAll(1);
    expect((await create('before')).errorCode).toBe(ErrorCode.NONE);
    const value = base64('x'.repeat(PIECE_BYTES));
    for (let i = 0; (await ask('kv/put', { key: base64(`filler-${i}`), value })) === 200; i++)
      expect(i).toBeLessThan(20);
    const { errorCode, errorMessage } = await create('full');
    expect(errorCode).toBe(ErrorCode.UNKNOWN_SERVER_ERROR);
    expect(errorMessage).toContain('database space exceeded');
    expect(errorMessage).toContain('etcdctl alarm disarm');
    const client = await cluster.connect(1);
    expect(await produce(client, 'before', 0, ['a'])).toBe(0);
    expect(await consume(client, 'before', 0)).toEqual(['a']);
    await client.close();
    expect(await endsWithin(SUPERVISOR_MS)).toBe(0);
  });

  test('a broker that is told to end while etcd is away ends before its supervisor kills it', async () => {
    await started().startAll(1);
    expect((await create('before')).errorCode).toBe(ErrorCode.NONE);
    etcd.signal(0, 'SIGSTOP');
    expect(await endsWithin(SUPERVISOR_MS)).toBe(0);
    etcd.signal(0, 'SIGCONT');
  });

  test('a user without a password, with a wrong one, or without the right is told what to correct', async () => {
    for (const [what, body] of [
      ['auth/user/add', { name: 'root', password: 'root' }],
      ['auth/role/add', { name: 'root' }],
      ['auth/user/grant', { user: 'root', role: 'root' }],
      ['auth/user/add', { name: 'ottla', password: 'secret' }],
      ['auth/role/add', { name: 'ottla' }],
      ['auth/user/grant', { user: 'ottla', role: 'ottla' }],
      [
        'auth/role/grant',
        { name: 'ottla', perm: { permType: 'READWRITE', key: base64('/mine/'), range_end: base64('/mine0') } },
      ],
      ['auth/enable', {}],
    ] as const)
      expect(await ask(what, body)).toBe(200);
    const passwords = { right: join(directory, 'right'), wrong: join(directory, 'wrong') };
    writeFileSync(passwords.right, 'secret\n');
    writeFileSync(passwords.wrong, 'guess\n');
    const start = async (settings: Readonly<Record<string, string>>): Promise<string> => {
      const { ready } = await started(settings).start(1);
      return ready.then(
        () => 'ready',
        (error: Error) => error.message,
      );
    };
    const user = { 'ottla.etcd.user': 'ottla' };
    expect(await start({})).toContain('correct ottla.etcd.user');
    expect(await start({ ...user, 'ottla.etcd.password.file': passwords.wrong })).toContain('correct ottla.etcd.user');
    const right = { ...user, 'ottla.etcd.password.file': passwords.right };
    expect(await start({ ...right, 'ottla.etcd.prefix': '/others' })).toContain('role grant-permission');
    expect(await start({ ...right, 'ottla.etcd.prefix': '/mine' })).toBe('ready');
    expect((await create('allowed')).errorCode).toBe(ErrorCode.NONE);
  });
});
