/** Whether a cluster that answers can also work: a controller, leaders, replicas, and topics of its own that can exist. */
import type { Cluster, ClusterMetadata } from '../client/cluster.ts';
import { describeConfigs, ResourceType } from '../client/configs.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

/** Out of the metadata of all topics. */
export function stateFindings({ brokers, controllerId, clusterId, topics }: ClusterMetadata): Finding[] {
  const findings: Finding[] = [];
  const count = `${brokers.length} broker${brokers.length === 1 ? '' : 's'}`;
  if (controllerId < 0) {
    findings.push(
      fail(
        'cluster',
        `${count}, but no controller`,
        'Topics cannot be created or change leaders: look at the controllers’ logs.',
      ),
    );
  } else findings.push(ok('cluster', `${clusterId ?? 'without an id'}, ${count}, controller ${controllerId}`));

  const partitions = topics.flatMap(({ name, partitions: some }) => some.map((partition) => ({ name, ...partition })));
  const listed = (some: readonly { name: string | null; partitionIndex: number }[]): string =>
    some
      .slice(0, 5)
      .map(({ name, partitionIndex }) => `${name}/${partitionIndex}`)
      .join(', ') + (some.length > 5 ? ' …' : '');
  const leaderless = partitions.filter(({ leaderId }) => leaderId < 0);
  const short = partitions.filter(({ leaderId, isrNodes, replicaNodes }) => {
    return leaderId >= 0 && isrNodes.length < replicaNodes.length;
  });
  if (leaderless.length > 0) {
    findings.push(
      fail(
        'partitions',
        `${leaderless.length} of ${partitions.length} partitions have no leader: ${listed(leaderless)}`,
        'They can be neither read nor written until a broker that holds them is back.',
      ),
    );
  }
  if (short.length > 0) {
    findings.push(
      warn(
        'partitions',
        `${short.length} of ${partitions.length} partitions have fewer replicas in sync than they should: ${listed(short)}`,
        'Writes with acks=all may fail (min.insync.replicas); is a broker down, or behind?',
      ),
    );
  }
  if (leaderless.length + short.length === 0) {
    const own = topics.filter(({ name, isInternal }) => !isInternal && name?.startsWith('__') !== true);
    const ownPartitions = own.reduce((sum, topic) => sum + topic.partitions.length, 0);
    const size = `${counted(own.length, 'topic')}, ${counted(ownPartitions, 'partition')}`;
    findings.push(ok('partitions', `${size}, all with leaders and in sync`));
  }
  return findings;
}

function counted(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? '' : 's'}`;
}

/** The settings that decide whether groups and transactions can come about, and what fails where they cannot. */
const FACTORS: readonly (readonly [key: string, topic: string, fails: string])[] = [
  ['offsets.topic.replication.factor', '__consumer_offsets', 'consumer groups hang'],
  ['transaction.state.log.replication.factor', '__transaction_state', 'transactions hang in initTransactions'],
  ['share.coordinator.state.topic.replication.factor', '__share_group_state', 'share groups hang'],
];

const MIN_ISR = 'transaction.state.log.min.isr';

/** A key of Ottla, which makes its own topics with no more replicas than there are brokers, whatever the others say. */
const OTTLAS = 'ottla.evict.on.disconnect';

/** Kafka's defaults want three brokers: on fewer, groups and transactions wait for ever and nothing says why. */
export async function factorFindings(cluster: Cluster, { brokers, topics }: ClusterMetadata): Promise<Finding[]> {
  const name = String(brokers[0]?.nodeId ?? '');
  const keys = [...FACTORS.map(([key]) => key), MIN_ISR, OTTLAS];
  const described = (await describeConfigs(cluster, ResourceType.broker, [name], keys)).get(name) ?? [];
  const settings = new Map(described.map((each) => [each.name, each.value]));
  const well = ok('internal topics', 'groups and transactions can keep their state');
  if (settings.has(OTTLAS)) return [well];
  const findings = FACTORS.flatMap(([key, topic, fails]) => {
    const factor = Number(settings.get(key) ?? 1);
    const isThere = topics.some((each) => each.name === topic && each.errorCode === 0);
    if (isThere || factor <= brokers.length) return [];
    const message = `${key} is ${factor} with ${brokers.length} broker${brokers.length === 1 ? '' : 's'}: ${fails}`;
    const finding = key.startsWith('share') ? warn : fail;
    return [finding('internal topics', message, `Set ${key}=${brokers.length} on the broker and start it anew.`)];
  });
  const minimum = Number(settings.get(MIN_ISR) ?? 1);
  if (minimum > brokers.length) {
    const message = `${MIN_ISR} is ${minimum} with ${brokers.length} broker${brokers.length === 1 ? '' : 's'}: transactions fail`;
    findings.push(fail('internal topics', message, `Set ${MIN_ISR}=${brokers.length} on the broker.`));
  }
  return findings.length > 0 ? findings : [well];
}
