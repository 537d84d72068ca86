/** Partitions of the cluster, one after the other, as its image has them now. */
import type { BrokerParts } from '../apis/broker-parts.ts';
import type { PartitionImage, TopicImage } from '../cluster/image.ts';

export interface EachPartition {
  readonly topic: TopicImage;
  readonly index: number;
  readonly partition: PartitionImage;
}

export function* eachPartition({ metadata: { image } }: Pick<BrokerParts, 'metadata'>): Generator<EachPartition> {
  for (const topic of image.topicsById.values()) {
    for (const [index, partition] of topic.partitions.entries()) yield { topic, index, partition };
  }
}

export function count<T>(all: Iterable<T>, is: (one: T) => boolean): number {
  let total = 0;
  for (const each of all) if (is(each)) total++;
  return total;
}
