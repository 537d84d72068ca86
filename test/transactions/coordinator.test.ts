import { expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { decodeBatch, type DecodedBatch } from '../../protocol/records/decode.ts';
import { encodeBatch, type RecordDraft } from '../../protocol/records/encode.ts';
import type { Record } from '../../protocol/records/decode.ts';
import { LogError, type Marker } from '../../src/partitions/partition.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import type { TransactionLog } from '../../src/transactions/coordinator-options.ts';
import { TransactionCoordinator } from '../../src/transactions/coordinator.ts';
import type { TopicPartition } from '../../src/coordination/topic-partition.ts';

const T0 = { topic: 't', partition: 0 };

class MemoryLog implements TransactionLog {
  readonly batches: Buffer[] = [];
  failing: number = ErrorCode.NONE;

  appendRecords(records: readonly RecordDraft[]): void {
    if (this.failing !== ErrorCode.NONE) throw new LogError(this.failing, 'the test has this append fail');
    this.batches.push(encodeBatch({ records: [...records] }));
  }

  *recordPieces(visit: (record: Record, batch: DecodedBatch) => void): Generator<void> {
    for (let at = 0; at < this.batches.length; at++) {
      const batch = decodeBatch(this.batches[at]);
      for (const record of batch.records) visit(record, batch);
      if (at + 1 < this.batches.length) yield;
    }
  }
}

class Setting {
  readonly clock = new VirtualClock();
  readonly log = new MemoryLog();
  readonly marked: (TopicPartition & Pick<Marker, 'producerEpoch' | 'committed' | 'coordinatorEpoch'>)[] = [];
  readonly errors: string[] = [];
  markerError: number = ErrorCode.NONE;
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
        'transaction.partition.verification.enable': true,
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

  add(producerEpoch: number): number {
    return this.coordinator.addPartitions('id', { producerId: 1, producerEpoch }, [T0], 2);
  }
}

test('a broker that does not lead the partition of an id is not its coordinator', async () => {
  const setting = new Setting();
  expect((await setting.init()).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  setting.lead();
  expect((await setting.init()).errorCode).toBe(ErrorCode.NONE);
  setting.coordinator.onResign(0);
  expect(setting.add(0)).toBe(ErrorCode.NOT_COORDINATOR);
  expect(setting.coordinator.describe('id').errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  setting.coordinator.stop();
  expect(setting.clock.waiting).toBe(0);
});

test('what cannot be written did not happen', async () => {
  const setting = new Setting().lead();
  await setting.init();
  setting.log.failing = ErrorCode.KAFKA_STORAGE_ERROR;
  expect(setting.add(0)).toBe(ErrorCode.NOT_COORDINATOR);
  setting.log.failing = ErrorCode.NONE;
  expect(setting.coordinator.describe('id').transactionState).toBe('Empty');
  expect(setting.add(0)).toBe(ErrorCode.NONE);
  setting.log.failing = ErrorCode.NOT_ENOUGH_REPLICAS;
  expect((await setting.end(0)).errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  expect(setting.marked).toEqual([]);
});

test('markers carry the leader epoch of the coordinator, and come again until they stand', async () => {
  const setting = new Setting().lead(7);
  await setting.init();
  setting.add(0);
  setting.markerError = ErrorCode.KAFKA_STORAGE_ERROR;
  expect(await setting.end(0)).toEqual({ errorCode: ErrorCode.NONE, producerId: 1, producerEpoch: 1 });
  expect(setting.coordinator.describe('id').transactionState).toBe('PrepareCommit');
  expect((await setting.init()).errorCode).toBe(ErrorCode.CONCURRENT_TRANSACTIONS);
  setting.markerError = ErrorCode.NONE;
  await setting.clock.advance(100);
  expect(setting.marked).toEqual([{ ...T0, producerEpoch: 1, committed: true, coordinatorEpoch: 7 }]);
  expect(setting.coordinator.describe('id').transactionState).toBe('CompleteCommit');
});

test('a coordinator that takes over ends what another has decided', async () => {
  const setting = new Setting().lead(7);
  await setting.init();
  setting.add(0);
  setting.markerError = ErrorCode.KAFKA_STORAGE_ERROR;
  await setting.end(0, false);
  setting.coordinator.stop();
  setting.markerError = ErrorCode.NONE;
  setting.coordinator = setting.make();
  setting.lead(8);
  expect(setting.marked).toEqual([{ ...T0, producerEpoch: 1, committed: false, coordinatorEpoch: 8 }]);
  expect(setting.coordinator.describe('id').transactionState).toBe('CompleteAbort');
});

test('a marker that is refused for good is told of, and holds nothing up', async () => {
  const setting = new Setting().lead();
  await setting.init();
  setting.add(0);
  setting.markerError = ErrorCode.TRANSACTION_COORDINATOR_FENCED;
  await setting.end(0);
  expect(setting.coordinator.describe('id').transactionState).toBe('CompleteCommit');
  expect(setting.errors).toEqual(['transaction.marker-refused']);
});

test('an unused transactional id is forgotten, in the log as well', async () => {
  const setting = new Setting().lead();
  await setting.init();
  await setting.clock.advance(7_100_000);
  expect(setting.coordinator.describe('id').errorCode).toBe(ErrorCode.NONE);
  await setting.clock.advance(3_600_000);
  expect(setting.coordinator.describe('id').errorCode).toBe(ErrorCode.TRANSACTIONAL_ID_NOT_FOUND);
  setting.coordinator.stop();
  setting.coordinator = setting.make();
  expect(setting.lead().coordinator.describe('id').errorCode).toBe(ErrorCode.TRANSACTIONAL_ID_NOT_FOUND);
});

test('a client is told to try again while there are no producer ids', async () => {
  const setting = new Setting().lead();
  setting.hasProducerIds = false;
  expect((await setting.init()).errorCode).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
  setting.hasProducerIds = true;
  expect(await setting.init()).toEqual({ errorCode: ErrorCode.NONE, producerId: 1, producerEpoch: 0 });
});

test('a record that cannot be read costs its partition, not the broker', () => {
  const setting = new Setting();
  setting.log.appendRecords([{ key: Buffer.from([0, 0, 0, 9]), value: null, timestamp: 0 }]);
  expect(setting.lead().coordinator.describe('id').errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  expect(setting.errors).toEqual(['transaction.load-failed']);
});

test('a large log is read between requests, which are told to come again', async () => {
  const setting = new Setting().lead();
  for (let id = 0; id < 50; id++) await setting.init(`id-${id}`);
  setting.coordinator = setting.make();
  setting.msPerLook = 3;
  setting.lead(4);
  const { coordinator } = setting;
  const all = { stateFilters: [], producerIdFilters: [], durationFilter: -1, transactionalIdPattern: null };
  expect(coordinator.describe('id-0').errorCode).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
  expect(coordinator.list(all).errorCode).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
  expect((await setting.init('id-0')).errorCode).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
  expect((await setting.end(0)).errorCode).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
  expect(setting.add(0)).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
  await setting.clock.advance(1);
  expect(coordinator.list(all).transactionStates).toHaveLength(50);
  expect((await setting.init('id-0')).producerEpoch).toBe(1);
});

test('a coordinator that resigns while it reads is none, and reads again when it leads again', async () => {
  const setting = new Setting().lead();
  for (let id = 0; id < 50; id++) await setting.init(`id-${id}`);
  setting.coordinator = setting.make();
  setting.msPerLook = 3;
  setting.lead(4);
  setting.coordinator.onResign(0);
  expect(setting.coordinator.describe('id-0').errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  await setting.clock.advance(1);
  expect(setting.coordinator.describe('id-0').errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  setting.lead(5);
  await setting.clock.advance(1);
  expect(setting.coordinator.describe('id-49').transactionState).toBe('Empty');
});

test('a coordinator that resigns while markers are refused leaves them to the next', async () => {
  const setting = new Setting().lead();
  await setting.init();
  setting.add(0);
  setting.markerError = ErrorCode.NOT_LEADER_OR_FOLLOWER;
  await setting.end(0);
  setting.coordinator.onResign(0);
  setting.markerError = ErrorCode.NONE;
  await setting.clock.advance(1000);
  expect(setting.marked).toEqual([]);
  setting.lead(9);
  expect(setting.marked).toEqual([{ ...T0, producerEpoch: 1, committed: true, coordinatorEpoch: 9 }]);
});

test.each([
  [0, 0],
  [1, 1],
  [2, 1],
])('at transaction.version %i its records are of version %i, and read back', async (transactionVersion, version) => {
  const setting = new Setting().lead();
  setting.transactionVersion = transactionVersion;
  await setting.init();
  setting.add(0);
  await setting.end(0);
  const values = setting.log.batches.map((bytes) => Buffer.from(decodeBatch(bytes).records[0].value!));
  expect(values.map((value) => value.readInt16BE())).toEqual(values.map(() => version));
  setting.coordinator = setting.make();
  setting.lead(4);
  expect(setting.coordinator.describe('id')).toMatchObject({ transactionState: 'CompleteCommit', producerEpoch: 1 });
});
