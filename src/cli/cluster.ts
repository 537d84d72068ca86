/** `ottla cluster`: who is controller, who is fenced, which partitions are out of sync or take no records with acks=all. */
import type { Command } from 'commander';
import { DescribeQuorum } from '../../protocol/apis/55-describe-quorum.ts';
import { DescribeCluster } from '../../protocol/apis/60-describe-cluster.ts';
import { describeConfigs, ResourceType } from './client/configs.ts';
import { refuse } from './client/failure.ts';
import type { Cluster, ClusterMetadata } from './client/cluster.ts';
import { command } from './command-line.ts';
import { withCluster, withConnection, type ConnectionOptions } from './connection-options.ts';
import { printJson, printLine, printTable, type Terminal } from './terminal.ts';

const MOST_LISTED = 10;
const QUORUM = { topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }] };

const MIN_ISR = 'min.insync.replicas';
/** A controller that reads the log is heard of every half second. */
const HEARD_MS = 5000;

export function clusterCommand(terminal: Terminal): Command {
  const cluster = command('cluster', 'show who is controller, who is fenced, and what is out of sync', [
    ['ottla cluster', 'of the broker on localhost:9092'],
    ['ottla cluster -b kafka.example.org:9092 --json', 'for a script'],
  ]).option('--json', 'as JSON');
  return withConnection(cluster).action((options: ConnectionOptions & { json?: boolean }) =>
    withCluster(terminal, options, async (connected) => {
      const shown = await describeCluster(connected);
      return options.json === true ? printJson(terminal, shown) : printCluster(terminal, shown);
    }),
  );
}

type DescribedCluster = Awaited<ReturnType<typeof describeCluster>>;

async function describeCluster(cluster: Cluster) {
  const described = await cluster.sendAny(DescribeCluster, {
    includeClusterAuthorizedOperations: false,
    includeFencedBrokers: true,
  });
  refuse('the cluster', described.errorCode, described.errorMessage);
  const quorum = await cluster.sendAny(DescribeQuorum, QUORUM);
  refuse('the quorum', quorum.errorCode, quorum.errorMessage);
  const { topics } = await cluster.metadata(null);
  const [{ leaderId, leaderEpoch, highWatermark, currentVoters }] = quorum.topics[0].partitions;
  // By the controller's own clock.
  const nowMs = currentVoters.find(({ replicaId }) => replicaId === leaderId)?.lastFetchTimestamp ?? 0;
  return {
    clusterId: described.clusterId,
    controller: { id: leaderId, epoch: leaderEpoch, metadataOffset: highWatermark },
    controllers: byId(
      currentVoters.map(({ replicaId, lastFetchTimestamp }) => {
        const listener = quorum.nodes.find(({ nodeId }) => nodeId === replicaId)?.listeners[0];
        const address = listener === undefined ? null : `${listener.host}:${listener.port}`;
        return { id: replicaId, address, isHeardOf: nowMs - lastFetchTimestamp < HEARD_MS };
      }),
    ),
    brokers: byId(
      described.brokers.map(({ brokerId, host, port, rack, isFenced }) => ({
        id: brokerId,
        address: `${host}:${port}`,
        rack,
        isFenced,
        ...countsOf(topics, brokerId),
      })),
    ),
    ...troubleIn(topics),
    underMinIsr: await underMinIsr(cluster, topics),
  };
}

/** They come in any order. */
function byId<Node extends { readonly id: number }>(nodes: Node[]): Node[] {
  return nodes.sort((a, b) => a.id - b.id);
}

/** How many partitions a broker leads, and of how many it has a replica that is out of sync. */
function countsOf(topics: ClusterMetadata['topics'], brokerId: number) {
  const partitions = topics.flatMap((topic) => topic.partitions);
  return {
    leads: partitions.filter(({ leaderId }) => leaderId === brokerId).length,
    replicas: partitions.filter(({ replicaNodes }) => replicaNodes.includes(brokerId)).length,
    outOfSync: partitions.filter(
      ({ replicaNodes, isrNodes }) => replicaNodes.includes(brokerId) && !isrNodes.includes(brokerId),
    ).length,
  };
}

function troubleIn(topics: ClusterMetadata['topics']) {
  const names = (isIn: (partition: PartitionMetadata) => boolean): string[] =>
    topics.flatMap(({ name, partitions }) =>
      partitions.flatMap((each) => (isIn(each) ? [`${name}-${each.partitionIndex}`] : [])),
    );
  return {
    withoutLeader: names(({ leaderId }) => leaderId < 0),
    outOfSync: names(isOutOfSync),
  };
}

/** Partitions that take no records with acks=all now. */
async function underMinIsr(cluster: Cluster, topics: ClusterMetadata['topics']): Promise<string[]> {
  const suspects = topics.filter(({ partitions }) => partitions.some(isOutOfSync));
  if (suspects.length === 0) return [];
  const names = suspects.map(({ name }) => name ?? '');
  const settings = await describeConfigs(cluster, ResourceType.topic, names, [MIN_ISR]);
  return suspects.flatMap(({ name, partitions }) =>
    partitions.flatMap(({ partitionIndex, isrNodes, replicaNodes }) => {
      const least = Math.min(Number(settings.get(name ?? '')?.[0]?.value ?? 1), replicaNodes.length);
      return isrNodes.length < least ? [`${name}-${partitionIndex}`] : [];
    }),
  );
}

type PartitionMetadata = ClusterMetadata['topics'][number]['partitions'][number];

function isOutOfSync({ replicaNodes, isrNodes }: PartitionMetadata): boolean {
  return isrNodes.length < replicaNodes.length;
}

async function printCluster(terminal: Terminal, shown: DescribedCluster): Promise<void> {
  const { clusterId, controller, controllers, brokers, withoutLeader, underMinIsr: under, outOfSync } = shown;
  const address = controllers.find(({ id }) => id === controller.id)?.address;
  await printLine(terminal, `cluster ${clusterId}`);
  await printLine(
    terminal,
    `controller ${controller.id}${address === undefined || address === null ? '' : ` at ${address}`}, epoch ${controller.epoch}, ` +
      `metadata up to offset ${controller.metadataOffset}`,
  );
  const others = controllers.filter(({ id }) => id !== controller.id);
  const namesOf = (some: typeof others): string =>
    some.map((each) => `${each.id} at ${each.address ?? '?'}`).join(', ');
  const [standbys, silent] = [others.filter((each) => each.isHeardOf), others.filter((each) => !each.isHeardOf)];
  if (standbys.length > 0) await printLine(terminal, `standby ${namesOf(standbys)}`);
  if (silent.length > 0) await printLine(terminal, `not heard of ${namesOf(silent)}`);
  await printLine(terminal, '');
  await printTable(
    terminal,
    [
      { title: 'BROKER', align: 'right' },
      { title: 'ADDRESS' },
      { title: 'RACK' },
      { title: 'STATE' },
      { title: 'LEADS', align: 'right' },
      { title: 'REPLICAS', align: 'right' },
      { title: 'OUT OF SYNC', align: 'right' },
    ],
    brokers.map((each) => [
      each.id,
      each.address,
      each.rack ?? '-',
      each.isFenced ? 'fenced' : 'running',
      each.leads,
      each.replicas,
      each.outOfSync,
    ]),
  );
  if (withoutLeader.length > 0) await printLine(terminal, `\nwithout a leader: ${listed(withoutLeader)}`);
  if (under.length > 0) await printLine(terminal, `\nunder min.insync.replicas: ${listed(under)}`);
  if (outOfSync.length > 0) await printLine(terminal, `\nout of sync: ${listed(outOfSync)}`);
}

/** The first of them; `--json` has all. */
function listed(partitions: readonly string[]): string {
  const rest = partitions.length - MOST_LISTED;
  return rest <= 0 ? partitions.join(', ') : `${partitions.slice(0, MOST_LISTED).join(', ')} and ${rest} more`;
}
