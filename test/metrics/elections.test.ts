/** Elections are counted by what the image says of the partition before and after. */
import { expect, test } from 'vitest';
import { emptyImage, type ClusterImage, type PartitionImage } from '../../src/cluster/image.ts';
import { Elections } from '../../src/metrics/elections.ts';
import { topicImage } from '../../src/cluster/replica-index.ts';

const ID = 'topic_of_elections____';
const PARTITION: PartitionImage = {
  leader: 1,
  leaderEpoch: 5,
  leaderRecoveryState: 0,
  partitionEpoch: 9,
  replicas: [1, 2, 3],
  isr: [1, 2],
  elr: [3],
  lastKnownElr: [],
  addingReplicas: [],
  removingReplicas: [],
  directories: [],
};

function counted(...steps: Partial<PartitionImage>[]): readonly [total: number, fromEligible: number, unclean: number] {
  const elections = new Elections();
  const delta = { topicIds: new Set([ID]), resources: new Set<string>(), brokerIds: new Set<number>() };
  let partition = PARTITION;
  for (const step of steps) {
    const next = { ...partition, ...step };
    elections.note(imageOf(next), imageOf(partition), delta);
    partition = next;
  }
  return [elections.total, elections.fromEligible, elections.unclean];
}

function imageOf(partition: PartitionImage): ClusterImage {
  const topic = topicImage('orders', ID, [partition]);
  return { ...emptyImage('cluster'), topicsById: new Map([[ID, topic]]) };
}

test.each([
  ['another that is in sync leads', [{ leader: 2, leaderEpoch: 6 }], [1, 0, 0]],
  ['an eligible replica leads', [{ leader: 3, leaderEpoch: 6, isr: [3], elr: [] }], [1, 1, 0]],
  [
    'one leads that may lack records',
    [
      { leader: -1, leaderEpoch: 6, isr: [1], elr: [] },
      { leader: 3, leaderEpoch: 7, isr: [3] },
    ],
    [1, 0, 1],
  ],
  ['none leads', [{ leader: -1, leaderEpoch: 6 }], [0, 0, 0]],
  ['a replica falls out of sync', [{ isr: [1] }], [0, 0, 0]],
  ['the same leader begins another epoch', [{ leaderEpoch: 6 }], [0, 0, 0]],
])('%s', (_, steps, expected) => {
  expect(counted(...steps)).toEqual(expected);
});

test('topics that are new or gone have had no election', () => {
  const elections = new Elections();
  const delta = { topicIds: new Set([ID]), resources: new Set<string>(), brokerIds: new Set<number>() };
  elections.note(imageOf(PARTITION), emptyImage('cluster'), delta);
  elections.note(emptyImage('cluster'), imageOf(PARTITION), delta);
  expect(elections.total).toBe(0);
});
