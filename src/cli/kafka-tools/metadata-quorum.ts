/** `kafka-metadata-quorum`: who leads the metadata log, and how far those that follow it are. */
import { DescribeQuorum } from '../../../protocol/apis/55-describe-quorum.ts';
import type { ResponseOf } from '../../../protocol/schema.ts';
import type { Cluster } from '../client/cluster.ts';
import { refuse } from '../client/failure.ts';
import { printLine, widest, type Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { onCluster } from './cluster.ts';
import { readFlags, type FlagTable } from './flags.ts';

export const FLAGS: FlagTable = {
  status: 'switch',
  replication: 'switch',
  'human-readable': 'switch',
  'bootstrap-controller': { refused: 'a broker passes it on to the controller: write --bootstrap-server' },
  'controller-id': { refused: 'this tool does not change the quorum' },
  'controller-directory-id': { refused: 'this tool does not change the quorum' },
  'dry-run': { refused: 'this tool does not change the quorum' },
  unregister: { refused: 'write kafka-cluster unregister-controller --id N instead' },
};

const SHORT: Readonly<Record<string, string>> = { '-h': '--help' };

type Answer = ResponseOf<typeof DescribeQuorum>;
type Quorum = Answer['topics'][number]['partitions'][number];
type Replica = Quorum['currentVoters'][number];

export async function metadataQuorum(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(
    args.map((arg) => SHORT[arg] ?? arg),
    FLAGS,
    1,
  );
  const [command = ''] = flags.words;
  if (command === 'add-controller' || command === 'remove-controller') {
    throw new UsageError(`${command}: this tool does not change the quorum`);
  }
  if (command !== 'describe') throw new UsageError(`invalid choice: '${command}' (choose from describe)`);
  const what = ['status', 'replication'].filter((name) => flags.has(name));
  const rule =
    what.length === 0 ? 'One of --status or --replication must be' : 'Only one of --status or --replication should be';
  if (what.length !== 1) throw new UsageError(`${rule} specified with describe sub-command`);
  if (flags.has('human-readable') && what[0] === 'status') {
    throw new UsageError('The option --human-readable is only supported along with --replication');
  }
  await onCluster(terminal, flags, async (cluster) => {
    const answer = await describe(cluster);
    const lines =
      what[0] === 'status'
        ? await statusOf(cluster, answer)
        : replicationOf(answer.topics[0].partitions[0], flags.has('human-readable') ? terminal.clock.now() : null);
    await printLine(terminal, lines.join('\n'));
  });
  return 0;
}

async function describe(cluster: Cluster): Promise<Answer> {
  const answer = await cluster.sendAny(DescribeQuorum, {
    topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }],
  });
  refuse('the quorum', answer.errorCode, answer.errorMessage);
  const [quorum] = answer.topics[0].partitions;
  refuse('the quorum', quorum.errorCode, quorum.errorMessage);
  return answer;
}

async function statusOf(cluster: Cluster, { topics, nodes }: Answer): Promise<string[]> {
  const [quorum] = topics[0].partitions;
  const { leaderId, leaderEpoch, highWatermark, currentVoters, observers } = quorum;
  const leader = currentVoters.find(({ replicaId }) => replicaId === leaderId);
  const followers = currentVoters.filter(({ replicaId }) => replicaId !== leaderId);
  const ends = [...followers, ...observers].map(({ logEndOffset }) => (leader?.logEndOffset ?? 0) - logEndOffset);
  const times = followers.map(({ lastCaughtUpTimestamp }) => lastCaughtUpTimestamp);
  const isKnown = times.every((time) => time >= 0) && (leader?.lastCaughtUpTimestamp ?? -1) >= 0;
  const behindMs = isKnown ? times.reduce((most, time) => Math.max(most, leader!.lastCaughtUpTimestamp - time), 0) : -1;
  const nodeText = ({ replicaId, replicaDirectoryId }: Replica): string => {
    const listeners = nodes.find(({ nodeId }) => nodeId === replicaId)?.listeners ?? [];
    const endpoints = listeners.map(({ name, host, port }) => `"${name}://${host}:${port}"`);
    const where = endpoints.length === 0 ? '' : `, "endpoints": [${endpoints.join(', ')}]`;
    return `{"id": ${replicaId}, "directoryId": "${replicaDirectoryId}"${where}}`;
  };
  const listed = (replicas: readonly Replica[]): string => `[${replicas.map(nodeText).join(', ')}]`;
  const { clusterId } = await cluster.metadata([]);
  return [
    ['ClusterId', clusterId],
    ['LeaderId', leaderId],
    ['LeaderEpoch', leaderEpoch],
    ['HighWatermark', highWatermark],
    ['MaxFollowerLag', ends.reduce((most, behind) => Math.max(most, behind), 0)],
    ['MaxFollowerLagTimeMs', behindMs],
    ['CurrentVoters', listed(currentVoters)],
    ['CurrentObservers', listed(observers)],
  ].map(([name, value]) => `${`${name}:`.padEnd(23)} ${value}`);
}

/** `now`: times are written as how long ago they were. */
function replicationOf({ leaderId, currentVoters, observers }: Quorum, now: number | null): string[] {
  const end = currentVoters.find(({ replicaId }) => replicaId === leaderId)?.logEndOffset ?? 0;
  const time = (timestamp: number): string => {
    if (timestamp < 0) return now === null ? String(timestamp) : 'unknown';
    return now === null ? String(timestamp) : `${Math.max(0, now - timestamp)} ms ago`;
  };
  const row = (replica: Replica, status: string): string[] => [
    String(replica.replicaId),
    replica.replicaDirectoryId,
    String(replica.logEndOffset),
    String(end - replica.logEndOffset),
    time(replica.lastFetchTimestamp),
    time(replica.lastCaughtUpTimestamp),
    status,
  ];
  const rows = [
    ['NodeId', 'DirectoryId', 'LogEndOffset', 'Lag', 'LastFetchTimestamp', 'LastCaughtUpTimestamp', 'Status'],
    ...currentVoters.filter(({ replicaId }) => replicaId === leaderId).map((each) => row(each, 'Leader')),
    ...currentVoters.filter(({ replicaId }) => replicaId !== leaderId).map((each) => row(each, 'Follower')),
    ...observers.map((each) => row(each, 'Observer')),
  ];
  const widths = rows[0].map((_, column) => widest(rows.map((cells) => cells[column])));
  return rows.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column])).join('\t'));
}
