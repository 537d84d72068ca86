/** Replicas of this broker: led, followed, behind, out of sync. */
import { Counter, Gauge } from 'prom-client';
import type { BrokerParts } from '../apis/broker-parts.ts';
import type { Partition } from '../partitions/partition.ts';
import { count, eachPartition } from './each-partition.ts';
import { one, type Metric, type Sample } from './metric.ts';

const MANAGER = 'kafka_server_replicamanager';

export function replicaMetrics(parts: BrokerParts): Metric[] {
  const { partitions } = parts;
  const all = () => partitions.all();
  return [
    one(`${MANAGER}_partitioncount`, 'Partitions on this broker', () => count(all(), () => true)),
    ...ofLeaders(parts),
    one(`${MANAGER}_offlinereplicacount`, 'Partitions in log directories that have failed', () =>
      count(all(), ({ isOffline }) => isOffline),
    ),
    one('kafka_log_logmanager_offlinelogdirectorycount', 'Log directories that have failed', () =>
      count(partitions.directories, ({ health }) => health.isOffline),
    ),
    ...ofIsrChanges(parts),
    ...ofFollowers(parts),
  ];
}

function ofLeaders(parts: BrokerParts): Metric[] {
  const { partitions, nodeId } = parts;
  const led = (is: (partition: { isr: readonly number[]; replicas: readonly number[] }) => boolean) => () =>
    count(eachPartition(parts), ({ partition }) => partition.leader === nodeId && is(partition));
  return [
    one(
      `${MANAGER}_leadercount`,
      'Partitions it leads',
      led(() => true),
    ),
    one(
      `${MANAGER}_underreplicatedpartitions`,
      'Partitions it leads whose replicas are not all in sync',
      led(({ isr, replicas }) => isr.length < replicas.length),
    ),
    one(`${MANAGER}_underminisrpartitioncount`, 'Partitions with fewer in sync than min.insync.replicas', () =>
      count(partitions.all(), ({ isUnderMinIsr }) => isUnderMinIsr),
    ),
    one(`${MANAGER}_atminisrpartitioncount`, 'Partitions with just as many in sync as min.insync.replicas', () =>
      count(partitions.all(), isAtMinIsr),
    ),
    one(`${MANAGER}_reassigningpartitions`, 'Partitions it leads that get other replicas', () =>
      count(eachPartition(parts), ({ partition: { leader, addingReplicas, removingReplicas } }) => {
        return leader === nodeId && addingReplicas.length + removingReplicas.length > 0;
      }),
    ),
  ];
}

function isAtMinIsr({ leaderState, config }: Partition): boolean {
  if (leaderState === null) return false;
  return leaderState.inSyncReplicas === Math.min(config.minInsyncReplicas, leaderState.replicas);
}

function ofIsrChanges({ partitions: { isrChanges } }: BrokerParts): Metric[] {
  const counter = (name: string, help: string, value: () => number): Metric => ({
    ...one(`${MANAGER}_${name}_total`, help, value),
    kind: Counter,
  });
  return [
    counter('isrshrinks', 'Replicas that were found to be out of sync', () => isrChanges.shrinks),
    counter('isrexpands', 'Replicas that came to be in sync again', () => isrChanges.expands),
    counter('failedisrupdates', 'Changes of in-sync replicas that were not taken', () => isrChanges.failed),
  ];
}

function ofFollowers({ partitions }: BrokerParts): Metric[] {
  const followed = function* (): Generator<Partition> {
    for (const partition of partitions.all()) if (!partition.isLeader) yield partition;
  };
  return [
    {
      kind: Gauge,
      name: 'kafka_server_replicafetchermanager_maxlag',
      help: 'Records by which the furthest replica is behind its leader',
      labelNames: ['clientId'],
      samples: () => {
        let most = 0;
        for (const { stats } of followed()) most = Math.max(most, stats.replicaLag);
        return [[most, { clientId: 'Replica' }]];
      },
    },
    {
      kind: Gauge,
      name: 'kafka_server_fetcherlagmetrics_consumerlag',
      help: 'Records by which a replica is behind its leader',
      labelNames: ['topic', 'partition'],
      *samples() {
        for (const { topic, index, stats } of followed()) {
          yield [stats.replicaLag, { topic, partition: index }] satisfies Sample;
        }
      },
    },
  ];
}
