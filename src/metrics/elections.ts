/**
 * Elections of leaders, by how they came about, since the broker started. Every broker sees all of them in the cluster's images: so
 * the counts go on when another controller takes over.
 */
import { eachChangedPartition, type ClusterImage, type ImageDelta, type PartitionImage } from '../cluster/image.ts';

export class Elections {
  /** Of any kind. */
  total = 0;
  /** The leader was not in sync, and it had all that was committed (KIP-966). */
  fromEligible = 0;
  /** The leader may lack what was committed. */
  unclean = 0;

  note(image: ClusterImage, previous: ClusterImage, delta: ImageDelta): void {
    eachChangedPartition(image, previous, delta, (_topic, _index, now, old) => this.#noteChange(old, now));
  }

  #noteChange(before: PartitionImage, { leader, leaderEpoch }: PartitionImage): void {
    if (leader < 0 || leader === before.leader || leaderEpoch === before.leaderEpoch) return;
    this.total++;
    if (before.isr.includes(leader)) return;
    if (before.elr.includes(leader)) this.fromEligible++;
    else this.unclean++;
  }
}
