/** What a leader counts of its proposals, whether the image or the controller's answer comes first. */
import { expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { nextTurn } from '../../src/platform/clock.ts';
import { IsrProposals } from '../../src/replication/isr-proposals.ts';
import { PartitionsFixture, topicId } from '../partitions/partitions-fixture.ts';

const LAG_MS = 1000;
const RULES = { maxLagMs: LAG_MS, epochOf: () => -1, mayJoin: () => true, isAlive: () => true };

test.each([
  ['after the answer', false],
  ['before the answer', true],
])(
  'a replica that falls out of sync and comes back is counted as both, where the image comes %s',
  async (_when, isFirst) => {
    const fixture = new PartitionsFixture();
    const partition = fixture.apply('t', topicId(0)).partitions[0]!;
    let partitionEpoch = 0;
    const lead = (inSync: readonly number[]): void => {
      const term = { leaderEpoch: 1, replicas: 2, followers: [2], rules: RULES };
      partition.lead({ ...term, partitionEpoch, inSyncReplicas: inSync.length + 1, inSync });
    };
    const { isrChanges } = fixture.partitions;
    const proposals = new IsrProposals({
      clock: fixture.clock,
      logger: fixture.logger,
      nodeId: 1,
      brokerEpoch: () => 7,
      partitions: { isrChanges },
      alterPartitions: async ([{ partitions }]) => {
        const isr = partitions[0].newIsrWithEpochs.map(({ brokerId }) => brokerId);
        partitionEpoch++;
        if (isFirst) lead(isr.filter((id) => id !== 1));
        const answer = {
          partitionIndex: 0,
          errorCode: ErrorCode.NONE,
          leaderId: 1,
          leaderEpoch: 1,
          isr,
          partitionEpoch,
        };
        const topics = [{ topicId: partition.topicId, partitions: [{ ...answer, leaderRecoveryState: 0 }] }];
        return { errorCode: ErrorCode.NONE, topics };
      },
    });
    partition.onProposal = (led, proposal) => proposals.propose(led, proposal);
    lead([2]);
    fixture.produceValues(partition, 'a');
    fixture.partitions.settle();
    await fixture.clock.advance(LAG_MS + 1);
    partition.checkFollowers();
    await nextTurn();
    expect(isrChanges).toMatchObject({ shrinks: 1, expands: 0, failed: 0 });
    partition.noteFollowerFetch({ followerId: 2, endOffset: 1, brokerEpoch: -1 });
    await nextTurn();
    expect(isrChanges).toMatchObject({ shrinks: 1, expands: 1, failed: 0 });
    proposals.stop();
    fixture.close();
  },
);
