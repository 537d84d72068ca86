/** What tools and tests see of delivery, and what they may do to it by hand. */
import type { Clock } from '../platform/clock.ts';
import { DeliveryState, type Run } from './runs.ts';
import type { SharePartitions } from './share-partitions.ts';
import type { StatePartitionId } from './share-state.ts';

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

/** Named as in DescribeShareGroupOffsetsResponse. */
export interface InFlightSummary {
  readonly topicId: string;
  readonly partition: number;
  readonly acquired: number;
  readonly available: number;
  readonly archiving: number;
  readonly mostDeliveries: number;
  readonly nextLockEndMs: number;
}

const SHOWN: Readonly<Partial<Record<DeliveryState, 'acquired' | 'available' | 'archiving'>>> = {
  [DeliveryState.available]: 'available',
  [DeliveryState.acquired]: 'acquired',
  [DeliveryState.archiving]: 'archiving',
};

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

  /** Of each partition that this broker leads and the group fetches. */
  summaries(groupId: string): InFlightSummary[] {
    const nowMs = this.#clock.monotonic();
    return this.#partitions.of(groupId).map(({ id, inFlight }) => summaryOf(id, inFlight.runs, nowMs));
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

function summaryOf({ topicId, partition }: StatePartitionId, runs: readonly Run[], nowMs: number): InFlightSummary {
  const counts = { acquired: 0, available: 0, archiving: 0 };
  let mostDeliveries = 0;
  let lockEnd = Infinity;
  for (const { first, last, state, deliveryCount, lockedUntil } of runs) {
    const name = SHOWN[state];
    if (name === undefined || deliveryCount === 0) continue;
    counts[name] += last - first + 1;
    mostDeliveries = Math.max(mostDeliveries, deliveryCount);
    if (state === DeliveryState.acquired) lockEnd = Math.min(lockEnd, lockedUntil);
  }
  const nextLockEndMs = lockEnd === Infinity ? -1 : Math.max(0, Math.round(lockEnd - nowMs));
  return { topicId, partition, ...counts, mostDeliveries, nextLockEndMs };
}
