/** Requests that are handled in pieces: they are answered as small ones are, in their order, and others beside them at once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { ListOffsets } from '../../protocol/apis/02-list-offsets.ts';
import { OffsetCommit } from '../../protocol/apis/08-offset-commit.ts';
import { OffsetFetch } from '../../protocol/apis/09-offset-fetch.ts';
import { FindCoordinator } from '../../protocol/apis/10-find-coordinator.ts';
import { DeleteGroups } from '../../protocol/apis/42-delete-groups.ts';
import { OffsetDelete } from '../../protocol/apis/47-offset-delete.ts';
import type { Client } from '../../protocol/client.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { decodeBatch } from '../../protocol/records/decode.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { createTopic, dial } from '../running-broker.ts';

const PARTITIONS = 2500;
/** In the request: more than 64 KiB. */
const NAMED = 6000;
let broker: RunningBroker;
let client: Client;

beforeAll(async () => {
  broker = await startBroker({ memory: true, settings: { listeners: 'PLAINTEXT://127.0.0.1:0' } });
  client = await dial(broker.bootstrap);
  await createTopic(client, 'wide', PARTITIONS);
  await client.send(FindCoordinator, 3, { key: 'any', keyType: 0 });
});
afterAll(async () => {
  await client.close();
  await broker.stop();
});

async function produce(index: number, value: string): Promise<void> {
  const records = encodeBatch({ records: [{ key: null, value: Buffer.from(value), timestamp: Date.now() }] });
  const topicData = [{ name: 'wide', partitionData: [{ index, records }] }];
  await client.send(Produce, 9, { transactionalId: null, acks: 1, timeoutMs: 1000, topicData });
}

function wanted(count: number) {
  const partitions = Array.from({ length: count }, (_, partition) => ({
    partition,
    fetchOffset: 0,
    partitionMaxBytes: 1000,
  }));
  return [{ topic: 'wide', partitions }];
}

type Fetched = Awaited<ReturnType<typeof sessionless>>;

function sessionless(count: number, version: number) {
  return client.send(Fetch, version, { maxWaitMs: 0, minBytes: 0, topics: wanted(count) });
}

function valuesOf({ responses }: Fetched): string[] {
  return responses.flatMap(({ partitions }) =>
    partitions.flatMap(({ partitionIndex, records }) =>
      records === null || records.length === 0
        ? []
        : decodeBatch(Buffer.from(records), 0).records.map(({ value }) => `${partitionIndex} ${value!.toString()}`),
    ),
  );
}

describe('a fetch of very many partitions', () => {
  beforeAll(async () => {
    await produce(3, 'three');
    await produce(2400, 'far');
  });

  test.each([4, 7, 11, 12])('v%i finds in all of them what is there', async (version) => {
    for (const count of [150, 300, PARTITIONS]) {
      const answer = await sessionless(count, version);
      expect(answer.responses[0].partitions.map(({ partitionIndex }) => partitionIndex)).toEqual(
        Array.from({ length: count }, (_, index) => index),
      );
      expect(valuesOf(answer)).toEqual(count === PARTITIONS ? ['3 three', '2400 far'] : ['3 three']);
    }
  });

  test('tells of each that does not exist, and reads one that is named again once', async () => {
    const topics = [...wanted(NAMED), ...wanted(10)];
    const { responses } = await client.send(Fetch, 12, { maxWaitMs: 0, minBytes: 0, topics });
    const codes = responses.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
    expect(codes.filter((code) => code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)).toHaveLength(NAMED - PARTITIONS);
    expect(codes).toHaveLength(NAMED);
  });

  test('waits for the first of them that has more', async () => {
    const topics = [{ topic: 'wide', partitions: wanted(PARTITIONS)[0].partitions.slice(100, 2000) }];
    const other = await dial(broker.bootstrap);
    const waiting = other.send(Fetch, 12, { maxWaitMs: 20_000, minBytes: 1, topics });
    await client.send(ListOffsets, 6, { replicaId: -1, isolationLevel: 0, topics: [] }); // it has come by now, and is not answered
    await produce(1500, 'awaited');
    expect(valuesOf(await waiting)).toEqual(['1500 awaited']);
    await other.close();
  });

  test('is told of what is new alone in its session, which others may be added to and taken from', async () => {
    const begin = { maxWaitMs: 0, minBytes: 0, sessionId: 0, sessionEpoch: 0, topics: wanted(PARTITIONS) };
    const first = await client.send(Fetch, 12, begin);
    expect(valuesOf(first)).toContain('3 three');
    const { sessionId } = first;
    const read = wanted(PARTITIONS)[0].partitions.map((each) => ({
      ...each,
      fetchOffset: each.partition === 1500 ? 1 : 0,
    }));
    await produce(1500, 'news');
    const forgotten = [{ topic: 'wide', partitions: [3, 2400] }];
    const news = await client.send(Fetch, 12, {
      ...begin,
      sessionId,
      sessionEpoch: 1,
      topics: [{ topic: 'wide', partitions: read.filter(({ partition }) => partition === 1500) }],
      forgottenTopicsData: forgotten,
    });
    expect(valuesOf(news)).toEqual(['1500 news']);
  });
});

test('offsets of thousands of partitions are committed, told and deleted, those that do not exist refused', async () => {
  const partitions = Array.from({ length: NAMED }, (_, partitionIndex) => ({
    partitionIndex,
    committedOffset: partitionIndex,
    committedMetadata: 'm',
  }));
  const group = { groupId: 'g', generationIdOrMemberEpoch: -1, memberId: '' };
  const committed = await client.send(OffsetCommit, 8, { ...group, topics: [{ name: 'wide', partitions }] });
  expect(committed.topics).toHaveLength(1);
  const codes = new Map(
    committed.topics[0].partitions.map(({ partitionIndex, errorCode }) => [partitionIndex, errorCode]),
  );
  expect([codes.size, codes.get(0), codes.get(PARTITIONS - 1), codes.get(PARTITIONS)]).toEqual([NAMED, 0, 0, 3]);
  const fetch = { groups: [{ groupId: 'g', topics: null }], requireStable: false };
  const fetched = await client.send(OffsetFetch, 8, fetch);
  const offsets = fetched.groups[0].topics[0].partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex);
  expect(offsets.map(({ committedOffset }) => committedOffset)).toEqual(
    Array.from({ length: PARTITIONS }, (_, at) => at),
  );
  const named = partitions.slice(0, 2000).map(({ partitionIndex }) => ({ partitionIndex }));
  const deleted = await client.send(OffsetDelete, 0, { groupId: 'g', topics: [{ name: 'wide', partitions: named }] });
  expect([deleted.errorCode, deleted.topics.length, deleted.topics[0].partitions.length]).toEqual([0, 1, 2000]);
  expect((await client.send(OffsetFetch, 8, fetch)).groups[0].topics[0].partitions).toHaveLength(PARTITIONS - 2000);
});

test('what is pipelined behind a large request is answered behind it, and another client before it', async () => {
  const groupsNames = Array.from({ length: 60_000 }, (_, at) => `there-is-no-${at}`);
  const other = await dial(broker.bootstrap);
  const order: string[] = [];
  const note = (name: string) => () => void order.push(name);
  await Promise.all([
    client.send(DeleteGroups, 2, { groupsNames }).then(note('large')),
    client.send(FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] }).then(note('behind')),
    other.send(FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] }).then(note('beside')),
  ]);
  expect(order).toEqual(['beside', 'large', 'behind']);
  await other.close();
});

test('a client that goes while its request is handled leaves nothing behind', async () => {
  const gone = await dial(broker.bootstrap);
  const groupsNames = Array.from({ length: 60_000 }, (_, at) => `there-is-no-${at}`);
  const answer = gone.send(DeleteGroups, 2, { groupsNames }).catch((error: Error) => error);
  await gone.close();
  expect(await answer).toBeInstanceOf(Error);
  const { coordinators } = await client.send(FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] });
  expect(coordinators[0].errorCode).toBe(0);
});
