/** How clients see a cluster of which one broker is fenced, one partition has no leader, and most are led elsewhere. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Metadata } from '../../protocol/apis/03-metadata.ts';
import { DescribeCluster } from '../../protocol/apis/60-describe-cluster.ts';
import { DescribeTopicPartitions } from '../../protocol/apis/75-describe-topic-partitions.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { EPOCH, LED, LedBroker } from './led-broker.ts';

let broker: LedBroker;
beforeAll(async () => void (broker = await LedBroker.start()));
afterAll(() => broker.stop());

const NO_LEADER = {
  errorCode: ErrorCode.LEADER_NOT_AVAILABLE,
  leaderId: -1,
  leaderEpoch: EPOCH,
  replicaNodes: [1, 3],
  isrNodes: [],
  offlineReplicas: [3],
};
const ELSEWHERE = {
  errorCode: 0,
  leaderId: 2,
  leaderEpoch: EPOCH,
  replicaNodes: [2],
  isrNodes: [2],
  offlineReplicas: [],
};

test('Metadata names the brokers that are not fenced, and all partitions wherever they are', async () => {
  const { brokers, topics } = await broker.send(Metadata, Metadata.versions.last, { topics: [{ name: 't' }] });
  expect(brokers.map(({ nodeId, host }) => [nodeId, host])).toEqual([
    [1, '127.0.0.1'],
    [2, 'broker-2'],
  ]);
  const { partitions } = topics[0];
  expect(partitions).toHaveLength(4);
  expect(partitions[LED['led here']]).toMatchObject({ errorCode: 0, leaderId: 1 });
  expect(partitions[LED['led by nobody']]).toMatchObject(NO_LEADER);
  expect(partitions[LED['led elsewhere, without a replica here']]).toMatchObject(ELSEWHERE);
});

test('DescribeTopicPartitions says the same, but for the error of a partition without a leader', async () => {
  const { topics } = await broker.send(DescribeTopicPartitions, 0, { topics: [{ name: 't' }], cursor: null });
  const { partitions } = topics[0];
  expect(partitions).toHaveLength(4);
  expect(partitions[LED['led by nobody']]).toMatchObject({ ...NO_LEADER, errorCode: ErrorCode.NONE });
  expect(partitions[LED['led elsewhere, without a replica here']]).toMatchObject(ELSEWHERE);
});

test('DescribeCluster names fenced brokers to who asks for them', async () => {
  const { last } = DescribeCluster.versions;
  const running = await broker.send(DescribeCluster, last, { includeClusterAuthorizedOperations: false });
  expect(running.brokers.map(({ brokerId }) => brokerId)).toEqual([1, 2]);
  const all = await broker.send(DescribeCluster, last, {
    includeClusterAuthorizedOperations: false,
    includeFencedBrokers: true,
  });
  expect(all.brokers.map(({ brokerId, isFenced }) => [brokerId, isFenced])).toEqual([
    [1, false],
    [2, false],
    [3, true],
  ]);
});
