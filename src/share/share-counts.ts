/** What share groups have done on this broker since it started, as Kafka's metrics count it. */
import type { AckType } from '../../protocol/acknowledge-type.ts';
import type { AckRange } from './acknowledgements.ts';

/** Of one group's dead letters. */
export interface DeadLetterCounts {
  /** Batches that were to be written, those that could not be among them. */
  requests: number;
  failures: number;
  records: number;
}

export class ShareCounts {
  /** Records by AckType. */
  readonly acknowledged: Record<AckType, number> = [0, 0, 0, 0, 0];
  /** Partitions of requests that were answered with an error. */
  failedFetches = 0;
  failedAcknowledgements = 0;
  /** By group. */
  readonly deadLetters = new Map<string, DeadLetterCounts>();

  /** What lies below the start offset was ignored. */
  noteAcknowledged(ranges: readonly AckRange[], startOffset: number): void {
    for (const { first, last, type } of ranges) {
      this.acknowledged[type] += Math.max(0, last - Math.max(first, startOffset) + 1);
    }
  }

  /** `records`: 0 where the batch could not be written. */
  noteDeadLetters(groupId: string, records: number): void {
    let counts = this.deadLetters.get(groupId);
    if (counts === undefined) this.deadLetters.set(groupId, (counts = { requests: 0, failures: 0, records: 0 }));
    counts.requests++;
    counts.records += records;
    if (records === 0) counts.failures++;
  }
}
