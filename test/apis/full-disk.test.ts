import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { DeleteTopics } from '../../protocol/apis/20-delete-topics.ts';
import type { Client } from '../../protocol/client.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { diskError, MemoryFiles } from '../../src/platform/memory-files.ts';
import { consume, createTopic, dial, produce } from '../running-broker.ts';

let files: MemoryFiles;
let broker: RunningBroker;
let client: Client;

beforeEach(async () => {
  files = new MemoryFiles();
  broker = await startBroker({ files, settings: { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': '/data' } });
  client = await dial(broker.bootstrap);
  await createTopic(client, 't', 2);
  await createTopic(client, 'synced', 1, { 'flush.messages': '1' });
  await produce(client, 't', 0, ['before']);
  await produce(client, 'synced', 0, ['before']);
});

afterEach(async () => {
  files.before = null;
  await client.close();
  await broker.stop();
});

function refuseWrites(to = ''): void {
  files.before = (operation, path) => {
    if (operation === 'write' && path.includes(to)) throw diskError('ENOSPC', operation, path);
  };
}

const batchOf = (value: string) => encodeBatch({ records: [{ key: null, value: Buffer.from(value), timestamp: 1 }] });

async function send(topic: string, indexes: readonly number[], version = 9, acks = 1) {
  const { responses } = await client.send(Produce, version, {
    transactionalId: null,
    acks,
    timeoutMs: 5000,
    topicData: [{ name: topic, partitionData: indexes.map((index) => ({ index, records: batchOf('v') })) }],
  });
  return responses[0].partitionResponses.map(({ errorCode, baseOffset, logStartOffset }) => [
    errorCode,
    baseOffset,
    logStartOffset,
  ]);
}

const REFUSED = [ErrorCode.KAFKA_STORAGE_ERROR, -1, -1];

describe('on a full disk', () => {
  it.each([3, 4, 5, 8, 9, 12])('the very first small append is told KAFKA_STORAGE_ERROR (v%i)', async (version) => {
    refuseWrites();
    expect(await send('t', [0], version)).toEqual([REFUSED]);
    files.before = null;
    expect((await send('t', [0], version))[0].slice(0, 2)).toEqual([ErrorCode.NONE, 1]);
    expect(await consume(client, 't', 0)).toEqual(['before', 'v']);
  });

  it('each of many requests that shared a write is told', async () => {
    refuseWrites();
    const answers = await Promise.all([send('t', [0, 1]), send('synced', [0]), send('t', [1]), send('t', [0])]);
    expect(answers).toEqual([[REFUSED, REFUSED], [REFUSED], [REFUSED], [REFUSED]]);
    expect(await consume(client, 't', 0)).toEqual(['before']);
  });

  it('only those are told whose log it was', async () => {
    refuseWrites('t-1');
    expect(await send('t', [0, 1, 0])).toEqual([[0, 1, 0], REFUSED, [0, 2, 0]]);
    expect(await consume(client, 't', 0)).toEqual(['before', 'v', 'v']);
  });

  it('an append that waits for its sync is told as well', async () => {
    refuseWrites();
    expect(await send('synced', [0])).toEqual([REFUSED]);
    files.before = null;
    expect(await send('synced', [0])).toEqual([[0, 1, 0]]);
  });

  it('a producer that wants no answer loses its connection, as every time it fails', async () => {
    refuseWrites();
    const other = await dial(broker.bootstrap);
    other.sendWithoutResponse(Produce, 9, {
      transactionalId: null,
      acks: 0,
      timeoutMs: 5000,
      topicData: [{ name: 't', partitionData: [{ index: 0, records: batchOf('v') }] }],
    });
    await other.closed;
    expect(client.isClosed).toBe(false);
  });

  it('changes to the cluster are told KAFKA_STORAGE_ERROR too, and happen when there is room', async () => {
    refuseWrites();
    expect(await createTopic(client, 'new')).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    const drop = () => client.send(DeleteTopics, 5, { topicNames: ['t'], timeoutMs: 1000 });
    expect((await drop()).responses[0].errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    files.before = null;
    expect(await createTopic(client, 'new')).toBe(ErrorCode.NONE);
    expect((await drop()).responses[0].errorCode).toBe(ErrorCode.NONE);
  });
});
