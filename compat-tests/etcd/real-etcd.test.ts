/**
 * `npm run test:etcd`: the simulated etcd beside the real ones that can be had here, and controllers on real ones. Etcd comes from
 * scripts/etcd/install.ts; without any there is one test that says so.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { GrpcChannel } from '../../src/etcd/grpc-channel.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { startEtcd, type RunningEtcd } from '../../scripts/etcd/cluster.ts';
import { etcds } from '../../scripts/etcd/install.ts';
import { converse } from '../../test/etcd/conversation.ts';
import { simulatedAnswers } from '../../test/etcd/simulated-conversation.ts';
import { RealControllers } from './controllers.ts';

const found = etcds((line) => void process.stderr.write(`etcd: ${line}\n`));
const directory = mkdtempSync(join(tmpdir(), 'ottla-etcd-'));
const POLLED = { timeout: 20_000, interval: 10 };
const ROUNDS = Number(process.env['ETCD_ROUNDS'] ?? 2);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

test.skipIf(found.length > 0)('there is no etcd here: install it, or apt-get or Go', () => {
  expect.fail('nothing was compared');
});

describe.each(found)('etcd $version', ({ version, path }) => {
  let etcd: RunningEtcd;
  let story = 0;

  beforeAll(async () => {
    etcd = await startEtcd({ program: path, directory: join(directory, version), members: 3 });
  });
  afterAll(() => etcd?.stop());

  test('answers as the simulated one does', async () => {
    const channel = new GrpcChannel(etcd.endpoints[0], { clock: systemClock });
    const answers = await converse({ channel, wait: (delayMs) => wait(delayMs) });
    channel.close();
    expect(answers).toEqual(await simulatedAnswers());
  });

  /** How long it took from `act` until another controller was active. */
  async function takeover(act: (controllers: RealControllers) => void): Promise<number> {
    const controllers = new RealControllers(etcd.endpoints, `story-${story++}`);
    await expect.poll(() => controllers.active, POLLED).not.toBeNull();
    const { term, log } = controllers.active!;
    const batch = encodeBatch({ records: [{ key: null, value: Buffer.from('a'), timestamp: 0 }] });
    expect(await log.append(term, [{ bytes: batch, count: 1 }])).toBe('done');
    const beganMs = performance.now();
    act(controllers);
    await expect.poll(() => controllers.active?.term.epoch ?? 0, POLLED).toBeGreaterThan(term.epoch);
    const tookMs = performance.now() - beganMs;
    const next = controllers.active!;
    expect(next.term.nextOffset).toBe(1);
    expect((await next.log.read(0)).batches.map(({ bytes }) => bytes)).toEqual([batch]);
    await controllers.stop();
    return tookMs;
  }

  const killActive = (controllers: RealControllers): void => controllers.kill(controllers.active!.claim.nodeId);

  test(`replaces a controller that is killed, ${ROUNDS} times`, async () => {
    for (let round = 0; round < ROUNDS; round++) expect(await takeover(killActive)).toBeLessThan(4000);
  });

  test(`replaces one that is killed and started at once while the leader moves three times, ${ROUNDS} times`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const moves: Promise<void>[] = [];
      const tookMs = await takeover((controllers) => {
        const { nodeId } = controllers.active!.claim;
        controllers.kill(nodeId);
        controllers.start(nodeId);
        for (const atMs of [0, 200, 400]) moves.push(wait(atMs).then(() => etcd.moveLeader()));
      });
      await Promise.all(moves);
      expect(tookMs).toBeLessThan(4000);
    }
  });

  test('keeps its controller while a member hangs', async () => {
    const controllers = new RealControllers(etcd.endpoints, `story-${story++}`);
    await expect.poll(() => controllers.active, POLLED).not.toBeNull();
    const { term } = controllers.active!;
    etcd.signal(0, 'SIGSTOP');
    await wait(4000);
    etcd.signal(0, 'SIGCONT');
    await expect.poll(() => controllers.active?.term.epoch, POLLED).toBe(term.epoch);
    await controllers.stop();
  });
});
