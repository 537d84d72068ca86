/** Which log directories the cluster is to know a broker's replicas in (AssignReplicasToDirs; KIP-858). Pure. */
import type { AssignReplicasToDirs } from '../../protocol/apis/73-assign-replicas-to-dirs.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import type { ServerConfig } from '../config/server.ts';
import { isActive, type BrokerImage, type ClusterImage, type PartitionImage, type TopicImage } from './image.ts';
import type { DraftOf, MetadataDraft } from './metadata-records.ts';
import { changeOfPartition, type PartitionTarget } from './partition-change.ts';
import { rulesOf } from './partition-rules.ts';

/** Answers the id of the directory that has a partition, null where it is offline or not known. */
export type DirectoryIdOf = (topic: string, partition: number) => string | null;

export type AssignRequest = RequestOf<typeof AssignReplicasToDirs>;
export type AssignResponse = ResponseDraft<typeof AssignReplicasToDirs>;

/** Records for the replicas of `nodeId` that lie elsewhere than the image says. */
export function assignDirectories(
  image: ClusterImage,
  nodeId: number,
  directoryIdOf: DirectoryIdOf,
): DraftOf<'PartitionChangeRecord'>[] {
  const records: DraftOf<'PartitionChangeRecord'>[] = [];
  for (const topic of image.topicsById.values()) {
    for (const [partitionId, { replicas, directories }] of topic.partitions.entries()) {
      const at = replicas.indexOf(nodeId);
      const directoryId = at < 0 ? null : directoryIdOf(topic.name, partitionId);
      if (directoryId === null || directories[at] === directoryId) continue;
      records.push({
        type: 'PartitionChangeRecord',
        topicId: topic.id,
        partitionId,
        directories: replicas.map((_, i) => (i === at ? directoryId : directories[i])),
      });
    }
  }
  return records;
}

/** The same as a broker asks for it in a cluster. A replica in a directory that is offline leaves the ISR. */
export function assignReplicas(
  request: AssignRequest,
  image: ClusterImage,
  config: ServerConfig,
): { results: AssignResponse; records: MetadataDraft[] } {
  const broker = image.brokers.get(request.brokerId);
  const records: MetadataDraft[] = [];
  if (broker?.epoch !== request.brokerEpoch) {
    return { results: { errorCode: ErrorCode.STALE_BROKER_EPOCH, directories: [] }, records };
  }
  const directories = request.directories.map(({ id, topics }) => ({
    id,
    topics: topics.map(({ topicId, partitions }) => {
      const topic = image.topicsById.get(topicId);
      const assign = ({ partitionIndex }: { partitionIndex: number }) => {
        const [errorCode, record] = assignOne(topic, partitionIndex, id, broker, image, config);
        if (record !== null) records.push(record);
        return { partitionIndex, errorCode };
      };
      return { topicId, partitions: partitions.map(assign) };
    }),
  }));
  return { results: { errorCode: ErrorCode.NONE, directories }, records };
}

function assignOne(
  topic: TopicImage | undefined,
  partitionId: number,
  directory: string,
  broker: BrokerImage,
  image: ClusterImage,
  config: ServerConfig,
): [errorCode: number, record: MetadataDraft | null] {
  if (topic === undefined) return [ErrorCode.UNKNOWN_TOPIC_ID, null];
  const partition = topic.partitions[partitionId] as PartitionImage | undefined;
  if (partition === undefined) return [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, null];
  if (!partition.replicas.includes(broker.id)) return [ErrorCode.NOT_LEADER_OR_FOLLOWER, null];
  const isOnline = broker.logDirectoryIds.includes(directory);
  const isAcceptable = (id: number): boolean => isActive(image, id) && (isOnline || id !== broker.id);
  const change = changeOfPartition(
    partition,
    target(partition, broker.id, directory, isOnline),
    rulesOf(topic, image, config, { isAcceptable }),
  );
  return [
    ErrorCode.NONE,
    change === null ? null : { type: 'PartitionChangeRecord', topicId: topic.id, partitionId, ...change },
  ];
}

function target({ isr }: PartitionImage, brokerId: number, directory: string, isOnline: boolean): PartitionTarget {
  const directories = new Map([[brokerId, directory]]);
  return isOnline ? { directories } : { directories, isr: isr.filter((id) => id !== brokerId) };
}
