/** Elections and reassignments that clients ask for, on a cluster whose second broker is only a registration. */
import { expect, test } from 'vitest';
import { reassignmentsUnderWay } from '../../src/cluster/reassignments.ts';
import { finish } from '../../src/platform/pieces.ts';
import { assigned, Cluster, topic } from './cluster-fixture.ts';

async function twoBrokers(): Promise<Cluster> {
  const cluster = await Cluster.registered();
  await cluster.register({ id: 2, incarnationId: 'incarnationincarnatioB' });
  await cluster.create(topic('t', assigned([1, 2], [2, 1])));
  return cluster;
}
const partition = ({ controller }: Cluster, index = 0) => controller.image.topicsByName.get('t')!.partitions[index];
const move = async (cluster: Cluster, replicas: number[] | null, mayChangeFactor = true, partitionIndex = 0) => {
  const asked = [{ name: 't', partitions: [{ partitionIndex, replicas }] }];
  const [{ partitions }] = await cluster.controller.alterReassignments(asked, mayChangeFactor);
  return partitions[0].errorCode;
};

test('a partition that moves is where it shall be at once, led by one of its replicas', async () => {
  const cluster = await twoBrokers();
  expect(await move(cluster, [2])).toBe(0);
  expect(partition(cluster)).toMatchObject({ replicas: [2], isr: [2], leader: 2, leaderEpoch: 1 });
  expect(finish(reassignmentsUnderWay(null, cluster.controller.image))).toEqual([]);
});

test('a partition that is there already does not change', async () => {
  const cluster = await twoBrokers();
  const before = partition(cluster);
  expect(await move(cluster, [1, 2])).toBe(0);
  expect(partition(cluster)).toBe(before);
});

test('another order is another preferred leader, who leads after an election', async () => {
  const cluster = await twoBrokers();
  await move(cluster, [2, 1]);
  expect(partition(cluster)).toMatchObject({ replicas: [2, 1], leader: 1 });
  const results = await cluster.controller.electLeaders(false, null);
  expect(results).toEqual([{ topic: 't', partitionResult: [{ partitionId: 0, errorCode: 0, errorMessage: null }] }]);
  expect(partition(cluster)).toMatchObject({ leader: 2, leaderEpoch: 1 });
});

test.each([
  ['unknown brokers', [1, 7], true, 39],
  ['nobody', [], true, 39],
  ['more brokers than it may', [1], false, 38],
  ['nowhere: it does not move', null, true, 85],
])('a partition does not move to %s', async (_where, replicas, mayChangeFactor, errorCode) => {
  expect(await move(await twoBrokers(), replicas, mayChangeFactor)).toBe(errorCode);
});

test('a partition that is not there neither moves nor elects', async () => {
  const cluster = await twoBrokers();
  expect(await move(cluster, [1], true, 9)).toBe(3);
  const asked = [
    { topic: 't', partitions: [0, 9] },
    { topic: 'none', partitions: [0] },
  ];
  const results = await cluster.controller.electLeaders(false, asked);
  expect(results.flatMap(({ partitionResult }) => partitionResult.map(({ errorCode }) => errorCode))).toEqual([
    84, 3, 3,
  ]);
});

test('a broker that is gone is no preferred leader, and is forgotten when it is unregistered', async () => {
  const cluster = await twoBrokers();
  await move(cluster, [2, 1]);
  await cluster.controller.unregister(2);
  expect([...cluster.controller.image.brokers.keys()]).toEqual([1]);
  const [{ partitionResult }] = await cluster.controller.electLeaders(false, [{ topic: 't', partitions: [0] }]);
  expect(partitionResult[0].errorCode).toBe(80);
});
