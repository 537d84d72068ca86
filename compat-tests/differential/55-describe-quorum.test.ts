import { DescribeQuorum } from '../../protocol/apis/index.ts';
import type { Api, ResponseOf } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';

type QuorumSide = typeof DescribeQuorum extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type Voter = ResponseOf<typeof DescribeQuorum>['topics'][number]['partitions'][number]['currentVoters'][number];

const METADATA = '__cluster_metadata';
const ask =
  (...topics: [name: string, ...partitions: number[]][]) =>
  (side: QuorumSide) =>
    side.ask({
      topics: topics.map(([topicName, ...partitions]) => ({
        topicName,
        partitions: partitions.map((partitionIndex) => ({ partitionIndex })),
      })),
    });

/** Offsets and directories are each broker's own: what counts is that they are there, and agree with each other. */
const told = ({ nodeId }: QuorumSide, { replicaId, replicaDirectoryId, lastFetchTimestamp, logEndOffset }: Voter) => ({
  isItself: replicaId === nodeId,
  directory: replicaDirectoryId.length,
  lastFetchTimestamp,
  hasRecords: logEndOffset > 0,
});

differential(DescribeQuorum, {
  'of the metadata': async (side) => {
    const answer = await side.look({ topics: [{ topicName: METADATA, partitions: [{ partitionIndex: 0 }] }] });
    const [{ leaderEpoch, highWatermark, currentVoters, observers, ...partition }] = answer!.topics[0].partitions;
    side.record({
      ...partition,
      hasEpoch: leaderEpoch > 0,
      isCaughtUp: highWatermark > 0 && currentVoters.every(({ logEndOffset }) => logEndOffset >= highWatermark),
      currentVoters: currentVoters.map((voter) => told(side, voter)),
      observers: observers.map((voter) => told(side, voter)),
      nodes: answer!.nodes.map(({ nodeId, listeners }) => ({ nodeId, listeners: listeners.length > 0 })),
    });
  },
  'of a topic': ask(['orders', 0]),
  'of another partition': ask([METADATA, 1]),
  'of a partition below zero': ask([METADATA, -1]),
  'of the partition twice': ask([METADATA, 0, 0]),
  'of two topics': ask([METADATA, 0], ['orders', 0]),
  'of no partition': ask([METADATA]),
  'of nothing': ask(),
});
