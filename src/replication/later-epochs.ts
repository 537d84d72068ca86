/**
 * Replicas whose logs have records of a later leader epoch than the cluster knows: its metadata log has gone back, for etcd was
 * restored from a backup. In an epoch that is older than their records no replica can lead, and none can follow: the controller is
 * asked for a later one (AlterPartition, with nobody in sync), until it is there.
 */
import { LeaderRecoveryState } from '../cluster/image.ts';
import type { AlterPartitionRequest, AlterPartitionResponse } from '../cluster/alter-partition.ts';
import type { Partition } from '../partitions/partition.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { keyOf } from './fetch-session.ts';

export interface LaterEpochsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly alterPartitions: (topics: AlterPartitionRequest['topics']) => Promise<AlterPartitionResponse>;
}

/** Those of one image go together. */
const SOON_MS = 10;
const AGAIN_MS = 1000;

export class LaterEpochs {
  readonly #options: LaterEpochsOptions;
  /** By topic id and index. */
  readonly #behind = new Map<string, Partition>();
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(options: LaterEpochsOptions) {
    this.#options = options;
  }

  /** To be called with each replica in each of its epochs. */
  look(partition: Partition): void {
    if (!isBehind(partition)) return;
    const { topic, topicId, index, leaderEpoch, latestEpoch } = partition;
    const key = keyOf(topicId, index);
    const isTold = this.#behind.has(key);
    this.#behind.set(key, partition); // it may have been opened anew
    if (isTold) return;
    this.#options.logger.warn('leader-epoch-gone-back', {
      topic,
      partition: index,
      epoch: leaderEpoch,
      recordsOf: latestEpoch,
      next: 'the controller is asked for a later one: etcd was restored from a backup',
    });
    this.#askIn(SOON_MS);
  }

  /** There is no replica here any more. */
  forget(key: string): void {
    this.#behind.delete(key);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #askIn(delayMs: number): void {
    if (this.#isStopped) return;
    this.#timer ??= this.#options.clock.after(delayMs, () => void this.#ask());
  }

  async #ask(): Promise<void> {
    for (const [key, partition] of this.#behind) if (!isBehind(partition)) this.#behind.delete(key);
    try {
      if (this.#behind.size > 0) await this.#options.alterPartitions(this.#topics());
    } catch {
      // asked again
    }
    this.#timer = null;
    if (this.#behind.size > 0) this.#askIn(AGAIN_MS);
  }

  #topics(): AlterPartitionRequest['topics'] {
    return Array.from(this.#behind.values(), ({ topicId, index: partitionIndex, latestEpoch: leaderEpoch }) => {
      const nobody = { newIsr: [], newIsrWithEpochs: [], leaderRecoveryState: LeaderRecoveryState.recovered };
      return { topicId, partitions: [{ partitionIndex, leaderEpoch, partitionEpoch: 0, ...nobody }] };
    });
  }
}

function isBehind({ leaderEpoch, latestEpoch }: Partition): boolean {
  return latestEpoch > leaderEpoch;
}
