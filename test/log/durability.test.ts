import { afterEach, describe, expect, it } from 'vitest';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { ListOffsets } from '../../protocol/apis/02-list-offsets.ts';
import { connect, type Client } from '../../protocol/client.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { silentLogger, type Facts } from '../../src/platform/logger.ts';
import { diskError, type Operation } from '../../src/platform/memory-files.ts';
import { topic } from '../cluster/cluster-fixture.ts';
import { batchOf, batchOfSize } from './log-fixture.ts';
import { SlowDisk } from './slow-disk.ts';

let broker: RunningBroker | undefined;
const clients: Client[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await broker?.stop();
  broker = undefined;
});

/** A broker with topics `t` (as configured) and `u` in a second log directory. */
async function start(configs: Record<string, string> = {}) {
  const disk = new SlowDisk();
  disk.isSlow = false;
  const lines: { event: string; facts: Facts | undefined }[] = [];
  const note = (event: string, facts?: Facts) => void lines.push({ event, facts });
  broker = await startBroker({
    files: disk,
    logger: { ...silentLogger, warn: note, error: note },
    settings: { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': '/a,/b' },
  });
  const client = await open();
  const named = Object.entries(configs).map(([name, value]) => ({ name, value }));
  await client.send(CreateTopics, 7, { topics: [topic('t', { configs: named }), topic('u', { configs: named })] });
  const homeOf = (name: string) => broker!.parts.partitions.directoryOf(broker!.parts.partitions.get(name, 0)!)!.path;
  expect(homeOf('t')).not.toBe(homeOf('u'));
  disk.isSlow = true;
  disk.begun = 0;
  return { disk, lines, homeOf, client };
}

async function open(): Promise<Client> {
  const [host, port] = broker!.bootstrap.split(':');
  const client = await connect({ host, port: Number(port) });
  clients.push(client);
  return client;
}

async function produce(client: Client, name: string, records: Buffer = batchOf(['x']), version = 9) {
  const { responses } = await client.send(Produce, version, {
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ name, partitionData: [{ index: 0, records }] }],
  });
  const { errorCode, baseOffset, logStartOffset } = responses[0].partitionResponses[0];
  return { errorCode, baseOffset, logStartOffset };
}

async function fetchFrom(client: Client, name: string, fetchOffset = 0) {
  const { responses } = await client.send(Fetch, 11, {
    maxWaitMs: 0,
    minBytes: 1,
    topics: [{ topic: name, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1 << 20 }] }],
  });
  const { errorCode, highWatermark, records } = responses[0].partitions[0];
  return { errorCode, highWatermark, bytes: records?.length ?? 0 };
}

const until = async (isSo: () => boolean) => {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
};

/** The disk throws `code` from every such operation below `directory`. */
function failing(disk: SlowDisk, code: string, operations: readonly Operation[], directory: string): void {
  disk.before = (operation, path) => {
    if (operations.includes(operation) && path.startsWith(directory)) throw diskError(code, operation, path);
  };
}

describe('flush.messages=1', () => {
  it('acknowledges when the sync has returned; appends that come meanwhile share the next', async () => {
    const { disk, client } = await start({ 'flush.messages': '1' });
    const others = await Promise.all(Array.from({ length: 8 }, open));
    const answered: number[] = [];
    const send = (by: Client) => produce(by, 't').then(({ baseOffset }) => void answered.push(baseOffset));
    const first = send(client);
    await until(() => disk.syncs.length === 1);
    const rest = others.map(send);
    const { log } = broker!.parts.partitions.get('t', 0)!;
    await until(() => log.endOffset === 9);
    expect(answered).toEqual([]);
    expect((await fetchFrom(await open(), 't')).highWatermark).toBe(0); // nobody reads what a power failure could take
    await disk.finishSync();
    await first;
    expect(answered).toEqual([0]);
    await until(() => disk.syncs.length === 1);
    await disk.finishSync();
    await Promise.all(rest);
    expect(answered.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(disk.begun).toBe(2);
    expect(log.recoveryPoint).toBe(9);
  });

  it('makes the retry of a batch wait for the sync that the first answer waits for', async () => {
    const { disk, client } = await start({ 'flush.messages': '1' });
    const batch = () => batchOf(['once'], { producerId: 5, producerEpoch: 0, baseSequence: 0 });
    const answers: number[] = [];
    const both = [client, await open()].map(async (by) => answers.push((await produce(by, 't', batch())).baseOffset));
    await until(() => disk.syncs.length === 1);
    for (let i = 0; i < 5; i++) await fetchFrom(await open(), 't'); // so the second request has come in too
    expect(answers).toEqual([]);
    disk.isSlow = false;
    await disk.finishSync();
    await Promise.all(both);
    expect(answers).toEqual([0, 0]);
  });

  it.each([3, 9])(
    'answers KAFKA_STORAGE_ERROR in Produce v%i when the sync fails, and takes that directory offline for good',
    async (version) => {
      const { disk, lines, client } = await start({ 'flush.messages': '1' });
      const waiting = produce(client, 't', batchOf(['x']), version);
      await until(() => disk.syncs.length === 1);
      await disk.finishSync(diskError('EIO', 'fdatasync', '/x'));
      expect(await waiting).toEqual({ errorCode: 56, baseOffset: -1, logStartOffset: -1 });
      expect(lines.map(({ event }) => event)).toEqual(['log-dir.offline']);
      expect(lines[0].facts?.next).toContain('restart');

      disk.isSlow = false;
      const begun = disk.begun;
      expect((await produce(client, 't')).errorCode).toBe(56);
      expect((await fetchFrom(client, 't')).errorCode).toBe(56);
      const { topics } = await client.send(ListOffsets, 5, {
        replicaId: -1,
        topics: [{ name: 't', partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
      });
      expect(topics[0].partitions[0].errorCode).toBe(56);
      expect(disk.begun).toBe(begun); // a second sync would say that all is well
      expect((await produce(client, 'u')).errorCode).toBe(0);
      broker!.parts.partitions.checkpoint();
      expect(lines).toHaveLength(1);
    },
  );

  it('leaves no word of an orderly end in a directory that is offline', async () => {
    const { disk, client, homeOf } = await start({ 'flush.messages': '1' });
    const [bad, good] = [homeOf('t'), homeOf('u')];
    const waiting = produce(client, 't');
    await until(() => disk.syncs.length === 1);
    await disk.finishSync(diskError('EIO', 'fdatasync', '/x'));
    await waiting;
    disk.isSlow = false;
    await broker!.stop();
    broker = undefined;
    expect([bad, good].map((path) => disk.exists(`${path}/.kafka_cleanshutdown`))).toEqual([false, true]);
  });
});

describe('a disk that refuses appends', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EROFS', 'EMFILE'])(
    'with %s: producers are told, readers go on, appends resume by themselves',
    async (code) => {
      const { disk, lines, client, homeOf } = await start();
      await produce(client, 't');
      const whole = await fetchFrom(client, 't');
      failing(disk, code, ['write', 'create', 'replace'], homeOf('t'));
      expect((await produce(client, 't')).errorCode).toBe(56); // lost in a write that several may share
      for (const batch of [batchOf(['small']), batchOfSize(20_000), batchOf(['small'])]) {
        expect((await produce(client, 't', batch)).errorCode).toBe(56);
      }
      expect(await fetchFrom(client, 't')).toEqual(whole);
      expect((await produce(client, 'u')).errorCode).toBe(0);
      expect(lines.map(({ event }) => event)).toEqual(['log-dir.refuses-appends']);

      disk.before = null;
      expect(await produce(client, 't', batchOf(['again']))).toEqual({
        errorCode: 0,
        baseOffset: 1,
        logStartOffset: 0,
      });
      expect(lines.map(({ event }) => event)).toEqual(['log-dir.refuses-appends', 'log-dir.takes-appends-again']);
    },
  );

  it('with EIO: the directory goes offline, the other lives on', async () => {
    const { disk, lines, client, homeOf } = await start();
    await produce(client, 't');
    failing(disk, 'EIO', ['write'], homeOf('t'));
    expect((await produce(client, 't', batchOfSize(20_000))).errorCode).toBe(56);
    disk.before = null;
    expect((await produce(client, 't')).errorCode).toBe(56);
    expect((await fetchFrom(client, 't')).errorCode).toBe(56);
    expect((await produce(client, 'u')).errorCode).toBe(0);
    expect(lines.map(({ event }) => event)).toEqual(['log-dir.offline']);
  });

  it('tells a fetch that waits at a partition that went offline', async () => {
    const { disk, client, homeOf } = await start();
    const waiting = (await open()).send(Fetch, 11, {
      maxWaitMs: 60_000,
      minBytes: 1,
      topics: [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100 }] }],
    });
    failing(disk, 'EIO', ['write'], homeOf('t'));
    await produce(client, 't', batchOfSize(20_000));
    expect((await waiting).responses[0].partitions[0].errorCode).toBe(56);
    disk.before = null;
  });
});
