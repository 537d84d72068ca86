/** Requests made by chance from the tables: what nobody would think of. SEED=n repeats a run, ROUNDS=n makes it longer. */
import * as tables from '../../protocol/apis/index.ts';
import { seededRandom } from '../../src/platform/random.ts';
import type { AnyApi, Fields } from '../../protocol/schema.ts';
import { differential, type Case } from './differential.ts';
import { madeUp, type Words } from './made-up.ts';
import { plain } from './records.ts';
import { joined } from './members.ts';
import { Unsayable, type Side } from './side.ts';

/** The APIs that change nothing outside what the case made, or nothing at all. */
const asked: readonly AnyApi[] = [
  tables.Fetch,
  tables.ListOffsets,
  tables.Metadata,
  tables.OffsetCommit,
  tables.OffsetFetch,
  tables.Heartbeat,
  tables.LeaveGroup,
  tables.SyncGroup,
  tables.DescribeGroups,
  tables.DeleteGroups,
  tables.CreateTopics,
  tables.DeleteRecords,
  tables.OffsetForLeaderEpoch,
  tables.DescribeConfigs,
  tables.CreatePartitions,
  tables.OffsetDelete,
  tables.DescribeTopicPartitions,
  tables.DescribeCluster,
  tables.ListConfigResources,
];

const SEED = Number(process.env.SEED ?? 1);
const ROUNDS = Number(process.env.ROUNDS ?? 12);

/** One world of two topics and a group, and a number of requests to it. */
function requests(seed: number): Case<Fields, Fields> {
  return async (side: Side) => {
    const random = seededRandom(seed * 1000 + side.version);
    const topics = [await side.topic('one', { partitions: 2 }), await side.topic('two')];
    await side.append(topics[0], 0, plain(side, 3), plain(side, 2));
    const groupId = side.name('group');
    const { memberId } = await joined(side, groupId);
    // Up to v3 Metadata creates what is not there, and then the two differ (see known-differences.ts).
    const fresh = side.api.name === 'Metadata' && side.version < 4 ? topics[0].name : side.name('fresh');
    const words: Words = { topics, groupId, memberId, startedMs: side.startedMs, fresh };
    for (let turn = 0; turn < 8; turn++) {
      try {
        await side.ask(madeUp(side.api.request, side.version, random, words));
      } catch (error) {
        if (!(error instanceof Unsayable)) throw error;
      }
    }
  };
}

for (const api of asked) {
  const rounds = Array.from({ length: ROUNDS }, (_, round) => SEED + round);
  differential(api, Object.fromEntries(rounds.map((seed) => [`made up from seed ${seed}`, requests(seed)])));
}
