/**
 * What a broker asks of the active controller on its own behalf. A broker alone calls the controller in its process; in a cluster
 * src/peers sends requests to whichever process is the active controller. Requests of clients that change the cluster are
 * forwarded as they are (src/net/forwarded-request.ts).
 */
import type { AlterPartitionRequest, AlterPartitionResponse } from './alter-partition.ts';
import type { Controller } from './controller.ts';
import type { CreateResult, NewTopic } from './create-topics.ts';
import type { DirectoryIdOf } from './directory-assignment.ts';
import type { InternalTopic } from './topic-name.ts';

/** The client for whom a topic is made; the controller authorises it, not the broker. */
export interface Requester {
  readonly principal: { readonly type: string; readonly name: string; readonly tokenAuthenticated?: boolean };
  /** Its address as text. */
  readonly clientHost: string;
}

/** Nobody: the broker itself asks. */
export const OF_BROKER: Requester = { principal: { type: 'User', name: 'ANONYMOUS' }, clientHost: '127.0.0.1' };

/** Why a topic was not made; `errorCode` is NONE where it was. */
export type TopicMade = Pick<CreateResult, 'name' | 'errorCode' | 'errorMessage'>;

/** Each rejects where the active controller cannot be reached in time. */
export interface ControllerChannel {
  /** AllocateProducerIds (KIP-730): ids that no producer has had. */
  allocateProducerIds(): Promise<{ readonly first: number; readonly size: number }>;
  /** AssignReplicasToDirs (KIP-858): in which log directories the replicas of this broker lie. */
  assignDirectories(directoryIdOf: DirectoryIdOf): Promise<void>;
  /** AlterPartition (KIP-497): the in-sync replicas that this broker proposes for partitions that it leads. */
  alterPartitions(topics: AlterPartitionRequest['topics']): Promise<AlterPartitionResponse>;
  /** CreateTopics, for names that a client has used and nobody has made. */
  createTopics(topics: readonly NewTopic[], requester: Requester): Promise<readonly TopicMade[]>;
  /** Resolves when the topic is there, or where it cannot be made yet and that has been told. Rejects where it cannot be made. */
  ensureInternalTopic(name: InternalTopic): Promise<void>;
}

/** Of a broker alone, which is its own controller. */
export function localChannel(nodeId: number, controller: Controller): ControllerChannel {
  return {
    allocateProducerIds: () => controller.allocateProducerIds(nodeId),
    assignDirectories: (directoryIdOf) => controller.assignDirectories(nodeId, directoryIdOf),
    alterPartitions: (topics) =>
      controller.alterPartitions({
        brokerId: nodeId,
        brokerEpoch: controller.image.brokers.get(nodeId)?.epoch ?? -1,
        topics,
      }),
    createTopics: (topics) => controller.createTopics(topics, { validateOnly: false }),
    ensureInternalTopic: (name) => controller.ensureInternalTopic(name),
  };
}
