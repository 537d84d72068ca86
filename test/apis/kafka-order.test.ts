/** Answers whose order, or whose refusal, is Kafka's: asked of Apache Kafka 4.3.1 with the same requests. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { ListOffsets } from '../../protocol/apis/02-list-offsets.ts';
import { OffsetCommit } from '../../protocol/apis/08-offset-commit.ts';
import { OffsetFetch } from '../../protocol/apis/09-offset-fetch.ts';
import { FindCoordinator } from '../../protocol/apis/10-find-coordinator.ts';
import { ListGroups } from '../../protocol/apis/16-list-groups.ts';
import { ConsumerGroupHeartbeat } from '../../protocol/apis/68-consumer-group-heartbeat.ts';
import { Produce } from '../../protocol/apis/00-produce.ts';
import type { Client } from '../../protocol/client.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { createTopic, dial, topicOf } from '../running-broker.ts';

const TOPICS = ['one', 'two', 'three'];
let broker: RunningBroker;
let client: Client;

beforeAll(async () => {
  broker = await startBroker({ memory: true, settings: { listeners: 'PLAINTEXT://127.0.0.1:0' } });
  client = await dial(broker.bootstrap);
  for (const name of TOPICS) await createTopic(client, name);
  await client.send(FindCoordinator, 3, { key: 'any', keyType: 0 }); // makes __consumer_offsets
});
afterAll(async () => {
  await client.close();
  await broker.stop();
});

async function commit(groupId: string): Promise<void> {
  const partitions = [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }];
  const answer = await client.send(OffsetCommit, 8, {
    groupId,
    memberId: '',
    topics: TOPICS.map((name) => ({ name, partitions })),
  });
  expect(answer.topics[0].partitions[0].errorCode).toBe(0);
}

describe('OffsetFetch by a member of a group of the consumer protocol', () => {
  test.each([9, 10])('v%i refuses a member that the group does not have, and one of another epoch', async (version) => {
    const beat = await client.send(ConsumerGroupHeartbeat, 0, {
      groupId: 'kip',
      memberId: '',
      memberEpoch: 0,
      rebalanceTimeoutMs: 30_000,
      subscribedTopicNames: ['one'],
      serverAssignor: null,
      topicPartitions: [],
    });
    const own = beat.memberId!;
    const two = await topicOf(client, 'two');
    const codeFor = async (memberId: string | null, memberEpoch: number, isAll: boolean): Promise<number> => {
      const some = [{ name: 'two', topicId: two.topicId, partitionIndexes: [0] }];
      const { groups } = await client.send(OffsetFetch, version, {
        groups: [{ groupId: 'kip', memberId, memberEpoch, topics: isAll ? null : some }],
        requireStable: false,
      });
      return groups[0].errorCode;
    };
    for (const isAll of [true, false]) {
      for (const epoch of [-1, 0, 5]) {
        expect(await codeFor('nobody', epoch, isAll)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
      }
      expect(await codeFor(own, beat.memberEpoch + 1, isAll)).toBe(ErrorCode.STALE_MEMBER_EPOCH);
      expect(await codeFor(own, beat.memberEpoch, isAll)).toBe(0);
      expect(await codeFor(null, -1, isAll)).toBe(0);
    }
  });
});

test('OffsetFetch by ids answers topics that are there in the order of the request, and behind them those that are not', async () => {
  await commit('zeta');
  const [one, two, three] = await Promise.all(TOPICS.map(async (name) => (await topicOf(client, name)).topicId));
  const [u1, u2] = ['AAAAAAAAAAAAAAAAAAAABQ', 'AAAAAAAAAAAAAAAAAAAABg'];
  const order = async (ids: string[]): Promise<string[]> => {
    const topics = ids.map((topicId) => ({ topicId, partitionIndexes: [0] }));
    const { groups } = await client.send(OffsetFetch, 10, {
      groups: [{ groupId: 'zeta', memberId: null, memberEpoch: -1, topics }],
      requireStable: false,
    });
    return groups[0].topics.map(({ topicId }) => topicId);
  };
  expect(await order([u1, two, u2, one])).toEqual([two, one, u1, u2]);
  expect(await order([two, u1, one])).toEqual([two, one, u1]);
  expect(await order([one, three, two])).toEqual([one, three, two]);
  expect(await order([u2, u1])).toEqual([u2, u1]);
});

test('ListGroups answers groups in the order in which they were made', async () => {
  const made = ['omega', 'alpha', 'mid', 'beta', 'aaa', 'bbb'];
  for (const groupId of made) await commit(groupId);
  await commit('alpha');
  const { groups } = await client.send(ListGroups, 5, {});
  expect(groups.map(({ groupId }) => groupId).filter((groupId) => made.includes(groupId))).toEqual(made);
});

async function produce(topic: string, timestamps: number[], size = 10): Promise<void> {
  const records = timestamps.map((timestamp) => ({ key: null, value: Buffer.alloc(size), headers: [], timestamp }));
  const { responses } = await client.send(Produce, 9, {
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ name: topic, partitionData: [{ index: 0, records: encodeBatch({ records }) }] }],
  });
  expect(responses[0].partitionResponses[0].errorCode).toBe(0);
}

test('ListOffsets finds the largest timestamp where all are -1, at the first record', async () => {
  await createTopic(client, 'untimed');
  const at = async (timestamp: number): Promise<number[]> => {
    const { topics } = await client.send(ListOffsets, 8, {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ name: 'untimed', partitions: [{ partitionIndex: 0, timestamp }] }],
    });
    const { errorCode, offset, timestamp: found, leaderEpoch } = topics[0].partitions[0];
    return [errorCode, offset, found, leaderEpoch];
  };
  expect(await at(-3)).toEqual([0, -1, -1, -1]);
  await produce('untimed', [-1, -1]);
  await produce('untimed', [-1]);
  expect(await at(-3)).toEqual([0, 0, -1, 0]);
  expect([await at(0), await at(5)]).toEqual([
    [0, -1, -1, -1],
    [0, -1, -1, -1],
  ]);
  await produce('untimed', [1_700_000_000_000, 1_700_000_000_005, 1_700_000_000_005]);
  expect(await at(-3)).toEqual([0, 4, 1_700_000_000_005, 0]);
});

// Kafka cuts at the byte, and sends the beginning of a batch that clients drop (docs/limits.md).
test('Fetch ends at the end of a batch, and the first batch comes whole', async () => {
  await createTopic(client, 'cut');
  for (let i = 0; i < 4; i++) await produce('cut', [1_700_000_000_000], 100);
  const sizes = [];
  for (const partitionMaxBytes of [10, 250, 340, 500]) {
    const { responses } = await client.send(Fetch, 12, {
      replicaId: -1,
      maxWaitMs: 100,
      minBytes: 1,
      maxBytes: 1_000_000,
      isolationLevel: 0,
      topics: [{ topic: 'cut', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes }] }],
    });
    sizes.push(responses[0].partitions[0].records!.byteLength);
  }
  expect(sizes).toEqual([170, 170, 340, 340]);
});
