import { DeleteRecords, ListOffsets } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { plain } from './records.ts';
import type { Side, Topic } from './side.ts';

type ListSide = typeof ListOffsets extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

/** Four records, the third the youngest by its timestamp. */
async function filled(side: ListSide): Promise<Topic> {
  const topic = await side.topic();
  const { records } = plain(side, 4);
  const at = (index: number, ms: number) => ({ ...records[index], timestamp: side.startedMs - 60_000 + ms });
  await side.append(
    topic,
    0,
    { records: [at(0, 10), at(1, 20)] },
    { records: [at(2, 90), at(3, 30)], compression: 'lz4' },
  );
  return topic;
}

/** The offset for a timestamp, or for one so many milliseconds after the records' beginning. */
function at(timestamp: number, more: object = {}, request: object = {}) {
  return async (side: ListSide) => {
    const { name } = await filled(side);
    const asked = timestamp > 0 ? side.startedMs - 60_000 + timestamp : timestamp;
    await side.ask({
      replicaId: -1,
      timeoutMs: 1000,
      ...request,
      topics: [{ name, partitions: [{ partitionIndex: 0, timestamp: asked, ...more }] }],
    });
  };
}

const special = Object.fromEntries(
  [0, -1, -2, -3, -4, -5, -6, -7, -100].map((timestamp) => [`timestamp ${timestamp}`, at(timestamp)]),
);
const times = Object.fromEntries([1, 10, 11, 20, 25, 30, 90, 91].map((ms) => [`${ms} ms`, at(ms)]));

differential(ListOffsets, {
  ...special,
  ...times,
  'the largest timestamp': at(Number.MAX_SAFE_INTEGER),
  'read committed': at(-1, {}, { isolationLevel: 1 }),
  'read committed, by time': at(25, {}, { isolationLevel: 1 }),
  'an unknown isolation level': at(-1, {}, { isolationLevel: 9 }),
  'a partition that is not there': at(-1, { partitionIndex: 3 }),
  'a negative partition': at(-1, { partitionIndex: -1 }),
  'the right leader epoch': at(-1, { currentLeaderEpoch: 0 }),
  'a leader epoch too high': at(-1, { currentLeaderEpoch: 4 }),
  'a leader epoch of -2': at(-1, { currentLeaderEpoch: -2 }),
  'as a follower': at(-1, {}, { replicaId: 5 }),
  'as the debugging consumer': at(-1, {}, { replicaId: -2 }),
  'an empty partition, by time': async (side) => {
    const { name } = await side.topic();
    const partitions = [-1, -2, -3, 0, side.startedMs].map((timestamp) => ({ partitionIndex: 0, timestamp }));
    for (const each of partitions) await side.ask({ replicaId: -1, topics: [{ name, partitions: [each] }] });
  },
  'a log whose beginning was deleted': async (side) => {
    const { name } = await filled(side);
    await side.send(DeleteRecords, {
      topics: [{ name, partitions: [{ partitionIndex: 0, offset: 1 }] }],
      timeoutMs: 5000,
    });
    for (const timestamp of [-2, 0, -4, side.startedMs - 60_000 + 5]) {
      await side.ask({ replicaId: -1, topics: [{ name, partitions: [{ partitionIndex: 0, timestamp }] }] });
    }
  },
  'a partition twice': async (side) => {
    const { name } = await filled(side);
    await side.ask({
      replicaId: -1,
      topics: [
        {
          name,
          partitions: [
            { partitionIndex: 0, timestamp: -1 },
            { partitionIndex: 0, timestamp: -2 },
          ],
        },
      ],
    });
  },
  'a topic that is not there': (side) =>
    side.ask({
      replicaId: -1,
      topics: [{ name: side.name('none'), partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
    }),
  'a topic without a name': (side) =>
    side.ask({ replicaId: -1, topics: [{ name: '', partitions: [{ partitionIndex: 0, timestamp: -1 }] }] }),
  'a topic without partitions': async (side) =>
    side.ask({ replicaId: -1, topics: [{ name: (await side.topic()).name, partitions: [] }] }),
  nothing: (side) => side.ask({ replicaId: -1, topics: [] }),
});
