import { expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { decodeBatch } from '../../protocol/records/decode.ts';
import { nextTurn } from '../../src/platform/clock.ts';
import { batchOfHeaders } from '../protocol/records/header-bomb.ts';
import { CoordinatorSetting as Setting, T0 } from './coordinator-setting.ts';

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
  await setting.add(0);
  setting.markerError = ErrorCode.KAFKA_STORAGE_ERROR;
  expect(await setting.endInTime(0)).toEqual({ errorCode: ErrorCode.NONE, producerId: 1, producerEpoch: 1 });
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
  await setting.add(0);
  setting.markerError = ErrorCode.KAFKA_STORAGE_ERROR;
  await setting.endInTime(0, false);
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
  await setting.add(0);
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

test('records that cannot be read are passed over with one line, and all others count', async () => {
  const setting = new Setting().lead();
  await setting.init();
  const bad = { key: Buffer.from([0, 0, 0, 9]), value: null, timestamp: 0 };
  setting.log.appendRecords([bad, bad]);
  setting.log.batches.push(batchOfHeaders(1000, Buffer.from('k')).subarray(0, 100)); // no whole batch
  setting.coordinator.stop();
  setting.coordinator = setting.make();
  expect(setting.lead().coordinator.describe('id').errorCode).toBe(ErrorCode.NONE);
  expect(setting.errors).toEqual(['transaction.records-unreadable']);
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
  await setting.add(0);
  setting.markerError = ErrorCode.NOT_LEADER_OR_FOLLOWER;
  await setting.endInTime(0);
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
  await setting.add(0);
  await setting.end(0);
  const values = setting.log.batches.map((bytes) => Buffer.from(decodeBatch(bytes).records[0].value!));
  expect(values.map((value) => value.readInt16BE())).toEqual(values.map(() => version));
  setting.coordinator = setting.make();
  setting.lead(4);
  expect(setting.coordinator.describe('id')).toMatchObject({ transactionState: 'CompleteCommit', producerEpoch: 1 });
});

test('an end is answered, and markers are written, once the decision is committed', async () => {
  const setting = new Setting().lead();
  await setting.init();
  await setting.add(0);
  setting.log.isHeld = true;
  let ended = false;
  const ending = setting.end(0).then((answer) => {
    ended = true;
    return answer;
  });
  await nextTurn();
  expect([ended, setting.marked]).toEqual([false, []]);
  setting.log.commit();
  expect(await ending).toEqual({ errorCode: ErrorCode.NONE, producerId: 1, producerEpoch: 1 });
  expect(setting.marked).toEqual([{ ...T0, producerEpoch: 1, committed: true, coordinatorEpoch: 3 }]);
  expect(setting.coordinator.describe('id').transactionState).toBe('CompleteCommit');
  setting.coordinator.stop();
  expect(setting.clock.waiting).toBe(0);
});

test('a transaction is complete once its markers are committed; one that is not is written again', async () => {
  const setting = new Setting().lead();
  await setting.init();
  await setting.add(0);
  setting.heldMarkers = [];
  expect((await setting.endInTime(0)).errorCode).toBe(ErrorCode.NONE);
  expect(setting.coordinator.describe('id').transactionState).toBe('PrepareCommit');
  await setting.clock.advance(1000);
  expect(setting.heldMarkers).toHaveLength(1); // the one that waits is not written a second time
  setting.heldMarkers[0](ErrorCode.REQUEST_TIMED_OUT);
  await nextTurn();
  await setting.clock.advance(100);
  expect(setting.heldMarkers).toHaveLength(2);
  setting.heldMarkers[1](ErrorCode.NONE);
  await nextTurn();
  expect(setting.coordinator.describe('id').transactionState).toBe('CompleteCommit');
  setting.coordinator.stop();
  expect(setting.clock.waiting).toBe(0);
});

test('a decision that takes too long is told as such, and its markers follow when it is committed', async () => {
  const setting = new Setting().lead();
  await setting.init();
  await setting.add(0);
  setting.log.isHeld = true;
  const ending = setting.end(0);
  await setting.clock.advance(60_000);
  expect((await ending).errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  expect(setting.marked).toEqual([]);
  setting.log.commit();
  await setting.clock.advance(100);
  expect(setting.marked).toHaveLength(1);
  setting.log.commit();
  await nextTurn();
  expect(setting.coordinator.describe('id').transactionState).toBe('CompleteCommit');
  setting.coordinator.stop();
});

test('a decision that is lost with the leadership has no markers, here or at the next coordinator', async () => {
  const setting = new Setting().lead(7);
  await setting.init();
  await setting.add(0);
  setting.log.isHeld = true;
  const ending = setting.end(0);
  await nextTurn();
  setting.log.lose(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  expect((await ending).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  await setting.clock.advance(1000);
  expect(setting.marked).toEqual([]);
  setting.log.isHeld = false;
  setting.lead(8);
  expect(setting.coordinator.describe('id').transactionState).toBe('Ongoing');
  expect(setting.marked).toEqual([]);
  setting.coordinator.stop();
  expect(setting.clock.waiting).toBe(0);
});

test('a partition is in a transaction, for its writers too, once that is committed', async () => {
  const setting = new Setting().lead();
  await setting.init();
  setting.log.isHeld = true;
  const outcomes: number[] = [];
  const producer = { producerId: 1, producerEpoch: 0 };
  for (const answer of [setting.add(0), setting.coordinator.verifyPartition('id', producer, T0)]) {
    void Promise.resolve(answer).then((errorCode) => outcomes.push(errorCode));
  }
  await nextTurn();
  expect(outcomes).toEqual([]);
  setting.log.commit();
  await nextTurn();
  expect(outcomes).toEqual([ErrorCode.NONE, ErrorCode.NONE]);
  setting.coordinator.stop();
});

test('an id is given out once that is committed, and not again after a change of the leader', async () => {
  const setting = new Setting().lead(1);
  setting.log.isHeld = true;
  const lost = setting.init();
  await nextTurn();
  setting.log.lose(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  expect((await lost).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  setting.log.isHeld = false;
  setting.lead(2);
  expect(await setting.init()).toEqual({ errorCode: ErrorCode.NONE, producerId: 2, producerEpoch: 0 });
  setting.coordinator.stop();
});

test('an end is answered as soon as its markers are there, where they do not take long', async () => {
  const setting = new Setting().lead();
  await setting.init();
  await setting.add(0);
  setting.heldMarkers = [];
  let ended = false;
  void setting.end(0).then(() => (ended = true));
  await setting.clock.advance(50);
  expect([ended, setting.heldMarkers.length]).toEqual([false, 1]);
  setting.heldMarkers[0](ErrorCode.NONE);
  await nextTurn();
  expect([ended, setting.coordinator.describe('id').transactionState]).toEqual([true, 'CompleteCommit']);
  setting.coordinator.stop();
  expect(setting.clock.waiting).toBe(0);
});

test('an instance that fences another waits for the markers of its transaction, and need not ask again', async () => {
  const setting = new Setting().lead();
  await setting.init();
  await setting.add(0);
  setting.heldMarkers = [];
  const init = setting.init();
  await setting.clock.advance(50);
  setting.heldMarkers[0](ErrorCode.NONE);
  expect(await init).toEqual({ errorCode: ErrorCode.NONE, producerId: 1, producerEpoch: 2 });
  setting.coordinator.stop();
});

test('whoever waits for markers is answered when the coordinator resigns', async () => {
  const setting = new Setting().lead();
  await setting.init();
  await setting.add(0);
  setting.heldMarkers = [];
  const ending = setting.end(0);
  await nextTurn();
  setting.coordinator.onResign(0);
  expect((await ending).errorCode).toBe(ErrorCode.NONE); // the decision is committed
  expect(setting.clock.waiting).toBe(2); // looks for what has run out of time, and for what is unused
});

test('a coordinator that takes over aborts at once what has run out of time meanwhile', async () => {
  const setting = new Setting().lead(7);
  await setting.init();
  await setting.add(0);
  setting.coordinator.stop();
  await setting.clock.advance(60_001);
  setting.coordinator = setting.make();
  setting.lead(8);
  await nextTurn();
  expect(setting.marked).toEqual([{ ...T0, producerEpoch: 1, committed: false, coordinatorEpoch: 8 }]);
  setting.coordinator.stop();
});
