/** The half of a broker in the test's own process that is about several: leaders, replicas, and who reaches whom. */
import type { Activity } from './activity.ts';
import type { BrokerView } from './broker-view.ts';
import { callPlace, type CallPlace } from './call-place.ts';
import { coordinatorOf, placeOfCoordinator } from './coordinators.ts';
import { failureReport, type ReportSources } from './failure-report.ts';
import type { Nodes } from './nodes.ts';
import { partitionState, type PartitionState } from './partition-state.ts';
import { timeoutOf } from './pending-waits.ts';
import type { Coordinated, TestCluster } from './test-cluster.ts';
import type { TestNode } from './test-node.ts';
import { checkIsrWait, checkLeaderWait } from './wait-checks.ts';
import type { ExpectedIsr, WaitOptions } from './wait-options.ts';

export interface LocalClusterParts {
  readonly view: BrokerView;
  readonly nodes: Nodes;
  readonly activity: Activity;
  /** For the words of a wait that was in vain. */
  readonly sources: ReportSources;
}

export abstract class LocalCluster implements TestCluster {
  protected abstract readonly cluster: LocalClusterParts;

  get brokers(): readonly TestNode[] {
    return this.cluster.nodes.list;
  }

  partition(topic: string, partition = 0): PartitionState {
    return partitionState(this.cluster.nodes, topic, partition);
  }

  leaderOf(topic: string, partition: number): number {
    return this.partition(topic, partition).leader;
  }

  coordinatorOf(of: Coordinated): number | undefined {
    return coordinatorOf(this.cluster.view, this.cluster.nodes.image, of);
  }

  async moveLeader(topic: string, partition: number, nodeId: number): Promise<void> {
    const place = this.#calledAt('moveLeader');
    const { nodes } = this.cluster;
    await nodes.addReplica(topic, partition, nodeId);
    const isInSync = (isr: readonly number[]): boolean => isr.includes(nodeId);
    await this.#untilIsr(place, topic, partition, { what: `broker ${nodeId} to be in sync`, isInSync }, {});
    await nodes.elect(topic, partition, nodeId);
  }

  async moveCoordinator(of: Coordinated, nodeId: number): Promise<void> {
    const { topic, partition } = await placeOfCoordinator(this.cluster.view, of);
    return this.moveLeader(topic, partition, nodeId);
  }

  async isolate(nodeId: number, from?: number | readonly number[]): Promise<void> {
    await this.cluster.nodes.isolate(nodeId, from === undefined ? null : [from].flat());
    this.cluster.activity.notify();
  }

  async heal(nodeId: number): Promise<void> {
    await this.cluster.nodes.heal(nodeId);
    this.cluster.activity.notify();
  }

  waitForLeader(topic: string, partition = 0, nodeId?: number, options: WaitOptions = {}): Promise<number> {
    checkLeaderWait(partition, nodeId, options);
    const leader = (): number => this.partition(topic, partition).leader;
    const isWanted = (found: number): boolean => (nodeId === undefined ? found >= 0 : found === nodeId);
    const who = nodeId === undefined ? 'a broker' : `broker ${nodeId}`;
    return this.#wait(this.#calledAt('waitForLeader'), topic, options, {
      what: `${who} to lead ${topic}[${partition}]`,
      look: () => (isWanted(leader()) ? leader() : undefined),
      found: () => (leader() < 0 ? 'no leader' : `broker ${leader()}`),
    });
  }

  waitForIsr(
    topic: string,
    partition = 0,
    expected?: ExpectedIsr,
    options: WaitOptions = {},
  ): Promise<readonly number[]> {
    checkIsrWait(partition, expected, options);
    const { replicas } = this.partition(topic, partition);
    const wanted = expected ?? replicas.map(({ nodeId }) => nodeId);
    const isInSync = (isr: readonly number[]): boolean =>
      typeof wanted === 'number'
        ? isr.length === wanted
        : isr.length === wanted.length && wanted.every((id) => isr.includes(id));
    const what = typeof wanted === 'number' ? `${wanted} replicas` : `brokers ${wanted.join(', ')}`;
    const place = this.#calledAt('waitForIsr');
    return this.#untilIsr(place, topic, partition, { what: `${what} to be in sync`, isInSync }, options);
  }

  #untilIsr(
    place: CallPlace,
    topic: string,
    partition: number,
    { what, isInSync }: { readonly what: string; readonly isInSync: (isr: readonly number[]) => boolean },
    options: WaitOptions,
  ): Promise<readonly number[]> {
    const isr = (): readonly number[] => this.partition(topic, partition).isr;
    return this.#wait(place, topic, options, {
      what: `${what} with ${topic}[${partition}]`,
      look: () => (isInSync(isr()) ? isr() : undefined),
      found: () => stateWords(this.partition(topic, partition)),
    });
  }

  #wait<T>(
    place: CallPlace,
    topic: string,
    options: WaitOptions,
    awaited: { readonly what: string; readonly look: () => T | undefined; readonly found: () => string },
  ): Promise<T> {
    const { sources } = this.cluster;
    return sources.pending.begin({
      ...awaited,
      place,
      timeoutMs: timeoutOf(options),
      found: () => `found ${awaited.found()}\n${failureReport(sources, { topic })}`,
    });
  }

  #calledAt(method: keyof TestCluster): CallPlace {
    return callPlace(this[method] as () => unknown);
  }
}

/** '0 in sync; leader 0 at 5, 1 at 3, 2 is stopped' */
function stateWords({ leader, isr, replicas }: PartitionState): string {
  const ends = replicas.map(({ nodeId, endOffset }) => {
    const who = nodeId === leader ? `leader ${nodeId}` : String(nodeId);
    return `${who} ${endOffset === null ? 'is stopped' : `at ${endOffset}`}`;
  });
  return `${isr.join(', ') || 'none'} in sync; ${ends.join(', ')}`;
}
