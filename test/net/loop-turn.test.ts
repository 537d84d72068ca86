import { expect, test } from 'vitest';
import { LoopTurn } from '../../src/platform/loop-turn.ts';
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

test('a connection that has rested three times has one request, however long others have kept that turn too', () => {
  const room = new Room();
  room.turn.isOver = true;
  room.socket.deliver(Buffer.concat([echo(1, 'one'), echo(2, 'two')]));
  const rest = (times: number) => {
    for (let rests = 0; rests < times; rests++) room.later.shift()!();
  };
  rest(2);
  expect(room.handled).toEqual([]);
  rest(1);
  expect(room.handled).toEqual(['one']);
  rest(3);
  expect(room.handled).toEqual(['one', 'two']);
  expect(room.answers().map(([id]) => id)).toEqual([1, 2]);
});
