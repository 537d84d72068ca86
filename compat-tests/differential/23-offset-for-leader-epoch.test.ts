import { OffsetForLeaderEpoch } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { plain } from './records.ts';
import type { Side } from './side.ts';

type EpochSide = typeof OffsetForLeaderEpoch extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

function ask(leaderEpoch: number, { currentLeaderEpoch = -1, partition = 0, records = 3, replicaId = -2 } = {}) {
  return async (side: EpochSide) => {
    const topic = await side.topic();
    if (records > 0) await side.append(topic, 0, plain(side, records));
    await side.ask({
      replicaId,
      topics: [{ topic: topic.name, partitions: [{ partition, currentLeaderEpoch, leaderEpoch }] }],
    });
  };
}

differential(OffsetForLeaderEpoch, {
  'the present epoch': ask(0),
  'an epoch to come': ask(5),
  'epoch -1': ask(-1),
  'epoch -2': ask(-2),
  'of an empty log': ask(0, { records: 0 }),
  'believing in the right leader': ask(0, { currentLeaderEpoch: 0 }),
  'believing in a later leader': ask(0, { currentLeaderEpoch: 3 }),
  'believing in leader -2': ask(0, { currentLeaderEpoch: -2 }),
  'a partition that is not there': ask(0, { partition: 4 }),
  'as a follower': ask(0, { replicaId: 4 }),
  'as a consumer of old': ask(0, { replicaId: -1 }),
  'a topic that is not there': (side) =>
    side.ask({ topics: [{ topic: side.name('none'), partitions: [{ partition: 0, leaderEpoch: 0 }] }] }),
  nothing: (side) => side.ask({ topics: [] }),
});
