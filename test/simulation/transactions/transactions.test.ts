/** Coordinators in trouble, seed after seed; `npm run test:transactions-sim` tells more stories, and says what catches each mutant. */
import { expect, test } from 'vitest';
import { AddPartitionsToTxn, EndTxn, InitProducerId, OffsetCommit, OffsetFetch } from '../../../protocol/apis/index.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { partitionFor } from '../../../src/coordination/java-hash.ts';
import { OUTPUT } from '../../transactions/clients.ts';
import type { RoutedSender } from '../../transactions/routed-sender.ts';
import { leaderOf } from '../cluster/mending.ts';
import { SimulatedCluster, type Host } from '../cluster/simulated-cluster.ts';
import { mutants } from './mutants.ts';
import { senderOf } from './sender.ts';
import {
  makeTopics,
  OFFSETS_TOPIC,
  optionsOf,
  SETTINGS,
  tellTransactions,
  TRANSACTIONS_TOPIC,
} from './transactions-story.ts';

const SEEDS = [1, 2, 3, 4];

test('whatever happens to coordinators, what is copied is there once, and what groups were told holds', async () => {
  let [commits, elections, markers] = [0, 0, 0];
  for (const seed of SEEDS) {
    const outcome = await tellTransactions(seed, optionsOf(seed));
    expect(outcome.wrong, `TRANSACTIONS_SEED=${seed}`).toEqual([]);
    commits += outcome.commits;
    elections += outcome.elections;
    markers += outcome.markers;
  }
  // The stories tell of something.
  expect(Math.min(commits / 20, elections / 5, markers / 100)).toBeGreaterThan(SEEDS.length);
}, 120_000);

test.each([11, 12, 13])('any story shows markers of what is not decided (seed %i)', async (seed) => {
  const undo = mutants.find(({ name }) => name.startsWith('markers are written before'))!.apply();
  try {
    const { wrong } = await tellTransactions(seed, { ...optionsOf(seed), troubleMs: 0 });
    expect(wrong).toContainEqual(expect.stringContaining('which is decided at 1 of the machines'));
  } finally {
    undo();
  }
});

const STATE_PARTITIONS = 2;
const ID = 'id';

/** What a client is told once it is told no error that it would ask again after. */
async function asked<T>(ask: () => Promise<T>, errorOf: (answer: T) => number): Promise<T> {
  for (;;) {
    const answer = await ask().catch(() => null);
    if (answer !== null && errorOf(answer) === ErrorCode.NONE) return answer;
  }
}

function commit(sender: RoutedSender, committedOffset: number) {
  const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata: null }];
  const request = { groupId: ID, memberId: '', topics: [{ name: OUTPUT, partitions }] };
  return asked(
    () => sender.send(OffsetCommit, 7, request),
    ({ topics }) => topics[0].partitions[0].errorCode,
  );
}

/** A cluster in which the coordinator of `ID` is not the active controller: which is the harder to lose. */
async function clusterOf(seed: number, topic: string, begin: (sender: RoutedSender) => Promise<unknown>) {
  for (let next = seed; ; next += 100) {
    const cluster = await new SimulatedCluster(next, { settings: SETTINGS }).startAll();
    await cluster.settled('the topics are made', makeTopics(cluster));
    const sender = senderOf(cluster, { paceMs: 2 });
    await cluster.settled('the client has begun', begin(sender));
    const coordinator = leaderOf(cluster, topic, partitionFor(ID, STATE_PARTITIONS)) as Host;
    if (coordinator !== cluster.active()!.host) return { cluster, sender, coordinator };
  }
}

test.each([1, 2])(
  'the coordinator of a group moves within a second, with all that was committed (seed %i)',
  async (seed) => {
    const { cluster, sender, coordinator } = await clusterOf(seed, OFFSETS_TOPIC, (client) => commit(client, 42));
    cluster.kill(coordinator);
    const killedMs = cluster.nowMs;
    const found = await cluster.settled(
      'what was committed is found',
      asked(
        () =>
          sender.send(OffsetFetch, 8, { groups: [{ groupId: ID, topics: [{ name: OUTPUT, partitionIndexes: [0] }] }] }),
        ({ groups }) => groups[0].errorCode,
      ),
    );
    expect(found.groups[0].topics[0].partitions[0].committedOffset).toBe(42);
    await cluster.settled('it commits again', commit(sender, 43));
    expect(cluster.nowMs - killedMs).toBeLessThan(1000);
  },
);

test.each([1, 2])('a transaction goes on within a second when its coordinator is killed (seed %i)', async (seed) => {
  let producer = { producerId: -1, producerEpoch: -1 };
  const begin = async (sender: RoutedSender): Promise<void> => {
    const request = { transactionalId: ID, transactionTimeoutMs: 60_000 };
    const { producerId, producerEpoch } = await asked(
      () => sender.send(InitProducerId, 4, request),
      ({ errorCode }) => errorCode,
    );
    producer = { producerId, producerEpoch };
    const addition = {
      v3AndBelowTransactionalId: ID,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: [{ name: OUTPUT, partitions: [0, 1] }],
    };
    await asked(
      () => sender.send(AddPartitionsToTxn, 3, addition),
      ({ resultsByTopicV3AndBelow: [topic] }) => topic.resultsByPartition[0].partitionErrorCode,
    );
  };
  const { cluster, sender, coordinator } = await clusterOf(seed, TRANSACTIONS_TOPIC, begin);
  cluster.kill(coordinator);
  const killedMs = cluster.nowMs;
  await cluster.settled(
    'the transaction is committed',
    asked(
      () => sender.send(EndTxn, 3, { transactionalId: ID, ...producer, committed: true }),
      ({ errorCode }) => errorCode,
    ),
  );
  expect(cluster.nowMs - killedMs).toBeLessThan(1000);
});
