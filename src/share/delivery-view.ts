/** What tools and tests see of delivery, and what they may do to it by hand. */
import type { Clock } from '../platform/clock.ts';
import type { Run } from './runs.ts';
import type { SharePartitions } from './share-partitions.ts';

export interface InFlightPlace {
  readonly topicId: string;
  readonly partition: number;
  readonly offset: number;
  readonly memberId: string | null;
}

export interface InFlightPartition {
  readonly startOffset: number;
  /** How many offsets from the start on are finished. */
  readonly finishedCount: number;
  /** From the start to the end of what was handed out; times in milliseconds since 1970. */
  readonly runs: readonly Run[];
}

export class DeliveryView {
  readonly #clock: Clock;
  readonly #partitions: SharePartitions;

  constructor(clock: Clock, partitions: SharePartitions) {
    this.#clock = clock;
    this.#partitions = partitions;
  }

  /** A partition that this broker leads; null where nobody has asked for it here. */
  find(groupId: string, topicId: string, partition: number): InFlightPartition | null {
    const found = this.#partitions.find(groupId, { topicId, partition });
    if (typeof found === 'number') return null;
    const sinceStartMs = this.#clock.now() - this.#clock.monotonic();
    const wall = (ms: number): number => (ms === 0 ? 0 : Math.round(ms + sinceStartMs));
    const { startOffset, finishedCount, runs } = found.inFlight;
    const shown = runs.map((run) => {
      return { ...run, lockedUntil: wall(run.lockedUntil), availableAt: wall(run.availableAt) };
    });
    return { startOffset, finishedCount, runs: shown };
  }

  /** Takes records from those who hold them, as if their locks had run out or they had released them. Answers how many. */
  takeBack(groupId: string, isMeant: (place: InFlightPlace) => boolean): number {
    let count = 0;
    for (const partition of this.#partitions.of(groupId)) {
      const { id } = partition;
      const transitions = partition.takeBack((offset, memberId) => isMeant({ ...id, offset, memberId }));
      for (const { from } of transitions) count += from.last - from.first + 1;
      void this.#partitions.record(groupId, [{ partition, transitions }]);
    }
    return count;
  }
}
