import { expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { nextTurn } from '../../src/platform/clock.ts';
import { CoordinatorSetting as Setting, T0 } from './coordinator-setting.ts';

test('ids expire in slices, and one that is used meanwhile stays', async () => {
  const setting = new Setting().lead();
  await setting.clock.advance(1000); // so that no check of its own falls on the moment
  for (let id = 0; id < 5000; id++) await setting.init(`id-${id}`);
  await setting.clock.advance(7_200_000 - 1000);
  await setting.init('id-0');
  await setting.clock.advance(1000);
  const written = setting.log.batches.length;
  setting.msPerLook = 4;
  setting.coordinator.expire();
  const state = (id: number) => setting.coordinator.describe(`id-${id}`).errorCode;
  expect([state(1), state(4999)]).toEqual([ErrorCode.TRANSACTIONAL_ID_NOT_FOUND, ErrorCode.NONE]);
  await setting.init('id-4999');
  await setting.clock.advance(100);
  expect([state(0), state(4998), state(4999)]).toEqual([0, ErrorCode.TRANSACTIONAL_ID_NOT_FOUND, 0]);
  expect(setting.log.batches.length - written).toBeLessThan(20);
  setting.coordinator.stop();
  expect(setting.clock.waiting).toBe(0);
});

test('many transactions that took too long are aborted in slices', async () => {
  const setting = new Setting().lead();
  for (let id = 0; id < 200; id++) {
    const { producerId } = await setting.init(`id-${id}`);
    await setting.coordinator.addPartitions(`id-${id}`, { producerId, producerEpoch: 0 }, [T0], 2);
  }
  await setting.clock.advance(9000);
  setting.msPerLook = 3;
  const state = (id: number) => setting.coordinator.describe(`id-${id}`).transactionState;
  const all = Array.from({ length: 200 }, (_, id) => id);
  expect(new Set(all.map(state))).toEqual(new Set(['Ongoing']));
  await setting.clock.advance(80_000);
  expect(new Set(all.map(state))).toEqual(new Set(['CompleteAbort']));
  setting.coordinator.stop();
  expect(setting.clock.waiting).toBe(0);
});

test('a transaction of many partitions is ended in slices', async () => {
  const setting = new Setting().lead();
  await setting.init();
  const partitions = Array.from({ length: 200 }, (_, partition) => ({ topic: 't', partition }));
  await setting.coordinator.addPartitions('id', { producerId: 1, producerEpoch: 0 }, partitions, 2);
  setting.msPerLook = 3;
  const ending = setting.end(0);
  await nextTurn();
  expect(setting.marked.length).toBeLessThan(100);
  expect(setting.coordinator.describe('id').transactionState).toBe('PrepareCommit');
  await setting.clock.advance(100);
  expect((await ending).errorCode).toBe(ErrorCode.NONE);
  expect(setting.marked.map(({ partition }) => partition)).toEqual(partitions.map(({ partition }) => partition));
  expect(setting.coordinator.describe('id').transactionState).toBe('CompleteCommit');
  setting.coordinator.stop();
});

test('a coordinator that resigns in the midst of the markers writes no more of them', async () => {
  const setting = new Setting().lead();
  await setting.init();
  const partitions = Array.from({ length: 200 }, (_, partition) => ({ topic: 't', partition }));
  await setting.coordinator.addPartitions('id', { producerId: 1, producerEpoch: 0 }, partitions, 2);
  setting.msPerLook = 3;
  const ending = setting.end(0);
  await nextTurn();
  const written = setting.marked.length;
  setting.coordinator.onResign(0);
  await setting.clock.advance(1000);
  expect([setting.marked.length, (await ending).errorCode]).toEqual([written, ErrorCode.NONE]);
  setting.coordinator.stop();
  expect(setting.clock.waiting).toBe(0);
});

test('transactions are listed by a dear pattern in slices', async () => {
  const setting = new Setting().lead();
  for (let id = 0; id < 20; id++) await setting.init(`${'a'.repeat(230)}${id}${id % 2 === 0 ? 'b' : 'c'}`);
  setting.msPerLook = 6;
  const filter = {
    stateFilters: [],
    producerIdFilters: [],
    durationFilter: -1,
    transactionalIdPattern: '.*a.{200}.*b',
  };
  const listed = setting.coordinator.listInSlices(filter);
  expect(listed).toBeInstanceOf(Promise);
  await setting.clock.advance(100);
  expect((await listed).transactionStates).toHaveLength(10);
});
