/**
 * When replicas that were eligible to lead (KIP-966) are so no more although nothing has become of their brokers. They have all that
 * was committed as long as the ISR is below min.insync.replicas: once that is another number, nobody can tell. Pure.
 */
import { ResourceType, type ClusterImage, type PartitionImage } from './image.ts';
import type { MetadataDraft } from './metadata-records.ts';

/** After a change of this setting of a resource. */
export function clearElrAfter(image: ClusterImage, type: number, resource: string, setting: string): MetadataDraft[] {
  if (setting !== 'min.insync.replicas') return [];
  return type === ResourceType.topic ? clearElrOf(image, resource) : clearElr(image);
}

/** Of all topics. No record where there is nothing to clear. */
export function clearElr({ topicsById }: ClusterImage): MetadataDraft[] {
  for (const { partitions } of topicsById.values())
    if (partitions.some(hasAny)) return [{ type: 'ClearElrRecord', topicName: '' }];
  return [];
}

function clearElrOf({ topicsByName }: ClusterImage, topicName: string): MetadataDraft[] {
  const isNeeded = topicsByName.get(topicName)?.partitions.some(hasAny) === true;
  return isNeeded ? [{ type: 'ClearElrRecord', topicName }] : [];
}

function hasAny({ elr, lastKnownElr }: PartitionImage): boolean {
  return elr.length + lastKnownElr.length > 0;
}
