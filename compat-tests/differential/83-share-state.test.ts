import {
  DeleteShareGroupState,
  InitializeShareGroupState,
  ReadShareGroupState,
  ReadShareGroupStateSummary,
  WriteShareGroupState,
} from '../../protocol/apis/index.ts';
import { differential } from './differential.ts';
import { withState } from './sharing.ts';
import type { Side } from './side.ts';
import { UNKNOWN_ID } from './vocabulary.ts';

interface StateDraft<P> {
  readonly groupId: string;
  readonly topics: readonly { readonly topicId: string; readonly partitions: readonly P[] }[];
}

type StateSide<P> = Pick<Side, 'append' | 'askOf' | 'name' | 'send' | 'startedMs' | 'topic'> & {
  ask(draft: StateDraft<P>): Promise<unknown>;
};

/** Asks once of the state of a group that begins at 0 and has state epoch 1 in partition 0; then reads what has become of it. */
function asking<P extends object>(usual: P) {
  return (change: Partial<P> = {}, where: { topicId?: string; groupId?: string } = {}) =>
    async (side: StateSide<P>): Promise<void> => {
      const { topic, groupId } = await withState(side);
      const topics = [{ topicId: where.topicId ?? topic.topicId, partitions: [{ ...usual, ...change }] }];
      await side.ask({ groupId: where.groupId ?? groupId, topics });
      const read = [{ topicId: topic.topicId, partitions: [{ partition: 0, leaderEpoch: 20 }] }];
      await side.askOf(ReadShareGroupState, 0, { groupId, topics: read });
    };
}

const initialize = asking({ partition: 0, stateEpoch: 2, startOffset: 5 });
const read = asking({ partition: 0, leaderEpoch: 0 });
const remove = asking({ partition: 0 });
const write = asking({
  partition: 0,
  stateEpoch: 1,
  leaderEpoch: 0,
  startOffset: 0,
  deliveryCompleteCount: 5,
  stateBatches: [
    { firstOffset: 0, lastOffset: 4, deliveryState: 2, deliveryCount: 1 },
    { firstOffset: 5, lastOffset: 6, deliveryState: 0, deliveryCount: 1 },
  ],
});

const NONE = { groupId: 'no-group-has-this-name' };

differential(InitializeShareGroupState, {
  'a later state epoch': initialize({}),
  'the same state epoch': initialize({ stateEpoch: 1 }),
  'an earlier state epoch': initialize({ stateEpoch: 0 }),
  'a negative state epoch': initialize({ stateEpoch: -1 }),
  'no start offset': initialize({ startOffset: -1 }),
  'a negative partition': initialize({ partition: -1 }),
  'a partition that there is not': initialize({ partition: 7 }),
  'a topic that there is not': initialize({}, { topicId: UNKNOWN_ID }),
  'no group': initialize({}, { groupId: '' }),
  'no topics': (side) => side.ask({ groupId: side.name('group'), topics: [] }),
});

differential(ReadShareGroupState, {
  'a first time': read({}),
  'by a later leader': read({ leaderEpoch: 10 }),
  'by no leader': read({ leaderEpoch: -1 }),
  'a negative partition': read({ partition: -1 }),
  'a partition without state': read({ partition: 1 }),
  'a topic that there is not': read({}, { topicId: UNKNOWN_ID }),
  'no group': read({}, { groupId: '' }),
  'a group that is not there': read({}, NONE),
  'by an earlier leader': async (side) => {
    const { topic, groupId } = await withState(side);
    for (const leaderEpoch of [10, 3]) {
      await side.ask({ groupId, topics: [{ topicId: topic.topicId, partitions: [{ partition: 0, leaderEpoch }] }] });
    }
  },
});

differential(WriteShareGroupState, {
  batches: write({}),
  'no batches': write({ stateBatches: [] }),
  'a start offset': write({ startOffset: 3, stateBatches: [] }),
  'no start offset': write({ startOffset: -1, stateBatches: [] }),
  'an earlier state epoch': write({ stateEpoch: 0 }),
  'a later state epoch': write({ stateEpoch: 7 }),
  'a negative state epoch': write({ stateEpoch: -1 }),
  'by no leader': write({ leaderEpoch: -1 }),
  'a partition without state': write({ partition: 1 }),
  'a negative partition': write({ partition: -1 }),
  'a topic that there is not': write({}, { topicId: UNKNOWN_ID }),
  'no group': write({}, { groupId: '' }),
});

differential(DeleteShareGroupState, {
  'a state': remove({}),
  'a partition without state': remove({ partition: 1 }),
  'a negative partition': remove({ partition: -1 }),
  'a topic that there is not': remove({}, { topicId: UNKNOWN_ID }),
  'no group': remove({}, { groupId: '' }),
});

differential(ReadShareGroupStateSummary, {
  'a state': read({}),
  'by no leader': read({ leaderEpoch: -1 }),
  'a partition without state': read({ partition: 1 }),
  'a negative partition': read({ partition: -1 }),
  'a topic that there is not': read({}, { topicId: UNKNOWN_ID }),
  'no group': read({}, { groupId: '' }),
});
