/** Which log directories the cluster is to know a broker's replicas in (KIP-858). Pure. */
import type { ClusterImage } from './image.ts';
import type { DraftOf } from './metadata-records.ts';

/** Answers the id of the directory that has a partition, null where it is offline or not known. */
export type DirectoryIdOf = (topic: string, partition: number) => string | null;

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
