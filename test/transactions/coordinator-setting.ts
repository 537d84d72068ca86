/** A transaction coordinator on a log in memory, with markers that the test sees, refuses or holds back. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Answer } from '../../src/coordination/answers.ts';
import type { TopicPartition } from '../../src/coordination/topic-partition.ts';
import type { Marker } from '../../src/partitions/partition.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { TransactionCoordinator } from '../../src/transactions/coordinator.ts';
import { MemoryLog } from '../coordination/memory-log.ts';

export const T0 = { topic: 't', partition: 0 };

export class CoordinatorSetting {
  readonly clock = new VirtualClock();
  readonly log = new MemoryLog(this.clock);
  readonly marked: (TopicPartition & Pick<Marker, 'producerEpoch' | 'committed' | 'coordinatorEpoch'>)[] = [];
  readonly errors: string[] = [];
  markerError: number = ErrorCode.NONE;
  /** Not null: markers wait to be committed. */
  heldMarkers: ((errorCode: number) => void)[] | null = null;
  hasProducerIds = true;
  transactionVersion = 2;
  /** How far time moves each time that somebody looks how much is left of a slice. */
  msPerLook = 0;
  #looks = 0;
  coordinator = this.make();

  make(): TransactionCoordinator {
    let producerId = 0;
    return new TransactionCoordinator({
      clock: {
        now: () => this.clock.now(),
        monotonic: () => this.clock.monotonic() + (this.#looks += this.msPerLook),
        after: (delayMs, run) => this.clock.after(delayMs, run),
      },
      logger: {
        ...silentLogger,
        error: (event) => void this.errors.push(event),
        warn: (event) => void this.errors.push(event),
      },
      config: () => ({
        'transaction.abort.timed.out.transaction.cleanup.interval.ms': 10_000,
        'transaction.max.timeout.ms': 900_000,
        'transactional.id.expiration.ms': 7_200_000,
        'transaction.remove.expired.transaction.cleanup.interval.ms': 3_600_000,
        'transaction.state.log.num.partitions': 1,
      }),
      partitionOf: () => this.log,
      partitionCount: () => 1,
      ensureTopic: async () => {},
      nextProducerId: async () => {
        if (!this.hasProducerIds) throw new Error('the test has none');
        return ++producerId;
      },
      writeMarker: (partition, { producerEpoch, committed, coordinatorEpoch }) => {
        if (this.heldMarkers !== null) return new Promise((resolve) => void this.heldMarkers!.push(resolve));
        if (this.markerError === ErrorCode.NONE)
          this.marked.push({ ...partition, producerEpoch, committed, coordinatorEpoch });
        return this.markerError;
      },
      exists: () => true,
      transactionVersion: () => this.transactionVersion,
    });
  }

  lead(leaderEpoch = 3): this {
    this.coordinator.onLeader(0, leaderEpoch);
    return this;
  }

  init(transactionalId = 'id') {
    return this.coordinator.init({ transactionalId, timeoutMs: 60_000, expected: null });
  }

  end(producerEpoch: number, committed = true) {
    return this.coordinator.end({ transactionalId: 'id', producerId: 1, producerEpoch, committed, clientVersion: 2 });
  }

  /** The same where markers cannot be written for now: they are waited for, but not for long. */
  async endInTime(producerEpoch: number, committed = true) {
    const ending = this.end(producerEpoch, committed);
    await this.clock.advance(100);
    return ending;
  }

  add(producerEpoch: number): Answer<number> {
    return this.coordinator.addPartitions('id', { producerId: 1, producerEpoch }, [T0], 2);
  }
}
