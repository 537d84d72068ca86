import { DeleteRecords, ListOffsets } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { plain } from './records.ts';
import type { Side } from './side.ts';

type RecordsSide = typeof DeleteRecords extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

/** From a partition with five records. */
function before(offset: number, partitionIndex = 0) {
  return async (side: RecordsSide) => {
    const topic = await side.topic();
    await side.append(topic, 0, plain(side, 2), plain(side, 3));
    await side.ask({ topics: [{ name: topic.name, partitions: [{ partitionIndex, offset }] }], timeoutMs: 10_000 });
    await side.askOf(ListOffsets, 7, {
      replicaId: -1,
      topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, timestamp: -2 }] }],
    });
  };
}

differential(DeleteRecords, {
  'before 3': before(3),
  'before 0': before(0),
  all: before(-1),
  'up to the end': before(5),
  'beyond the end': before(6),
  'before -2': before(-2),
  'of a partition that is not there': before(1, 9),
  'of a negative partition': before(1, -1),
  'of a compacted topic': async (side) => {
    const { name } = await side.topic('topic', { configs: { 'cleanup.policy': 'compact' } });
    await side.ask({ topics: [{ name, partitions: [{ partitionIndex: 0, offset: 0 }] }], timeoutMs: 10_000 });
  },
  'of the offsets topic': (side) =>
    side.ask({
      topics: [{ name: '__consumer_offsets', partitions: [{ partitionIndex: 0, offset: 0 }] }],
      timeoutMs: 10_000,
    }),
  'of a topic that is not there': (side) =>
    side.ask({
      topics: [{ name: side.name('none'), partitions: [{ partitionIndex: 0, offset: 0 }] }],
      timeoutMs: 10_000,
    }),
  'of no partition': async (side) =>
    side.ask({ topics: [{ name: (await side.topic()).name, partitions: [] }], timeoutMs: 10_000 }),
  nothing: (side) => side.ask({ topics: [], timeoutMs: 10_000 }),
});
