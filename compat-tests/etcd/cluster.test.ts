/** `npm run test:etcd`: processes of `ottla start --etcd` on real etcd, killed and stopped while etcd's leader moves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startEtcd, type RunningEtcd } from '../../scripts/etcd/cluster.ts';
import { etcds } from '../../scripts/etcd/install.ts';
import { consume, produce } from '../../test/running-broker.ts';
import { JoinedClients } from './joined-clients.ts';
import { OttlaProcesses } from './processes.ts';

const found = etcds();
const directory = mkdtempSync(join(tmpdir(), 'ottla-cluster-'));
const ROUNDS = Number(process.env['ETCD_ROUNDS'] ?? 2);
const POLLED = { timeout: 30_000, interval: 50 };
/** Of 30 rounds on a machine that does nothing else; a busy one has its time. */
const WORST_MS = Number(process.env['ETCD_WORST_MS'] ?? 8000);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.each(found)('a cluster on etcd $version', ({ version, path }) => {
  let etcd: RunningEtcd;
  let cluster: OttlaProcesses;
  let clusters = 0;

  beforeAll(async () => {
    etcd = await startEtcd({ program: path, directory: join(directory, version), members: 3 });
  });
  afterAll(() => etcd?.stop());
  afterEach(() => cluster?.stopAll());

  async function started(): Promise<OttlaProcesses> {
    cluster = new OttlaProcesses(etcd.endpoints, directory, `${version}-${clusters++}`);
    await cluster.startAll(1, 2, 3);
    await expect.poll(async () => (await cluster.unfenced()).length, POLLED).toBe(3);
    return cluster;
  }

  test(`replaces a controller that is killed while etcd's leader moves three times, ${ROUNDS} times`, async () => {
    const { running } = await started();
    const times: { electedMs: number; changedMs: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await expect.poll(async () => (await cluster.unfenced()).length, POLLED).toBe(3);
      const { controllerId, epoch } = (await cluster.leadership())!;
      cluster.signal(controllerId, 'SIGKILL');
      const restarts = round % 2 === 1;
      if (restarts) await cluster.start(controllerId);
      const moves = [500, 3000, 5500].map((atMs) => wait(atMs).then(() => etcd.moveLeader()));
      times.push(await cluster.untilChanged(epoch, `round-${round}`));
      await Promise.all(moves);
      if (!restarts) await cluster.start(controllerId);
      await running.get(controllerId)!.ready;
    }
    process.stderr.write(
      `etcd ${version}: ${times.map((each) => `${Math.round(each.electedMs)}/${Math.round(each.changedMs)}`).join(' ')} ms\n`,
    );
    for (const { electedMs, changedMs } of times) {
      expect(electedMs).toBeLessThan(WORST_MS);
      expect(changedMs).toBeLessThan(WORST_MS);
    }
  });

  test('does not hear of a controller that was stopped for ten seconds again, and fences nobody else', async () => {
    await started();
    const { controllerId, epoch } = (await cluster.leadership())!;
    cluster.signal(controllerId, 'SIGSTOP');
    await expect.poll(async () => (await cluster.leadership())?.epoch ?? 0, POLLED).toBeGreaterThan(epoch);
    await wait(4000);
    cluster.signal(controllerId, 'SIGCONT');
    await expect.poll(async () => (await cluster.unfenced()).length, POLLED).toBe(3);
    expect((await cluster.leadership())!.controllerId).not.toBe(controllerId);
    expect(cluster.running.get(controllerId)!.log()).toContain('controller-elected');
  });

  test('goes on with its records while all of etcd is away, and fences nobody for it', async () => {
    await started();
    await cluster.untilChanged(0, 'kept');
    for (const member of [0, 1, 2]) etcd.signal(member, 'SIGSTOP');
    await wait(15_000);
    for (const member of [0, 1, 2]) etcd.signal(member, 'SIGCONT');
    const { changedMs } = await cluster.untilChanged(0, 'later');
    expect(changedMs).toBeLessThan(10_000);
    expect(await cluster.unfenced()).toHaveLength(3);
  });

  test('begins with what a broker alone has left: topics, records, and clients that go on', async () => {
    cluster = new OttlaProcesses(etcd.endpoints, directory, `${version}-${clusters++}`);
    const alone = await cluster.start(1, { alone: true });
    await alone.ready;
    await cluster.untilChanged(0, 'orders');
    const before = await cluster.connect(1);
    await produce(before, 'orders', 0, ['one', 'two']);
    await before.close();
    expect(await cluster.stop(1)).toBe(0);

    await cluster.startAll(1);
    const after = await cluster.connect(1);
    await expect.poll(() => produce(after, 'orders', 0, ['three']).catch(() => -1), POLLED).toBe(2);
    expect(await consume(after, 'orders', 0)).toEqual(['one', 'two', 'three']);
    await after.close();
    await cluster.startAll(2, 3);
    await expect.poll(async () => (await cluster.unfenced()).length, POLLED).toBe(3);
  });

  test('takes over from a broker alone while clients produce and consume, and moves partitions to a second broker', async () => {
    cluster = new OttlaProcesses(etcd.endpoints, directory, `${version}-${clusters++}`);
    const alone = await cluster.start(1, { alone: true });
    await alone.ready;
    await cluster.createTopic(1, 'orders', 2);
    const clients = new JoinedClients(`127.0.0.1:${alone.port}`, 'orders');
    await clients.start();
    try {
      const more = async (): Promise<void> => {
        const before = clients.acknowledged.length;
        await expect.poll(() => clients.acknowledged.length - before, POLLED).toBeGreaterThan(20);
      };
      await more();
      expect(await cluster.stop(1)).toBe(0);
      await cluster.startAll(1);
      await more();
      await cluster.startAll(2);
      await expect.poll(async () => (await cluster.unfenced()).length, POLLED).toBe(2);
      await cluster.reassign(1, 'orders', 1, [2]);
      await expect.poll(() => cluster.leaderOf(1, 'orders', 1), POLLED).toBe(2);
      await more();
      await clients.endProducing();
      await expect.poll(() => clients.missing(), POLLED).toEqual([]);
    } finally {
      await clients.stop();
    }
  });
});
