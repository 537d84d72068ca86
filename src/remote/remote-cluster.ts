/** The half of a broker elsewhere that is about several: leaders, replicas, and who reaches whom. */
import { callPlace, type CallPlace } from '../testing/call-place.ts';
import type { PartitionState } from '../testing/partition-state.ts';
import { timeoutOf } from '../testing/pending-waits.ts';
import type { Coordinated, TestCluster } from '../testing/test-cluster.ts';
import type { TestNode } from '../testing/test-node.ts';
import { checkIsrWait, checkLeaderWait } from '../testing/wait-checks.ts';
import type { ExpectedIsr, WaitOptions } from '../testing/wait-options.ts';
import type { ControlPort } from './control-port.ts';
import { RemoteNode, type NodeJson } from './remote-node.ts';
import type { RemoteWaits } from './remote-waits.ts';

export abstract class RemoteCluster implements TestCluster {
  protected abstract readonly port: ControlPort;
  protected abstract readonly waits: RemoteWaits;

  get brokers(): readonly TestNode[] {
    return this.port.get<NodeJson[]>('/brokers').map(({ nodeId }) => new RemoteNode(this.port, nodeId));
  }

  partition(topic: string, partition = 0): PartitionState {
    const path = `/topics/${encodeURIComponent(topic)}`;
    const { partitions } = this.port.get<{ partitions: Omit<PartitionState, 'topic'>[] }>(path);
    const found = partitions[partition];
    if (found === undefined) throw new Error(`there is no partition ${topic}[${partition}]`);
    const { leader, leaderEpoch, highWatermark, isr, replicas } = found;
    return { topic, partition, leader, leaderEpoch, highWatermark, isr, replicas };
  }

  leaderOf(topic: string, partition: number): number {
    return this.partition(topic, partition).leader;
  }

  coordinatorOf(of: Coordinated): number | undefined {
    return this.port.get<{ coordinator: number | null }>('/coordinators', { ...of }).coordinator ?? undefined;
  }

  moveLeader(topic: string, partition: number, nodeId: number): Promise<void> {
    return this.port.call('POST', '/leaders', { topic, partition, leader: nodeId });
  }

  moveCoordinator(of: Coordinated, nodeId: number): Promise<void> {
    return this.port.call('POST', '/coordinators', { ...of, coordinator: nodeId });
  }

  isolate(nodeId: number, from?: number | readonly number[]): Promise<void> {
    const body = from === undefined ? {} : { from: [from].flat() };
    return this.port.call('POST', `/brokers/${nodeId}/isolate`, body);
  }

  heal(nodeId: number): Promise<void> {
    return this.port.call('POST', `/brokers/${nodeId}/heal`);
  }

  async waitForLeader(topic: string, partition = 0, nodeId?: number, options: WaitOptions = {}): Promise<number> {
    checkLeaderWait(partition, nodeId, options);
    const what = `a leader of ${topic}[${partition}]`;
    const body = { topic, partition, ...(nodeId === undefined ? {} : { leader: nodeId }) };
    const wanted = { what, place: this.#at('waitForLeader'), timeoutMs: timeoutOf(options) };
    return (await this.#partitionOnce('leader', wanted, body)).leader;
  }

  async waitForIsr(
    topic: string,
    partition = 0,
    expected?: ExpectedIsr,
    options: WaitOptions = {},
  ): Promise<readonly number[]> {
    checkIsrWait(partition, expected, options);
    const what = `replicas to be in sync with ${topic}[${partition}]`;
    const body = { topic, partition, ...(expected === undefined ? {} : { isr: expected }) };
    const wanted = { what, place: this.#at('waitForIsr'), timeoutMs: timeoutOf(options) };
    return (await this.#partitionOnce('isr', wanted, body)).isr;
  }

  #partitionOnce(
    path: string,
    wanted: { readonly what: string; readonly place: CallPlace; readonly timeoutMs: number },
    body: object,
  ): Promise<PartitionState> {
    return this.waits.there(wanted, path, { ...body, timeout: wanted.timeoutMs });
  }

  #at(method: keyof TestCluster): CallPlace {
    return callPlace(this[method] as () => unknown);
  }
}
