/** What each request about partitions is told where this broker does not lead: every API, in every version, in every case. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { ListOffsets } from '../../protocol/apis/02-list-offsets.ts';
import { DeleteRecords } from '../../protocol/apis/21-delete-records.ts';
import { OffsetForLeaderEpoch } from '../../protocol/apis/23-offset-for-leader-epoch.ts';
import { DescribeProducers } from '../../protocol/apis/61-describe-producers.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { VersionRange } from '../../protocol/schema.ts';
import { EPOCH, LED, LedBroker, UNKNOWN, type Led } from './led-broker.ts';

let broker: LedBroker;
beforeAll(async () => void (broker = await LedBroker.start()));
afterAll(() => broker.stop());

interface Answer {
  readonly errorCode: number;
  readonly currentLeader?: { readonly leaderId: number; readonly leaderEpoch: number };
  readonly nodeEndpoints?: readonly object[];
}

interface Case {
  readonly versions: VersionRange;
  /** The first version that names the leader (KIP-951). */
  readonly hintsSince: number;
  /** The first version that a replica answers though it follows (KIP-392). */
  readonly followersSince?: number;
  ask(version: number, partition: number): Promise<Answer>;
}

const records = encodeBatch({ baseOffset: 0, records: [{ key: null, value: Buffer.from('value'), timestamp: 1 }] });

/** By id where the version has ids. */
function topicOf(version: number, idsSince: number): { topic: string; topicId: string } {
  return version >= idsSince ? { topic: '', topicId: broker.topicId('t') } : { topic: 't', topicId: ZERO_UUID };
}

const CASES: Readonly<Record<string, Case>> = {
  Produce: {
    versions: Produce.versions,
    hintsSince: 10,
    async ask(version, index) {
      const { topic: name, topicId } = topicOf(version, 13);
      const topicData = [{ name, topicId, partitionData: [{ index, records }] }];
      const { responses, nodeEndpoints } = await broker.send(Produce, version, { acks: 1, timeoutMs: 1000, topicData });
      return { ...responses[0].partitionResponses[0], nodeEndpoints };
    },
  },
  Fetch: {
    versions: Fetch.versions,
    hintsSince: 16,
    followersSince: 11,
    async ask(version, partition) {
      const partitions = [{ partition, fetchOffset: 0, partitionMaxBytes: 1000 }];
      const { responses, nodeEndpoints } = await broker.send(Fetch, version, {
        maxWaitMs: 0,
        minBytes: 0,
        topics: [{ ...topicOf(version, 13), partitions }],
      });
      return { ...responses[0].partitions[0], nodeEndpoints };
    },
  },
  ListOffsets: {
    versions: ListOffsets.versions,
    hintsSince: Infinity,
    async ask(version, partitionIndex) {
      const partitions = [{ partitionIndex, timestamp: -1 }];
      const { topics } = await broker.send(ListOffsets, version, {
        replicaId: -1,
        topics: [{ name: 't', partitions }],
      });
      return topics[0].partitions[0];
    },
  },
  OffsetForLeaderEpoch: {
    versions: OffsetForLeaderEpoch.versions,
    hintsSince: Infinity,
    async ask(version, partition) {
      const partitions = [{ partition, leaderEpoch: EPOCH }];
      const { topics } = await broker.send(OffsetForLeaderEpoch, version, { topics: [{ topic: 't', partitions }] });
      return topics[0].partitions[0];
    },
  },
  DeleteRecords: {
    versions: DeleteRecords.versions,
    hintsSince: Infinity,
    async ask(version, partitionIndex) {
      const topics = [{ name: 't', partitions: [{ partitionIndex, offset: 0 }] }];
      const answer = await broker.send(DeleteRecords, version, { topics, timeoutMs: 1000 });
      return answer.topics[0].partitions[0];
    },
  },
  DescribeProducers: {
    versions: DescribeProducers.versions,
    hintsSince: Infinity,
    async ask(version, partition) {
      const topics = [{ name: 't', partitionIndexes: [partition] }];
      return (await broker.send(DescribeProducers, version, { topics })).topics[0].partitions[0];
    },
  },
};

const LEADER_TWO = {
  currentLeader: { leaderId: 2, leaderEpoch: EPOCH },
  nodeEndpoints: [{ nodeId: 2, host: 'broker-2', port: 9092, rack: 'there' }],
};
const NOBODY = { currentLeader: { leaderId: -1, leaderEpoch: EPOCH }, nodeEndpoints: [] };

function versionsOf({ versions }: Case): number[] {
  return Array.from({ length: versions.last - versions.first + 1 }, (_, i) => versions.first + i);
}

describe.each(Object.entries(CASES))('%s', (_name, api) => {
  test.each(Object.keys(LED) as Led[])('of a partition %s', async (led) => {
    const { followersSince = Infinity } = api;
    for (const version of versionsOf(api)) {
      const isFollowed = led !== 'led elsewhere, without a replica here' && version >= followersSince;
      const isHere = led === 'led here' || isFollowed;
      const answer = await api.ask(version, LED[led]);
      const errorCode = isHere ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER;
      expect({ version, errorCode: answer.errorCode }).toEqual({ version, errorCode });
      if (isHere || version < api.hintsSince) continue;
      expect(answer).toMatchObject(led === 'led by nobody' ? NOBODY : LEADER_TWO);
    }
  });

  test('of a partition that is not there', async () => {
    for (const version of versionsOf(api)) {
      const { errorCode } = await api.ask(version, UNKNOWN);
      expect({ version, errorCode }).toEqual({ version, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION });
    }
  });
});

describe('a broker opens', () => {
  test('its own replicas alone, and knows how many partitions there are', () => {
    const topic = broker.running.parts.partitions.topicByName('t')!;
    expect([0, 1, 2, 3].map((index) => topic.partitions[index] !== undefined)).toEqual([true, true, true, false]);
    expect(topic.count).toBe(4);
  });
});
