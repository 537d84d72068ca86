/** Whether this machine and those that write records agree on the time, as far as the newest records tell. */
import { ListOffsets } from '../../../protocol/apis/02-list-offsets.ts';
import { byTopic } from '../client/offsets.ts';
import type { Cluster, ClusterMetadata } from '../client/cluster.ts';
import { ok, warn, type Finding } from './finding.ts';

/** Asks for the record with the largest timestamp (KIP-734), from version 7 of ListOffsets on. */
const LARGEST_TIMESTAMP = -3;
const SINCE_VERSION = 7;

/** So many partitions are asked at most: one is enough to see a clock that is wrong. */
const MOST_PARTITIONS = 200;

const TOLERANCE_MS = 60_000;

/** Nothing where the broker is too old to tell, or there are no records. */
export async function clockFindings(cluster: Cluster, { topics }: ClusterMetadata): Promise<Finding[]> {
  const { versions } = await cluster.link();
  if ((versions.get(ListOffsets.key)?.last ?? 0) < SINCE_VERSION) return [];
  const partitions = topics
    .flatMap(({ name, partitions: some }) =>
      some.map(({ partitionIndex, leaderId }) => ({ topic: name!, partition: partitionIndex, leaderId })),
    )
    .filter(({ leaderId }) => leaderId >= 0)
    .slice(0, MOST_PARTITIONS);
  const leaders = new Set(partitions.map(({ leaderId }) => leaderId));
  const answers = await Promise.all(
    [...leaders].map((leader) =>
      cluster.sendTo(leader, ListOffsets, {
        replicaId: -1,
        topics: byTopic(partitions.filter(({ leaderId }) => leaderId === leader)).map(([name, some]) => ({
          name,
          partitions: some.map(({ partition }) => ({ partitionIndex: partition, timestamp: LARGEST_TIMESTAMP })),
        })),
      }),
    ),
  );
  const newest = answers.flatMap((answer) =>
    answer.topics.flatMap(({ name, partitions: some }) => some.map(({ timestamp }) => ({ name, timestamp }))),
  );
  const latest = newest.reduce((a, b) => (b.timestamp > a.timestamp ? b : a), { name: '', timestamp: -1 });
  return latest.timestamp < 0 ? [] : [clockFinding(latest.name, latest.timestamp - cluster.clock.now())];
}

/** `aheadMs`: how far in the future, by this machine's clock, the newest record lies. */
export function clockFinding(topic: string, aheadMs: number): Finding {
  if (aheadMs <= TOLERANCE_MS) return ok('clock', 'no record comes from the future');
  return warn(
    'clock',
    `a record of ${topic} is dated ${Math.round(aheadMs / 1000)} s in the future`,
    'The clock of this machine is behind, or that of a producer ahead: retention and reading by time (-o @1h) go astray.',
  );
}
