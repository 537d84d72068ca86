/** What a test can ask of several brokers: who leads, who is in sync, who reaches whom. One broker alone leads all, always. */
import type { PartitionState } from './partition-state.ts';
import type { TestNode } from './test-node.ts';
import type { ExpectedIsr, WaitOptions } from './wait-options.ts';

/** What a group or a transactional id lives on: `{ group: 'billing' }` or `{ transactionalId: 'tx-1' }`. */
export type Coordinated =
  | { readonly group: string; readonly transactionalId?: undefined }
  | { readonly transactionalId: string; readonly group?: undefined };

export interface TestCluster {
  /** One, or as many as `startBroker({ brokers: 3 })` asked for; a broker's place is its node id. */
  readonly brokers: readonly TestNode[];

  /** A partition now: its leader, its in-sync replicas, how far each replica has come. */
  partition(topic: string, partition?: number): PartitionState;
  /** The node id of a partition's leader; -1 where it has none now. */
  leaderOf(topic: string, partition: number): number;
  /** The node id of the broker that coordinates a group or a transactional id; undefined before one has been used. */
  coordinatorOf(of: Coordinated): number | undefined;

  /**
   * Makes a broker the leader of a partition, under a new leader epoch, once it is in sync; every broker knows it when this
   * resolves. One that has no replica gets one first, beside the others.
   */
  moveLeader(topic: string, partition: number, nodeId: number): Promise<void>;
  /**
   * Moves the coordinator of a group or a transactional id to another broker, with all that live on the same partition.
   * Members find out by NOT_COORDINATOR.
   */
  moveCoordinator(of: Coordinated, nodeId: number): Promise<void>;
  /**
   * Cuts the connections between a broker and others; clients reach all of them. Its followers fall out of sync after
   * replica.lag.time.max.ms. `isolate(1)` cuts it off from all others and from the cluster's metadata: it goes on as it was, and
   * after broker.session.timeout.ms others lead what it led.
   */
  isolate(nodeId: number, from?: number | readonly number[]): Promise<void>;
  /** Mends what a broker was cut off from: it learns what has become of its cluster, and its log becomes what its leader's is. */
  heal(nodeId: number): Promise<void>;

  /** Resolves with the node id when a partition has a leader, or this one. */
  waitForLeader(topic: string, partition?: number, nodeId?: number, options?: WaitOptions): Promise<number>;
  /** Resolves with the in-sync replicas when these are, no others, or so many; all replicas unless given. */
  waitForIsr(
    topic: string,
    partition?: number,
    expected?: ExpectedIsr,
    options?: WaitOptions,
  ): Promise<readonly number[]>;
}
