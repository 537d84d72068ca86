import { describe, expect, test } from 'vitest';
import { LoopTurn } from '../../src/platform/loop-turn.ts';
import type { Pieces } from '../../src/platform/pieces.ts';
import { echo, Room } from './connection-room.ts';

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a turn is over 10 ms after it was looked at first, and the next one begins anew', async () => {
  let nowMs = 0;
  const turn = new LoopTurn({ monotonic: () => nowMs });
  turn.look();
  nowMs = 9;
  turn.look();
  expect(turn.isOver).toBe(false);
  nowMs = 10;
  turn.look();
  expect(turn.isOver).toBe(true);
  await nextTurn();
  expect(turn.isOver).toBe(false);
  turn.look();
  expect(turn.isOver).toBe(false);
});

test('small work is looked at once it has come to half a megabyte', () => {
  let looks = 0;
  const turn = new LoopTurn({ monotonic: () => looks++ });
  for (let bytes = 0; bytes < 4 << 20; bytes += 1000) turn.worked(1000);
  expect(looks).toBeGreaterThan(5);
  expect(looks).toBeLessThan(9);
});

test('a connection leaves the rest of what it has read to a later turn, and answers in order', () => {
  const room = new Room();
  room.nowMs = 1;
  room.turn.look();
  room.onHandled = () => (room.nowMs += 6);
  room.socket.deliver(Buffer.concat([echo(1, 'one'), echo(2, 'two'), echo(3, 'three'), echo(4, 'four')]));
  expect(room.handled).toEqual(['one', 'two']);
  expect(room.answers().map(([id]) => id)).toEqual([1, 2]);
  room.turn.isOver = false;
  room.later.shift()!();
  expect(room.handled.slice(0, 3)).toEqual(['one', 'two', 'three']);
  while (room.later.length > 0) {
    room.turn.isOver = false;
    room.later.shift()!();
  }
  expect(room.answers().map(([, text]) => text)).toEqual(['one', 'two', 'three', 'four']);
});

test('a connection that reads in a turn that is over handles nothing in it, and is closed while it rests without harm', () => {
  const room = new Room();
  room.turn.isOver = true;
  room.socket.deliver(echo(1, 'one'));
  expect(room.handled).toEqual([]);
  room.connection.closed();
  room.turn.isOver = false;
  room.later.shift()!();
  expect(room.handled).toEqual([]);
});

test('what waits for a later turn has one in its order, as many as fit into each', async () => {
  let nowMs = 0;
  const turn = new LoopTurn({ monotonic: () => nowMs });
  const ran: number[] = [];
  const work = (name: number) => () => {
    ran.push(name);
    nowMs += 6;
    if (name < 10) turn.handleLater(work(name + 10));
  };
  for (let name = 0; name < 5; name++) turn.handleLater(work(name));
  await nextTurn();
  expect(ran).toEqual([0, 1]);
  await nextTurn();
  await nextTurn();
  expect(ran).toEqual([0, 1, 2, 3, 4, 10]);
  for (let turns = 0; turns < 5; turns++) await nextTurn();
  expect(ran).toEqual([0, 1, 2, 3, 4, 10, 11, 12, 13, 14]);
});

test('a request does not wait for all answers that have come at once, nor for all pieces', async () => {
  let nowMs = 0;
  const turn = new LoopTurn({ monotonic: () => nowMs });
  const ran: string[] = [];
  const work = (name: string) => () => {
    ran.push(name);
    nowMs += 1;
  };
  for (let i = 0; i < 100; i++) turn.answerLater(work('answer'));
  for (let i = 0; i < 100; i++) turn.sendLater(work('piece'));
  turn.handleLater(work('request'));
  await nextTurn();
  expect(ran.length).toBeLessThan(20);
  expect(ran.slice(0, 5)).toEqual(['request', 'answer', 'piece', 'answer', 'piece']);
  for (let turns = 0; turns < 30; turns++) await nextTurn();
  expect(ran).toHaveLength(201);
});

describe('a lane', () => {
  /** Takes a millisecond for each piece. */
  function room() {
    const clock = { nowMs: 0, monotonic: () => clock.nowMs };
    const turn = new LoopTurn(clock);
    const done: string[] = [];
    function* work(name: string, ms: number): Pieces<string> {
      for (let piece = 0; piece < ms; piece++) {
        clock.nowMs++;
        yield;
      }
      done.push(name);
      return name;
    }
    return { clock, turn, lane: turn.lane(), work, done };
  }

  test('does at once what is short', () => {
    const { lane, work } = room();
    expect(lane.run(work('short', 3))).toBe('short');
    expect(lane.isBusy).toBe(false);
  });

  test('does what is long in slices of some milliseconds, one after the other, and at once only what is very short', async () => {
    const { clock, lane, work, done } = room();
    const first = lane.run(work('first', 20));
    const second = lane.run(work('second', 10));
    expect(lane.run(work('tiny', 1))).toBe('tiny');
    expect(clock.nowMs).toBeLessThan(10);
    for (let turns = 0; turns < 20; turns++) {
      const beforeMs = clock.nowMs;
      await nextTurn();
      expect(clock.nowMs - beforeMs).toBeLessThan(6);
    }
    expect(await first).toBe('first');
    expect(await second).toBe('second');
    expect(done).toEqual(['tiny', 'first', 'second']);
  });

  test('has a slice of each turn beside others', async () => {
    const { turn, lane, work, done } = room();
    void lane.run(work('a', 100));
    const other = turn.lane().run(work('b', 20));
    for (let turns = 0; turns < 6; turns++) await nextTurn();
    expect(await other).toBe('b');
    expect(done).toEqual(['b']);
  });

  test('tells of errors, and goes on with the next', async () => {
    const { lane, work } = room();
    function* fails(): Pieces<string> {
      yield* work('inner', 10);
      throw new Error('a bug');
    }
    const failed = lane.run(fails());
    const next = lane.run(work('next', 10));
    await expect(failed).rejects.toThrow('a bug');
    expect(await next).toBe('next');
  });

  test('leaves undone what nobody waits for any more', async () => {
    const { lane, work, done } = room();
    const cancels: (() => void)[] = [];
    void lane.run(work('dropped', 10), { add: (cancel) => void cancels.push(cancel) });
    const next = lane.run(work('next', 10));
    for (const cancel of cancels) cancel();
    await next;
    expect(done).toEqual(['next']);
  });
});
