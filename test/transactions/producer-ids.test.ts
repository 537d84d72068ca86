import { expect, test } from 'vitest';
import { nextTurn, VirtualClock } from '../../src/platform/clock.ts';
import { ProducerIds, type ProducerIdBlock } from '../../src/transactions/producer-ids.ts';

/** A controller that answers when the test says so. */
class Setting {
  readonly clock = new VirtualClock();
  readonly waiting: ((block: ProducerIdBlock | null) => void)[] = [];
  readonly ids: ProducerIds;

  constructor(largestTaken?: (end: number) => number) {
    const allocate = () =>
      new Promise<ProducerIdBlock>((resolve, reject) => {
        this.waiting.push((block) => (block === null ? reject(new Error('no controller')) : resolve(block)));
      });
    this.ids = new ProducerIds(this.clock, allocate, largestTaken);
  }

  give(first: number): void {
    this.waiting.shift()!({ first, size: 20 });
  }

  async take(count: number): Promise<number[]> {
    const taken: number[] = [];
    for (let i = 0; i < count; i++) taken.push(await this.ids.next());
    return taken;
  }
}

test('the next block is asked for before the last ids of one are given away', async () => {
  const setting = new Setting();
  const first = setting.take(19);
  setting.give(100);
  expect(await first).toEqual(Array.from({ length: 19 }, (_, i) => 100 + i));
  expect(setting.waiting).toHaveLength(1);
  setting.give(500);
  await nextTurn();
  expect(await setting.take(3)).toEqual([119, 500, 501]);
});

test('while there is no controller the ids that are left are given, and then none', async () => {
  const setting = new Setting();
  const first = setting.take(19);
  setting.give(100);
  await first;
  setting.waiting.shift()!(null);
  await nextTurn();
  expect(await setting.take(1)).toEqual([119]);
  const late = setting.ids.next().catch((error: Error) => error.message);
  await setting.clock.advance(1000);
  expect(await late).toContain('no producer ids within 1000 ms');
  const again = setting.take(2);
  setting.give(500);
  expect(await again).toEqual([500, 501]);
});

test('many who ask while a block is on its way share it', async () => {
  const setting = new Setting();
  const asked = Array.from({ length: 5 }, () => setting.ids.next());
  setting.give(0);
  expect(await Promise.all(asked)).toEqual([0, 1, 2, 3, 4]);
  expect(setting.waiting).toEqual([]);
});

test('ids that producers have already, for the metadata log has gone back, are passed over', async () => {
  let largest = 105;
  const setting = new Setting(() => largest);
  const first = setting.take(1);
  setting.give(100);
  expect(await first).toEqual([106]);
  largest = 149; // all of the next block, and a half of the one behind it
  await setting.take(13);
  setting.give(120);
  const next = setting.take(1);
  await nextTurn();
  setting.give(140);
  expect(await next).toEqual([150]);
});

/** As far as they lie below an end. */
const taken =
  (...ids: readonly number[]) =>
  (end: number): number =>
    Math.max(-1, ...ids.filter((id) => id < end));

test('an id that no controller can have allocated says nothing', async () => {
  const setting = new Setting(taken(4_000_000));
  const first = setting.take(1);
  setting.give(100);
  expect(await first).toEqual([100]);
});

test('nor does it hide those that producers have', async () => {
  const setting = new Setting(taken(105, 2 ** 52));
  const first = setting.take(1);
  setting.give(100);
  expect(await first).toEqual([106]);
});
