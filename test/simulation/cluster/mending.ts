/** What stories with a simulated cluster do between troubles and after them, and what its active controller knows. */
import type { ClusterImage } from '../../../src/cluster/image.ts';
import type { Survival } from '../../crash/crash-disk.ts';
import { HOSTS, type Host, type SimulatedCluster } from './simulated-cluster.ts';

/** At once, as a supervisor does. */
export function restart(cluster: SimulatedCluster, host: Host, survival?: Survival): void {
  cluster.kill(host, survival);
  cluster.start(host);
}

/** Those that have ended, as a supervisor does. */
export function startAll(cluster: SimulatedCluster): void {
  for (const host of HOSTS) cluster.start(host);
}

export function resumeAll(cluster: SimulatedCluster): void {
  for (const host of HOSTS) cluster.setStopped(host, false);
}

export function healNetwork({ network }: SimulatedCluster): void {
  for (const from of [...HOSTS, 'client']) for (const to of [...HOSTS, 'client']) network.heal(from, to);
}

/** As the active controller has it; null while there is none. */
export function imageOf(cluster: SimulatedCluster): ClusterImage | null {
  return cluster.active()?.controller?.node.active?.controller.image ?? null;
}

export function leaderOf(cluster: SimulatedCluster, topic: string, index: number): Host | null {
  const leader = imageOf(cluster)?.topicsByName.get(topic)?.partitions[index]?.leader ?? -1;
  return leader > 0 ? HOSTS[leader - 1] : null;
}
