/** Brokers, topics and partitions as Metadata, DescribeCluster and DescribeTopicPartitions show them to one client. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { BrokerImage, ClusterImage, PartitionImage } from '../cluster/image.ts';

export interface BrokerView {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
  readonly isFenced: boolean;
}

/** The brokers that have the client's listener, with their addresses on it. */
export function brokersOn(image: ClusterImage, listenerName: string, includeFenced = false): BrokerView[] {
  return [...image.brokers.values()].flatMap((broker) => {
    const endpoint = endpointOf(broker, listenerName);
    if (endpoint === undefined || (broker.fenced && !includeFenced)) return [];
    return [
      { nodeId: broker.id, host: endpoint.host, port: endpoint.port, rack: broker.rack, isFenced: broker.fenced },
    ];
  });
}

function endpointOf(broker: BrokerImage, listenerName: string): BrokerImage['listeners'][number] | undefined {
  return broker.listeners.find(({ name }) => name === listenerName);
}

export interface PartitionView {
  readonly errorCode: number;
  readonly partitionIndex: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly replicaNodes: readonly number[];
  readonly isrNodes: readonly number[];
  readonly offlineReplicas: readonly number[];
}

const NONE: readonly number[] = [];

/** Whether the log directory of a replica on this broker has failed: the cluster image does not say so. */
export interface LocalReplicas {
  isOffline(topicId: string, partition: number): boolean;
}

/** What the versions of a request let a client be told. */
export interface KnownToClient {
  /** Metadata before v6 has no LISTENER_NOT_FOUND. */
  readonly listenerErrors: boolean;
  /** Metadata v0 leaves out replicas that are away, and says REPLICA_NOT_AVAILABLE. */
  readonly replicasAway: boolean;
}

const ALL: KnownToClient = { listenerErrors: true, replicasAway: true };

/** Views of partitions for one response; which brokers are alive is looked up once. */
export class PartitionViews {
  readonly #alive = new Set<number>();
  readonly #reachable: ReadonlySet<number>;
  readonly #unreachableError: number;
  readonly #knowsReplicasAway: boolean;

  readonly #replicas: LocalReplicas;

  constructor(image: ClusterImage, listenerName: string, replicas: LocalReplicas, known = ALL) {
    this.#replicas = replicas;
    this.#knowsReplicasAway = known.replicasAway;
    for (const broker of image.brokers.values()) if (!broker.fenced) this.#alive.add(broker.id);
    this.#reachable = new Set(brokersOn(image, listenerName).map(({ nodeId }) => nodeId));
    this.#unreachableError = known.listenerErrors ? ErrorCode.LISTENER_NOT_FOUND : ErrorCode.LEADER_NOT_AVAILABLE;
  }

  of(topicId: string, partition: PartitionImage, partitionIndex: number): PartitionView {
    const view = this.#viewOf(topicId, partition, partitionIndex);
    return this.#knowsReplicasAway ? view : this.#withoutReplicasAway(view);
  }

  #withoutReplicasAway(view: PartitionView): PartitionView {
    const isThere = (id: number) => this.#reachable.has(id);
    const [replicaNodes, isrNodes] = [view.replicaNodes.filter(isThere), view.isrNodes.filter(isThere)];
    const isAnyAway = replicaNodes.length < view.replicaNodes.length || isrNodes.length < view.isrNodes.length;
    const errorCode = isAnyAway && view.errorCode === ErrorCode.NONE ? ErrorCode.REPLICA_NOT_AVAILABLE : view.errorCode;
    return { ...view, errorCode, replicaNodes, isrNodes };
  }

  #viewOf(topicId: string, partition: PartitionImage, partitionIndex: number): PartitionView {
    if (this.#replicas.isOffline(topicId, partitionIndex)) return withoutLeader(partition, partitionIndex);
    const { leader, leaderEpoch, replicas, isr } = partition;
    const isReachable = this.#reachable.has(leader);
    return {
      errorCode: isReachable
        ? ErrorCode.NONE
        : this.#alive.has(leader)
          ? this.#unreachableError
          : ErrorCode.LEADER_NOT_AVAILABLE,
      partitionIndex,
      leaderId: isReachable ? leader : -1,
      leaderEpoch,
      replicaNodes: replicas,
      isrNodes: isr,
      offlineReplicas: replicas.every((id) => this.#alive.has(id))
        ? NONE
        : replicas.filter((id) => !this.#alive.has(id)),
    };
  }
}

function withoutLeader({ leaderEpoch, replicas, isr }: PartitionImage, partitionIndex: number): PartitionView {
  return {
    errorCode: ErrorCode.LEADER_NOT_AVAILABLE,
    partitionIndex,
    leaderId: -1,
    leaderEpoch,
    replicaNodes: replicas,
    isrNodes: isr,
    offlineReplicas: replicas,
  };
}
